"""Where memory comes from: for every value the sites whose memory it may be.

    %b = exp %x                       %b: the site %b
    %c = index[key=1:] %b             %c: the site %b, too: a view
    %A, %B = for %x, %b (%A, %B):     each carry is a site of its own, whose memory comes from
        yield %B, %A                  either, and the two are apart in every iteration

A site is the operation or parameter that makes the memory. What a loop carries into its next
iteration comes from an older run of a site in its body, and is other memory than what that site
makes in this iteration. Carries that begin apart and end every iteration apart stay apart, though
they may change places (by induction over the iterations).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.types import Array, List, rank
from ..ops import TABLE
from .memory_steps import Found, Site, Step, Steps, has_memory

__all__ = ["Sites", "stored_parameters"]


def stored_parameters(function: Function) -> tuple[Value, ...]:
    """The parameters whose memory the function would change if it changed memory in place."""
    changes = [
        op for op in walk(function.body)
        if op.opcode in TABLE and TABLE[op.opcode].statement is not None
    ]  # fmt: skip
    if not changes:
        return ()
    sites = Sites(function)
    found = {s.value for op in changes for s in sites.closure(sites.of(op.operands[0]))}
    return tuple(p for p in function.parameters if p in found)


class Sites:
    """For every value the sites that its memory may come from.

    `copying`: the updates that copy; None where that isn't known yet. `steps`: what the function's
    operations do, where it is asked about more than once.
    """

    def __init__(
        self, function: Function, copying: frozenset[Value] | None = None,
        steps: Steps | None = None,
    ) -> None:  # fmt: skip
        self.copying = copying
        self.steps = Steps(function) if steps is None else steps
        self.origins: dict[Site, set[Site]] = {}
        self.joint: dict[object, set[int]] = {}
        # How often anything became known; and how often it had when a loop was last gone round.
        self.changes = 0
        self.settled: dict[object, int] = {}
        self.found = dict(self.steps.settled)
        self._block(function.body)

    def of(self, value: Value) -> Found:
        return self.found.get(value, frozenset())

    def holders(self) -> dict[Site, list[Value]]:
        """The values that each site's memory may be read through, told apart as they are."""
        found: dict[Site, list[Value]] = {}
        for value, sites in self.found.items():
            for site in sites:
                found.setdefault(site.bare, []).append(value)
        return found

    def kept(self, function: Function) -> Found:
        """Memory that an effect may have handed to somebody who looks at it later: a log's."""
        effects = (op for op in walk(function.body) if op.attributes.get("keeps"))
        return frozenset().union(*(self.of(v) for op in effects for v in op.operands))

    def closure(self, sites: Iterable[Site]) -> set[Site]:
        """The sites, and those that the memory of carries among them comes from."""
        seen = set(sites)
        pending = list(seen) if self.origins else []
        while pending:
            for one in self.origins.get(pending.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    pending.append(one)
        return seen

    @functools.cached_property
    def _targets(self) -> dict[Site, list[Site]]:
        """`origins` the other way round; to be asked for when all sites are found."""
        found: dict[Site, list[Site]] = {}
        for target, sources in self.origins.items():
            for one in sources:
                found.setdefault(one._replace(fixed=False), []).append(target)
        return found

    def near(self, site: Site) -> set[Site]:
        """The sites whose memory may be this site's: where it comes from, what comes from it."""
        after, pending = set[Site](), [site, site._replace(inside=True)]
        while pending:
            for one in self._targets.get(pending.pop()._replace(fixed=False), ()):
                if one not in after:
                    after.add(one)
                    pending.append(one)
        return {s.bare for s in (site, *self.closure((site,)), *after) if not s.inside}

    def reach(self, sites: Iterable[Site]) -> set[Site]:
        """The sites and where their memory comes from, those of a list's elements told apart by
        the memory alone."""
        own = set(map(_bare, sites))
        return set(map(_bare, self.closure(own))) if self.origins else own

    def meet(self, a: Found, b: Found) -> bool:
        """Whether two values may share memory."""
        if not a or not b:
            return False
        return not self.reach(a).isdisjoint(map(_bare, b)) or (
            not self.reach(b).isdisjoint(map(_bare, a))
        )

    def _meeting(self, found: Mapping[int, Found]) -> set[int]:
        """Those that may share memory with another."""
        having: dict[Site, list[int]] = {}
        for k, sites in found.items():
            for site in set(map(_bare, sites)):
                having.setdefault(site, []).append(k)
        met = set[int]()
        for k, sites in found.items():
            for site in self.reach(sites):
                others = having.get(site, ())
                if len(others) > 1 or (others and others[0] != k):
                    met.update((k, *others))
        return met

    def is_known(self, value: Value, others: Found) -> bool:
        """Whether somebody else may have the value's memory, or that of its elements; or a number
        that is an array of rank 0."""
        mine = {s for s in self.of(value) if rank(value.type) or s.boxed or s.inside}
        return any(s.foreign for s in self.closure(mine)) or self.meet(frozenset(mine), others)

    def ours(self, value: Value) -> bool:
        """Whether the value's memory may be changed."""
        return self._are_ours(self.of(value))

    def _are_ours(self, sites: Found) -> bool:
        own = [s for s in sites if not s.inside]
        return not any((s.foreign or s.fixed) and not s.inside for s in self.closure(own))

    def _add(self, value: Value, sites: Found) -> bool:
        """Add sites to a value; gives whether that is news."""
        before = self.of(value)
        if not has_memory(value) or sites <= before:
            return False
        self.found[value] = before | sites
        self.changes += 1
        return True

    def _block(self, block: Block) -> bool:
        return _news([self._step(step) for step in self.steps.open[block]])

    def _step(self, step: Step | Operation) -> bool:
        if isinstance(step, Step):
            return self._add(step.result, self._made(step))
        return self._branch(step) if step.opcode == "if" else self._loop(step)

    def _made(self, step: Step) -> Found:
        """What a plain operation's result may be memory of."""
        viewed: Found = frozenset().union(*map(self.of, step.viewed))
        if step.fixed:
            return frozenset(s._replace(fixed=True) for s in viewed) | step.own
        held = frozenset(s._replace(inside=True) for v in step.held for s in self.of(v))
        if step.changed is not None:
            viewed = self.of(step.changed)
            held |= {s for s in viewed if s.inside}
            copied = self.copying is not None and step.result in self.copying
            if copied or not self._are_ours(viewed):
                return held | step.own
            if self.copying is not None or not all(s.inside for s in viewed):
                # Where nobody knows yet whether it copies, it may be memory of its operand's.
                return viewed | held
        elif viewed and step.views:
            return viewed
        return viewed | held | step.own

    def _branch(self, op: Operation) -> bool:
        news = _news([self._block(block) for block in op.blocks])
        pairs = (zip(block.results, op.results, strict=True) for block in op.blocks)
        return _news([self._add(b, self.of(a)) for pair in pairs for a, b in pair]) or news

    def _loop(self, op: Operation) -> bool:
        """Go round until nothing new comes back to the loop's beginning."""
        region = op.attributes["region"]
        if self.settled.get(region) == self.changes:
            return False  # nothing is known that wasn't when it was last gone round
        inside = self.steps.inside(op)
        any_news, news = False, True
        while news:
            apart = self._apart(op)
            news = self._enter(op, apart)
            for k, (following, targets) in enumerate(_returning(op)):
                if k not in apart:
                    aged = _all_aged(self.of(following), inside)
                    news |= _news([self._add(target, aged) for target in targets])
            news |= _news([self._block(block) for block in op.blocks])
            news |= self._settle(op, apart, inside)
            any_news |= news
        any_news |= self._leave(op, inside)
        self.settled[region] = self.changes
        return any_news

    def _apart(self, op: Operation) -> list[int]:
        """The carries whose memory is told apart from the others' in every iteration."""
        joint = self.joint.setdefault(op.attributes["region"], set())
        count = op.attributes["carry"]
        return [k for k in range(count) if k not in joint and _is_array(op.results[k])]

    def _enter(self, op: Operation, apart: list[int]) -> bool:
        """What a loop's parameters are at its beginning."""
        news = []
        count, body = op.attributes["carry"], op.blocks[-1]
        for k in range(count):
            if k in apart:
                own = frozenset({Site(body.parameters[k])})
                news += [self._add(block.parameters[k], own) for block in op.blocks]
                news.append(self._add(op.results[k], frozenset({Site(op.results[k])})))
            else:
                targets = (op.results[k], *(block.parameters[k] for block in op.blocks))
                news += [self._add(target, self.of(op.operands[k])) for target in targets]
        elements = zip(op.operands[count:], body.parameters[count:], strict=True)
        news += [self._add(element, self.of(sequence)) for sequence, element in elements]
        return _news(news)

    def _settle(self, op: Operation, apart: list[int], inside: set[Value]) -> bool:
        """Carries that meet another, before the loop or after an iteration, aren't apart."""
        count, body = op.attributes["carry"], op.blocks[-1]
        arrays = [k for k in range(count) if _is_array(op.results[k])]
        met = set[int]()
        for values in (op.operands, body.results):
            met |= self._meeting({k: self.of(values[k]) for k in arrays})
        joint = self.joint[op.attributes["region"]]
        if met - joint:
            joint |= met
            self.changes += 1
            return True
        entering = [s for k in apart for s in self.of(op.operands[k])]
        following = frozenset(s for k in apart for s in self.of(body.results[k]))
        around = {*entering, *_all_aged(following, inside)}
        news = False
        for k in apart:
            pairs = (
                (Site(body.parameters[k]), around),
                (Site(op.results[k]), {*around, *following}),
            )
            for site, origins in pairs:
                known = self.origins.setdefault(site, set())
                if not origins <= known:
                    known |= origins
                    self.changes += 1
                    news = True
        return news

    def _leave(self, op: Operation, inside: set[Value]) -> bool:
        count, body = op.attributes["carry"], op.blocks[-1]
        news, apart = [], self._apart(op)
        for k, (inner, result) in enumerate(zip(body.results, op.results, strict=False)):
            if k not in apart:
                news.append(self._add(result, self.of(inner)))
            if k >= count:
                news.append(self._add(result, _all_aged(self.of(inner), inside)))
        return _news(news)


def _is_array(value: Value) -> bool:
    return isinstance(value.type, List) or (isinstance(value.type, Array) and rank(value.type) > 0)


def _news(changes: list[bool]) -> bool:
    """Whether anything changed; of a list, so that every change is made before it is asked."""
    return any(changes)


def _all_aged(sites: Found, inside: set[Value]) -> Found:
    """Sites as the next iteration sees them: what this one made is old."""
    return frozenset(s._replace(old=True) if s.value in inside else s for s in sites)


def _bare(site: Site) -> Site:
    return site.bare


def _returning(op: Operation) -> Iterator[tuple[Value, list[Value]]]:
    """What goes round a loop, and the parameters that receive it."""
    for k in range(op.attributes["carry"]):
        yield op.blocks[-1].results[k], [block.parameters[k] for block in op.blocks]
