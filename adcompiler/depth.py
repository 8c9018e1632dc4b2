"""Programs that are nested deeply: compiled on a larger stack, or else refused.

    return x + x + x + ...     a thousand additions, each the first operand of the next

The compiler follows the nesting of what it reads. Where Python's recursion limit stops it, it
starts again in a thread whose stack has room for more.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import types
from collections.abc import Callable
from typing import TypeVar

from .diagnostics import Diagnostic, Span, UnsupportedError

__all__ = ["too_deep", "with_room"]

T = TypeVar("T")

_STACK, _FRAMES = 512 << 20, 60_000  # of which no more is taken than is used
_ALONE = threading.Lock()  # stack size and recursion limit are the whole process's
_HAS_ROOM = contextvars.ContextVar("_HAS_ROOM", default=False)


def with_room(function: types.FunctionType, compute: Callable[[], T]) -> T:
    """What `compute` gives, which changes nothing until it returns; raises UnsupportedError if the
    function is nested too deeply for any stack."""
    if _HAS_ROOM.get():
        return compute()
    try:
        return compute()
    except RecursionError:
        pass
    try:
        return _in_thread(compute)
    except RecursionError:
        raise too_deep(function, "the compiler can't follow it") from None


def _in_thread(compute: Callable[[], T]) -> T:
    found: list[T] = []
    raised: list[BaseException] = []
    context = contextvars.copy_context()

    context.run(_HAS_ROOM.set, True)

    def run() -> None:
        try:
            found.append(context.run(compute))
        except BaseException as error:
            raised.append(error)

    with _ALONE:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
        sys.setrecursionlimit(max(limit, _FRAMES))
        try:
            thread = threading.Thread(target=run, name="adcompiler", daemon=True)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    if raised:
        raise raised[0]
    return found[0]


def too_deep(function: types.FunctionType, why: str) -> UnsupportedError:
    """The refusal of a function that is nested too deeply."""
    code = function.__code__
    reason = f"`{function.__name__}` is nested too deeply: {why}."
    advice = "give parts of a long expression names; write a chain of branches or calls as a loop."
    span = Span(code.co_filename, code.co_firstlineno, 0, code.co_firstlineno, 0)
    return UnsupportedError(Diagnostic("nested-too-deeply", reason, advice, span))
