"""Arrays in lists of run-time length are taken as they were put in, so nobody may store into them.

    y = np.zeros(3)
    for i in range(n):
        y[i] = x                   refused: all elements of ys would be the one array y
        ys.append(y)               (ys.append(y.copy()) is fine)

Who may share memory with whom is found without regard to the order of things: what an operation
may hand on of its operands' memory is one group with them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Function, Operation, Value, walk
from ..ir.types import Array, List, rank
from ..ops import TABLE

__all__ = ["check_contents"]

Member = tuple[Value, bool]  # an array or list itself, or (True) what a list holds


def check_contents(function: Function) -> None:
    """Refuse stores into arrays that a list may hold."""
    operations = list(walk(function.body))
    held = {v for op in operations for v in op.results if _holds_arrays(v)}
    if not held:
        return
    groups = _Groups()
    for op in operations:
        for a, b in _shared(op):
            groups.join(a, b)
    inside = {groups.find((v, True)) for v in held}
    for op in operations:
        stores = op.opcode in TABLE and TABLE[op.opcode].statement is not None
        changed = op.operands[0] if stores and isinstance(op.operands[0].type, Array) else None
        if changed is not None and groups.find((changed, False)) in inside:
            _refuse(op)


def _refuse(op: Operation) -> None:
    assert op.span is not None
    raise UnsupportedError(
        Diagnostic(
            "alias",
            "this changes an array that may have been put into a list.",
            "put a copy into the list: ys.append(y.copy()).",
            op.span,
        )
    )


def _holds_arrays(value: Value) -> bool:
    return isinstance(value.type, List) and rank(value.type.element) > 0


def _shared(op: Operation) -> Iterator[tuple[Member, Member]]:
    """Pairs that may be the same memory."""
    for a, b in _handed_on(op):
        yield (a, False), (b, False)
        yield (a, True), (b, True)
    if op.blocks or op.opcode not in TABLE:
        return
    entry = TABLE[op.opcode]
    types = [v.type for v in op.operands]
    for result, (k, value) in itertools.product(op.results, enumerate(op.operands)):
        if k in entry.holds:
            listed = isinstance(value.type, List)
            yield (value, listed), (result, True)
        if entry.element and k == 0:
            yield (value, True), (result, False)
        views = k in entry.view and entry.sharing(types, op.attributes) != "copy"
        if views or "gate" in op.attributes or (entry.statement is not None and k == 0):
            yield (value, False), (result, False)
            yield (value, True), (result, True)


def _handed_on(op: Operation) -> Iterator[tuple[Value, Value]]:
    """What regions hand on unread."""
    if op.opcode == "if":
        for block in op.blocks:
            yield from zip(block.results, op.results, strict=True)
    elif op.blocks:
        count = op.attributes["carry"]
        for block in op.blocks:
            yield from zip(op.operands[:count], block.parameters, strict=False)
            yield from zip(op.blocks[-1].results[:count], block.parameters, strict=False)
        yield from zip(op.operands[:count], op.results, strict=False)
        yield from zip(op.blocks[-1].results[:count], op.results, strict=False)


class _Groups:
    """Sets that grow together."""

    def __init__(self) -> None:
        self.leader: dict[Member, Member] = {}

    def find(self, member: Member) -> Member:
        while (above := self.leader.get(member, member)) != member:
            member = above
        return member

    def join(self, a: Member, b: Member) -> None:
        self.leader[self.find(a)] = self.find(b)
