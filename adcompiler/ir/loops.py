"""The parts of a `for` or `while` by name: nobody else counts positions (see `core`).

    %y.1, %y_tape, %trips = for[carry=1, exits=True] %y.0, %r (%y.2, %i):
        ...                     finals (%y.1,)   tapes (%y_tape,)   trips %trips
        yield %y.3, %y.2, %c    following (%y.3,)   collected (%y.2,)   stop %c
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from .core import Block, Function, Operation, Value, walk

__all__ = ["Loop", "counts_trips", "is_loop", "loops_of"]

Values = tuple[Value, ...]


def is_loop(op: Operation) -> bool:
    return op.opcode in ("for", "while")


def counts_trips(op: Operation) -> bool:
    """Whether a loop's last result is the number of iterations: not where its sequences tell."""
    return op.opcode == "while" or bool(op.attributes.get("exits"))


def loops_of(function: Function) -> Iterator[Loop]:
    """All loops of a function, outer ones first."""
    return (Loop(op) for op in walk(function.body) if is_loop(op))


@final
@dataclass(frozen=True, slots=True)
class Loop:
    """A `for` or `while` operation, taken apart."""

    op: Operation

    @property
    def carry(self) -> int:
        count: int = self.op.attributes["carry"]
        return count

    @property
    def exits(self) -> bool:
        return bool(self.op.attributes.get("exits"))

    @property
    def body(self) -> Block:
        return self.op.blocks[-1]

    @property
    def starts(self) -> Values:
        return self.op.operands[: self.carry]

    @property
    def sequences(self) -> Values:
        return self.op.operands[self.carry :]

    @property
    def parameters(self) -> Values:
        """The carries at the beginning of an iteration."""
        return self.body.parameters[: self.carry]

    @property
    def elements(self) -> Values:
        return self.body.parameters[self.carry :]

    @property
    def following(self) -> Values:
        """The carries at the end of an iteration."""
        return self.body.results[: self.carry]

    @property
    def collected(self) -> Values:
        results = self.body.results
        return results[self.carry : len(results) - self.exits]

    @property
    def stop(self) -> Value | None:
        """Whether the loop ends after this iteration."""
        return self.body.results[-1] if self.exits else None

    @property
    def finals(self) -> Values:
        return self.op.results[: self.carry]

    @property
    def tapes(self) -> Values:
        results = self.op.results
        return results[self.carry : len(results) - counts_trips(self.op)]

    @property
    def trips(self) -> Value | None:
        return self.op.results[-1] if counts_trips(self.op) else None

    def handed_on(self) -> Iterator[tuple[Value, Value]]:
        """(from, to) pairs: in at the start, round, out at the end, and onto the tapes."""
        for block in self.op.blocks:
            yield from zip(self.starts, block.parameters, strict=False)
            yield from zip(self.following, block.parameters, strict=False)
        yield from zip(self.sequences, self.elements, strict=True)
        yield from zip(self.starts, self.finals, strict=True)
        yield from zip(self.following, self.finals, strict=True)
        yield from zip(self.collected, self.tapes, strict=True)

    def with_tapes(self, saved: Sequence[Value], tapes: Sequence[Value]) -> Operation:
        """The loop that collects these values, too."""
        last = (self.stop,) if self.stop is not None else ()
        results = (*self.following, *self.collected, *saved, *last)
        trips = (self.trips,) if self.trips is not None else ()
        return replace(
            self.op,
            results=(*self.finals, *self.tapes, *tapes, *trips),
            blocks=(*self.op.blocks[:-1], replace(self.body, results=results)),
        )

    def keeping(
        self, carries: Sequence[int], sequences: Sequence[int], tapes: Sequence[int]
    ) -> Operation:
        """The loop with only these of its carries, sequences and tapes, by position."""

        def pick(values: Sequence[Value], kept: Sequence[int]) -> Values:
            return tuple(values[k] for k in kept)

        last = (self.stop,) if self.stop is not None else ()
        trips = (self.trips,) if self.trips is not None else ()
        blocks = [
            replace(
                block,
                parameters=(
                    *pick(block.parameters, carries),
                    *pick(block.parameters[self.carry :], sequences),
                ),
            )
            for block in self.op.blocks
        ]
        results = (*pick(self.following, carries), *pick(self.collected, tapes), *last)
        blocks[-1] = replace(blocks[-1], results=results)
        return replace(
            self.op,
            operands=(*pick(self.starts, carries), *pick(self.sequences, sequences)),
            results=(*pick(self.finals, carries), *pick(self.tapes, tapes), *trips),
            attributes={**self.op.attributes, "carry": len(carries)},
            blocks=tuple(blocks),
        )
