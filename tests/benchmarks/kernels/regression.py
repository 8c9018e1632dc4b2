"""Logistic regression with 100 weights on 1000 rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_mygrad, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

WRT = (0, 1)


def loss(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


def by_hand(w, b, x, y):
    g = x @ w
    g += b
    g *= 0.5  # the sigmoid is (1 + tanh(z / 2)) / 2, and doesn't overflow
    np.tanh(g, out=g)
    g += 1
    g *= 0.5
    g -= y
    g *= 1 / len(y)
    return g @ x, np.add.reduce(g)


def in_torchs_names(w, b, x, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y)


def _arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(1000, 100)), rng.normal(size=100) / 10
    return w, 0.1, x, 1.0 * (rng.logistic(size=1000) < x @ w)


KERNELS = (
    Kernel(
        "logistic regression", loss, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(loss, _arguments, WRT),
            "jax": in_jax(loss, _arguments, WRT),
            "jax jit": in_jax(loss, _arguments, WRT, jit=True),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
            "mygrad": in_mygrad(loss, _arguments, WRT),
        },
        calls=200,
        optimize=2,
    ),
)  # fmt: skip
