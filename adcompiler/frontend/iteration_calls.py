"""Calls that give something to iterate over: `range`, `zip`, `enumerate`, `itertools.product` …

Each handler is called with the context, the node, the wanted name, and the call's items.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, rank
from . import arithmetic
from .context import Context
from .items import Item, RangeItem, in_words
from .iteration import Known, content, known, one_way
from .iterators import chained, enumerated, mapped, neighbours, over_places, product, turned, zipped
from .names import size_item

__all__ = ["ITERATION"]


def _range(ctx: Context, node: ast.Call, name: str | None, *bounds: Item) -> Item:
    for bound in bounds:
        kind = getattr(getattr(bound, "type", None), "kind", None)
        dtype = getattr(getattr(bound, "type", None), "dtype", "")
        if type(bound) is not int and kind != "int" and dtype[:1] not in ("i", "u"):
            ctx.refuse(
                node, "operation", "range() needs ints.", "convert the bound with int(...)."
            )
    match bounds:
        case (stop,):
            return RangeItem(0, stop, 1)
        case (start, stop):
            return RangeItem(start, stop, 1)
        case (start, stop, step):
            if type(step) is int and step == 0:
                ctx.refuse(node, "static-error", "a range's step is zero.", "give another step.")
            return RangeItem(start, stop, step)
    return ctx.refuse(node, "arguments", "range() takes one to three arguments.", "give bounds.")


def _enumerate(ctx: Context, node: ast.Call, name: str | None, item: Item, start: Item = 0) -> Item:
    return enumerated(ctx, node, content(ctx, node, item), start)


def _zip(
    ctx: Context, node: ast.Call, name: str | None, *items: Item, strict: Item = False
) -> Item:
    parts = [content(ctx, node, item) for item in items]
    if ctx.static(strict, node, "`strict=` of zip"):
        lengths = [len(part.items) for part in parts if isinstance(part, Known)]
        if len(lengths) < len(parts) or len(set(lengths)) > 1:
            ctx.refuse(
                node, "unsupported-argument", "whether what zip(strict=True) takes is of one length"
                " isn't known when the function is compiled.", "leave `strict` out.",
            )  # fmt: skip
    return zipped(ctx, node, "zip", parts)


def _reversed(ctx: Context, node: ast.Call, name: str | None, item: Item) -> Item:
    return turned(ctx, node, item)


def _map(ctx: Context, node: ast.Call, name: str | None, function: Item, *items: Item) -> Item:
    from .calls import invoke

    parts = [content(ctx, node, item) for item in items]
    return mapped(ctx, node, parts, lambda *v: invoke(ctx, node, function, list(v), {}, None))


def _filter(ctx: Context, node: ast.Call, name: str | None, function: Item, item: Item) -> Item:
    """Of static things; which numbers pass a test is known at run time."""
    from .calls import invoke
    from .expressions import truth

    kept = []
    for part in known(ctx, node, item, "the length of what filter() takes"):
        test = part if function is None else invoke(ctx, node, function, [part], {}, None)
        passed = truth(ctx, node, test)
        if isinstance(passed, Value):
            ctx.refuse(
                node, "unsupported-call", "what filter() lets pass is known only at run time.",
                "put the test into an if.",
            )  # fmt: skip
        if passed:
            kept.append(part)
    return one_way(ctx, "filter", Known(tuple(kept)))


def _product(ctx: Context, node: ast.Call, name: str | None, *items: Item, repeat: Item = 1) -> Any:
    times = ctx.static(repeat, node, "`repeat=` of product")
    return product(ctx, node, [content(ctx, node, item) for item in items] * times)


def _chain(ctx: Context, node: ast.Call, name: str | None, *items: Item) -> Item:
    return chained(ctx, [content(ctx, node, item) for item in items])


def _chain_of(ctx: Context, node: ast.Call, name: str | None, items: Item) -> Item:
    parts = known(ctx, node, items, "the length of what chain.from_iterable() takes")
    return chained(ctx, [content(ctx, node, part) for part in parts])


def _pairwise(ctx: Context, node: ast.Call, name: str | None, item: Item) -> Item:
    return neighbours(ctx, node, content(ctx, node, item))


def _accumulate(
    ctx: Context, node: ast.Call, name: str | None, item: Item, func: Item = None, *,
    initial: Item = None,
) -> Item:  # fmt: skip
    from .calls import invoke

    parts = known(ctx, node, item, "the length of what accumulate() takes")
    if initial is not None:
        parts = [initial, *parts]
    sums: list[Item] = parts[:1]
    for part in parts[1:]:
        if func is None:
            sums.append(arithmetic.binary(ctx, node, ast.Add(), sums[-1], part))
        else:
            sums.append(invoke(ctx, node, func, [sums[-1], part], {}, None))
    return one_way(ctx, "accumulate", Known(tuple(sums)))


def _combined(function: Any) -> Callable[..., Item]:
    """Of positions: `combinations`, `permutations` rearrange what is known one by one."""

    def handler(
        ctx: Context, node: ast.Call, name: str | None, iterable: Item, r: Item = None
    ) -> Item:
        parts = known(ctx, node, iterable, f"the length of what {function.__name__}() takes")
        size = ctx.static(r, node, f"`r` of {function.__name__}")
        rows = function(parts, len(parts) if size is None else size)
        return one_way(ctx, function.__name__, Known(tuple(rows)))

    return handler


def _ndindex(ctx: Context, node: ast.Call, name: str | None, *shape: Item) -> Item:
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    return over_places(ctx, node, "np.ndindex", sizes)


def _ndenumerate(ctx: Context, node: ast.Call, name: str | None, arr: Item) -> Item:
    if not isinstance(arr, Value) or not isinstance(arr.type, Array):
        ctx.refuse(
            node, "unsupported-iteration", f"np.ndenumerate of {in_words(arr)}.", "give an array."
        )
    sizes = [size_item(ctx, node, arr, axis) for axis in range(rank(arr.type))]
    return over_places(ctx, node, "np.ndenumerate", sizes, arr)


ITERATION: dict[Any, Callable[..., Item]] = {
    range: _range,
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    map: _map,
    filter: _filter,
    itertools.product: _product,
    itertools.chain: _chain,
    itertools.chain.from_iterable: _chain_of,
    itertools.pairwise: _pairwise,
    itertools.accumulate: _accumulate,
    itertools.combinations: _combined(itertools.combinations),
    itertools.permutations: _combined(itertools.permutations),
    np.ndindex: _ndindex,
    np.ndenumerate: _ndenumerate,
}
