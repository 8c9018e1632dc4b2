"""The average surprise at samples of a normal distribution: a call with two results."""

import numpy as np


def loss(mean, covariance, samples):
    centred = samples - mean
    sign, logdet = np.linalg.slogdet(covariance)
    solved = np.linalg.solve(covariance, centred.T)
    distances = np.sum(centred.T * solved, axis=0)
    return 0.5 * (logdet + np.mean(distances))


FUNCTION, WRT = loss, ("mean", "covariance")
ARGUMENTS = (
    np.array([0.1, -0.2]), np.array([[2.0, 0.3], [0.3, 1.0]]),
    np.sin(np.arange(8.0)).reshape(4, 2),
)
