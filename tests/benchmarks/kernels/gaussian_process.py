"""The log marginal likelihood of a Gaussian process, by the parameters of its kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

WRT = (0, 1, 2)


def log_marginal_likelihood(amplitude, length, noise, squares, y):
    """`squares` are the squared distances of 200 points."""
    n = len(y)
    K = amplitude**2 * np.exp(-0.5 * squares / length**2) + noise**2 * np.eye(n)
    _, log_det = np.linalg.slogdet(K)
    return -0.5 * y @ np.linalg.solve(K, y) - 0.5 * log_det - 0.5 * n * np.log(2 * np.pi)


def by_hand(amplitude, length, noise, squares, y):
    E = squares * (-0.5 / length**2)
    np.exp(E, out=E)
    K = amplitude**2 * E
    K.flat[:: len(y) + 1] += noise**2
    inverse = np.linalg.inv(K)
    a = inverse @ y
    # The gradient of K is (a aᵀ - inverse) / 2.
    grad_amplitude = amplitude * (a @ (E @ a) - np.vdot(inverse, E))
    grad_noise = noise * (a @ a - np.trace(inverse))
    E *= squares
    grad_length = 0.5 * amplitude**2 / length**3 * (a @ (E @ a) - np.vdot(inverse, E))
    return grad_amplitude, grad_length, grad_noise


def in_torchs_names(amplitude, length, noise, squares, y):
    n = len(y)
    E = torch.exp(-0.5 * squares / length**2)
    K = amplitude**2 * E + noise**2 * torch.eye(n, dtype=y.dtype)
    _, log_det = torch.linalg.slogdet(K)
    return -0.5 * y @ torch.linalg.solve(K, y) - 0.5 * log_det


def _arguments() -> tuple[Any, ...]:
    x = np.random.default_rng(0).normal(size=(200, 3))
    squares = np.sum((x[:, None, :] - x) ** 2, axis=2)
    return 1.1, 0.9, 0.3, squares, np.sin(np.sum(x, axis=1))


KERNELS = (
    Kernel(
        "Gaussian process", log_marginal_likelihood, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(log_marginal_likelihood, _arguments, WRT),
            "jax": in_jax(log_marginal_likelihood, _arguments, WRT),
            "jax jit": in_jax(log_marginal_likelihood, _arguments, WRT, jit=True),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
        },
        calls=5,
        optimize=2,
        left_out={"mygrad": "has no linear algebra"},
    ),
)  # fmt: skip
