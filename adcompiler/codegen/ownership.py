"""Which array updates may happen in place.

`add_at %a, ...` makes a new array in the IR. In the text it is `a[i] += g` where nobody can tell:
`a`'s memory was made by this function, and no other value that may share it is read any more.
Wherever that can't be shown, the text copies first: slower, never wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ir.core import Function, Operation, Value, walk
from ..ir.types import Array, rank
from .lifetimes import Lifetimes, Segment
from .memory_steps import Site, Steps, changes_operand, has_memory
from .sites import Sites

__all__ = ["AliveSites", "Updates", "find_updates", "shared_results"]


@dataclass(frozen=True)
class Updates:
    """The results of updates that may take over their first operand's memory."""

    in_place: frozenset[Value]
    sites: Sites
    lifetimes: Lifetimes

    def holders(self, op: Operation) -> Iterator[Value]:
        """The values through which somebody would see what the update changes."""
        at, by_site = self.lifetimes.write(op), self.sites.holders()
        mine = [site for site in self.sites.of(op.operands[0]) if not site.inside]
        near = [s for site in mine for s in self.sites.near(site)]
        for value in dict.fromkeys(v for site in near for v in by_site.get(site, ())):
            segments = self.lifetimes.segments.get(value, ())
            if any(start < at and end > at + _LATE for start, end in segments):
                yield value


# What an update itself reads may be read late, but is read before anything changes.
_LATE = 1


def find_updates(
    function: Function, lifetimes: Lifetimes, steps: Steps | None = None
) -> Updates:
    """All updates are taken to be in place until one is seen not to be; what it copies is memory of
    its own. `steps`: the function's, where it is asked about with other lifetimes, too."""
    steps = Steps(function) if steps is None else steps
    updates = [op for op in walk(function.body) if changes_operand(op) and has_memory(op.result)]
    copying: frozenset[Value] = frozenset()
    while True:
        sites = Sites(function, copying, steps)
        alive = AliveSites(sites, lifetimes)
        kept = sites.kept(function)
        refused = {
            op.result for op in updates
            if op.result not in copying
            and not (
                _unseen(op, sites, alive, lifetimes.write(op))
                and not sites.meet(sites.of(op.operands[0]), kept)
            )
        }  # fmt: skip
        if not refused:
            in_place = frozenset(op.result for op in updates) - copying
            return Updates(in_place, sites, lifetimes)
        copying |= refused


def _unseen(op: Operation, sites: Sites, alive: AliveSites, at: int) -> bool:
    """Whether nobody can tell that the operand's memory is changed."""
    mine = [site for site in sites.of(op.operands[0]) if not site.inside]
    if not rank(op.result.type) and not any(site.boxed for site in mine):
        return True
    return sites.ours(op.operands[0]) and not any(alive.at(site, at) for site in mine)


def shared_results(function: Function) -> list[int]:
    """Positions of results that share memory with a parameter, a read-only view, or an earlier
    result: a caller that changes one in place would change the other."""
    sites = Sites(function)
    seen, reached = set[Site](), set[Site]()
    shared = []
    for position, value in enumerate(function.results):
        if isinstance(value.type, Array) and rank(value.type):
            mine, reach = {s.bare for s in sites.of(value)}, sites.reach(sites.of(value))
            if not (sites.ours(value) and reached.isdisjoint(mine) and seen.isdisjoint(reach)):
                shared.append(position)
            seen |= mine
            reached |= reach
    return shared


class AliveSites:
    """Whether the memory of a site is read after a position."""

    def __init__(self, sites: Sites, lifetimes: Lifetimes) -> None:
        self.sites = sites
        self.lifetimes = lifetimes
        self.holders = sites.holders()
        self.groups: dict[Site, _Alive] = {}
        self.near: dict[Site, set[Site]] = {}

    def at(self, site: Site, position: int) -> bool:
        if site not in self.near:
            self.near[site] = self.sites.near(site)
        return any(self.group(one).alive(position) for one in self.near[site])

    def group(self, site: Site) -> _Alive:
        """The values that hold the site's memory; few sites are ever asked about."""
        if site not in self.groups:
            self.groups[site] = _Alive(self.lifetimes, self.holders.get(site, ()))
        return self.groups[site]


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
        return before > 0 and self.latest[before - 1] > position + _LATE
