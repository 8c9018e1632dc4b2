"""Operators on items: arrays and numbers become operations, static ones compute now.

    n - 1 for a size n     sub, its type says that it is the size n - 1
    [a, b] + [c]           [a, b, c]
    2 * 3                  6
"""

from __future__ import annotations

import ast
import operator
from dataclasses import replace
from typing import Any

from ..ir import sizes
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import Array, Scalar, rank
from . import special_methods, text_values
from .computing import computed
from .context import Context
from .items import (
    Ambiguous,
    BoundMethod,
    Item,
    LocalFunction,
    is_number,
    leaves,
)

__all__ = ["binary", "unary"]


_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Invert: operator.invert, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def binary(
    ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item, name: str | None = None
) -> Item:
    """`left op right`."""
    function = _OPERATORS[type(op)]
    if text_values.involves_text(op, left, right):
        return text_values.binary(ctx, node, op, left, right, name)
    both = (left, right)
    if any(map(special_methods.has_operators, both)):
        return special_methods.operator(ctx, node, op, left, right, name)
    lists = any(isinstance(item, list) for item in both) and isinstance(op, (ast.Add, ast.Mult))
    if not lists and all(_is_static(item) for item in both):
        return _fold(ctx, node, function, both, name)
    if any(isinstance(item, (tuple, list)) for item in both):
        return _sequence_operator(ctx, node, op, left, right)
    entry, spelling = ctx.tracer.spellings[function]
    value = ctx.emit(node, entry.name, both, dict(spelling.preset), name)
    return _with_size(ctx, value, op, both)


def _is_static(item: Item) -> bool:
    if isinstance(item, (tuple, list)):
        return all(map(_is_static, leaves(item)))
    return not isinstance(item, (Value, BoundMethod, Ambiguous, LocalFunction))


def _fold(ctx: Context, node: ast.AST, function: Any, items: tuple[Item, ...], name: Any) -> Item:
    """Ints, strings and tuples compute now; floats stay visible as the user wrote them."""
    if all(is_number(item) for item in items) and any(type(i) in (float, complex) for i in items):
        entry, spelling = ctx.tracer.spellings[function]
        return ctx.emit(node, entry.name, items, dict(spelling.preset), name)
    return computed(ctx, node, lambda: function(*items))


def _sequence_operator(ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item) -> Item:
    from .mutation import own_list

    match op, left, right:
        case (ast.Add(), list(), list()):
            return own_list(ctx, node, [*left, *right])
        case (ast.Add(), tuple(), tuple()):
            return left + right
        case (ast.Mult(), list(), int()) | (ast.Mult(), int(), list()):
            return own_list(ctx, node, left * right)
        case (ast.Mult(), tuple(), int()) | (ast.Mult(), int(), tuple()):
            return left * right
        case (_, list() | tuple(), Value()) | (_, Value(), list() | tuple()):
            values = [i if isinstance(i, Value) else ctx.lift(i, node) for i in (left, right)]
            arrays = [
                isinstance(i, Value) and isinstance(i.type, Array) and bool(rank(i.type))
                for i in (left, right)
            ]
            if any(arrays):
                return binary(ctx, node, op, values[0], values[1])
    return ctx.refuse(
        node, "unsupported-expression", "this operator doesn't compute with lists or tuples.",
        "make arrays of them with np.array(...).",
    )  # fmt: skip


def _with_size(ctx: Context, value: Value, op: ast.AST, items: tuple[Item, ...]) -> Value:
    """`n - 1` of a size n is itself a size: record it in the type of the int."""
    if value.type != Scalar("int"):
        return value
    a, b = map(_size_of, items)
    if a is None or b is None:
        return value
    match op:
        case ast.Add():
            size = sizes.add(a, b)
        case ast.Sub():
            size = sizes.add(a, sizes.negate(b))
        case ast.Mult():
            size = sizes.multiply(a, b)
        case _:
            return value
    return _retyped(ctx.builder, value, Scalar("int", size))


def _size_of(item: Item) -> sizes.Size | None:
    if type(item) is int:
        return item
    return item.type.size if isinstance(item, Value) and isinstance(item.type, Scalar) else None


def _retyped(builder: Builder, value: Value, type_: Any) -> Value:
    refined = Value(type_, value.name)
    builder.operations[-1] = replace(builder.operations[-1], results=(refined,))
    return refined


def unary(ctx: Context, node: ast.AST, op: ast.unaryop, item: Item, name: str | None) -> Item:
    """`-x`, `+x`, `~x`; a negated literal is a literal."""
    if special_methods.has_operators(item):
        return special_methods.unary(ctx, node, op, item)
    function = _OPERATORS[type(op)]
    if is_number(item):
        return function(item)
    entry, spelling = ctx.tracer.spellings[function]
    return ctx.emit(node, entry.name, (item,), dict(spelling.preset), name)
