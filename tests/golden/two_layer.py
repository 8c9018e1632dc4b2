"""A two-layer tanh network without biases."""

import numpy as np


def loss(W0, W1, x, y):
    x1 = W0 @ x
    x2 = np.tanh(x1)
    prediction = W1 @ x2
    return 0.5 * (prediction - y) ** 2


FUNCTION, WRT = loss, ("W0", "W1")
ARGUMENTS = (np.array([[1.0, -3.0], [0.2, 1.0]]), np.array([1.0, -1.0]), np.array([1.0, 0.1]), 0.5)
