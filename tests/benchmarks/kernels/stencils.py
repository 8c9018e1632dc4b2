"""Stencils in place, as PolyBench has them: linear, so a gradient needs no primal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks import builders
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]


def jacobi_2d(A, B, n):
    for _ in range(n):
        B[1:-1, 1:-1] = 0.2 * (
            A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]
        )
        A[1:-1, 1:-1] = 0.2 * (
            B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1]
        )
    return np.sum(A)


def jacobi_2d_by_hand(A, B, n):
    """What is overwritten next is assigned, not cleared and added to; the views are made once."""
    gA = np.ones(A.shape)
    gB = np.zeros(B.shape)
    a, a_left, a_right = gA[1:-1, 1:-1], gA[1:-1, :-2], gA[1:-1, 2:]
    b, b_left, b_right = gB[1:-1, 1:-1], gB[1:-1, :-2], gB[1:-1, 2:]
    a_up, a_down = gA[:-2, 1:-1], gA[2:, 1:-1]
    b_up, b_down = gB[:-2, 1:-1], gB[2:, 1:-1]
    g = np.empty(a.shape)
    for _ in range(n):
        np.multiply(a, 0.2, out=g)
        b[...] = g
        b_left += g
        b_right += g
        b_up += g
        b_down += g
        np.multiply(b, 0.2, out=g)
        a[...] = g
        a_left += g
        a_right += g
        a_up += g
        a_down += g
    b[...] = 0.0
    return gA, gB


def _planes() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(150, 150)), rng.normal(size=(150, 150)), 50


def _neighbours(A):
    return A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]


def _jacobi_padded(np: Any) -> Callable[..., Any]:
    """Where arrays can't be stored into: the border of the old one around the new inside."""

    def function(A, B, n):
        inside = np.pad(np.ones((A.shape[0] - 2, A.shape[1] - 2)), 1, "constant")
        border = 1.0 - inside
        for _ in range(n):
            B = border * B + np.pad(0.2 * _neighbours(A), 1, "constant")
            A = border * A + np.pad(0.2 * _neighbours(B), 1, "constant")
        return np.sum(A)

    return function


def _jacobi_stored(np: Any) -> Callable[..., Any]:
    """Where they can, but not those that the gradient is of."""

    def function(A, B, n):
        A, B = +A if hasattr(A, "creator") else A.clone(), 1.0 * B
        for _ in range(n):
            B[1:-1, 1:-1] = 0.2 * _neighbours(A)
            A[1:-1, 1:-1] = 0.2 * _neighbours(B)
        return np.sum(A)

    return function


def _jacobi_at(np: Any) -> Callable[..., Any]:
    def function(A, B, n):
        for _ in range(n):
            B = B.at[1:-1, 1:-1].set(0.2 * _neighbours(A))
            A = A.at[1:-1, 1:-1].set(0.2 * _neighbours(B))
        return np.sum(A)

    return function


def _jacobi_scanned(checkpoint: bool) -> Callable[[Any], Callable[..., Any]]:
    """Selecting between padded arrays is a tenth faster than `.at[...].set`."""

    def of(jnp: Any) -> Callable[..., Any]:
        import jax

        def function(A, B, n):
            inside = np.pad(np.ones((A.shape[0] - 2, A.shape[1] - 2), bool), 1)

            def step(state, _):
                A, B = state
                B = jnp.where(inside, jnp.pad(0.2 * _neighbours(A), 1), B)
                A = jnp.where(inside, jnp.pad(0.2 * _neighbours(B), 1), A)
                return (A, B), None

            body = jax.checkpoint(step) if checkpoint else step
            return jnp.sum(jax.lax.scan(body, (A, B), length=n)[0][0])

        return function

    return of


def seidel_2d(A, n):
    for _ in range(n):
        for i in range(1, A.shape[0] - 1):
            A[i, 1:-1] += (
                A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:]
                + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            )  # fmt: skip
            for j in range(1, A.shape[1] - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return np.sum(A)


def seidel_2d_by_hand(A, n):
    """A row as a list in the innermost loop: Python floats, not NumPy's."""
    g = np.ones(A.shape)
    rows, columns = A.shape
    for _ in range(n):
        for i in range(rows - 2, 0, -1):
            row = g[i].tolist()
            t = 0.0
            for j in range(columns - 2, 0, -1):
                t = (row[j] + t) / 9.0
                row[j] = t
            row[0] += t
            g[i] = row
            inside = np.array(row[1:-1])
            g[i, 2:] += inside
            above, below = g[i - 1], g[i + 1]
            above[:-2] += inside
            above[1:-1] += inside
            above[2:] += inside
            below[:-2] += inside
            below[1:-1] += inside
            below[2:] += inside
    return g


def _plane(size: int, sweeps: int) -> Callable[[], tuple[Any, ...]]:
    return lambda: (np.random.default_rng(0).normal(size=(size, size)), sweeps)


def _others(above, row, below):
    """What a row takes from what is already there."""
    return (
        row[1:-1] + above[:-2] + above[1:-1] + above[2:] + row[2:]
        + below[:-2] + below[1:-1] + below[2:]
    )  # fmt: skip


def _seidel_rows(np: Any) -> Callable[..., Any]:
    """Without stores: each new row is stacked from its numbers."""

    def function(A, n):
        rows = [A[i] for i in range(A.shape[0])]
        for _ in range(n):
            for i in range(1, len(rows) - 1):
                others = _others(rows[i - 1], rows[i], rows[i + 1])
                row = [rows[i][0]]
                for j in range(others.shape[0]):
                    row.append((others[j] + row[-1]) / 9.0)
                rows[i] = np.stack([*row, rows[i][-1]])
        total = np.sum(rows[0])
        for row in rows[1:]:
            total = total + np.sum(row)
        return total

    return function


def _seidel_scanned(checkpoint: bool) -> Callable[[Any], Callable[..., Any]]:
    """A scan along each row, in a scan over the rows, in a scan over the sweeps."""

    def of(np: Any) -> Callable[..., Any]:
        import jax

        def along(left, other):
            new = (other + left) / 9.0
            return new, new

        def downwards(above, pair):
            row, below = pair
            _, inside = jax.lax.scan(along, row[0], _others(above, row, below))
            new = np.concatenate([row[:1], inside, row[-1:]])
            return new, new

        def sweep(A, _):
            _, inside = jax.lax.scan(downwards, A[0], (A[1:-1], A[2:]))
            return np.concatenate([A[:1], inside, A[-1:]]), None

        body = jax.checkpoint(sweep) if checkpoint else sweep
        return lambda A, n: np.sum(jax.lax.scan(body, A, length=n)[0])

    return of


def _seidel_compiled(size: int, sweeps: int) -> Any:
    of = _plane(size, sweeps)
    return {
        "jax jit": builders.jax_jit(_seidel_scanned(False), of),
        "jax jit, checkpoint": builders.jax_jit(_seidel_scanned(True), of),
    }


TOO_LONG = "each of the 16,000 steps takes milliseconds; see the smaller plane"

KERNELS = (
    Kernel(
        "jacobi_2d, 150 x 150, 50 sweeps", jacobi_2d, _planes, jacobi_2d_by_hand, (0, 1),
        {
            "autograd": builders.autograd(_jacobi_padded, _planes, (0, 1)),
            "jax": builders.jax(_jacobi_at, _planes, (0, 1)),
            "jax jit": builders.jax_jit(_jacobi_scanned(False), _planes, (0, 1)),
            "jax jit, checkpoint": builders.jax_jit(_jacobi_scanned(True), _planes, (0, 1)),
            "torch": builders.torch(_jacobi_stored, _planes, (0, 1)),
            "mygrad": builders.mygrad(_jacobi_stored, _planes, (0, 1)),
        },
    ),
    Kernel(
        "seidel_2d, 12 x 12, 2 sweeps", seidel_2d, _plane(12, 2), seidel_2d_by_hand,
        peers={**builders.eager(_seidel_rows, _plane(12, 2)), **_seidel_compiled(12, 2)},
        calls=20,
    ),
    Kernel(
        "seidel_2d, 50 x 50, 7 sweeps", seidel_2d, _plane(50, 7), seidel_2d_by_hand,
        peers=_seidel_compiled(50, 7),
        left_out=dict.fromkeys(("autograd", "jax", "torch", "mygrad"), TOO_LONG),
    ),
)  # fmt: skip
