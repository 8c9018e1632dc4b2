"""Predators and prey by fourth-order Runge-Kutta."""


def field(u, v, a, b, c, d):
    return a * u - b * u * v, c * u * v - d * v


def final(u, v, a, b, c, d, h, steps):
    for _ in range(steps):
        k1u, k1v = field(u, v, a, b, c, d)
        k2u, k2v = field(u + h / 2 * k1u, v + h / 2 * k1v, a, b, c, d)
        k3u, k3v = field(u + h / 2 * k2u, v + h / 2 * k2v, a, b, c, d)
        k4u, k4v = field(u + h * k3u, v + h * k3v, a, b, c, d)
        u = u + h / 6 * (k1u + 2 * k2u + 2 * k3u + k4u)
        v = v + h / 6 * (k1v + 2 * k2v + 2 * k3v + k4v)
    return u * u + v * v


FUNCTION, WRT = final, ("u", "v", "a", "b", "c", "d")
ARGUMENTS = (1.0, 1.0, 1.5, 1.0, 3.0, 1.0, 0.01, 10)
