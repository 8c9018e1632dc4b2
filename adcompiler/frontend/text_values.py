"""Strings made at run time: f-strings, `str(x)`, `"..." % x`, `"...".format(x)`, sums of strings.

    f"x is {x:.3f}"       text[f'x is {$0:.3f}'] %x        (a value of type static)
    f"step {3}"           "step 3"                         (all of it known: computed now)
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Static
from ..ops.effects import Template
from .computing import computed
from .context import Context
from .items import Item
from .references import Written, is_plain

__all__ = ["binary", "converted", "f_string", "involves_text", "is_text", "lift", "made", "method"]


def is_text(item: Item) -> bool:
    """A string, known now or only at run time."""
    return isinstance(item, str) or (isinstance(item, Value) and item.type == Static())


def made(ctx: Context, written: Written, tree: ast.expr, name: str | None) -> Value:
    """What a template with holes gives."""
    ctx.builder.span = ctx.span(written.node)
    return ctx.builder.emit(
        "text", written.operands, Static(), name, {"template": Template(tree)}
    )


def lift(ctx: Context, item: Item, node: ast.AST) -> Value:
    """An item as one value; a string as well, where a branch chooses among several."""
    if isinstance(item, str):
        return made(ctx, Written(ctx, node), ast.Constant(item), None)
    return ctx.lift(item, node)


def f_string(ctx: Context, node: ast.JoinedStr, name: str | None) -> Item:
    """An f-string; a string, if all that it shows is known."""
    written = Written(ctx, node)
    parts = _parts(ctx, node, written)
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return made(ctx, written, _joined(parts), name)


def _joined(parts: list[str | ast.expr]) -> ast.JoinedStr:
    return ast.JoinedStr([ast.Constant(p) if isinstance(p, str) else p for p in parts])


def _parts(ctx: Context, node: ast.JoinedStr, written: Written) -> list[str | ast.expr]:
    """The f-string's parts: text, and fields for what is known only at run time."""
    from .expressions import expression

    parts: list[str | ast.expr] = []
    for part in node.values:
        if not isinstance(part, ast.FormattedValue):
            parts.append(str(part.value))  # type: ignore[attr-defined]
            continue
        item = expression(ctx, part.value)
        spec = part.format_spec
        inner = _parts(ctx, spec, written) if isinstance(spec, ast.JoinedStr) else []
        plain = is_plain(item) and all(isinstance(one, str) for one in inner)
        joined = _joined(inner) if inner else None
        shown = ast.Name("item", ast.Load()) if plain else written.item(item, part.value)
        field = ast.FormattedValue(shown, part.conversion, joined)
        parts.append(_formatted(ctx, node, field, item) if plain else field)
    return parts


def _formatted(ctx: Context, node: ast.AST, field: ast.FormattedValue, item: Item) -> str:
    whole: Any = ast.Expression(ast.JoinedStr([field]))
    code = compile(ast.fix_missing_locations(whole), "<f-string>", "eval")
    found: str = computed(ctx, node, lambda: eval(code, {"item": item}))
    return found


def involves_text(op: Any, left: Item, right: Item) -> bool:
    """Whether an operator has to do with a string made at run time."""
    if is_plain(left) and is_plain(right):
        return False
    if any(isinstance(item, Value) and is_text(item) for item in (left, right)):
        return True
    if isinstance(op, ast.Mult):
        return isinstance(left, str) or isinstance(right, str)
    return isinstance(left, str) and isinstance(op, ast.Mod)


_OPERATORS = (ast.Add, ast.Mod, ast.Mult)


def binary(
    ctx: Context, node: ast.AST, op: Any, left: Item, right: Item, name: str | None
) -> Item:
    """`"loss " + str(x)`, `"%.3f" % x`, `"-" * n`."""
    fits = isinstance(op, _OPERATORS) and {
        ast.Add: is_text(left) and is_text(right),
        ast.Mod: is_text(left),
        ast.Mult: True,
    }[type(op)]
    if not fits:
        ctx.refuse(
            node, "text", "what this operator gives for a string made at run time is not known"
            " when the function is compiled.", "only print, raise, log or join such strings.",
        )  # fmt: skip
    written = Written(ctx, node)
    tree = ast.BinOp(written.item(left), op, written.item(right))
    return made(ctx, written, tree, name)


def converted(function: Any) -> Callable[..., Item]:
    """`str`, `repr`, `format` and `ascii` of anything."""

    def handler(ctx: Context, node: ast.Call, name: str | None, *items: Item) -> Item:
        if all(map(is_plain, items)):
            return computed(ctx, node, lambda: function(*items))
        written = Written(ctx, node)
        callee = ast.Name(f"$builtin.{function.__name__}", ast.Load())
        return made(ctx, written, written.call(callee, node, list(items), {}), name)

    return handler


_METHODS = (
    *("format", "join", "upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip"),
    *("ljust", "rjust", "center", "zfill", "replace", "expandtabs"),
)


def method(
    ctx: Context, node: ast.AST, text: Item, word: str, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    """A method of a string."""
    everything = (text, *args, *keywords.values())
    if all(map(is_plain, everything)) and hasattr(str, word):
        return computed(ctx, node, lambda: getattr(text, word)(*args, **keywords))
    if any(hasattr(kind, word) for kind in (np.random.Generator, np.random.RandomState)):
        ctx.refuse(
            node, "operation", f"`.{word}` draws from one random generator or another, depending on"
            " what happens at run time.", "make one generator, before the branch or loop.",
        )  # fmt: skip
    if word not in _METHODS:
        ctx.refuse(
            node, "text", f"what `.{word}` gives for a string made at run time is not known when"
            " the function is compiled.", "only print, raise, log or join such strings.",
        )  # fmt: skip
    written = Written(ctx, node)
    callee = ast.Attribute(written.item(text), word, ast.Load())
    return made(ctx, written, written.call(callee, node, args, keywords), name)
