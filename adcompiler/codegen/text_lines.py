"""Breaking long lines: the tokens of one logical line come in, one or more lines of text go out.

A line that fits stays whole. A longer one is opened at its longest bracket, or, where operators
stand outside any bracket, gets parentheses of its own; what is inside stays on one line if it can,
else takes one argument, or one operand, a line::

    grad_x = np.sum(
        first_argument,
        second_argument,
    )
    y = (
        first_operand
        + second_operand
    )

>>> tokens = ["y", " = ", "f", "(", "aaaa", ", ", "bb", " + ", "c", ")"]
>>> print(*break_line(tokens, "", width=14), sep="\\n")
y = f(
    aaaa,
    bb + c,
)
"""

from __future__ import annotations

from itertools import pairwise

from .text_precedence import BINARY

WIDTH = 100
_STEP = "    "

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_COMMA = ", "
_BREAKS = (  # where a line may end, the loosest first: after the comma, before all others
    {" for ", " async for "},
    {_COMMA},
    {" if ", " else "},
    {" or "},
    {" and "},
    {" == ", " != ", " < ", " <= ", " > ", " >= ", " is ", " is not ", " in ", " not in "},
    {" | "},
    {" ^ "},
    {" & "},
    {" << ", " >> "},
    {" + ", " - "},
    {" * ", " / ", " // ", " % ", " @ "},
)
_RANK = {symbol: rank for rank, symbols in enumerate(_BREAKS) for symbol in symbols}
_TESTS = ("if ", "elif ", "while ", "return ")
_ASSIGNMENTS = {" = ", *(f"{symbol.rstrip()}= " for symbol, _ in BINARY.values())}
_IMPORT = " import "


def break_line(tokens: list[str], indent: str, width: int = WIDTH) -> list[str]:
    """The lines that show `tokens`; they hold the same Python as the tokens in one line do."""
    whole = tokens[0].startswith("#") or any("\n" in token for token in tokens)
    if whole or _fits(tokens, indent, width):
        return [indent + "".join(tokens).strip()]
    start = _value_start(tokens)
    if start is None:
        return _opened(tokens, indent, width)
    stop = len(tokens) - (tokens[-1] == ":")
    head, value, tail = tokens[:start], tokens[start:stop], tokens[stop:]
    if not _fits([*head, "("], indent, width):
        head = _parenthesised_targets(head)
    atom_fits_below = (
        _longest_bracket(value) is None
        and _fits([*head, "("], indent, width)
        and _fits(value, indent + _STEP, width)
    )
    if _breaks(value) or atom_fits_below:
        return _around([*head, "("], value, [")", *tail], indent, width)
    return _opened(head + value + tail, indent, width)


def _fits(tokens: list[str], indent: str, width: int) -> bool:
    return len(indent) + len("".join(tokens).strip()) <= width


def _outside(tokens: list[str]) -> list[int]:
    """The positions of the tokens that stand outside every bracket, brackets excepted."""
    found, depth = [], 0
    for position, token in enumerate(tokens):
        if token in ("(", "[", "{"):
            depth += 1
        elif token in (")", "]", "}"):
            depth -= 1
        elif depth == 0:
            found.append(position)
    return found


def _value_start(tokens: list[str]) -> int | None:
    """Where the expression begins that a statement allows to stand in parentheses."""
    if tokens[0] in _TESTS:
        return 1
    if tokens[0].endswith("for "):
        return 3
    ends = [p for p in _outside(tokens) if tokens[p] in _ASSIGNMENTS]
    if _IMPORT in tokens and tokens[-1] != "*":
        ends = [tokens.index(_IMPORT)]
    return ends[-1] + 1 if ends else None


def _parenthesised_targets(head: list[str]) -> list[str]:
    """`a, b = ` as `(a, b) = `, so that a long list of targets can be broken too."""
    result: list[str] = []
    target: list[str] = []
    for position, token in enumerate(head):
        target.append(token)
        if token == " = " and position in _outside(head):
            bare_tuple = _COMMA in [target[p] for p in _outside(target)]
            result += ["(", *target[:-1], ")", " = "] if bare_tuple else target
            target = []
    return result + target


def _breaks(tokens: list[str]) -> set[str]:
    """The loosest separators among `tokens`, outside brackets; empty where there are none.

    The first token doesn't count: it is the operator before which a longer line was cut.
    """
    ranks = [_RANK[tokens[p]] for p in _outside(tokens) if p and tokens[p] in _RANK]
    return _BREAKS[min(ranks)] if ranks else set()


def _longest_bracket(tokens: list[str]) -> tuple[int, int] | None:
    """The outermost pair of brackets that holds most text; an unmatched bracket is no pair."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for position, token in enumerate(tokens):
        if token in _CLOSING:
            opened.append(position)
        elif opened and token == _CLOSING[tokens[opened[-1]]]:
            start = opened.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            if position > start + 1:
                pairs.append((start, position))
    return max(pairs, key=lambda p: len("".join(tokens[p[0] : p[1]])), default=None)


def _opened(tokens: list[str], indent: str, width: int) -> list[str]:
    """Break within the longest bracket; a line without one can't be broken."""
    pair = None if _fits(tokens, indent, width) else _longest_bracket(tokens)
    if pair is None:
        return [indent + "".join(tokens).strip()]
    start, stop = pair
    return _around(tokens[: start + 1], tokens[start + 1 : stop], tokens[stop:], indent, width)


def _around(
    head: list[str], body: list[str], tail: list[str], indent: str, width: int
) -> list[str]:
    return [
        *_opened(head, indent, width),
        *_inside(body, indent + _STEP, width),
        *_opened(tail, indent, width),
    ]


def _inside(tokens: list[str], indent: str, width: int) -> list[str]:
    """Lines for what stands in brackets: whole if it fits, else cut at its loosest separators."""
    if _fits(tokens, indent, width):
        return [indent + "".join(tokens).strip()]
    separators = _breaks(tokens)
    if not separators:
        return _opened(tokens, indent, width)
    lines: list[str] = []
    for group in _cut(tokens, separators):
        lines += _inside(group, indent, width)
    return lines


def _cut(tokens: list[str], separators: set[str]) -> list[list[str]]:
    places = [p for p in _outside(tokens) if tokens[p] in separators]
    if _COMMA not in separators:
        return [tokens[a:b] for a, b in pairwise([0, *places, len(tokens)])]
    return [[*tokens[a + 1 : b], ","] for a, b in pairwise([-1, *places, len(tokens)])]
