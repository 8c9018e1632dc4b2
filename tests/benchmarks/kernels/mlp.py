"""Networks of tanh layers under a mean squared error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_mygrad, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]


def loss(params, x, y):
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    return np.mean((h @ w + b - y) ** 2)


def two_by_hand(params, x, y):
    (w1, b1), (w2, b2) = params
    h1 = x @ w1
    h1 += b1
    np.tanh(h1, out=h1)
    g2 = h1 @ w2
    g2 += b2
    g2 -= y
    g2 *= 2 / y.size
    ones = np.ones(len(x))
    grad_w2, grad_b2 = h1.T @ g2, ones @ g2
    g1 = g2 @ w2.T
    h1 *= h1
    g1 *= np.subtract(1, h1, out=h1)
    return [(x.T @ g1, ones @ g1), (grad_w2, grad_b2)]


def five_by_hand(params, x, y):
    (w1, b1), (w2, b2), (w3, b3), (w4, b4), (w5, b5) = params
    h1 = x @ w1
    h1 += b1
    np.tanh(h1, out=h1)
    h2 = h1 @ w2
    h2 += b2
    np.tanh(h2, out=h2)
    h3 = h2 @ w3
    h3 += b3
    np.tanh(h3, out=h3)
    h4 = h3 @ w4
    h4 += b4
    np.tanh(h4, out=h4)
    g5 = h4 @ w5
    g5 += b5
    g5 -= y
    g5 *= 2 / y.size
    ones = np.ones(len(x))
    grad_w5, grad_b5 = h4.T @ g5, ones @ g5
    g4 = g5 @ w5.T
    h4 *= h4
    g4 *= np.subtract(1, h4, out=h4)
    grad_w4, grad_b4 = h3.T @ g4, ones @ g4
    g3 = g4 @ w4.T
    h3 *= h3
    g3 *= np.subtract(1, h3, out=h3)
    grad_w3, grad_b3 = h2.T @ g3, ones @ g3
    g2 = g3 @ w3.T
    h2 *= h2
    g2 *= np.subtract(1, h2, out=h2)
    grad_w2, grad_b2 = h1.T @ g2, ones @ g2
    g1 = g2 @ w2.T
    h1 *= h1
    g1 *= np.subtract(1, h1, out=h1)
    return [
        (x.T @ g1, ones @ g1), (grad_w2, grad_b2), (grad_w3, grad_b3), (grad_w4, grad_b4),
        (grad_w5, grad_b5),
    ]  # fmt: skip


def in_torchs_names(params, x, y):
    h = x
    for w, b in params[:-1]:
        h = torch.tanh(torch.addmm(b, h, w))
    w, b = params[-1]
    return torch.nn.functional.mse_loss(torch.addmm(b, h, w), y)


def _arguments(layers: int, batch: int, width: int) -> Callable[[], tuple[Any, ...]]:
    def make() -> tuple[Any, ...]:
        rng = np.random.default_rng(0)
        params = [
            (rng.normal(size=(width, width)) / np.sqrt(width), rng.normal(size=width) / 8)
            for _ in range(layers)
        ]
        x, y = rng.normal(size=(2, batch, width))
        return params, x, y

    return make


def _kernel(layers: int, batch: int, width: int, calls: int) -> Kernel:
    make = _arguments(layers, batch, width)
    return Kernel(
        f"MLP {layers} x {batch} x {width}", loss, make,
        two_by_hand if layers == 2 else five_by_hand,
        peers={
            "autograd": in_autograd(loss, make),
            "jax": in_jax(loss, make),
            "jax jit": in_jax(loss, make, jit=True),
            "torch": in_torch(in_torchs_names, make),
            "mygrad": in_mygrad(loss, make),
        },
        calls=calls,
        optimize=2,
    )  # fmt: skip


KERNELS = (
    _kernel(2, 32, 64, calls=200),
    _kernel(2, 32, 512, calls=3),
    _kernel(2, 512, 64, calls=15),
    _kernel(2, 512, 512, calls=1),
    _kernel(5, 32, 64, calls=70),
    _kernel(5, 32, 512, calls=1),
    _kernel(5, 512, 64, calls=5),
    _kernel(5, 512, 512, calls=1),
)
