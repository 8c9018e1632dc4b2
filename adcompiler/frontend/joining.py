"""`np.stack`, `np.concatenate` and their kin of a list whose length is known only at run time.

    ys = []
    for v in x: ys.append(f(v))
    np.stack(ys)                      stack_whole[axis=0] %ys
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.sizes import is_known
from ..ir.types import List, rank, shape_of
from .context import Context
from .items import Item
from .iteration import gathered

__all__ = ["JOINING"]


# What the others make of a list of arrays of these ranks; of higher ones, what the last makes.
_AS: dict[Any, tuple[tuple[Any, int], ...]] = {
    np.vstack: ((np.stack, 0), (np.concatenate, 0)),
    np.hstack: ((np.concatenate, 0), (np.concatenate, 1)),
    np.column_stack: ((np.stack, 1), (np.concatenate, 1)),
}


def _kindred(function: Any) -> Callable[..., Item]:
    called = f"np.{function.__name__}"

    def handler(ctx: Context, node: ast.Call, name: str | None, tup: Item, **cast: Item) -> Item:
        from .table_calls import operation

        items = gathered(ctx, node, tup)
        if not isinstance(items, Value) or not isinstance(items.type, List):
            return operation(ctx, node, function, [items], cast, name)
        now = ctx.read(items, node).type
        assert isinstance(now, List)
        count = rank(now.element)
        if not count:
            ctx.refuse(
                node, "unsupported-call", f"{called} of numbers, in a list whose length is known"
                " only at run time.", "use np.array(...).",
            )  # fmt: skip
        joins = _AS[function]
        plain, axis = joins[min(count, len(joins)) - 1]
        return JOINING[plain](ctx, node, name, items, axis, **cast)

    return handler


def _joining(function: Any, opcode: str) -> Callable[..., Item]:
    called = f"np.{function.__name__}"

    def handler(
        ctx: Context, node: ast.Call, name: str | None, arrays: Item, axis: Item = 0, **cast: Item
    ) -> Item:
        from .table_calls import operation

        items = gathered(ctx, node, arrays)
        if not isinstance(items, Value) or not isinstance(items.type, List):
            return operation(ctx, node, function, [items], {"axis": axis, **cast}, name)
        if cast:
            ctx.refuse(
                node, "unsupported-argument", f"{called} of a list whose length is known only at"
                f" run time is not supported with `{next(iter(cast))}=`.",
                "cast the result with .astype(...).",
            )  # fmt: skip
        now = ctx.read(items, node).type
        assert isinstance(now, List)
        place = ctx.static(axis, node, f"`axis=` of {called}")
        axes = rank(now.element) + (function is np.stack)
        if type(place) is not int or not -axes <= place < axes:
            ctx.refuse(
                node, "operation", f"`axis={place!r}` of {called} is no axis of these.",
                "name an axis by its number, from 0.",
            )  # fmt: skip
        if function is np.concatenate and not all(map(is_known, shape_of(now.element))):
            ctx.refuse(
                node, "unsupported-call", "np.concatenate of parts whose sizes may differ, in a"
                " list whose length is known only at run time.",
                "use arrays of one shape, or np.stack.",
            )  # fmt: skip
        return ctx.emit(node, opcode, (items,), {"axis": place}, name)

    return handler


JOINING: dict[Any, Callable[..., Item]] = {
    np.stack: _joining(np.stack, "stack_whole"),
    np.concatenate: _joining(np.concatenate, "concatenate_whole"),
    **{function: _kindred(function) for function in _AS},
}
