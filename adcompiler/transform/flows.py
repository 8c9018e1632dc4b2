"""How values flow: through regions unread, through operations by being computed with.

What a loop carries flows from its start and from the body's end into both blocks and out again, a
tape's elements from where they were collected, a branch's result from either side.

>>> reachable(["a"], {"a": ["b"], "b": ["a", "c"], "d": ["a"]}.get) == {"a", "b", "c"}
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ..ir.core import Operation, Value
from ..ir.loops import Loop

__all__ = ["handed_on", "reachable"]

T = TypeVar("T")


def reachable(starts: Iterable[T], following: Callable[[T], Iterable[T] | None]) -> set[T]:
    """The starts and everything that follows from them."""
    pending, found = list(starts), set(starts)
    while pending:
        for one in following(pending.pop()) or ():
            if one not in found:
                found.add(one)
                pending.append(one)
    return found


def handed_on(op: Operation) -> Iterator[tuple[Value, Value]]:
    """(from, to) pairs along which an `if`, `for` or `while` hands values on unread."""
    if op.opcode == "if":
        for block in op.blocks:
            yield from zip(block.results, op.results, strict=True)
    elif op.blocks:
        yield from Loop(op).handed_on()
