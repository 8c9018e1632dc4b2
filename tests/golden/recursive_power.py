"""x to the power of n, by a function that calls itself."""


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


FUNCTION, WRT = power, "x"
ARGUMENTS = (1.5, 4)
