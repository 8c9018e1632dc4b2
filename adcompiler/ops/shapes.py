"""Shape operations: transpose, reshape and kin, joining arrays, and creating them.

A shape argument is a template (see `indexing.Slot`): `reshape[shape=(Slot(0), -1)] %x, %n`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, unknown
from ..ir.types import Array, Scalar, Type, rank, shape_of
from .emit import attribute, call, constant, default_call, method, reference
from .indexing import Slot, fill, slots
from .inference import as_array, broadcast_shapes, constant_axis, promote, size_of
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .structural import dtype_argument

__all__ = ["ENTRIES", "bind_array", "template_source"]


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
    if isinstance(part, Slot):
        type_ = types[part.position]
        known = type_.size if isinstance(type_, Scalar) else None
        return unknown() if known is None else known
    return int(part) if part >= 0 else unknown()


def _permutation(axes: Any, count: int) -> tuple[int, ...]:
    if axes is None:
        return tuple(reversed(range(count)))
    if sorted(axis % count for axis in axes) != list(range(count)):
        raise OperationError("the axes are no permutation", "name each axis once")
    return tuple(axis % count for axis in axes)


def _transpose_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    order = _permutation(attributes["axes"], rank(array))
    return Array(array.dtype, tuple(array.shape[k] for k in order))


def _transpose_emit(emission: Emission) -> ast.expr:
    axes = emission.attributes["axes"]
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
    if len(template) == 1:
        return method(array, "reshape", template_source(template[0], operands))
    return method(array, "reshape", *[template_source(part, operands) for part in template])


def _back_to_shape(g: Any, x: Any, *rest: Any, **attributes: Any) -> Any:
    return g.emit("reshape_to", x.emit("shape"), type=as_array(x.type))


def _flat_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    return Array(array.dtype, (size_of(array.shape),))


def _squeeze_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    axis = attributes["axis"]
    if axis is None:
        return Array(array.dtype, tuple(n for n in array.shape if n != 1))
    axes = constant_axis(axis, rank(array))
    return Array(array.dtype, tuple(n for k, n in enumerate(array.shape) if k not in axes))


def _expand_axes(axis: Any, rank_after: int) -> tuple[int, ...]:
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(one % rank_after for one in axes))


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
    if isinstance(axis, int) and axis < -1 or not isinstance(emission.types[0], Array):
        return call("np.expand_dims", (operand,), axis=axis)
    index = parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
    return ast.Subscript(operand, index, ast.Load())


def _squeeze_back(g: Any, x: Any, y: Any, axis: Any) -> Any:
    return _back_to_shape(g, x)


def _joined(types: Sequence[Type], attributes: Attributes) -> Type:
    """concatenate."""
    arrays = [as_array(t) for t in types]
    (axis,) = constant_axis(attributes["axis"], rank(arrays[0]))
    shape = list(arrays[0].shape)
    total: Size = 0
    for array in arrays:
        if rank(array) != len(shape):
            raise OperationError(
                "np.concatenate of arrays of different ranks", "give them the same rank"
            )
        total = add(total, array.shape[axis])
    shape[axis] = total
    return Array(promote(arrays), tuple(shape))


def _concatenate_rule(g: Any, *rest: Any, axis: int, index: int) -> Any:
    *arrays, _ = rest
    (axis,) = constant_axis(axis, g.ndim)
    start: Any = 0
    for array in arrays[:index]:
        start = _plus(start, _length(array, axis))
    stop = None if index == len(arrays) - 1 else _plus(start, _length(arrays[index], axis))
    operands: list[Any] = []
    bounds = [_template(b, operands) for b in (start if index else None, stop)]
    key = (*[slice(None)] * axis, slice(*bounds))
    return g.emit("index", *operands, key=key)


def _length(array: Any, axis: int) -> Any:
    size = array.shape[axis]
    return size if isinstance(size, int) else array.emit("size", axis=axis)


def _plus(a: Any, b: Any) -> Any:
    return b if isinstance(a, int) and a == 0 else a + b


def _stacked(types: Sequence[Type], attributes: Attributes) -> Type:
    arrays = [as_array(t) for t in types]
    shape = list(broadcast_shapes(a.shape for a in arrays))
    axis = attributes["axis"]
    shape.insert(axis % (len(shape) + 1), len(arrays))
    return Array(promote(arrays), tuple(shape))


def _stack_rule(g: Any, *rest: Any, axis: int, index: int) -> Any:
    key = (*[slice(None)] * (axis % g.ndim), index)
    return g.emit("index", key=key)


def _bind_join(arrays: Any, axis: Any = 0) -> Bound:
    return arguments(*arrays, axis=axis)


def _array_type(types: Sequence[Type], attributes: Attributes) -> Type:
    def shape(template: Any) -> tuple[Size, ...]:
        if isinstance(template, Slot):
            return shape_of(types[template.position])
        if not isinstance(template, list):
            return ()
        inner = [shape(part) for part in template]
        if any(len(part) != len(inner[0]) for part in inner):
            raise OperationError("np.array of rows that differ in depth", "make the rows alike")
        return (len(template), *(inner[0] if inner else ()))

    dtype = attributes["dtype"]
    return Array(dtype or (promote(types) if types else "f8"), shape(attributes["template"]))


def _array_rule(g: Any, *rest: Any, template: Any, dtype: Any, index: int) -> Any:
    return g.emit("index", key=_path(template, index))


def _path(template: Any, position: int) -> tuple[int, ...]:
    for k, part in enumerate(template):
        if part == Slot(position):
            return (k,)
        if isinstance(part, list) and position in slots(part):
            return (k, *_path(part, position))
    raise AssertionError("a slot of the template")


def bind_array(object: Any, dtype: Any = None) -> Bound:  # noqa: A002
    operands: list[Any] = []
    if not isinstance(object, (list, tuple)):
        return arguments(object, template=Slot(0), dtype=dtype_argument(dtype))
    template = _listed(object, operands)
    return arguments(*operands, template=template, dtype=dtype_argument(dtype))


def _listed(parts: Any, operands: list[Any]) -> Any:
    if isinstance(parts, (list, tuple)):
        return [_listed(part, operands) for part in parts]
    operands.append(parts)
    return Slot(len(operands) - 1)


def _emit_array(emission: Emission) -> ast.expr:
    dtype = emission.attributes["dtype"]
    keywords = {"dtype": dtype_source(dtype)} if dtype else {}
    template = template_source(emission.attributes["template"], emission.operands)
    return call("np.array", (template,), **keywords)


def dtype_source(code: str) -> ast.expr:
    return reference(f"np.{np.dtype(code).name}")


def _filled(name: str, function: Any, like: Any) -> tuple[Op, Op]:
    """`np.zeros(shape)` and `np.zeros_like(x)`."""

    def bind(shape: Any, dtype: Any = None) -> Bound:
        template, operands = shape_template(shape)
        return arguments(*operands, shape=template, dtype=dtype_argument(dtype))

    def emit(emission: Emission) -> ast.expr:
        template = emission.attributes["shape"]
        shown = template if len(template) != 1 else template[0]
        return call(f"np.{name}", (template_source(shown, emission.operands),), **_dtype(emission))

    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        shape = fill(attributes["shape"], operands)
        return function(shape, dtype=attributes["dtype"])

    plain = Op(
        name,
        lambda types, attributes: Array(
            attributes["dtype"] or "f8", template_shape(attributes["shape"], types)
        ),
        evaluate,
        emit,
        spellings={function: Spelling(bind)},
        fresh=True,
        boxes=True,
    )
    alike = Op(
        f"{name}_like",
        lambda types, attributes: Array(
            attributes["dtype"] or as_array(types[0]).dtype, shape_of(types[0])
        ),
        lambda attributes, operands: like(operands[0], dtype=attributes["dtype"]),
        lambda emission: call(f"np.{name}_like", emission.operands, **_dtype(emission)),
        spellings={
            like: Spelling(lambda a, dtype=None: arguments(a, dtype=dtype_argument(dtype)))
        },
        shape_only=(0,),
        fresh=True,
        boxes=True,
    )
    return plain, alike


def _dtype(emission: Emission) -> dict[str, ast.expr]:
    code = emission.attributes["dtype"]
    return {"dtype": dtype_source(code)} if code else {}


def _bind_full(shape: Any, fill_value: Any, dtype: Any = None) -> Bound:
    template, operands = shape_template(shape)
    return arguments(fill_value, *operands, shape=template, dtype=dtype_argument(dtype))


def _full_type(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = attributes["dtype"] or as_array(types[0]).dtype
    return Array(dtype, template_shape(attributes["shape"], types[1:]))


def _emit_full(emission: Emission) -> ast.expr:
    value, *operands = emission.operands
    template = emission.attributes["shape"]
    shown = template if len(template) != 1 else template[0]
    return call("np.full", (template_source(shown, operands), value), **_dtype(emission))


def _bind_arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Bound:
    if stop is None:
        start, stop = 0, start
    return arguments(start, stop, step, dtype=dtype_argument(dtype))


def _arange_type(types: Sequence[Type], attributes: Attributes) -> Type:
    start, stop, step = types
    size: Size = unknown()
    if (
        isinstance(start, Scalar) and isinstance(stop, Scalar) and isinstance(step, Scalar)
        and start.size == 0 and step.size == 1 and stop.size is not None
    ):  # fmt: skip
        size = stop.size
    return Array(attributes["dtype"] or promote(types), (size,))


def _emit_arange(emission: Emission) -> ast.expr:
    start, stop, step = emission.operands
    shown = [start, stop, step]
    if isinstance(step, ast.Constant) and step.value == 1 and type(step.value) is int:
        shown = [start, stop]
        if isinstance(start, ast.Constant) and start.value == 0 and type(start.value) is int:
            shown = [stop]
    return call("np.arange", shown, **_dtype(emission))


def _bind_linspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True) -> Bound:
    return arguments(start, stop, num, endpoint=endpoint)


def _linspace_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size = types[2].size if isinstance(types[2], Scalar) else None
    return Array("f8", (unknown() if size is None else size,))


def _linspace_rule(g: Any, start: Any, stop: Any, num: Any, y: Any, endpoint: bool, index: int) -> Any:  # noqa: E501
    if index == 2:
        return None
    weights = np.linspace(num * 0, num * 0 + 1, num, endpoint=endpoint)
    return g * (weights if index else 1 - weights)


def _eye_type(types: Sequence[Type], attributes: Attributes) -> Type:
    sizes = [t.size if isinstance(t, Scalar) and t.size is not None else unknown() for t in types]
    return Array(attributes["dtype"] or "f8", (sizes[0], sizes[-1]))


def _bind_eye(N: Any, M: Any = None, dtype: Any = None) -> Bound:  # noqa: N803
    sizes = (N,) if M is None else (N, M)
    return arguments(*sizes, dtype=dtype_argument(dtype))


def _view(
    name: str, infer: Callable[..., Type], evaluate: Callable[..., Any],
    emit: Callable[[Emission], ast.expr], rule: Any, spellings: dict[object, Spelling],
) -> Op:  # fmt: skip
    return Op(name, infer, evaluate, emit, rules=(rule,), spellings=spellings, view=(0,), boxes=True)


_VIEWS = (
    _view("transpose", _transpose_type,
          lambda attributes, operands: np.transpose(operands[0], attributes["axes"]),
          _transpose_emit, _transpose_rule, {
              np.transpose: Spelling(lambda a, axes=None: arguments(
                  a, axes=axes if axes is None else tuple(axes))),
              ("attribute", "T"): Spelling(arguments, {"axes": None}),
              ("method", "transpose"): Spelling(_transpose_method),
          }),
    _view("swapaxes", _swapaxes_type,
          lambda attributes, operands: np.swapaxes(operands[0], *attributes.values()),
          lambda emission: call("np.swapaxes", (
              emission.operands[0], *map(constant, emission.attributes.values()))),
          lambda g, x, y, axis1, axis2: np.swapaxes(g, axis1, axis2), {
              np.swapaxes: Spelling(lambda a, axis1, axis2: arguments(a, axis1=axis1, axis2=axis2)),
              ("method", "swapaxes"): Spelling(
                  lambda a, axis1, axis2: arguments(a, axis1=axis1, axis2=axis2)),
          }),
    _view("ravel", _flat_type, lambda attributes, operands: np.ravel(operands[0]),
          lambda emission: call("np.ravel", emission.operands), _back_to_shape,
          {np.ravel: Spelling(arguments), ("method", "ravel"): Spelling(arguments)}),
    _view("squeeze", _squeeze_type,
          lambda attributes, operands: np.squeeze(operands[0], **attributes),
          default_call("np.squeeze", axis=None), _squeeze_back,
          {np.squeeze: Spelling(lambda a, axis=None: arguments(a, axis=axis)),
           ("method", "squeeze"): Spelling(lambda a, axis=None: arguments(a, axis=axis))}),
    _view("expand_dims", _expand_type,
          lambda attributes, operands: np.expand_dims(operands[0], **attributes), _emit_expand,
          _back_to_shape,
          {np.expand_dims: Spelling(lambda a, axis: arguments(a, axis=axis))}),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    *_VIEWS,
    Op("reshape", _reshape_type,
       lambda attributes, operands: np.reshape(
           operands[0], fill(attributes["shape"], operands[1:])),
       _emit_reshape, rules=(_back_to_shape,), view=(0,), boxes=True,
       spellings={np.reshape: Spelling(_bind_reshape),
                  ("method", "reshape"): Spelling(_bind_reshape_method)}),
    Op("flatten", _flat_type, lambda attributes, operands: operands[0].flatten(),
       lambda emission: method(emission.operands[0], "flatten"), rules=(_back_to_shape,),
       fresh=True, spellings={("method", "flatten"): Spelling(arguments)}),
    Op("concatenate", _joined,
       lambda attributes, operands: np.concatenate(operands, **attributes),
       lambda emission: call("np.concatenate", (ast.Tuple(list(emission.operands), ast.Load()),),
                             **{k: v for k, v in emission.attributes.items() if v}),
       rules=_concatenate_rule, fresh=True, spellings={np.concatenate: Spelling(_bind_join)}),
    Op("stack", _stacked, lambda attributes, operands: np.stack(operands, **attributes),
       lambda emission: call("np.stack", (ast.Tuple(list(emission.operands), ast.Load()),),
                             **{k: v for k, v in emission.attributes.items() if v}),
       rules=_stack_rule, fresh=True, spellings={np.stack: Spelling(_bind_join)}),
    Op("array", _array_type,
       lambda attributes, operands: np.array(
           fill(attributes["template"], operands), dtype=attributes["dtype"]),
       _emit_array, rules=_array_rule, fresh=True, boxes=True,
       spellings={np.array: Spelling(bind_array), np.asarray: Spelling(bind_array)}),
    *_filled("zeros", np.zeros, np.zeros_like),
    *_filled("ones", np.ones, np.ones_like),
    *_filled("empty", np.empty, np.empty_like),
    Op("full", _full_type,
       lambda attributes, operands: np.full(
           fill(attributes["shape"], operands[1:]), operands[0], dtype=attributes["dtype"]),
       _emit_full, rules=(lambda g, value, *rest, **attributes: g,), fresh=True, boxes=True,
       spellings={np.full: Spelling(_bind_full)}),
    Op("arange", _arange_type,
       lambda attributes, operands: np.arange(*operands, **attributes), _emit_arange, fresh=True,
       spellings={np.arange: Spelling(_bind_arange)}),
    Op("linspace", _linspace_type,
       lambda attributes, operands: np.linspace(*operands, **attributes),
       default_call("np.linspace", endpoint=True), rules=_linspace_rule, fresh=True,
       spellings={np.linspace: Spelling(_bind_linspace)}),
    Op("eye", _eye_type, lambda attributes, operands: np.eye(*operands, **attributes),
       lambda emission: call("np.eye", emission.operands, **_dtype(emission)), fresh=True,
       spellings={np.eye: Spelling(_bind_eye)}),
)  # fmt: skip
