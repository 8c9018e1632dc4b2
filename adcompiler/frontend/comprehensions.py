"""Comprehensions and generator expressions: written out where their lengths are known.

    [w * v for w, v in zip(ws, (a, b))]        [ws[0] * a, ws[1] * b]

Each has names of its own, in a frame inside that of the function; the first iterable is evaluated
outside of it. A generator expression is evaluated where it is read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..ir.core import Value
from . import expressions, statements
from .context import Context, Frame
from .items import Item
from .iteration import Content, Known, OneWay, Walk, content, one_way

__all__ = ["dict_comprehension", "generator", "list_comprehension", "named"]

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


# Up to so many elements a range that is known is written out.
_SHORT = 16


class _RunTime(Exception):
    """How many elements there are is known only at run time."""


def list_comprehension(ctx: Context, node: ast.ListComp, name: str | None) -> Item:
    """`[f(v) for v in x]`."""
    first = expressions.expression(ctx, node.generators[0].iter)
    return _elements(ctx, node, first)


def generator(ctx: Context, node: ast.GeneratorExp) -> OneWay:
    """`f(v) for v in x`: the first iterable is evaluated now, the elements when they are read."""
    first = expressions.expression(ctx, node.generators[0].iter)
    frame = ctx.frame

    def elements() -> Content:
        return content(ctx, node, ctx.within(frame, lambda: _elements(ctx, node, first)))

    made = one_way(ctx, "a generator expression", elements)
    made.truth = lambda conjunction: ctx.within(
        frame, lambda: _truth(ctx, node, first, conjunction)
    )
    return made


def _truth(ctx: Context, node: ast.GeneratorExp, first: Item, conjunction: bool) -> Item:
    """`all(...)` or `any(...)`: the elements are evaluated up to the one that settles it."""

    def ask(rounds: Iterator[None]) -> Item:
        for _ in rounds:
            test = expressions.condition(ctx, node.elt)
            if isinstance(test, Value):
                sides: Any = (lambda: ask(rounds), lambda: not conjunction)
                sides = sides if conjunction else sides[::-1]
                return expressions.branch(ctx, node, test, *sides)
            if test is not conjunction:
                return test
        return conjunction

    try:
        return ctx.within(_frame(ctx), lambda: ask(_rounds(ctx, node, 0, first)))
    except _RunTime:
        ctx.refuse(
            node, "unsupported-expression", "how many elements this has is known only at run time.",
            "write a loop.",
        )  # fmt: skip


def dict_comprehension(ctx: Context, node: ast.DictComp) -> dict[Any, Item]:
    """`{key: f(v) for key, v in d.items()}`, keys static."""
    first = expressions.expression(ctx, node.generators[0].iter)
    result: dict[Any, Item] = {}

    def add() -> None:
        key = ctx.static(expressions.expression(ctx, node.key), node.key, "a dict's key")
        result[key] = expressions.expression(ctx, node.value)

    try:
        _written_out(ctx, node, first, add)
    except _RunTime:
        ctx.refuse(
            node, "unsupported-expression", "which keys this dict has is known only at run time.",
            "loop over a tuple, or use a list.",
        )  # fmt: skip
    return result


def _elements(ctx: Context, node: ast.ListComp | ast.GeneratorExp, first: Item) -> Item:
    """The elements as a list."""
    items: list[Item] = []
    try:
        _written_out(
            ctx, node, first, lambda: items.append(expressions.expression(ctx, node.elt))
        )
    except _RunTime:
        ctx.refuse(
            node, "unsupported-expression", "how many elements this has is known only at run time.",
            "write a loop.",
        )  # fmt: skip
    return items


def _frame(ctx: Context) -> Frame:
    return replace(ctx.frame, names={}, parent=ctx.frame, inner=True)


def _written_out(ctx: Context, node: Comprehension, first: Item, add: Callable[[], None]) -> None:
    """Call `add` for each round of the comprehension, its names bound."""

    def run() -> None:
        for _ in _rounds(ctx, node, 0, first):
            add()

    ctx.within(_frame(ctx), run)


def _rounds(ctx: Context, node: Comprehension, level: int, item: Item) -> Iterator[None]:
    """A step for each round, taken when the one before is done."""
    clause = node.generators[level]
    if clause.is_async:
        ctx.refuse(
            node, "unsupported-expression", "coroutines can't be differentiated.",
            "use a plain for.",
        )  # fmt: skip
    for element in _known(ctx, clause.iter, item):
        statements.assign(ctx, clause.target, element)
        if not all(_passes(ctx, test) for test in clause.ifs):
            continue
        if level + 1 == len(node.generators):
            yield
        else:
            following = expressions.expression(ctx, node.generators[level + 1].iter)
            yield from _rounds(ctx, node, level + 1, following)


def _known(ctx: Context, node: ast.AST, item: Item) -> Iterator[Item]:
    found = content(ctx, node, item)
    if isinstance(found, Known):
        return iter(found.items)
    if isinstance(found, Walk) and all(type(part) is int for part in _bounds(found)):
        places = range(*_bounds(found))
        if len(places) <= _SHORT:
            return (found.at(k, None) for k in (places[::-1] if found.reverse else places))
    raise _RunTime


def _bounds(walk: Walk) -> tuple[Item, Item, Item]:
    return walk.bounds.start, walk.bounds.stop, walk.bounds.step


def _passes(ctx: Context, test: ast.expr) -> bool:
    found = expressions.condition(ctx, test)
    if isinstance(found, Value):
        raise _RunTime
    return bool(found)


def named(ctx: Context, node: ast.NamedExpr) -> Item:
    """`(y := f(x))`: bound in the function, also from inside of a comprehension."""
    assert isinstance(node.target, ast.Name)
    item = expressions.expression(ctx, node.value, node.target.id)
    item = statements.named(ctx, node.value, item, node.target.id)
    ctx.function_names[node.target.id] = item
    return item
