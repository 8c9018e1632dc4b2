"""A sum over the halves of an array; each call has an array of another size."""

import numpy as np

RATE = 0.9


def total(x):
    if len(x) < 3:
        return np.sum(x * x)
    m = len(x) // 2
    return total(x[:m]) + RATE * total(x[m:])


FUNCTION, WRT = total, "x"
ARGUMENTS = (np.array([0.5, -1.0, 2.0, 0.3, 1.2, -0.7, 0.1]),)
