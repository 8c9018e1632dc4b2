"""A linear score s = x W + b with the multi-class hinge (SVM) loss and L2 regularisation.

Prints the emitted gradient and the loss while gradient descent separates three clouds of points.
"""

import numpy as np

from adcompiler import value_and_grad


def loss(W, b, X, right, strength):
    """`right` is one-hot: a row for each example, 1 at its class."""
    scores = X @ W + b
    correct = np.sum(scores * right, axis=1, keepdims=True)
    margins = np.maximum(0.0, scores - correct + 1.0) * (1.0 - right)
    return np.sum(margins) / len(X) + 0.5 * strength * np.sum(W * W)


def clouds(count=60):
    """Points around three centres, and their classes."""
    rng = np.random.default_rng(3)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    labels = np.arange(count) % 3
    return centres[labels] + 0.5 * rng.normal(size=(count, 2)), labels


if __name__ == "__main__":
    X, labels = clouds()
    right = np.eye(3)[labels]
    W, b = np.zeros((2, 3)), np.zeros(3)
    compiled = value_and_grad(loss, wrt=("W", "b"))
    print(compiled.source(W, b, X, right, 0.01))
    for step in range(101):
        value, (grad_W, grad_b) = compiled(W, b, X, right, 0.01)
        if step % 20 == 0:
            print(f"step {step:3}: loss = {value:.4f}")
        W, b = W - 0.2 * grad_W, b - 0.2 * grad_b
    print(f"accuracy = {np.mean(np.argmax(X @ W + b, axis=1) == labels):.2%}")
