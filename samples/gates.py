"""Two gates, f = (x + y) z at (-2, 5, -4): a sum passes its gradient on, a product swaps."""

from adcompiler import grad


def f(x, y, z):
    return (x + y) * z


if __name__ == "__main__":
    gradient = grad(f, wrt=("x", "y", "z"), optimize=0)
    print(gradient.source(-2.0, 5.0, -4.0))
    print("f =", f(-2.0, 5.0, -4.0))
    print("gradient =", gradient(-2.0, 5.0, -4.0))
