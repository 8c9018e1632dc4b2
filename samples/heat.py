"""An inverse problem: where was the heat, if only the blurred end is seen?

The simulation stores into its array in place, as one writes it in NumPy; the emitted gradient runs
the stencil backwards in place too, with no tape, since the steps are linear. Saves a picture of the
true start, what is seen at the end, and the start that was found: heat.png, or the name given.
"""

import sys

import numpy as np
from pictures import draw, pyplot

from adcompiler import value_and_grad

SIZE, TIMES, WEIGHT = 32, 40, 1e-4


def diffuse(u, n):
    """n explicit steps of the heat equation on a plate whose edge is cold."""
    for _ in range(n):
        u[1:-1, 1:-1] += 0.2 * (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        )
    return u


def misfit(start, seen):
    """How far the plate is from what is seen at the end, and a little for roughness."""
    rough = np.sum((start[1:] - start[:-1]) ** 2) + np.sum((start[:, 1:] - start[:, :-1]) ** 2)
    end = diffuse(start.copy(), TIMES)
    return np.sum((end - seen) ** 2) + WEIGHT * rough


def letter():
    """The start: a plate with a hot T."""
    u = np.zeros((SIZE, SIZE))
    u[7:12, 7:25] = 1.0
    u[12:25, 14:18] = 1.0
    return u


def recover(seen, steps):
    """Accelerated gradient descent (Nesterov), the edge held cold."""
    compiled = value_and_grad(misfit)
    u = ahead = np.zeros_like(seen)
    for step in range(1, steps + 1):
        value, gradient = compiled(ahead, seen)
        gradient[[0, -1]] = gradient[:, [0, -1]] = 0.0
        following = ahead - 0.45 * gradient
        ahead = following + (step - 1) / (step + 2) * (following - u)
        u = following
        if step % max(steps // 5, 1) == 0:
            print(f"step {step:4}: misfit = {value:.6f}", flush=True)
    return u


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else "heat.png"
    if path != "-":
        pyplot()
    start = letter()
    seen = diffuse(start.copy(), TIMES) + 0.002 * np.random.default_rng(0).normal(size=start.shape)
    print(value_and_grad(misfit).source(start, seen))
    found = recover(seen, 400)
    error = np.linalg.norm(found - start) / np.linalg.norm(start)
    blurred = np.linalg.norm(seen - start) / np.linalg.norm(start)
    print(f"distance from the true start: {error:.2f}; of what is seen: {blurred:.2f}")
    if path != "-":
        titles = ["start", "seen at the end", "found"]
        draw(path, [np.clip([start, seen, found], 0.0, 1.0)], [titles], scale=2.6, cmap="inferno")
