"""A neuron of five scalars."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from adcompiler import sigmoid
from tests.benchmarks import builders
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

WRT = (0, 1, 2, 3, 4)


def arguments():
    return 2.0, -1.0, -3.0, -2.0, -3.0


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


def _neuron(np):
    return lambda w0, x0, w1, x1, w2: 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


def _with_gate(sigmoid):
    return lambda w0, x0, w1, x1, w2: sigmoid(w0 * x0 + w1 * x1 + w2)


def _jax(np):
    import jax

    return _with_gate(jax.nn.sigmoid)


def _casadi() -> Callable[[], Any]:
    import casadi

    x = casadi.SX.sym("x", 5)
    y = _neuron(casadi)(*casadi.vertsplit(x))
    gradient = casadi.Function("gradient", [x], [casadi.gradient(y, x)])
    return builders.casadi_buffers(gradient, [arguments()])


KERNELS = (
    Kernel(
        "scalar neuron", neuron, arguments, by_hand, WRT,
        {
            **builders.eager(_neuron, arguments, WRT),
            "jax": builders.jax(_jax, arguments, WRT),
            "jax jit": builders.jax_jit(_jax, arguments, WRT),
            "torch": builders.torch(lambda torch: _with_gate(torch.sigmoid), arguments, WRT),
            "casadi": _casadi,
        },
        calls=10_000, optimize=2,
    ),
)  # fmt: skip
