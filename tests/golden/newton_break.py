"""A square root by Newton's method, with a bounded number of steps."""


def root(a):
    x = a
    for _ in range(50):
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-10:
            break
    return x


FUNCTION, WRT = root, "a"
ARGUMENTS = (2.0,)
