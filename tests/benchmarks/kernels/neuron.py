"""A neuron of five scalars."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from adcompiler import sigmoid
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

POINT = (2.0, -1.0, -3.0, -2.0, -3.0)
WRT = (0, 1, 2, 3, 4)


def neuron(w0, x0, w1, x1, w2):
    return sigmoid(w0 * x0 + w1 * x1 + w2)


def by_hand(w0, x0, w1, x1, w2):
    z = w0 * x0 + w1 * x1 + w2
    if z >= 0:
        y = 1 / (1 + math.exp(-z))
    else:
        e = math.exp(z)
        y = e / (1 + e)
    g = (1 - y) * y
    return g * x0, g * w0, g * x1, g * w1, g


def _formula(exp: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda w0, x0, w1, x1, w2: 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


def _autograd() -> Callable[[], Any]:
    import autograd
    import autograd.numpy as np

    gradient = autograd.grad(_formula(np.exp), WRT)
    return lambda: gradient(*POINT)


def _jax() -> Callable[[], Any]:
    import jax

    gradient = jax.grad(lambda w0, x0, w1, x1, w2: jax.nn.sigmoid(w0 * x0 + w1 * x1 + w2), WRT)
    return lambda: jax.block_until_ready(gradient(*POINT))


def _jax_jit() -> Callable[[], Any]:
    import jax

    gradient = jax.jit(
        jax.grad(lambda w0, x0, w1, x1, w2: jax.nn.sigmoid(w0 * x0 + w1 * x1 + w2), WRT)
    )
    point = [jax.numpy.asarray(p) for p in POINT]  # faster than Python floats
    return lambda: jax.block_until_ready(gradient(*point))


def _torch() -> Callable[[], Any]:
    import torch

    point = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in POINT]

    def call() -> Any:
        w0, x0, w1, x1, w2 = point
        return torch.autograd.grad(torch.sigmoid(w0 * x0 + w1 * x1 + w2), point)

    return call


def _casadi() -> Callable[[], Any]:
    """Its buffer interface: no conversion of arguments at the call."""
    import casadi
    import numpy as np

    x = casadi.SX.sym("x", 5)
    y = 1 / (1 + casadi.exp(-(x[0] * x[1] + x[2] * x[3] + x[4])))
    function = casadi.Function("gradient", [x], [casadi.gradient(y, x)])
    buffer, run = function.buffer()
    point, result = np.array(POINT), np.zeros(5)
    buffer.set_arg(0, memoryview(point))
    buffer.set_res(0, memoryview(result))

    def call() -> Any:
        run()
        return result

    call.buffer = buffer  # type: ignore[attr-defined]  # `run` holds no reference to it
    return call


def _mygrad() -> Callable[[], Any]:
    import mygrad

    def call() -> Any:
        w0, x0, w1, x1, w2 = point = [mygrad.tensor(p) for p in POINT]
        _formula(mygrad.exp)(w0, x0, w1, x1, w2).backward()
        return tuple(p.grad for p in point)

    return call


KERNELS = (
    Kernel(
        "scalar neuron", neuron, lambda: POINT, by_hand, WRT,
        {
            "autograd": _autograd, "jax": _jax, "jax jit": _jax_jit, "torch": _torch,
            "casadi": _casadi, "mygrad": _mygrad,
        },
        calls=10_000,
    ),
)  # fmt: skip
