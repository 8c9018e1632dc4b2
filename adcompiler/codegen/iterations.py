"""The iterations of a loop, and the jumps by which they end.

    %stop = if %c:                           if c:
        ...; yield True                          ...
    else: ...; yield False                       break
    if[guard] %stop: yield                   rest
    else: rest; yield
    yield %stop

In the IR a jump is a flag that guards what it jumps over. Where a path is known to do nothing more
in its iteration than to hand values on, it does so at once and leaves by `break` or `continue`;
what it would have jumped over stands flat behind it, and the flag needn't be a variable. Only a
flag that isn't known on any path is asked for at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import Loop, loops_of
from ..ir.types import BOOL
from .negation import negated
from .pops import with_pops

if TYPE_CHECKING:
    from .statements import Emitter

__all__ = ["Iteration", "Lines", "all_flags"]

Lines = list[ast.stmt]

# So many lines of computation a path may repeat on its way to a jump.
_REPEATED = 2


def _flags(loop: Loop) -> set[Value]:
    """The values that say whether an iteration has jumped, of Python's own type."""
    yielded: dict[Value, list[Value]] = {}
    found: set[Value] = set()
    pending = [] if loop.stop is None else [loop.stop]

    def survey(block: Block) -> None:
        for op in block.operations:
            if op.opcode == "if":
                if op.attributes.get("guard"):
                    pending.append(op.operands[0])
                for side in op.blocks:
                    survey(side)
                    for inner, result in zip(side.results, op.results, strict=True):
                        yielded.setdefault(result, []).append(inner)

    survey(loop.body)
    while pending:
        value = pending.pop()
        if value not in found and value.type == BOOL:
            found.add(value)
            pending += yielded.get(value, ())
    return found


def all_flags(function: Function) -> set[Value]:
    """The flags of all loops."""
    return {flag for loop in loops_of(function) for flag in _flags(loop)}


@dataclass(frozen=True)
class _Place:
    """An `if` inside of an iteration: which operation it is of its block, and what that is in."""

    op: Operation
    block: Block
    index: int
    outer: _Place | None

    @property
    def later(self) -> tuple[Operation, ...]:
        return self.block.operations[self.index + 1 :]


class Iteration:
    """The body of one loop."""

    def __init__(self, emitter: Emitter, loop: Loop) -> None:
        self.emitter = emitter
        self.loop = loop
        self.flags = _flags(loop)
        self.waiting = dict(zip(loop.tapes, loop.collected, strict=True))

    def lines(self) -> Lines:
        """The body, with the tapes' appends and the jumps."""
        lines = self.appends(self.loop.body.parameters)
        found, falls = self.block(self.loop.body, None)
        return [*lines, *found, *self.ending()] if falls else [*lines, *found]

    def block(self, block: Block, outer: _Place | None) -> tuple[Lines, bool]:
        """The lines of a block, and whether any path runs on to its end."""
        lines: Lines = []
        for index, op in enumerate(block.operations):
            if op.opcode == "if" and self.flags and not self.emitter.is_nested(op):
                found, falls = self.branch(_Place(op, block, index, outer))
                lines += found
                if not falls:
                    return with_pops(lines), False
            else:
                lines += self.emitter.operation(op)
            if outer is None:
                lines += self.appends(op.results)
        return with_pops(lines), True

    def branch(self, place: _Place) -> tuple[Lines, bool]:
        """An `if` whose sides may jump; what is known on the way decides a guard."""
        (test,) = place.op.operands
        decided = self.truth(test)
        if decided is not None:
            return self.side(place, 0 if decided else 1)
        asked = self.emitter.expression(test)
        before, sides, facts = self.emitter.known, [], []
        for index in range(2):
            self.emitter.known = dict(before)
            self.learn(test, index == 0)
            found, falls = self.side(place, index)
            sides.append((found, falls))
            if falls:
                facts.append(self.emitter.known)
        self.emitter.known = _common(facts)
        return self.joined(asked, *sides), bool(facts)

    def joined(self, test: ast.expr, then: tuple[Lines, bool], other: tuple[Lines, bool]) -> Lines:
        """What follows a side that always jumps stands flat behind it."""
        (first, falls), (second, passes) = then, other
        if not falls:
            return [ast.If(test, first, []), *second]
        if not passes:
            return [ast.If(negated(test), second, []), *first]
        return self.emitter.chosen(test, first, second)

    def side(self, place: _Place, index: int) -> tuple[Lines, bool]:
        """One side up to the end of the `if`, or to the jump that ends it."""
        op = place.op
        lines, falls = self.block(op.blocks[index], place)
        if not falls:
            return lines, False
        jump = self.jump(place, index)
        if jump is not None:
            return [*lines, *jump], False
        return [*lines, *self.leave(op, index)], True

    def leave(self, op: Operation, index: int) -> Lines:
        """Hand on what one side of an `if` yields."""
        block = op.blocks[index]
        lines = self.emitter.moves(zip(block.results, op.results, strict=True))
        for inner, result in zip(block.results, op.results, strict=True):
            truth = self.truth(inner)
            if truth is not None:
                self.learn(result, truth)
        return lines

    def jump(self, place: _Place, index: int) -> Lines | None:
        """From the end of a side to the end of the iteration, where that is straight."""
        known, waiting = dict(self.emitter.known), dict(self.waiting)
        path = _Path(self)
        lines = path.follow(place, index)
        stop = self.loop.stop is not None and self.truth(self.loop.stop)
        if lines is not None and (stop or (stop is False and path.skips)):
            lines += self.ending(stopping=False)
            lines.append(ast.Break() if stop else ast.Continue())
        else:
            lines = None
        self.emitter.known, self.waiting = known, waiting
        return lines

    def ending(self, stopping: bool = True) -> Lines:
        """What every iteration ends with: the rest of the appends, the carries, the exit."""
        loop = self.loop
        lines = self.appends(None)
        lines += self.emitter.moves(zip(loop.following, loop.finals, strict=True))
        if loop.stop is None or not stopping:
            return lines
        stop = self.truth(loop.stop)
        if stop is None:
            lines.append(ast.If(self.emitter.expression(loop.stop), [ast.Break()], []))
        elif stop:
            lines.append(ast.Break())
        return lines

    def appends(self, ready: Iterable[Value] | None) -> Lines:
        """Put on the tapes what is ready; None: everything that is left."""
        made = None if ready is None else set(ready)
        lines: Lines = []
        for tape, value in list(self.waiting.items()):
            if made is None or value in made:
                del self.waiting[tape]
                name = ast.Name(self.emitter.names[tape], ast.Load())
                append = ast.Attribute(name, "append", ast.Load())
                lines.append(ast.Expr(ast.Call(append, [self.emitter.saved(value)], [])))
        return lines

    def truth(self, value: Value) -> bool | None:
        """What is known of a flag here."""
        definition = self.emitter.nesting.definitions.get(value)
        if definition is not None and definition.opcode == "constant":
            constant = definition.attributes["value"]
            return constant if isinstance(constant, bool) else None
        return self.emitter.known.get(value)

    def learn(self, value: Value, truth: bool) -> None:
        if value in self.flags:
            self.emitter.known[value] = truth


class _Path:
    """One way from inside an iteration to its end; `skips` says that it passes by statements."""

    def __init__(self, iteration: Iteration) -> None:
        self.iteration = iteration
        self.emitter = iteration.emitter
        self.skips = False
        self.repeated = 0

    def follow(self, place: _Place, index: int) -> Lines | None:
        """The lines on the way; None where it isn't straight, or not short."""
        lines: Lines = []
        outer: _Place | None = place
        while outer is not None:
            lines += self.leave(outer.op, index)
            found = self.run((outer.op, *outer.later), outer.outer is None, reached=True)
            if found is None:
                return None
            lines += found
            if outer.outer is not None:
                index = outer.outer.op.blocks.index(outer.block)
            outer = outer.outer
        return lines

    def run(
        self, operations: Iterable[Operation], outermost: bool, reached: bool = False
    ) -> Lines | None:
        """These operations; the first is already done where `reached`."""
        lines: Lines = []
        for op in operations:
            if reached:
                reached = False
            else:
                found = self.step(op)
                if found is None:
                    return None
                lines += found
            if outermost:
                lines += self.iteration.appends(op.results)
        return lines

    def step(self, op: Operation) -> Lines | None:
        if op.opcode == "if" and not self.emitter.is_nested(op):
            return self.guard(op)
        lines = self.emitter.operation(op)
        self.repeated += bool(lines)
        return None if op.blocks or self.repeated > _REPEATED else lines

    def guard(self, op: Operation) -> Lines | None:
        decided = self.iteration.truth(op.operands[0])
        if decided is None:
            return None
        index = 0 if decided else 1
        self.skips |= any(not self.emitter.is_silent(o) for o in op.blocks[1 - index].operations)
        lines = self.run(op.blocks[index].operations, False)
        return None if lines is None else [*lines, *self.leave(op, index)]

    def leave(self, op: Operation, index: int) -> Lines:
        """Hand on what a side yields; what is put on a tape only to fill it needs no variable."""
        for inner, result in zip(op.blocks[index].results, op.results, strict=True):
            if self.emitter.is_filler(inner):
                self.emitter.known[result] = None
        return self.iteration.leave(op, index)


def _common(facts: list[dict[Value, bool | None]]) -> dict[Value, bool | None]:
    """What holds on all of these paths."""
    if not facts:
        return {}
    first, *others = facts
    return {v: t for v, t in first.items() if all(other.get(v) is t for other in others)}
