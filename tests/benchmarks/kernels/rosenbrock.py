"""Rosenbrock's function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks import builders
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def by_hand(x):
    a = x[:-1]
    g = x[1:] - a * a
    g *= 200.0
    grad = np.empty(x.shape)
    grad[0] = 0.0
    grad[1:] = g
    g *= a
    g += 1.0
    g -= a
    g *= 2.0
    grad[:-1] -= g
    return grad


def _arguments() -> tuple[Any, ...]:
    return (np.random.default_rng(0).normal(size=1000),)


def _rosenbrock(np: Any) -> Callable[..., Any]:
    return lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def _casadi() -> Callable[[], Any]:
    import casadi

    x = casadi.SX.sym("x", 1000)
    y = casadi.sum1(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)
    gradient = casadi.Function("gradient", [x], [casadi.gradient(y, x)])
    return builders.casadi_buffers(gradient, list(_arguments()))


KERNELS = (
    Kernel(
        "Rosenbrock, 1,000 variables", rosenbrock, _arguments, by_hand,
        peers={
            **builders.eager(_rosenbrock, _arguments),
            "jax jit": builders.jax_jit(_rosenbrock, _arguments),
            "casadi": _casadi,
        },
        calls=500, optimize=2,
    ),
)  # fmt: skip
