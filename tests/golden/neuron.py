"""A sigmoid neuron with two inputs."""

from adcompiler import sigmoid


def f(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


FUNCTION, WRT = f, ("w0", "x0", "w1", "x1", "w2")
ARGUMENTS = (2.0, -1.0, -3.0, -2.0, -3.0)
