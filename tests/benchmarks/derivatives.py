"""What forward mode, Hessian products and dense Hessians cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adcompiler import grad, hessian, hvp, jvp
from tests.benchmarks.measure import Figure, interleaved

__all__ = ["derivatives"]


def mlp(params, x, y):
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    return np.mean((h @ w + b - y) ** 2)


def lotka_volterra(u, h, n):
    """Heun's method, on Python floats."""
    a, b = u
    for _ in range(n):
        da, db = a - a * b, a * b - b
        p, q = a + h * da, b + h * db
        a, b = a + 0.5 * h * (da + p - p * q), b + 0.5 * h * (db + p * q - q)
    return a + b


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def logistic_regression(w, x, y):
    z = x @ w
    return np.mean(np.logaddexp(0.0, z) - y * z)


def derivatives(rounds: int) -> Iterator[Figure]:
    """`jvp` over the function, `hvp` over the gradient, the Hessian over its columns one by one."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(64, 64)) / 8, np.zeros(64)) for _ in range(3)]
    along = [(rng.normal(size=(64, 64)), rng.normal(size=64)) for _ in range(3)]
    for batch in (32, 512):
        x, y = rng.normal(size=(2, batch, 64))
        yield from _along(f"MLP, batch {batch}", mlp, (layers, x, y), along, rounds, 20)
    state: Any = ((1.0, 2.0), 1e-3, 1000)
    yield from _along("Lotka-Volterra", lotka_volterra, state, (1.0, 0.5), rounds, 1)
    point = rng.normal(size=100)
    yield _dense("Rosenbrock, 100 numbers", rosenbrock, (point,), rounds)
    x, y = rng.normal(size=(200, 50)), rng.integers(0, 2, 200) * 1.0
    args = (rng.normal(size=50), x, y)
    yield _dense("logistic regression, 50 weights", logistic_regression, args, rounds)


def _along(
    name: str, f: Any, args: tuple[Any, ...], v: Any, rounds: int, calls: int
) -> Iterator[Figure]:
    pushed, gradient, product = jvp(f, wrt=(0,)), grad(f), hvp(f)
    runs = {
        "f": _often(lambda: f(*args), calls),
        "jvp": _often(lambda: pushed(args, (v,)), calls),
        "grad": _often(lambda: gradient(*args), calls),
        "hvp": _often(lambda: product(*args, v), calls),
    }
    times = interleaved(_warm(runs), max(5, rounds // 2))
    yield Figure(f"jvp / function: {name}", times["jvp"], times["f"], 2.5)
    yield Figure(f"hvp / gradient: {name}", times["hvp"], times["grad"], 2.5)


def _dense(name: str, f: Any, args: tuple[Any, ...], rounds: int) -> Figure:
    whole, product, first = hessian(f), hvp(f), args[0]

    def columns() -> Any:
        return np.array([product(*args, e) for e in np.eye(first.size)])

    np.testing.assert_allclose(whole(*args), columns(), 1e-8, 1e-8)
    runs = {"whole": _often(lambda: whole(*args), 10), "columns": _often(columns, 10)}
    times = interleaved(_warm(runs), max(5, rounds // 2))
    return Figure(f"Hessian / one column after another: {name}", times["whole"], times["columns"],
                  0.2)  # fmt: skip


def _often(call: Callable[[], Any], calls: int) -> Callable[[], Any]:
    def repeated() -> None:
        for _ in range(calls):
            call()

    return repeated


def _warm(runs: dict[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    for run in runs.values():
        run()
    return runs
