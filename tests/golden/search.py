"""The first element beyond a limit, by an early return."""

import numpy as np


def first_beyond(x, limit):
    for i in range(len(x)):
        if x[i] > limit:
            return x[i] * x[i] * limit
    return limit * limit


FUNCTION, WRT = first_beyond, ("x", "limit")
ARGUMENTS = (np.array([0.3, -0.2, 1.4, 2.0]), 0.9)
