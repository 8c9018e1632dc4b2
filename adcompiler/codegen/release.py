"""Arrays that nobody reads any more are let go before others are made.

    drift = s3 * time                           drift = s3 * time
    d1 = (np.log(s4) + drift) / deviation       d1 = (np.log(s4) + drift) / deviation
    d2 = d1 - deviation                 gives   del drift
                                                d2 = d1 - deviation

A name holds its array to the end of the function. Memory that is let go is given out again while
its pages are there; so names go where the next array of as many dimensions is made, and all that
have one memory go together. They are names that the function's own body binds, outside of loops and
branches, to memory of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ..ir.core import Block, Operation, Value, walk
from ..ir.types import Array, rank
from ..ops import TABLE
from .reuse import Layout
from .sites import SILENT, Site, makes_memory

__all__ = ["releases"]


def releases(
    layout: Layout, names: Mapping[Value, str], read: Collection[Value]
) -> dict[int, list[str]]:
    """By the id of an operation of the function's body, the names that go before its lines. What
    isn't `read` at all may have no line."""
    body, lifetimes = layout.function.body, layout.lifetimes
    memory = _Memory(layout)
    shared = _bound_within(body, names)
    bound: dict[str, Value] = {}
    found: dict[int, list[str]] = {}
    for op in body.operations:
        made = set(_ranks_made(op, layout))
        at = lifetimes.reads[id(op)]
        written = {names[v] for v in op.results if v in names}
        gone = [
            name for name, value in bound.items()
            if name not in written and memory.ends_before(value, at, made)
        ] if made else []  # fmt: skip
        for name in gone:
            del bound[name]
        if gone:
            found[id(op)] = gone
        for value in op.results:
            if value in names:
                bound.pop(names[value], None)
                lines = op.opcode in TABLE and op.opcode not in SILENT and value in read
                if lines and names[value] not in shared and memory.may_go(value):
                    bound[names[value]] = value
    return found


def _bound_within(body: Block, names: Mapping[Value, str]) -> set[str]:
    """Names that are parameters', or that regions bind."""
    inner = (op for outer in body.operations for block in outer.blocks for op in walk(block))
    values = [*body.parameters, *(v for op in inner for v in op.results)]
    for op in walk(body):
        values += [v for block in op.blocks for v in block.parameters]
    return {names[v] for v in values if v in names}


def _ranks_made(op: Operation, layout: Layout) -> Iterator[int]:
    """The numbers of dimensions of the arrays that the lines of an operation make."""
    if len(op.results) == 1 and op.result in layout.nesting.inlined:
        return  # part of another's line
    pending = [op]
    while pending:
        one = pending.pop()
        for block in one.blocks:
            pending += block.operations
        inlined = [v for v in one.operands if v in layout.nesting.inlined]
        pending += [layout.nesting.definitions[v] for v in inlined]
        signs = one.opcode in TABLE and TABLE[one.opcode].terms == (-1,)  # `+=` becomes `-=`
        if makes_memory(one) and not signs and not any(
            v in layout.over or v in layout.updates.in_place for v in one.results
        ):  # fmt: skip
            yield from (rank(v.type) for v in one.results if rank(v.type))


class _Memory:
    """What shares memory, what is written over counted in."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.sites = layout.updates.sites
        self.classes: dict[Site, set[Site]] = {}
        for result, operand in layout.over.items():
            self._unite(s.bare for v in (result, operand) for s in self.sites.of(v))
        self.holders = self.sites.holders()

    def _unite(self, sites: Iterable[Site]) -> None:
        joint = {one for site in sites for one in self.classes.get(site, {site})}
        self.classes.update(dict.fromkeys(joint, joint))

    def may_go(self, value: Value) -> bool:
        """Whether the function has made the memory, or a read-only view of what it has made."""
        found = self.sites.of(value) if isinstance(value.type, Array) else ()
        return bool(found) and not any(site.foreign for site in self.sites.closure(found))

    def ends_before(self, value: Value, at: int, ranks: set[int]) -> bool:
        """Whether nobody reads the value's memory from there on; and whether it has one of these
        numbers of dimensions."""
        near = {s for site in self.sites.of(value) for s in self.sites.near(site)}
        near = {one for site in near for one in self.classes.get(site, {site})}
        if not any(rank(site.value.type) in ranks for site in near):
            return False
        segments = self.layout.lifetimes.segments
        return not any(
            start < at <= end
            for site in near for v in self.holders.get(site, ())
            for start, end in segments.get(v, ())
        )  # fmt: skip
