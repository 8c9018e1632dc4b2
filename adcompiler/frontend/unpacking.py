"""Unpacking: the parts of a tuple, a list or an array that a tuple of targets gets.

    a, b = theta          %n: int = size[axis=0] %theta
                          %0 = lt %n, 2
                          if %0: effect[raise ValueError('not enough values to unpack ...')] %n
                          %1 = gt %n, 2
                          if %1: effect[raise ValueError('too many values to unpack ...')]
                          %a = index[key=(0,)] %theta
                          %b = index[key=(1,)] %theta

Where the length is known when the function is compiled nothing is left to be asked.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from ..ir.core import Block, Value
from ..ir.types import Array, List, rank
from ..ops.effects import Template
from . import mutation
from .context import Context
from .items import Item, in_words
from .iteration import known
from .names import size_item
from .references import Written

__all__ = ["unpacked"]


def unpacked(
    ctx: Context, node: ast.expr, targets: Sequence[ast.expr], item: Item
) -> Sequence[Item]:
    """A part for each target, a list for a starred one."""
    stars = [k for k, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if isinstance(item, Value):
        parts: Any = _rows(ctx, node, item, len(targets), bool(stars))
    else:
        parts = known(ctx, node, item, "the length of what is unpacked")
    if stars and len(parts) >= len(targets) - 1:
        star, after = stars[0], len(targets) - stars[0] - 1
        middle = mutation.own_list(ctx, targets[star], parts[star : len(parts) - after])
        parts = [*parts[:star], middle, *parts[len(parts) - after :]]
    if len(parts) != len(targets):
        ctx.refuse(
            node, "unpacking", f"{len(targets)} names can't be unpacked from this.",
            "unpack as many values as there are names.",
        )  # fmt: skip
    return list(parts)


def _rows(
    ctx: Context, node: ast.expr, value: Value, count: int, starred: bool
) -> tuple[Item, ...]:
    """An array or a list of numbers unpacks along its first axis; a length that isn't known is
    checked when the function runs."""
    if not isinstance(value.type, (Array, List)) or not rank(value.type):
        ctx.refuse(node, "unpacking", f"{in_words(value)} can't be unpacked.", "index it.")
    size = size_item(ctx, node, value, 0)
    if not isinstance(size, Value):
        count = size
    elif starred:
        ctx.refuse(
            node, "unpacking", "how many values the starred name gets is known only at run time.",
            "slice: a, rest = x[0], x[1:].",
        )  # fmt: skip
    else:
        not_enough = f"not enough values to unpack (expected {count}, got "
        _raise_if(ctx, node, "lt", size, count, not_enough)
        _raise_if(ctx, node, "gt", size, count, f"too many values to unpack (expected {count})")
    return tuple(ctx.emit(node, "index", (value,), {"key": (k,)}) for k in range(count))


def _raise_if(
    ctx: Context, node: ast.expr, opcode: str, size: Value, count: int, message: str
) -> None:
    """Raise what Python raises where the comparison holds; a message that is left open tells the
    length."""
    wrong = ctx.emit(node, opcode, (size, count), {"via": "op"})
    written = Written(ctx, node)
    text: ast.expr = ast.Constant(message)
    if message.endswith("got "):
        got = ast.FormattedValue(written.item(size), -1, None)
        text = ast.JoinedStr([text, got, ast.Constant(")")])
    error = ast.Call(ast.Name("$builtin.ValueError", ast.Load()), [text], [])
    outer, ctx.builder = ctx.builder, ctx.builder.nested()
    ctx.builder.region(
        "effect", written.operands, (), (), {"template": Template(ast.Raise(error, None))}
    )
    inner, ctx.builder = ctx.builder, outer
    ctx.builder.region("if", (wrong,), (), (inner.block((), ()), Block((), (), ())))
