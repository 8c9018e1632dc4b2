"""What `checkpoint` costs in time and saves in memory, against the same loop without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adcompiler import checkpoint, grad
from tests.benchmarks.measure import Figure, interleaved, peak

__all__ = ["checkpoints"]

STEPS = 100_000


def pendulum(x, v, h, n):
    """Runge-Kutta steps of order 2, on Python floats."""
    for _ in range(n):
        mx = x + 0.5 * h * v
        mv = v - 0.5 * h * (x - x * x * x / 6)
        x, v = x + h * mv, v - h * (mx - mx * mx * mx / 6)
    return x * v


def pendulum_in_segments(x, v, h, n):
    for _ in checkpoint(range(n)):
        mx = x + 0.5 * h * v
        mv = v - 0.5 * h * (x - x * x * x / 6)
        x, v = x + h * mv, v - h * (mx - mx * mx * mx / 6)
    return x * v


def logistic(u, r, n):
    """The logistic map, on a small array."""
    for _ in range(n):
        u = r * u * (1.0 - u)
    return np.sum(u)


def logistic_in_segments(u, r, n):
    for _ in checkpoint(range(n)):
        u = r * u * (1.0 - u)
    return np.sum(u)


def checkpoints(rounds: int) -> Iterator[Figure]:
    """With segments over without, in time and at the peak of memory."""
    orbit: tuple[Any, ...] = (1.0, 0.1, 1e-3, STEPS)
    points: tuple[Any, ...] = (np.linspace(0.1, 0.9, 8), 3.2, STEPS)
    cases: list[tuple[str, Any, Any, tuple[Any, ...]]] = [
        ("pendulum, 10^5 steps", pendulum, pendulum_in_segments, orbit),
        ("logistic map of 8 numbers, 10^5 steps", logistic, logistic_in_segments, points),
    ]
    for name, whole, parts, args in cases:
        runs = {"whole": _run(whole, args), "parts": _run(parts, args)}
        times = interleaved(runs, max(3, rounds // 4))
        yield Figure(f"checkpoint / plain: {name}", times["parts"], times["whole"], 2.2)
        yield Figure("memory: the same", peak(runs["parts"]), peak(runs["whole"]), 0.1, True)


def _run(function: Any, args: tuple[Any, ...]) -> Callable[[], Any]:
    compiled = grad(function)
    compiled(*args)
    return lambda: compiled(*args)
