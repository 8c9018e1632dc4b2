"""Branches at run time: both sides are lowered, and what they make of the names is merged.

    if c:                              %y.2 = if %c:
        y = x                              yield %x
    else:                              else:
        y = x * x                          %y.1 = mul %x, %x
                                           yield %y.1

A flag that a jump has set is such a test, too: what the jump passes by is the other side. Where one
side always raises, nothing is merged. `merging` does the same for arrays that a side stores into.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..ir.core import Block, Name, Value
from ..ir.types import UNDEFINED, TypeMismatch, join
from . import growing
from .context import Context
from .instances import WAITS, attempt, settled_side
from .items import (
    LOST,
    UNBOUND,
    Ambiguous,
    Item,
    Record,
    freeze,
    is_number,
    leaf_names,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .jumps import FLAGS, RAISED, RESULT, RETURNED, SKIP, STOP, flag, results_alike, shown
from .memory import has_memory
from .merging import Merger
from .text_values import lift

__all__ = ["branches", "guarded"]


def branches(
    ctx: Context, node: ast.stmt, test: Value, lowers: Sequence[Callable[[Context], None]],
    names: Sequence[str],
) -> None:  # fmt: skip
    """Lower two sides of which a test at run time takes one; `names`: those that they bind."""
    before, outer, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    sides, waits = [], []
    for lower in lowers:
        ctx.frame.names, ctx.builder = dict(before), outer.nested()
        ctx.memory.state = state.copy()
        waits.append(attempt(ctx, lower))
        sides.append((ctx.frame.names, ctx.builder, ctx.memory.state))
    if any(isinstance(one, WAITS) for one in waits):
        pairs = [((w, n, s), b) for w, (n, b, s) in zip(waits, sides, strict=True)]
        found = settled_side(ctx, outer, pairs, lambda side: side[0])
        _, ctx.frame.names, ctx.memory.state = found
        return
    ctx.frame.names, ctx.builder, ctx.memory.state = before, outer, state
    if any(flag(side[0], RAISED) for side in sides):
        ctx.builder.span = ctx.span(getattr(node, "test", node))
        _without_raising(ctx, test, sides)
        return
    if not ctx.frame.jumps.loop and all(flag(side[0], RETURNED) is True for side in sides):
        names = [RETURNED, RESULT]
    before.update(_merge(ctx, node, test, sides, names))


def guarded(
    ctx: Context, node: ast.stmt, jumped: Value, names: Sequence[str], lower: Callable[[], None]
) -> None:
    """Lower what a jump may pass by: the other side of an `if` on the jump's flag."""
    before, outer, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    own = (SKIP, STOP) if ctx.frame.jumps.loop else (RETURNED,)
    passed = {**before, **{name: True for name in own if before.get(name) is jumped}}
    ctx.frame.names = {**before, **dict.fromkeys(own, False), RESULT: UNBOUND}
    ctx.builder, ctx.memory.state = outer.nested(), state.copy()
    waits = attempt(ctx, lambda ctx: lower())
    reached, builder, after = ctx.frame.names, ctx.builder, ctx.memory.state
    ctx.frame.names, ctx.builder, ctx.memory.state = before, outer, state
    if isinstance(waits, WAITS):
        before.update(passed)
        return
    if flag(reached, RAISED):
        ctx.builder.span = ctx.span(node)
        sides = [(passed, outer.nested(), state.copy()), (reached, builder, after)]
        _without_raising(ctx, jumped, sides)
        return
    for name in own:
        if reached[name] is False:  # no other jump: the flag stays what it was
            passed[name] = reached[name] = before.get(name, False)
    sides = [(passed, outer.nested(), state.copy()), (reached, builder, after)]
    before.update(_merge(ctx, node, jumped, sides, [*names, *FLAGS], {"guard": True}))


def _without_raising(ctx: Context, test: Value, sides: Sequence[Any]) -> None:
    """An `if` one of whose sides always raises: the other side goes on without an `else`, its names
    and operations become the block's own."""
    raising = 0 if flag(sides[0][0], RAISED) else 1
    names, going_on, state = sides[1 - raising]
    block, nothing = sides[raising][1].block((), ()), Block((), (), ())
    blocks = (block, nothing) if raising == 0 else (nothing, block)
    ctx.builder.region("if", (test,), (), blocks)
    ctx.builder.operations += going_on.operations
    ctx.frame.names, ctx.memory.state = names, state


def _merge(
    ctx: Context, node: ast.stmt, test: Value, sides: list[Any], names: Sequence[str],
    attributes: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Item]:  # fmt: skip
    """One `if` operation whose results are the leaves that differ between the two sides."""
    (then, then_builder, then_state), (other, other_builder, other_state) = sides
    merge = _Merge(ctx, node, (then_builder, then_state), (other_builder, other_state))
    merged = {}
    for name in names:
        missing = False if name in FLAGS and name != RESULT else UNBOUND
        items = then.get(name, missing), other.get(name, missing)
        merged[name] = merge.item(name, *(results_alike(*items) if name == RESULT else items))
    merge.objects()
    blocks: list[Block] = [
        then_builder.block((), [a for a, _, _ in merge.pairs]),
        other_builder.block((), [b for _, b, _ in merge.pairs]),
    ]
    ctx.builder.span = ctx.span(getattr(node, "test", node))
    ctx.builder.region("if", (test,), [r for _, _, r in merge.pairs], blocks, dict(attributes))
    merge.finish()
    return merged


def _is_plain(item: Item) -> bool:
    return is_number(item) or isinstance(item, str)


class _Merge:
    """Pairs the leaves of two sides of a branch; `pairs` holds (then, otherwise, result)."""

    def __init__(self, ctx: Context, node: ast.stmt, then: Any, other: Any) -> None:
        self.ctx = ctx
        self.node = node
        self.sides = (then, other)
        self.pairs: list[tuple[Value, Value, Value]] = []
        self.merged: dict[tuple[Item, Item], Value] = {}
        self.merger = Merger(ctx, node, self.sides)

    def objects(self) -> None:
        """Arrays from outside that a side has stored into."""
        self.pairs += self.merger.objects()

    def finish(self) -> None:
        self.merger.finish()

    def item(self, name: str, a: Item, b: Item) -> Item:
        if a is LOST or b is LOST:
            return LOST
        if a is b or (not isinstance(a, Value) and type(a) is type(b) and _is_plain(a) and a == b):
            return a
        if isinstance(a, Value) and isinstance(b, Value) and (a, b) in self.merged:
            return self.merged[a, b]  # two names for one array stay two names for one
        growing.meet(self.ctx, a, b)
        if isinstance(a, (tuple, list, dict, Record)) and same_structure(a, b):
            freeze(b)
            others = iter(list(leaves(b)))
            words = itertools.repeat(name) if name == RESULT else leaf_names(a, name)
            return rebuild(a, lambda leaf: self.item(next(words), leaf, next(others)))
        if not all(isinstance(i, Value) or _is_plain(i) or i is UNBOUND for i in (a, b)):
            try:
                if a == b:
                    return a
            except Exception:
                pass
            where = "the result" if name == RESULT else f"`{name}`"
            return Ambiguous(f"{where} stands for different kinds of things on the two paths.")
        for side, one in enumerate((a, b)):
            with self.merger.on(side):
                if isinstance(one, Value) and self.ctx.memory.is_lost(one):
                    return Ambiguous(self.ctx.lost_reason(one))
        result = self.result(name, self.lift(0, a), self.lift(1, b))
        self.merger.relate(result, a, b)
        if isinstance(result, Value) and has_memory(result):
            self.merged[a, b] = result
        return result

    def lift(self, side: int, item: Item) -> Value:
        with self.merger.on(side):
            return self.ctx.undefined() if item is UNBOUND else lift(self.ctx, item, self.node)

    def result(self, name: str, a: Value, b: Value) -> Item:
        try:
            type_ = join(a.type, b.type)
        except TypeMismatch as error:
            return Ambiguous(f"`{name}` has different types on the two paths: {error}.")
        hint: Name = shown(name)
        if name == RESULT:
            names = {v.name for v in (a, b) if v.type != UNDEFINED}
            hint = names.pop() if len(names) == 1 else None
        result = Value(type_, hint)
        if type_ == UNDEFINED:
            return UNBOUND
        self.pairs.append((a, b, result))
        return result
