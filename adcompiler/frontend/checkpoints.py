"""The calls and loops that `checkpoint` marks for the gradient.

    y = checkpoint(f)(x)             %y = invoke[callee=f, recompute=True] %x

    for i in checkpoint(range(n)):   (see `segments`)
        y = step(y)

A checkpointed function is a function of its own in the IR, as one that calls itself is. Its
backward part takes its arguments instead of what it would have saved.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from ..ir.core import Value
from . import calls
from .context import Context
from .instances import Callee
from .items import DictView, Item, LocalFunction, RangeItem
from .iteration import OneWay, one_way
from .marks import checkpoint
from .recursion import called
from .segments import segments

__all__ = ["HANDLERS", "Checkpointed", "call_again"]

@final
@dataclass(frozen=True, eq=False)
class Checkpointed:
    """What `checkpoint(f)` gives, before the call."""

    function: Item


def call_again(
    ctx: Context, node: ast.AST, item: Checkpointed, args: list[Item], keywords: dict[str, Item],
    name: str | None,
) -> Item:  # fmt: skip
    """A call that is made again in the backward part: of a function of its own."""
    function = item.function
    count, words = len(args), list(keywords)
    bound = dict(zip([*_names(function, count), *words], [*args, *keywords.values()], strict=True))

    def lower(bound: dict[str, Item], name: str | None) -> Item:
        given = list(bound.values())
        named = dict(zip(words, given[count:], strict=True))
        return calls.invoke(ctx, node, function, given[:count], named, name)

    known_as = _name(function)
    lasting = isinstance(function, types.FunctionType)
    key = (checkpoint, function if lasting else item)
    return called(ctx, node, Callee(key, known_as, lower, lasting, again=True), bound, name)


def _made(
    ctx: Context, node: ast.Call, name: str | None, what: Item, *, every: Item = None
) -> Item:
    """`checkpoint(...)` of what can be iterated over, else of what can be called."""
    if isinstance(what, _ITERABLE):
        return one_way(ctx, "checkpoint", segments(ctx, node, what, every))
    if every is not None:
        ctx.refuse(
            node, "checkpoint", "checkpoint() of a function takes no `every`.", "leave it out."
        )
    return Checkpointed(what)


_ITERABLE = (Value, tuple, list, dict, str, RangeItem, OneWay, DictView)

HANDLERS: dict[Any, Callable[..., Item]] = {checkpoint: _made}


def _names(function: Item, count: int) -> list[str]:
    """The names of the first arguments, as far as the function tells them."""
    code = getattr(function, "__code__", None)
    found: list[str] = []
    if code is not None:
        found = list(code.co_varnames[: code.co_argcount])
    elif isinstance(function, LocalFunction):
        found = [a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args)]
    return [*found[:count], *(f"x{k}" for k in range(len(found), count))]


def _name(function: Item) -> str:
    if isinstance(function, LocalFunction):
        found = getattr(function.node, "name", None)
    else:
        found = getattr(function, "__name__", None)
    return found if isinstance(found, str) and found.isidentifier() else "function"
