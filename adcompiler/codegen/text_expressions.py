"""Expressions as tokens: an `ast` expression comes in, its tokens are appended to a list.

Parentheses appear only where precedence, or a reader, needs them. Tokens keep to conventions that
`text_lines` relies on to break long lines: brackets stand alone, a comma after which a line may
end is `", "`, a binary operator has a space on either side, and what must stay together (the
parameters of a lambda, the target of a comprehension) is one token.

>>> out: list[str] = []
>>> write_expression(ast.parse("(a * b) + (c)", mode="eval").body, TEST, out)
>>> out
['a', ' * ', 'b', ' + ', 'c']
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .text_fstrings import as_calls, write_fstring
from .text_literals import literal, spelled_out
from .text_precedence import (
    AND,
    ATOM,
    AWAIT,
    BINARY,
    BIT_OR,
    COMPARISON,
    COMPARISONS,
    FACTOR,
    NOT,
    OR,
    POWER,
    TEST,
    TUPLE,
    UNARY,
    YIELD,
)

Tokens = list[str]


def write_expression(node: ast.expr, level: int, out: Tokens) -> None:
    """Append the tokens of `node`, in parentheses if it binds less tightly than `level` asks."""
    try:
        write = _WRITERS[type(node)]
    except KeyError:
        raise TypeError(f"no text for an expression of type {type(node).__name__}") from None
    write(node, level, out)


def _enclosed(node: ast.expr, inner: int, out: Tokens, brackets: str = "()") -> None:
    out.append(brackets[0])
    write_expression(node, inner, out)
    out.append(brackets[1])


def _flat(node: ast.expr, level: int) -> str:
    out: Tokens = []
    write_expression(node, level, out)
    return "".join(out)


def _separated(nodes: Iterable[ast.expr], out: Tokens) -> None:
    for position, node in enumerate(nodes):
        if position:
            out.append(", ")
        write_expression(node, TEST, out)


def _name(node: ast.Name, level: int, out: Tokens) -> None:
    out.append(node.id)


def _constant(node: ast.Constant, level: int, out: Tokens) -> None:
    longer = spelled_out(node.value)
    if longer is not None:
        write_expression(longer, level, out)
    elif node.kind == "u":
        out.append("u" + literal(node.value))
    else:
        out.append(literal(node.value))


def _binary(node: ast.BinOp, level: int, out: Tokens) -> None:
    symbol, own = BINARY[type(node.op)]
    if own < level:
        return _enclosed(node, own, out)
    if own == POWER:
        write_expression(node.left, AWAIT, out)
        out.append(symbol)
        return write_expression(node.right, FACTOR, out)
    # A loop rather than recursion: generated sums are longer than the interpreter's stack is deep.
    pending: list[tuple[str, ast.expr, int]] = []
    left: ast.expr = node
    enclosed = False
    while isinstance(left, ast.BinOp) and own <= BINARY[type(left.op)][1] < POWER and not enclosed:
        symbol, own = BINARY[type(left.op)]
        pending.append((symbol, left.right, own + 1))
        enclosed = isinstance(left.op, ast.MatMult) and _is_product(left.left)
        left = left.left
    write_expression(left, own + enclosed, out)
    for symbol, right, needed in reversed(pending):
        out.append(symbol)
        write_expression(right, needed, out)
    return None


def _is_product(node: ast.expr) -> bool:
    """(a * b) @ c needs no parentheses, but its readers do."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)


def _unary(node: ast.UnaryOp, level: int, out: Tokens) -> None:
    own = NOT if isinstance(node.op, ast.Not) else FACTOR
    if own < level:
        return _enclosed(node, own, out)
    if own == NOT:
        out.append("not ")
        return write_expression(node.operand, NOT, out)
    out.append(UNARY[type(node.op)])
    # -(a ** b) needs no parentheses, but its readers do.
    power = isinstance(node.operand, ast.BinOp) and isinstance(node.operand.op, ast.Pow)
    return write_expression(node.operand, ATOM if power else FACTOR, out)


def _bool(node: ast.BoolOp, level: int, out: Tokens) -> None:
    symbol, own = (" or ", OR) if isinstance(node.op, ast.Or) else (" and ", AND)
    if own < level:
        return _enclosed(node, own, out)
    for position, value in enumerate(node.values):
        if position:
            out.append(symbol)
        write_expression(value, own + 1, out)
    return None


def _comparison(node: ast.Compare, level: int, out: Tokens) -> None:
    if level > COMPARISON:
        return _enclosed(node, COMPARISON, out)
    write_expression(node.left, BIT_OR, out)
    for operator, right in zip(node.ops, node.comparators, strict=True):
        out.append(COMPARISONS[type(operator)])
        write_expression(right, BIT_OR, out)
    return None


def _choice(node: ast.IfExp, level: int, out: Tokens) -> None:
    if level > TEST:
        return _enclosed(node, TEST, out)
    write_expression(node.body, OR, out)
    out.append(" if ")
    write_expression(node.test, OR, out)
    out.append(" else ")
    return write_expression(node.orelse, TEST, out)


def _lambda(node: ast.Lambda, level: int, out: Tokens) -> None:
    if level > TEST:
        return _enclosed(node, TEST, out)
    parameters: Tokens = []
    write_parameters(node.args, parameters)
    out.append(f"lambda {''.join(parameters)}: " if parameters else "lambda: ")
    return write_expression(node.body, TEST, out)


def _walrus(node: ast.NamedExpr, level: int, out: Tokens) -> None:
    out += ["(", node.target.id, " := "]
    write_expression(node.value, TEST, out)
    out.append(")")


def _await(node: ast.Await, level: int, out: Tokens) -> None:
    if level > AWAIT:
        return _enclosed(node, AWAIT, out)
    out.append("await ")
    return write_expression(node.value, ATOM, out)


def _yield(node: ast.Yield | ast.YieldFrom, level: int, out: Tokens) -> None:
    if level > YIELD:
        return _enclosed(node, YIELD, out)
    if isinstance(node, ast.YieldFrom):
        out.append("yield from ")
        return write_expression(node.value, TEST, out)
    if node.value is None:
        return out.append("yield")
    out.append("yield ")
    return write_expression(node.value, TUPLE, out)


def _tuple(node: ast.Tuple, level: int, out: Tokens) -> None:
    if level <= TUPLE and len(node.elts) > 1:
        return _separated(node.elts, out)
    out.append("(")
    _separated(node.elts, out)
    out += [",", ")"] if len(node.elts) == 1 else [")"]
    return None


def _list(node: ast.List, level: int, out: Tokens) -> None:
    out.append("[")
    _separated(node.elts, out)
    out.append("]")


def _set(node: ast.Set, level: int, out: Tokens) -> None:
    if not node.elts:
        raise TypeError("no text for an empty set display: `{}` is a dictionary")
    out.append("{")
    _separated(node.elts, out)
    out.append("}")


def _dict(node: ast.Dict, level: int, out: Tokens) -> None:
    out.append("{")
    for position, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if position:
            out.append(", ")
        if key is None:
            out.append("**")
            write_expression(value, BIT_OR, out)
        else:
            write_expression(key, TEST, out)
            out.append(": ")
            write_expression(value, TEST, out)
    out.append("}")


def _generators(clauses: Sequence[ast.comprehension], out: Tokens) -> None:
    for clause in clauses:
        out.append(" async for " if clause.is_async else " for ")
        out.append(f"{_flat(clause.target, TUPLE)} in ")
        write_expression(clause.iter, OR, out)
        for condition in clause.ifs:
            out.append(" if ")
            write_expression(condition, OR, out)


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp, level: int, out: Tokens
) -> None:
    brackets = {ast.ListComp: "[]", ast.SetComp: "{}", ast.GeneratorExp: "()"}[type(node)]
    out.append(brackets[0])
    write_expression(node.elt, TEST, out)
    _generators(node.generators, out)
    out.append(brackets[1])


def _dict_comprehension(node: ast.DictComp, level: int, out: Tokens) -> None:
    out.append("{")
    write_expression(node.key, TEST, out)
    out.append(": ")
    write_expression(node.value, TEST, out)
    _generators(node.generators, out)
    out.append("}")


def _starred(node: ast.Starred, level: int, out: Tokens) -> None:
    out.append("*")
    write_expression(node.value, BIT_OR, out)


def _attribute(node: ast.Attribute, level: int, out: Tokens) -> None:
    number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float)
    if number and spelled_out(node.value.value) is None:  # type: ignore[attr-defined]
        _enclosed(node.value, ATOM, out)  # `1.real` is no attribute of 1
    else:
        write_expression(node.value, ATOM, out)
    out.append(f".{node.attr}")


def _call(node: ast.Call, level: int, out: Tokens) -> None:
    write_expression(node.func, ATOM, out)
    if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp):
        return write_expression(node.args[0], TEST, out)  # its own parentheses are the call's
    out.append("(")
    write_arguments(node.args, node.keywords, out)
    return out.append(")")


def write_arguments(
    arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword], out: Tokens
) -> None:
    """What stands between the parentheses of a call, or after the name of a class."""
    _separated(arguments, out)
    for position, keyword in enumerate(keywords, len(arguments)):
        if position:
            out.append(", ")
        out.append(f"{keyword.arg}=" if keyword.arg else "**")
        write_expression(keyword.value, TEST, out)


def _subscript(node: ast.Subscript, level: int, out: Tokens) -> None:
    write_expression(node.value, ATOM, out)
    # `x[*a]` is new in 3.11; with parentheses it reads the same everywhere.
    starred = isinstance(node.slice, ast.Tuple) and any(
        isinstance(e, ast.Starred) for e in node.slice.elts
    )
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 1 and not starred:
        out.append("[")
        write_expression(node.slice.elts[0], TEST, out)
        out += [",", "]"]
    else:
        _enclosed(node.slice, TEST if starred else TUPLE, out, "[]")


def _slice(node: ast.Slice, level: int, out: Tokens) -> None:
    bounds = [node.lower, node.upper] + ([node.step] if node.step else [])
    spaced = any(not _is_simple(bound) for bound in bounds)
    for position, bound in enumerate(bounds):
        if position:
            before = " " if spaced and bounds[position - 1] else ""
            after = " " if spaced and bound else ""
            out.append(f"{before}:{after}")
        if bound:
            write_expression(bound, TEST, out)


def _is_simple(bound: ast.expr | None) -> bool:
    if isinstance(bound, ast.UnaryOp) and not isinstance(bound.op, ast.Not):
        bound = bound.operand
    return bound is None or isinstance(bound, ast.Name | ast.Constant | ast.Attribute)


def _formatted(node: ast.JoinedStr, level: int, out: Tokens) -> None:
    text = write_fstring(node, lambda inner: _flat(inner, TEST))
    if text is None:
        return write_expression(as_calls(node), level, out)
    return out.append(text)


def write_parameters(node: ast.arguments, out: Tokens) -> None:
    """What stands between the parentheses of a `def`, or before the colon of a `lambda`."""
    positional = node.posonlyargs + node.args
    defaults = [None] * (len(positional) - len(node.defaults)) + node.defaults
    items: list[tuple[str, ast.arg | None, ast.expr | None]] = [
        ("", parameter, default) for parameter, default in zip(positional, defaults, strict=True)
    ]
    if node.posonlyargs:
        items.insert(len(node.posonlyargs), ("/", None, None))
    if node.vararg or node.kwonlyargs:
        items.append(("*", node.vararg, None))
    items += [("", p, d) for p, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    if node.kwarg:
        items.append(("**", node.kwarg, None))
    for position, (star, parameter, default) in enumerate(items):
        if position:
            out.append(", ")
        _parameter(star, parameter, default, out)


def _parameter(star: str, parameter: ast.arg | None, default: ast.expr | None, out: Tokens) -> None:
    out.append(star + (parameter.arg if parameter else ""))
    annotation = parameter.annotation if parameter else None
    if annotation:
        out.append(": ")
        write_expression(annotation, TEST, out)
    if default:
        out.append(" = " if annotation else "=")
        write_expression(default, TEST, out)


_WRITERS: dict[type[ast.expr], Callable[[Any, int, Tokens], None]] = {
    ast.Attribute: _attribute,
    ast.Await: _await,
    ast.BinOp: _binary,
    ast.BoolOp: _bool,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: _dict_comprehension,
    ast.GeneratorExp: _comprehension,
    ast.IfExp: _choice,
    ast.JoinedStr: _formatted,
    ast.Lambda: _lambda,
    ast.List: _list,
    ast.ListComp: _comprehension,
    ast.Name: _name,
    ast.NamedExpr: _walrus,
    ast.Set: _set,
    ast.SetComp: _comprehension,
    ast.Slice: _slice,
    ast.Starred: _starred,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _unary,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
}
