"""One hidden unit with several inputs, z = w . x."""

import numpy as np

from adcompiler import sigmoid


def loss(v, w, x, y):
    z = np.dot(w, x)
    h = sigmoid(z)
    e = v * h
    return (y - e) ** 2 / 2


FUNCTION, WRT = loss, ("v", "w", "x")
ARGUMENTS = (-1.5, np.array([0.5, -0.25, 1.0]), np.array([2.0, 1.0, -0.5]), 1.0)
