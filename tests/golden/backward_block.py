"""A block that checks the gradient on its way through a loop."""

import math

from adcompiler import grad_of


def iterated(x, r, n):
    for i in range(n):
        x = r * x * (1.0 - x)
        for gx in grad_of(x):
            size = abs(gx)
            if not math.isfinite(size):
                raise FloatingPointError(f"gradient {gx} in iteration {i}")
    return x


FUNCTION, WRT = iterated, ("x", "r")
ARGUMENTS = (0.3, 3.5, 4)
