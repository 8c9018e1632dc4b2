"""A network with its parameters in a dict; softmax cross-entropy over a batch."""

import numpy as np


def loss(params, x, labels):
    h = np.tanh(x @ params["W1"] + params["b1"])
    z = h @ params["W2"] + params["b2"]
    z = z - np.max(z, axis=1, keepdims=True)
    logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(logp[np.arange(len(labels)), labels])


FUNCTION, WRT = loss, "params"
ARGUMENTS = (
    {
        "W1": np.sin(np.arange(12.0)).reshape(4, 3), "b1": np.array([0.1, -0.2, 0.3]),
        "W2": np.cos(np.arange(6.0)).reshape(3, 2), "b2": np.array([0.2, -0.1]),
    },
    np.sin(np.arange(20.0)).reshape(5, 4), np.array([0, 1, 1, 0, 1]),
)
