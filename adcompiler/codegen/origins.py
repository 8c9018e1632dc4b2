"""Which of the user's lines each piece of emitted text comes from, kept beside the text.

    y = np.linalg.solve(a, b)        grad_b = np.linalg.solve(a.T, grad_y)    <- backward, that line

Nodes of the emitted tree are marked while they are made. A text parses to the tree that it was
written from, so a mark is found again by its place in the tree: a mark is the number of a place in
`places`; or, where parts of the node come from elsewhere, a list of its own number (-1: none), the
count of its parts, and for each part that is marked its position and its mark.

    c + np.log(x)  of lines 4 and 5  ->  [4, 2, 1, 5]
"""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Home", "Mark", "Origins", "Place", "codes_of", "parts_of"]

Mark = int | list[Any]

_PARTS = (ast.expr, ast.stmt, ast.keyword, ast.comprehension, ast.withitem)


@dataclass(frozen=True)
class Home:
    """A function of the user's: its file, its name, its first line."""

    filename: str
    name: str
    line: int


@dataclass(frozen=True)
class Place:
    """A stretch of a user's function; lines count from the function's first, columns are those of
    spans, or -1. `backward`: the text is differentiation's, not the user's. `caller`: the place of
    the call through which inlining arrived there."""

    home: int
    line: int
    column: int
    end_line: int
    end_column: int
    backward: bool = False
    caller: int | None = None


@dataclass(frozen=True, eq=False)
class Origins:
    """Where the functions of an emitted module come from: a mark for each, by name. A home that
    can't be told any more is None."""

    homes: tuple[Home | None, ...] = ()
    places: tuple[Place, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)


def parts_of(node: ast.AST) -> list[ast.AST]:
    """What marks count as the parts of a node: the same in a tree that is parsed again."""
    parts: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, _PARTS):
            parts.append(value)
        elif isinstance(value, list):
            parts += [v for v in value if isinstance(v, _PARTS)]
    return parts


def codes_of(code: types.CodeType) -> list[tuple[int, int, types.CodeType]]:
    """The functions inside of a function, itself first, with their first and last lines."""
    first = code.co_firstlineno
    last = max((line or first for _, _, line in code.co_lines()), default=first)
    found = []
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            own = codes_of(inner)
            last = max([last, *(end for _, end, _ in own)])
            # A comprehension is part of the function around it.
            found += own if inner.co_name[:1] != "<" or inner.co_name == "<lambda>" else own[1:]
    return [(first, last, code), *found]
