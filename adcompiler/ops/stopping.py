"""`stop_gradient`: the same value, through which no gradient flows.

    target = stop_gradient(y)            %target = stop %y
    e = (y - target) ** 2                %0 = sub %y, %target

Differentiation has to see the operation; afterwards it is its operand (`forward_copies`).
"""

from __future__ import annotations

from typing import TypeVar

from .op import STOPPED, Op

__all__ = ["ENTRIES", "stop_gradient"]

T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """x itself; a derivative takes it for a constant.

    x: a number, an array of any shape and dtype, or a tuple, list, dict or dataclass of these. It
    is no copy: a store through the result is a store into x, and what is stored there is seen,
    with its gradient, by whoever reads x.

    >>> stop_gradient((1.0, "mean"))
    (1.0, 'mean')
    """
    return x


ENTRIES: tuple[Op, ...] = (
    Op("stop", lambda types, attributes: types[0], lambda attributes, operands: operands[0],
       lambda emission: emission.operands[0], view=(0,), shares="view", same=True,
       no_gradient=STOPPED),
)  # fmt: skip
