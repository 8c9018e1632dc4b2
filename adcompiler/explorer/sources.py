"""The source on the page: the function, then each that was inlined, and where spans stand in them.

    loss · model.py             a heading, where there are several
     3  def loss(w, x):
     4      return squared(w - x)
    squared · tools.py
    10  def squared(x):
"""

from __future__ import annotations

import ast
import os
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..cli_highlight import pieces
from ..diagnostics import Span
from ..frontend.source import FunctionSource, read_function
from .model import Place, SourceRow, runs

__all__ = ["Sources", "sources_of"]


@dataclass
class Sources:
    """`rows` are shown; `heads` tells where the head of a statement with a block ends, by its
    beginning; `places` grow as spans are asked for."""

    rows: tuple[SourceRow, ...]
    row_of: dict[tuple[str, int], int]
    margins: dict[tuple[str, int], int]
    heads: dict[tuple[str, int, int], int]
    root: FunctionSource
    places: list[Place] = field(default_factory=list)
    _known: dict[Place, int] = field(default_factory=dict)

    def place(self, span: Span | None) -> int:
        """The number of the span's place; of the call that led there where its text isn't shown,
        as inside of the library's own functions. -1 where there is none."""
        if span is None:
            return -1
        call = self.place(span.caller)
        row = self.at(span.filename, span.line)
        return call if row is None else self.number(self.located(span, row, call))

    def located(self, span: Span, row: int, call: int) -> Place:
        if span.column < 0:  # the line as such
            return Place(row, 0, row, len(self.text(row)), call)
        left = self.margins[span.filename, span.line]
        start = (span.filename, span.line, span.column)
        last = self.heads.get(start, span.end_line)
        if last < span.end_line:  # a loop or branch: its head
            end_row = row + last - span.line
            return Place(row, span.column - left, end_row, len(self.text(end_row)), call)
        end = self.at(span.filename, span.end_line)
        return Place(row, span.column - left, row if end is None else end,
                     span.end_column - left, call)  # fmt: skip

    def at(self, filename: str, line: int) -> int | None:
        return self.row_of.get((filename, line))

    def number(self, place: Place) -> int:
        if place not in self._known:
            self._known[place] = len(self.places)
            self.places.append(place)
        return self._known[place]

    def of(self, node: ast.AST) -> int:
        """The place of a node of the function itself."""
        return self.place(self.root.span(node))

    @property
    def head(self) -> int:
        """The place of the function's signature."""
        node, (_, row) = self.root.node, self.span_rows()
        last = row
        if isinstance(node, ast.FunctionDef):
            last = max(row, self.row_of[self.root.filename, node.body[0].lineno] - 1)
        return self.number(Place(row, 0, last, len(self.text(last))))

    def span_rows(self) -> tuple[str, int]:
        return self.root.filename, self.row_of[self.root.filename, self.root.node.lineno]

    def text(self, row: int) -> str:
        return "".join(text for text, _ in self.rows[row].runs)

    @property
    def returns(self) -> list[int]:
        """The places of the function's own `return` statements."""
        return [self.of(node) for node in _own_nodes(self.root.node)
                if isinstance(node, ast.Return)]  # fmt: skip


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            found += [child, *_own_nodes(child)]
    return found


def sources_of(root: FunctionSource, functions: Sequence[types.FunctionType], spans: Sequence[Span]
               ) -> Sources:  # fmt: skip
    """The function's source and that of each of `functions` from which one of the spans comes."""
    found = {(s.filename, s.line) for span in spans for s in _with_callers(span)}
    chosen, seen = [root], {(root.filename, k) for k in _lines(root)}
    for function in functions:
        source = root if function is root.function else read_function(function)
        own = {(source.filename, k) for k in _lines(source)}
        if own & found and not own <= seen:
            chosen.append(source)
            seen |= own
    rows: list[SourceRow] = []
    row_of: dict[tuple[str, int], int] = {}
    margins: dict[tuple[str, int], int] = {}
    for source in chosen:
        if len(chosen) > 1:
            name = f"{source.function.__name__} · {os.path.basename(source.filename)}"
            rows.append(SourceRow(0, ((name, "heading"),)))
        text = source.text.rstrip("\n").expandtabs(4)
        numbers = _lines(source)
        for line, line_runs in zip(numbers, runs(text, pieces(text)), strict=False):
            row_of.setdefault((source.filename, line), len(rows))
            whole, shown = source.lines[line - 1], "".join(piece for piece, _ in line_runs)
            margins[source.filename, line] = len(whole.rstrip("\n")) - len(shown) if shown else 0
            rows.append(SourceRow(line, line_runs))
    heads = {place: last for source in chosen for place, last in _heads(source)}
    return Sources(tuple(rows), row_of, margins, heads, root)


def _heads(source: FunctionSource) -> Iterator[tuple[tuple[str, int, int], int]]:
    """By their beginnings, the last lines of the heads of all statements with a block."""
    for node in ast.walk(source.node):
        body = getattr(node, "body", None)
        if isinstance(node, ast.stmt) and body:
            span = source.span(node)
            yield (span.filename, span.line, span.column), max(span.line, body[0].lineno - 1)


def _with_callers(span: Span) -> list[Span]:
    return [span, *(_with_callers(span.caller) if span.caller else ())]


def _lines(source: FunctionSource) -> range:
    node = source.node
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(d.lineno for d in decorators)])
    return range(first, (node.end_lineno or first) + 1)
