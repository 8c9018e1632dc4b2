"""Keys: what an index reads of an array, by NumPy's rules for mixing basic and advanced parts.

    x[:, None, i, 1:]        key=(slice(None), None, Slot(0), slice(1, None))

>>> from ..ir.types import Array
>>> indices = Array("i8", (5,))
>>> result_shape((2, 3, 4), (0, slice(None), Slot(0)), [indices])
(5, 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.sizes import Size, add, is_positive, negate, sliced, unknown
from ..ir.types import Scalar, Type, kind_of, shape_of
from .inference import broadcast_shapes
from .op import OperationError
from .places import Part, Slot, at_most

__all__ = [
    "advanced", "expanded", "is_basic", "kept_axes", "may_repeat", "part_of", "result_shape",
    "separated", "slice_size",
]  # fmt: skip


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
    key = expanded(shape, key, types)
    result: list[Size] = []
    axis, place = 0, None
    for item in key:
        kind = advanced(item, types)
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
    if place is None:
        return tuple(result)
    gathered = broadcast_shapes(k.shape for item in key if (k := advanced(item, types)))
    scattered = separated(key, types)
    at = 0 if scattered else place
    return (*result[:at], *gathered, *result[at:])


def kept_axes(
    shape: Sequence[Size], key: tuple[Any, ...], types: Sequence[Type]
) -> tuple[int | None, ...] | None:
    """Of what reads all of an array, for each axis of the result the array's (None: a new one);
    else None. Axes of size 1 may go.

    >>> kept_axes((3, 1), (slice(None), 0), ()), kept_axes((3, 2), (slice(None), 0), ())
    ((0,), None)
    """
    found: list[int | None] = []
    axis = 0
    for item in expanded(shape, key, types):
        if item is None:
            found.append(None)
            continue
        if item == slice(None):
            found.append(axis)
        elif type(item) is not int or shape[axis] != 1:
            return None
        axis += 1
    return (*found, *range(axis, len(shape)))


@dataclass(frozen=True)
class _Advanced:
    axes: int
    shape: tuple[Size, ...]


def advanced(item: Any, types: Sequence[Type]) -> _Advanced | None:
    if not isinstance(item, Slot):
        return None
    type_ = types[item.position]
    if kind_of(type_) == "bool":
        return _Advanced(len(shape_of(type_)), (unknown(),))
    if kind_of(type_) != "int":
        raise OperationError(f"a {type_} can't index an array", "index with ints, slices or masks")
    return _Advanced(1, shape_of(type_)) if shape_of(type_) else None


def separated(key: tuple[Any, ...], types: Sequence[Type]) -> bool:
    """Whether a slice, None or `...` stands between advanced parts (their axes then come first)."""
    marks = [
        "a" if advanced(item, types) or not (item is None or isinstance(item, slice)) else "s"
        for item in key
    ]
    return "s" in "".join(marks).strip("s") if "a" in marks else False


def expanded(shape: Sequence[Size], key: tuple[Any, ...], types: Sequence[Type]) -> tuple[Any, ...]:
    consumed = 0
    for item in key:
        if item is not None and item is not Ellipsis:
            kind = advanced(item, types)
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
        if item == slice(None, None, -1):
            return size
        return sliced(size, item.start, item.stop, item.step) if _static(item) else unknown()
    if isinstance(size, int) and _static(item):
        return len(range(size)[item])
    first: Size | None = 0 if start is None else start
    last: Size | None = size if stop is None else stop
    if (item.start is not None and start is None) or (item.stop is not None and stop is None):
        return unknown()
    first = _wrapped(first, size)
    last = _wrapped(last, size)
    if isinstance(last, int) or not _within(last, size):
        return sliced(size, start, stop, None)
    return add(last, negate(first)) if isinstance(first, int) else sliced(size, start, stop, None)


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


def part_of(
    shape: Sequence[Size], key: tuple[Any, ...], types: Sequence[Type]
) -> Part | None:
    """What the key reads, if that is a part along one axis.

    >>> print(part_of((4, 3), (slice(None), slice(2, None)), ()))
    Part(axis=1, start=2, stop=None)
    """
    if not is_basic(key, types):
        return None
    items = [item for item in expanded(shape, key, types) if item is not None]
    chosen = [(axis, item) for axis, item in enumerate(items) if item != slice(None)]
    if len(chosen) != 1:
        return None if chosen else Part(0, 0, None)
    (axis, item) = chosen[0]
    size = shape[axis]
    if isinstance(item, slice):
        if item.step not in (None, 1):
            return None
        start = 0 if item.start is None else _from_front(item.start, size, types)
        stop = size if item.stop is None else _from_front(item.stop, size, types)
    else:
        start = _from_front(item, size, types)
        stop = None if start is None else add(start, 1)
    if start is None or stop is None:
        return None
    return Part(axis, start, None if at_most(size, stop) else stop)


def _from_front(bound: Any, size: Size, types: Sequence[Type]) -> Size | None:
    """A bound counted from the front, where it is known from which end it counts."""
    found = _bound(bound, types)
    if found is None or not (isinstance(found, int) or is_positive(found)):
        return None
    return _wrapped(found, size)


def may_repeat(key: tuple[Any, ...], types: Sequence[Type]) -> bool:
    """Whether an array of ints may name a place twice."""
    return any(
        isinstance(item, Slot)
        and shape_of(types[item.position])
        and kind_of(types[item.position]) == "int"
        for item in key
    )
