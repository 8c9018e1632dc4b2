"""Which array updates may happen in place.

`add_at %a, ...` makes a new array in the IR. In the text it is `a[i] += g` where nobody can tell:
`a`'s memory was made by this function, and no other value that may share it is alive any more.
Wherever that can't be shown, the text copies first: slower, never wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from ..ir.core import Function, Operation, Value, walk
from ..ir.types import Array, List, Tape, rank
from ..ops import TABLE
from .lifetimes import Lifetimes, Segment

__all__ = ["updates_in_place"]


def updates_in_place(function: Function, lifetimes: Lifetimes) -> frozenset[Value]:
    """The results of updates that may take over their first operand's memory."""
    sharing = _Sharing(function)
    groups = sharing.groups()
    life = {root: _Alive(lifetimes, members) for root, members in groups.items()}
    fixed = read_only(function)
    found = set()
    for op in walk(function.body):
        if op.opcode in ("add_at", "accumulate") and _has_memory(op.result):
            root = sharing.find(op.operands[0])
            at = lifetimes.write(op)
            immutable = root not in sharing.boxed and not rank(op.result.type)
            ours = root not in sharing.foreign and op.operands[0] not in fixed
            if immutable or (ours and not life[root].alive(at)):
                found.add(op.result)
    return frozenset(found)


def read_only(function: Function) -> set[Value]:
    """What NumPy doesn't let be written to: broadcasts, and views of them."""
    found: set[Value] = set()
    before = -1
    while before != len(found):
        before = len(found)
        for op in walk(function.body):
            if op.opcode == "broadcast" or _views_any(op, found):
                found.update(op.results)
            for source, target in handed_on(op):
                if source in found:
                    found.add(target)
    return found


def _views_any(op: Operation, values: set[Value]) -> bool:
    if op.blocks:
        return False
    view = TABLE[op.opcode].view
    return any(k in view and v in values for k, v in enumerate(op.operands))


def handed_on(op: Operation) -> Iterable[tuple[Value, Value]]:
    """(from, to) pairs along which a region operation hands values on."""
    if op.opcode == "if":
        for block in op.blocks:
            yield from zip(block.results, op.results, strict=True)
    elif op.opcode in ("for", "while"):
        count, body = op.attributes["carry"], op.blocks[-1]
        for k in range(count):
            targets = (op.results[k], *(block.parameters[k] for block in op.blocks))
            for target in targets:
                yield from ((op.operands[k], target), (body.results[k], target))
        yield from zip(op.operands[count:], body.parameters[count:], strict=True)
        yield from zip(body.results[count:], op.results[count:], strict=False)


def _has_memory(value: Value) -> bool:
    return isinstance(value.type, (Array, List, Tape))


class _Sharing:
    """Union of values that may share memory.

    `foreign` are the groups that aren't ours to change. Of rank 0, only those `boxed` may hold an
    array, which can be changed, and not just numbers, which can't.
    """

    def __init__(self, function: Function) -> None:
        self.parent: dict[Value, Value] = {}
        self.values: list[Value] = list(function.parameters)
        foreign = list(function.parameters)
        boxes: list[Value] = []
        for op in walk(function.body):
            self.values += op.results
            for block in op.blocks:
                self.values += block.parameters
            if op.opcode == "call":
                foreign += op.results
            if op.opcode in TABLE and TABLE[op.opcode].boxes:
                boxes += op.results
            self.operation(op)
        self.foreign = {self.find(v) for v in foreign}
        self.boxed = {self.find(v) for v in (*function.parameters, *boxes)}

    def find(self, value: Value) -> Value:
        root = value
        while root in self.parent:
            root = self.parent[root]
        while value is not root:
            self.parent[value], value = root, self.parent[value]
        return root

    def join(self, a: Value, b: Value) -> None:
        if _has_memory(a) and _has_memory(b):
            first, second = self.find(a), self.find(b)
            if first is not second:
                self.parent[first] = second

    def operation(self, op: Operation) -> None:
        if op.blocks:
            for source, target in handed_on(op):
                self.join(source, target)
        elif op.opcode == "accumulate":
            self.join(op.operands[0], op.result)
        else:
            for k, operand in enumerate(op.operands):
                if k in TABLE[op.opcode].view:
                    self.join(operand, op.result)

    def groups(self) -> dict[Value, list[Value]]:
        found: dict[Value, list[Value]] = {}
        for value in self.values:
            found.setdefault(self.find(value), []).append(value)
        return found


class _Alive:
    """Whether any of a group of values, written before a position, is read after it."""

    def __init__(self, lifetimes: Lifetimes, members: Iterable[Value]) -> None:
        segments: list[Segment] = sorted(
            segment for v in members for segment in lifetimes.segments.get(v, ())
        )
        self.starts = [start for start, _ in segments]
        self.latest: list[int] = []
        for _, end in segments:
            self.latest.append(max(end, self.latest[-1] if self.latest else end))

    def alive(self, position: int) -> bool:
        before = bisect_left(self.starts, position)
        return before > 0 and self.latest[before - 1] > position


def shared_results(function: Function) -> list[int]:
    """Positions of results that share memory with a parameter, a read-only view, or an earlier
    result: a caller that changes one in place would change the other."""
    sharing, fixed = _Sharing(function), read_only(function)
    seen: set[Value] = set()
    shared = []
    for position, value in enumerate(function.results):
        if not isinstance(value.type, Array) or not value.type.shape:
            continue
        root = sharing.find(value)
        if root in sharing.foreign or root in seen or value in fixed:
            shared.append(position)
        seen.add(root)
    return shared
