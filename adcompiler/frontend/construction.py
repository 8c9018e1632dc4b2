"""Objects made inside the function: dataclasses, named tuples, namespaces, partials.

    State(x=s.x + s.v, v=s.v)       a record of two values
    functools.partial(f, x)         f with x in front
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import types
from collections.abc import Mapping, Sequence
from typing import Any

from ..ir.core import Value
from . import calls, objects
from .binding import bind
from .captures import capture
from .context import Context
from .items import Item, Record, is_object
from .parameters import signature_of
from .records import is_generated, is_plain_tuple

__all__ = ["HANDLERS", "construct", "is_constructible"]


def is_constructible(callee: Any) -> bool:
    """A class of the user's own, rather than a type that the table or a handler knows."""
    return isinstance(callee, type) and (
        callee is types.SimpleNamespace
        or dataclasses.is_dataclass(callee)
        or (issubclass(callee, tuple) and hasattr(callee, "_fields"))
    )


def construct(
    ctx: Context, node: ast.AST, cls: Any, args: Sequence[Item], keywords: Mapping[str, Item]
) -> Item:
    """`State(x=..., v=...)`: a dataclass, a named tuple or a namespace."""
    if cls is types.SimpleNamespace and not args:
        return Record(cls, dict(keywords))
    if issubclass(cls, tuple) and is_plain_tuple(cls):
        signature = signature_of(cls.__new__)
        bound = bind(ctx, node, cls.__name__, signature, [None, *args], keywords)
        return cls._make(list(bound.values())[1:])
    if not is_generated(cls):
        ctx.refuse(
            node, "constructor", f"`{cls.__name__}` does more than keep its fields when it is made:"
            " it has an __init__, __new__ or __post_init__ of its own, or fields outside of them.",
            "make it outside the function, or use a plain dataclass.",
        )  # fmt: skip
    bound = bind(ctx, node, cls.__name__, signature_of(cls.__init__), [None, *args], keywords)
    fields = {}
    for field in dataclasses.fields(cls):
        item = bound[field.name]
        if field.default_factory is not dataclasses.MISSING and _is_marker(item):
            item = calls.invoke(ctx, node, field.default_factory, [], {}, None)
        elif item is field.default and not _is_plain(item):
            path = (*objects.class_path(ctx, cls), "<member __init__>", f"<default {field.name}>")
            item = capture(ctx, path, item, node)
        fields[field.name] = item
    return Record(cls, fields)


def _is_marker(item: Item) -> bool:
    """What stands for a default factory in the signature of a dataclass."""
    return type(item).__module__ == "dataclasses"


def _is_plain(item: Item) -> bool:
    return item is None or isinstance(item, (Value, int, float, complex, str)) or is_object(item)


def replaced(
    ctx: Context, node: ast.AST, name: str | None, item: Item, /, **changes: Item
) -> Item:
    """`dataclasses.replace(state, v=...)`."""
    if not isinstance(item, Record) or not is_generated(item.cls):
        ctx.refuse(
            node, "constructor", "dataclasses.replace() of something that is no dataclass, or that"
            " does more than keep its fields when it is made.", "make a new one by its class.",
        )  # fmt: skip
    strange = [key for key in changes if key not in item.fields]
    if strange:
        ctx.refuse(
            node, "arguments", f"`{item.cls.__name__}` has no field `{strange[0]}`.",
            f"its fields are {', '.join(item.fields)}.",
        )  # fmt: skip
    return Record(item.cls, {**item.fields, **changes})


def make_partial(
    ctx: Context, node: ast.AST, name: str | None, function: Item, /, *args: Item,
    **keywords: Item,
) -> Record:
    """`functools.partial(f, x)` inside the function."""
    return Record(functools.partial, {"func": function, "args": args, "keywords": keywords})


def _unchanged(function: Any) -> Any:
    """What `functools.wraps(f)` does to a function, as far as calls of it go."""
    return function


def wraps(ctx: Context, node: ast.AST, name: str | None, /, *args: Item, **keywords: Item) -> Any:
    return _unchanged


def unchanged(ctx: Context, node: ast.AST, name: str | None, item: Item) -> Item:
    return item


HANDLERS: dict[Any, Any] = {
    dataclasses.replace: replaced,
    functools.partial: make_partial,
    functools.wraps: wraps,
    _unchanged: unchanged,
}
