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
import contextlib
from collections.abc import Callable, Iterator

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.types import Scalar
from .bindings import stored_names
from .context import Context
from .items import LOST, UNBOUND, Item, Lost, Unfilled

__all__ = ["recovering", "report", "tested"]


@contextlib.contextmanager
def recovering(ctx: Context, node: ast.stmt) -> Iterator[None]:
    """Lower one statement, of which nothing is left where it is refused, or reads what a refused
    one has lost.

    The block goes on as it was before; what the statement would have assigned is lost, but where it
    reads a list into which nothing is put yet: its names stay what they are, and tell what is put
    into the list when the function is lowered again.
    """
    go_back = _way_back(ctx)
    filled = True
    try:
        yield
        return
    except Lost:
        pass
    except UnsupportedError as error:
        ctx.note(error)
        filled = not isinstance(error, Unfilled)
    go_back()
    names = ctx.frame.names
    for name in (*ctx.syntax.assigned_names([node]), *sorted(stored_names(node, {}))):
        if filled or names.get(name, UNBOUND) is UNBOUND:
            names[name] = LOST


def _way_back(ctx: Context) -> Callable[[], None]:
    builder, names, jumps, state = ctx.builder, ctx.frame.names, ctx.frame.jumps, ctx.memory.state

    def go() -> None:
        ctx.builder, ctx.frame.names, ctx.frame.jumps = builder, names, jumps
        ctx.memory.state = state

    return go


def tested(ctx: Context, lower: Callable[[], Item]) -> Item:
    """A test. Where it reads a list into which nothing is put yet, it is any truth: so both sides
    are lowered, and tell what is put into the list when the function is lowered again."""
    go_back = _way_back(ctx)
    try:
        return lower()
    except Unfilled as error:
        ctx.note(error)
    go_back()
    return ctx.builder.emit("undefined", (), Scalar("bool"))


def report(ctx: Context, lower: Callable[[], Item]) -> Item:
    """Lower a whole function; raises one error with all that was refused, in source order."""
    try:
        item = lower()
    except Lost:
        item = LOST
    except UnsupportedError as error:
        ctx.note(error)
    problems = ctx.problems or ctx.unfilled
    if not problems:
        return item
    found: dict[object, Diagnostic] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.span), problem)
    raise UnsupportedError(*sorted(found.values(), key=_place))


def _place(problem: Diagnostic) -> list[tuple[int, int]]:
    """Where the reader meets it: at the calls leading on, the outermost first."""
    spans = (*reversed(problem.trail), problem.span)
    return [(span.line, span.column) for span in spans if span is not None]
