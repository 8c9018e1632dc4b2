"""Reading by subscript: structures at compile time, arrays and lists of numbers at run time.

    params["w"][i, 1:]       index[key=(Slot(0), slice(1, None))] %params_w, %i
    np.r_[0:n, x]            r_ %0, %x, where %0 is np.arange(0, n)
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, Scalar
from ..ops import SPELLINGS
from ..ops.indexing import Slot
from . import expressions, growing, mutation, special_methods
from .context import Context
from .items import Item, in_words, is_object
from .table_calls import apply_entry, operation

__all__ = ["index_key", "static_slice", "subscript"]


def subscript(
    ctx: Context, node: ast.Subscript, owner: Item, index: ast.expr, name: str | None
) -> Item:
    """`owner[index]`."""
    if isinstance(owner, (tuple, list, dict, str)):
        return _element(ctx, node, owner, index)
    if is_object(owner) and not isinstance(index, ast.Slice):
        key = expressions.expression(ctx, index)
        return special_methods.by_method(ctx, node, owner, "__getitem__", [key])
    if isinstance(owner, (*_JOINS, _SLICES)):
        return _bracketed(ctx, node, owner, index, name)
    if not isinstance(owner, Value):
        ctx.refuse_item(owner, node)
    operands: list[Value] = []
    key = index_key(ctx, index, operands)
    axes = _new_axes(key)
    if axes and isinstance(owner.type, Array):
        axis = axes[0] if len(axes) == 1 else axes
        return ctx.emit(node, "expand_dims", (owner,), {"axis": axis}, name)
    return ctx.emit(node, "index", (owner, *operands), {"key": key}, name)


def _bracketed(
    ctx: Context, node: ast.Subscript, owner: Any, index: ast.expr, name: str | None
) -> Item:
    """`np.r_[0.0, x]`; and `np.s_[1:]`, which is the slice itself."""
    nodes = index.elts if isinstance(index, ast.Tuple) else [index]
    parts = [_bracketed_part(ctx, part) for part in nodes]
    if isinstance(owner, _SLICES):
        parts = [static_slice(ctx, node, p) if isinstance(p, slice) else p for p in parts]
        whole = owner.maketuple or isinstance(index, ast.Tuple)  # type: ignore[attr-defined]
        return tuple(parts) if whole else parts[0]
    called = _JOINS[type(owner)]
    if any(isinstance(part, str) for part in parts):
        ctx.refuse(
            node, "index", f"a text tells {called} how to join.", "use np.concatenate or np.stack."
        )
    items = [_range(ctx, node, p) if isinstance(p, slice) else p for p in parts]
    return apply_entry(ctx, node, SPELLINGS["subscript", called], items, {}, name, called)


_JOINS: dict[type, str] = {type(np.r_): "np.r_", type(np.c_): "np.c_"}
_SLICES: type = type(np.s_)


def static_slice(ctx: Context, node: ast.AST, item: slice) -> slice:
    """A slice that is a value of its own: its bounds are known when the gradient is compiled."""
    bounds = [
        None if bound is None else ctx.static(bound, node, "a bound of a slice that has a name")
        for bound in (item.start, item.stop, item.step)
    ]
    return slice(*bounds)


def _bracketed_part(ctx: Context, node: ast.expr) -> Item:
    if not isinstance(node, ast.Slice):
        return expressions.expression(ctx, node)
    bounds = [
        None if part is None else expressions.expression(ctx, part)
        for part in (node.lower, node.upper, node.step)
    ]
    return slice(*bounds)


def _range(ctx: Context, node: ast.Subscript, part: slice) -> Item:
    """`a:b:c` within `np.r_` is np.arange(a, b, c), and `a:b:5j` is np.linspace(a, b, 5)."""
    start: Any = 0 if part.start is None else part.start
    if part.stop is None:
        ctx.refuse(node, "index", "this slice has no end.", "write it: np.r_[0:n].")
    if isinstance(part.step, complex):
        count = int(abs(part.step))
        return operation(ctx, node, np.linspace, [start, part.stop], {"num": count}, None)
    steps = [1 if part.step is None else part.step]
    return operation(ctx, node, np.arange, [start, part.stop, *steps], {}, None)


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
            None if part is None else ctx.static(expressions.expression(ctx, part), part, *_WHAT)
            for part in (index.lower, index.upper, index.step)
        ]
        position: Any = slice(*bounds)
    else:
        item = expressions.expression(ctx, index)
        if isinstance(item, Value) and item not in ctx.constants:
            growing.runs(ctx, owner, item)
        position = ctx.static(item, index, *_WHAT)
    try:
        found = owner[position]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        return ctx.refuse(
            node, "static-error", f"this element doesn't exist: {type(error).__name__}: {error}.",
            "index within the structure.",
        )  # fmt: skip
    sliced = isinstance(position, slice) and isinstance(found, list)
    return mutation.own_list(ctx, node, found) if sliced else found


_WHAT = (
    "the index into a tuple, list or dict of arrays",
    "loop over the structure itself (`for W, b in layers:`, `for k in sorted(params):`), or over"
    ' literals (`for k in ("W0", "W1"):`).',
)


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
