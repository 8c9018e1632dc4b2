"""Reading by subscript: structures at compile time, arrays and lists of numbers at run time.

    params["w"][i, 1:]       index[key=(Slot(0), slice(1, None))] %params_w, %i
"""

from __future__ import annotations

import ast
from typing import Any

from ..ir.core import Value
from ..ir.types import Array, Scalar
from ..ops.indexing import Slot
from . import expressions, growing, mutation, special_methods
from .context import Context
from .items import Item, in_words, is_object

__all__ = ["index_key", "subscript"]


def subscript(
    ctx: Context, node: ast.Subscript, owner: Item, index: ast.expr, name: str | None
) -> Item:
    """`owner[index]`."""
    if isinstance(owner, (tuple, list, dict, str)):
        return _element(ctx, node, owner, index)
    if is_object(owner) and not isinstance(index, ast.Slice):
        key = expressions.expression(ctx, index)
        return special_methods.by_method(ctx, node, owner, "__getitem__", [key])
    if not isinstance(owner, Value):
        ctx.refuse_item(owner, node)
    operands: list[Value] = []
    key = index_key(ctx, index, operands)
    axes = _new_axes(key)
    if axes and isinstance(owner.type, Array):
        axis = axes[0] if len(axes) == 1 else axes
        return ctx.emit(node, "expand_dims", (owner,), {"axis": axis}, name)
    return ctx.emit(node, "index", (owner, *operands), {"key": key}, name)


def _new_axes(key: tuple[Any, ...]) -> tuple[int, ...]:
    """The axes that `x[:, None]` adds, if it does nothing else."""
    if any(item is not None and not _is_whole(item) for item in key):
        return ()
    return tuple(k for k, item in enumerate(key) if item is None)


def _is_whole(item: Any) -> bool:
    return isinstance(item, slice) and item == slice(None)


def _element(ctx: Context, node: ast.Subscript, owner: Any, index: ast.expr) -> Item:
    if isinstance(index, ast.Slice):
        bounds = [
            None if part is None else ctx.static(expressions.expression(ctx, part), part, _WHAT)
            for part in (index.lower, index.upper, index.step)
        ]
        position: Any = slice(*bounds)
    else:
        item = expressions.expression(ctx, index)
        if isinstance(item, Value) and item not in ctx.constants:
            growing.runs(ctx, owner, item)
        position = ctx.static(item, index, _WHAT)
    try:
        found = owner[position]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        return ctx.refuse(
            node, "static-error", f"this element doesn't exist: {type(error).__name__}: {error}.",
            "index within the structure.",
        )  # fmt: skip
    sliced = isinstance(position, slice) and isinstance(found, list)
    return mutation.own_list(ctx, node, found) if sliced else found


_WHAT = "the index into a tuple, list or dict of arrays"


def index_key(
    ctx: Context, node: ast.expr, operands: list[Value], given: Item = None
) -> tuple[Any, ...]:
    """The template of an index; run-time parts move to `operands`. `given`: the index itself,
    where the node has been lowered already."""
    if isinstance(node, ast.Tuple) and given is None:
        return tuple(_part(ctx, part, operands) for part in node.elts)
    item = given
    if given is None and not isinstance(node, ast.Slice):
        item = expressions.expression(ctx, node)
    if isinstance(item, tuple):
        return tuple(_plain(ctx, node, part, operands) for part in item)
    if isinstance(node, ast.Slice):
        return (_part(ctx, node, operands),)
    return (_plain(ctx, node, item, operands),)


def _part(ctx: Context, node: ast.expr, operands: list[Value]) -> Any:
    if isinstance(node, ast.Slice):
        bounds = [
            None if part is None else _bound(ctx, part, operands)
            for part in (node.lower, node.upper, node.step)
        ]
        return slice(*bounds)
    return _plain(ctx, node, expressions.expression(ctx, node), operands)


def _bound(ctx: Context, node: ast.expr, operands: list[Value]) -> Any:
    item = expressions.expression(ctx, node)
    if isinstance(item, Value) and not _is_int(item):
        ctx.refuse(node, "index", f"a slice bound is {in_words(item)}.", "use an int.")
    return _plain(ctx, node, item, operands)


def _is_int(value: Value) -> bool:
    dtype = getattr(value.type, "dtype", "")
    return (isinstance(value.type, Scalar) and value.type.kind == "int") or dtype[:1] in ("i", "u")


def _plain(ctx: Context, node: ast.expr, item: Item, operands: list[Value]) -> Any:
    if item is None or item is Ellipsis or type(item) is int:
        return item
    if isinstance(item, slice):
        return item
    if not isinstance(item, (Value, list, tuple, bool)):
        ctx.refuse(
            node, "index", f"{in_words(item)} can't index an array.",
            "index with ints, slices, None, `...`, int arrays or masks.",
        )  # fmt: skip
    operands.append(ctx.lift(item, node))
    return Slot(len(operands) - 1)
