"""Recompute instead of store: a long simulation's gradient in a hundredth of the memory.

The backward pass needs the states that the forward pass went through. `checkpoint` keeps one in
so many and runs the steps in between once more, so it pays with time what it saves in memory.
"""

import time
import tracemalloc

from adcompiler import checkpoint, grad

STEPS = 100_000


def pendulum(angle, speed, h, n):
    """The angle after n steps; all states are kept for the way back."""
    for _ in range(n):
        speed = speed - h * (angle - angle**3 / 6)
        angle = angle + h * speed
    return angle


def pendulum_in_segments(angle, speed, h, n):
    for _ in checkpoint(range(n)):
        speed = speed - h * (angle - angle**3 / 6)
        angle = angle + h * speed
    return angle


def measured(function, *args):
    """The gradient, the seconds, and the most bytes that were in use."""
    gradient = grad(function, wrt=("angle", "speed"))
    gradient(*args)  # compiles
    start = time.perf_counter()
    found = gradient(*args)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    gradient(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, seconds, peak


if __name__ == "__main__":
    args = (1.0, 0.0, 1e-3, STEPS)
    stored, time_stored, bytes_stored = measured(pendulum, *args)
    again, time_again, bytes_again = measured(pendulum_in_segments, *args)
    print(f"stored:     {stored[0]:+.9f} {stored[1]:+.9f}  {bytes_stored / 1e6:6.2f} MB")
    print(f"recomputed: {again[0]:+.9f} {again[1]:+.9f}  {bytes_again / 1e6:6.2f} MB")
    print(f"memory: {bytes_again / bytes_stored:.1%}, time: {time_again / time_stored:.2f} times")
    print("\nThe backward part runs each segment forward again:\n")
    print(grad(pendulum_in_segments).source(*args))
