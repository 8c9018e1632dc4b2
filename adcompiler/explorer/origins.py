"""Which of the user's places each line of the emitted text comes from.

    y = np.tanh(w * x)            Origin(3:8), Origin(3:16)
    grad_w = grad_s0 * x          Origin(3:16, backward)

`codegen/marking.py` has marked the tree that the text was printed from; the text parses to it. What
a statement in a loop or branch has no mark for, such as putting a value on a tape, is the loop's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..codegen.emitted import Emitted
from ..codegen.origins import Mark, Place, parts_of
from ..diagnostics import Span

__all__ = ["Origin", "origins_by_line"]


@dataclass(frozen=True)
class Origin:
    """A place, and whether what stands there is differentiation's; `is_head`: the line is that of
    a `def`, which comes from the whole function."""

    span: Span
    backward: bool
    is_head: bool = False


def origins_by_line(emitted: Emitted) -> list[tuple[Origin, ...]]:
    """By line of the function's text, in the order of the line's own parts."""
    lines = emitted.function.split("\n")
    found: list[dict[int, None]] = [{} for _ in lines]
    heads: dict[int, int] = {}
    for node in ast.parse(emitted.function).body:
        mark = emitted.origins.marks.get(getattr(node, "name", ""))
        if mark is None:
            continue
        for statement, numbers in _statements(node, mark, -1):
            if statement is node and getattr(node, "name", "") == emitted.name:
                heads[node.lineno - 1] = numbers[0] if numbers else -1
            for line in _own_lines(statement):
                if not lines[line - 1].lstrip().startswith("#"):
                    found[line - 1].update(dict.fromkeys(numbers))
    return [
        tuple(
            origin for number in numbers
            if (origin := _origin(emitted, number, heads.get(k) == number)) is not None
        )
        for k, numbers in enumerate(found)
    ]  # fmt: skip


def _own_lines(statement: ast.AST) -> range:
    """All lines of a statement, of one with a block those of its head."""
    first = statement.lineno  # type: ignore[attr-defined]
    inner = getattr(statement, "body", None)
    last = inner[0].lineno - 1 if inner else statement.end_lineno  # type: ignore[attr-defined]
    return range(first, max(first, last) + 1)


def _is_number(node: ast.AST) -> bool:
    """A number comes from wherever it stood first: equal ones are one value."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _statements(node: ast.AST, mark: Mark, around: int) -> Iterator[tuple[ast.AST, list[int]]]:
    """A statement and those within, with the numbers of their places."""
    own = mark[0] if isinstance(mark, list) else mark
    marks = _marks_of_parts(mark)
    parts = parts_of(node)
    numbers = [own] if own != -1 else []
    inner: list[tuple[ast.AST, Mark]] = []
    constant: list[int] = []
    for position, part in enumerate(parts):
        its = marks.get(position, -1)
        if isinstance(part, ast.stmt):
            inner.append((part, its))
        elif _is_number(part):
            constant += _numbers(part, its, alone=True)
        else:
            numbers += _numbers(part, its)
    numbers = numbers or constant
    yield node, numbers or ([around] if around != -1 else [])
    is_block = not isinstance(node, ast.FunctionDef)
    for part, its in inner:
        yield from _statements(part, its, own if is_block and own != -1 else around)


def _numbers(node: ast.AST, mark: Mark, alone: bool = False) -> list[int]:
    """The numbers of the places of an expression and its parts; of a number's if it is `alone`."""
    if _is_number(node) and not alone:
        return []
    if not isinstance(mark, list):
        return [] if mark == -1 else [mark]
    found = [mark[0]] if mark[0] != -1 else []
    marks = _marks_of_parts(mark)
    for position, part in enumerate(parts_of(node)):
        found += _numbers(part, marks.get(position, -1))
    return found


def _marks_of_parts(mark: Mark) -> dict[int, Any]:
    return dict(zip(mark[2::2], mark[3::2], strict=True)) if isinstance(mark, list) else {}


def _origin(emitted: Emitted, number: int, is_head: bool) -> Origin | None:
    span = _span(emitted, number)
    if span is None:
        return None
    return Origin(span, emitted.origins.places[number].backward, is_head)


def _span(emitted: Emitted, number: int | None) -> Span | None:
    if number is None or number < 0:
        return None
    place: Place = emitted.origins.places[number]
    home = emitted.origins.homes[place.home]
    caller = _span(emitted, place.caller)
    if home is None:
        return caller
    return Span(
        home.filename, home.line + place.line, place.column, home.line + place.end_line,
        place.end_column, caller,
    )  # fmt: skip
