"""Marks on the emitted tree: the user's place that each node comes from (`origins`).

    comes_from(op, node)      the node has been written for this operation
    like(model, node)         it stands for another node
    origins_of(definitions)   all marks, as data
"""

from __future__ import annotations

import ast
import types
from collections.abc import Sequence
from typing import Any, TypeVar

from ..diagnostics import Span
from ..ir.core import Function, Operation
from .origins import Home, Mark, Origins, Place, codes_of, parts_of
from .text import Blank, Comment

__all__ = ["comes_from", "function_comes_from", "like", "origins_of"]

Node = TypeVar("Node", bound=ast.AST)


def comes_from(op: Operation, node: Node) -> Node:
    """The node, marked as what an operation is written as, unless it is marked already."""
    if op.span is not None and not isinstance(node, ast.Name) and not hasattr(node, "origin"):
        node.origin = (op.span, op.backward)  # type: ignore[attr-defined]
    return node


def function_comes_from(function: Function, node: Node) -> Node:
    """The definition, marked by the line that the function begins at."""
    span = function.span
    if span is not None:
        first = Span(span.filename, span.line, -1, span.line, -1)
        node.origin = (first, False)  # type: ignore[attr-defined]
    return node


def like(model: ast.AST, node: Node) -> Node:
    """The node, marked as the one that it stands for is."""
    if hasattr(model, "origin"):
        node.origin = model.origin  # type: ignore[attr-defined]
    return node


def origins_of(
    definitions: Sequence[ast.FunctionDef], functions: Sequence[types.FunctionType]
) -> Origins:
    """What the marks of these definitions say; `functions` are those of the user's that were
    read."""
    table = _Places(functions)
    marks = {node.name: mark for node in definitions if (mark := _mark(node, table)) is not None}
    return Origins(tuple(table.homes), tuple(table.places), marks)


def _mark(node: ast.AST, table: _Places) -> Mark | None:
    origin = getattr(node, "origin", None)
    own = -1 if origin is None else table.number(*origin)
    parts = [part for part in parts_of(node) if not isinstance(part, (Comment, Blank))]
    marked: list[Any] = []
    for position, part in enumerate(parts):
        mark = _mark(part, table)
        if mark is not None and mark != own:
            marked += (position, mark)
    if marked:
        return [own, len(parts), *marked]
    return None if own == -1 else own


class _Places:
    """Places by number, of functions by number."""

    def __init__(self, functions: Sequence[types.FunctionType]) -> None:
        read = [f for f in functions if not (f.__module__ or "").startswith("adcompiler.")]
        self.functions = [code for f in read for code in codes_of(f.__code__)]
        self.homes: list[Home] = []
        self.places: list[Place] = []
        self._homes: dict[tuple[str, int], int] = {}
        self._numbers: dict[Any, int] = {}

    def number(self, span: Span, backward: bool) -> int:
        caller = None if span.caller is None else self.number(span.caller, backward)
        key = (span, backward, caller)
        if key not in self._numbers:
            home = self._home(span)
            if home == -1:  # a rule of our own: what counts is the user's call
                return self._numbers.setdefault(key, -1 if caller is None else caller)
            self._numbers[key] = len(self.places)
            first = self.homes[home].line
            lines = (span.line - first, span.column, span.end_line - first, span.end_column)
            self.places.append(Place(home, *lines, backward, None if caller == -1 else caller))
        return self._numbers[key]

    def _home(self, span: Span) -> int:
        """The innermost function around."""
        key = (span.filename, span.line)
        if key not in self._homes:
            around = [
                (first, last, code) for first, last, code in self.functions
                if code.co_filename == span.filename and first <= span.line <= last
            ]
            self._homes[key] = -1
            if around:
                first, _, code = max(around, key=lambda found: found[0])
                home = Home(code.co_filename, code.co_name, first)
                if home not in self.homes:
                    self.homes.append(home)
                self._homes[key] = self.homes.index(home)
        return self._homes[key]
