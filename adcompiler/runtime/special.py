"""Special functions that neither `math` nor NumPy has, for derivatives of those that they have.

Like all helpers, each stands alone: its only global is `np`.

>>> round(polygamma(0, 1.0), 14), round(polygamma(1, 1.0) - np.pi**2 / 6, 14)  # minus Euler's
(-0.57721566490153, 0.0)
>>> round(float(sinc_derivative(0.5, 0)), 14), round(float(bessel_i(1, 2.0)), 14)
(0.63661977236758, 1.59063685463733)
"""

from __future__ import annotations

from typing import Any

import numpy as np


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of digamma = gamma' / gamma; NaN at its poles."""
    x = float(x)
    if x < 0.5:
        # digamma(1 - x) - digamma(x) = pi cot(pi x), differentiated n times: a polynomial in cot
        turn = x - np.rint(x)
        if turn == 0:
            return float("nan")
        polynomial = np.polynomial.Polynomial((0.0, 1.0))
        for _ in range(n):
            polynomial = -np.polynomial.Polynomial((1.0, 0.0, 1.0)) * polynomial.deriv()
        reflected = np.pi ** (n + 1) * float(polynomial(1 / np.tan(np.pi * turn)))
        return (-1) ** n * polygamma(n, 1 - x) - reflected
    factorial = float(np.prod(np.arange(1.0, n + 1)))
    total = 0.0
    while x < 15 + n:
        total += factorial / x ** (n + 1)
        x += 1
    # Abramowitz & Stegun 6.3.18 and 6.4.11
    total += factorial / (2 * x ** (n + 1))
    total += factorial / n / x**n if n else -float(np.log(x))
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    for k, number in enumerate(bernoulli, 1):
        total += number * float(np.prod(np.arange(2 * k + 1.0, 2 * k + n))) / x ** (2 * k + n) * (
            1 if n else 1 / (2 * k)
        )
    return total if n % 2 else -total


def sinc_derivative(x: Any, n: Any) -> Any:
    """The n-th derivative of sin(pi x) / (pi x)."""
    t = np.pi * np.asarray(x, float)
    # From t s(t) = sin(t): t s' + s = sin(t + pi/2), and so on; unstable near 0.
    far = np.where(np.abs(t) < n + 1, 1.0, t)
    s = np.sin(far) / far
    for k in range(1, n + 1):
        s = (np.sin(far + k * np.pi / 2) - k * s) / far
    near = np.where(np.abs(t) < n + 1, t, 0.0)
    series = np.zeros_like(t)
    for k in range((n + 1) // 2, (n + 1) // 2 + 14 + 2 * n):
        falling = np.prod(np.arange(2 * k - n + 1.0, 2 * k + 1))
        growing = np.prod(np.arange(1.0, 2 * k + 2))
        series += (-1) ** k * falling / growing * near ** (2 * k - n)
    return (np.pi**n * np.where(np.abs(t) < n + 1, series, s)).astype(np.result_type(x, 0.0))[()]


def bessel_i(n: Any, x: Any) -> Any:
    """The modified Bessel function of the first kind, of order n."""
    x = np.asarray(x)
    near = np.where(np.abs(x) < 8, x, 0.0) / 2
    term = near**n / np.prod(np.arange(1.0, n + 1))
    series = term
    for k in range(1, 36):
        term = term * near * near / (k * (k + n))
        series = series + term
    # Farther out the mean of exp(x cos t) cos(n t), by the trapezoidal rule, which converges
    # exponentially.
    far = np.where(np.abs(x) < 8, 0.0, x)
    largest = float(np.max(np.abs(far), initial=0.0))
    points = int(20 + n + 5 * np.sqrt(largest)) if np.isfinite(largest) else 20
    t = np.pi * (np.arange(points) + 0.5) / points
    mean = np.mean(np.exp(far[..., None] * np.cos(t)) * np.cos(n * t), axis=-1)
    return np.where(np.abs(x) < 8, series, mean).astype(np.result_type(x, 0.0))[()]
