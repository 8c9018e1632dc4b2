"""Trains a network on scikit-learn's 1797 handwritten digits, with SGD and with momentum.

Prints the loss and the accuracy on a held-out third of the digits; both ways end above 96 %.
The data need scikit-learn: python -m pip install '.[samples]'
"""

import itertools
import sys

import numpy as np

from adcompiler import value_and_grad

EPOCHS, BATCH = 60, 32
SIZES = (64, 64, 10)


def loss(params, x, target):
    """Mean cross-entropy of an MLP; `params` is a list of (weights, bias), `target` is one-hot."""
    hidden, (V, c) = params[:-1], params[-1]
    h = x
    for W, b in hidden:
        h = np.tanh(h @ W + b)
    z = h @ V + c
    z = z - np.max(z, axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(z), axis=1))
    return np.mean(log_total - np.sum(z * target, axis=1))


def classify(params, x):
    for W, b in params[:-1]:
        x = np.tanh(x @ W + b)
    W, b = params[-1]
    return np.argmax(x @ W + b, axis=1)


def load():
    """Pixels between 0 and 1 and classes: two thirds to learn from, one third held out."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("scikit-learn is missing: python -m pip install '.[samples]'")
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.data))
    x, labels = digits.data[order] / 16.0, digits.target[order]
    held_out = len(x) // 3
    return x[held_out:], labels[held_out:], x[:held_out], labels[:held_out]


def start(rng):
    """Small random weights and no bias, layer by layer."""
    return [
        (rng.normal(scale=n**-0.5, size=(n, m)), np.zeros(m)) for n, m in itertools.pairwise(SIZES)
    ]


def train(name, rate, momentum, epochs=EPOCHS):
    """The weights after so many passes over the digits."""
    x, labels, test_x, test_labels = load()
    target = np.eye(10)[labels]
    rng = np.random.default_rng(1)
    params = start(rng)
    speed = [tuple(np.zeros_like(p) for p in layer) for layer in params]
    compiled = value_and_grad(loss)

    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        for first in range(0, len(x), BATCH):
            batch = order[first : first + BATCH]
            value, gradient = compiled(params, x[batch], target[batch])
            for layer, layer_speed, layer_gradient in zip(params, speed, gradient, strict=True):
                for p, v, g in zip(layer, layer_speed, layer_gradient, strict=True):
                    v *= momentum
                    v -= rate * g
                    p += v
        if epoch % 10 == 0:
            right = np.mean(classify(params, test_x) == test_labels)
            print(f"{name}, epoch {epoch}: loss = {value:.4f}, held out = {right:.2%}", flush=True)
    return params


if __name__ == "__main__":
    train("sgd", rate=0.2, momentum=0.0)
    train("momentum", rate=0.05, momentum=0.9)
