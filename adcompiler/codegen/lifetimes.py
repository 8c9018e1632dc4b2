"""When each named value is alive, as stretches of a numbering of the program's lines.

Every operation reads its operands at one position and writes its results at the next, so a result
may take over the name of an operand that is read there for the last time. The numbering runs
through the text; liveness is found backwards, region by region, as linear-scan register allocators
do (Wimmer & Franz, 2010, section 5): a value that only the `else` side still needs is not alive on
the `then` side. A value from outside a loop that the loop reads is alive throughout the loop; what
goes on a tape is read where it is made; a tape is alive from its loop's beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import Loop, is_loop
from ..ir.rewrite import defined_in
from ..ops import TABLE
from .nesting import Nesting

__all__ = ["Lifetimes", "Segment", "find_lifetimes", "overlap"]

Segment = tuple[int, int]  # written at the first, read for the last time at the second
_STEP = 4
_WRITE, _APPEND = 1, 2


@dataclass(frozen=True)
class Lifetimes:
    """Each named value's segments in ascending order, and where each operation reads."""

    segments: dict[Value, list[Segment]]
    reads: dict[int, int]

    def write(self, op: Operation) -> int:
        """The position at which the operation's results come into being."""
        return self.reads[id(op)] + _WRITE


def overlap(a: Iterable[Segment], b: Iterable[Segment]) -> bool:
    """Whether two lifetimes meet."""
    left, right = list(a), list(b)
    i = j = 0
    while i < len(left) and j < len(right):
        (s, e), (t, f) = left[i], right[j]
        if s < f and t < e:
            return True
        if e <= f:
            i += 1
        else:
            j += 1
    return False


def find_lifetimes(function: Function, nesting: Nesting) -> Lifetimes:
    """Number the program and find the segments of every named value."""
    numbering = _Numbering()
    numbering.block(function.body)
    walk = _Backwards(nesting, numbering)
    walk.body(function)
    return Lifetimes({v: s[::-1] for v, s in walk.segments.items()}, numbering.reads)


def _is_statement(op: Operation) -> bool:
    return op.opcode in TABLE and TABLE[op.opcode].statement is not None


class _Numbering:
    """Positions: of each operation, and of the beginning and end of each block."""

    def __init__(self) -> None:
        self.position = 0
        self.reads: dict[int, int] = {}
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.after: dict[int, int] = {}

    def block(self, block: Block) -> None:
        self.starts[id(block)] = self.position
        self.position += _STEP
        for op in block.operations:
            self.reads[id(op)] = self.position
            self.position += _STEP
            for inner in op.blocks:
                self.block(inner)
            self.after[id(op)] = self.position
            if op.blocks:
                self.position += _STEP
        self.ends[id(block)] = self.position
        self.position += _STEP


class _Backwards:
    def __init__(self, nesting: Nesting, numbering: _Numbering) -> None:
        self.nesting = nesting
        self.numbers = numbering
        self.segments: dict[Value, list[Segment]] = {}

    def add(self, value: Value, start: int, end: int) -> None:
        """Add a segment; segments come in descending order, those that touch are merged."""
        found = self.segments.setdefault(value, [])
        while found and found[-1][0] <= end:
            end = max(end, found.pop()[1])
        found.append((start, end))

    def define(self, value: Value, position: int, live: set[Value]) -> None:
        """The value comes into being here: what precedes isn't its life."""
        if value in self.nesting.inlined:
            return
        if value in live:
            live.discard(value)
            _, end = self.segments[value].pop()
            self.segments[value].append((position, max(end, position + 1)))
        else:
            self.add(value, position, position + 1)

    def use(self, value: Value, start: int, position: int, live: set[Value]) -> None:
        for leaf in self.nesting.leaves(value):
            self.add(leaf, start, position)
            live.add(leaf)

    def body(self, function: Function) -> None:
        live = self.block(function.body, set(), function.results)
        for value in function.parameters:
            self.define(value, _WRITE, live)

    def block(self, block: Block, live_out: set[Value], results: Iterable[Value]) -> set[Value]:
        """Walk a block backwards; gives what is alive at its beginning."""
        start, end = self.numbers.starts[id(block)], self.numbers.ends[id(block)]
        live = set(live_out)
        for value in live:
            self.add(value, start, end)
        for value in results:
            self.use(value, start, end, live)
        for op in reversed(block.operations):
            self.operation(op, start, live)
        return live

    def operation(self, op: Operation, start: int, live: set[Value]) -> None:
        if len(op.results) == 1 and op.results[0] in self.nesting.inlined:
            return
        match op.opcode:
            case "if":
                self.branch(op, start, live)
            case _ if is_loop(op):
                self.loop(Loop(op), start, live)
            case _:
                read = self.numbers.reads[id(op)]
                for value in op.results:
                    self.define(value, read + _WRITE, live)
                changed = self.nesting.leaves(op.operands[0]) if _is_statement(op) else None
                for value in op.operands:
                    for leaf in self.nesting.leaves(value):
                        # `a[i] += g` may be two lines, the first of which already writes the
                        # result; what `a` was is then there under the new name.
                        late = changed is not None and leaf not in changed
                        self.use(leaf, start, read + _APPEND if late else read, live)

    def branch(self, op: Operation, start: int, live: set[Value]) -> None:
        after, read = self.numbers.after[id(op)], self.numbers.reads[id(op)]
        for value in op.results:
            self.define(value, after + _WRITE, live)
        entering: set[Value] = set()
        for block in reversed(op.blocks):
            entering |= self.block(block, live, block.results)
        for block in op.blocks:
            entering -= defined_in(block)
        live.clear()
        live |= entering
        for value in entering:
            self.add(value, start, read)
        self.use(op.operands[0], start, read, live)

    def loop(self, loop: Loop, start: int, live: set[Value]) -> None:
        op = loop.op
        after, read = self.numbers.after[id(op)], self.numbers.reads[id(op)]
        for value in op.results:
            self.define(value, after + _WRITE if value in loop.finals else read, live)
        inside = set(live)
        for block in reversed(op.blocks):
            inside |= self._loop_block(loop, block, live, read)
        outer = inside - {p for block in op.blocks for p in block.parameters}
        for value in outer | live:
            self.add(value, start, after)
            live.add(value)
        for value in loop.sequences:
            for leaf in self.nesting.leaves(value):
                self.add(leaf, start, after)
                live.add(leaf)
        for value in op.operands:
            self.use(value, start, read, live)

    def _loop_block(
        self, loop: Loop, block: Block, live: set[Value], read: int
    ) -> set[Value]:
        """One region of a loop; carries exist from the loop's first line on."""
        begin = self.numbers.starts[id(block)]
        collected = loop.collected if block is loop.body else ()
        own = {v: inner for inner in block.operations for v in inner.results}
        late = [v for v in collected if v not in own and v not in block.parameters]
        kept = block.results
        if block is loop.body:
            kept = (*loop.following, *(() if loop.stop is None else (loop.stop,)))
        inside = self.block(block, live, [*kept, *late])
        for value in collected:
            if value in own and value not in self.nesting.inlined:
                self._append(value, own[value])
            elif value in block.parameters:
                self.use(value, begin, begin + _APPEND, inside)
        for k, value in enumerate(block.parameters):
            self.define(value, read + _WRITE if k < loop.carry else begin + _WRITE, inside)
        return inside

    def _append(self, value: Value, op: Operation) -> None:
        """The line after a definition that goes on a tape reads it.

        A tape that goes on a tape exists from its loop's beginning, not only from its end.
        """
        begun = self.numbers.reads[id(op)]
        written = (self.numbers.after[id(op)] if op.blocks else begun) + _WRITE
        segments = self.segments[value]
        for k, (s, e) in enumerate(segments):
            if s in (begun, written):
                segments[k] = (s, max(e, written + 1))
