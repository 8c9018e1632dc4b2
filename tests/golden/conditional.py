"""Conditional expressions and chained comparisons."""

import math


def huber(x, y, delta=1.0):
    r = x - y
    a = r if r > 0 else -r
    return 0.5 * r * r if a <= delta else delta * (a - 0.5 * delta)


def loss(x, y):
    z = huber(x, y) + (math.exp(x) if 0 < x < 2 or y > 5 else math.sin(y))
    return z


FUNCTION, WRT = loss, ("x", "y")
ARGUMENTS = (1.5, -0.25)
