"""A feed-forward network, softmax and cross-entropy, once over layers and once over units.

`by_layers` is NumPy with a Python loop over the layers; `by_units` spells every sum out,
z_j = sum_i w_ij y_i, in loops over numbers. Both give the same loss and the same gradient.
"""

import math

import numpy as np

from adcompiler import value_and_grad


def by_layers(W, x, label):
    y = x
    for k in range(len(W) - 1):
        y = np.tanh(y @ W[k])
    z = y @ W[len(W) - 1]
    return math.log(np.sum(np.exp(z))) - z[label]


def by_units(W, x, label):
    layers, n, _ = W.shape
    y = x
    for k in range(layers):
        units = np.zeros(n)
        for j in range(n):
            z = 0.0
            for i in range(n):
                z = z + W[k, i, j] * y[i]
            if k < layers - 1:
                z = math.tanh(z)
            units = np.where(np.arange(n) == j, z, units)
        y = units
    total = 0.0
    for j in range(n):
        total = total + math.exp(y[j])
    return math.log(total) - y[label]


def example():
    """Three layers of four units, an input and its class."""
    rng = np.random.default_rng(7)
    return rng.normal(size=(3, 4, 4)), rng.normal(size=4), 2


if __name__ == "__main__":
    W, x, label = example()
    for loss in (by_layers, by_units):
        compiled = value_and_grad(loss, wrt="W")
        print(compiled.source(W, x, label))
        value, grad_W = compiled(W, x, label)
        print(f"{loss.__name__}: loss = {value:.6f}, |gradient| = {np.sum(grad_W**2) ** 0.5:.6f}")
        print()
