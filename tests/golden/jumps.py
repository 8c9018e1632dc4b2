"""Jumps out of two loops: `break`, `continue`, and `return` from within."""

import math


def walk(a, n):
    s = a
    for i in range(n):
        if i == 1:
            continue
        for j in range(n):
            if j > 1:
                s = s * math.cos(s)
                if s < 0.2:
                    break
                s = s + 0.1
            s = s * a
            if s > 3.0:
                return s * s
        s = s + a
    return math.sin(s)


FUNCTION, WRT = walk, "a"
ARGUMENTS = (0.9, 5)
