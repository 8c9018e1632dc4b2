"""A feed-forward net unit by unit, z_j = sum over i of w_ij y_i; softmax with cross-entropy."""

import math

import numpy as np


def loss(W, x, label):
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


FUNCTION, WRT = loss, ("W", "x")
ARGUMENTS = (np.sin(np.arange(48.0)).reshape(3, 4, 4), np.array([0.5, -0.3, 0.8, 0.1]), 2)
