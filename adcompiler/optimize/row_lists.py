"""Turn a row of an array into a list for a loop over its elements.

    for j in reversed(range(1, n - 1)):          row = g[i].tolist()
        g[i, j] = g[i, j] / 9.0                  for j in reversed(range(1, n - 1)):
        g[i, j - 1] += g[i, j]           gives       row[j] = row[j] / 9.0
                                                     row[j - 1] += row[j]
                                                 g[i] = row

To load an element of an array or to store it takes NumPy several times as long as it takes Python
with a list. The numbers are the same to the last bit: only float64 is turned, in the backward part,
and only sums, products and quotients by literals are made of what is loaded (of an overflow Python
says nothing). The loop goes along all of the row, but for a few elements, and every index is known
to be in range and not negative; else to make the list might cost more than it saves, and the wrong
element might be meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..ir.core import Block, Function, Operation, Value, hint, walk
from ..ir.loops import Loop, is_loop
from ..ir.rewrite import constants_of, defined_in
from ..ir.sizes import Size, add, negate
from ..ir.types import FLOAT, Array, List, Scalar, Tape, Type, fits
from ..ops import TABLE, changes, has_effect, is_context
from ..ops.places import Slot, at_most, offset

__all__ = ["list_rows"]

# So many elements of a row its loop may leave out.
_BORDER = 4

Bounds = tuple[int, Size]  # from, and up to but without


def list_rows(function: Function) -> Function:
    """The function with lists in the place of rows."""
    definitions = {v: op for op in walk(function.body) for v in op.results}
    if any(map(is_context, walk(function.body))):
        return function  # under `np.errstate` NumPy may say what Python doesn't
    listing = _Listing(definitions, constants_of(function))
    return replace(function, body=listing.block(function.body))


@dataclass(frozen=True)
class _Row:
    """A carry of a loop of which only one row is read and stored into: the key of the row, its
    operands, and how many elements the row has."""

    carry: int
    key: tuple[Any, ...]
    operands: tuple[Value, ...]
    size: Size


@dataclass
class _Listing:
    """`elements`: the bounds between which the loops' indices lie."""

    definitions: Mapping[Value, Operation]
    constants: Mapping[Value, Any]
    elements: dict[Value, Bounds] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        operations: list[Operation] = []
        for op in block.operations:
            if is_loop(op):
                self.note(Loop(op))
            if op.blocks:
                op = replace(op, blocks=tuple(map(self.block, op.blocks)))
            operations += self.listed(Loop(op)) if op.opcode == "for" and op.backward else [op]
        return replace(block, operations=tuple(operations))

    def note(self, loop: Loop) -> None:
        for sequence, element in zip(loop.sequences, loop.elements, strict=False):
            bounds = self.bounds(sequence)
            if bounds is not None:
                self.elements[element] = bounds

    def bounds(self, sequence: Value) -> Bounds | None:
        """Where a range counts one by one from a literal on, up to a size."""
        made = self.definitions.get(sequence)
        if made is None or made.opcode != "range" or len(made.operands) != 3:
            return None
        start, stop, step = made.operands
        first, size = self.constants.get(start), _size(stop, self.constants)
        if type(first) is not int or self.constants.get(step) != 1 or size is None:
            return None
        return first, size

    def in_range(self, value: Value, size: Size) -> bool:
        """Whether an index is known to be one of an axis of this size, counted from its start."""
        base, distance = offset(value, self.definitions)
        known = self.constants.get(base)
        if type(known) is int:
            first, end = known, add(known, 1)
        elif base in self.elements:
            first, end = self.elements[base]
        else:
            return False
        return first + distance >= 0 and at_most(add(end, distance), size)

    def listed(self, loop: Loop) -> list[Operation]:
        """The loop, with what makes lists before it and what stores them behind it."""
        body = loop.body.operations
        if loop.exits or any(op.blocks or has_effect(op) for op in body):
            return [loop.op]
        rows = [row for k in range(loop.carry) if (row := self.row(loop, k)) is not None]
        changed = _Body(loop, rows, self.constants).changed() if rows else None
        return [loop.op] if changed is None else changed

    def row(self, loop: Loop, carry: int) -> _Row | None:
        """The row of a carried array that the loop keeps to."""
        array = version = loop.parameters[carry]
        if not isinstance(array.type, Array) or array.type.dtype != "f8" or not array.type.shape:
            return None
        *axes, size = array.type.shape
        inside = defined_in(loop.body)
        found: tuple[tuple[Any, ...], tuple[Value, ...]] | None = None
        versions = {array}
        for op in loop.body.operations:
            if not versions.intersection(op.operands):
                continue
            place = _place(op) if op.operands[0] is version else None
            if place is None or versions.intersection(op.operands[1:]):
                return None
            *lead, last = place
            if found is None:
                found = tuple(Slot(k) for k in range(len(lead))), tuple(lead)
            if found[1] != tuple(lead) or inside.intersection(lead):
                return None
            if not self.goes_along(last, loop, size):
                return None
            if changes(op):
                version = op.result
                versions.add(version)
        if found is None or version is array or version is not loop.following[carry]:
            return None
        if sum(v in versions for v in loop.body.results) != 1:
            return None
        if not all(self.in_range(v, n) for v, n in zip(found[1], axes, strict=True)):
            return None
        return _Row(carry, *found, size)

    def goes_along(self, index: Value, loop: Loop, size: Size) -> bool:
        """Whether an index runs from about the first element to about the last."""
        base, _ = offset(index, self.definitions)
        if base not in loop.elements or base not in self.elements:
            return False
        first, end = self.elements[base]
        left_out = add(size, negate(add(end, -first)))
        return self.in_range(index, size) and isinstance(left_out, int) and left_out <= _BORDER


def _size(value: Value, constants: Mapping[Value, Any]) -> Size | None:
    """What is known of an int."""
    known = constants.get(value)
    if type(known) is int:
        return known
    return value.type.size if isinstance(value.type, Scalar) else None


def _place(op: Operation) -> tuple[Value, ...] | None:
    """The ints that name the element that an operation reads or changes."""
    entry = TABLE.get(op.opcode)
    if entry is None or entry.place is None:
        return None
    key, operands, views = entry.place(op.attributes, op.operands)
    array = op.operands[0].type
    whole = isinstance(array, Array) and len(key) == len(array.shape)
    if views or not whole or not all(isinstance(part, Slot) for part in key):
        return None
    found = tuple(operands[part.position] for part in key)
    kinds = {v.type.kind if isinstance(v.type, Scalar) else None for v in found}
    return found if kinds == {"int"} else None


class _Body:
    """A loop over lists. `lists`: by the array of old, its row; `numbers`: Python's floats for
    NumPy's."""

    def __init__(self, loop: Loop, rows: Sequence[_Row], constants: Mapping[Value, Any]) -> None:
        self.loop = loop
        self.rows = rows
        self.constants = constants
        self.lists: dict[Value, Value] = {}
        self.numbers: dict[Value, Value] = {}

    def changed(self) -> list[Operation] | None:
        """What stands in the place of the loop; None where not all of it can be turned."""
        before, behind, op = [], [], self.loop.op
        operands, results, parameters = [*op.operands], [*op.results], [*self.loop.body.parameters]
        for row in self.rows:
            start, final = operands[row.carry], results[row.carry]
            made = Value(List(FLOAT, row.size), f"{hint(start)}_row" if hint(start) else "row")
            results[row.carry], parameters[row.carry] = (
                Value(made.type, made.name) for _ in range(2)
            )
            operands[row.carry] = made
            self.lists[self.loop.parameters[row.carry]] = parameters[row.carry]
            before += self.taken(start, row, made)
            stored = (start, results[row.carry], *row.operands)
            key = {"key": row.key or (Ellipsis,)}
            behind.append(self.like("update", stored, final, key))
        operations = []
        for one in self.loop.body.operations:
            turned = self.turned(one)
            if turned is None:
                return None
            operations.append(turned)
        yielded = [self.numbers.get(v, self.lists.get(v, v)) for v in self.loop.body.results]
        if not all(map(_may_enter, yielded, results)):
            return None
        body = Block(tuple(parameters), tuple(operations), tuple(yielded))
        loop = replace(op, operands=tuple(operands), results=tuple(results), blocks=(body,))
        return [*before, loop, *behind]

    def taken(self, array: Value, row: _Row, made: Value) -> list[Operation]:
        """`g[i].tolist()`."""
        found = []
        if row.key:
            part = Value(Array("f8", (row.size,)))
            found.append(self.like("index", (array, *row.operands), part, {"key": row.key}))
            array = part
        return [*found, self.like("tolist", (array,), made, {"type": made.type})]

    def like(
        self, opcode: str, operands: Sequence[Value], result: Value, attributes: Mapping[str, Any]
    ) -> Operation:
        op = self.loop.op
        return Operation(
            opcode, tuple(operands), (result,), attributes, span=op.span, backward=True
        )

    def turned(self, op: Operation) -> Operation | None:
        """The operation on a list, or on Python's floats."""
        if op.operands and op.operands[0] in self.lists:
            return self.at_place(op)
        operands = tuple(self.numbers.get(v, v) for v in op.operands)
        if operands == op.operands:
            return op
        types = [v.type for v in operands]
        entry = TABLE[op.opcode]
        known = [self.constants.get(v) for v in operands]
        if entry.total is None or not entry.total(types, op.attributes, known):
            return None
        if entry.types(types, op.attributes) != (FLOAT,):
            return None
        self.numbers[op.result] = made = Value(FLOAT, op.result.name)
        return replace(op, operands=operands, results=(made,))

    def at_place(self, op: Operation) -> Operation | None:
        place = _place(op)
        assert place is not None
        source = self.lists[op.operands[0]]
        attributes = {**op.attributes, "key": (Slot(0),)}
        if not changes(op):
            self.numbers[op.result] = made = Value(FLOAT, op.result.name)
            return replace(
                op, operands=(source, place[-1]), results=(made,), attributes=attributes
            )
        stored = self.numbers.get(op.operands[1], op.operands[1])
        if stored.type != FLOAT:
            return None
        self.lists[op.result] = made = Value(source.type, source.name)
        return replace(
            op, operands=(source, stored, place[-1]), results=(made,), attributes=attributes
        )


def _may_enter(value: Value, target: Value) -> bool:
    """Whether a loop may hand on the value as it is now: a tape holds numbers of one type."""
    found: Type = target.type
    return fits(value.type, found.element if isinstance(found, Tape) else found)
