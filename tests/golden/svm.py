"""A linear score with the multi-class hinge loss and L2 regularisation."""

import numpy as np


def loss(W, b, X, y, reg):
    scores = X @ W + b
    n = X.shape[0]
    correct = scores[np.arange(n), y]
    margins = np.maximum(0, scores - correct[:, None] + 1)
    return (np.sum(margins) - n) / n + reg * np.sum(W * W)


FUNCTION, WRT = loss, ("W", "b")
ARGUMENTS = (
    np.sin(np.arange(12.0)).reshape(4, 3), np.array([0.1, -0.2, 0.3]),
    np.cos(np.arange(20.0)).reshape(5, 4), np.array([0, 2, 1, 1, 0]), 0.01,
)
