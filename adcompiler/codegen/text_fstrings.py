"""f-strings as text that Python 3.10 reads as well: no quote of its own inside, no backslash.

>>> def shown(text):
...     return write_fstring(ast.parse(text, mode="eval").body, ast.unparse)
>>> print(shown("f'{x:>{width}.2f} of {{{total!r}}}'"))
f"{x:>{width}.2f} of {{{total!r}}}"
>>> print(shown("f'{a[1 < 2]}, {named[0] == 1} and a quote: \\"'"))
f"{a[1 < 2]}, {(named[0] == 1)} and a quote: \\""
"""

from __future__ import annotations

import ast
from collections.abc import Callable

__all__ = ["as_calls", "write_fstring"]

Write = Callable[[ast.expr], str]

_QUOTES = ('"', "'", '"""', "'''")
_IN_PARENTHESES = (ast.Lambda, ast.Compare, ast.BoolOp, ast.IfExp, ast.NamedExpr)


class _Unwritable(Exception):
    """An expression can't stand in a literal with these quotes."""


def write_fstring(node: ast.JoinedStr, write: Write) -> str | None:
    """The literal; None where an expression inside can't stand in one (see `as_calls`)."""
    for quotes in _QUOTES:
        try:
            inner = "".join(_part(part, quotes, write) for part in node.values)
        except _Unwritable:
            continue
        return f"f{quotes}{inner}{quotes}"
    return None


def _part(part: ast.expr, quotes: str, write: Write) -> str:
    if isinstance(part, ast.FormattedValue):
        return _field(part, quotes, write)
    assert isinstance(part, ast.Constant)
    return "".join(_escaped(c, quotes) for c in str(part.value))


def _escaped(character: str, quotes: str) -> str:
    if character in ("\\", quotes[0]):
        return f"\\{character}"
    if character in "{}":
        return character * 2
    return character if character.isprintable() else repr(character)[1:-1]


def _field(part: ast.FormattedValue, quotes: str, write: Write) -> str:
    value = write(part.value)
    if isinstance(part.value, _IN_PARENTHESES):
        value = f"({value})"
    if any(forbidden in value for forbidden in (quotes, "\\", "\n", "#")):
        raise _Unwritable
    if value[-1] == quotes[0] or value[0] == "{":
        value = f" {value} "
    conversion = f"!{chr(part.conversion)}" if part.conversion >= 0 else ""
    spec = f":{_spec(part.format_spec, quotes, write)}" if part.format_spec else ""
    return f"{{{value}{conversion}{spec}}}"


def _spec(spec: ast.expr, quotes: str, write: Write) -> str:
    texts: list[str] = []
    for part in spec.values if isinstance(spec, ast.JoinedStr) else [spec]:
        if isinstance(part, ast.FormattedValue):
            texts.append(_field(part, quotes, write))
            continue
        assert isinstance(part, ast.Constant)
        text = str(part.value)
        if any(c in text for c in (*"\\{}", quotes[0])) or not text.isprintable():
            raise _Unwritable
        texts.append(text)
    return "".join(texts)


def as_calls(node: ast.JoinedStr) -> ast.expr:
    """The same by `format(...)`, for what has no literal: `"a" + format(x["k"], ".2f")`."""
    parts = [_call(part) for part in node.values]
    result: ast.expr = parts[0] if parts else ast.Constant("")
    for part in parts[1:]:
        result = ast.BinOp(result, ast.Add(), part)
    return result


_CONVERSIONS = {ord("r"): "repr", ord("s"): "str", ord("a"): "ascii"}


def _call(part: ast.expr) -> ast.expr:
    if not isinstance(part, ast.FormattedValue):
        return part
    value = part.value
    if part.conversion >= 0:
        value = ast.Call(ast.Name(_CONVERSIONS[part.conversion], ast.Load()), [value], [])
    spec = [] if part.format_spec is None else [part.format_spec]
    return ast.Call(ast.Name("format", ast.Load()), [value, *spec], [])
