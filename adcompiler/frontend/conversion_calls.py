"""Calls that make an array, a number or a list of an array.

    np.array(x)                     own %x                    np.asarray(x) is x itself
    np.array(x, ndmin=2)            own %x, expand_dims[axis=0]
    x.copy()                        own[order='C'] %x
    x.astype(np.float32)            cast[type='f4'] %x
    x.item(2)                       index[key=(2,)] %x, cast[type='item']
    x.tolist()                      tolist %x

`order=` says how the elements lie in memory, and so in which order sums add them up.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, List, Scalar, kind_of, rank, shape_of
from ..ops import OperationError
from ..ops.casting import dtype_argument
from ..ops.given import only
from ..ops.places import Slot
from .context import Context
from .items import Item

__all__ = ["CONVERSIONS", "CONVERTING_METHODS"]

_ORDERS = ("K", "A", "C", "F", None)


def _static(ctx: Context, node: ast.AST, item: Item, what: str, allowed: tuple[Any, ...]) -> Any:
    value = ctx.static(item, node, what)
    only(value, allowed, what, f"it is one of {', '.join(map(repr, allowed))}")
    return value


def _dtype(ctx: Context, node: ast.AST, dtype: Item) -> str | None:
    try:
        return dtype_argument(ctx.static(dtype, node, "a dtype"))
    except TypeError as error:
        return ctx.refuse(node, "operation", f"{error}.", "name a NumPy dtype.")


def _no_copy(what: str) -> OperationError:
    return OperationError(
        f"copy=False of {what}, which NumPy raises for", "leave `copy` out, or write copy=None"
    )


def _array(
    ctx: Context, node: ast.Call, name: str | None, item: Item, dtype: Item, copy: Item,
    order: Item, ndmin: Item = 0,
) -> Item:  # fmt: skip
    """np.array and np.asarray, which differ in what they do if nothing is said."""
    code = _dtype(ctx, node, dtype)
    copied = _static(ctx, node, copy, "`copy=`", (True, False, None))
    wanted = _static(ctx, node, order, "`order=`", _ORDERS) or "K"
    axes = ctx.static(ndmin, node, "`ndmin=`")
    if type(axes) is not int or not 0 <= axes <= 64:
        raise OperationError(f"ndmin={axes!r}", "give an int from 0")
    missing = axes - _rank(ctx, node, item)
    own = None if missing > 0 else name
    if isinstance(item, Value) and isinstance(item.type, (Array, List)):
        made: Item = _of_array(ctx, node, own, item, code, copied, wanted)
    else:
        made = _of_numbers(ctx, node, own, item, dtype, copied, wanted)
    if missing > 0:
        axis = tuple(range(missing)) if missing > 1 else 0
        made = ctx.emit(node, "expand_dims", (made,), {"axis": axis}, name)
    return made


def _rank(ctx: Context, node: ast.AST, item: Item) -> int:
    """How many dimensions the array has that is made of the item."""
    if isinstance(item, (list, tuple)):
        return 1 + (_rank(ctx, node, item[0]) if item else 0)
    return rank(item.type) if isinstance(item, Value) else 0


def _of_array(
    ctx: Context, node: ast.AST, name: str | None, item: Value, code: str | None,
    copy: bool | None, order: str,
) -> Value:  # fmt: skip
    listed = isinstance(item.type, List)
    cast = code is not None and code != getattr(item.type, "dtype", "f8")
    if copy is False and (listed or cast or not rank(item.type)):
        raise _no_copy("what isn't an array of that dtype")
    if cast:
        return _cast(ctx, node, name, item, code, order)
    if listed:
        return _ordered(ctx, node, name, "asarray", item, {}, order)
    if copy:
        return ctx.emit(node, "own", (item,), {} if order == "K" else {"order": order}, name)
    return _lying(ctx, node, name, item, copy, order)


def _lying(
    ctx: Context, node: ast.AST, name: str | None, item: Value, copy: bool | None, order: str
) -> Value:
    """The array itself, if its elements lie in this order already."""
    if order == "K" or not rank(item.type):
        return item
    if order == "A" or copy is False:
        raise OperationError(
            f"order={order!r} without a copy, unless it is needed", "use np.ascontiguousarray"
        )
    opcode = "ascontiguousarray" if order == "C" else "asfortranarray"
    return ctx.emit(node, opcode, (item,), {}, name)


def _of_numbers(
    ctx: Context, node: ast.AST, name: str | None, item: Item, dtype: Item, copy: bool | None,
    order: str,
) -> Value:  # fmt: skip
    from .table_calls import operation

    if copy is False:
        raise _no_copy("numbers")
    shuffled = order == "F" and _rank(ctx, node, item) > 1
    made = operation(ctx, node, np.array, [item], {"dtype": dtype}, None if shuffled else name)
    assert isinstance(made, Value)
    return ctx.emit(node, "own", (made,), {"order": order}, name) if shuffled else made


def _cast(
    ctx: Context, node: ast.AST, name: str | None, item: Value, code: str | None, order: str
) -> Value:
    return _ordered(ctx, node, name, "cast", item, {"type": code}, order)


def _ordered(
    ctx: Context, node: ast.AST, name: str | None, opcode: str, item: Value,
    attributes: dict[str, Any], order: str,
) -> Value:  # fmt: skip
    """A new array, arranged in the order that is wanted."""
    if order == "K" or rank(item.type) < 2:
        return ctx.emit(node, opcode, (item,), attributes, name)
    made = ctx.emit(node, opcode, (item,), attributes)
    return ctx.emit(node, "own", (made,), {"order": order}, name)


def _np_array(
    ctx: Context, node: ast.Call, name: str | None, object: Item, dtype: Item = None, *,
    copy: Item = True, order: Item = "K", subok: Item = False, ndmin: Item = 0,
) -> Item:  # fmt: skip
    return _array(ctx, node, name, object, dtype, copy, order, ndmin)


def _np_asarray(
    ctx: Context, node: ast.Call, name: str | None, a: Item, dtype: Item = None,
    order: Item = None, *, copy: Item = None,
) -> Item:  # fmt: skip
    return _array(ctx, node, name, a, dtype, copy, order)


def _np_copy(
    ctx: Context, node: ast.Call, name: str | None, a: Item, order: Item = "K",
    subok: Item = False,
) -> Item:  # fmt: skip
    return _array(ctx, node, name, a, None, True, order)


def _copy(
    ctx: Context, node: ast.Call, name: str | None, x: Value, order: Item = "C"
) -> Value:
    wanted = _static(ctx, node, order, "`order=`", _ORDERS[:4])
    return ctx.emit(node, "own", (x,), {} if wanted == "K" else {"order": wanted}, name)


def _astype(
    ctx: Context, node: ast.Call, name: str | None, x: Value, dtype: Item, order: Item = "K",
    casting: Item = "unsafe", subok: Item = True, copy: Item = True,
) -> Value:  # fmt: skip
    code = _dtype(ctx, node, np.float64 if dtype is None else dtype)
    wanted = _static(ctx, node, order, "`order=`", _ORDERS[:4])
    rule: Any = _static(ctx, node, casting, "`casting=`", _CASTINGS)
    copied = _static(ctx, node, copy, "`copy=`", (True, False))
    if not isinstance(x.type, Array):
        raise OperationError(f"`.astype` of a {x.type}", "make an array of it: np.array(x)")
    if not np.can_cast(np.dtype(x.type.dtype), np.dtype(code), rule):
        raise OperationError(
            f"{x.type.dtype} isn't cast to {code} where casting is {rule!r}",
            "leave `casting` out if it is meant",
        )
    if code == x.type.dtype and not copied:
        return _lying(ctx, node, name, x, None, wanted)
    return _cast(ctx, node, name, x, code, wanted)


_CASTINGS = ("unsafe", "no", "equiv", "safe", "same_kind")


def _np_astype(
    ctx: Context, node: ast.Call, name: str | None, x: Item, dtype: Item, /, *, copy: Item = True
) -> Value:  # fmt: skip
    return _astype(ctx, node, name, ctx.lift(x, node), dtype, copy=copy)


def _item(ctx: Context, node: ast.Call, name: str | None, x: Value, *place: Item) -> Value:
    """The number at a place, as Python's own; without a place, that of an array of one."""
    if len(place) == 1 and isinstance(place[0], (tuple, list)):
        place = tuple(place[0])
    if not place:
        if any(n != 1 for n in shape_of(x.type)):
            raise OperationError(
                "`.item()` of an array that may have several elements", "name the place: x.item(0)"
            )
        place = (0,) * rank(x.type)
    if len(place) not in (1, rank(x.type)) and rank(x.type):
        raise OperationError(
            f"`.item` at a place of {len(place)} numbers", "give one for each axis, or one alone"
        )
    if len(place) == 1 and rank(x.type) > 1:
        x = ctx.emit(node, "ravel", (x,), {})
    operands: list[Value] = []
    key: list[Any] = []
    for k in place:
        if type(k) is not int:
            operands.append(ctx.lift(k, node))
            if kind_of(operands[-1].type) != "int" or rank(operands[-1].type):
                raise OperationError("`.item` at a place that is no int", "give ints")
        key.append(k if type(k) is int else Slot(len(operands) - 1))
    if key and rank(x.type):
        x = ctx.emit(node, "index", (x, *operands), {"key": tuple(key)})
    return ctx.emit(node, "cast", (x,), {"type": "item"}, name)


def _tolist(ctx: Context, node: ast.Call, name: str | None, x: Value) -> Value:
    if not rank(x.type):
        return ctx.emit(node, "cast", (x,), {"type": "item"}, name)
    if rank(x.type) > 1:
        raise OperationError(
            f"a list of lists, which `.tolist()` of an {x.type} makes",
            "take the rows: [row.tolist() for row in x]",
        )
    made = List(Scalar(str(kind_of(x.type))), shape_of(x.type)[0])
    return ctx.emit(node, "tolist", (x,), {"type": made}, name)


CONVERSIONS: dict[Any, Callable[..., Item]] = {
    np.array: _np_array,
    np.asarray: _np_asarray,
    np.asanyarray: _np_asarray,
    np.copy: _np_copy,
    **({np.astype: _np_astype} if hasattr(np, "astype") else {}),
}
CONVERTING_METHODS: dict[str, Callable[..., Item]] = {
    "copy": _copy, "astype": _astype, "item": _item, "tolist": _tolist,
}  # fmt: skip
