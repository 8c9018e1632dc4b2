"""How a gradient divides between two branches of unequal scale.

A sum gives each branch the same gradient, so a weight's share depends on the scale of its own
input alone: the branch whose inputs are a hundred times larger gets gradients a hundred times
larger, and one learning rate can't suit both. Dividing each input by its spread evens them out.
"""

import numpy as np

from adcompiler import grad


def loss(u, v, small, large, y):
    return np.mean((small @ u + large @ v - y) ** 2)


def lengths(small, large, y):
    u, v = np.zeros(small.shape[1]), np.zeros(large.shape[1])
    return [float(np.linalg.norm(g)) for g in grad(loss, wrt=("u", "v"))(u, v, small, large, y)]


def descend(small, large, y, rate, steps=200):
    u, v = np.zeros(small.shape[1]), np.zeros(large.shape[1])
    compiled = grad(loss, wrt=("u", "v"))
    for _ in range(steps):
        du, dv = compiled(u, v, small, large, y)
        u, v = u - rate * du, v - rate * dv
    return loss(u, v, small, large, y)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    small, large = rng.normal(size=(400, 3)), 100.0 * rng.normal(size=(400, 3))
    y = small @ rng.normal(size=3) + large @ rng.normal(size=3) / 100.0
    print(grad(loss, wrt=("u", "v")).source(np.zeros(3), np.zeros(3), small, large, y))

    a, b = lengths(small, large, y)
    print(f"as they are:  |grad_u| = {a:.3g}, |grad_v| = {b:.3g}, {b / a:.0f} times")
    print(f"  after 200 steps of the largest rate that holds: loss = "
          f"{descend(small, large, y, 4e-5):.3g}")  # fmt: skip
    a, b = lengths(small / small.std(0), large / large.std(0), y)
    print(f"standardised: |grad_u| = {a:.3g}, |grad_v| = {b:.3g}, {b / a:.1f} times")
    print(f"  after 200 steps: loss = "
          f"{descend(small / small.std(0), large / large.std(0), y, 0.4):.3g}")  # fmt: skip
