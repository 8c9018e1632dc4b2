"""How compiling grows with the program, cold: ten times as long, or loops nested twice as deep.

10 is linear; the limits leave room for noise. Loops in one another may cost their depth, as every
pass goes through what is inside, but no power of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler import grad

from . import programs
from .measure import Figure, interleaved

__all__ = ["growing"]

Fresh = Callable[[str], Callable[..., Any]]
NUMBERS = (0.5, 0.25, 0.125)
ROW = np.ones(3)


def growing(rounds: int, fresh: Fresh) -> list[Figure]:
    """`fresh` gives the function of a text, which no cache knows."""

    def figure(
        what: str, make: Callable[[int], str], large: int, small: int, limit: float,
        arguments: Callable[[int], tuple[Any, ...]] = lambda size: NUMBERS,
    ) -> Figure:  # fmt: skip
        def cold(size: int) -> Callable[[], None]:
            functions = iter([fresh(make(size)) for _ in range(rounds)])
            given = arguments(size)

            def run() -> None:
                grad(next(functions)).source(*given)

            return run

        times = interleaved({"small": cold(small), "large": cold(large)}, rounds)
        return Figure(f"compile: {what}", times["large"], times["small"], limit)

    def listed(size: int) -> tuple[Any, ...]:
        return [(ROW, ROW)] * size, ROW

    return [
        figure("1,000 statements / 100", programs.straight_line, 1000, 100, 13),
        figure("2,000 statements / 200", programs.variables, 2000, 200, 13),
        figure("900 lines with branches / 90", programs.branches, 900, 90, 13),
        figure("1,000 stores / 100", programs.stores, 1000, 100, 13, lambda size: (ROW, ROW)),
        figure("1,000 iterations unrolled / 100", programs.layers, 1000, 100, 13, listed),
        figure("4 loops in one another / 2", programs.stored_loops, 4, 2, 4),
        figure("4 checkpointed loops / 2", programs.loops, 4, 2, 4),
    ]
