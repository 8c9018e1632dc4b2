"""Comprehensions, generator expressions, `:=`, unpacking in every place where Python has it."""

import math

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

X = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
PAIRS = {"a": 0.5, "b": 1.5}


def list_of_products(a, b, c):
    p, q, r = [v * a for v in (a, b, c)]
    return p * q + r


def nested_loops(a, b, c):
    return sum([u * v for u in (a, b) for v in (b, c) if True])


def ragged_loops(a, b, c):
    rows = [(a,), (b, c), (a, b, c)]
    return math.prod(v + k for k, row in enumerate(rows) for v in row)


def nested_comprehensions(a, b, c):
    m = [[u * v for u in (a, b)] for v in (b, c)]
    return m[0][0] * m[1][1] - m[0][1] * m[1][0] ** 2


def conditions(a, b, c):
    return sum(v * k for k, v in enumerate((a, b, c)) if k % 2 == 0 if k > 0)


def short_ranges(a, b, c):
    return sum(a**k * b for k in range(1, 4)) + max(c * k for k in range(3))


def generators(a, b, c):
    return (sum(v * v for v in (a, b, c)) * max(v * b for v in (a, c)) + min(v for v in (a, b))
            + math.prod(v for v in (b, c)) + math.fsum(v * a for v in (b, c)))  # fmt: skip


def any_and_all(a, b, c):
    s = a if any(v > 1.0 for v in (a, b, c)) else b
    if all(v > 0 for v in (a, b, c)):
        s *= c
    return s + c * any(v > 100 for v in (a, b)) + s * all(isinstance(v, tuple) for v in ())


def short_circuit(a, b, c):
    # Python stops before it divides by zero.
    return a * b if any(1 / v > -9.0 for v in (c, c - c)) else c


def tuples_and_dicts(a, b, c):
    t = tuple(v * v for v in (a, b))
    d = {name: v * k for k, (name, v) in enumerate(zip("xyz", t + (c,)))} if False else {
        name: v * (k + 1) for k, (name, v) in enumerate((("x", a), ("y", b)))
    }
    e = dict(z=c, **d)
    f = dict((("u", a), ("v", e["z"])))
    return t[0] * d["x"] + d["y"] * e["y"] + f["v"] * f["u"]


def names_stay_inside(a, b, c):
    v = c
    s = sum([v * a for v in (a, b)])
    return s * v


def closures(a, b, c):
    k = 2.0
    scaled = [u * k for u in (a, b)]
    functions = [lambda w: w * u * k for u in (a, b)]
    k = 3.0
    return scaled[0] * functions[1](a) + c * functions[0](b)


def late_binding(a, b, c):
    functions = [lambda: v * c for v in (a, b)]
    g = (v * c for v in (a, b))
    c = c * c
    return functions[0]() + functions[1]() * sum(g)


def the_first_iterable_is_evaluated_outside(a, b, c):
    v = (a, b)
    return sum([v * c for v in v])


def walrus(a, b, c):
    if (s := a * b) > c:
        s = s * 2.0
    t = [(u := v * s) for v in (a, b)]
    return s * u + (w := t[0] * c) * w


def walrus_in_a_test_with_others(a, b, c):
    n = 0.0
    if (p := a + b) > 0 and c > 0:
        n = p * c
    return n + p


def starred(a, b, c):
    def f(x, y, z=1.0, *rest):
        return x * y + z

    first, *middle, last = (a, b, c, a * b)
    p = [a, *middle, *(c, last)]
    q = (*p[:2], *[c])
    return f(*q) * f(*p[:2]) + math.prod([*q, *middle]) * first if False else (
        p[1] * p[3] * q[2] + middle[0] * first * last
    )


def chained_assignments(a, b, c):
    p = q = a * b
    p, q = q * c, p
    (r, s), t = (p, q), c
    [u, [v, w]] = [r, [s, t]]
    p = (q, r) = (u, v)
    return p[0] * q + r * w


def swapped(a, b, c):
    for k in range(3):
        a, b, c = b * c, c, a
    return a * b * b


NUMBERS = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__
           and f.__code__.co_varnames[:3] == ("a", "b", "c")]  # fmt: skip


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("numbers", [(0.7, 0.3, 1.9), (1.3, -0.4, 0.6)])
def test_of_numbers(f, numbers):
    prove(f, *numbers)


def of_parameters(params, x):
    return sum(np.sum(v * x[0]) for v in params.values()) + sum(
        [k * params[name][0] for k, name in enumerate(params)]
    )


def of_layers(layers, x):
    h = x
    for w in [np.tanh(w) for w in layers]:
        h = w * h
    return np.sum(h) + sum(np.sum(w**2) for w in layers)


def arrays(m, x):
    return np.sum(np.array([v * x for v in (m[0], m[1])]) ** 2) + np.sum(
        np.stack([row * x[0] for row in (m[0], m[1])], axis=1) @ m
    )


def test_of_structures():
    prove(of_parameters, {"u": X, "v": X * 2}, X)
    prove(of_layers, [X, X * 2], X)
    prove(arrays, M, X)


def bound_on_one_path(a):
    s = a if a > 0 and (t := a * a) > 0 else 1.0
    return s * t


def bound_in_a_while_test(a):
    while (b := a * 0.5) > 0.1:
        a = b
    return a


def keys_at_run_time(x):
    d = {v: v for v in x}
    return d[0]


def generator_read_twice(a):
    g = (v * a for v in (a, 2.0))
    return sum(g) + sum(g)


def leaked(a):
    s = sum([inner * a for inner in (a, 2.0)])
    return s * inner


@pytest.mark.parametrize(
    ("f", "argument", "code", "words"),
    [
        (bound_on_one_path, 0.5, "unsupported-expression", "`t :=` stands in a part"),
        (bound_in_a_while_test, 0.5, "unsupported-expression", "`b :=` stands in a part"),
        (keys_at_run_time, X, "unsupported-expression", "which keys this dict has"),
        (generator_read_twice, 0.5, "unsupported-iteration", "gives its elements once"),
        (leaked, 0.5, "unknown-name", "`inner` isn't defined"),
    ],
)
def test_refused(f, argument, code, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(argument)
    (found,) = caught.value.diagnostics
    assert (found.code, words in found.reason) == (code, True), found
    assert found.advice
    assert found.span is not None
