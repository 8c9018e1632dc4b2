"""A cubic polynomial learns sin(x) on [-pi, pi] by gradient descent, in NumPy alone.

The task of PyTorch's first tutorial: 2,000 points, four numbers, 2,000 steps. There the gradient is
written by hand or comes from a tape; here it is a function that was compiled, and is printed.
"""

import math

import numpy as np

from adcompiler import value_and_grad

STEPS, RATE = 2000, 1e-6


def loss(a, b, c, d, x, y):
    prediction = a + b * x + c * x**2 + d * x**3
    return np.sum((prediction - y) ** 2)


if __name__ == "__main__":
    x = np.linspace(-math.pi, math.pi, 2000)
    y = np.sin(x)
    weights = np.random.default_rng(0).normal(size=4).tolist()
    compiled = value_and_grad(loss, wrt=("a", "b", "c", "d"))
    print(compiled.source(*weights, x, y))

    for step in range(1, STEPS + 1):
        value, gradient = compiled(*weights, x, y)
        weights = [w - RATE * float(g) for w, g in zip(weights, gradient, strict=True)]
        if step % 500 == 0:
            print(f"step {step:4}: loss = {value:.3f}", flush=True)

    best = np.polynomial.Polynomial.fit(x, y, 3).convert().coef
    print("found: y = {:+.3f} {:+.3f} x {:+.3f} x^2 {:+.3f} x^3".format(*weights))
    print("least squares: y = {:+.3f} {:+.3f} x {:+.3f} x^2 {:+.3f} x^3".format(*best))
