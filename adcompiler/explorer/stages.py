"""The steps of the pipeline, each with its lines, and what it changed of those before.

    differentiate         + %grad_y = constant[value=1.0]
    simplify              - %3 = mul %grad_y, %x
    text                  the emitted function

A step that changes no line is no stage; its name stands with the one before. Values keep their
names from stage to stage, so that a line changes only where its operation does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.printer import named, printed
from ..optimize import PASSES
from .model import Stage

__all__ = ["Recorder", "SsaLine", "staged"]

_DEAD = "what nobody reads goes"
_GATES = "what nobody reads goes; every gate of yours stays"
_ABOUT = {
    "lower": "your function as the compiler reads it: every value is defined once",
    "differentiate": "the backward part follows; it reads forward values as if all were in sight",
    "save": "forward values that it can't see are computed again, or kept on a tape",
    "read-branch-results": "behind a branch, what the branch handed on is read",
    "keep-gates": _GATES, "keep-gates-settled": _GATES, "keep-gates-and-sequences": _GATES,
    "drop-dead": _DEAD, "drop-settled": _DEAD, "keep-sequences": _DEAD,
    "split": "functions that are called are parted into a forward and a backward function",
    "own-memory": "copies are placed so that updates can happen in place",
    "own-results": "results get memory of their own",
    "check-shapes": "shapes that the function would have refused still are",
    "text": "the function that runs",
}  # fmt: skip
_TITLES = {
    "lower": "lowered", "differentiate": "differentiated", "save": "saves",
    "keep-gates": "dead code", "keep-gates-settled": "dead code", "keep-sequences": "dead code",
    "keep-gates-and-sequences": "dead code", "drop-dead": "dead code", "drop-settled": "dead code",
    "text": "emitted text",
}  # fmt: skip

# How the user spelled an operation, which the source beside shows.
_SPELLING = re.compile(r"\[via='\w+'\]|via='\w+', |, via='\w+'")

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class SsaLine:
    """A line as printed, and what it stands for; `op`: the operation, or the one around."""

    text: str
    op: Operation | None
    is_head: bool = False
    is_return: bool = False
    is_yield: bool = False


class Recorder:
    """Looks on as the pipeline runs; `steps` are (name, lines), `first` the function lowered."""

    def __init__(self) -> None:
        self.first: Function | None = None
        self.steps: list[tuple[str, list[SsaLine]]] = []
        self.names: Mapping[Value, str] = {}
        self._seen: tuple[object, ...] = ()

    def __call__(self, step: str, function: Function, relaxed: bool) -> None:
        """What `pipeline.derivative` calls after each step."""
        if step == "lower":  # it may begin again, with more known of the arguments
            self.first, self.steps, self.names, self._seen = function, [], {}, ()
        functions = (function, *function.functions.values())
        seen = tuple(
            (one.name, one.parameters, one.body.operations, one.results) for one in functions
        )
        if seen == self._seen:  # the very same operations
            self.steps.append((step, self.steps[-1][1]))
            return
        self._seen = seen
        self.names = named(function, self.names)
        self.steps.append((step, list(_lines(function, self.names))))


def _lines(function: Function, names: Mapping[Value, str]) -> Iterator[SsaLine]:
    functions = (function, *function.functions.values())
    around = {block: op for one in functions for op in walk(one.body) for block in op.blocks}
    for line, of in printed(function, names):
        text = _SPELLING.sub("", line)
        match of:
            case Operation():
                yield SsaLine(text, of)
            case Block():
                returns = of is function.body
                yield SsaLine(text, around.get(of), is_return=returns, is_yield=not returns)
            case _:
                yield SsaLine(text, None, is_head=of is function)


@dataclass(frozen=True)
class _Step(Generic[Thing]):
    name: str
    lines: Sequence[Thing]
    idle: tuple[str, ...] = ()


def staged(
    steps: Sequence[tuple[str, Sequence[SsaLine]]], number: Callable[[SsaLine], int]
) -> tuple[Stage, ...]:
    """The steps that change a line, as stages; `number` gives a line's index on the page."""
    kept: list[_Step[SsaLine]] = []
    for name, lines in steps:
        before = kept[-1] if kept else None
        if before is not None and _same(lines, before.lines):
            kept[-1] = _Step(before.name, before.lines, (*before.idle, title(name)))
        else:
            kept.append(_Step(name, lines))
    found: list[Stage] = []
    earlier: Sequence[SsaLine] | None = None
    for step in kept:
        rows = tuple(
            (number(line), mark) for line, mark in changes(earlier, step.lines, lambda a: a.text)
        )
        found.append(Stage(title(step.name), about(step.name), rows, step.idle))
        earlier = step.lines
    return tuple(found)


def _same(lines: Sequence[SsaLine], others: Sequence[SsaLine]) -> bool:
    return lines is others or [a.text for a in lines] == [a.text for a in others]


def title(step: str) -> str:
    """What people read: a pass's own name, or what the step does."""
    return step if step in PASSES else _TITLES.get(step, step.replace("-", " "))


def about(step: str) -> str:
    """A sentence on what the step does."""
    return PASSES[step][1] if step in PASSES else _ABOUT.get(step, "")


def changes(
    before: Sequence[Thing] | None, after: Sequence[Thing], text: Callable[[Thing], str]
) -> list[tuple[Thing, str]]:
    """The lines after, and between them those that are gone, each with what became of it.

    >>> changes(["a", "b"], ["a", "c"], str)
    [('a', ' '), ('b', '-'), ('c', '+')]
    """
    if before is None:
        return [(line, " ") for line in after]
    matcher = SequenceMatcher(None, [*map(text, before)], [*map(text, after)], autojunk=False)
    found: list[tuple[Thing, str]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found += [(line, " ") for line in after[c:d]]
        else:
            found += [(line, "-") for line in before[a:b]]
            found += [(line, "+") for line in after[c:d]]
    return found
