"""Hyper-parameters of a Gaussian process, by the exact gradient of its marginal likelihood.

Three numbers, the length scale, the signal's and the noise's deviation, as logarithms; the gradient
goes through `np.linalg.cholesky` and `solve`, and `scipy.optimize.minimize` takes value and
gradient together.
"""

import sys

import numpy as np

from adcompiler import value_and_grad


def minus_log_likelihood(logs, x, y):
    """Of observations y at places x, under a squared-exponential covariance."""
    length, signal, noise = np.exp(logs[0]), np.exp(logs[1]), np.exp(logs[2])
    distance = (x[:, None] - x) / length
    covariance = signal**2 * np.exp(-0.5 * distance**2) + noise**2 * np.eye(len(x))
    lower = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(lower, y)
    return (
        0.5 * np.sum(whitened**2) + np.sum(np.log(np.diag(lower)))
        + 0.5 * len(x) * np.log(2.0 * np.pi)
    )  # fmt: skip


def fit(x, y):
    try:
        from scipy.optimize import minimize
    except ImportError:
        sys.exit("SciPy is missing: python -m pip install '.[samples]'")
    return minimize(
        value_and_grad(minus_log_likelihood), np.zeros(3), (x, y), jac=True, method="L-BFGS-B",
        callback=lambda logs: print("  length, signal, noise =", np.exp(logs).round(3), flush=True),
    )  # fmt: skip


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, 80))
    y = 1.5 * np.sin(x) + 0.3 * rng.normal(size=80)
    print(value_and_grad(minus_log_likelihood).source(np.zeros(3), x, y))
    start = minus_log_likelihood(np.zeros(3), x, y)
    found = fit(x, y)
    length, signal, noise = np.exp(found.x)
    print(f"minus log-likelihood: {start:.3f}, after {found.nit} steps {found.fun:.3f}")
    print(f"length = {length:.3f}, signal = {signal:.3f}, noise = {noise:.3f}; 0.3 was put in")
