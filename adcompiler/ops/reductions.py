"""Reductions: `sum`, `mean`, `prod`, `max`, `min`, `var`, `std`, and the ones without gradient.

A rule brings the cotangent back to a shape that broadcasts with the operand; stretching it to the
operand's own shape is the transformation's work.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, multiply
from ..ir.types import Array, List, Scalar, Type, shape_of
from ..runtime import helpers
from .elementwise import select
from .emit import attribute, call, default_call
from .inference import as_array, constant_axis
from .op import (
    DISCRETE,
    SHAPE_ALONE,
    Attributes,
    Bound,
    Emission,
    Op,
    OperationError,
    Rule,
    Spelling,
    arguments,
)
from .structural import unless_missing

__all__ = ["ENTRIES", "reduced_shape", "restore", "summed"]


def reduced_shape(shape: Sequence[Size], axis: Any, keepdims: bool) -> tuple[Size, ...]:
    """The shape after reducing over `axis`."""
    axes = constant_axis(axis, len(shape))
    if keepdims:
        return tuple(1 if k in axes else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def restore(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g` with the reduced axes back as axes of size 1."""
    if keepdims or axis is None:
        return g
    axes = constant_axis(axis, x.ndim)
    return np.expand_dims(g, axes[0] if len(axes) == 1 else axes) if g.ndim else g


def _infer(dtype: Callable[[str], str]) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        shape = reduced_shape(array.shape, attributes["axis"], attributes["keepdims"])
        return Array(dtype(array.dtype), shape)

    return infer


def summed(code: str) -> str:
    """np.sum's accumulator: bools and small ints widen."""
    return str(np.sum(np.zeros(1, code)).dtype.str[1:])


def _averaged(code: str) -> str:
    return code if code[0] in "fc" else "f8"


def _bind(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return arguments(a, axis=axis, keepdims=keepdims)


def _bind_ddof(a: Any, axis: Any = None, *, ddof: Any = 0, keepdims: Any = False) -> Any:
    return arguments(a, axis=axis, ddof=ddof, keepdims=keepdims)


def reduction(
    name: str,
    function: Any,
    rule: Rule | None,
    dtype: Callable[[str], str],
    bind: Callable[..., Any] = _bind,
    masks: bool = False,
    singular: float | None = None,
    samples: tuple[Bound, ...] = (),
    complex: bool = False,
    no_gradient: str = "",
) -> Op:
    """An entry for a NumPy function of an array, an axis and `keepdims`."""
    spelling = Spelling(bind)
    return Op(
        name,
        _infer(dtype),
        lambda attributes, operands: function(operands[0], **attributes),
        default_call(f"np.{name}", axis=None, keepdims=False, ddof=0),
        rules=(rule,),
        spellings={function: spelling, ("method", name): spelling},
        masks=masks,
        singular=singular,
        fresh=True,
        samples=samples,
        complex=complex,
        no_gradient=no_gradient,
    )


def _samples(*axes: Any, empty: bool = False, **more: Any) -> tuple[Bound, ...]:
    """Every axis and `keepdims`, with unit dimensions and, where it makes sense, empty arrays."""
    shapes: list[tuple[tuple[int, ...], Any]] = [((), None), ((1,), 0), ((3, 1), 1), ((1, 3), -1)]
    shapes += [((2, 3, 2), axis) for axis in axes]
    shapes += [((0,), None), ((0, 2), 0), ((2, 0), 0)] if empty else []
    return tuple(
        arguments(shape, axis=axis, **more, keepdims=keepdims)
        for shape, axis in shapes
        for keepdims in (False, True)
    )


_ALL_AXES = (None, 0, 1, -1, (0, 1), (-1, 0), (0, 1, 2))


def _count(x: Any, axis: Any) -> Any:
    """The number of elements that are reduced to one; a number may be Python's, without a size."""
    return 1 if not x.ndim else x.emit("count", axis=constant_axis(axis, x.ndim))


def _sum(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    return restore(g, x, axis, keepdims)


def _mean(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    if 0 in x.shape:
        return None
    if not x.ndim:
        return g
    return restore(g / _count(x, axis), x, axis, keepdims)


def _extreme(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """Ties share the gradient evenly; where a NaN was chosen there is none, and 0 / 0 says so."""
    chosen = x == restore(y, x, axis, keepdims)
    ties = np.sum(chosen, axis=axis, keepdims=True) if axis is not None else np.sum(chosen)
    return chosen * (restore(g, x, axis, keepdims) / ties)


def _prod(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """Exact with zeros: the product of the other elements, never y / x."""
    if not x.ndim:
        return g
    if axis is None:
        flat: Any = np.ravel(x)
        others = flat.emit("prod_others", axis=0).emit("reshape_to", x.emit("shape"), type=x.type)
        return g * others
    (one,) = constant_axis(axis, x.ndim)
    return restore(g, x, axis, keepdims) * x.emit("prod_others", axis=one)


def _prod_others(g: Any, x: Any, y: Any, axis: int) -> Any:
    """sum over i of g[i] * prod(x[j] for j not in (i, k)), from the entries of this table."""
    if x.ndim > 1:
        order = (*(k for k in range(x.ndim) if k != axis), axis)
        back = tuple(int(k) for k in np.argsort(order))
        moved = np.transpose(x, order)
        return np.transpose(_others_of_rows(np.transpose(g, order), moved), back)
    return _others_of_rows(g, x)


def _others_of_rows(g: Any, x: Any) -> Any:
    last = x.emit("size", axis=x.ndim - 1)
    same = x.tracer.call(np.eye, last) == 1
    row = np.expand_dims(x, -2)
    others = select(same, 1, row).emit("prod_others", axis=x.ndim)
    return np.sum(np.expand_dims(g, -1) * select(same, 0, others), axis=-2)


def _freedom(x: Any, axis: Any, ddof: int) -> Any:
    count = _count(x, axis)
    return count - ddof if ddof else count


def _var(g: Any, x: Any, y: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    if 0 in x.shape:
        return None
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    return restore(g, x, axis, keepdims) * 2 * centred / _freedom(x, axis, ddof)


def _std(g: Any, x: Any, y: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    """0 where the deviation is 0."""
    if 0 in x.shape:
        return None
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    scale = select(y == 0, 1.0, y) * _freedom(x, axis, ddof)
    return restore(g / scale, x, axis, keepdims) * centred


def _count_type(types: Sequence[Type], attributes: Attributes) -> Type:
    total: Size = 1
    for axis in attributes["axis"]:
        total = multiply(total, shape_of(types[0])[axis])
    return Scalar("int", total)


def _count_value(attributes: Attributes, operands: Sequence[Any]) -> int:
    if operands[0] is None:
        return 0
    shape = np.shape(operands[0])
    return int(np.prod([shape[k] for k in attributes["axis"]], dtype=int))


@unless_missing
def _count_emit(emission: Emission) -> ast.expr:
    (operand,), axes = emission.operands, emission.attributes["axis"]
    if isinstance(emission.types[0], List):
        return call("builtin.len", (operand,))
    if len(axes) == len(shape_of(emission.types[0])):
        return attribute(operand, "size")
    sizes = [
        ast.Subscript(attribute(operand, "shape"), ast.Constant(k), ast.Load()) for k in axes
    ]
    product: ast.expr = sizes[0]
    for size in sizes[1:]:
        product = ast.BinOp(product, ast.Mult(), size)
    return product


def _check_prod(bound: Any) -> Any:
    axis = bound[1]["axis"]
    if isinstance(getattr(axis, "value", axis), (tuple, list)):
        raise OperationError(
            "np.prod over several axes at once has no derivative here",
            "reduce one axis after the other",
        )
    return bound


def _without_gradient(name: str, function: Any, code: str) -> Op:
    return reduction(name, function, None, lambda _: code, no_gradient=DISCRETE)


def _count_nonzero_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shape = reduced_shape(shape_of(types[0]), attributes["axis"], attributes["keepdims"])
    return Array("i8", shape, weak=not shape)  # before NumPy 2.4 a Python int


def _same(code: str) -> str:
    return code


ENTRIES: tuple[Op, ...] = (
    reduction("sum", np.sum, _sum, summed, samples=_samples(*_ALL_AXES, empty=True),
              complex=True),
    reduction("mean", np.mean, _mean, _averaged, samples=_samples(*_ALL_AXES), complex=True),
    reduction("max", np.max, _extreme, _same, masks=True, samples=_samples(*_ALL_AXES)),
    reduction("min", np.min, _extreme, _same, masks=True, samples=_samples(*_ALL_AXES)),
    reduction("prod", np.prod, _prod, summed, lambda *a, **k: _check_prod(_bind(*a, **k)),
              samples=_samples(None, 0, 1, -1, empty=True), complex=True),
    reduction("var", np.var, _var, _averaged, _bind_ddof, samples=_samples(*_ALL_AXES, ddof=0)
              + (arguments((2, 3), axis=1, ddof=1, keepdims=False),)),
    reduction("std", np.std, _std, _averaged, _bind_ddof,
              samples=tuple(s for s in _samples(*_ALL_AXES, ddof=0) if 2 in s[0][0])
              + (arguments((2, 3), axis=None, ddof=1, keepdims=True),)),
    _without_gradient("argmax", np.argmax, "i8"),
    _without_gradient("argmin", np.argmin, "i8"),
    _without_gradient("any", np.any, "b1"),
    _without_gradient("all", np.all, "b1"),
    Op("count_nonzero", _count_nonzero_type,
       lambda attributes, operands: np.count_nonzero(operands[0], **attributes),
       default_call("np.count_nonzero", axis=None, keepdims=False),
       spellings={np.count_nonzero: Spelling(_bind)}, no_gradient=DISCRETE),
    Op("count", _count_type, _count_value, _count_emit, shape_only=(0,), no_gradient=SHAPE_ALONE),
    Op("prod_others", lambda types, attributes: types[0],
       lambda attributes, operands: helpers.prod_others(operands[0], **attributes),
       default_call("helper.prod_others"), rules=(_prod_others,), fresh=True, complex=True,
       samples=tuple(arguments(shape, axis=axis) for shape, axis in
                     (((3,), 0), ((1,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), 1)))),
)  # fmt: skip
