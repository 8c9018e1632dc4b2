"""What an expansion makes of the arguments that it is given.

    array([x, 2.0])       the Var of np.array([x, 2.0])
    whole((n, 3))         (n, 3), numbers among Vars as Python's own
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .creation import bind_array
from .op import OperationError
from .var import Var

__all__ = ["array", "as_var", "only", "whole"]


def array(x: Any) -> Any:
    """An argument that NumPy makes an array of."""
    if isinstance(x, Var):
        return x
    first = next(_leaves(x), None)
    if first is None:
        raise OperationError("an array of nothing", "use np.zeros((0,))")
    operands, attributes = bind_array(x)
    return first.tracer.emit("array", operands, attributes)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (tuple, list)):
        for part in x:
            yield from _leaves(part)
    elif isinstance(x, Var):
        yield x
    elif x is None or isinstance(x, str):
        raise OperationError(f"{x!r} stands where an array is needed", "pass a number or an array")


def whole(x: Any) -> Any:
    """A shape or count: what is known of it as Python's own ints."""
    if isinstance(x, (tuple, list)):
        return type(x)(whole(part) for part in x)
    if isinstance(x, Var) and type(x.constant) is int:
        return x.constant
    return x


def only(value: Any, allowed: tuple[Any, ...], what: str, advice: str) -> None:
    """Refuse what isn't among these."""
    if not any(value is one or (type(value) is type(one) and value == one) for one in allowed):
        raise OperationError(f"{what} is {value!r}", advice)


def as_var(item: Any, like: Any = None) -> Any:
    """A list of numbers as an array, where a call takes either; `like` is any Var, if there is
    one besides."""
    if not isinstance(item, (list, tuple)):
        return item
    first = item if like is None else like
    while isinstance(first, (list, tuple)):
        if not first:
            raise OperationError("an empty list instead of an array", "make the array: np.zeros(0)")
        first = first[0]
    return first.tracer.call(np.array, list(item))
