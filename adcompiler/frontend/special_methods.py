"""What Python looks up in the class of an object: calls, operators, `len()`, subscripts, truth.

    2.0 * state      State.__rmul__(state, 2.0), inlined
    model(x)         type(model).__call__(model, x), inlined
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Mapping, Sequence

from ..ir.core import Value
from ..ir.types import Scalar
from . import calls, objects
from .context import Context
from .items import Instance, Item, Record, in_words, is_namedtuple, is_object

__all__ = ["by_method", "call_object", "has_operators", "operator", "truth", "unary"]


def call_object(
    ctx: Context, node: ast.AST, callee: Instance | Record, args: Sequence[Item],
    keywords: Mapping[str, Item], name: str | None,
) -> Item:  # fmt: skip
    """A call of a method with its object, of a partial, or of an object with `__call__`."""
    match callee:
        case Record(types.MethodType, fields):
            first = [fields["__self__"], *args]
            return calls.invoke(ctx, node, fields["__func__"], first, dict(keywords), name)
        case Record(functools.partial, fields):
            first = [*fields["args"], *args]
            both = {**fields["keywords"], **keywords}
            return calls.invoke(ctx, node, fields["func"], first, both, name)
    function = objects.special(ctx, callee, "__call__")
    if function is None:
        ctx.refuse(
            node, "not-callable", f"{in_words(callee)} has no `__call__` in Python.",
            "call a function or a method.",
        )  # fmt: skip
    return calls.invoke(ctx, node, function, [callee, *args], dict(keywords), name)


def truth(ctx: Context, node: ast.AST, item: Instance | Record) -> bool:
    """An object is true, unless its class says something about it."""
    for name in ("__bool__", "__len__"):
        if hasattr(objects.class_behind(item), name):
            ctx.refuse(
                node, "truth-value", f"whether {in_words(item)} is true is up to its `{name}`.",
                "call the method that you mean, or compare with None.",
            )  # fmt: skip
    objects.class_of(ctx, item)
    return True


_NAMES: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("__add__", "__radd__"), ast.Sub: ("__sub__", "__rsub__"),
    ast.Mult: ("__mul__", "__rmul__"), ast.Div: ("__truediv__", "__rtruediv__"),
    ast.MatMult: ("__matmul__", "__rmatmul__"), ast.Pow: ("__pow__", "__rpow__"),
    ast.FloorDiv: ("__floordiv__", "__rfloordiv__"), ast.Mod: ("__mod__", "__rmod__"),
    ast.Lt: ("__lt__", "__gt__"), ast.LtE: ("__le__", "__ge__"), ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"), ast.USub: ("__neg__", ""), ast.UAdd: ("__pos__", ""),
}  # fmt: skip


def has_operators(item: Item) -> bool:
    """An object, or a named tuple whose class gives operators a meaning of its own."""
    return is_object(item) or (
        is_namedtuple(item)
        and any(
            getattr(type(item), name, None) is not getattr(tuple, name, None)
            for both in _NAMES.values()
            for name in filter(None, both)
        )
    )


def operator(
    ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item, name: str | None
) -> Item:
    """`a + b` where one is an object: the method of its class."""
    direct, reflected = _NAMES.get(type(op), ("", ""))
    unclear = isinstance(left, Value) and not isinstance(left.type, Scalar)
    if has_operators(left) and has_operators(right):
        first, second = objects.class_behind(left), objects.class_behind(right)
        # The method of a subclass would come first.
        unclear = first is not second and issubclass(second, first)
    tries = ((left, direct, right), (right, reflected, left))
    for owner, method, other in () if unclear else tries:
        function = objects.special(ctx, owner, method) if has_operators(owner) else None
        if function is not None:
            result = calls.invoke(ctx, node, function, [owner, other], {}, name)
            if result is not NotImplemented:
                return result
    words = " and ".join(in_words(item) for item in (left, right))
    return ctx.refuse(
        node, "unsupported-expression", f"this operator between {words} is not in the subset.",
        "call a method, or compute with the attributes.",
    )  # fmt: skip


def by_method(
    ctx: Context, node: ast.AST, owner: Item, method: str, args: Sequence[Item] = ()
) -> Item:
    """`len(owner)`, `owner[key]`, `-owner`: what the method of its class gives."""
    function = objects.special(ctx, owner, method)
    if function is None:
        ctx.refuse(
            node, "unsupported-expression", f"{in_words(owner)} has no `{method}` in Python.",
            "read its attributes, or call its methods.",
        )  # fmt: skip
    return calls.invoke(ctx, node, function, [owner, *args], {}, None)


def unary(ctx: Context, node: ast.AST, op: ast.AST, item: Item) -> Item:
    return by_method(ctx, node, item, _NAMES.get(type(op), ("__invert__", ""))[0])
