"""Python's own reductions: `sum`, `min`, `max`, `any`, `all`, `math.prod` and the like.

Each handler is called with the context, the node, the wanted name, and the call's items.
"""

from __future__ import annotations

import ast
import builtins
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..ir.core import Value
from ..ir.sizes import is_positive
from ..ir.types import Array, List, Type, kind_of, rank, shape_of
from ..ops import lookup
from . import arithmetic
from .computing import computed
from .context import Context
from .items import Item, in_words, is_number
from .iteration import OneWay, gathered, known, use

__all__ = ["REDUCTIONS"]

_REQUIRED: Any = object()


def _is_whole(item: Item) -> bool:
    """Whether this is one value with elements, and so goes into the operation as it is."""
    found = isinstance(item, Value) and isinstance(item.type, (Array, List))
    return found and bool(rank(item.type))


def _now(ctx: Context, node: ast.AST, item: Item) -> Type:
    """The type by now: a list may have grown."""
    return ctx.read(item, node).type


def _folds(items: Sequence[Item]) -> bool:
    """Whether the call is settled now: ints, bools, strings; floats stay visible."""
    return all(not isinstance(i, Value) and type(i) in (int, bool, str) for i in items)


def _folding(
    opcode: str, called: str, function: Any, joins: type[ast.operator], unit: int
) -> Callable[..., Item]:
    """`sum` and `math.prod`."""

    def handler(
        ctx: Context, node: ast.Call, name: str | None, iterable: Item, start: Item = unit
    ) -> Item:
        iterable = gathered(ctx, node, iterable)
        if _is_whole(iterable):
            starts = [] if _is_unit(start) else [_own(ctx, node, start)]
            return ctx.emit(node, opcode, (iterable, *starts),
                            {"whole": True, "start": bool(starts)}, name)  # fmt: skip
        parts = known(ctx, node, iterable, f"the length of what {called}() takes")
        items = [*parts, start]
        if _folds(items):
            return computed(ctx, node, lambda: function(parts, start))
        if not parts:
            return start
        if any(isinstance(i, (list, tuple)) for i in items):
            for part in parts:
                start = arithmetic.binary(ctx, node, joins(), start, part)
            return start
        starts = [] if _is_unit(start) else [start]
        return ctx.emit(node, opcode, (*parts, *starts),
                        {"whole": False, "start": bool(starts)}, name)  # fmt: skip

    def _is_unit(start: Item) -> bool:
        return type(start) is int and start == unit

    return handler


def _own(ctx: Context, node: ast.AST, start: Item) -> Item:
    """Of no elements the sum would be the start itself, and share its memory."""
    shared = isinstance(start, Value) and rank(start.type)
    return ctx.emit(node, "own", (start,), {}) if shared else start


def _extreme(function: Any) -> Callable[..., Item]:
    def handler(
        ctx: Context, node: ast.Call, name: str | None, *items: Item, default: Item = _REQUIRED
    ) -> Item:
        called = function.__name__
        if len(items) != 1:
            return chain(ctx, node, name, items)
        items = (gathered(ctx, node, items[0]),)
        if _is_whole(items[0]):
            if default is not _REQUIRED and not is_positive(shape_of(_now(ctx, node, items[0]))[0]):
                ctx.refuse(
                    node, "unsupported-argument", f"whether {called}() has anything to choose from"
                    " is known only at run time.", "leave `default` out, or test the length first.",
                )  # fmt: skip
            return ctx.emit(node, f"{called}_of", items, {"whole": True}, name)
        if isinstance(items[0], Value):
            ctx.refuse(
                node, "unsupported-call", f"{called}() of {in_words(items[0])} alone fails.",
                "give several numbers, or a sequence of them.",
            )  # fmt: skip
        parts = known(ctx, node, items[0], f"the length of what {called}() takes")
        if not parts and default is not _REQUIRED:
            return default
        return chain(ctx, node, name, parts)

    def chain(ctx: Context, node: ast.Call, name: str | None, parts: Sequence[Item]) -> Item:
        if all(not isinstance(p, Value) for p in parts) and (_folds(parts) or not parts or all(
            map(is_number, parts)
        )):
            return computed(ctx, node, lambda: function(parts))
        found = lookup(function)
        assert found is not None
        entry, spelling = found
        result = parts[0]
        for k, part in enumerate(parts[1:], 2):
            named = name if k == len(parts) else None
            result = ctx.emit(node, entry.name, (result, part), dict(spelling.preset), named)
        return result

    return handler


def _truth_of_all(opcode: str, function: Any) -> Callable[..., Item]:
    """`any` and `all`."""

    def handler(ctx: Context, node: ast.Call, name: str | None, iterable: Item) -> Item:
        from .expressions import truth

        if isinstance(iterable, OneWay) and iterable.truth is not None:
            use(ctx, node, iterable)
            return iterable.truth(function is all)
        if _is_whole(iterable):
            if rank(iterable.type) > 1:
                ctx.refuse(
                    node, "truth-value", f"{function.__name__}() asks for the truth of whole rows.",
                    f"use np.{function.__name__}.",
                )  # fmt: skip
            return ctx.emit(node, opcode, (iterable,), {"whole": True}, name)
        parts = known(ctx, node, iterable, f"the length of what {function.__name__}() takes")
        tests = [truth(ctx, node, part) for part in parts]
        if all(not isinstance(test, Value) for test in tests):
            return bool(function(tests))
        return ctx.emit(node, opcode, tests, {"whole": False}, name)

    return handler


def _fsum(ctx: Context, node: ast.Call, name: str | None, seq: Item) -> Item:
    seq = gathered(ctx, node, seq)
    if _is_whole(seq):
        return ctx.emit(node, "fsum", (seq,), {"whole": True}, name)
    parts = known(ctx, node, seq, "the length of what math.fsum() takes")
    return ctx.emit(node, "fsum", parts, {"whole": False}, name) if parts else 0.0


def _hypot(ctx: Context, node: ast.Call, name: str | None, *coordinates: Item) -> Item:
    if len(coordinates) == 2:
        return ctx.emit(node, "hypot", coordinates, {"via": "math"}, name)
    if not coordinates:
        return 0.0
    return ctx.emit(node, "hypot_of", coordinates, {"whole": False}, name)


def _pair(opcode: str, empty: Any) -> Callable[..., Item]:
    """`math.dist` and `math.sumprod`."""

    def handler(ctx: Context, node: ast.Call, name: str | None, p: Item, q: Item, /) -> Item:
        p, q = gathered(ctx, node, p), gathered(ctx, node, q)
        if _is_whole(p) and _is_whole(q):
            return ctx.emit(node, opcode, (p, q), {"whole": True}, name)
        what = f"the length of what math.{opcode}() takes"
        sides = [known(ctx, node, item, what) for item in (p, q)]
        if len(sides[0]) != len(sides[1]):
            ctx.refuse(
                node, "static-error", f"math.{opcode}() of sequences of different lengths fails.",
                "give sequences of one length.",
            )  # fmt: skip
        if not sides[0]:
            return empty
        return ctx.emit(node, opcode, (*sides[0], *sides[1]), {"whole": False}, name)

    return handler


def _log(ctx: Context, node: ast.Call, name: str | None, x: Item, *base: Item) -> Item:
    """`math.log(x, base)` is the quotient of two logarithms, rounded like one."""
    entry, spelling = ctx.tracer.spellings[math.log]
    if len(base) > 1:
        ctx.refuse(
            node, "arguments", "math.log() takes a number and a base.", "give it no more than two."
        )
    if not base:
        return ctx.emit(node, entry.name, (x,), dict(spelling.preset), name)
    both = [ctx.emit(node, entry.name, (v,), dict(spelling.preset)) for v in (x, *base)]
    return arithmetic.binary(ctx, node, ast.Div(), both[0], both[1], name)


def _sorted(
    ctx: Context, node: ast.Call, name: str | None, iterable: Item, *, reverse: Item = False
) -> Item:
    iterable = gathered(ctx, node, iterable)
    if _is_whole(iterable) and kind_of(iterable.type) == "float":
        _refuse_order(ctx, node)
    parts = known(ctx, node, iterable, "the length of what sorted() takes")
    if any(not isinstance(p, (str, int, float)) for p in parts):
        _refuse_order(ctx, node)
    downwards = bool(ctx.static(reverse, node, "`reverse=` of sorted"))
    return computed(ctx, node, lambda: sorted(parts, reverse=downwards))


def _refuse_order(ctx: Context, node: ast.Call) -> NoReturn:
    ctx.refuse(
        node, "unsupported-call", "how sorted() orders these is known only at run time.",
        "use np.sort of an array.",
    )  # fmt: skip


def _divmod(ctx: Context, node: ast.Call, name: str | None, x: Item, y: Item) -> Item:
    both = (ast.FloorDiv(), ast.Mod())
    return tuple(arithmetic.binary(ctx, node, op, x, y) for op in both)


def _reduce(
    ctx: Context, node: ast.Call, name: str | None, function: Item, iterable: Item, *start: Item
) -> Item:
    """`functools.reduce`, written out."""
    from .calls import invoke

    parts = [*start, *known(ctx, node, iterable, "the length of what functools.reduce() takes")]
    if not parts or len(start) > 1:
        return computed(ctx, node, lambda: functools.reduce(function, parts, *start[1:]))
    result = parts[0]
    for k, part in enumerate(parts[1:], 2):
        named = name if k == len(parts) else None
        result = invoke(ctx, node, function, [result, part], {}, named)
    return result


def _product(parts: Sequence[Any], start: Any) -> Any:
    return math.prod(parts, start=start)


REDUCTIONS: dict[Any, Callable[..., Item]] = {
    sum: _folding("sum_of", "sum", builtins.sum, ast.Add, 0),
    math.prod: _folding("prod_of", "math.prod", _product, ast.Mult, 1),
    max: _extreme(max),
    min: _extreme(min),
    any: _truth_of_all("any_of", any),
    all: _truth_of_all("all_of", all),
    math.fsum: _fsum,
    math.hypot: _hypot,
    math.dist: _pair("dist", 0.0),
    math.log: _log,
    **({math.sumprod: _pair("sumprod", 0)} if hasattr(math, "sumprod") else {}),
    sorted: _sorted,
    divmod: _divmod,
    functools.reduce: _reduce,
}
