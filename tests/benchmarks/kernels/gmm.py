"""A mixture of Gaussians with a Wishart prior: GradBench's GMM, in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_mygrad, in_torch
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

COMPONENTS, DIMENSIONS, POINTS = 25, 10, 1000
WRT = (0, 1, 2, 3)


def log_sum_exp(x, axis):
    highest = np.max(x, axis=axis)
    return highest + np.log(np.sum(np.exp(x - highest), axis=axis))


def factors(q, l):  # noqa: E741
    """Lower triangular matrices: exp(q) on the diagonal, `l` below it, column by column."""
    k, d = q.shape
    Q = np.zeros((k, d, d))
    columns, rows = np.triu_indices(d, 1)
    Q[:, rows, columns] = l
    diagonal = np.arange(d)
    Q[:, diagonal, diagonal] = np.exp(q)
    return Q


def log_wishart(q, l, gamma, m):  # noqa: E741
    k, d = q.shape
    n = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    for j in range(d):
        log_gamma = log_gamma + math.lgamma(0.5 * (n - j))
    constant = n * d * (math.log(gamma) - 0.5 * math.log(2)) - log_gamma
    squares = np.sum(np.exp(q) ** 2) + np.sum(l**2)
    return 0.5 * gamma**2 * squares - m * np.sum(q) - k * constant


def log_posterior(alpha, mu, q, l, x, gamma, m):  # noqa: E741
    n, d = x.shape
    centered = x - mu[:, None, :]
    y = np.einsum("kij,knj->kni", factors(q, l), centered)
    inner = (alpha + np.sum(q, axis=1))[:, None] - 0.5 * np.sum(y**2, axis=2)
    likelihood = np.sum(log_sum_exp(inner, 0)) - n * log_sum_exp(alpha, 0)
    return likelihood - 0.5 * n * d * math.log(2 * math.pi) + log_wishart(q, l, gamma, m)


def by_hand(alpha, mu, q, l, x, gamma, m):  # noqa: E741
    n, d = x.shape
    k = len(alpha)
    Q = np.zeros((k, d, d))
    columns, rows = np.triu_indices(d, 1)
    Q[:, rows, columns] = l
    diagonal = np.arange(d)
    exp_q = np.exp(q)
    Q[:, diagonal, diagonal] = exp_q
    centered = x - mu[:, None, :]
    y = centered @ np.ascontiguousarray(Q.transpose(0, 2, 1))
    share = np.einsum("kni,kni->kn", y, y)
    share *= -0.5
    share += (alpha + np.sum(q, axis=1))[:, None]
    share -= np.max(share, axis=0)
    np.exp(share, out=share)
    share /= np.sum(share, axis=0)
    y *= share[:, :, None]
    minus_grad_Q = y.transpose(0, 2, 1) @ centered
    grad_mu = ((np.ones(n) @ y)[:, None, :] @ Q)[:, 0, :]
    shares = np.sum(share, axis=1)
    weights = np.exp(alpha - np.max(alpha))
    weights *= n / np.sum(weights)
    grad_q = exp_q * (gamma**2 * exp_q - minus_grad_Q[:, diagonal, diagonal])
    grad_q += shares[:, None] - m
    grad_l = gamma**2 * l - minus_grad_Q[:, rows, columns]
    return shares - weights, grad_mu, grad_q, grad_l


def gathered(q, l):  # noqa: E741
    """`factors` without a store, for autograd."""
    k, d = q.shape
    places = np.full((d, d), d + l.shape[1])
    columns, rows = np.triu_indices(d, 1)
    places[rows, columns] = d + np.arange(l.shape[1])
    places[np.arange(d), np.arange(d)] = np.arange(d)
    return np.concatenate((np.exp(q), l, np.zeros((k, 1))), axis=1)[:, places]


def set_at(q, l):  # noqa: E741
    """`factors` as JAX has it."""
    k, d = q.shape
    columns, rows = np.triu_indices(d, 1)
    Q = np.zeros((k, d, d)).at[:, rows, columns].set(l)
    diagonal = np.arange(d)
    return Q.at[:, diagonal, diagonal].set(np.exp(q))


def in_torchs_names(alpha, mu, q, l, x, gamma, m):  # noqa: E741
    n, d = x.shape
    Q = torch.zeros((len(q), d, d), dtype=q.dtype)
    columns, rows = torch.triu_indices(d, d, 1)
    Q[:, rows, columns] = l
    exp_q = torch.exp(q)
    Q = Q + torch.diag_embed(exp_q)
    y = (x - mu[:, None, :]) @ Q.mT
    inner = (alpha + q.sum(1))[:, None] - 0.5 * torch.sum(y**2, 2)
    likelihood = torch.logsumexp(inner, 0).sum() - n * torch.logsumexp(alpha, 0)
    return likelihood + 0.5 * gamma**2 * ((exp_q**2).sum() + (l**2).sum()) - m * q.sum()


def _arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    k, d = COMPONENTS, DIMENSIONS
    alpha, mu = rng.normal(size=k), rng.normal(size=(k, d))
    q, l = rng.normal(size=(k, d)) / 4, rng.normal(size=(k, d * (d - 1) // 2))  # noqa: E741
    return alpha, mu, q, l, rng.normal(size=(POINTS, d)), 1.0, 2


KERNELS = (
    Kernel(
        "GMM", log_posterior, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(log_posterior, _arguments, WRT, factors=gathered),
            "jax": in_jax(log_posterior, _arguments, WRT, factors=set_at),
            "jax jit": in_jax(log_posterior, _arguments, WRT, jit=True, factors=set_at),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
            "mygrad": in_mygrad(log_posterior, _arguments, WRT),
        },
        calls=3,
        optimize=2,
    ),
)  # fmt: skip
