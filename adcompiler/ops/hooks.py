"""`grad_of`: statements of the user's that run in the backward part, where a cotangent is known.

    for gx in grad_of(x):                %x.1 = hooked %x       pullback: function (%g, %x):
        print("gradient", gx)                                      effect[print('gradient', $0)] %g
        gx = np.clip(gx, -1, 1)                                    %0 = clip %g, -1, 1
    y = f(x)                             ... %x.1 ...              return %0

The value is handed on as it is. Its pullback is the user's block, which the transformation puts in
place like a gate's rule; so it runs when all that reads x behind that place has contributed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from .op import AUTHORS, Op

__all__ = ["ENTRIES", "grad_of"]


T = TypeVar("T")


class grad_of(Generic[T]):
    """Look at, or change, the gradient of x: the block under it runs in the backward part.

    x: the name of a number or array. `for gx in grad_of(x):` and `with grad_of(x) as gx:` mean the
    same in a gradient: where the cotangent of x, as x is at that place, is complete, the block runs
    with it as `gx`, which has the shape and dtype of x. What `gx` is at the end of the block flows
    on. The block may read all that is known at its place, print, log, check and raise; the names
    that it assigns are its own.

    In plain Python there is no gradient. `for` leaves its block out. A `with` can't, and its block
    runs with a zero like x: what it assigns changes nothing, but what it prints is printed.

    >>> for gx in grad_of(1.0):
    ...     print("never")
    >>> with grad_of(np.ones(2, np.float32)) as gx:
    ...     print(gx.dtype, gx)
    float32 [0. 0.]
    """

    name = "grad_of"

    def __init__(self, x: T) -> None:
        self.x = x

    def __enter__(self) -> T:
        array: Any = np.zeros_like(self.x)[()]
        zero: T = array if isinstance(self.x, (np.ndarray, np.generic)) else array.item()
        return zero

    def __exit__(self, *error: object) -> None:
        """What the block raises passes on."""

    def __iter__(self) -> Iterator[T]:
        return iter(())


ENTRIES: tuple[Op, ...] = (
    Op("hooked", lambda types, attributes: types[0], lambda attributes, operands: operands[0],
       lambda emission: emission.operands[0], view=(0,), shares="view", same=True,
       no_gradient=AUTHORS),
)  # fmt: skip
