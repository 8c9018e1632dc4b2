"""Reading by index.

    index[key=(Slot(0), slice(1, None))] %x, %i       x[i, 1:]

The gradient is added to at the same place, by `add_at` (see `storing`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, negate, unknown
from ..ir.types import Array, List, Scalar, Type, kind_of, shape_of
from .inference import broadcast_shapes
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .places import (
    Slot,
    Step,
    fill,
    slots,
)

__all__ = [
    "ENTRIES",
    "INDEX",
    "INDICES",
    "MASK",
    "Slot",
    "Step",
    "fill",
    "index_type",
    "is_basic",
    "may_repeat",
    "slots",
    "subscript",
]


def subscript(key: tuple[Any, ...], operands: Sequence[ast.expr]) -> ast.expr:
    """The key as source."""
    parts = [_part(item, operands) for item in key]
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())


def _part(item: Any, operands: Sequence[ast.expr]) -> ast.expr:
    match item:
        case Slot(position):
            return operands[position]
        case slice():
            bounds = [
                None if bound is None else _part(bound, operands)
                for bound in (item.start, item.stop, item.step)
            ]
            return ast.Slice(*bounds)
    return ast.Constant(item)


def is_basic(key: tuple[Any, ...], types: Sequence[Type]) -> bool:
    """Whether the index reads a view: ints, slices, None and `...` only."""
    return all(
        not isinstance(item, Slot) or _is_int(types[item.position]) for item in key
    )


def _is_int(type_: Type) -> bool:
    return kind_of(type_) == "int" and not shape_of(type_)


def result_shape(
    shape: Sequence[Size], key: tuple[Any, ...], types: Sequence[Type]
) -> tuple[Size, ...]:
    """The shape that indexing gives (NumPy's rules for mixing basic and advanced parts)."""
    key = _expand(shape, key, types)
    advanced = [k for k, item in enumerate(key) if _advanced(item, types) is not None]
    result: list[Size] = []
    axis, place = 0, None
    for item in key:
        kind = _advanced(item, types)
        if item is None:
            result.append(1)
        elif kind is not None:
            place = len(result) if place is None else place
            axis += kind.axes
        elif isinstance(item, slice):
            result.append(slice_size(shape[axis], item, types))
            axis += 1
        else:
            axis += 1
    result += shape[axis:]
    if not advanced:
        return tuple(result)
    gathered = broadcast_shapes(k.shape for item in key if (k := _advanced(item, types)))
    scattered = _separated(key, types)
    at = 0 if scattered or place is None else place
    return (*result[:at], *gathered, *result[at:])


@dataclass(frozen=True)
class _Advanced:
    axes: int
    shape: tuple[Size, ...]


def _advanced(item: Any, types: Sequence[Type]) -> _Advanced | None:
    if not isinstance(item, Slot):
        return None
    type_ = types[item.position]
    if kind_of(type_) == "bool":
        return _Advanced(len(shape_of(type_)), (unknown(),))
    if kind_of(type_) != "int":
        raise OperationError(f"a {type_} can't index an array", "index with ints, slices or masks")
    return _Advanced(1, shape_of(type_)) if shape_of(type_) else None


def _separated(key: tuple[Any, ...], types: Sequence[Type]) -> bool:
    """Whether a slice, None or `...` stands between advanced parts (their axes then come first)."""
    marks = [
        "a" if _advanced(item, types) or not (item is None or isinstance(item, slice)) else "s"
        for item in key
    ]
    return "s" in "".join(marks).strip("s") if "a" in marks else False


def _expand(shape: Sequence[Size], key: tuple[Any, ...], types: Sequence[Type]) -> tuple[Any, ...]:
    consumed = 0
    for item in key:
        if item is not None and item is not Ellipsis:
            kind = _advanced(item, types)
            consumed += kind.axes if kind else 1
    missing = len(shape) - consumed
    if missing < 0:
        raise OperationError(
            f"too many indices: the array has {len(shape)} dimensions, the index {consumed}",
            "index with as many parts as the array has dimensions",
        )
    if Ellipsis not in [item for item in key if not isinstance(item, Slot)]:
        return key
    at = next(k for k, item in enumerate(key) if item is Ellipsis)
    return (*key[:at], *[slice(None)] * missing, *key[at + 1 :])


def slice_size(size: Size, item: slice, types: Sequence[Type]) -> Size:
    """The number of elements a slice takes from an axis, where that is known."""
    start, stop = (_bound(b, types) for b in (item.start, item.stop))
    if item.step not in (None, 1):
        if isinstance(size, int) and _static(item):
            return len(range(size)[item])
        return size if item == slice(None, None, -1) else unknown()
    if isinstance(size, int) and _static(item):
        return len(range(size)[item])
    first: Size | None = 0 if start is None else start
    last: Size | None = size if stop is None else stop
    if (item.start is not None and start is None) or (item.stop is not None and stop is None):
        return unknown()
    first = _wrapped(first, size)
    last = _wrapped(last, size)
    if isinstance(last, int) or not _within(last, size):
        return unknown()
    return add(last, negate(first)) if isinstance(first, int) else unknown()


def _within(last: Size, size: Size) -> bool:
    """Whether the end is known not to lie beyond the axis: `n - 1` of `n`."""
    difference = add(size, negate(last))
    return isinstance(difference, int) and difference >= 0


def _wrapped(bound: Size | None, size: Size) -> Size:
    assert bound is not None
    return add(size, bound) if isinstance(bound, int) and bound < 0 else bound


def _static(item: slice) -> bool:
    return all(b is None or isinstance(b, int) for b in (item.start, item.stop, item.step))


def _bound(bound: Any, types: Sequence[Type]) -> Size | None:
    if isinstance(bound, Slot):
        type_ = types[bound.position]
        return type_.size if isinstance(type_, Scalar) else None
    return bound if isinstance(bound, int) else None


def index_type(types: Sequence[Type], attributes: Attributes) -> Type:
    source, key = types[0], attributes["key"]
    if isinstance(source, List):
        if len(key) != 1 or isinstance(key[0], slice) or not is_basic(key, types[1:]):
            raise OperationError(
                "a list of numbers is read one element at a time", "make an array: np.array(...)"
            )
        return source.element
    if not isinstance(source, Array):
        raise OperationError(f"a {source} can't be indexed", "index arrays, lists and tuples")
    return Array(source.dtype, result_shape(source.shape, key, types[1:]))


def _shares(types: Sequence[Type], attributes: Attributes) -> str:
    """Slices look at the array; single elements are numbers, unless `...` makes them arrays."""
    key = attributes["key"]
    if isinstance(types[0], List) or not is_basic(key, types[1:]):
        return "copy"
    single = not shape_of(index_type(types, attributes))
    return "copy" if single and not any(item is Ellipsis for item in key) else "view"


def _evaluate_index(attributes: Attributes, operands: Sequence[Any]) -> Any:
    source, *rest = operands
    key = fill(attributes["key"], rest)
    return source[key[0]] if isinstance(source, list) else source[key]


def _emit_index(emission: Emission) -> ast.expr:
    source, *rest = emission.operands
    return ast.Subscript(source, subscript(emission.attributes["key"], rest), ast.Load())


def _add_into(acc: Any, g: Any, x: Any, *rest: Any, key: tuple[Any, ...]) -> Any:
    *index, _ = rest
    if not isinstance(x.type, List) and not x.ndim:  # `y[()]` of what may be a Python number
        return acc.emit("accumulate", np.sum(g) if g.ndim else g)
    return acc.emit("add_at", g, *index, key=key)


def may_repeat(key: tuple[Any, ...], types: Sequence[Type]) -> bool:
    """Whether an array of ints may name a place twice."""
    return any(
        isinstance(item, Slot)
        and shape_of(types[item.position])
        and kind_of(types[item.position]) == "int"
        for item in key
    )


INDICES = np.array([2, 0, 2, -1])
MASK = np.array([True, False, True, True])
_KEYS: tuple[tuple[Any, ...], ...] = (
    ((4,), (2,)), ((4,), (-1,)), ((4,), (Slot(0),), 1), ((4,), (slice(1, None),)),
    ((4,), (slice(None, -1),)), ((4,), (slice(None, None, -1),)), ((4,), (slice(3, 0, -2),)),
    ((4,), (slice(Slot(0), None),), 1), ((4,), (slice(Slot(0), Slot(1)),), 1, 3), ((4,), (None,)),
    ((4,), (Ellipsis,)), ((4,), (Slot(0),), INDICES), ((4,), (Slot(0),), MASK),
    ((4,), (Slot(0),), INDICES.reshape(2, 2)), ((4, 3), (1,)), ((4, 3), (slice(None), 1)),
    ((4, 3), (Slot(0), Slot(1)), 2, 1), ((4, 3), (Slot(0), slice(None)), INDICES),
    ((4, 3), (slice(1, 3), Slot(0)), np.array([0, 2, 2])), ((4, 3), (Slot(0),), MASK),
    ((4, 3), (Slot(0), Slot(1)), INDICES, np.array([0, 1, 0, 2])), ((4, 3), ()),
    ((4, 3), (Slot(0), 1), INDICES), ((4, 3), (Ellipsis, 0)), ((4, 3), (slice(None), None)),
    ((4, 3), (Slot(0), None, slice(None)), INDICES), ((4, 3), (Slot(0),), np.ones((4, 3), bool)),
    ((2, 4, 3), (0, slice(None), Slot(0)), INDICES[:2]), ((4,), (slice(2, 2),)),
    ((2, 4, 3), (slice(None), Slot(0)), INDICES), ((2, 4, 3), (Ellipsis, slice(1, None), 0)),
    ((2, 4, 3), (Slot(0), slice(None), Slot(1)), np.array([0, 1]), np.array([2, 2])),
    ((4, 1), (slice(None), 0)), ((1, 3), (0,)),
)  # fmt: skip
_READS = tuple(arguments(shape, *rest, key=key) for shape, key, *rest in _KEYS)


def _bind_key(array: Any, key: Any) -> Bound:
    """`array[key]`, written in a rule."""
    operands: list[Any] = []

    def part(item: Any) -> Any:
        if isinstance(item, slice):
            return slice(part(item.start), part(item.stop), part(item.step))
        if item is None or item is Ellipsis or type(item) is int:
            return item
        operands.append(item)
        return Slot(len(operands) - 1)

    parts = tuple(map(part, key if isinstance(key, tuple) else (key,)))
    return arguments(array, *operands, key=parts)


INDEX = Op(
    "index", index_type, _evaluate_index, _emit_index, linear="together",
    accumulate=_add_into, masks=True,
    view=(0,), shares=_shares, boxes=True, element=True, complex=True,
    place=lambda attributes, operands: (attributes["key"], operands[1:], ()),
    spellings={operator.getitem: Spelling(_bind_key)},
    samples=(*_READS, arguments([0.5, 1.5, 2.5], 1, key=(Slot(0),))),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (INDEX,)
