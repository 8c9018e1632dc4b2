"""Reads of what a loop never stores into again: the array that the loop leaves behind holds them.

    %x.1 = for[carry=1] %x.0, %r (%x.2, %i):         backward, instead of a tape of copies:
        %s = index[key=(:Slot(0),)] %x.2, %i             %s = index[key=(:Slot(0),)] %x.1, %i
        ...
        %x.3 = update[key=(Slot(0),)] %x.2, %v, %i
        yield %x.3

A solve by substitution reads `x[:i]` and stores `x[i]`, a trajectory reads `u[t]` and stores
`u[t + 1]`: of all the stores from iteration i on, none goes to a row that iteration i has read.
Only loops over a range that goes up are looked at, and rows counted from the loop's index; rows
counted from the end (`x[i - 1]` where i starts at 0) are not told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ir.core import Operation, Value
from ..ir.loops import Loop, is_loop
from ..ir.types import Array, Range
from ..ops import TABLE
from ..ops.places import Slot, offset

__all__ = ["settled_in"]

Definitions = Mapping[Value, Operation]


def settled_in(load: Operation, loop_op: Operation, definitions: Definitions) -> Value | None:
    """The loop's result that holds what an operation in it reads, or None."""
    entry = TABLE.get(load.opcode)
    if entry is None or entry.place is None or entry.statement is not None:
        return None
    index = _index(loop_op, definitions)
    if index is None or not isinstance(load.operands[0].type, Array):
        return None
    key, operands, views = entry.place(load.attributes, load.operands)
    last = None if views else _last_row(key, operands, index, definitions)
    if last is None:
        return None
    loop = Loop(loop_op)
    for parameter, following, final in zip(
        loop.parameters, loop.following, loop.finals, strict=True
    ):
        stores = _Stores(index[0], last, definitions)
        if stores.root(following) is parameter and load.operands[0] in stores.versions:
            return final
    return None


def _index(loop_op: Operation, definitions: Definitions) -> tuple[Value, int] | None:
    """The index of a loop over a range that goes up, and where it starts."""
    loop = Loop(loop_op)
    if loop_op.opcode != "for" or loop_op.attributes.get("reverse"):
        return None
    for sequence, element in zip(loop.sequences, loop.elements, strict=True):
        made = definitions.get(sequence)
        if sequence.type == Range() and made is not None and len(made.operands) == 3:
            start, _, step = (_constant(v, definitions) for v in made.operands)
            if start is not None and start >= 0 and step is not None and step > 0:
                return element, start
    return None


def _constant(value: Value, definitions: Definitions) -> int | None:
    op = definitions.get(value)
    found: Any = op.attributes.get("value") if op is not None and not op.operands else None
    return found if type(found) is int else None


def _last_row(
    key: Any, operands: Any, index: tuple[Value, int], definitions: Definitions
) -> int | None:
    """How far from the loop's index the last row is that a key reads, if it counts from the
    beginning in every iteration."""
    match key[0] if key else None:
        case Slot(position):
            beyond = 0
        case slice(start=None, stop=Slot(position), step=None):
            beyond = 1
        case _:
            return None
    distance = _distance(operands[position], index[0], definitions)
    return None if distance is None or index[1] + distance < 0 else distance - beyond


def _distance(value: Value, index: Value, definitions: Definitions) -> int | None:
    base, distance = offset(value, definitions)
    return distance if base is index else None


class _Stores:
    """The versions of an array that a loop's body makes by stores beyond a row."""

    def __init__(self, index: Value, last: int, definitions: Definitions) -> None:
        self.index = index
        self.last = last
        self.definitions = definitions
        self.versions: set[Value] = set()

    def root(self, value: Value) -> Value | None:
        """The version that these stores start from; None if something else happens, too."""
        self.versions.add(value)
        op = self.definitions.get(value)
        if op is None:
            return value
        if op.opcode == "if":
            return self._joined(op, op.results.index(value))
        if is_loop(op):
            return self._around(Loop(op), value)
        entry = TABLE.get(op.opcode)
        if entry is None or entry.place is None or entry.statement is None:
            return value
        return self.root(op.operands[0]) if self._is_beyond(op) else None

    def _joined(self, op: Operation, position: int) -> Value | None:
        then, otherwise = (self.root(block.results[position]) for block in op.blocks)
        return then if then is otherwise else None

    def _around(self, loop: Loop, value: Value) -> Value | None:
        if value not in loop.finals:
            return value
        position = loop.finals.index(value)
        parameter = loop.parameters[position]
        if self.root(loop.following[position]) is not parameter:
            return None
        return self.root(loop.starts[position])

    def _is_beyond(self, op: Operation) -> bool:
        """Whether the store goes to rows after the last one read."""
        entry = TABLE[op.opcode]
        assert entry.place is not None
        key, operands, views = entry.place(op.attributes, op.operands)
        if views or not key or not isinstance(key[0], Slot):
            return False
        distance = _distance(operands[key[0].position], self.index, self.definitions)
        return distance is not None and distance > self.last
