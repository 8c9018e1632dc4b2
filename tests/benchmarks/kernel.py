"""One kernel of the race against the peers: the user's function, an expert's gradient of it, and
each peer's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PEERS", "Build", "Kernel"]

Build = Callable[[], Callable[[], Any]]

# In the order of the table's columns. A kernel gives any of these; most it can't run at all.
PEERS = (
    "autograd",
    "jax",  # not jitted
    "jax jit",
    "jax jit, checkpoint",  # the body of its scan under `jax.checkpoint`
    "torch",
    "casadi",
    "mygrad",
)


@dataclass(frozen=True)
class Kernel:
    """`grad(function, wrt)` beside `by_hand` and `peers`, at the same arguments.

    function: as a user writes it, in NumPy or plain Python; it returns one number.
    arguments: makes them, the same ones each time; cached where that takes long (the first call of
        a peer is timed with its arguments made).
    by_hand: the gradient that an expert writes, flat; it takes the function's arguments, leaves
        them as they are, and returns what `grad(function, wrt)` returns.
    peers: for each of `PEERS`, what imports it, prepares its arguments, and returns the call that
        is timed. The call blocks until its result is there, which equals that of `by_hand` leaf by
        leaf.
    calls: the calls in one timed sample, so that it lasts about 10 ms.
    optimize: the level of ours; 2 where the text by hand rounds the forward part differently, too.
    left_out: peers that can't run it, and why.
    """

    name: str
    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    by_hand: Callable[..., Any]
    wrt: Any = 0
    peers: Mapping[str, Build] = field(default_factory=dict)
    calls: int = 1
    optimize: int = 1
    left_out: Mapping[str, str] = field(default_factory=dict)
