"""Colour for terminals: Python text by its tokens, IR text by a pattern.

Taking the escape codes away gives the text back, character for character.

>>> import click
>>> click.unstyle(highlight("x = 1  # one")) == "x = 1  # one"
True
"""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from typing import Any

import click

__all__ = ["Piece", "highlight", "pieces", "style_of"]

_STYLES: dict[str, dict[str, Any]] = {
    "comment": {"fg": "bright_black"},
    "keyword": {"fg": "magenta", "bold": True},
    "number": {"fg": "cyan"},
    "string": {"fg": "green"},
    "gradient": {"fg": "yellow"},
    "defined": {"bold": True},
    "value": {"fg": "blue"},
}
_IR = re.compile(
    r"""(?P<comment>\#.*$)
      | (?P<string>'[^'\n]*')
      | (?P<gradient>%(?:grad\d*|dot)_[\w.]+)
      | (?P<value>%[\w.]+)
      | (?P<keyword>\b(?:function|return|yield|else|do|if|for|while)\b)
      | (?P<number>(?<![\w%.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?\b)""",
    re.VERBOSE | re.MULTILINE,
)
_GRADIENT = re.compile(r"(grad\d*|dot)_\w+$")

Piece = tuple[int, int, str]  # from, to, style


def highlight(text: str, ir: bool = False) -> str:
    """The text with escape codes; unchanged where it can't be tokenised."""
    result, end = [], 0
    for start, stop, style in pieces(text, ir):
        result += [text[end:start], click.style(text[start:stop], **_STYLES[style])]
        end = stop
    return "".join([*result, text[end:]])


def style_of(kind: str) -> str:
    """A piece's style in words, as rich has them."""
    style = _STYLES[kind]
    return " ".join(["bold"] * style.get("bold", False) + [style[k] for k in ("fg",) if k in style])


def pieces(text: str, ir: bool = False) -> list[Piece]:
    """What has a colour, in order; nothing where the text can't be tokenised."""
    if ir:
        return [(m.start(), m.end(), m.lastgroup or "") for m in _IR.finditer(text)]
    try:
        return list(_python(text))
    except (tokenize.TokenError, SyntaxError):
        return []


def _python(text: str) -> Iterator[Piece]:
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    previous = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        style = _style(token, previous)
        if style:
            (row, column), (end_row, end_column) = token.start, token.end
            yield starts[row - 1] + column, starts[end_row - 1] + end_column, style
        previous = token.string


def _style(token: tokenize.TokenInfo, previous: str) -> str | None:
    match token.type:
        case tokenize.COMMENT:
            return "comment"
        case tokenize.NUMBER:
            return "number"
        case tokenize.STRING:
            return "string"
        case tokenize.NAME if keyword.iskeyword(token.string):
            return "keyword"
        case tokenize.NAME if previous in ("def", "class"):
            return "defined"
        case tokenize.NAME if _GRADIENT.match(token.string):
            return "gradient"
    return None
