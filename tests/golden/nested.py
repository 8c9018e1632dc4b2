"""Nested loops with branches."""

import math


def total(x, n):
    s = 0.0
    for i in range(n):
        if x > 1:
            t = math.exp(-x)
            s = s + t * i
        else:
            for j in range(i):
                s = s + math.sin(s * x)
        x = x * 0.9
    return s


FUNCTION, WRT = total, "x"
ARGUMENTS = (1.2, 5)
