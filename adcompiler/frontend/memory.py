"""Arrays as objects: what is stored through one name is seen through every other.

    z = y[1:]              %z = index[key=1:] %y          %z is a view of the object %y
    z[0] = v               %y.1 = update[key=0, views=(index[key=1:])] %y, %v
    w = y * z              %z.1 = index[key=1:] %y.1
                           %w = mul %y.1, %z.1

While a function is lowered, the value that an array was made as stands for the *object*. A store
gives the object a new value; whoever reads a name gets the value that its object has by then. What
looks at another object's memory is a *view*: an object and the steps from it. Where it can't be
told whether two objects share memory (`reshape` may copy; a branch chose one of two), they are
*kin*: a store into one makes the other unreadable, and reading it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from ..ir.builder import Builder
from ..ir.core import Operation, Value
from ..ir.types import Array, List, rank
from ..ops import TABLE
from ..ops.places import Step, Views

__all__ = ["Memory", "Place", "State", "has_memory"]


@final
@dataclass(frozen=True)
class Place:
    """Where a view lies in an object, with the operands of its steps."""

    owner: Value
    views: Views = ()
    operands: tuple[Value, ...] = ()


@dataclass
class State:
    """What holds at one point of the program.

    `now`: the values of objects that were stored into. `reread`: views read again, with the value
    of their owner at the time. `lost`: objects that a store through another name may have changed.
    """

    now: dict[Value, Value] = field(default_factory=dict)
    reread: dict[Value, tuple[Value, Value]] = field(default_factory=dict)
    lost: dict[Value, None] = field(default_factory=dict)

    def copy(self) -> State:
        return State(dict(self.now), dict(self.reread), dict(self.lost))


class Memory:
    """Which object a value belongs to, and the state at the current point."""

    def __init__(self) -> None:
        self.state = State()
        self.places: dict[Value, tuple[Place, Value]] = {}
        self.kin: dict[Value, set[Value]] = {}
        # Arrays whose elements are known to lie one after the other: reshaping gives views.
        self.whole: set[Value] = set()

    def place(self, item: Value) -> Place:
        """The object that an array is, or looks at."""
        found = self.places.get(item)
        return Place(item) if found is None else found[0]

    def owner(self, item: Value) -> Value:
        return self.place(item).owner

    def note(self, op: Operation, items: Sequence[Any]) -> None:
        """Take notice of an operation's results, which may share memory with the first operand;
        `items` are the objects that its operands are the values of."""
        for result in op.results:
            if has_memory(result):
                self._note(op, items, result)

    def _note(self, op: Operation, items: Sequence[Any], result: Value) -> None:
        entry = TABLE[op.opcode]
        if not op.operands or 0 not in entry.view or entry.statement is not None:
            if entry.fresh and self._in_order(op, result):
                self.whole.add(result)
            return
        shares = entry.sharing([v.type for v in op.operands], op.attributes)
        if shares == "copy":
            return
        source = items[0]
        if not isinstance(source, Value) or not has_memory(source):
            return
        if shares == "view":
            self._view(op, source, result)
        elif shares == "maybe" and source in self.whole:
            self._view(op, source, result)
            self.whole.add(result)
        else:
            self.relate(result, [self.owner(source)])

    def _in_order(self, op: Operation, result: Value) -> bool:
        """Whether a new array's elements lie one after the other."""
        from_numbers = not any(map(has_memory, op.operands))
        return (
            rank(result.type) == 1 or from_numbers or TABLE[op.opcode].contiguous(op.attributes)
        )

    def _view(self, op: Operation, source: Value, result: Value) -> None:
        inner = self.place(source)
        step = Step(TABLE[op.opcode], op.attributes, len(op.operands) - 1)
        place = Place(
            inner.owner, (*inner.views, step), (*inner.operands, *op.operands[1:])
        )
        self.places[result] = (place, self.state.now.get(inner.owner, inner.owner))

    def relate(self, item: Value, others: Iterable[Value]) -> None:
        """The object may share memory with these, and with whatever these may share it with."""
        mine = self.kin.setdefault(item, set())
        for other in others:
            for one in (other, *self.kin.get(other, ())):
                if one is not item:
                    mine.add(one)
                    self.kin.setdefault(one, set()).add(item)

    def pair(self, a: Value, b: Value) -> None:
        """These two may share memory; what is known of others stays."""
        self.kin.setdefault(a, set()).add(b)
        self.kin.setdefault(b, set()).add(a)

    def forget(self, items: Iterable[Value]) -> None:
        """These objects are no more."""
        for item in items:
            for other in self.kin.pop(item, ()):
                self.kin.get(other, set()).discard(item)

    def store(self, owner: Value, value: Value) -> None:
        """The object has a new value."""
        self.state.now[owner] = value
        self.state.lost.update(dict.fromkeys(self.kin.get(owner, ())))

    def is_lost(self, item: Value) -> bool:
        return bool(self.state.lost) and self.owner(item) in self.state.lost

    def current(self, item: Value, builder: Builder) -> Value:
        """The value that an array has now."""
        found = self.places.get(item)
        if found is None:
            return self.state.now.get(item, item)
        place, seen = found
        value = self.state.now.get(place.owner, place.owner)
        if value is seen:
            return item
        read = self.state.reread.get(item)
        if read is None or read[0] is not value:
            read = (value, _look(value, place, item, builder))
            self.state.reread[item] = read
        return read[1]

    def changed(self, before: State, local: set[Value]) -> list[Value]:
        """The objects from outside a region that were stored into in it."""
        now = self.state.now
        return [v for v in now if v not in local and now[v] is not before.now.get(v)]

    def newly_lost(self, before: State, local: set[Value]) -> list[Value]:
        return [v for v in self.state.lost if v not in local and v not in before.lost]


def has_memory(value: Value) -> bool:
    """Whether stores into the value can be seen through another name."""
    return isinstance(value.type, List) or (isinstance(value.type, Array) and rank(value.type) > 0)


def _look(value: Value, place: Place, item: Value, builder: Builder) -> Value:
    """The view of an object, read again."""
    rest: Sequence[Any] = place.operands
    for step in place.views:
        operands, rest = rest[: step.arity], rest[step.arity :]
        last = step is place.views[-1]
        types = [value.type, *(v.type for v in operands)]
        type_ = item.type if last else step.entry.infer(types, step.attributes)
        value = builder.emit(
            step.entry.name, (value, *operands), type_, item.name if last else None,
            step.attributes,
        )  # fmt: skip
    return value
