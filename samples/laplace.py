"""Laplace's approximation: a posterior as a Gaussian around its peak, by the exact Hessian.

Bayesian logistic regression with two weights: Newton's method climbs to the peak with `grad` and
`hessian`, and the Hessian there is the Gaussian's precision. Two weights leave room for the exact
posterior on a grid, to see how good the approximation is.
"""

import numpy as np

from adcompiler import grad, hessian


def energy(w, x, y):
    """Minus the logarithm of prior times likelihood: a Gaussian prior of width 2."""
    z = x @ w
    return np.sum(np.logaddexp(0.0, z) - y * z) + np.sum(w * w) / 8.0


def peak(x, y):
    """Newton's method."""
    w, slope, curvature = np.zeros(2), grad(energy), hessian(energy)
    for step in range(1, 20):
        g = slope(w, x, y)
        print(f"step {step}: energy = {energy(w, x, y):.6f}, |gradient| = {np.linalg.norm(g):.1e}")
        if np.linalg.norm(g) < 1e-10:
            break
        w = w - np.linalg.solve(curvature(w, x, y), g)
    return w


def exact(x, y, at, spread, points=201):
    """Mean and covariance of the posterior, summed on a grid of six deviations around."""
    axes = [np.linspace(m - 6 * s, m + 6 * s, points) for m, s in zip(at, spread, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.array([-energy(w, x, y) for w in grid])
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    mean = weight @ grid
    return mean, (grid - mean).T @ ((grid - mean) * weight[:, None])


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = np.stack([np.ones(60), rng.normal(size=60)], axis=1)
    y = (rng.uniform(size=60) < 1 / (1 + np.exp(-x @ np.array([-0.5, 1.5])))) * 1.0
    w = peak(x, y)
    covariance = np.linalg.inv(hessian(energy)(w, x, y))
    spread = np.sqrt(np.diag(covariance))
    mean, exact_covariance = exact(x, y, w, spread, 81)
    print("\n            weight 0          weight 1")
    for name, m, s in (
        ("Laplace", w, spread), ("exact", mean, np.sqrt(np.diag(exact_covariance)))
    ):  # fmt: skip
        print(f"{name:9}" + "".join(f"{a:8.3f} +- {b:.3f} " for a, b in zip(m, s, strict=True)))
