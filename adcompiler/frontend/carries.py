"""What a loop carries: the names that its body assigns, found by lowering the body until what comes
out of it fits what went in.

    y = 0                        %y.2: float = for[carry=1] %y.0, %r (%y.1: float, %i):
    for i in range(n):               %y.3: float = add %y.1, %x
        y = y + x                    yield %y.3

`y` goes in as an int and comes out as a float: so the carry is a float, and the body is lowered
again. An array that changes its shape has sizes of the carry's own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..ir.core import Value
from ..ir.sizes import Affine, unknown
from ..ir.types import UNDEFINED, Array, List, Scalar, Type, TypeMismatch, join, shape_of
from ..ops.lists import joined_element
from . import growing
from .context import Context
from .items import (
    LOST,
    UNBOUND,
    Ambiguous,
    Item,
    Lost,
    OwnDict,
    OwnList,
    Record,
    freeze,
    in_words,
    is_number,
    leaf_names,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .jumps import shown
from .loop_objects import Carried
from .memory import has_memory
from .rounds import Found, Needs, Rounds

__all__ = ["Carries"]


@dataclass
class Slot:
    """One leaf of a carried name: what goes in, and the type found so far."""

    name: str
    initial: Item
    type: Type
    own: set[int]


class Carries:
    """The names that a loop's body assigns, as loop-carried values."""

    def __init__(self, ctx: Context, node: ast.For | ast.While, names: list[str]) -> None:
        self.ctx = ctx
        self.node = node
        self.before = dict(ctx.frame.names)
        self.bound = dict(ctx.frame.bound)
        self.shapes: dict[str, Item] = {}
        self.slots: dict[str, list[Slot]] = {}
        self.names = names
        self.initial: list[Value] = []
        self.results: list[Value] = []
        self.dropped: dict[str, Item] = {}
        self.kept: dict[str, Item] = {}
        self.retired: list[Slot] = []  # kept, since slots are told apart by identity
        self.objects = Carried(ctx)
        for name in names:
            self._enter(name, ctx.frame.names.get(name, UNBOUND))

    def _enter(self, name: str, item: Item) -> None:
        if not _holds_values(item):
            self.dropped[name] = item
        elif isinstance(item, (OwnList, OwnDict)) or any(
            isinstance(leaf, Value) and has_memory(leaf) for leaf in leaves(item)
        ):
            self.kept[name] = item  # until the body is seen to bind another object
        else:
            self._carry(name, item)

    def _carry(self, name: str, item: Item) -> None:
        self.shapes[name] = item
        self.slots[name] = [
            Slot(word, leaf, self._type(leaf), set())
            for word, leaf in zip(leaf_names(item, name), leaves(item), strict=True)
            if _carried(leaf)
        ]

    @staticmethod
    def _type(leaf: Item) -> Type:
        if isinstance(leaf, Value):
            if isinstance(leaf.type, Scalar) and leaf.type.size is not None:
                return Scalar(leaf.type.kind)
            if isinstance(leaf.type, List):
                return List(leaf.type.element, unknown())
            return leaf.type
        return UNDEFINED if leaf is UNBOUND else Scalar(type(leaf).__name__)

    def flat(self) -> list[Slot]:
        return [slot for name in self.names for slot in self.slots.get(name, ())]

    def bind(self, values: Sequence[Value]) -> None:
        """Give the carried names these values."""
        rest = iter(values)
        for name in self.names:
            if name in self.shapes:
                self.ctx.frame.names[name] = rebuild(
                    self.shapes[name], lambda leaf: next(rest) if _is_slot(leaf) else leaf
                )
            else:
                self.ctx.frame.names[name] = (
                    self.kept[name] if name in self.kept else self.dropped[name]
                )
        count = len(values) - len(self.objects.owners)
        self.objects.bind(self.flat(), values[:count], rest)

    def ends(self) -> list[Item]:
        """What the names stand for at the end of the body."""
        found = [self.ctx.frame.names.get(name, UNBOUND) for name in self.names]
        if any(item is LOST for item in found):
            raise Lost
        return [self._readable(item) for item in found]

    def _readable(self, item: Item) -> Item:
        lost = (v for v in leaves(item) if isinstance(v, Value) and self.ctx.memory.is_lost(v))
        first = next(lost, None)
        return item if first is None else Ambiguous(self.ctx.lost_reason(first))

    def lifted(self, ends: list[Item]) -> list[Value]:
        values = []
        for name, item in zip(self.names, ends, strict=True):
            if name in self.shapes and isinstance(item, Ambiguous):
                values += [self.ctx.undefined() for _ in self.slots[name]]
            elif name in self.shapes and same_structure(self.shapes[name], item):
                for slot, leaf in zip(leaves(self.shapes[name]), leaves(item), strict=True):
                    if not _is_slot(slot):
                        continue
                    if not _carried(leaf):
                        self.ctx.refuse_item(leaf, self.node)
                    at = self._place(leaf, self.ctx.frame.bound.get(name))
                    values.append(self.ctx.lift(leaf, at))
                freeze(item)
        return [*values, *self.objects.ends()]

    def settle(self, lower: Callable[[Sequence[Value]], tuple[Any, list[Item]]]) -> Any:
        """Lower the body until its results fit its carries; then bind what the loop gives."""
        ctx, around = self.ctx, self.ctx.rounds
        key = (self.node, ctx.frame.trail)
        needed = around.needed(key)
        if needed is not None:
            self._begin_with(needed)
        else:
            stored = ctx.syntax.stored_names(self.node.body)
            self.objects.guess([self.before.get(name, UNBOUND) for name in stored])
        ctx.rounds = Rounds({} if needed is None else needed.inside)
        try:
            blocks = self._settled(lower)
            around.note(key, self._needs(ctx.rounds.now))
        finally:
            ctx.rounds = around
        self._finish()
        return blocks

    def _needs(self, inside: Found) -> Needs:
        types = {
            name: slot.type for name, slots in self.slots.items() for slot in slots
            if self.shapes[name] is UNBOUND and isinstance(slot.type, Scalar)
        }  # fmt: skip
        return Needs(types, self.objects.names(self.before), inside)

    def _begin_with(self, needed: Needs) -> None:
        for name, type_ in needed.types.items():
            if self.dropped.get(name) is UNBOUND:
                del self.dropped[name]
                self.shapes[name] = UNBOUND
                self.slots[name] = [Slot(name, UNBOUND, type_, set())]
        self.objects.expect([self.before.get(name, UNBOUND) for name in needed.stored])

    def _settled(self, lower: Callable[[Sequence[Value]], tuple[Any, list[Item]]]) -> Any:
        ctx, outer, state = self.ctx, self.ctx.builder, self.ctx.memory.state
        for _ in range(50):
            ctx.rounds = Rounds(ctx.rounds.now or ctx.rounds.before)
            parameters = [Value(slot.type, shown(slot.name)) for slot in self.flat()]
            parameters += self.objects.parameters()
            ctx.frame.names, ctx.builder = dict(self.before), outer.nested()
            ctx.memory.state = state.copy()
            self.bind(parameters)
            blocks, ends = lower(parameters)
            settled = self.objects.settled(state, self.flat(), parameters)
            ctx.frame.names, ctx.builder, ctx.memory.state = dict(self.before), outer, state
            fits = self._fits(ends) and self.objects.related(self.flat(), self._leaves(ends))
            self.objects.forget()
            if fits and settled:
                return blocks
        return ctx.refuse(
            self.node, "type-mismatch", "the types of this loop's variables never settle.",
            "keep each variable's kind and shape the same in every iteration.",
        )  # fmt: skip

    def _leaves(self, ends: list[Item]) -> list[Item]:
        """What the slots' leaves are at the end of the body."""
        return [
            leaf
            for name, item in zip(self.names, ends, strict=True)
            if name in self.shapes
            for slot, leaf in zip(leaves(self.shapes[name]), leaves(item), strict=True)
            if _is_slot(slot)
        ]

    def _fits(self, ends: list[Item]) -> bool:
        settled = True
        for name, item in zip(self.names, ends, strict=True):
            if name in self.kept:
                if not _same_objects(self.kept[name], item):
                    self._carry(name, self.kept.pop(name))
                    settled = False
            elif name in self.dropped:
                settled &= self._fits_dropped(name, item)
            elif isinstance(item, Ambiguous):
                del self.shapes[name]
                self.retired += self.slots.pop(name)
                self.dropped[name] = item
                settled = False
            elif not same_structure(self.shapes[name], item):
                growing.meet(self.ctx, self.before.get(name), item)
                self.ctx.refuse(
                    self.node, "type-mismatch", f"`{name}` is a structure of another form after an"
                    " iteration.", "keep its form, or unroll by looping over a tuple.",
                )  # fmt: skip
            else:
                slots = iter(self.slots[name])
                for before, leaf in zip(leaves(self.shapes[name]), leaves(item), strict=True):
                    if _is_slot(before):
                        settled &= self._widen(next(slots), leaf)
                    elif not (before is leaf or before == leaf):
                        self._refuse_setting(name, before)
        return settled

    def _fits_dropped(self, name: str, item: Item) -> bool:
        """A name without a value before the loop: carried only if the body gives it values."""
        before = self.dropped[name]
        if before is LOST:
            return True
        if item is before or (
            not isinstance(item, (Value, OwnList, OwnDict)) and item == before
        ):
            return True
        if before is UNBOUND and _holds_values(item):
            del self.dropped[name]
            self.shapes[name] = rebuild(item, lambda leaf: UNBOUND if _carried(leaf) else leaf)
            named = zip(leaf_names(item, name), leaves(item), strict=True)
            carried = [(word, leaf) for word, leaf in named if _carried(leaf)]
            self.slots[name] = [Slot(word, UNBOUND, UNDEFINED, set()) for word, _ in carried]
            for slot, (_, leaf) in zip(self.slots[name], carried, strict=True):
                slot.type = self._type(leaf)
            return False
        if not isinstance(before, Ambiguous):
            self.dropped[name] = Ambiguous(
                f"`{name}` stands for different things before and after an iteration."
            )
            return False
        return True

    def _refuse_setting(self, name: str, before: Item) -> NoReturn:
        self.ctx.refuse(
            self.node, "type-mismatch", f"in `{name}`, {in_words(before)} is something else after"
            " an iteration.", "let only numbers and arrays change in a loop.",
        )  # fmt: skip

    def _widen(self, slot: Slot, leaf: Item) -> bool:
        """Whether the leaf fits the slot's type; if not, widen the type."""
        found = self._type(leaf)
        if _absorbs(slot, found):
            return True
        try:
            widened = join(slot.type, found)
        except TypeMismatch as error:
            self.ctx.refuse(
                self.node, "type-mismatch", f"`{slot.name}` changes its type from one iteration to"
                f" the next: {error}.", "start it with the kind and dtype that the body gives it.",
            )  # fmt: skip
        if isinstance(widened, (Array, List)):
            widened = _with_own_sizes(widened, slot, found)
        slot.type = widened
        return False

    def _finish(self) -> None:
        ctx = self.ctx
        for name in self.names:
            for slot in self.slots.get(name, ()):
                if slot.initial is UNBOUND:
                    self.initial.append(ctx.undefined())
                else:
                    at = self._place(slot.initial, self.bound.get(name))
                    self.initial.append(ctx.lift(slot.initial, at, shown(slot.name)))
        self.initial += self.objects.ends()
        self.results = self.between()
        self.bind(self.results)

    def _place(self, item: Item, bound: ast.AST | None) -> ast.AST:
        """A number stands where it was assigned; what is read is read by the loop."""
        return self.node if bound is None or not is_number(item) else bound

    def position(self, name: str) -> int:
        """Where a carried flag stands."""
        return next(k for k, slot in enumerate(self.flat()) if slot.name == name)

    def between(self) -> list[Value]:
        """Fresh values for the carries as they are before or after any iterations."""
        slots = [Value(_after(slot), shown(slot.name)) for slot in self.flat()]
        return [*slots, *self.objects.parameters()]


def _same_objects(before: Item, after: Item) -> bool:
    if not same_structure(before, after) or not _same_owners(before, after):
        return False
    pairs = zip(leaves(before), leaves(after), strict=True)
    return all(a is b or (is_number(a) and type(a) is type(b) and a == b) for a, b in pairs)


def _same_owners(before: Item, after: Item) -> bool:
    """Whether the lists and dicts that may change in place are the same ones."""
    if isinstance(before, (OwnList, OwnDict)) or isinstance(after, (OwnList, OwnDict)):
        return before is after
    if isinstance(before, (tuple, list)):
        return all(map(_same_owners, before, after))
    if isinstance(before, Record):
        before, after = before.fields, after.fields
    if isinstance(before, Mapping):
        return all(_same_owners(before[key], after[key]) for key in before)
    return True


def _carried(leaf: Item) -> bool:
    return isinstance(leaf, Value) or is_number(leaf)


def _is_slot(leaf: Item) -> bool:
    return leaf is UNBOUND or _carried(leaf)


def _holds_values(item: Item) -> bool:
    """Whether a name is carried: its numbers and arrays; what else a structure holds must stay."""
    if isinstance(item, (tuple, list, dict, Record)):
        found = list(map(_carried, leaves(item)))
        return any(found) or not found
    return _carried(item)


def _absorbs(slot: Slot, found: Type) -> bool:
    if slot.type == found:
        return True
    if isinstance(slot.type, Scalar) and isinstance(found, Scalar):
        return join(slot.type, found) == slot.type
    if isinstance(slot.type, List) and isinstance(found, List):
        return joined_element(slot.type.element, found.element) == slot.type.element
    if not isinstance(slot.type, Array) or not isinstance(found, (Array, Scalar)):
        return False
    try:
        joined = join(slot.type, found)
    except TypeMismatch:
        return False
    if not isinstance(joined, Array) or joined.weak != slot.type.weak:
        return False
    pairs = zip(slot.type.shape, shape_of(found), strict=True)
    return all(a == b or id(a) in slot.own for a, b in pairs) if slot.type.shape else True


def _with_own_sizes(widened: Array | List, slot: Slot, found: Type) -> Type:
    """Sizes that change from one iteration to the next become the slot's own unknowns."""
    if not isinstance(widened, Array):
        return widened
    sizes = []
    for old, new in zip(shape_of(slot.type), shape_of(found), strict=True):
        size = old if old == new or id(old) in slot.own else unknown(("carried", old, new))
        if size is not old:
            slot.own.add(id(size))
        sizes.append(size)
    return Array(widened.dtype, tuple(sizes), widened.weak)


def _after(slot: Slot) -> Type:
    """After the loop the slot's own sizes are those of no particular iteration."""
    if not isinstance(slot.type, Array):
        return slot.type
    shape = tuple(
        unknown() if isinstance(size, Affine) and id(size) in slot.own else size
        for size in slot.type.shape
    )
    return Array(slot.type.dtype, shape, slot.type.weak)
