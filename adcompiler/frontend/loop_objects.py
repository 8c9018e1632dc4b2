"""The arrays that a loop's body stores into: they go round the loop, as names do.

    for i in range(1, n):            %y.2 = for[carry=1] %y, %r (%y.1, %i):
        y[i] = y[i - 1] * x              ...
                                         %y.3 = update[key=(Slot(0),)] %y.1, %v, %i
                                         yield %y.3
                                     (the object %y now holds %y.2)

A name that the body binds to another array is carried, too, and may then stand for an array that
has another name outside: they are kin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..ir.core import Value
from .context import Context
from .items import Item
from .memory import State, has_memory
from .merging import changeable, local_values

__all__ = ["Carried"]


class Carried:
    """Objects carried by one loop, found by lowering its body until nothing new turns up."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.owners: list[Value] = []
        self.guessed: set[Value] = set()
        self.lost: list[Value] = []
        # Of the loop's slots, by identity, since their order changes: the outside objects that each
        # may be, and pairs that may be one.
        self.outside: dict[int, set[Value]] = {}
        self.together: set[tuple[int, int]] = set()
        self.slots: dict[Value, int] = {}
        self.inside: set[Value] = set()

    def names(self, names: Mapping[str, Item]) -> tuple[str, ...]:
        """The objects by names that they have before the loop; none if one of them has no name, or
        if others may share their memory."""
        known = {self._owner(item): name for name, item in names.items()}
        found = tuple(known[owner] for owner in self.owners if owner in known)
        return () if self.lost or len(found) < len(self.owners) else found

    def expect(self, items: Sequence[Item]) -> None:
        """Carry these from the beginning: in the round before they were stored into."""
        owners = dict.fromkeys(map(self._owner, items))
        if None not in owners:
            self.owners += [owner for owner in owners if owner is not None]

    def guess(self, items: Sequence[Item]) -> None:
        """Carry those of these that are arrays, as long as nothing shows that they needn't be."""
        owners = dict.fromkeys(map(self._owner, items))
        self.owners += [owner for owner in owners if owner is not None]
        self.guessed.update(self.owners)

    def parameters(self) -> list[Value]:
        """A fresh value for each object."""
        return [Value(changeable(owner.type), owner.name) for owner in self.owners]

    def ends(self) -> list[Value]:
        """The objects' values at this point."""
        memory = self.ctx.memory
        return [memory.current(owner, self.ctx.builder) for owner in self.owners]

    def bind(self, slots: Sequence[Any], values: Sequence[Value], rest: Iterator[Value]) -> None:
        """The objects hold these values; the slots' values are objects of their own."""
        memory = self.ctx.memory
        memory.state.now.update(zip(self.owners, rest, strict=True))
        memory.state.lost.update(dict.fromkeys(self.lost))
        self.inside.update(values)
        found = {id(slot): value for slot, value in zip(slots, values, strict=True)}
        # A slot that has turned out to stand for nothing that can be read is found no more.
        for key, others in self.outside.items():
            for other in others if key in found else ():
                memory.pair(found[key], other)
        for a, b in self.together:
            if a in found and b in found:
                memory.pair(found[a], found[b])

    def stored(self, parameters: Sequence[Value]) -> bool:
        """Whether anything from outside has been stored into since the carries were bound."""
        memory, count = self.ctx.memory, len(parameters) - len(self.owners)
        bound = dict(zip(self.owners, parameters[count:], strict=True))
        local = local_values(self.ctx.builder)
        now = memory.state.now
        return any(now[v] is not bound.get(v) for v in now if v not in local and v in bound)

    def settled(self, before: State, slots: Sequence[Any], parameters: Sequence[Value]) -> bool:
        """Whether the body stores into no object that isn't carried yet."""
        memory = self.ctx.memory
        self.slots = {value: id(slot) for slot, value in zip(slots, parameters, strict=False)}
        self.inside |= {*local_values(self.ctx.builder), *parameters}
        idle = self._idle(parameters)
        if idle:
            self.owners = [v for v in self.owners if v not in idle]
        new = [v for v in memory.changed(before, self.inside) if v not in (*self.owners, *idle)]
        lost = [v for v in memory.newly_lost(before, self.inside) if v not in self.lost]
        self.owners += new
        self.lost += lost
        self.guessed = set()
        return not new and not lost and not idle

    def _idle(self, parameters: Sequence[Value]) -> list[Value]:
        """The guessed objects that the body has not stored into after all."""
        now = self.ctx.memory.state.now
        carried = zip(self.owners, parameters[len(parameters) - len(self.owners) :], strict=True)
        return [v for v, given in carried if v in self.guessed and now.get(v) is given]

    def related(self, slots: Sequence[Any], ends: Sequence[Item]) -> bool:
        """Whether what the slots may share memory with was known; `ends` are what they become."""
        keys = [id(slot) for slot in slots]
        before = self._known()
        starts = [self._owner(slot.initial) for slot in slots]
        owners = [self._owner(end) for end in ends]
        for key, start, end in zip(keys, starts, owners, strict=True):
            self._note(key, start)
            self._note(key, end)
        for _ in keys:
            for key, end in zip(keys, owners, strict=True):
                if end in self.slots:
                    others = self.outside.get(self.slots[end], ())
                    self.outside.setdefault(key, set()).update(others)
        self._pairs(keys, starts)
        self._pairs(keys, owners)
        return self._known() == before

    def forget(self) -> None:
        """Nothing outside knows what the body has made."""
        self.ctx.memory.forget(self.inside)
        self.inside = set()

    def _known(self) -> int:
        return len(self.together) + sum(map(len, self.outside.values()))

    def _owner(self, item: Item) -> Value | None:
        if isinstance(item, Value) and has_memory(item):
            return self.ctx.memory.owner(item)
        return None

    def _note(self, key: int, owner: Value | None) -> None:
        if owner is None:
            return
        near = {owner, *self.ctx.memory.kin.get(owner, ())}
        found = {v for v in near if v not in self.inside}
        if found:
            self.outside.setdefault(key, set()).update(found)

    def _pairs(self, keys: Sequence[int], owners: Sequence[Value | None]) -> None:
        """Slots that hold one object, or kin, at the same time."""
        kin = self.ctx.memory.kin
        for a, one in enumerate(owners):
            for b in range(a):
                other = owners[b]
                if one is not None and other is not None and (
                    one is other or other in kin.get(one, ())
                ):
                    self.together.add((keys[b], keys[a]))
