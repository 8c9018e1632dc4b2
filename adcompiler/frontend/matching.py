"""`match`: patterns settled when the function is compiled, or turned into comparisons.

    match kind:                     (kind is "linear")
        case "linear": y = x            y = x
        case "square": y = x * x

    match n:                        if n == 0:
        case 0: y = x                   y = x
        case k if k > 3: y = k          elif n > 3:
                                            k = n; y = k
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import List, Scalar, rank
from . import arithmetic, expressions
from .context import Context
from .items import Item, in_words, is_namedtuple

__all__ = ["as_branches", "subject_of"]

Bindings = dict[str, Item]


def _is_sequence(item: object) -> bool:
    """Whether a sequence pattern looks into the object."""
    match item:
        case [*_]:
            return True
    return False


# Some versions of NumPy make sequences of arrays.
_MATCHES_ARRAYS = _is_sequence(np.zeros(1))


def subject_of(ctx: Context, node: ast.Match) -> ast.Match:
    """The statement with its subject evaluated, once."""
    name = _hidden(ctx, "subject", node, expressions.expression(ctx, node.subject))
    return ast.copy_location(ast.Match(name, node.cases), node)


def as_branches(ctx: Context, node: ast.Match) -> list[ast.stmt]:
    """The statements that take the place of a `match` whose subject is evaluated."""
    subject = expressions.expression(ctx, node.subject)
    for position, case in enumerate(node.cases):
        bindings: Bindings = {}
        test = _test(ctx, case.pattern, subject, bindings)
        if not isinstance(test, Value) and not test:
            continue
        otherwise: list[ast.stmt] = []
        if position + 1 < len(node.cases):
            remaining = node.cases[position + 1 :]
            otherwise = [ast.copy_location(ast.Match(node.subject, remaining), node)]
        body = list(case.body)
        if case.guard is not None:
            body = [_located(ast.If(case.guard, body, otherwise), case.guard)]
        body = [*_assignments(ctx, case.pattern, bindings), *body]
        if not isinstance(test, Value):
            return body
        asked = _hidden(ctx, f"test {position} of", case.pattern, test)
        return [_located(ast.If(asked, body, otherwise), case.pattern)]
    return []


def _located(made: Any, like: Any) -> Any:
    return ast.copy_location(made, like)


def _hidden(ctx: Context, what: str, node: Any, item: Item) -> ast.expr:
    """A name that users can't write, for an item."""
    name = f"<{what} {node.lineno}:{node.col_offset}>"
    ctx.frame.names[name] = item
    shown: ast.expr = _located(ast.Name(name, ast.Load()), node)
    return shown


def _assignments(ctx: Context, pattern: ast.pattern, bindings: Bindings) -> list[ast.stmt]:
    return [
        _located(
            ast.Assign(
                [_located(ast.Name(name, ast.Store()), pattern)],
                _hidden(ctx, f"capture {name}", pattern, item),
            ),
            pattern,
        )
        for name, item in bindings.items()
    ]


def _test(ctx: Context, pattern: ast.pattern, item: Item, bindings: Bindings) -> Item:
    """Whether the item fits: a bool, or a value that tells at run time; captures are noted."""
    match pattern:
        case ast.MatchValue(value):
            return _equal(ctx, pattern, item, expressions.expression(ctx, value))
        case ast.MatchSingleton(value):
            return _is(ctx, pattern, item, value)
        case ast.MatchAs(inner, name):
            test = True if inner is None else _test(ctx, inner, item, bindings)
            if name is not None:
                bindings[name] = item
            return test
        case ast.MatchOr(patterns):
            return _either(ctx, pattern, patterns, item, bindings)
        case ast.MatchSequence(patterns):
            return _sequence(ctx, pattern, patterns, item, bindings)
        case ast.MatchMapping(keys, patterns, rest):
            return _mapping(ctx, pattern, (keys, patterns, rest), item, bindings)
        case ast.MatchClass():
            return _class(ctx, pattern, item, bindings)
    raise AssertionError(f"no pattern of Python's: {pattern}")


def _equal(ctx: Context, node: ast.pattern, item: Item, wanted: Item) -> Item:
    if isinstance(item, Value) or isinstance(wanted, Value):
        others = [i for i in (item, wanted) if not isinstance(i, Value)]
        if any(not isinstance(other, (int, float, complex)) for other in others):
            return False  # a number is equal to no string
        test = arithmetic.binary(ctx, node, ast.Eq(), item, wanted)
        return expressions.truth(ctx, node, test)  # type: ignore[arg-type]
    return type(item) not in (tuple, list, dict) and bool(item == wanted)


def _is(ctx: Context, node: ast.pattern, item: Item, wanted: object) -> Item:
    """`case None`, `case True`: identity."""
    if not isinstance(item, Value):
        return item is wanted
    if wanted is None or item.type != Scalar("bool"):
        return False
    return item if wanted else ctx.emit(node, "not", (item,), {})


def _all(
    ctx: Context, node: ast.pattern, pairs: Sequence[tuple[ast.pattern, Item]], bindings: Bindings
) -> Item:
    """Whether every part fits its pattern; what is known only at run time is asked in order."""
    asked = []
    for inner, part in pairs:
        outer, ctx.builder = ctx.builder, ctx.builder.nested()
        test = _test(ctx, inner, part, bindings)
        ctx.builder = outer
        if isinstance(test, Value):
            asked.append((inner, part))
        elif not test:
            return False

    def following(position: int) -> Item:
        if position == len(asked):
            return True
        test = _test(ctx, *asked[position], bindings)
        if position + 1 == len(asked):
            return test
        return expressions.branch(ctx, node, test, lambda: following(position + 1), lambda: test)

    return following(0)


def _either(
    ctx: Context, node: ast.pattern, patterns: Sequence[ast.pattern], item: Item,
    bindings: Bindings,
) -> Item:  # fmt: skip
    result: Item = False
    for inner in patterns:
        found: Bindings = {}
        if isinstance(result, Value):
            test = result = _otherwise(ctx, inner, result, item, found)
        else:
            test = result = _test(ctx, inner, item, found)
        if not isinstance(test, Value) and not test:
            continue
        if found and isinstance(test, Value):
            ctx.refuse(
                node, "unsupported-pattern", "which side of this `|` binds its names is known only"
                " at run time.", "write one case for each side.",
            )  # fmt: skip
        bindings.update(found)
        if not isinstance(test, Value):
            break
    return result


def _otherwise(
    ctx: Context, node: ast.pattern, first: Value, item: Item, bindings: Bindings
) -> Item:
    """`first or` whether the item fits the pattern."""
    return expressions.branch(
        ctx, node, first, lambda: first, lambda: _test(ctx, node, item, bindings)
    )


def _sequence(
    ctx: Context, node: ast.pattern, patterns: Sequence[ast.pattern], item: Item,
    bindings: Bindings,
) -> Item:  # fmt: skip
    if isinstance(item, Value) and rank(item.type) and (
        isinstance(item.type, List) or _MATCHES_ARRAYS
    ):
        ctx.refuse(
            node, "unsupported-pattern", "how long this is is known only at run time.",
            "test its length with an if.",
        )  # fmt: skip
    if not isinstance(item, (tuple, list)):
        return False
    parts: list[Any] = list(item)
    stars = [k for k, inner in enumerate(patterns) if isinstance(inner, ast.MatchStar)]
    if stars:
        (star,) = stars
        after = len(patterns) - star - 1
        if len(parts) < star + after:
            return False
        end = len(parts) - after
        parts = [*parts[:star], parts[star:end], *parts[end:]]
    if len(parts) != len(patterns):
        return False
    pairs = []
    for inner, part in zip(patterns, parts, strict=True):
        if isinstance(inner, ast.MatchStar):
            if inner.name is not None:
                bindings[inner.name] = part
        else:
            pairs.append((inner, part))
    return _all(ctx, node, pairs, bindings)


def _mapping(
    ctx: Context, node: ast.pattern,
    parts: tuple[Sequence[ast.expr], Sequence[ast.pattern], str | None], item: Item,
    bindings: Bindings,
) -> Item:  # fmt: skip
    if not isinstance(item, dict):
        return False
    keys, patterns, rest = parts
    wanted = [
        ctx.static(expressions.expression(ctx, key), key, "the key of a pattern") for key in keys
    ]
    if any(key not in item for key in wanted):
        return False
    if rest is not None:
        bindings[rest] = {key: part for key, part in item.items() if key not in wanted}
    parts_found = [(inner, item[key]) for key, inner in zip(wanted, patterns, strict=True)]
    return _all(ctx, node, parts_found, bindings)


# Classes whose one positional pattern is matched against the whole.
_WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


def _class(ctx: Context, node: ast.MatchClass, item: Item, bindings: Bindings) -> Item:
    from .builtin_calls import BUILTINS

    cls = expressions.expression(ctx, node.cls)
    if not isinstance(cls, builtins.type):
        ctx.refuse(node, "unsupported-pattern", f"{in_words(cls)} is no class.", "name a class.")
    if not BUILTINS[isinstance](ctx, node, None, item, cls):
        return False
    if cls in _WHOLE and len(node.patterns) <= 1 and not node.kwd_patterns:
        return _all(ctx, node, [(inner, item) for inner in node.patterns], bindings)
    names = getattr(cls, "__match_args__", ())
    if len(node.patterns) > len(names) or not (is_namedtuple(item) or not _parts(node)):
        ctx.refuse(
            node, "unsupported-pattern", f"the parts of {in_words(item)} can't be matched here.",
            "match namedtuples, tuples and dicts by their parts.",
        )  # fmt: skip
    named = [*zip(names, node.patterns, strict=False)]
    named += [*zip(node.kwd_attrs, node.kwd_patterns, strict=True)]
    if any(not hasattr(item, name) for name, _ in named):
        return False
    return _all(ctx, node, [(inner, getattr(item, name)) for name, inner in named], bindings)


def _parts(node: ast.MatchClass) -> list[ast.pattern]:
    return [*node.patterns, *node.kwd_patterns]
