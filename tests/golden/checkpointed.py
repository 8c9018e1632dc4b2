"""A checkpointed loop over time steps, and a checkpointed function after it."""

import numpy as np

from adcompiler import checkpoint


def readout(w, x):
    h = np.tanh(w * x)
    return np.sum(h * h)


def energy(w, x, n):
    for i in checkpoint(range(n), every=10):
        k = np.sin(w * x)
        x = x + 0.1 * np.cos(x + 0.05 * k) + 0.001 * i
    return checkpoint(readout)(w, x)


FUNCTION, WRT = energy, ("w", "x")
ARGUMENTS = (0.7, np.array([0.4, -0.9, 1.3]), 25)
