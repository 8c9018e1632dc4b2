"""Functions that docs/batches.md takes as examples."""

import numpy as np

__all__ = ["clipped", "loss"]


def loss(w, x, y):
    h = np.tanh(w @ x)
    return np.sum((h - y) ** 2)


def clipped(x):
    if x > 0:
        return x
    return 0.0 * x
