"""Keywords that all ufuncs have: `out=`, `where=`, `dtype=`, `casting=`.

    np.divide(a, b, out=c, where=b != 0)      %0 = ne %b, 0
                                              %1 = where %0, %b, 1.0
                                              %2 = div %a, %1
                                              %3 = where %0, %2, %c
                                              %c.1 = update[key=...] %c, %3

Where the mask is false NumPy computes nothing, so operands stand at a harmless point there, which
warns of nothing. `dtype=` casts the operands first, as NumPy does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, is_integer
from ..ops import Op, lookup
from ..ops.casting import dtype_argument
from ..ops.inference import as_array
from . import stores
from .context import Context
from .items import Item

__all__ = ["call_ufunc", "check_same_kind"]

_ONLY = {"casting": "same_kind", "order": "K", "subok": True}
_Call = Callable[[list[Item]], Item]


def call_ufunc(
    ctx: Context, node: ast.AST, ufunc: np.ufunc, args: list[Item], keywords: dict[str, Item],
    compute: _Call,
) -> Item:  # fmt: skip
    """The call of a ufunc that `compute` gives for its operands alone."""
    args, target = _with_out(ctx, node, ufunc, args, keywords)
    for key, only in _ONLY.items():
        if key in keywords and ctx.static(keywords.pop(key), node, f"`{key}=`") != only:
            ctx.refuse(
                node, "unsupported-argument", f"`{key}=` of np.{ufunc.__name__} is supported only"
                f" as {only!r}.", "leave it out, and cast with .astype(...) first.",
            )  # fmt: skip
    mask = keywords.pop("where", True)
    dtype = ctx.static(keywords.pop("dtype", None), node, "`dtype=`")
    if keywords:
        ctx.refuse(
            node, "unsupported-argument", f"the argument `{next(iter(keywords))}=` of"
            f" np.{ufunc.__name__} is not supported.", "leave it out.",
        )  # fmt: skip
    mask = None if mask is True else mask
    if mask is not None and target is None:
        ctx.refuse(
            node, "unsupported-argument", "`where=` without `out=` leaves elements of the result"
            " without a value.", "give `out=np.zeros_like(...)`, or use np.where.",
        )  # fmt: skip
    if dtype is not None:
        args = _cast(ctx, node, ufunc, args, _code(ctx, node, dtype))
    if mask is not None:
        mask = ctx.lift(mask, node)
        args = [_harmless(ctx, node, ufunc, arg, mask) for arg in args]
    value = compute(args)
    if target is None:
        return value
    check_same_kind(ctx, node, value, target)
    if mask is not None:
        value = ctx.emit(node, "where", (mask, value, target), {})
    return stores.store_whole(ctx, node, target, value)


def _with_out(
    ctx: Context, node: ast.AST, ufunc: np.ufunc, args: list[Item], keywords: dict[str, Item]
) -> tuple[list[Item], Item]:
    """The operands, and what the result is stored into."""
    target = keywords.pop("out", None)
    if len(args) == ufunc.nin + 1 and ufunc.nout == 1 and target is None:
        *args, target = args
    if isinstance(target, tuple) and len(target) == 1:
        (target,) = target
    return args, target


def _code(ctx: Context, node: ast.AST, dtype: Any) -> str:
    try:
        code = dtype_argument(dtype)
    except TypeError as error:
        ctx.refuse(node, "operation", f"{error}.", "name a NumPy dtype.")
    assert code is not None
    return code


def _cast(ctx: Context, node: ast.AST, ufunc: np.ufunc, args: list[Item], code: str) -> list[Item]:
    """The operands as NumPy casts them where its loop for them gives another dtype."""
    values = [ctx.lift(arg, node) for arg in args]
    loop = _loop(ufunc, code)
    if loop is None:
        ctx.refuse(
            node, "unsupported-argument", f"`dtype=` of np.{ufunc.__name__} is supported where"
            " operands and result have this dtype.", "cast operands or result with .astype(...).",
        )  # fmt: skip
    there = [isinstance(v.type, Array) and v.type.dtype == code for v in values]
    return [
        v if has or (any(there) and v in ctx.constants) else _converted(ctx, node, v, code)
        for v, has in zip(values, there, strict=True)
    ]


def _loop(ufunc: np.ufunc, code: str) -> Any:
    """Whether the ufunc computes in one dtype throughout."""
    dtype = np.dtype(code)
    try:
        found = ufunc.resolve_dtypes((*[dtype] * ufunc.nin, *[None] * ufunc.nout))
    except TypeError:
        return None
    return found if set(found) == {dtype} else None


def _converted(ctx: Context, node: ast.AST, value: Value, code: str) -> Value:
    source = as_array(value.type).dtype
    weak = not isinstance(value.type, Array) and not is_integer(value.type)
    if not np.can_cast(np.dtype(source), np.dtype(code), "same_kind") and not weak:
        _refuse_cast(ctx, node, source, code)
    return ctx.emit(node, "cast", (value,), {"type": code})


def _harmless(ctx: Context, node: ast.AST, ufunc: np.ufunc, arg: Item, mask: Value) -> Item:
    """The operand where the mask is true; elsewhere a point at which nothing is infinite."""
    found = lookup(ufunc)
    if found is None or not isinstance(arg, Value) or arg in ctx.constants:
        return arg
    point = _harmless_point(found[0])
    if point is None:
        return arg
    safe = int(point) if is_integer(arg.type) else point
    return ctx.emit(node, "where", (mask, arg, safe), {})


def _harmless_point(entry: Op) -> float | None:
    if entry.singular is None and entry.raises is None:
        return None
    return 1.0 if callable(entry.singular) or entry.singular is None else entry.singular


def check_same_kind(ctx: Context, node: ast.AST, value: Item, target: Item) -> None:
    """Refuse what NumPy refuses: a float result for an array of ints."""
    if isinstance(value, Value) and isinstance(target, Value) and isinstance(target.type, Array):
        source = as_array(value.type).dtype
        if not np.can_cast(np.dtype(source), np.dtype(target.type.dtype), "same_kind"):
            _refuse_cast(ctx, node, source, target.type.dtype)


def _refuse_cast(ctx: Context, node: ast.AST, source: str, target: str) -> None:
    ctx.refuse(
        node, "operation", f"NumPy casts no {np.dtype(source).name} to {np.dtype(target).name}"
        " here.", "cast with .astype(...).",
    )  # fmt: skip
