"""Where the two sides of a branch meet again: what either has stored into, and who may be whom.

    if c:                              %a.2 = if %c:
        a[0] = x                           %a.1 = update[key=(0,)] %a, %x
                                           yield %a.1
                                       else:
                                           yield %a          (the object %a now holds %a.2)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.sizes import unknown
from ..ir.types import List, Type
from .context import Context
from .items import Item
from .memory import State, has_memory

__all__ = ["Merger", "changeable", "local_values", "sealed"]

Side = tuple[Builder, State]


def local_values(builder: Builder) -> set[Value]:
    """What a region makes itself; nobody outside knows these objects."""
    return {v for op in builder.operations for v in op.results}


def changeable(type_: Type) -> Type:
    """The type of an object wherever it may be another one's length by then."""
    return List(type_.element, unknown()) if isinstance(type_, List) else type_


@contextmanager
def sealed(ctx: Context, node: ast.AST, what: str) -> Iterator[None]:
    """Lower a function apart, with a builder of its own: it may store into arrays that it makes,
    but into no other, since its caller couldn't see that."""
    before = ctx.memory.state
    ctx.memory.state = before.copy()
    try:
        yield
        stored = ctx.memory.changed(before, local_values(ctx.builder))
    finally:
        ctx.memory.state = before
    if stored:
        told = f"`{stored[0].name}`" if isinstance(stored[0].name, str) else "an array"
        ctx.refuse(
            node, "in-place-store", f"{what} stores into {told}, which it doesn't make itself.",
            "let it work on a copy, and return that.",
        )  # fmt: skip


class Merger:
    """Two sides of a branch, each with its operations and the state of memory at its end."""

    def __init__(self, ctx: Context, node: ast.AST, sides: tuple[Side, Side]) -> None:
        self.ctx = ctx
        self.node = node
        self.sides = sides
        self.before = ctx.memory.state
        self.merged: dict[Value, Value] = {}

    @contextmanager
    def on(self, side: int) -> Iterator[None]:
        """Lower on that side."""
        ctx, (builder, state) = self.ctx, self.sides[side]
        outer, before = ctx.builder, ctx.memory.state
        ctx.builder, ctx.memory.state = builder, state
        try:
            yield
        finally:
            ctx.builder, ctx.memory.state = outer, before

    def objects(self) -> list[tuple[Value, Value, Value]]:
        """(then, otherwise, result) for each object that either side has stored into."""
        pairs = []
        for owner in dict.fromkeys([*self._changed(0), *self._changed(1)]):
            values = []
            for side in (0, 1):
                with self.on(side):
                    values.append(self.ctx.memory.current(owner, self.ctx.builder))
            self.merged[owner] = Value(changeable(owner.type), owner.name)
            pairs.append((values[0], values[1], self.merged[owner]))
        return pairs

    def _changed(self, side: int) -> list[Value]:
        with self.on(side):
            return self.ctx.memory.changed(self.before, local_values(self.sides[side][0]))

    def finish(self) -> None:
        """The state after the branch."""
        memory = self.ctx.memory
        memory.state.now.update(self.merged)
        for index, (builder, _) in enumerate(self.sides):
            with self.on(index):
                lost = memory.newly_lost(self.before, local_values(builder))
            memory.state.lost.update(dict.fromkeys(lost))
            memory.forget(local_values(builder))

    def relate(self, result: Item, *items: Item) -> None:
        """The result is one of the items, nobody knows which."""
        if not isinstance(result, Value) or not has_memory(result):
            return
        owners = [
            self.ctx.memory.owner(item)
            for item in items
            if isinstance(item, Value) and has_memory(item)
        ]
        self.ctx.memory.relate(result, owners)
