"""Comprehensions: written out over a tuple, a loop over an array."""

import numpy as np


def penalised(w, b, x, y):
    errors = [np.tanh(w * u + b) - v for u, v in zip(x, y)]
    return np.mean(np.array(errors) ** 2) + 0.1 * sum(p * p for p in (w, b))


FUNCTION = penalised
WRT = ("w", "b")
ARGUMENTS = (0.7, -0.3, np.array([0.5, -1.0, 2.0]), np.array([0.2, 0.1, 0.9]))
