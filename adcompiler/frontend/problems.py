"""All that is wrong with a function in one go: lowering goes on after what it refuses.

    y = np.fft.fft(x)         refused; y has no value that could be known
    z = y * 2                 reads y: nothing more to say, and z is lost as well
    with lock:                refused
        z = z + 1

A refused statement leaves its names *lost*. Reading a lost name gives up the reading statement
without another word, so that each diagnostic stands for a cause of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeVar

from ..diagnostics import Diagnostic, UnsupportedError
from .bindings import stored_names
from .context import Context
from .items import LOST, Item, Lost

__all__ = ["recovering", "report"]

T = TypeVar("T")


def recovering(ctx: Context, node: ast.stmt, lower: Callable[[], T]) -> T | None:
    """Lower one statement; None where it is refused, or reads what a refused one has lost.

    The block goes on as it was before; what the statement would have assigned is lost.
    """
    builder, names, jumps, state = ctx.builder, ctx.frame.names, ctx.frame.jumps, ctx.memory.state
    try:
        return lower()
    except Lost:
        pass
    except UnsupportedError as error:
        ctx.problems += error.diagnostics
    ctx.builder, ctx.frame.names, ctx.frame.jumps = builder, names, jumps
    ctx.memory.state = state
    for name in (*ctx.syntax.assigned_names([node]), *sorted(stored_names(node, {}))):
        names[name] = LOST
    return None


def report(ctx: Context, lower: Callable[[], Item]) -> Item:
    """Lower a whole function; raises one error with all that was refused, in source order."""
    try:
        item = lower()
    except Lost:
        item = LOST
    except UnsupportedError as error:
        ctx.problems += error.diagnostics
    if not ctx.problems:
        return item
    found: dict[object, Diagnostic] = {}
    for problem in ctx.problems:
        found.setdefault((problem.code, problem.span), problem)
    raise UnsupportedError(*sorted(found.values(), key=_place))


def _place(problem: Diagnostic) -> list[tuple[int, int]]:
    """Where the reader meets it: at the calls leading on, the outermost first."""
    spans = (*reversed(problem.trail), problem.span)
    return [(span.line, span.column) for span in spans if span is not None]
