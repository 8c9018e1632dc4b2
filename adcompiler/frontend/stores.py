"""Stores into arrays: `a[i] = v`, `a[i] += v`, `a += v`, `np.add.at`, `out=`.

    a[1:] = v                 %a.1 = update[key=1:] %a, %v
    a[i] += v                 %a.2 = add_at[key=(Slot(0),)] %a.1, %v, %i
    a *= v                    %0 = index[key=...] %a.2
                              %1 = mul %0, %v
                              %a.3 = update[key=..., augmented=True] %a.2, %1

Whose memory it is, and who else sees it, `memory` knows.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..ir.core import Value
from ..ir.types import List, kind_of
from ..ops.keys import may_repeat
from . import arithmetic, expressions, growing
from .context import Context
from .items import Item, in_words
from .memory import has_memory
from .subscripts import index_key

__all__ = [
    "AT",
    "STORING",
    "augmented",
    "store_at",
    "store_element",
    "store_whole",
    "storing",
    "ufunc_at",
]

_WHOLE: tuple[Any, ...] = (Ellipsis,)


def store_element(ctx: Context, target: ast.Subscript, owner: Item, item: Item) -> None:
    """`owner[index] = item`."""
    array = _array(ctx, target, owner)
    operands: list[Value] = []
    key = index_key(ctx, target.slice, operands)
    _update(ctx, target, array, key, operands, item)


def store_whole(ctx: Context, node: ast.AST, owner: Item, item: Item) -> Value:
    """`owner[...] = item`, as `out=` does it; gives the array."""
    array = _array(ctx, node, owner)
    _update(ctx, node, array, _WHOLE, [], item)
    return array


def store_at(
    ctx: Context, node: ast.AST, owner: Item, key: tuple[Any, ...], operands: list[Value],
    item: Item,
) -> None:  # fmt: skip
    """`owner[key] = item`, with a key that is a template already."""
    _update(ctx, node, _array(ctx, node, owner), key, operands, item)


def augmented(ctx: Context, node: ast.AugAssign, owner: Item, index: ast.expr | None) -> None:
    """`owner[index] op= value`, or `owner op= value` of a whole array."""
    array = _array(ctx, node, owner)
    operands: list[Value] = []
    key = _WHOLE if index is None else index_key(ctx, index, operands)
    plain = isinstance(array.type, List) or not may_repeat(key, [v.type for v in operands])
    if isinstance(node.op, (ast.Add, ast.Sub)) and plain:
        added = _unchanging(ctx, node, array)
        sign = {} if isinstance(node.op, ast.Add) else {"sign": -1}
        _change(ctx, node, "add_at", array, key, operands, added, sign)
        return
    before = ctx.emit(node, "index", (array, *operands), {"key": key})
    value = _unchanging(ctx, node, array)
    after = arithmetic.binary(ctx, node, node.op, before, value)
    _change(ctx, node, "update", array, key, operands, after, {"augmented": True})


def _unchanging(ctx: Context, node: ast.AugAssign, array: Value) -> Item:
    """The right-hand side, which is computed after the left has been read."""
    owner = ctx.memory.owner(array)
    before = ctx.memory.state.now.get(owner)
    value = expressions.expression(ctx, node.value)
    if ctx.memory.state.now.get(owner) is not before:
        ctx.refuse(
            node, "in-place-store", "the right-hand side stores into the array that this augmented"
            " assignment changes.", "compute the right-hand side on a line of its own.",
        )  # fmt: skip
    return value


def _array(ctx: Context, node: ast.AST, owner: Item) -> Value:
    if isinstance(owner, Value) and has_memory(owner):
        return owner
    if not isinstance(owner, Value):
        ctx.refuse_item(owner, node)
    return ctx.refuse(
        node, "in-place-store", f"{in_words(owner)} has no elements to store into.",
        "store into arrays of at least one dimension.",
    )  # fmt: skip


def _update(
    ctx: Context, node: ast.AST, array: Value, key: tuple[Any, ...], operands: list[Value],
    item: Item,
) -> None:  # fmt: skip
    _change(ctx, node, "update", array, key, operands, item, {})


def _change(
    ctx: Context, node: ast.AST, opcode: str, array: Value, key: tuple[Any, ...],
    operands: list[Value], item: Item, more: dict[str, Any],
) -> None:  # fmt: skip
    """Give the array's object its new value."""
    value = ctx.lift(item, node)
    if isinstance(value.type, List):
        value = ctx.emit(node, "asarray", (value,), {})
    _check_kinds(ctx, node, value, array)
    place = ctx.memory.place(array)
    if any(step.entry.fixed for step in place.views):
        ctx.refuse(
            node, "in-place-store", "NumPy doesn't let this view be written to: it is a diagonal,"
            " or an array that was stretched.", "store into a copy of it (.copy()).",
        )  # fmt: skip
    views = {"views": place.views} if place.views else {}
    owner = place.owner
    result = ctx.emit(
        node, opcode, (owner, value, *operands, *place.operands), {"key": key, **views, **more},
        owner.name if isinstance(owner.name, str) else None,
    )  # fmt: skip
    growing.check_element(ctx, node, owner, result)
    ctx.memory.store(owner, result)


def _check_kinds(ctx: Context, node: ast.AST, value: Value, array: Value) -> None:
    if kind_of(value.type) == "complex" and kind_of(array.type) != "complex":
        ctx.refuse(
            node, "in-place-store", "a complex number is stored into an array of real ones.",
            "make the array complex, or store .real.",
        )  # fmt: skip


@final
@dataclass(frozen=True)
class UfuncAt:
    """`np.add.at`, before the call."""

    sign: int

    def __call__(
        self, ctx: Context, node: ast.Call, name: str | None, a: Item, indices: Item, b: Item
    ) -> None:
        array = _array(ctx, node, a)
        operands: list[Value] = []
        key = index_key(ctx, node.args[1], operands, indices)
        more = {} if self.sign == 1 else {"sign": self.sign}
        _change(ctx, node, "add_at", array, key, operands, b, more)


AT: dict[object, UfuncAt] = {np.add: UfuncAt(1), np.subtract: UfuncAt(-1)}
STORING: dict[Any, Any] = {at: at for at in AT.values()}


def storing(callee: Any) -> Any:
    """What a call of it stores, if it is there for that."""
    return STORING.get(callee) if isinstance(callee, Hashable) else None


def ufunc_at(ctx: Context, node: ast.Call, ufunc: np.ufunc) -> UfuncAt:
    """What stands for `ufunc.at`."""
    found = AT.get(ufunc)
    if found is None:
        ctx.refuse(
            node, "unknown-function", f"np.{ufunc.__name__}.at has no derivative in the table.",
            "use np.add.at, np.subtract.at, or a loop.",
        )  # fmt: skip
    return found
