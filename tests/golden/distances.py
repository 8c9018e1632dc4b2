"""Mean distance of the points of two sets."""

import numpy as np


def mean_distance(x, y):
    d = x[:, None, :] - y[None, :, :]
    return np.sqrt((d**2).sum(axis=-1)).mean()


FUNCTION, WRT = mean_distance, ("x", "y")
ARGUMENTS = (np.sin(np.arange(6.0)).reshape(2, 3), np.cos(np.arange(12.0)).reshape(4, 3))
