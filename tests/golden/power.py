"""The loop of the design page: x to the power of n."""


def power(x, n):
    y = 1.0
    for i in range(n):
        y = y * x
    return y


FUNCTION, WRT = power, "x"
ARGUMENTS = (1.5, 4)
