"""Calls that are settled, or taken apart, at compile time: `len`, `isinstance`, `range`, `zip` …

Each handler is called with the context, the node, the wanted name, and the call's items.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, List, Scalar, rank
from . import arithmetic, growing, mutation, names, objects, special_methods
from .computing import computed
from .context import Context
from .conversion_calls import CONVERSIONS
from .dtype_calls import DTYPES, representatives
from .items import Item, RangeItem, in_words, is_object
from .iteration import gathered, known, range_length
from .iteration_calls import ITERATION
from .joining import JOINING
from .reduction_calls import REDUCTIONS

__all__ = ["BUILTINS"]


def _len(ctx: Context, node: ast.Call, name: str | None, item: Item) -> Item:
    if is_object(item):
        return special_methods.by_method(ctx, node, item, "__len__")
    if isinstance(item, (tuple, list, dict, str)):
        return len(item)
    if isinstance(item, RangeItem):
        return range_length(ctx, node, item)
    if isinstance(item, Value) and isinstance(item.type, (Array, List)):
        if not rank(item.type):
            ctx.refuse(node, "operation", "a number has no len().", "use an array or a list.")
        return names.size_item(ctx, node, item, 0, via="len")
    return ctx.refuse_item(item, node)


def _isinstance(ctx: Context, node: ast.Call, name: str | None, item: Item, classes: Any) -> bool:
    wanted = classes if isinstance(classes, tuple) else (classes,)
    if is_object(item):
        cls = objects.class_of(ctx, item)
        return bool(computed(ctx, node, lambda: issubclass(cls, wanted)))
    if not isinstance(item, Value):
        return bool(computed(ctx, node, lambda: isinstance(item, wanted)))
    if not all(isinstance(one, type) for one in wanted):
        ctx.refuse(node, "static-error", "isinstance() of something that is no class.", "name one.")
    answers = {isinstance(sample, wanted) for sample in representatives(item.type)}
    if len(answers) > 1:
        ctx.refuse(
            node, "not-static", f"{in_words(item)} may or may not be an instance of these.",
            "test x.ndim, or isinstance(x, (np.ndarray, np.generic)).",
        )  # fmt: skip
    return answers.pop()


def _convert(kind: Any) -> Callable[..., Item]:
    def handler(ctx: Context, node: ast.Call, name: str | None, item: Item = 0) -> Item:
        if not isinstance(item, (Value, list, tuple)):
            return computed(ctx, node, lambda: kind(item))
        if isinstance(item, Value) and item.type == Scalar(kind.__name__):
            return item
        return ctx.emit(node, "cast", (item,), {"type": kind.__name__}, name)

    return handler


def _complex(
    ctx: Context, node: ast.Call, name: str | None, real: Item = 0, imag: Item = None
) -> Item:
    if imag is None:
        return _convert(complex)(ctx, node, name, real)
    if not any(isinstance(part, (Value, list, tuple)) for part in (real, imag)):
        return computed(ctx, node, lambda: complex(real, imag))
    return ctx.emit(node, "complex", (real, imag), {}, name)


def _sequence(kind: Any) -> Callable[..., Item]:
    def handler(ctx: Context, node: ast.Call, name: str | None, item: Item = ()) -> Item:
        item = gathered(ctx, node, item)
        if kind is list and isinstance(item, Value) and isinstance(item.type, List):
            return growing.copied(ctx, node, item)
        what = f"the length of what {kind.__name__}() takes"
        parts = known(ctx, node, item, what)
        return mutation.own_list(ctx, node, parts, name) if kind is list else tuple(parts)

    return handler


def _dict(
    ctx: Context, node: ast.Call, name: str | None, item: Item = (), **named: Item
) -> dict[Any, Item]:
    if isinstance(item, dict):
        return mutation.own_dict(ctx, {**item, **named})
    pairs = [
        known(ctx, node, pair, "the length of a pair")
        for pair in known(ctx, node, item, "the length of what dict() takes")
    ]
    if any(len(pair) != 2 for pair in pairs):
        ctx.refuse(node, "static-error", "dict() takes pairs.", "give (key, value) pairs.")
    made = {ctx.static(key, node, "a dict's key"): value for key, value in pairs}
    return mutation.own_dict(ctx, made | named)


def _pow(ctx: Context, node: ast.Call, name: str | None, base: Item, exponent: Item) -> Item:
    return arithmetic.binary(ctx, node, ast.Pow(), base, exponent, name)


def _shape(ctx: Context, node: ast.Call, name: str | None, item: Item) -> Item:
    value = ctx.lift(item, node)
    if not isinstance(value.type, Array):
        return ()
    return names.value_attribute(ctx, node, value, "shape")


def _ndim(ctx: Context, node: ast.Call, name: str | None, item: Item) -> int:
    return rank(ctx.lift(item, node).type)


def _size(ctx: Context, node: ast.Call, name: str | None, a: Item, axis: Item = None) -> Item:
    value = ctx.lift(a, node)
    shape = _shape(ctx, node, name, value)
    if axis is None:
        return names.value_attribute(ctx, node, value, "size") if shape else 1
    wanted = ctx.static(axis, node, "`axis=` of np.size")
    return computed(ctx, node, lambda: shape[wanted])


def _round(ctx: Context, node: ast.Call, name: str | None, item: Item, digits: Item = None) -> Item:
    if not isinstance(item, Value):
        return computed(ctx, node, lambda: round(item, digits))
    wanted = ctx.static(digits, node, "the number of digits")
    return ctx.emit(node, "round", (item,), {"digits": wanted}, name)


def _slice(ctx: Context, node: ast.Call, name: str | None, *bounds: Item) -> Item:
    from .subscripts import static_slice

    try:
        return static_slice(ctx, node, slice(*bounds))
    except TypeError as error:
        return ctx.refuse(node, "operation", f"{error}.", "give one to three bounds.")


BUILTINS: dict[Any, Callable[..., Item]] = {
    len: _len,
    isinstance: _isinstance,
    float: _convert(float),
    int: _convert(int),
    bool: _convert(bool),
    complex: _complex,
    tuple: _sequence(tuple),
    list: _sequence(list),
    slice: _slice,
    dict: _dict,
    pow: _pow,
    round: _round,
    np.shape: _shape,
    np.size: _size,
    np.ndim: _ndim,
    **CONVERSIONS,
    **DTYPES,
    **ITERATION,
    **JOINING,
    **REDUCTIONS,
}
