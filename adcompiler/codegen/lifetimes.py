"""When each named value is alive, as stretches of a numbering of the program's lines.

Every operation reads its operands at one position and writes its results at the next, so a result
may take over the name of an operand that is read there for the last time. The numbering runs
through the text; liveness is found backwards, region by region, as linear-scan register allocators
do (Wimmer & Franz, 2010, section 5): a value that only the `else` side still needs is not alive on
the `then` side. A value from outside a loop that the loop reads is alive throughout the loop; what
goes on a tape is read where it is made; a tape is alive from its loop's beginning.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import Loop, is_loop
from ..ir.types import Range
from ..ops import TABLE
from .nesting import Nesting

__all__ = ["Lifetimes", "Segment", "find_lifetimes", "overlap"]

Segment = tuple[int, int]  # written at the first, read for the last time at the second
_STEP = 4
_WRITE, _APPEND = 1, 2


@dataclass(frozen=True)
class Lifetimes:
    """Each named value's segments in ascending order, and where each operation reads.

    `first`: where each value comes into being, and where it, or else the line of code that it
    stands in, ends: with its block, or at the next branch. Names are given in this order.
    """

    segments: dict[Value, list[Segment]]
    first: dict[Value, Segment]
    reads: dict[int, int]

    def write(self, op: Operation) -> int:
        """The position at which the operation's results come into being."""
        return self.reads[id(op)] + _WRITE


def overlap(a: Sequence[Segment], b: Sequence[Segment]) -> bool:
    """Whether two lifetimes meet; each is in ascending order, its own segments don't meet."""
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    for segment in shorter:
        at = bisect_left(longer, segment)
        for start, end in longer[max(at - 1, 0) : at + 1]:
            if start < segment[1] and segment[0] < end:
                return True
    return False


def find_lifetimes(function: Function, nesting: Nesting) -> Lifetimes:
    """Number the program and find the segments of every named value."""
    numbering = _Numbering()
    numbering.block(function.body)
    walk = _Backwards(nesting, numbering)
    walk.body(function)
    segments = {v: s[::-1] for v, s in walk.segments.items()}
    return Lifetimes(segments, walk.first(), numbering.reads)


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
    """One walk from the last line to the first. `live` is what is alive at the place where it is.

    What is alive behind a region and isn't defined in it has a segment that reaches over all of it
    already. So a region costs what is read and written in it, not what is alive around it.
    """

    def __init__(self, nesting: Nesting, numbering: _Numbering) -> None:
        self.nesting = nesting
        self.numbers = numbering
        self.segments: dict[Value, list[Segment]] = {}
        self.live: set[Value] = set()
        # Whether the values that the region has changed so far were alive behind it.
        self.before: dict[Value, bool] = {}
        # By the position where a block starts: the values made in it, and where lines of it end.
        self.made: dict[int, list[Value]] = {}
        self.ends: dict[int, list[int]] = {}

    def first(self) -> dict[Value, Segment]:
        """See `Lifetimes`."""
        found = {v: s[-1] for v, s in self.segments.items()}
        for start, values in self.made.items():
            ends = self.ends.get(start, [])[::-1]
            for value in values if ends else ():
                begin, end = found[value]
                at = bisect_left(ends, begin)
                found[value] = (begin, min((end, *ends[at : at + 1])))
        return found

    def add(self, value: Value, start: int, end: int) -> None:
        """Add a segment; segments come in descending order, those that touch are merged."""
        found = self.segments.setdefault(value, [])
        while found and found[-1][0] <= end:
            first, last = found.pop()
            start, end = min(start, first), max(end, last)
        found.append((start, end))

    def set_alive(self, value: Value, alive: bool) -> None:
        if (value in self.live) is not alive:
            self.before.setdefault(value, not alive)
            (self.live.add if alive else self.live.discard)(value)

    def define(self, value: Value, start: int, position: int) -> None:
        """The value comes into being here: what precedes isn't its life."""
        if value in self.nesting.inlined:
            return
        self.made.setdefault(start, []).append(value)
        if value in self.live:
            self.set_alive(value, False)
            _, end = self.segments[value].pop()
            self.segments[value].append((position, max(end, position + 1)))
        else:
            self.add(value, position, position + 1)

    def use(self, value: Value, start: int, position: int) -> None:
        for leaf in self.nesting.leaves(value):
            self.add(leaf, start, position)
            self.set_alive(leaf, True)

    def body(self, function: Function) -> None:
        self.block(function.body, function.results)
        for value in function.parameters:
            self.define(value, self.numbers.starts[id(function.body)], _WRITE)

    def block(self, block: Block, results: Iterable[Value]) -> None:
        """Walk a block backwards."""
        start, end = self.numbers.starts[id(block)], self.numbers.ends[id(block)]
        for value in results:
            self.use(value, start, end)
        for op in reversed(block.operations):
            self.operation(op, start)

    def region(self, walk: Callable[[], None]) -> tuple[list[Value], list[Value]]:
        """Walk a region, and leave `live` as it is behind it: what has come alive before the
        region, and what is alive behind it and comes into being in it."""
        around, self.before = self.before, {}
        walk()
        changed, self.before = self.before, around
        read = [v for v, was in changed.items() if not was and v in self.live]
        made = [v for v, was in changed.items() if was and v not in self.live]
        self.live.difference_update(v for v, was in changed.items() if not was)
        self.live.update(made)
        return read, made

    def operation(self, op: Operation, start: int) -> None:
        if len(op.results) == 1 and op.results[0] in self.nesting.inlined:
            return
        match op.opcode:
            case "if":
                self.branch(op, start)
            case _ if is_loop(op):
                self.loop(Loop(op), start)
            case _:
                read = self.numbers.reads[id(op)]
                for value in op.results:
                    self.define(value, start, read + _WRITE)
                for k, value in enumerate(op.operands):
                    for leaf in self.nesting.leaves(value):
                        # `a[i] += g` may be two lines, the first of which already writes the
                        # result; what `a` was is then there under the new name.
                        late = k > 0 and leaf is not op.operands[0] and _is_statement(op)
                        self.use(leaf, start, read + _APPEND if late else read)

    def branch(self, op: Operation, start: int) -> None:
        after, read = self.numbers.after[id(op)], self.numbers.reads[id(op)]
        for value in op.results:
            self.define(value, start, after + _WRITE)
        self.ends.setdefault(start, []).append(read)
        then = op.blocks[0]
        self.ends[self.numbers.starts[id(then)]] = [self.numbers.ends[id(then)]]
        entering: list[Value] = []
        made: list[Value] = []
        for block in reversed(op.blocks):
            for value in made:  # keeps its name to itself also on the side that doesn't make it
                self.add(value, self.numbers.starts[id(block)], self.numbers.ends[id(block)])
            read_here, made_here = self.region(functools.partial(self.block, block, block.results))
            entering += read_here
            made += made_here
        for value in made:
            self.set_alive(value, False)
        for value in entering:
            self.add(value, start, read)
            self.set_alive(value, True)
        self.use(op.operands[0], start, read)

    def loop(self, loop: Loop, start: int) -> None:
        op, finals = loop.op, set(loop.finals)
        after, read = self.numbers.after[id(op)], self.numbers.reads[id(op)]
        for value in op.results:
            unread = value not in self.live and value not in finals
            self.define(value, start, after + _WRITE if value in finals else read)
            if unread:
                self.add(value, read, after)  # filled, although nothing reads it
        around: list[Value] = []
        for block in reversed(op.blocks):
            read_here, made = self.region(functools.partial(self._loop_block, loop, block, read))
            around += read_here + made
        for value in around:
            self.add(value, start, after)
            self.set_alive(value, True)
        for value in loop.sequences:
            # A range is made once, when the carries have their first values.
            end = read + _APPEND if value.type == Range() else after
            for leaf in self.nesting.leaves(value):
                self.use(leaf, start, end)
        for value in op.operands:
            self.use(value, start, read)

    def _loop_block(self, loop: Loop, block: Block, read: int) -> None:
        """One region of a loop; carries exist from the loop's first line on."""
        begin, parameters = self.numbers.starts[id(block)], set(block.parameters)
        collected = loop.collected if block is loop.body else ()
        own = {v: inner for inner in block.operations for v in inner.results}
        late = [v for v in collected if v not in own and v not in parameters]
        kept = block.results
        if block is loop.body:
            kept = (*loop.following, *(() if loop.stop is None else (loop.stop,)))
        self.block(block, [*kept, *late])
        for value in collected:
            if value in own and value not in self.nesting.inlined:
                self._append(value, own[value])
            elif value in parameters:
                self.use(value, begin, begin + _APPEND)
        for k, value in enumerate(block.parameters):
            self.define(value, begin, (read if k < loop.carry else begin) + _WRITE)

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
