"""One hidden unit and a squared error."""

from adcompiler import sigmoid


def loss(v, w, x, y):
    z = w * x
    h = sigmoid(z)
    e = v * h
    l = 0.5 * (y - e) ** 2
    return l


FUNCTION, WRT = loss, ("v", "w", "x")
ARGUMENTS = (-1.5, 0.5, 2.0, 1.0)
