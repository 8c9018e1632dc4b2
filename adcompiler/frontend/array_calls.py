"""Calls of NumPy's that store at places, and `np.where` of one argument.

    np.put_along_axis(a, i, v, 0)     a[i, np.arange(a.shape[1])] = v
    np.fill_diagonal(a, 0.0)          i = np.arange(a.shape[0]); a[i, i] = 0.0
    np.put(a, i, v)                   a[i] = v
    x.sort()                          x[...] = np.sort(x)
    rows, columns = np.where(m)       np.nonzero(m)
    np.piecewise(x, [c], [f])         see `piecewise`
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import is_integer, kind_of
from ..ops import OperationError, Var
from ..ops.gathering import along, check_indices, inside
from ..ops.inference import the_axis
from ..ops.places import Slot
from . import stores
from .context import Context
from .items import Item
from .piecewise import piecewise

__all__ = ["ARRAY_CALLS", "IN_PLACE", "in_place"]


def _var(ctx: Context, node: ast.AST, item: Item) -> Var:
    return ctx.tracer.var(ctx.lift(item, node))


def _put_along_axis(
    ctx: Context, node: ast.Call, name: str | None, arr: Item, indices: Item, values: Item,
    axis: Item,
) -> None:  # fmt: skip
    array, where = _var(ctx, node, arr), _var(ctx, node, indices)
    axis = ctx.static(axis, node, "`axis=` of np.put_along_axis")
    if axis is None or array.ndim != where.ndim:
        raise OperationError(
            "np.put_along_axis over no axis, or of an array and indices of different ranks",
            "name the axis, and give both the same number of dimensions",
        )
    check_indices(where.type, "put_along_axis")
    key, operands = along(array, where, the_axis(axis, array.ndim))
    stores.store_at(ctx, node, arr, key, [v.value for v in operands], values)


def _put(
    ctx: Context, node: ast.Call, name: str | None, a: Item, ind: Item, v: Item,
    mode: Item = "raise",
) -> None:  # fmt: skip
    array, where, stored = (_var(ctx, node, item) for item in (a, ind, v))
    mode = ctx.static(mode, node, "`mode=` of np.put")
    check_indices(where.type, "put")
    if array.ndim != 1 or mode not in ("raise", "wrap", "clip"):
        raise OperationError(
            "np.put into an array of several dimensions", "store by index: a[rows, columns] = v"
        )
    _check_one_for_each(stored, where.shape, "np.put", "a[ind] = v")
    at = inside(where, array.emit("size", axis=0), mode)
    stores.store_at(ctx, node, a, (Slot(0),), [at.value], v)


def _check_one_for_each(stored: Var, places: Any, called: str, instead: str) -> None:
    """NumPy repeats what is too short, and leaves out what is too much: a store by index, which
    this becomes, raises there."""
    pairs = list(zip(stored.shape, places, strict=False))
    apart = any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)
    if stored.ndim and (apart or stored.ndim != len(places)):
        raise OperationError(
            f"{called} of more or fewer values than places",
            f"give one number, or write {instead}",
        )


def _mask(ctx: Context, node: ast.AST, item: Item, array: Var, called: str) -> Var:
    mask = _var(ctx, node, item)
    if kind_of(mask.type) != "bool" or mask.ndim != array.ndim:
        raise OperationError(
            f"the mask of {called} is no array of bools like the array", "compare: a > 0"
        )
    return mask


def _check_kind(array: Var, stored: Var, called: str) -> None:
    if is_integer(array.type) and not is_integer(stored.type):
        raise OperationError(
            f"{called} of floats into an array of ints", "make the array one of floats"
        )


def _place(
    ctx: Context, node: ast.Call, name: str | None, arr: Item, mask: Item, vals: Item
) -> None:
    array, stored = _var(ctx, node, arr), _var(ctx, node, vals)
    where = _mask(ctx, node, mask, array, "np.place")
    _check_kind(array, stored, "np.place")
    if stored.ndim:
        raise OperationError(
            "np.place of several values, which it takes one after the other",
            "write arr[mask] = vals, with one value for each place",
        )
    stores.store_at(ctx, node, arr, (Slot(0),), [where.value], vals)


def _putmask(
    ctx: Context, node: ast.Call, name: str | None, a: Item, mask: Item, values: Item
) -> None:
    array, stored = _var(ctx, node, a), _var(ctx, node, values)
    where = _mask(ctx, node, mask, array, "np.putmask")
    _check_kind(array, stored, "np.putmask")
    _check_one_for_each(stored, array.shape, "np.putmask", "np.copyto(a, values, where=mask)")
    kept = values
    if stored.ndim:
        kept = ctx.emit(node, "index", (values, where.value), {"key": (Slot(0),)})
    stores.store_at(ctx, node, a, (Slot(0),), [where.value], kept)


def _copyto(
    ctx: Context, node: ast.Call, name: str | None, dst: Item, src: Item, *, where: Item = True
) -> None:
    array, stored = _var(ctx, node, dst), _var(ctx, node, src)
    _check_kind(array, stored, "np.copyto")
    if where is not True:
        mask = _var(ctx, node, where)
        src = ctx.emit(node, "where", (mask.value, src, dst), {})
    stores.store_whole(ctx, node, dst, src)


def _fill_diagonal(
    ctx: Context, node: ast.Call, name: str | None, a: Item, val: Item, wrap: Item = False
) -> None:
    array, stored = _var(ctx, node, a), _var(ctx, node, val)
    if stored.ndim or array.ndim < 2 or ctx.static(wrap, node, "`wrap=` of np.fill_diagonal"):
        raise OperationError(
            "np.fill_diagonal of a vector, of several values, or around the end",
            "store by index: i = np.arange(n); a[i, i] = v",
        )
    sizes = [array.emit("size", axis=k) for k in range(array.ndim)]
    count = sizes[0]
    if array.ndim == 2 and array.shape[0] != array.shape[1]:
        count = sizes[0].emit("minimum", sizes[1], via="op")
    every = array.tracer.call(np.arange, count)
    stores.store_at(ctx, node, a, (Slot(0),) * array.ndim, [every.value], val)


def _where(
    ctx: Context, node: ast.Call, name: str | None, condition: Item, *sides: Item
) -> Item:
    from .table_calls import operation

    if len(sides) == 1:
        raise OperationError("np.where of two arguments", "give both sides, or none")
    return operation(ctx, node, np.where if sides else np.nonzero, [condition, *sides], {}, name)


def _row_stack(
    ctx: Context, node: ast.Call, name: str | None, tup: Item, *, dtype: Item = None,
    casting: Item = "same_kind",
) -> Item:  # fmt: skip
    """The old name of np.vstack."""
    from .table_calls import operation

    return operation(ctx, node, np.vstack, [tup], {"dtype": dtype, "casting": casting}, name)


IN_PLACE = {"sort": np.sort, "partition": np.partition}


def in_place(
    ctx: Context, node: ast.AST, array: Value, method: str, args: list[Item],
    keywords: dict[str, Item],
) -> None:  # fmt: skip
    """`x.sort()`: the array itself changes."""
    from .table_calls import operation

    found = operation(ctx, node, IN_PLACE[method], [array, *args], keywords, None)
    stores.store_whole(ctx, node, array, found)


ARRAY_CALLS: dict[Any, Any] = {
    np.put_along_axis: _put_along_axis,
    np.put: _put,
    np.place: _place,
    np.putmask: _putmask,
    np.copyto: _copyto,
    np.fill_diagonal: _fill_diagonal,
    np.where: _where,
    np.piecewise: piecewise,
    **({np.row_stack: _row_stack} if hasattr(np, "row_stack") else {}),
}
