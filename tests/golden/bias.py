"""A bias that is added to every row, a scale for every row."""

import numpy as np


def loss(x, b, s):
    return np.sum(np.tanh((x + b) * s))


FUNCTION, WRT = loss, ("x", "b", "s")
ARGUMENTS = (
    np.sin(np.arange(6.0)).reshape(2, 3), np.array([0.1, -0.2, 0.3]), np.array([[0.5], [-1.5]]),
)
