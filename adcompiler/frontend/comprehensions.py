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
from . import expressions, mutation
from .context import Context, Frame
from .items import Item
from .iteration import Known, OneWay, Walk, content, one_way

__all__ = ["dict_comprehension", "generator", "list_comprehension", "named"]

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


# Up to so many elements a range that is known is written out.
_SHORT = 16


class _RunTime(Exception):
    """How many elements there are is known only at run time."""


def list_comprehension(ctx: Context, node: ast.ListComp, name: str | None) -> Item:
    """`[f(v) for v in x]`."""
    first = expressions.expression(ctx, node.generators[0].iter)
    return _elements(ctx, node, first, name)


def generator(ctx: Context, node: ast.GeneratorExp) -> OneWay:
    """`f(v) for v in x`: the first iterable is evaluated now, the elements when they are read."""
    first = expressions.expression(ctx, node.generators[0].iter)
    frame = ctx.frame

    def gather() -> Item:
        with ctx.within(frame):
            return _elements(ctx, node, first, None)

    def truth(conjunction: bool) -> Item:
        with ctx.within(frame):
            return _truth(ctx, node, first, conjunction)

    made = one_way(ctx, "a generator expression", lambda: content(ctx, node, gather()))
    made.gather, made.truth = gather, truth
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

    attempt = _Attempt(ctx, first)
    try:
        with ctx.within(_frame(ctx)):
            return ask(_rounds(ctx, node, 0, first))
    except _RunTime:
        attempt.undo(node)
    word = "missing" if conjunction else "found"
    name = _free_name(ctx, word)
    flag = ast.Name(name, ast.Load())
    settled = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(not conjunction))
    asked = ast.UnaryOp(ast.Not(), node.elt) if conjunction else node.elt
    again = flag if conjunction else ast.UnaryOp(ast.Not(), flag)
    body = ast.If(again, [ast.If(asked, [settled], [])], [])
    with ctx.within(_frame(ctx)):
        return _looped(ctx, node, first, body, name, conjunction)


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
    return mutation.own_dict(ctx, result)


def _elements(
    ctx: Context, node: ast.ListComp | ast.GeneratorExp, first: Item, name: str | None
) -> Item:
    """The elements as a list."""
    items: list[Item] = []
    attempt = _Attempt(ctx, first)
    try:
        _written_out(
            ctx, node, first, lambda: items.append(expressions.expression(ctx, node.elt))
        )
    except _RunTime:
        attempt.undo(node)
        with ctx.within(_frame(ctx)):
            return _appended(ctx, node, first, name)
    return mutation.own_list(ctx, node, items, name)


class _Attempt:
    """What is to be forgotten if a comprehension can't be written out."""

    def __init__(self, ctx: Context, first: Item) -> None:
        self.ctx = ctx
        self.count = len(ctx.builder.operations)
        self.changes = ctx.changes
        self.refused = ctx.refused()
        self.names = dict(ctx.function_names)
        self.state = ctx.memory.state.copy()
        self.first = first
        self.builder = ctx.builder

    def undo(self, node: ast.AST) -> None:
        ctx = self.ctx
        ctx.builder, ctx.memory.state = self.builder, self.state
        if ctx.changes != self.changes or ctx.function_names != self.names:
            ctx.refuse(
                node, "unsupported-expression", "a comprehension whose length is known only at run"
                " time assigns names or changes lists.", "write a loop.",
            )  # fmt: skip
        del ctx.builder.operations[self.count :]
        ctx.forget(self.refused)
        if isinstance(self.first, OneWay):
            self.first.used = False


def _appended(
    ctx: Context, node: ast.ListComp | ast.GeneratorExp, first: Item, name: str | None
) -> Item:
    """The loop that a comprehension is short for."""
    name = name or _free_name(ctx, "items")
    made = mutation.own_list(ctx, node, (), name)
    append = ast.Attribute(ast.Name("<list>", ast.Load()), "append", ast.Load())
    body = ast.Expr(ast.Call(append, [node.elt], []))
    return _looped(ctx, node, first, body, "<list>", made)


def _looped(
    ctx: Context, node: ast.ListComp | ast.GeneratorExp, first: Item, body: ast.stmt, name: str,
    start: Item,
) -> Item:  # fmt: skip
    """Lower the clauses as loops and ifs around a statement; gives what `name` becomes."""
    from . import statements

    names = dict(ctx.function_names)
    ctx.frame.names.update({name: start, "<elements>": first})
    for level, clause in reversed(list(enumerate(node.generators))):
        for test in reversed(clause.ifs):
            body = ast.If(test, [body], [])
        source = clause.iter if level else ast.Name("<elements>", ast.Load())
        body = ast.For(clause.target, source, [body], [])
    lines = _located(body, node)
    statements.statements(ctx, [lines])
    if ctx.function_names != names:
        ctx.refuse(
            node, "unsupported-expression", "`:=` in a comprehension whose length is known only at"
            " run time.", "write a loop.",
        )  # fmt: skip
    return ctx.frame.names[name]


def _located(made: ast.stmt, like: ast.expr) -> ast.stmt:
    """The statement with a place in the source for what is new in it."""
    for part in ast.walk(made):
        if isinstance(part, (ast.expr, ast.stmt)) and not hasattr(part, "lineno"):
            inside = part.target if isinstance(part, ast.For) else like
            ast.copy_location(part, inside)
    return made


def _free_name(ctx: Context, word: str) -> str:
    """A name that the user's function doesn't use."""
    code = ctx.frame.source.function.__code__
    taken = {*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars}
    while word in taken:
        word += "_"
    return word


def _frame(ctx: Context) -> Frame:
    return replace(ctx.frame, names={}, parent=ctx.frame, inner=True)


def _written_out(ctx: Context, node: Comprehension, first: Item, add: Callable[[], None]) -> None:
    """Call `add` for each round of the comprehension, its names bound."""
    with ctx.within(_frame(ctx)):
        for _ in _rounds(ctx, node, 0, first):
            add()


def _rounds(ctx: Context, node: Comprehension, level: int, item: Item) -> Iterator[None]:
    """A step for each round, taken when the one before is done."""
    from .assignment import assign

    clause = node.generators[level]
    if clause.is_async:
        ctx.refuse(
            node, "unsupported-expression", "coroutines can't be differentiated.",
            "use a plain for.",
        )  # fmt: skip
    for element in _known(ctx, clause.iter, item):
        assign(ctx, clause.target, element)
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
    from . import assignment

    assert isinstance(node.target, ast.Name)
    item = expressions.expression(ctx, node.value, node.target.id)
    item = assignment.named(ctx, node.value, item, node.target.id)
    ctx.function_names[node.target.id] = item
    return item
