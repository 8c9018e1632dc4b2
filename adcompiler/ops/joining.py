"""Arrays joined: `concatenate`, `stack`, `block`.

    np.concatenate((a, b))        concatenate[axis=0] %a, %b          grad_a = grad_y[:a.shape[0]]
                                                                      grad_b = grad_y[a.shape[0]:]
    np.block([[a, b], [c, d]])    block[template=[[Slot(0), Slot(1)], ...]] %a, %b, %c, %d
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, may_be_one
from ..ir.types import Array, Type, rank, shape_of
from . import stack_rules
from .casting import dtype_argument
from .emit import call, dtype_source
from .indexing import Slot, fill, slots
from .inference import as_array, constant_axis, promote
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .shapes import template_source

__all__ = ["ENTRIES", "meeting", "plus"]


def meeting(sizes: Sequence[Size], called: str) -> Size:
    """The one size that all of these have to be."""
    known = [n for n in sizes if isinstance(n, int)]
    if len(set(known)) > 1 or (1 in known and not all(map(may_be_one, sizes))):
        shown = " and ".join(map(str, dict.fromkeys(sizes)))
        raise OperationError(
            f"{called} of arrays whose sizes {shown} have to be the same",
            "give them the same shape but for the axis along which they are joined",
        )
    return known[0] if known else sizes[0]


def _dtype(arrays: Sequence[Array], attributes: Attributes) -> str:
    """What the parts are cast to: `casting` says whether NumPy does that."""
    found = attributes.get("dtype") or promote(arrays)
    casting: Any = attributes.get("casting", "same_kind")
    for array in arrays:
        if not np.can_cast(np.dtype(array.dtype), np.dtype(found), casting):
            raise OperationError(
                f"{array.dtype} isn't cast to {found} where casting is {casting!r}",
                "cast it with .astype(...) first",
            )
    return found


def _joined(types: Sequence[Type], attributes: Attributes) -> Type:
    """concatenate."""
    arrays = [as_array(t) for t in types]
    if attributes["axis"] is None or not rank(arrays[0]):
        raise OperationError(
            "np.concatenate of numbers, or over no axis", "ravel the arrays, or use np.stack"
        )
    (axis,) = constant_axis(attributes["axis"], rank(arrays[0]))
    if any(rank(array) != rank(arrays[0]) for array in arrays):
        raise OperationError(
            "np.concatenate of arrays of different ranks", "give them the same rank"
        )
    total: Size = 0
    for array in arrays:
        total = add(total, array.shape[axis])
    shape = [
        total if k == axis else meeting(sizes, "np.concatenate")
        for k, sizes in enumerate(zip(*(array.shape for array in arrays), strict=True))
    ]
    return Array(_dtype(arrays, attributes), tuple(shape))


def _others_agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
    """The shapes but for the axis along which they are joined."""
    shapes = [list(shape_of(t)) for t in types]
    (axis,) = constant_axis(attributes["axis"], len(shapes[0]))
    return [(*shape[:axis], *shape[axis + 1 :]) for shape in shapes]


def _concatenate_rule(g: Any, *rest: Any, axis: int, index: int, **cast: Any) -> Any:
    *arrays, _ = rest
    (axis,) = constant_axis(axis, g.ndim)
    start: Any = 0
    for array in arrays[:index]:
        start = plus(start, _length(array, axis))
    stop = None if index == len(arrays) - 1 else plus(start, _length(arrays[index], axis))
    key = (*[slice(None)] * axis, slice(start if index else None, stop))
    return g[key]


def _length(array: Any, axis: int) -> Any:
    size = array.shape[axis]
    return size if isinstance(size, int) else array.emit("size", axis=axis)


def plus(a: Any, b: Any) -> Any:
    """The sum of two sizes, without a 0 in the text."""
    return b if isinstance(a, int) and a == 0 else a + b


def _stacked(types: Sequence[Type], attributes: Attributes) -> Type:
    arrays = [as_array(t) for t in types]
    if any(rank(array) != rank(arrays[0]) for array in arrays):
        raise OperationError("np.stack of arrays of different ranks", "give them the same rank")
    sizes = zip(*(array.shape for array in arrays), strict=True)
    shape = [meeting(several, "np.stack") for several in sizes]
    (axis,) = constant_axis(attributes["axis"], len(shape) + 1)
    shape.insert(axis, len(arrays))
    return Array(_dtype(arrays, attributes), tuple(shape))


def _stack_rule(g: Any, *rest: Any, axis: int, index: int, **cast: Any) -> Any:
    key = (*[slice(None)] * (axis % g.ndim), index)
    return g[key]


def _bind_join(
    arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> Bound:
    operands = tuple(arrays)
    if not operands:
        raise OperationError("no arrays to join", "give at least one")
    cast = {} if dtype is None else {"dtype": dtype_argument(dtype)}
    if casting != "same_kind":
        cast["casting"] = casting
    return arguments(*operands, axis=axis, **cast)


def _evaluate(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda attributes, operands: function(operands, **attributes)


def _emit_join(called: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        keywords = {k: v for k, v in emission.attributes.items() if v}
        if "dtype" in keywords:
            keywords["dtype"] = dtype_source(keywords["dtype"])
        return call(called, (ast.Tuple(list(emission.operands), ast.Load()),), **keywords)

    return emit


def _block_template(arrays: Any, operands: list[Any]) -> Any:
    """Nested lists of blocks: the blocks move to `operands`, slots take their places."""
    if isinstance(arrays, list):
        if not arrays:
            raise OperationError("np.block of an empty list", "leave the empty list out")
        return [_block_template(part, operands) for part in arrays]
    if isinstance(arrays, tuple):
        raise OperationError("np.block of a tuple", "nest lists")
    operands.append(arrays)
    return Slot(len(operands) - 1)


def _depths(template: Any) -> set[int]:
    return {1 + d for part in template for d in _depths(part)} if _is_list(template) else {0}


def _is_list(template: Any) -> bool:
    return isinstance(template, list)


def _block_rank(template: Any, types: Sequence[Type]) -> int:
    depths = _depths(template)
    if len(depths) > 1:
        raise OperationError("np.block of lists that differ in depth", "nest them alike")
    return max(*depths, *(rank(t) for t in types))


def _block_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """Innermost lists are joined along the last axis, those around them along the one before."""
    template = attributes["template"]
    ndim = _block_rank(template, types)
    (depths,) = _depths(template)

    def shape(part: Any, depth: int) -> list[Size]:
        if not _is_list(part):
            own = as_array(types[part.position]).shape
            return [*[1] * (ndim - len(own)), *own]
        inner = [shape(p, depth + 1) for p in part]
        axis = ndim - depths + depth
        found = [meeting(sizes, "np.block") for sizes in _others(inner, axis)]
        total: Size = 0
        for one in inner:
            total = add(total, one[axis])
        return [*found[:axis], total, *found[axis:]]

    return Array(promote([as_array(t) for t in types]), tuple(shape(template, 0)))


def _others(shapes: Sequence[Sequence[Size]], axis: int) -> list[tuple[Size, ...]]:
    columns = list(zip(*shapes, strict=True))
    return columns[:axis] + columns[axis + 1 :]


def _blocks_agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
    """The sizes across each axis of joining, beside those of the first block along it."""
    template = attributes["template"]
    ndim = _block_rank(template, types)
    (depths,) = _depths(template)
    pairs: list[tuple[Size, Size]] = []

    def shape(part: Any, depth: int) -> list[Size]:
        if not _is_list(part):
            own = as_array(types[part.position]).shape
            return [*[1] * (ndim - len(own)), *own]
        first, *rest = [shape(p, depth + 1) for p in part]
        axis = ndim - depths + depth
        total: Size = first[axis]
        for other in rest:
            met = enumerate(zip(first, other, strict=True))
            pairs.extend(pair for k, pair in met if k != axis)
            total = add(total, other[axis])
        return [*first[:axis], total, *first[axis + 1 :]]

    shape(template, 0)
    return [tuple(m for m, _ in pairs), tuple(n for _, n in pairs)]


def _block_rule(g: Any, *rest: Any, template: Any, index: int) -> Any:
    """The part of the gradient where the block lies; what the block lacks in axes is size 1."""
    *arrays, _ = rest
    (depth,) = _depths(template)
    own = arrays[index]
    key: list[Any] = [slice(None)] * g.ndim
    for k in range(g.ndim - own.ndim):
        key[k] = 0
    for level, before, after in _ways(template, index):
        axis = g.ndim - depth + level
        start: Any = 0
        for part in before:
            start = plus(start, _extent(part, arrays, axis - g.ndim))
        if axis < g.ndim - own.ndim:
            key[axis] = start
        else:
            stop = plus(start, _length(own, axis - g.ndim + own.ndim)) if after else None
            key[axis] = slice(start if before else None, stop)
    return g[tuple(key)]


def _ways(template: Any, index: int, level: int = 0) -> list[tuple[int, list[Any], list[Any]]]:
    """For each list around the operand: its depth, what comes before and after the operand."""
    if not _is_list(template):
        return []
    at = next(k for k, part in enumerate(template) if index in slots(part))
    here = (level, template[:at], template[at + 1 :])
    return [here, *_ways(template[at], index, level + 1)]


def _extent(part: Any, arrays: Sequence[Any], axis: int) -> Any:
    """The size of a part along an axis counted from the end, along which it is joined further
    out: that of its first block, and of no other."""
    while _is_list(part):
        part = part[0]
    array = arrays[part.position]
    return 1 if array.ndim < -axis else _length(array, axis + array.ndim)


def _emit_block(emission: Emission) -> ast.expr:
    return call("np.block", (template_source(emission.attributes["template"], emission.operands),))


def _bind_block(arrays: Any) -> Bound:
    operands: list[Any] = []
    return arguments(*operands, template=_block_template(arrays, operands))


_ROW = [Slot(0), Slot(1)]
_SQUARE = [[Slot(0), Slot(1)], [Slot(2), Slot(3)]]

ENTRIES: tuple[Op, ...] = (
    Op("concatenate", _joined, _evaluate(np.concatenate), _emit_join("np.concatenate"),
       linear="together", batch=stack_rules.joined, rules=_concatenate_rule, fresh=True,
       complex=True, agreeing=_others_agreeing,
       spellings={np.concatenate: Spelling(_bind_join)},
       samples=(
           arguments((3,), (2,), axis=0), arguments((1,), (3,), (1,), axis=-1),
           arguments((2, 3), (2, 1), axis=1), arguments((2, 3), (0, 3), axis=0),
           arguments((3,), axis=0), arguments((2, 1, 3), (2, 4, 3), axis=-2),
           arguments((3,), (2,), axis=0, dtype="f4"),
       ),
       examples=("np.concatenate(({3}, {2}))", "np.concatenate([{2,3}, {2,1}], axis=1)",
                 "np.concatenate(({3}, {2}), dtype=np.float64, casting='safe')")),
    Op("stack", _stacked, _evaluate(np.stack), _emit_join("np.stack"),
       linear="together", batch=stack_rules.joined,
       rules=_stack_rule, fresh=True, complex=True, spellings={np.stack: Spelling(_bind_join)},
       agreeing=lambda types, attributes: list(map(shape_of, types)),
       samples=(
           arguments((3,), (3,), axis=0), arguments((3,), (3,), axis=-1),
           arguments((), 1.5, axis=0),
           arguments((2, 3), (2, 3), (2, 3), axis=1), arguments((1,), (1,), axis=1),
       ),
       examples=("np.stack(({3}, {3}))", "np.stack([{2,3}, {2,3}], axis=-1)",
                 "np.stack([{}, 2.0])", "np.stack(({3}, {3}), dtype='f8')")),
    Op("block", _block_type,
       lambda attributes, operands: np.block(fill(attributes["template"], operands)), _emit_block,
       linear="together", rules=_block_rule, fresh=True, complex=True, boxes=True,
       agreeing=_blocks_agreeing,
       spellings={np.block: Spelling(_bind_block)},
       samples=(
           arguments((3,), (2,), template=_ROW), arguments((), 2.0, template=_ROW),
           arguments((2, 2), (2, 1), (1, 2), (1, 1), template=_SQUARE),
           arguments((), (), (), (), template=_SQUARE), arguments((2, 2), template=Slot(0)),
           arguments((2, 2, 3), (1, 2, 3), template=[[[Slot(0)]], [[Slot(1)]]]),
           arguments((2,), (2,), template=[[Slot(0)], [Slot(1)]]),
           arguments((2, 3), (3,), (1, 3), template=[[Slot(0)], [Slot(1)], [Slot(2)]]),
       ),
       examples=("np.block([[{2,2}, {2,1}], [{1,2}, {1,1}]])", "np.block([{3}, {}])",
                 "np.block([[{2,3}], [{3}]])", "np.block({3})")),
)  # fmt: skip
