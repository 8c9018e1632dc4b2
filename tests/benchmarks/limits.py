"""What the figures have to be: ratios of ours to something else, at most."""

from __future__ import annotations

__all__ = ["BY_HAND", "FIRST_CALL", "FUNCTION", "FUNCTION_MEDIAN", "JITTED", "against"]

BY_HAND = 1.1
FUNCTION = 3.8
FUNCTION_MEDIAN = 2.5
FIRST_CALL = 0.1  # of the first call under `jax.jit`

_SLOWER = frozenset({"autograd", "jax", "torch", "mygrad"})
JITTED = {
    "scalar neuron": 1 / 15,
    "MLP 2 x 32 x 64": 1.0,
    "MLP 5 x 32 x 512": 1.0,
    "Black-Scholes": 1.0,
    "logistic regression": 1.0,
    "Rosenbrock": 1.0,
    "Lotka-Volterra": 1.0,
    "MLP": 1.6,
    "GMM": 1.6,
    "jacobi_2d": 1.6,
}


def against(kernel: str, peer: str) -> float | None:
    """The limit of ours / the peer's on a kernel; None where the ratio is only printed.

    A kernel goes by the longest key that its name starts with.

    >>> against("MLP 2 x 32 x 64", "jax jit"), against("MLP 2 x 512 x 64", "jax jit")
    (1.0, 1.6)
    >>> against("GMM", "torch"), against("GMM", "casadi"), against("LSTM", "jax jit")
    (1.0, None, None)
    """
    if peer in _SLOWER:
        return 1.0
    if peer != "jax jit":
        return None
    return max(
        ((len(key), limit) for key, limit in JITTED.items() if kernel.startswith(key)),
        default=(0, None),
    )[1]
