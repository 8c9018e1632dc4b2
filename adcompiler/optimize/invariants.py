"""Compute before a loop what is the same in each of its iterations.

    %y.1 = for[carry=1] %y.0, %r (%y.2, %i):       %half = mul 0.5, %h
        %half = mul 0.5, %h                        %y.1 = for[carry=1] %y.0, %r (%y.2, %i):
        %s = mul %half, %y.2              gives        %s = mul %half, %y.2
        %y.3 = add %y.2, %s                            %y.3 = add %y.2, %s
        yield %y.3                                     yield %y.3

The backward part sees it where it now stands, and neither saves it nor computes it again. A loop
may run over nothing, and then the text must neither raise nor warn: only what does neither,
whatever its operands (`Op.total`), is moved, and nothing out of branches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import is_loop
from ..ir.rewrite import constants_of
from ..ir.types import is_differentiable
from ..ops import TABLE

__all__ = ["hoist_invariants"]


def hoist_invariants(function: Function) -> Function:
    """The function with such steps before the outermost loop that they are the same in."""
    hoisting = _Hoisting(constants_of(function), set())
    return replace(function, body=hoisting.block(function.body))


@dataclass(frozen=True)
class _Hoisting:
    """`visible`: the values that an operation may read at the place where the walk is. (Before
    saves are legal a mirror reads others, too.)"""

    constants: dict[Value, Any]
    visible: set[Value]

    def block(self, block: Block) -> Block:
        """The block with its loops relieved, inner ones first."""
        operations: list[Operation] = []
        self.visible.update(block.parameters)
        for op in block.operations:
            if op.blocks:
                op = replace(op, blocks=tuple(map(self.block, op.blocks)))
            if is_loop(op):
                moved, op = self.relieved(op)
                operations += moved
            self.visible.update(op.results)
            operations.append(op)
        self.visible.difference_update(block.parameters)
        for op in operations:
            self.visible.difference_update(op.results)
        return replace(block, operations=tuple(operations))

    def relieved(self, loop: Operation) -> tuple[list[Operation], Operation]:
        """What goes before the loop, and the loop without it."""
        moved: list[Operation] = []
        blocks = []
        for block in loop.blocks:
            numbers = {op.result: op for op in block.operations if op.opcode == "constant"}
            gone: set[Operation] = set()
            for op in block.operations:
                read = [v for v in dict.fromkeys(op.operands) if v not in self.visible]
                if not all(v in numbers for v in read) or not self.is_total(op):
                    continue
                own = [numbers[v] for v in read]
                self.see([*own, op])
                moved += [*own, op]
                gone.update((*own, op))
            kept = tuple(op for op in block.operations if op not in gone)
            blocks.append(replace(block, operations=kept) if gone else block)
        return moved, replace(loop, blocks=tuple(blocks)) if moved else loop

    def see(self, operations: Iterable[Operation]) -> None:
        for op in operations:
            self.visible.update(op.results)

    def is_total(self, op: Operation) -> bool:
        """Whether the operation may run where it didn't, and takes any time."""
        entry = TABLE.get(op.opcode)
        if entry is None or entry.total is None or not is_differentiable(op.result.type):
            return False
        known = [self.constants.get(v) for v in op.operands]
        return entry.total([v.type for v in op.operands], op.attributes, known)
