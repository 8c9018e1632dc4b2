"""Shape operations: transpose, reshape and kin.

A shape argument is a template (see `indexing.Slot`): `reshape[shape=(Slot(0), -1)] %x, %n`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, may_be_one, unknown
from ..ir.types import Array, Scalar, Type, kind_of, rank
from . import stack_rules
from .emit import attribute, call, constant, default_call, method
from .indexing import Slot, fill
from .inference import as_array, constant_axis, size_of
from .op import (
    SHAPES,
    Attributes,
    Axes,
    Bound,
    Emission,
    Op,
    OperationError,
    Spelling,
    arguments,
    operands_only,
)

__all__ = ["ENTRIES", "shape_template", "template_shape", "template_source"]


def template_source(template: Any, operands: Sequence[ast.expr]) -> ast.expr:
    """A template as source."""
    match template:
        case Slot(position):
            return operands[position]
        case tuple():
            return ast.Tuple([template_source(t, operands) for t in template], ast.Load())
        case list():
            return ast.List([template_source(t, operands) for t in template], ast.Load())
    return constant(template)


def _template(parts: Any, operands: list[Any]) -> Any:
    """Run-time parts move to `operands`, a slot takes their place."""
    if isinstance(parts, (tuple, list)):
        return type(parts)(_template(part, operands) for part in parts)
    if isinstance(parts, (bool, int)) or parts is None:
        return parts
    operands.append(parts)
    return Slot(len(operands) - 1)


def shape_template(shape: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """A shape argument as template and operands; a lone number is a shape of one dimension."""
    operands: list[Any] = []
    parts = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return _template(parts, operands), operands


def template_shape(template: tuple[Any, ...], types: Sequence[Type]) -> tuple[Size, ...]:
    """The sizes that a shape template stands for; -1 is unknown."""
    return tuple(_template_size(part, types) for part in template)


def _template_size(part: Any, types: Sequence[Type]) -> Size:
    if part is None:
        raise OperationError("None stands where a size is needed", "give an int")
    if isinstance(part, Slot):
        type_ = types[part.position]
        if rank(type_) or kind_of(type_) not in ("int", "bool"):
            raise OperationError(f"{type_} stands where a size is needed", "give an int")
        known = type_.size if isinstance(type_, Scalar) else None
        return unknown() if known is None else known
    return int(part) if part >= 0 else unknown()


def _permutation(axes: Any, count: int) -> tuple[int, ...]:
    if axes is None:
        return tuple(reversed(range(count)))
    known = all(-count <= axis < count for axis in axes)
    if not known or sorted(axis % count for axis in axes) != list(range(count)):
        raise OperationError("the axes are no permutation", "name each axis once")
    return tuple(axis % count for axis in axes)


def _transpose_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    order = _permutation(attributes["axes"], rank(array))
    return Array(array.dtype, tuple(array.shape[k] for k in order))


def _transpose_emit(emission: Emission) -> ast.expr:
    axes = emission.attributes["axes"]
    if not rank(emission.result):  # perhaps a Python number
        return call("np.transpose", emission.operands)
    if axes is None or axes == tuple(reversed(range(len(axes)))):
        return attribute(emission.operands[0], "T")
    return call("np.transpose", (emission.operands[0], constant(axes)))


def _transpose_rule(g: Any, x: Any, y: Any, axes: Any) -> Any:
    if axes is None:
        return g.T
    back = np.argsort(_permutation(axes, x.ndim))
    return np.transpose(g, tuple(int(k) for k in back))


def _transpose_method(x: Any, *axes: Any) -> Bound:
    flat = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
    return arguments(x, axes=tuple(flat) if flat else None)


def _swapaxes_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    shape = list(array.shape)
    for axis in attributes.values():
        constant_axis(axis, len(shape))
    a, b = attributes["axis1"], attributes["axis2"]
    shape[a], shape[b] = shape[b], shape[a]
    return Array(array.dtype, tuple(shape))


def _emit_swapaxes(emission: Emission) -> ast.expr:
    """`x.T` for matrices, `x.mT` for stacks of these."""
    axes = tuple(emission.attributes.values())
    count = rank(emission.result)
    if {axis % count for axis in axes} == {count - 2, count - 1}:
        return attribute(emission.operands[0], "T" if count == 2 else "mT")
    return call("np.swapaxes", (emission.operands[0], *map(constant, axes)))


def _bind_reshape(a: Any, shape: Any) -> Bound:
    template, operands = shape_template(shape)
    return arguments(a, *operands, shape=template)


def _bind_reshape_method(a: Any, *shape: Any) -> Bound:
    return _bind_reshape(a, shape[0] if len(shape) == 1 else shape)


def _reshape_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    shape = list(template_shape(attributes["shape"], types[1:]))
    if -1 in attributes["shape"]:
        at = attributes["shape"].index(-1)
        shape[at] = _remaining(list(array.shape), shape[:at] + shape[at + 1 :])
    return Array(array.dtype, tuple(shape))


def _remaining(whole: list[Size], others: list[Size]) -> Size:
    """The size that -1 stands for: what remains of the sizes when the others are taken out."""
    for size in others:
        if size in whole:
            whole.remove(size)
        elif size != 1:
            left, given = size_of(whole), size_of(others)
            if isinstance(left, int) and isinstance(given, int) and given:
                return left // given
            return unknown()
    return size_of(whole)


def _emit_reshape(emission: Emission) -> ast.expr:
    array, *operands = emission.operands
    template = emission.attributes["shape"]
    if not rank(emission.types[0]):  # a number may be Python's, which has no methods
        return call("np.reshape", (array, _shown(template, operands)))
    if not template:
        return method(array, "reshape", ast.Tuple([], ast.Load()))
    if len(template) == 1:
        return method(array, "reshape", _shown(template, operands))
    return method(array, "reshape", *[template_source(part, operands) for part in template])


def _shown(template: tuple[Any, ...], operands: Sequence[ast.expr]) -> ast.expr:
    return template_source(template[0] if len(template) == 1 else template, operands)


def _back_to_shape(g: Any, x: Any, *rest: Any, **attributes: Any) -> Any:
    return g.emit("reshape_to", x.emit("shape"), type=as_array(x.type))


def _flat_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    return Array(array.dtype, (size_of(array.shape),))


def _squeeze_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    axis = attributes["axis"]
    if axis is None:
        if any(n != 1 and may_be_one(n) for n in array.shape):
            raise OperationError(
                f"which axes of {array} have size 1 is known only at run time",
                "name the axis: np.squeeze(x, axis=0)",
            )
        return Array(array.dtype, tuple(n for n in array.shape if n != 1))
    axes = constant_axis(axis, rank(array))
    return Array(array.dtype, tuple(n for k, n in enumerate(array.shape) if k not in axes))


def _expand_axes(axis: Any, rank_after: int) -> tuple[int, ...]:
    return constant_axis(axis, rank_after)


def _expand_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, axis = as_array(types[0]), attributes["axis"]
    shape = list(array.shape)
    for one in _expand_axes(axis, rank(array) + (len(axis) if isinstance(axis, tuple) else 1)):
        shape.insert(one, 1)
    return Array(array.dtype, tuple(shape))


def _emit_expand(emission: Emission) -> ast.expr:
    """`g[:, None]`, `g[..., None]`."""
    (operand,), axis = emission.operands, emission.attributes["axis"]
    count = rank(emission.result)
    axes = _expand_axes(axis, count)
    parts: list[ast.expr] = [
        ast.Constant(None) if k in axes else ast.Slice() for k in range(count)
    ]
    if (isinstance(axis, int) and axis < -1) or not isinstance(emission.types[0], Array):
        return call("np.expand_dims", (operand,), axis=axis)
    index = parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
    return ast.Subscript(operand, index, ast.Load())


def _swapped(types: Sequence[Type], attributes: Attributes) -> tuple[int, ...]:
    order = list(range(rank(types[0])))
    a, b = attributes["axis1"], attributes["axis2"]
    order[a], order[b] = order[b], order[a]
    return tuple(order)


def _squeezed(types: Sequence[Type], attributes: Attributes) -> tuple[int, ...]:
    shape, axis = as_array(types[0]).shape, attributes["axis"]
    if axis is None:
        return tuple(k for k, size in enumerate(shape) if size != 1)
    return tuple(k for k in range(len(shape)) if k not in constant_axis(axis, len(shape)))


def _with_units(types: Sequence[Type], attributes: Attributes) -> tuple[int | None, ...]:
    axis, places = attributes["axis"], list[int | None](range(rank(types[0])))
    more = len(axis) if isinstance(axis, tuple) else 1
    for one in _expand_axes(axis, len(places) + more):
        places.insert(one, None)
    return tuple(places)


def _squeeze_back(g: Any, x: Any, y: Any, axis: Any) -> Any:
    return _back_to_shape(g, x)


def _view(
    name: str, infer: Callable[..., Type], evaluate: Callable[..., Any],
    emit: Callable[[Emission], ast.expr], rule: Any, spellings: dict[object, Spelling],
    samples: tuple[Bound, ...], batch: Callable[..., Any], shares: str = "view",
    axes: Axes | None = None,
) -> Op:  # fmt: skip
    return Op(
        name, infer, evaluate, emit, linear="together", axes=axes, batch=batch, rules=(rule,),
        spellings=spellings, view=(0,), shares=shares, boxes=True, samples=samples, complex=True,
    )  # fmt: skip


_MATRICES = Spelling(operands_only(1), {"axis1": -1, "axis2": -2})
_VIEWS = (
    _view("transpose", _transpose_type,
          lambda attributes, operands: np.transpose(operands[0], attributes["axes"]),
          _transpose_emit, _transpose_rule, {
              np.transpose: Spelling(lambda a, axes=None: arguments(
                  a, axes=axes if axes is None else tuple(axes))),
              ("attribute", "T"): Spelling(operands_only(1), {"axes": None}),
              ("method", "transpose"): Spelling(_transpose_method),
          }, (*(arguments(shape, axes=None) for shape in SHAPES), arguments((2, 3), axes=(0, 1)),
              arguments((2, 1, 3), axes=(1, 2, 0)), arguments((2, 4, 3), axes=(-1, 0, -2))),
          stack_rules.permuted,
          axes=lambda types, attributes: _permutation(attributes["axes"], rank(types[0]))),
    _view("swapaxes", _swapaxes_type,
          lambda attributes, operands: np.swapaxes(operands[0], *attributes.values()),
          _emit_swapaxes,
          lambda g, x, y, axis1, axis2: np.swapaxes(g, axis1, axis2), {
              np.swapaxes: Spelling(lambda a, axis1, axis2: arguments(a, axis1=axis1, axis2=axis2)),
              ("method", "swapaxes"): Spelling(
                  lambda a, axis1, axis2: arguments(a, axis1=axis1, axis2=axis2)),
              **dict.fromkeys((np.matrix_transpose, np.linalg.matrix_transpose,
                               ("attribute", "mT")), _MATRICES),
          }, (arguments((2, 3), axis1=0, axis2=1), arguments((2, 4, 3), axis1=-1, axis2=0)),
          stack_rules.swapped_axes, axes=_swapped),
    _view("ravel", _flat_type, lambda attributes, operands: np.ravel(operands[0]),
          lambda emission: call("np.ravel", emission.operands), _back_to_shape,
          {np.ravel: Spelling(operands_only(1)), ("method", "ravel"): Spelling(operands_only(1))},
          tuple(arguments(shape) for shape in SHAPES), stack_rules.flattened, "maybe"),
    _view("squeeze", _squeeze_type,
          lambda attributes, operands: np.squeeze(operands[0], **attributes),
          default_call("np.squeeze", axis=None), _squeeze_back,
          {np.squeeze: Spelling(lambda a, axis=None: arguments(a, axis=axis)),
           ("method", "squeeze"): Spelling(lambda a, axis=None: arguments(a, axis=axis))},
          (*(arguments(shape, axis=None) for shape in SHAPES), arguments((3, 1), axis=1),
           arguments((1, 3, 1), axis=-1), arguments((1, 3, 1), axis=(0, 2))),
          stack_rules.squeezed, axes=_squeezed),
    _view("expand_dims", _expand_type,
          lambda attributes, operands: np.expand_dims(operands[0], **attributes), _emit_expand,
          _back_to_shape,
          {np.expand_dims: Spelling(lambda a, axis: arguments(a, axis=axis))},
          (*(arguments(shape, axis=0) for shape in SHAPES), arguments((3, 2), axis=-1),
           arguments((3, 2), axis=1), arguments((3,), axis=(0, 2)), arguments(1.5, axis=0)),
          stack_rules.expanded, axes=_with_units),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    *_VIEWS,
    Op("reshape", _reshape_type,
       lambda attributes, operands: np.reshape(
           operands[0], fill(attributes["shape"], operands[1:])),
       _emit_reshape, linear="together", batch=stack_rules.reshaped, rules=(_back_to_shape,),
       view=(0,), boxes=True, complex=True,
       spellings={np.reshape: Spelling(_bind_reshape),
                  ("method", "reshape"): Spelling(_bind_reshape_method)},
       samples=(
           arguments((6,), shape=(2, 3)), arguments((6,), 2, shape=(Slot(0), -1)),
           arguments((2, 3), shape=(-1,)), arguments((1,), shape=()), arguments((), shape=(1, 1)),
           arguments((4, 3), shape=(2, 2, 3)), arguments((2, 0), shape=(0, 5)),
       )),
    Op("flatten", _flat_type, lambda attributes, operands: operands[0].flatten(),
       lambda emission: method(emission.operands[0], "flatten"), linear="together",
       batch=stack_rules.flattened,
       rules=(_back_to_shape,),
       fresh=True, complex=True, spellings={("method", "flatten"): Spelling(operands_only(1))},
       samples=tuple(arguments(shape) for shape in SHAPES if shape)),
)  # fmt: skip
