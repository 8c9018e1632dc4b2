"""All that the page shows, computed: the pipeline runs with a recorder, the function with values.

    Question(power, structures, ...)  ->  Page(source=..., levels=(Level(0, ...), ...), ...)
"""

from __future__ import annotations

import ast
import copy
import inspect
import os
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._version import VERSION
from ..arguments import split
from ..cli_highlight import pieces
from ..frontend.context import Path, lookup_path
from ..frontend.signature import Structure
from ..frontend.source import read_function
from ..graph import lower
from ..graph_text import shown
from ..ir.core import Function, Operation, Value, walk
from ..optimize import LEVELS, Passes
from ..options import Options
from ..pipeline import compile_gradient
from .model import Gate, Level, Line, Page, Run, Stage, runs
from .numbers import gates_of
from .origins import Origin, origins_by_line
from .sources import Sources, sources_of
from .stages import Recorder, SsaLine, about, staged, title
from .watching import may_repeat, watched

__all__ = ["Question", "explored"]


@dataclass(frozen=True)
class Question:
    """What is to be shown: the function with the types of its arguments, and their values, if
    `call` is the text of a call. `level` is shown first."""

    function: types.FunctionType
    structures: Mapping[str, Structure]
    value_of: Callable[[Path], Any]
    values: Mapping[str, Any]
    wrt: tuple[str, ...]
    level: int = 1
    without: tuple[str, ...] = ()
    defaults: Mapping[str, ast.expr | None] | None = None
    call: str = ""


def explored(question: Question) -> Page:
    """The page. AdcompilerError for a refusal; what the function raises where it is called."""
    passed = [_Passed(question, Passes(level, question.without)) for level in LEVELS]
    first = passed[0].first
    functions = [f for one in passed for f in one.compiled.functions]
    spans = [op.span for op in _operations(first) if op.span is not None]
    sources = sources_of(read_function(question.function), functions, spans)
    gates: list[Gate] = []
    value = ""
    numbers: list[Mapping[Value, int]] = [{} for _ in passed]
    if question.call:
        graph = lower(question.function)
        args, keywords = _arguments(question)
        graph.forward(*args, **keywords)
        graph.backward()
        value = shown(graph.value)
        for k, one in enumerate(passed):
            gates, numbers[k] = gates_of(graph, one.first, sources)
    book = _Lines(sources)
    levels = [
        Level(one.passes.level, one.stages(book, found))
        for one, found in zip(passed, numbers, strict=True)
    ]
    return Page(
        first.name, os.path.basename(sources.root.filename), question.call,
        question.wrt, value, VERSION, question.level, sources.rows, tuple(sources.places),
        tuple(gates), tuple(book.lines), tuple(levels),
        tuple(k for k, _ in levels[0].stages[0].rows),
    )  # fmt: skip


def _arguments(question: Question) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of a run's own: the function may store into them."""
    try:
        values = copy.deepcopy(dict(question.values))
    except Exception:  # some objects refuse to be copied, in ways of their own
        values = dict(question.values)
    return split(inspect.signature(question.function), values)


def _operations(function: Function) -> list[Operation]:
    return [op for one in (function, *function.functions.values()) for op in walk(one.body)]


# What heads that part of the text, from level 1 on.
_BACKWARD, _DEF = ("# backward", "comment"), ("def", "keyword")


class _Passed:
    """One way through the pipeline."""

    def __init__(self, question: Question, passes: Passes) -> None:
        self.question = question
        self.passes = passes
        self.recorder = Recorder()
        options = Options(question.wrt, len(question.wrt) == 1, False, passes)
        self.compiled = compile_gradient(
            question.function, question.structures, options, question.value_of, question.defaults,
            self.recorder,
        )

    @property
    def first(self) -> Function:
        """The function lowered."""
        assert self.recorder.first is not None
        return self.recorder.first

    def stages(self, book: _Lines, numbers: Mapping[Value, int]) -> tuple[Stage, ...]:
        """The stages, with the text as the last one."""
        found = staged(self.recorder.steps, lambda line: book.ssa(line, numbers))
        emitted = self.compiled.emitted
        text = emitted.function.rstrip("\n")
        seen = self.run() if self.question.call and may_repeat(self.first) else {}
        origins, rows, behind = origins_by_line(emitted), [], False
        for k, line_runs in enumerate(runs(text, pieces(text))):
            behind = _BACKWARD in line_runs or (behind and line_runs[:1] != (_DEF,))
            rows.append((book.text(line_runs, origins[k], seen.get(k), behind), " "))
        return (*found, Stage(title("text"), about("text"), tuple(rows), is_text=True))

    def run(self) -> dict[int, Gate]:
        """What the text computes, by line."""
        question = self.question
        args, keywords = _arguments(question)
        keywords |= {
            name: lookup_path(question.function, path, question.values)
            for name, path in self.compiled.captures if name is not None
        }  # fmt: skip
        return watched(self.compiled.emitted, args, keywords)


class _Lines:
    """The lines of all stages; those that say the same of the same place are one."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.lines: list[Line] = []
        self._known: dict[Line, int] = {}

    def ssa(self, line: SsaLine, numbers: Mapping[Value, int]) -> int:
        op = line.op
        (line_runs,) = runs(line.text, pieces(line.text, ir=True))
        gates: tuple[int, ...] = ()
        places: list[int] = []
        if line.is_head:
            places = [self.sources.head]
        elif line.is_return:
            places = self.sources.returns
        elif op is not None:
            places = [self.sources.place(op.span)]
            if not line.is_yield:
                gates = tuple(numbers[v] for v in op.results if v in numbers)
        part = "" if op is None else "backward" if op.backward else "forward"
        return self.number(Line(line_runs, part, _real(places), gates))

    def text(
        self, line_runs: tuple[Run, ...], origins: Sequence[Origin], seen: Gate | None, behind: bool
    ) -> int:
        """`behind`: the line stands below the heading of the backward part."""
        backward = behind or any(one.backward for one in origins[:1])
        part = ("backward" if backward else "forward") if origins else ""
        places = [
            self.sources.head if one.is_head else self.sources.place(one.span) for one in origins
        ]
        return self.number(Line(line_runs, part, _real(places), (), seen))

    def number(self, line: Line) -> int:
        if line not in self._known:
            self._known[line] = len(self.lines)
            self.lines.append(line)
        return self._known[line]


def _real(places: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(place for place in places if place >= 0))
