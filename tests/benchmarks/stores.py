"""What a gradient costs beside its function: stores into arrays in loops, scalar loops.

The gradient alone, so that a forward part nobody needs is dropped; linear code tapes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adcompiler import grad
from tests.benchmarks.kernels.lotka_volterra import lotka_volterra
from tests.benchmarks.measure import Figure, interleaved, peak

__all__ = ["stores"]


def jacobi(A, n):
    for _ in range(n):
        A[1:-1, 1:-1] = 0.2 * (
            A[1:-1, 1:-1] + A[:-2, 1:-1] + A[2:, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:]
        )
    return np.sum(A)


def seidel(A, n):
    for _ in range(n):
        for i in range(1, A.shape[0] - 1):
            for j in range(1, A.shape[1] - 1):
                A[i, j] = 0.25 * (A[i - 1, j] + A[i + 1, j] + A[i, j - 1] + A[i, j + 1])
    return np.sum(A)


def gather(x, places, n):
    total = 0.0
    for i in range(n):
        total = total + x[places[i]] * x[places[i]]
    return total


def stores(rounds: int) -> Iterator[Figure]:
    """Gradient over function, in time, and in memory for the stencil."""
    rng = np.random.default_rng(0)
    plane, many = rng.normal(size=(200, 200)), rng.normal(size=1_000_000)
    places = rng.integers(0, len(many), 100_000)
    orbit = (1.0, 0.5, 1.1, 0.4, 0.1, 0.4, 1e-3, 10_000)
    yield _ratio("Jacobi in place, 200 x 200, 100 steps", jacobi, (plane, 100), 2.0, rounds)
    yield _memory("memory: the same", jacobi, (plane, 100), 4.0)
    yield _ratio("Gauss-Seidel, 40 x 40", seidel, (plane[:40, :40].copy(), 1), 2.5, rounds)
    yield _ratio("Lotka-Volterra, 10,000 steps, wrt the start", lotka_volterra, orbit, 3.2, rounds,
                 ("x", "y"))  # fmt: skip
    yield _ratio("one element of 10^6 per step, 10^4 steps", gather, (many, places, 10_000), 4.0,
                 rounds)  # fmt: skip
    yield _ratio("the same, 10^5 steps", gather, (many, places, 100_000), 4.0, rounds)


def _copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) and a.size < 100_000 else a for a in args)


def _ratio(
    name: str, function: Any, args: tuple[Any, ...], limit: float, rounds: int, wrt: Any = 0
) -> Figure:
    compiled = grad(function, wrt)
    compiled(*args)
    runs: dict[str, Callable[[], Any]] = {
        "gradient": lambda: compiled(*args), "function": lambda: function(*_copied(args))
    }
    times = interleaved(runs, max(3, rounds // 2))
    return Figure(f"gradient / function: {name}", times["gradient"], times["function"], limit)


def _memory(name: str, function: Any, args: tuple[Any, ...], limit: float) -> Figure:
    compiled = grad(function)
    compiled(*args)
    return Figure(
        name, peak(lambda: compiled(*args)), peak(lambda: function(*_copied(args))), limit, True
    )
