"""Which array updates may happen in place.

`add_at %a, ...` makes a new array in the IR. In the text it is `a[i] += g` where nobody can tell:
`a`'s memory was made by this function, and no other value that may share it is read any more.
Wherever that can't be shown, the text copies first: slower, never wrong.

Memory is told apart by its `Site`: the operation or parameter that it comes from. What a loop
carries into its next iteration comes from an older run of a site in its body, and is other memory
than what that site makes in this iteration.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.types import Array, List, Tape, rank
from ..ops import TABLE
from .lifetimes import Lifetimes, Segment

__all__ = ["Sites", "shared_results", "updates_in_place"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where memory comes from.

    `foreign`: it isn't ours to change. `fixed`: NumPy doesn't let it be written to. `boxed`: at
    rank 0 it may be an array, which can be changed, and not just a number. `old`: it was made in
    an earlier iteration.
    """

    value: Value
    foreign: bool = False
    fixed: bool = False
    boxed: bool = True
    old: bool = False


Found = frozenset[Site]


def updates_in_place(function: Function, lifetimes: Lifetimes) -> frozenset[Value]:
    """The results of updates that may take over their first operand's memory.

    All are taken to be in place until one is seen not to be; what it copies is memory of its own.
    """
    updates = [
        op for op in walk(function.body)
        if op.opcode in ("add_at", "accumulate") and _has_memory(op.result)
    ]  # fmt: skip
    copying: frozenset[Value] = frozenset()
    while True:
        sites = Sites(function, copying)
        alive = {site: _Alive(lifetimes, values) for site, values in sites.holders().items()}
        kept = sites.kept(function)
        refused = {
            op.result for op in updates
            if op.result not in copying
            and not (
                _unseen(op, sites.of(op.operands[0]), alive, lifetimes.write(op))
                and kept.isdisjoint(sites.of(op.operands[0]))
            )
        }  # fmt: skip
        if not refused:
            return frozenset(op.result for op in updates) - copying
        copying |= refused


def _unseen(op: Operation, mine: Found, alive: dict[Site, _Alive], at: int) -> bool:
    """Whether nobody can tell that the operand's memory is changed."""
    if not rank(op.result.type) and not any(site.boxed for site in mine):
        return True
    return _ours(mine) and not any(alive[site].alive(at) for site in mine)


def shared_results(function: Function) -> list[int]:
    """Positions of results that share memory with a parameter, a read-only view, or an earlier
    result: a caller that changes one in place would change the other."""
    sites = Sites(function)
    seen: set[Site] = set()
    shared = []
    for position, value in enumerate(function.results):
        if isinstance(value.type, Array) and rank(value.type):
            mine = sites.of(value)
            if not _ours(mine) or mine & seen:
                shared.append(position)
            seen |= mine
    return shared


def _ours(sites: Found) -> bool:
    return not any(site.foreign or site.fixed for site in sites)


def _has_memory(value: Value) -> bool:
    return isinstance(value.type, (Array, List, Tape))


class Sites:
    """For every value the sites that its memory may come from.

    `copying`: the updates that copy; None where that isn't known yet.
    """

    def __init__(self, function: Function, copying: frozenset[Value] | None = None) -> None:
        self.copying = copying
        self.found: dict[Value, Found] = {
            p: frozenset({Site(p, foreign=True)}) for p in function.parameters if _has_memory(p)
        }
        self._block(function.body)

    def of(self, value: Value) -> Found:
        return self.found.get(value, frozenset())

    def holders(self) -> dict[Site, list[Value]]:
        """The values that each site's memory may be read through."""
        found: dict[Site, list[Value]] = {}
        for value, sites in self.found.items():
            for site in sites:
                found.setdefault(site, []).append(value)
        return found

    def kept(self, function: Function) -> Found:
        """Memory that an effect may have handed to somebody who looks at it later: a log's."""
        effects = (op for op in walk(function.body) if op.attributes.get("keeps"))
        return frozenset().union(*(self.of(v) for op in effects for v in op.operands))

    def _add(self, value: Value, sites: Found) -> bool:
        """Add sites to a value; gives whether that is news."""
        before = self.of(value)
        if not _has_memory(value) or sites <= before:
            return False
        self.found[value] = before | sites
        return True

    def _block(self, block: Block) -> bool:
        return _news([self._operation(op) for op in block.operations])

    def _operation(self, op: Operation) -> bool:
        if op.opcode == "if":
            return self._branch(op)
        if op.blocks:
            return self._loop(op)
        return _news([self._add(result, self._made(op, result)) for result in op.results])

    def _made(self, op: Operation, result: Value) -> Found:
        """What a plain operation's result may be memory of."""
        entry = TABLE[op.opcode]
        viewed = self._viewed(op, result)
        if op.opcode == "broadcast":
            return frozenset(
                Site(s.value, s.foreign, True, s.boxed, s.old) for s in viewed
            ) | {Site(result, fixed=True)}
        if op.opcode in ("add_at", "accumulate"):
            viewed = self.of(op.operands[0])
            if not _ours(viewed) or (self.copying is not None and result in self.copying):
                viewed = frozenset()
            elif self.copying is not None:
                return viewed
        elif viewed and "gate" not in op.attributes:
            return viewed
        foreign = "gate" in op.attributes
        return viewed | {Site(result, foreign=foreign, boxed=entry.boxes or foreign)}

    def _viewed(self, op: Operation, result: Value) -> Found:
        entry = TABLE[op.opcode]
        if entry.fresh and rank(result.type):
            return frozenset()
        viewed = (self.of(v) for k, v in enumerate(op.operands) if k in entry.view)
        return frozenset().union(*viewed)

    def _branch(self, op: Operation) -> bool:
        news = _news([self._block(block) for block in op.blocks])
        pairs = (zip(block.results, op.results, strict=True) for block in op.blocks)
        return _news([self._add(b, self.of(a)) for pair in pairs for a, b in pair]) or news

    def _loop(self, op: Operation) -> bool:
        """Go round until nothing new comes back to the loop's beginning."""
        inside = {v for block in op.blocks for v in _defined(block)}
        body, any_news, news = op.blocks[-1], False, True
        while news:
            news = _news([self._add(b, self.of(a)) for a, b in _entering(op)])
            for following, targets in _returning(op):
                aged = frozenset(_aged(s) if s.value in inside else s for s in self.of(following))
                news |= _news([self._add(target, aged) for target in targets])
            news |= _news([self._block(block) for block in op.blocks])
            any_news |= news
        count = op.attributes["carry"]
        leaving = zip(body.results, op.results, strict=False)
        for k, (inner, result) in enumerate(leaving):
            any_news |= self._add(result, self.of(inner))
            if k >= count:
                aged = frozenset(_aged(s) if s.value in inside else s for s in self.of(inner))
                any_news |= self._add(result, aged)
        return any_news


def _news(changes: list[bool]) -> bool:
    """Whether anything changed; of a list, so that every change is made before it is asked."""
    return any(changes)


def _aged(site: Site) -> Site:
    return Site(site.value, site.foreign, site.fixed, site.boxed, old=True)


def _defined(block: Block) -> Iterator[Value]:
    for op in walk(block):
        yield from op.results


def _entering(op: Operation) -> Iterator[tuple[Value, Value]]:
    """(from, to) pairs for what goes into a loop: carries' beginnings, elements of tapes."""
    count = op.attributes["carry"]
    for k in range(count):
        yield op.operands[k], op.results[k]
        for block in op.blocks:
            yield op.operands[k], block.parameters[k]
    yield from zip(op.operands[count:], op.blocks[-1].parameters[count:], strict=True)


def _returning(op: Operation) -> Iterator[tuple[Value, list[Value]]]:
    """What goes round a loop, and the parameters that receive it."""
    for k in range(op.attributes["carry"]):
        yield op.blocks[-1].results[k], [block.parameters[k] for block in op.blocks]


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
        return before > 0 and self.latest[before - 1] > position
