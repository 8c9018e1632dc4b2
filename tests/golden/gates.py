"""f = (x + y) z, the first circuit of the lecture."""


def f(x, y, z):
    q = x + y
    f = q * z
    return f


FUNCTION, WRT = f, ("x", "y", "z")
ARGUMENTS = (-2.0, 5.0, -4.0)
