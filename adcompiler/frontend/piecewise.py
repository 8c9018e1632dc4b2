"""`np.piecewise`: functions of the elements that conditions select.

    y = np.piecewise(x, [x < 0, x > 1], [0.5, np.log, f])

        y = np.zeros_like(x)
        y[x < 0] = 0.5
        part = x[x > 1]
        if part.size > 0:
            y[x > 1] = np.log(part)
        part = x[~((x < 0) | (x > 1))]
        if part.size > 0:
            y[~((x < 0) | (x > 1))] = f(part)

That is what NumPy does: a function is called once, with all elements that are its own, and not at
all where there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import kind_of, rank, shape_of
from ..ops import OperationError
from ..ops.places import Slot
from . import stores
from .context import Context, Frame
from .items import Item, is_number
from .source import FunctionSource
from .table_calls import operation

__all__ = ["piecewise"]

_CALLED = """
def piece(x, y, condition, function, args, keywords):
    part = x[condition]
    if part.size > 0:
        y[condition] = function(part, *args, **keywords)
"""
_MISFIT = OperationError(
    "np.piecewise with conditions that are no list of arrays of bools",
    "give a list with an array for each function but, perhaps, the last: [x < 0, x > 1]",
)


def piecewise(
    ctx: Context, node: ast.Call, name: str | None, x: Item, condlist: Item, funclist: Item,
    *args: Item, **kw: Item,
) -> Item:  # fmt: skip
    if not isinstance(funclist, (list, tuple)):
        raise OperationError("np.piecewise with functions that are no list", "write a list")
    if isinstance(x, (list, tuple)):
        x = ctx.emit(node, "array", *_bound(x))
    array = ctx.lift(x, node)
    conditions = _conditions(ctx, node, condlist, rank(array.type))
    if len(conditions) == len(funclist) - 1:
        conditions.append(_otherwise(ctx, node, conditions))
    if len(conditions) != len(funclist):
        raise OperationError(
            f"np.piecewise of {len(conditions)} conditions and {len(funclist)} functions",
            "give one function for each condition, and perhaps one more",
        )
    number = not shape_of(array.type)
    if number:  # NumPy selects of it as of an array with one element
        array = _reshaped(ctx, node, array, (1,))
        conditions = [_reshaped(ctx, node, c, (1,)) for c in conditions]
    made = ctx.emit(node, "zeros_like", (array,), {"dtype": None}, None if number else name)
    for condition, function in zip(conditions, funclist, strict=True):
        _piece(ctx, node, array, made, condition, function, args, kw)
    return _reshaped(ctx, node, made, (), name) if number else made


def _bound(x: Sequence[Item]) -> Any:
    from ..ops.creation import bind_array

    return bind_array(x)


def _conditions(ctx: Context, node: ast.Call, condlist: Item, ndim: int) -> list[Value]:
    """The conditions one by one; a single one needs no list around it."""
    if isinstance(condlist, Value):
        if rank(condlist.type) == ndim:
            condlist = [condlist]
        else:
            count = shape_of(condlist.type)[0] if rank(condlist.type) else None
            if not isinstance(count, int):
                raise _MISFIT
            condlist = [
                ctx.emit(node, "index", (condlist,), {"key": (k,)}) for k in range(count)
            ]
    elif not isinstance(condlist, (list, tuple)) or (
        ndim and condlist and not _is_array(condlist[0])
    ):
        condlist = [condlist]
    if not condlist:
        raise _MISFIT
    values = [ctx.lift(item, node) for item in condlist]
    if any(rank(v.type) != rank(values[0].type) or rank(v.type) > ndim for v in values):
        raise _MISFIT
    return [
        v if kind_of(v.type) == "bool" else ctx.emit(node, "cast", (v,), {"type": "b1"})
        for v in values
    ]


def _is_array(item: Item) -> bool:
    return isinstance(item, (list, tuple)) or (isinstance(item, Value) and rank(item.type) > 0)


def _otherwise(ctx: Context, node: ast.Call, conditions: Sequence[Value]) -> Value:
    """Where none of them holds."""
    total: Any = ctx.tracer.var(conditions[0])
    for condition in conditions[1:]:
        total = total | ctx.tracer.var(condition)
    otherwise: Value = ctx.tracer.call(np.logical_not, total).value
    return otherwise


def _reshaped(
    ctx: Context, node: ast.Call, value: Value, shape: tuple[int, ...], name: str | None = None
) -> Value:
    reshaped: Any = operation(ctx, node, np.reshape, [value, shape], {}, name)
    assert isinstance(reshaped, Value)
    return reshaped


def _piece(
    ctx: Context, node: ast.Call, x: Value, y: Value, condition: Value, function: Item,
    args: Any, keywords: Any,
) -> None:  # fmt: skip
    if isinstance(function, Value) or is_number(function) or isinstance(function, np.generic):
        stores.store_at(ctx, node, y, (Slot(0),), [condition], function)
        return
    _written_out(
        ctx, node, _CALLED, x=x, y=y, condition=condition, function=function, args=args,
        keywords=keywords,
    )  # fmt: skip


def _written_out(ctx: Context, node: ast.Call, text: str, **names: Item) -> None:
    """Lower a function's statements in place of the call, where diagnostics point to."""
    from .statements import body

    outer = ctx.frame
    (written,) = ast.parse(text).body
    assert isinstance(written, ast.FunctionDef)
    for part in ast.walk(written):
        ast.copy_location(part, node)
    source = FunctionSource(outer.source.function, written, outer.source.filename,
                            outer.source.lines)  # fmt: skip
    frame = Frame(source, outer.path, dict(names), None, outer.trail, outer.caller)
    with ctx.within(frame):
        body(ctx)
