"""Rules for stacks (see `stacks`) of reads and stores at a place.

    x[i, 1:]            x[:, i, 1:]
    x[i]  (i: stack)    x[np.arange(n), i]          or x[i], where x is no stack
    a[1:][i] = v        a[:, 1:][:, i] = v

NumPy puts the axes that index arrays stand for first where a slice separates these, in front of
the stack's own axis; then axes are turned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.sizes import Size
from ..ir.types import Array, List, Type, kind_of, shape_of
from .inference import broadcast_shapes
from .keys import advanced, expanded, may_repeat, result_shape, separated
from .places import Slot, Step, may_be_copy, step_operands, viewed_type
from .stacks import Stacks
from .var import Tracer, Var

__all__ = ["added", "read", "stored"]

Steps = list[tuple[Step, Sequence[Any]]]


@dataclass(frozen=True)
class _Keyed:
    """A key of one array, its operands, and which of these are stacks; `whole`: so is the array."""

    stacks: Stacks
    shape: tuple[Size, ...]
    key: tuple[Any, ...]
    operands: Sequence[Var]
    types: Sequence[Type]
    batched: Sequence[bool]
    whole: bool


@dataclass(frozen=True)
class _Place:
    """A key in a stack, its operands, and the order in which NumPy gives the place's axes, each
    by its number in the stack of places."""

    key: tuple[Any, ...]
    operands: tuple[Any, ...]
    order: tuple[int, ...]

    @property
    def straight(self) -> bool:
        return self.order == tuple(range(len(self.order)))


def read(stacks: Stacks) -> Any:
    """index."""
    x, *operands = stacks.operands
    if isinstance(stacks.types[0], List):
        return stacks.again() if stacks.first_alone else None
    place = _place(_Keyed(
        stacks, shape_of(stacks.types[0]), stacks.attributes["key"], operands, stacks.types[1:],
        stacks.batched[1:], stacks.batched[0],
    ))  # fmt: skip
    if place is None:
        return None
    found = stacks.again((x, *place.operands), key=place.key)
    if place.straight:
        return found
    return np.transpose(found, tuple(map(int, np.argsort(place.order))))


def added(stacks: Stacks) -> Any:
    """add_at: two of a stack never add at one place."""
    key, types = stacks.attributes["key"], stacks.types[2:]
    alone = stacks.attributes.get("unique") or not may_repeat(key, types)
    return _stored(stacks, {"unique": True} if alone and any(stacks.batched[2:]) else {})


def stored(stacks: Stacks) -> Any:
    """update."""
    return _stored(stacks, {})


def _stored(stacks: Stacks, changed: dict[str, Any]) -> Any:
    rest, types, batched = stacks.operands[2:], stacks.types[2:], stacks.batched[2:]
    key, views = stacks.attributes["key"], stacks.attributes.get("views", ())
    if isinstance(stacks.types[0], List):
        return None if any(batched) else stacks.again((stacks.whole(0), stacks.whole(1), *rest))
    if _is_mask(key, types, batched) and not (views or stacks.batched[1] or stacks.rank(1)):
        return stacks.again((stacks.whole(0), *stacks.operands[1:]))
    own, seen = step_operands(key, views, rest)
    own_types, seen_types = step_operands(key, views, types)
    array = stacks.whole(0)
    if may_be_copy(stacks.types[0], seen_types):
        if len(views) > 1 or any(batched):
            raise _refused(stacks)
        array = array.emit("ascontiguousarray")
    if any(batched[len(own) :]):
        return None
    steps = _stacked_steps(stacks, array, seen, seen_types)
    viewed = shape_of(viewed_type(stacks.types[0], seen_types))
    place = _place(
        _Keyed(stacks, viewed, key, own, own_types, batched[: len(own)], True)
    )  # fmt: skip
    if steps is None or place is None:
        return None
    if views:
        changed = {**changed, "views": tuple(step for step, _ in steps)}
    count = len(result_shape(viewed, key, own_types))
    more = [v for _, operands in steps for v in operands]
    value = _turned(stacks, place, count)
    return stacks.again((array, value, *place.operands, *more), key=place.key, **changed)


def _is_mask(key: tuple[Any, ...], types: Sequence[Type], batched: Sequence[bool]) -> bool:
    """Whether a mask alone, of a stack's first axes, says where."""
    return key == (Slot(0),) and batched[0] and kind_of(types[0]) == "bool"


def _refused(stacks: Stacks) -> UnsupportedError:
    span = stacks.operands[0].tracer.builder.span
    reason = "a batch is stored through a view that depends on the array's memory order."
    return UnsupportedError(Diagnostic("batch", reason, "index the array itself.", span))


def _turned(stacks: Stacks, place: _Place, count: int) -> Any:
    """What is stored, with its axes as the place has them."""
    if place.straight:
        return stacks.aligned(1, count)
    value: Any = stacks.whole(1)
    missing = tuple(range(1, 1 + count - stacks.rank(1)))
    value = np.expand_dims(value, missing) if missing else value
    return np.transpose(value, place.order)


def _place(keyed: _Keyed) -> _Place | None:
    key = expanded(keyed.shape, keyed.key, keyed.types)
    count = len(result_shape(keyed.shape, keyed.key, keyed.types))
    parts = [found for item in key if (found := advanced(item, keyed.types)) is not None]
    gathered = len(broadcast_shapes(part.shape for part in parts)) if parts else 0
    first = separated(key, keyed.types)
    if not any(keyed.batched):
        if keyed.key == (Ellipsis,):
            return _Place(keyed.key, (), tuple(range(count + 1)))
        order = list(range(count + 1))
        if first:
            order = [*order[1 : gathered + 1], 0, *order[gathered + 1 :]]
        shown = key if parts else keyed.key
        return _Place((slice(None), *shown), tuple(keyed.operands), tuple(order))
    if not _of_single_ints(keyed, key):
        return None
    at = 0 if first else _before(key, lambda item: advanced(item, keyed.types) is not None)
    return _advanced_place(keyed, key, gathered, at if parts else 0, count)


def _of_single_ints(keyed: _Keyed, key: tuple[Any, ...]) -> bool:
    """Whether what differs within the stack are ints, or arrays of ints, and no slices or masks."""
    direct = {item.position for item in key if isinstance(item, Slot)}
    return all(
        k in direct and kind_of(keyed.types[k]) == "int"
        for k, own in enumerate(keyed.batched) if own
    )  # fmt: skip


def _before(key: Sequence[Any], found: Any) -> int:
    """How many axes of the result come before the first part of the key that is `found`."""
    count = 0
    for item in key:
        if found(item):
            return count
        count += item is None or isinstance(item, slice)
    return count


def _advanced_place(
    keyed: _Keyed, key: tuple[Any, ...], gathered: int, at: int, count: int
) -> _Place:
    """With an index array for the stack's own axis beside the other ones."""
    operands = [
        _with_axes(x, 1 + gathered - len(shape_of(x.type))) if own else x
        for x, own in zip(keyed.operands, keyed.batched, strict=True)
    ]
    types = [
        Array("i8", (keyed.stacks.size, *[1] * gathered)) if own else type_
        for type_, own in zip(keyed.types, keyed.batched, strict=True)
    ]
    first = True
    if keyed.whole:
        tracer = keyed.stacks.operands[0].tracer
        rows = _with_axes(tracer.call(np.arange, keyed.stacks.count), gathered)
        key = (Slot(len(operands)), *key)
        operands.append(rows)
    else:
        first = separated(key, types)
    before = 0 if first else _before(key, lambda item: not (item is None or _is_slice(item)))
    rest = [k for k in range(1, count + 1) if not at < k <= at + gathered]
    mine = range(at + 1, at + gathered + 1)
    order = (*rest[:before], 0, *mine, *rest[before:])
    return _Place(key, tuple(operands), order)


def _is_slice(item: Any) -> bool:
    return isinstance(item, slice)


def _with_axes(x: Any, count: int) -> Any:
    """Axes of size 1 behind the first."""
    if count < 1:
        return x
    axes = tuple(range(1, count + 1))
    return np.expand_dims(x, axes[0] if count == 1 else axes)


def _stacked_steps(
    stacks: Stacks, array: Var, seen: Steps, types: Steps
) -> Steps | None:
    """The views of a stack, each of all its arrays: found by trying the rules on a value that
    stands for it. None where a rule does more than look."""
    outer = array.tracer
    tracer = Tracer(Builder(), outer.table, outer.spellings, outer.library, outer.constants)
    current, type_ = Value(array.type), stacks.types[0]
    found: Steps = []
    for (step, operands), (_, own) in zip(seen, types, strict=True):
        following = step.entry.infer((type_, *own), step.attributes)
        inner = Stacks(
            step.entry, step.attributes, (tracer.var(current), *operands),
            (True, *[False] * len(operands)), (type_, *own), (following,), stacks.size,
            stacks.length,
        )  # fmt: skip
        result = step.entry.batch(inner) if step.entry.batch is not None else None
        if result is None:
            return None
        for op in tracer.builder.operations:
            if op.operands[0] is not current or len(op.results) != 1:
                return None
            entry = outer.table[op.opcode]
            if not entry.view:
                return None
            others = [outer.var(v) for v in op.operands[1:]]
            found.append((Step(entry, op.attributes, len(others)), others))
            current = op.result
        tracer.builder.operations.clear()
        if result.value is not current:
            return None
        type_ = following
    return found
