"""Functions of a million values, an element at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_mygrad, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]


def log_sum_exp(x):
    highest = np.max(x)
    return highest + np.log(np.sum(np.exp(x - highest)))


def log_sum_exp_by_hand(x):
    weights = x - np.max(x)
    np.exp(weights, out=weights)
    weights *= 1 / np.sum(weights)
    return weights


def log_sum_exp_in_torch(x):
    return torch.logsumexp(x, 0)


def chain(x):
    y = np.sin(x) * np.exp(-0.5 * x**2)
    z = np.tanh(y + np.sqrt(1 + x**2))
    return np.sum(z / (1 + y**2))


def chain_by_hand(x):
    root = x * x
    bell = -0.5 * root
    np.exp(bell, out=bell)
    root += 1
    np.sqrt(root, out=root)
    y = np.sin(x)
    y *= bell
    z = y + root
    np.tanh(z, out=z)
    weight = y * y
    weight += 1
    np.divide(1, weight, out=weight)
    g = z * z
    np.subtract(1, g, out=g)
    g *= weight
    z *= y
    z *= weight
    z *= weight
    z *= -2
    z += g  # the gradient of y
    g *= x
    g /= root
    bell *= np.cos(x)
    y *= x
    bell -= y  # the derivative of y
    bell *= z
    bell += g
    return bell


def chain_in_torch(x):
    y = torch.sin(x) * torch.exp(-0.5 * x**2)
    z = torch.tanh(y + torch.sqrt(1 + x**2))
    return torch.sum(z / (1 + y**2))


def _arguments() -> tuple[Any, ...]:
    return (np.random.default_rng(0).normal(size=1_000_000),)


KERNELS = (
    Kernel(
        "log-sum-exp", log_sum_exp, _arguments, log_sum_exp_by_hand, optimize=2,
        peers={
            "autograd": in_autograd(log_sum_exp, _arguments),
            "jax": in_jax(log_sum_exp, _arguments),
            "jax jit": in_jax(log_sum_exp, _arguments, jit=True),
            "torch": in_torch(log_sum_exp_in_torch, _arguments),
            "mygrad": in_mygrad(log_sum_exp, _arguments),
        },
    ),
    Kernel(
        "element-wise chain", chain, _arguments, chain_by_hand, optimize=2,
        peers={
            "autograd": in_autograd(chain, _arguments),
            "jax": in_jax(chain, _arguments),
            "jax jit": in_jax(chain, _arguments, jit=True),
            "torch": in_torch(chain_in_torch, _arguments),
            "mygrad": in_mygrad(chain, _arguments),
        },
    ),
)  # fmt: skip
