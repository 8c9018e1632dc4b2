"""Four patterns of backpropagation, each read off the code that is emitted for it.

An addition hands the gradient to both sides, a product swaps the factors, a value that is used
twice adds what comes back, and a maximum sends everything to the larger side (equals share it).
"""

from adcompiler import grad


def add(x, y):
    return x + y


def mul(x, y):
    return x * y


def copy(x, y):
    return x * y + x


def route(x, y):
    return max(x, y)


PATTERNS = {
    add: "an addition distributes: both sides get the gradient as it comes",
    mul: "a product swaps: each factor gets the gradient times the other",
    copy: "a copy adds: x is used twice, and what comes back is summed",
    route: "a maximum routes: the larger side gets all, the other nothing; equals get a half each",
}

if __name__ == "__main__":
    for function, sentence in PATTERNS.items():
        gradient = grad(function, wrt=("x", "y"), optimize=0)
        print(f"# {sentence}")
        print(gradient.source(3.0, -4.0))
        print(f"# at x = 3, y = -4: {gradient(3.0, -4.0)}\n")
