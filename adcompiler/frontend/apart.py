"""Functions that are lowered apart from the function around them: a gate's own, and its rules."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Value, walk
from . import calls
from .binding import arguments_for
from .context import Context, Path
from .items import Item, leaves, rebuild
from .merging import sealed
from .source import read_function

__all__ = ["lower_apart", "outside_values"]


def lower_apart(
    ctx: Context, node: ast.AST, function: Any, path: Path, arguments: list[Item],
    bound: Mapping[str, Item] | None = None,
) -> tuple[Builder, Item]:  # fmt: skip
    """Inline a function into a builder of its own: the builder, and what the function returns.

    `bound`: its parameters, where these are known already.
    """
    if bound is None:
        bound = arguments_for(ctx, node, function, path, arguments, {})
    outer, ctx.builder = ctx.builder, Builder(ctx.builder.span)
    try:
        with sealed(ctx, node, f"the gate's function `{function.__name__}`"):
            ctx.apart = True
            item = calls.inline(ctx, node, read_function(function), path, dict(bound), None, None)
            item = rebuild(item, lambda leaf: _held(ctx, node, leaf))
        made = Block((), tuple(ctx.builder.operations), ())
        if any("callee" in op.attributes for op in walk(made)):
            ctx.refuse(
                node, "recursion", "a gate's function, or its rule, calls a function that calls"
                " itself.", "write the recursion as a loop.",
            )  # fmt: skip
        return ctx.builder, item
    finally:
        ctx.builder = outer


def _held(ctx: Context, node: ast.AST, leaf: Item) -> Item:
    """An array as what it holds when the function returns."""
    return ctx.lift(leaf, node) if isinstance(leaf, Value) else leaf


def outside_values(ctx: Context, block: Block) -> list[Value]:
    """Values from outside of the function around that the block reads."""
    outside = {
        leaf for capture in ctx.captures.values() for leaf in leaves(capture.item)
        if isinstance(leaf, Value)
    } | {*ctx.live.values()}  # fmt: skip
    used = [v for op in walk(block) for v in op.operands] + list(block.results)
    return list(dict.fromkeys(v for v in used if v in outside))
