"""A list that grows in a loop and is read back by its elements."""

import numpy as np


def trajectory(x, steps, dt):
    xs = [x]
    for k in range(steps):
        xs.append(xs[-1] + dt * np.sin(xs[k]))
    return sum(xs) * xs[-1]


FUNCTION = trajectory
WRT = ("x", "dt")
ARGUMENTS = (0.7, 4, 0.1)
