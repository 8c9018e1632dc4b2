"""Reductions: `sum`, `mean`, `prod`, `max`, `min`, `var`, `std`, and the ones without gradient.

A rule brings the cotangent back to a shape that broadcasts with the operand; stretching it to the
operand's own shape is the transformation's work.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, multiply
from ..ir.types import Array, List, Scalar, Type, is_complex, precision, shape_of
from ..runtime import helpers
from .contractions import Style, Term, contract
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
    Rule,
    Spelling,
    arguments,
)
from .reducing import (
    averaged,
    axes_left,
    bind,
    bind_ddof,
    bind_extreme,
    bind_initial,
    bind_position,
    bind_truth,
    masked,
    reduced_shape,
    reduction,
    restore,
    summed,
)
from .stacks import by_axis
from .structural import unless_missing

__all__ = ["ENTRIES", "RULES", "squared", "summed"]


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


def _counted(x: Any, axis: Any, mask: Any) -> Any:
    """The number of elements that are reduced to one, with the reduced axes kept."""
    if mask is None:
        return _count(x, axis)
    return np.sum(mask, axis=axis, keepdims=axis is not None)


def _sum(g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, **initial: Any) -> Any:
    return masked(mask, restore(g, x, axis, keepdims))


def _sum_initial(g: Any, x: Any, y: Any, **attributes: Any) -> Any:
    return g


def _mean(g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any) -> Any:
    if 0 in x.shape:
        return None
    if not x.ndim:
        return masked(mask, g)
    if mask is not None:
        return masked(mask, restore(g, x, axis, keepdims) / _counted(x, axis, mask))
    return restore(g / _count(x, axis), x, axis, keepdims)


def _ties(x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, initial: Any) -> tuple[Any, Any]:
    """What was chosen, and how many of them there are (with the reduced axes kept)."""
    best = restore(y, x, axis, keepdims)
    chosen = x == best if mask is None else (x == best) & mask
    ties = np.sum(chosen, axis=axis, keepdims=True) if axis is not None else np.sum(chosen)
    return chosen, ties if initial is None else ties + (best == initial)


def _extreme(
    g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, initial: Any = None
) -> Any:
    """Ties share the gradient evenly; where a NaN was chosen there is none, and 0 / 0 says so."""
    chosen, ties = _ties(x, y, axis, keepdims, mask, initial)
    return chosen * (restore(g, x, axis, keepdims) / ties)


def _extreme_initial(
    g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, initial: Any
) -> Any:
    """As one more element."""
    _, ties = _ties(x, y, axis, keepdims, mask, initial)
    return (restore(y, x, axis, keepdims) == initial) * (restore(g, x, axis, keepdims) / ties)


def _prod(
    g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, initial: Any = None
) -> Any:
    """Exact with zeros: the product of the other elements, never y / x."""
    if initial is not None:
        g = g * initial
    if not x.ndim:
        return masked(mask, g)
    factors = x if mask is None else select(mask, x, 1.0)
    if axis is None:
        flat: Any = np.ravel(factors)
        shape = x.emit("shape")
        others = flat.emit("prod_others", axis=0).emit("reshape_to", shape, type=factors.type)
        return masked(mask, g * others)
    others = _all_others(factors, constant_axis(axis, x.ndim))
    return masked(mask, restore(g, x, axis, keepdims) * others)


def _all_others(x: Any, axes: tuple[int, ...]) -> Any:
    """The product of all other elements over these axes: along the first one, and of the products
    along it."""
    first, *rest = axes
    others = x.emit("prod_others", axis=first)
    if not rest:
        return others
    return others * _all_others(np.prod(x, axis=first, keepdims=True), tuple(rest))


def _prod_initial(
    g: Any, x: Any, y: Any, axis: Any, keepdims: bool, mask: Any, initial: Any
) -> Any:
    factors = x if mask is None else select(mask, x, 1.0)
    return g * np.prod(factors, axis=axis, keepdims=keepdims)


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


def _freedom(x: Any, axis: Any, ddof: int, mask: Any) -> Any:
    count = _counted(x, axis, mask)
    return count - ddof if ddof else count


def _deviation(x: Any, axis: Any, mask: Any, mean: Any) -> Any:
    """`x` without its mean, or the conjugate of that; 0 for what isn't counted."""
    if mean is None:
        kept = {} if mask is None else {"where": mask}
        mean = np.mean(x, axis=axis, keepdims=axis is not None, **kept)
    centred = x - mean
    return masked(mask, np.conj(centred) if is_complex(centred.type) else centred)


def _real(g: Any) -> Any:
    """Of a variance; with a complex `dtype=` it comes as a complex number."""
    return g.emit("real") if is_complex(g.type) else g


def _var(
    g: Any, x: Any, y: Any, axis: Any, ddof: int, keepdims: bool, mask: Any, mean: Any = None
) -> Any:
    if 0 in x.shape:
        return None
    centred = _deviation(x, axis, mask, mean)
    return restore(_real(g), x, axis, keepdims) * 2 * centred / _freedom(x, axis, ddof, mask)


def _std(
    g: Any, x: Any, y: Any, axis: Any, ddof: int, keepdims: bool, mask: Any, mean: Any = None
) -> Any:
    """0 where the deviation is 0."""
    if 0 in x.shape:
        return None
    centred = _deviation(x, axis, mask, mean)
    scale: Any = select(y == 0, 1.0, _real(y))
    g = _real(g)
    if mask is None:
        return restore(g / (scale * _freedom(x, axis, ddof, None)), x, axis, keepdims) * centred
    spread = restore(scale, x, axis, keepdims) * _freedom(x, axis, ddof, mask)
    return restore(g, x, axis, keepdims) / spread * centred


def _of_mean(rule: Any) -> Any:
    """The contribution to a mean that was computed beforehand: x's own, the other way."""
    return lambda g, x, y, **given: -rule(g, x, y, **given)


# Each reduction's rule, and those of its other operands.
RULES: Mapping[str, tuple[Rule, dict[str, Rule]]] = {
    "sum": (_sum, {"initial": _sum_initial}),
    "mean": (_mean, {}),
    "max": (_extreme, {"initial": _extreme_initial}),
    "min": (_extreme, {"initial": _extreme_initial}),
    "prod": (_prod, {"initial": _prod_initial}),
    "var": (_var, {"mean": _of_mean(_var)}),
    "std": (_std, {"mean": _of_mean(_std)}),
}


def _entry(name: str, dtype: Any, binding: Any, *also: object, **more: Any) -> Op:
    rule, others = RULES[name]
    function = getattr(np, name)
    return reduction(name, function, rule, dtype, binding, *also, others=others, **more)


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


def _without_gradient(
    name: str, function: Any, code: str, binding: Any, flat: bool = False
) -> Op:
    return reduction(
        name, function, None, lambda _: code, binding, flat=flat, no_gradient=DISCRETE,
    )  # fmt: skip


def _bind_count(a: Any, axis: Any = None, *, keepdims: Any = False) -> Bound:
    return arguments(a, axis=axis, keepdims=keepdims)


def _count_nonzero_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shape = reduced_shape(shape_of(types[0]), attributes["axis"], attributes["keepdims"])
    return Array("i8", shape, weak=not shape)  # before NumPy 2.4 a Python int


def _same(code: str) -> str:
    return code


def squared(code: str) -> str:
    """The dtype of means of squares of absolute values."""
    return precision(averaged(code))


def _by_ones(x: Any, axis: Any, keepdims: bool, **given: Any) -> Any:
    """Of matrices along one axis: a product with a vector of ones, which the library blocks."""
    if x.ndim < 2 or axis is None or given or as_array(x.type).dtype != "f8":
        return None
    first, *others = constant_axis(axis, x.ndim)
    if others or first < x.ndim - 2:
        return None
    ones = x.tracer.call(np.ones, x.emit("size", axis=first))
    found = ones @ x if first == x.ndim - 2 else x @ ones
    return np.expand_dims(found, first) if keepdims else found


def _sum_of_product(a: Any, b: Any, axis: Any, keepdims: bool, **given: Any) -> Any:
    """A sum of products by the names of its axes: `@`, `np.vdot`, or an einsum."""
    if given or as_array(a.type).dtype != as_array(b.type).dtype:
        return None
    letters = string.ascii_lowercase[8 : 8 + a.ndim]
    gone = constant_axis(axis, a.ndim)
    kept = "".join(s for k, s in enumerate(letters) if k not in gone)
    if keepdims and not kept:
        return None
    found = contract([Term(a, letters), Term(b, letters)], kept, Style())
    if not keepdims:
        return found
    return found.emit("expand_dims", axis=gone[0] if len(gone) == 1 else tuple(sorted(gone)))


def _values(attributes: Attributes) -> tuple[int, ...]:
    """The operands that are added up, not those that choose what is."""
    given = enumerate(attributes.get("given", ()), 1)
    return (0, *(k for k, name in given if name != "where"))


ENTRIES: tuple[Op, ...] = (
    _entry("sum", summed, bind_initial, linear=_values, complex=True,
           axes=axes_left, faster={"ones": _by_ones}, of_product=_sum_of_product,
           samples=_samples(*_ALL_AXES, empty=True),
           examples=("np.sum({2,3}, where=np.array([True, False, True]))",
                     "np.sum({2,3}, 0, initial={})", "np.sum({2,3}, axis=1, dtype=np.float64)",
                     "{2,3}.sum(-1, keepdims=True, where=[[True], [False]])")),
    _entry("mean", averaged, bind, samples=_samples(*_ALL_AXES), linear=_values, complex=True,
           examples=("np.mean({2,3}, where=np.array([True, False, True]))",
                     "{2,3}.mean(1, np.float64)",
                     "np.mean({2,3}, axis=0, where=np.array([[True], [False]]))")),
    _entry("max", _same, bind_extreme, np.amax, masks=True, samples=_samples(*_ALL_AXES),
           examples=("np.amax({2,3}, axis=1, initial={})",
                     "np.max({2,3}, 0, where=np.array([[True], [False]]), initial=-5.0)")),
    _entry("min", _same, bind_extreme, np.amin, masks=True, samples=_samples(*_ALL_AXES),
           examples=("np.amin({2,3}, axis=1, initial={})", "{2,3}.min(initial=-1.0)")),
    _entry("prod", summed, bind_initial, samples=_samples(*_ALL_AXES, empty=True), complex=True,
           examples=("np.prod({2,3,2}, axis=(0, 2))", "np.prod({2,3}, 0, initial={})",
                     "np.prod({2,3}, where=np.array([True, False, True]))")),
    _entry("var", squared, bind_ddof, complex=True, samples=_samples(*_ALL_AXES, ddof=0)
           + (arguments((2, 3), axis=1, ddof=1, keepdims=False),),
           examples=("np.var({4}, correction=1)", "{2,3}.var(1, ddof=1)",
                     "np.var({2,3}, axis=1, mean={2,1})",
                     "np.var({3,4}, where=np.array([True, False, True, True]), ddof=1)")),
    _entry("std", squared, bind_ddof, complex=True,
           samples=tuple(s for s in _samples(*_ALL_AXES, ddof=0) if 2 in s[0][0])
           + (arguments((2, 3), axis=None, ddof=1, keepdims=True),),
           examples=("np.std({4}, correction=1)", "np.std({2,3}, axis=1, mean={2,1})",
                     "np.std({3,4}, axis=0, where=np.array([[True], [False], [True]]))")),
    _without_gradient("argmax", np.argmax, "i8", bind_position, flat=True),
    _without_gradient("argmin", np.argmin, "i8", bind_position, flat=True),
    _without_gradient("any", np.any, "b1", bind_truth),
    _without_gradient("all", np.all, "b1", bind_truth),
    Op("count_nonzero", _count_nonzero_type,
       lambda attributes, operands: np.count_nonzero(operands[0], **attributes),
       default_call("np.count_nonzero", axis=None, keepdims=False), batch=by_axis(),
       spellings={np.count_nonzero: Spelling(_bind_count)}, no_gradient=DISCRETE),
    Op("count", _count_type, _count_value, _count_emit, shape_only=(0,), no_gradient=SHAPE_ALONE),
    Op("prod_others", lambda types, attributes: types[0],
       lambda attributes, operands: helpers.prod_others(operands[0], **attributes),
       default_call("helper.prod_others"), batch=by_axis(), rules=(_prod_others,), fresh=True,
       complex=True,
       samples=tuple(arguments(shape, axis=axis) for shape, axis in
                     (((3,), 0), ((1,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), 1)))),
)  # fmt: skip
