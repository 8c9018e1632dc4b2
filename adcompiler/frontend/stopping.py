"""Calls of `stop_gradient`: every float of a structure is stopped by itself.

    params = stop_gradient(params)       params: {"w": %0, "b": %1}      %0 = stop %params_w
                                                                         %1 = stop %params_b
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..ir.core import Value
from ..ir.types import is_differentiable
from ..ops.stopping import stop_gradient
from .context import Context
from .items import UNBOUND, Ambiguous, DictView, Item, in_words, is_constant, rebuild

__all__ = ["HANDLERS"]

def _stop(ctx: Context, node: ast.Call, name: str | None, x: Item) -> Item:
    alone = isinstance(x, Value)

    def leaf(item: Item) -> Item:
        if isinstance(item, Value):
            if not is_differentiable(item.type):
                return item
            return ctx.emit(node, "stop", (item,), {}, name if alone else None)
        if item is UNBOUND or isinstance(item, Ambiguous):
            ctx.refuse_item(item, node)
        if not is_constant(item):
            _refuse(ctx, node, item)
        return item

    if isinstance(x, DictView):
        _refuse(ctx, node, x)
    return rebuild(x, leaf)


def _refuse(ctx: Context, node: ast.Call, item: Item) -> None:
    ctx.refuse(
        node, "not-a-value", f"what {in_words(item)} holds can't be stopped as a whole.",
        "stop the numbers and arrays that are read from it.",
    )  # fmt: skip


HANDLERS: dict[Any, Callable[..., Item]] = {stop_gradient: _stop}
