"""Elements of an array by index, in a loop."""

import numpy as np


def weighted(x, order):
    s = 0.0
    for i in range(len(order)):
        s = s + x[order[i]] ** 2 * i
    return s


FUNCTION, WRT = weighted, "x"
ARGUMENTS = (np.array([0.5, -1.0, 2.0, 0.3]), np.array([2, 0, 2, 1, 3]))
