"""Reductions along axes."""

import numpy as np


def spread(x):
    centred = x - x.mean(axis=0, keepdims=True)
    largest = np.max(np.abs(centred), axis=1)
    return np.sum(largest * np.std(x, axis=1)) + np.prod(x[0]) + np.var(x)


FUNCTION, WRT = spread, "x"
ARGUMENTS = (np.sin(np.arange(6.0)).reshape(2, 3) + 1.5,)
