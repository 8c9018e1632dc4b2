"""Newton's method for a square root: checks its argument, reports its steps, gives up with a reason."""

import warnings

import numpy as np


def positive(x, name):
    if not x > 0:
        raise ValueError(f"{name} is not positive: {x!r}")


def root(x, guess, steps, verbose=True):
    """The loss of `steps` iterations from `guess`."""
    positive(x, "x")
    assert guess != 0, "the guess divides"
    y = guess
    for k in range(steps):
        with np.errstate(over="ignore"):
            y = 0.5 * (y + x / y)
        if verbose:
            print(f"step {k}: {y:.6f}", "above" if y * y > x else "below", sep=", ")
        if abs(y) > 1e6:
            raise OverflowError("%g in step %d" % (y, k))
    if abs(y * y - x) > 1e-3:
        warnings.warn(f"{steps} steps were not enough for {x}", RuntimeWarning)
    return (y - 1.0) ** 2


FUNCTION, WRT, ARGUMENTS = root, ("x", "guess"), (2.0, 1.5, 3)
