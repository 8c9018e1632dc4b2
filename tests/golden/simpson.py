"""Adaptive quadrature: an interval is halved until Simpson's rule is good enough on both halves."""

import math


def integrand(x, w):
    return math.exp(-w * x) * math.sin(3.0 * x)


def rule(a, b, w):
    m = 0.5 * (a + b)
    return (b - a) / 6.0 * (integrand(a, w) + 4.0 * integrand(m, w) + integrand(b, w))


def integral(a, b, w, tol):
    m = 0.5 * (a + b)
    left, right = rule(a, m, w), rule(m, b, w)
    error = left + right - rule(a, b, w)
    if abs(error) < 15.0 * tol:
        return left + right + error / 15.0
    return integral(a, m, w, 0.5 * tol) + integral(m, b, w, 0.5 * tol)


FUNCTION, WRT = integral, ("b", "w")
ARGUMENTS = (0.0, 2.0, 0.7, 1e-5)
