"""Where values exist: the sides of branches that define them, and what may be undefined.

    %y = if %c:                       %h exists on the first side of this `if`, and on the first
        %h = exp %x                   side of every mirror of it. A variable that only one side
        yield %h                      assigns is `undefined` on the other.
    else: ...
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.core import Block, Function, Operation, Value, walk
from .flows import handed_on, reachable

__all__ = ["Sides", "maybe_undefined"]


class Sides:
    """For the values inside of branches: which side of which `if` they belong to.

    A derivative of a derivative reaches values inside a branch from that branch's mirror, without
    a result of the branch in between; `reach` notes it, `is_reached` tells.
    """

    def __init__(self, function: Function) -> None:
        self.owner: dict[Value, tuple[Operation, int]] = {}
        self.around: dict[Operation, tuple[Operation, int] | None] = {}
        self.branches = {
            op.attributes["region"]: op for op in walk(function.body) if op.opcode == "if"
        }
        self.reached: set[Operation] = set()
        self._survey(function.body, None)

    def _survey(self, block: Block, around: tuple[Operation, int] | None) -> None:
        for op in block.operations:
            if around is not None:
                self.owner.update((v, around) for v in op.results)
            if op.opcode == "if":
                self.around[op] = around
            for index, inner in enumerate(op.blocks):
                self._survey(inner, (op, index) if op.opcode == "if" else None)

    def add(self, op: Operation) -> None:
        """Take in an operation that stands in no branch."""
        self._survey(Block((), (op,), ()), None)
        self.branches.update(
            (inner.attributes["region"], inner)
            for inner in walk(Block((), (op,), ())) if inner.opcode == "if"
        )  # fmt: skip

    def _chain(self, value: Value) -> Iterable[tuple[Operation, int]]:
        """The branches around a value, up to the next loop, innermost first."""
        place = self.owner.get(value)
        while place is not None:
            yield place
            place = self.around[place[0]]

    def reach(self, values: Iterable[Value]) -> None:
        for value in values:
            self.reached.update(op for op, _ in self._chain(value))

    def is_reached(self, op: Operation) -> bool:
        return op in self.reached

    def visible(self, value: Value, branch: Operation, index: int) -> bool:
        """Whether a value is defined on this side of a branch, as far as its mirrors tell."""
        mirrored = {branch}
        while (original := self.branches.get(branch.attributes.get("mirrors"))) is not None:
            mirrored.add(original)
            branch = original
        return all(side == index for op, side in self._chain(value) if op in mirrored)


def maybe_undefined(function: Function) -> frozenset[Value]:
    """The values that some path leaves without a value."""
    targets: dict[Value, list[Value]] = {}
    missing = []
    for op in walk(function.body):
        if op.opcode in ("undefined", "filler"):
            missing.append(op.result)
        for source, target in handed_on(op):
            targets.setdefault(source, []).append(target)
    return frozenset(reachable(missing, targets.get))
