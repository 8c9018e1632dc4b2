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

from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush

from ..ir.core import Block, Operation, Value, walk
from ..ir.types import Array, rank
from ..ops import TABLE
from .memory_steps import SILENT, Site, makes_memory
from .reuse import Layout

__all__ = ["releases"]


def releases(
    layout: Layout, names: Mapping[Value, str], read: Collection[Value]
) -> dict[int, list[str]]:
    """By the id of an operation of the function's body, the names that go before its lines. What
    isn't `read` at all may have no line."""
    body, lifetimes = layout.function.body, layout.lifetimes
    memory = _Memory(layout)
    shared = _bound_within(body, names)
    # By name, its value, and where that value's memory is read last; the heap is in this order.
    bound: dict[str, tuple[Value, int]] = {}
    ends: list[tuple[int, str]] = []
    done: dict[str, set[int]] = {}  # nobody reads them any more; the ranks of their arrays
    found: dict[int, list[str]] = {}
    for op in body.operations:
        at, written = lifetimes.reads[id(op)], {names[v] for v in op.results if v in names}
        while ends and ends[0][0] < at:
            end, name = heappop(ends)
            if name in bound and bound[name][1] == end:
                done[name] = memory.ranks(bound.pop(name)[0])
        for name in written:
            bound.pop(name, None)
            done.pop(name, None)
        made = set(_ranks_made(op, layout)) if done else ()
        gone = [n for n, ranks in done.items() if not ranks.isdisjoint(made)] if made else []
        if gone:
            found[id(op)] = gone
            done = {name: ranks for name, ranks in done.items() if ranks.isdisjoint(made)}
        for value in op.results:
            lines = op.opcode in TABLE and op.opcode not in SILENT and value in read
            if lines and value in names and names[value] not in shared and memory.may_go(value):
                bound[names[value]] = value, memory.end(value)
                heappush(ends, (memory.end(value), names[value]))
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
    """What shares memory, what is written over counted in: where it is read last."""

    def __init__(self, layout: Layout) -> None:
        self.sites = layout.updates.sites
        self.parents: dict[Site, Site] = {}
        holders = self.sites.holders()
        for site in holders:
            for other in self.sites.near(site):
                self._unite(site, other)
        for result, operand in layout.over.items():
            first, *others = [s.bare for v in (result, operand) for s in self.sites.of(v)]
            for other in others:
                self._unite(first, other)
        self.ends: dict[Site, int] = {}
        self.of_rank: dict[Site, set[int]] = {}
        for site, values in holders.items():
            root = self._root(site)
            self.of_rank.setdefault(root, set()).add(rank(site.value.type))
            for value in values:
                for _, end in layout.lifetimes.segments.get(value, ())[-1:]:
                    self.ends[root] = max(end, self.ends.get(root, 0))

    def _root(self, site: Site) -> Site:
        while site in self.parents:
            above = self.parents[site]
            if above in self.parents:
                self.parents[site] = self.parents[above]
            site = above
        return site

    def _unite(self, a: Site, b: Site) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self.parents[a] = b

    def may_go(self, value: Value) -> bool:
        """Whether the function has made the memory, or a read-only view of what it has made."""
        found = self.sites.of(value) if isinstance(value.type, Array) else ()
        return bool(found) and not any(site.foreign for site in self.sites.closure(found))

    def ranks(self, value: Value) -> set[int]:
        """The numbers of dimensions that arrays with the value's memory have."""
        return set().union(*(self.of_rank[root] for root in self._roots(value)))

    def end(self, value: Value) -> int:
        """Where the value's memory is read for the last time."""
        return max((self.ends.get(root, 0) for root in self._roots(value)), default=0)

    def _roots(self, value: Value) -> set[Site]:
        return {self._root(site.bare) for site in self.sites.of(value)}
