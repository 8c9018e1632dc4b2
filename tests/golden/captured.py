"""Numbers and arrays from outside the function."""

import numpy as np

RATE = 0.1
MEANS = np.array([0.5, -0.5, 1.0])


def penalty(x):
    return RATE * np.sum((x - MEANS) ** 2) * np.pi


FUNCTION, WRT = penalty, "x"
ARGUMENTS = (np.array([1.0, 2.0, 3.0]),)
