"""In which order a tape's elements stand in its list: that of the appends.

    %tape = for[reverse] ...:          for i in reversed(range(n)):
        yield %x                           tape.append(x)          the last element stands first
    for %tape (%x): ...                for x in reversed(tape):

In the IR a tape goes by positions, whichever way its loop runs. What a tape of tapes holds was
appended by an inner loop, and whoever reads it turns it round, however deep it lies. A tape that
another function reads, which can't know, is turned round after its loop: `tape.reverse()`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.loops import Loop, is_loop
from ..ir.types import SAVED

__all__ = ["TapeOrders", "reversing", "tape_orders"]


@dataclass(frozen=True)
class TapeOrders:
    """`turned`: of each tape, of those on it, and so on, whether the last element stands first.
    `handed`: what other functions read."""

    turned: dict[Value, tuple[bool, ...]] = field(default_factory=dict)
    handed: set[Value] = field(default_factory=set)

    def is_turned(self, value: Value) -> bool:
        """Whether the last element of a sequence stands first."""
        return any(self.turned.get(value, ())[:1])

    def turns(self, loop: Loop) -> list[Value]:
        """The tapes of the loop that are turned round after it."""
        backwards = loop.op.attributes.get("reverse")
        return [tape for tape in loop.tapes if backwards and tape in self.handed]

    def follow(self, block: Block) -> None:
        """Find the order of every tape that is made or read in a block."""
        for op in block.operations:
            if is_loop(op):
                self._loop(Loop(op))
                continue
            for inner in op.blocks:
                self.follow(inner)
                for value, result in zip(inner.results, op.results, strict=True):
                    if value in self.turned:
                        self.turned[result] = self.turned[value]

    def _loop(self, loop: Loop) -> None:
        for sequence, element in zip(loop.sequences, loop.elements, strict=True):
            if len(self.turned.get(sequence, ())) > 1:
                self.turned[element] = self.turned[sequence][1:]
        for block in loop.op.blocks:
            self.follow(block)
        backwards = bool(loop.op.attributes.get("reverse"))
        for tape, collected in zip(loop.tapes, loop.collected, strict=True):
            first = backwards and tape not in self.handed
            self.turned[tape] = (first, *self.turned.get(collected, ()))


def tape_orders(function: Function) -> TapeOrders:
    """The order of all tapes of a function."""
    orders = TapeOrders(handed=_handed(function))
    orders.follow(function.body)
    return orders


def _handed(function: Function) -> set[Value]:
    """What is packed for another function, with all that it may come from."""
    sources: dict[Value, list[Value]] = {}
    pending: list[Value] = []
    for op in walk(function.body):
        if is_loop(op):
            loop = Loop(op)
            for tape, collected in zip(loop.tapes, loop.collected, strict=True):
                sources[tape] = [collected]
        elif op.blocks:
            for k, result in enumerate(op.results):
                sources[result] = [block.results[k] for block in op.blocks]
        elif any(v.type == SAVED for v in op.results) and _packs(op):
            pending += op.operands
    found: set[Value] = set()
    while pending:
        value = pending.pop()
        if value not in found:
            found.add(value)
            pending += sources.get(value, ())
    return found


def _packs(op: Operation) -> bool:
    return len(op.results) == 1 and "callee" not in op.attributes


def reversing(name: str) -> ast.stmt:
    """`tape.reverse()`."""
    method = ast.Attribute(ast.Name(name, ast.Load()), "reverse", ast.Load())
    return ast.Expr(ast.Call(method, [], []))
