"""Helper functions, inlined."""

import numpy as np


def layer(x, w, b=0.0):
    return np.tanh(x @ w + b)


def squared_norm(x):
    return np.sum(x * x)


def loss(w1, w2, x):
    hidden = layer(x, w1, b=0.1)
    out = layer(hidden, w2)
    return squared_norm(out) + 0.5 * squared_norm(w1)


FUNCTION, WRT = loss, ("w1", "w2")
ARGUMENTS = (
    np.sin(np.arange(12.0)).reshape(4, 3), np.cos(np.arange(6.0)).reshape(3, 2),
    np.sin(np.arange(20.0)).reshape(5, 4),
)
