"""Loops: `for` over a range or an array, `while`; what is known in length and static unrolls.

    for i in range(n):           %r = range %0, %n, %1
        y = y * x                %y.1 = for[carry=1] %y.0, %r (%y.2, %i): ...

Every name that the body assigns becomes a carry. The types of the carries are found by lowering
the body until what comes out of it fits what went in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..ir.core import Block, Value
from ..ir.sizes import Affine, unknown
from ..ir.types import (
    INT,
    UNDEFINED,
    Array,
    List,
    Range,
    Scalar,
    Type,
    TypeMismatch,
    join,
    shape_of,
)  # fmt: skip
from ..ops.lists import joined_element
from . import mutation, statements
from .assigned import assigned_names, breaks
from .context import LOOP, Context, NeedsUnrolling
from .expressions import condition, expression, refuse_bound
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
from .iteration import Chain, Content, Known, Nested, Walk, content, downwards
from .jumps import BROKE, RESULT, RETURNED, SKIP, STOP, Jumps, flag, shown
from .loop_objects import Carried
from .memory import has_memory

__all__ = ["loop"]

_UNROLL_LIMIT = 10_000

Body = Callable[[Item], None]


def loop(ctx: Context, node: ast.For | ast.While) -> Item:
    """Lower a loop without its `else`; gives whether it has ended by `break`."""
    outer, names = ctx.frame.jumps, ctx.frame.names
    before = {name: flag(names, name) for name in (BROKE, RETURNED)}
    ctx.frame.jumps = Jumps.of_loop(node)
    names.update(dict.fromkeys((BROKE, STOP, SKIP), False))
    if isinstance(node, ast.For):
        _run_over(ctx, node, content(ctx, node.iter, expression(ctx, node.iter)))
    else:
        _while_loop(ctx, node)
    ctx.frame.jumps = outer
    names = ctx.frame.names
    broke = flag(names, BROKE)
    # The loops around this one haven't jumped yet, unless it has returned.
    returned = flag(names, RETURNED)
    jumped = False if returned is before[RETURNED] else returned
    names[BROKE], names[SKIP] = before[BROKE], jumped if outer.skips else False
    names[STOP] = jumped if outer.loop else False
    return broke


def _run_over(ctx: Context, node: ast.For, found: Content) -> None:
    """Unroll over what is known one by one; make a loop of the rest."""
    match found:
        case Known():
            _unroll(ctx, node, found)
        case Walk():
            _walk(ctx, node, found)
        case Nested():
            _refuse_stops(ctx, node)
            _nested(ctx, node, found)
        case Chain(contents):
            _refuse_stops(ctx, node)
            for part in contents:
                _run_over(ctx, node, part)


def _refuse_stops(ctx: Context, node: ast.For) -> None:
    """What becomes several loops can't be left by one `break`."""
    if ctx.frame.jumps.stops:
        ctx.refuse(
            node, "unsupported-iteration", "this becomes several loops, which one `break` or"
            " `return` can't leave.", "write the loops out.",
        )  # fmt: skip


def _unroll(ctx: Context, node: ast.For, found: Known) -> None:
    def check(position: int) -> None:
        if not found.is_unchanged(position):
            ctx.refuse(
                node, "unsupported-iteration", "the body changes what the loop runs over.",
                "loop over a copy: list(...) or tuple(...).",
            )  # fmt: skip

    def body(item: Item) -> None:
        statements.assign(ctx, node.target, item)
        statements.statements(ctx, node.body)

    _written_out(ctx, node, found.items, body, check)


def _written_out(
    ctx: Context, node: ast.For, items: Sequence[Item], body: Body,
    check: Callable[[int], None] = lambda position: None,
) -> None:  # fmt: skip
    """The body once for each item, as far as no jump has ended the loop."""
    if len(items) > _UNROLL_LIMIT:
        ctx.refuse(node, "unrolling", "this loop unrolls too often.", "loop over a range.")
    names = assigned_names([node.target, *node.body])
    for position, item in enumerate(items):

        def lower(item: Item = item) -> None:
            with ctx.looping():
                body(item)
            ctx.frame.names[SKIP] = False

        stop = flag(ctx.frame.names, STOP)
        if stop is True:
            break
        if isinstance(stop, Value):
            statements.guarded(ctx, node, stop, names, lower)
        else:
            lower()
        check(position)


def _walk(ctx: Context, node: ast.For, walk: Walk) -> None:
    if ctx.frame.jumps.stops:
        walk = downwards(ctx, node.iter, walk)

    def body(index: Item) -> None:
        statements.assign(ctx, node.target, walk.at(index, node.target))
        statements.statements(ctx, node.body)

    _counted(ctx, node, walk, walk.index_name(node.target), body)


def _nested(ctx: Context, node: ast.For, found: Nested) -> None:
    """One loop in the other; all of them assign what the body assigns."""

    def body(places: tuple[Item, ...]) -> None:
        level = len(places)
        if level == len(found.walks):
            statements.assign(ctx, node.target, found.element(places, node.target))
            statements.statements(ctx, node.body)
            return
        walk = found.walks[level]

        def step(index: Item) -> None:
            body((*places, walk.at(index, None)))

        _counted(ctx, node, walk, found.index_name(node.target, level), step)

    body(())


def _loop_path(node: ast.For) -> tuple[str, ...]:
    return (LOOP, f"{node.lineno}:{node.col_offset}")


def _counted(ctx: Context, node: ast.For, walk: Walk, name: str | None, body: Body) -> None:
    """A loop over a range; it unrolls where its variable has to be static."""
    # A tape of a loop that runs backwards would have to be told apart wherever it is handed on.
    walk = downwards(ctx, node.iter, walk)
    bounds = (walk.bounds.start, walk.bounds.stop, walk.bounds.step)
    operands = [ctx.lift(part, node.iter) for part in bounds]
    frame, builder, count = ctx.frame, ctx.builder, len(ctx.builder.operations)
    names, jumps, state = dict(frame.names), frame.jumps, ctx.memory.state.copy()
    running, problems = len(ctx.running), len(ctx.problems)
    if all(type(part) is int for part in bounds):
        ctx.short.add(_loop_path(node))
    try:
        ctx.builder.span = ctx.span(node.iter)
        sequence = ctx.builder.emit("range", operands, Range())
        ctx.running += walk.over
        _range_loop(ctx, node, sequence, walk.reverse, name or _free_index(ctx), body)
        del ctx.running[running:]
    except NeedsUnrolling as need:
        if need.path != _loop_path(node):
            raise
        frame.names, frame.jumps, ctx.builder = names, jumps, builder
        ctx.memory.state = state
        del ctx.running[running:]
        del builder.operations[count:]
        del ctx.problems[problems:]
        what = "the range of a loop that unrolls"
        places = range(*[ctx.static(part, node, what) for part in bounds])
        _written_out(ctx, node, places[::-1] if walk.reverse else places, body)


def _free_index(ctx: Context) -> str:
    """A name for the places of a loop, for which the user has none."""
    code = ctx.frame.source.function.__code__
    taken = {*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars, *ctx.loops}
    return next(name for name in ("i", "j", "k", "m", "n", "at") if name not in taken)


def _range_loop(
    ctx: Context, node: ast.For, sequence: Value, reverse: bool, name: str, body: Body
) -> None:
    carries = _carries(ctx, node, [node.target, *node.body])

    def lower(parameters: Sequence[Value]) -> tuple[Block, list[Item]]:
        index = Value(INT, name)
        ctx.origins[index] = _loop_path(node)
        with ctx.looping(name):
            return _body(ctx, node, carries, (*parameters, index), lambda: body(index))

    block = carries.settle(lower)
    exits = _exits(ctx, carries, block)
    trips = [Value(INT, "trips")] if exits else []
    ctx.builder.span = ctx.span(node.iter)
    attributes = {"exits": True} if exits else {"reverse": True} if reverse else {}
    ctx.builder.region(
        "for", (*carries.initial, sequence), (*carries.results, *trips), (block,),
        {"carry": len(carries.results), **attributes},
    )  # fmt: skip


def _carries(ctx: Context, node: ast.For | ast.While, nodes: Sequence[ast.AST]) -> _Carries:
    """The names that the loop assigns, and the jumps' flags that outlive an iteration."""
    names = ctx.frame.names
    names[RETURNED] = flag(names, RETURNED)
    return _Carries(ctx, node, [*assigned_names(nodes), *ctx.frame.jumps.carried])


def _body(
    ctx: Context, node: ast.For | ast.While, carries: _Carries, parameters: Sequence[Value],
    lower: Callable[[], None],
) -> tuple[Block, list[Item]]:  # fmt: skip
    """The loop's body; it yields one value more if it may stop the loop."""
    ctx.frame.names[RESULT] = UNBOUND  # who gets here hasn't returned
    lower()
    ends = carries.ends()
    following = carries.lifted(ends)
    stop = flag(ctx.frame.names, STOP)
    if stop is not False:
        following.append(ctx.lift(stop, node))
    return ctx.builder.block(parameters, following), ends


def _exits(ctx: Context, carries: _Carries, body: Block) -> bool:
    """Whether the loop may stop early; where no jump is left in it, the flags are as before."""
    if len(body.results) > len(carries.results):
        return True
    for name in ctx.frame.jumps.carried:
        ctx.frame.names[name] = carries.before.get(name, UNBOUND)
    return False


class _NeverRuns(Exception):
    """A loop whose condition is known to be false."""


def _while_loop(ctx: Context, node: ast.While) -> None:
    """`while`: the condition has a block of its own, with the same carries."""
    names, builder, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    carries = _carries(ctx, node, [node.test, *node.body])
    endless = False

    def lower(parameters: Sequence[Value]) -> tuple[tuple[Block, Block], list[Item]]:
        nonlocal endless
        with ctx.looping():
            test_block, endless = _while_condition(ctx, node, carries, parameters)
            body, ends = _body(
                ctx, node, carries, parameters, lambda: statements.statements(ctx, node.body)
            )
        return (test_block, body), ends

    try:
        blocks = carries.settle(lower)
    except _NeverRuns:
        ctx.frame.names, ctx.builder, ctx.memory.state = names, builder, state
        return
    exits = _exits(ctx, carries, blocks[1])
    if endless and not exits:
        ctx.refuse(
            node.test, "endless-loop", "this condition never changes while the loop runs.",
            "let the condition depend on something that the body assigns, or break.",
        )  # fmt: skip
    trips = Value(INT, "trips")
    ctx.builder.span = ctx.span(node.test)
    ctx.builder.region(
        "while", carries.initial, (*carries.results, trips), blocks,
        {"carry": len(carries.results), **({"exits": True} if exits else {})},
    )  # fmt: skip
    if endless and not breaks(node.body):
        ctx.frame.names[RETURNED] = True


def _while_condition(
    ctx: Context, node: ast.While, carries: _Carries, parameters: Sequence[Value]
) -> tuple[Block, bool]:
    """The condition over carries of its own, so that the two blocks share no values; whether it
    is always true."""
    outer, names, state = ctx.builder, dict(ctx.frame.names), ctx.memory.state.copy()
    own = [Value(p.type, p.name) for p in parameters]
    ctx.builder = outer.nested()
    carries.bind(own)
    bound = dict(ctx.function_names)
    test = condition(ctx, node.test)
    if not isinstance(test, Value) and not test:
        raise _NeverRuns
    refuse_bound(ctx, node.test, bound)
    if carries.objects.stored(own):
        ctx.refuse(
            node.test, "in-place-store", "the condition of this loop stores into an array.",
            "compute the condition in the loop's body.",
        )  # fmt: skip
    block = ctx.builder.block(own, (ctx.lift(test, node),))
    ctx.builder, ctx.frame.names, ctx.memory.state = outer, names, state
    return block, test is True


@dataclass
class _Slot:
    """One leaf of a carried name: what goes in, and the type found so far."""

    name: str
    initial: Item
    type: Type
    own: set[int]


class _Carries:
    """The names that a loop's body assigns, as loop-carried values."""

    def __init__(self, ctx: Context, node: ast.For | ast.While, names: list[str]) -> None:
        self.ctx = ctx
        self.node = node
        self.before = dict(ctx.frame.names)
        self.shapes: dict[str, Item] = {}
        self.slots: dict[str, list[_Slot]] = {}
        self.names = names
        self.initial: list[Value] = []
        self.results: list[Value] = []
        self.dropped: dict[str, Item] = {}
        self.kept: dict[str, Item] = {}
        self.retired: list[_Slot] = []  # kept, since slots are told apart by identity
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
            _Slot(word, leaf, self._type(leaf), set())
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

    def flat(self) -> list[_Slot]:
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
                    values.append(self.ctx.lift(leaf, self.node))
                freeze(item)
        return [*values, *self.objects.ends()]

    def settle(self, lower: Callable[[Sequence[Value]], tuple[Any, list[Item]]]) -> Any:
        """Lower the body until its results fit its carries; then bind what the loop gives."""
        ctx, outer, state = self.ctx, self.ctx.builder, self.ctx.memory.state
        for _ in range(50):
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
                self._finish()
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
                mutation.meet(self.ctx, self.before.get(name), item)
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
            self.slots[name] = [_Slot(word, UNBOUND, UNDEFINED, set()) for word, _ in carried]
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

    def _widen(self, slot: _Slot, leaf: Item) -> bool:
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
        for slot in self.flat():
            if slot.initial is UNBOUND:
                self.initial.append(ctx.undefined())
            else:
                self.initial.append(ctx.lift(slot.initial, self.node, shown(slot.name)))
            self.results.append(Value(_after(slot), shown(slot.name)))
        self.initial += self.objects.ends()
        self.results += self.objects.parameters()
        self.bind(self.results)


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


def _absorbs(slot: _Slot, found: Type) -> bool:
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


def _with_own_sizes(widened: Array | List, slot: _Slot, found: Type) -> Type:
    """Sizes that change from one iteration to the next become the slot's own unknowns."""
    if not isinstance(widened, Array):
        return widened
    sizes = []
    for old, new in zip(shape_of(slot.type), shape_of(found), strict=True):
        size = old if old == new or id(old) in slot.own else unknown()
        if size is not old:
            slot.own.add(id(size))
        sizes.append(size)
    return Array(widened.dtype, tuple(sizes), widened.weak)


def _after(slot: _Slot) -> Type:
    """After the loop the slot's own sizes are those of no particular iteration."""
    if not isinstance(slot.type, Array):
        return slot.type
    shape = tuple(
        unknown() if isinstance(size, Affine) and id(size) in slot.own else size
        for size in slot.type.shape
    )
    return Array(slot.type.dtype, shape, slot.type.weak)
