"""`checkpoint`, as plain Python runs it: it marks what a gradient computes again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, overload

__all__ = ["checkpoint"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@overload
def checkpoint(what: F) -> F: ...


@overload
def checkpoint(what: Iterable[T], *, every: int | None = None) -> Iterator[T]: ...


def checkpoint(what: Any, *, every: int | None = None) -> Any:
    """Trade time for memory in a gradient; plain Python just calls, or iterates.

    `checkpoint(f)(x)`: the gradient keeps nothing that `f` computes on the way, and runs `f` again
    when its backward part comes. `for i in checkpoint(range(n), every=k)`: the gradient saves what
    the loop carries only at the beginning of each segment of `every` iterations (about the square
    root of their number by default), and runs a segment again when its backward part comes.

    Raises ValueError where `every` is less than 1, and TypeError where `what` can be neither called
    nor iterated over.

    >>> checkpoint(abs)(-1.0), list(checkpoint(range(3), every=2))
    (1.0, [0, 1, 2])
    """
    if callable(what):
        if every is not None:
            raise TypeError("checkpoint() of a function takes no `every`")
        return what
    if every is not None and every < 1:
        raise ValueError("checkpoint() takes an every of at least 1")
    return iter(what)
