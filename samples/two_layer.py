"""One step of gradient descent on a two-layer tanh network without biases.

Prints the values on the way forward, the emitted gradient, and both weights after a step of 0.2.
"""

import numpy as np

from adcompiler import grad


def layers(W0, W1, x):
    x1 = W0 @ x
    x2 = np.tanh(x1)
    return x1, x2, W1 @ x2


def loss(W0, W1, x, y):
    _, _, prediction = layers(W0, W1, x)
    return 0.5 * (prediction - y) ** 2


W0 = np.array([[1.0, -3.0], [0.2, 1.0]])
W1 = np.array([1.0, -1.0])
X = np.array([1.0, 0.1])
Y = 0.5
RATE = 0.2

if __name__ == "__main__":
    gradient = grad(loss, wrt=("W0", "W1"))
    print(gradient.source(W0, W1, X, Y))
    x1, x2, prediction = layers(W0, W1, X)
    print("x1 =", x1.round(3))
    print("x2 =", x2.round(3))
    print(f"prediction = {prediction:.3f}, loss = {loss(W0, W1, X, Y):.5f}")

    grad_W0, grad_W1 = gradient(W0, W1, X, Y)
    print("after one step:")
    print("W0 =", (W0 - RATE * grad_W0).round(2).tolist())
    print("W1 =", [float(f"{w:.3g}") for w in W1 - RATE * grad_W1])
