"""SSA values to Python names: the user's own, shared by versions whose lives don't overlap.

    %y.0 = constant 1.0                    y = 1.0
    %y.1 = for %y.0 (%y.2): ...            for ...:
        %y.3 = mul %y.2, %x                    y = y * x

What a loop carries, and what the sides of a branch hand on, is one variable where possible; where
lives overlap, code generation writes an assignment from one name to another.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush

from ..ir.core import Derived, Function, Operation, Temporary, Value, hint, is_temporary, walk
from ..ir.loops import Loop, is_loop
from ..ir.types import rank
from ..ops import TABLE
from .lifetimes import Lifetimes, Segment, overlap
from .nesting import Nesting
from .reuse import Layout

__all__ = ["assign_names"]


def assign_names(
    layout: Layout, reserved: Iterable[str], unpacked: Collection[Value] = ()
) -> Mapping[Value, str]:
    """A name for every value that isn't nested; parameters keep theirs.

    Those of `unpacked` are taken out of structures, and so may have any name.
    """
    function, lifetimes = layout.function, layout.lifetimes
    groups = _Groups(layout.nesting, lifetimes)
    operations = list(walk(function.body))
    for op in operations:
        groups.core(op)
    for op in operations:
        groups.region(op)
    for op in operations if layout.over else ():
        before = _taken_over(op, layout)
        if before is not None:
            groups.hand_over(before, op.result)
    names = _Allocator(function, lifetimes, set(reserved), groups, set(unpacked))
    return names.assigned


# So many values at most have one name, or compete for it, because one is written over another:
# each of them is looked at for each that joins.
_LONGEST = 64


def _taken_over(op: Operation, layout: Layout) -> Value | None:
    """The operand whose memory the result takes, be it written over or added to."""
    if len(op.results) != 1:
        return None
    if op.opcode == "accumulate" and rank(op.result.type) and (
        op.result in layout.updates.in_place
        and layout.nesting.inlined.isdisjoint((op.operands[0], op.result))
    ):  # fmt: skip
        return op.operands[0]
    return layout.over.get(op.result)


class _Groups:
    """Values that will be one variable, with their joint lifetime."""

    def __init__(self, nesting: Nesting, lifetimes: Lifetimes) -> None:
        self.nesting = nesting
        self.lifetimes = lifetimes
        self.group: dict[Value, list[Value]] = {}
        self.life: dict[int, list[Segment]] = {}
        self.called: dict[str | None, list[Value]] = {}
        for value in lifetimes.segments:
            self.called.setdefault(hint(value), []).append(value)

    def of(self, value: Value) -> list[Value]:
        found = self.group.get(value)
        if found is None:
            found = self.group[value] = [value]
            self.life[id(found)] = list(self.lifetimes.segments.get(value, ()))
        return found

    def merge(self, a: Value, b: Value) -> None:
        first, second = self.of(a), self.of(b)
        if first is second:
            return
        # The larger one grows, wherever its values stand among those of both.
        grown, gone = (second, first) if len(first) < len(second) else (first, second)
        life = self.life[id(grown)]
        if overlap(life, self.life[id(gone)]):
            return
        for segment in self.life.pop(id(gone)):
            insort(life, segment)
        at = 0 if grown is second else len(grown)
        grown[at:at] = gone
        self.group.update(dict.fromkeys(gone, grown))

    def try_merge(self, source: Value, target: Value) -> None:
        """One variable for a value and what it is handed on to, if their names agree."""
        if source in self.nesting.inlined or source not in self.lifetimes.segments:
            return
        if is_temporary(source) or hint(source) == hint(target):
            self.merge(target, source)

    def hand_over(self, operand: Value, result: Value) -> None:
        """One variable for an array and what is written over it, if that has no name of its own:
        none of the user's, and a gradient isn't called after a primal. What else the user calls so
        comes first."""
        both = [*self.of(operand), *self.of(result)]
        if hint(operand) == hint(result) is not None or len(both) > _LONGEST:
            return
        named = [v for v in both if v.name is not None]
        users = {hint(v) for v in named if not is_temporary(v)}
        if len(users) > 1 or len({isinstance(v.name, Derived) for v in named}) > 1:
            return
        own = self._life(v for v in named if not is_temporary(v))
        life = self._life(both)
        others = {v for name in users for v in self.called[name]}.difference(both)
        if len(others) > _LONGEST:
            return
        segments = self.lifetimes.segments
        if not any(overlap(life, segments[v]) and not overlap(own, segments[v]) for v in others):
            self.merge(operand, result)

    def _life(self, values: Iterable[Value]) -> list[Segment]:
        return _union([s for v in values for s in self.lifetimes.segments[v]])

    def core(self, op: Operation) -> None:
        """The two regions of a loop see one variable, and so does the code after the loop.

        Settled for all loops before anything else joins, so that this never fails.
        """
        if not is_loop(op):
            return
        for k, final in enumerate(Loop(op).finals):
            group = [final, *(block.parameters[k] for block in op.blocks)]
            segments = self.lifetimes.segments
            life = _union([s for v in group for s in segments.get(v, ())])
            self.life[id(group)] = life
            self.group.update(dict.fromkeys(group, group))

    def region(self, op: Operation) -> None:
        if op.opcode == "if":
            for block in op.blocks:
                for inner, result in zip(block.results, op.results, strict=True):
                    self.try_merge(inner, result)
        elif is_loop(op):
            loop = Loop(op)
            for start, following, final in zip(
                loop.starts, loop.following, loop.finals, strict=True
            ):
                self.try_merge(following, final)
                self.try_merge(start, final)
        elif op.opcode in TABLE and TABLE[op.opcode].statement and op.operands[0].name is None:
            self.try_merge(op.operands[0], op.result)


def _union(segments: list[Segment]) -> list[Segment]:
    """Segments that meet, as one."""
    found: list[Segment] = []
    for start, end in sorted(segments):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _start(segment: Segment) -> int:
    return segment[0]


_KEYWORDS = frozenset(keyword.kwlist)
_BUILTINS = frozenset(dir(builtins))


class _Series:
    """The names `x`, `x_1`, `x_2`, ... by their numbers: those that are taken, until where; those
    that may be free; those that nobody has asked for."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int]] = []
        self.ready: list[int] = []
        self.further = itertools.count()


class _Allocator:
    def __init__(
        self, function: Function, lifetimes: Lifetimes, reserved: set[str], groups: _Groups,
        unpacked: set[Value],
    ) -> None:  # fmt: skip
        self.lifetimes = lifetimes
        self.reserved = reserved
        self.groups = groups
        self.assigned: dict[Value, str] = {}
        self.taken: dict[str, list[Segment]] = {}
        self.series: dict[str, _Series] = {}
        self.fixed = {str(hint(p)) for p in function.parameters}
        self.temporaries: dict[Value, int] = {}
        self.next = 0
        for value in function.parameters:
            if value not in unpacked:
                self.give(groups.of(value), str(hint(value)), value)
        for value in function.parameters:
            if value not in self.assigned:
                self.place(value)
        for value in sorted(lifetimes.segments, key=lifetimes.first.__getitem__):
            if value not in self.assigned:
                self.place(value)

    def give(self, group: list[Value], name: str, *values: Value) -> None:
        for value in group:
            self.assigned[value] = name
        taken = self.taken.setdefault(name, [])
        for segment in self.groups.life[id(group)]:
            insort(taken, segment)

    def place(self, value: Value) -> None:
        """Give the value's group the first name of its series that is free all its life.

        Lives are placed in the order in which they begin: a name that is taken at this place is
        not looked at again before the place where it is free.
        """
        group = self.groups.of(value)
        base, begin = self.base(group), self.groups.life[id(group)][0][0]
        series = self.series.setdefault(base, _Series())
        while series.taken and series.taken[0][0] <= begin:
            heappush(series.ready, heappop(series.taken)[1])
        passed: list[int] = []
        while True:
            number = heappop(series.ready) if series.ready else next(series.further)
            name = f"{base}_{number}" if number else base
            fits = self.free(name, group)
            if fits:
                self.give(group, name)
            until = self.taken_until(name, begin)
            if until > begin:
                heappush(series.taken, (until, number))
            else:
                passed.append(number)
            if fits:
                break
        for number in passed:
            heappush(series.ready, number)

    def base(self, group: list[Value]) -> str:
        named = [v for v in group if not is_temporary(v)]
        return self.text(named[0] if named else group[0])

    def text(self, value: Value) -> str:
        """The wanted name; a temporary's own number if it has one, else the next free one."""
        name = value.name
        match name:
            case Derived(prefix, of):
                return f"{prefix}_{self.text(of)}"
            case Temporary(number):
                return f"s{number}"
            case str():
                return name
        if value not in self.temporaries:
            while f"t{self.next}" in self.fixed:
                self.next += 1
            self.temporaries[value] = self.next
            self.next += 1
        return f"t{self.temporaries[value]}"

    def free(self, name: str, group: list[Value]) -> bool:
        if name in self.reserved or name in _KEYWORDS:
            return False
        if name in _BUILTINS and name not in self.fixed:
            return False
        return not overlap(self.taken.get(name, ()), self.groups.life[id(group)])

    def taken_until(self, name: str, position: int) -> int:
        """Where the name is free again; the position itself if it is free there."""
        taken = self.taken.get(name, [])
        at = bisect_right(taken, position, key=_start)
        return max(position, taken[at - 1][1]) if at else position
