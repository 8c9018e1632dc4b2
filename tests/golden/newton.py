"""A square root by Newton's method."""


def root(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


FUNCTION, WRT = root, "a"
ARGUMENTS = (2.0,)
