"""Python's own reductions compute what they compute: bit for bit on every Python."""

import functools
import math

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad, value_and_grad

X = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])


def sum_of_floats(a, b, c):
    return sum((a, b * 3.0, c, -b * 1e3, a * c))


def sum_of_a_list(a, b, c):
    return sum([a, 0.1, b, 0.2, c]) * a


def sum_with_a_start(a, b, c):
    return sum((a, b), c) * sum([a * b], start=2.0)


def sum_of_products(a, b, c):
    return math.prod((a, b, c)) + math.prod([a, a, b], start=c) * math.prod(()) + sum(())


def fsums(a, b, c):
    return math.fsum([a, b * 3.0, c, -b * 5.0]) * math.fsum((a, c))


def hypots(a, b, c):
    return math.hypot(a, b, c) + math.hypot(a) * math.hypot(a, b) + math.hypot()


def distances(a, b, c):
    return math.dist((a, b), (c, 2.0)) + math.dist([a], [b])


def extremes(a, b, c):
    return max(a, b, c) * min(a, b, c) + max([a * b, c]) - min((a, b * c), default=1.0) + max((a,))


def extremes_of_mixed_kinds(a, b, c):
    return max(a, 0) * min(1, b) + max((), default=c) * max(2, 3)


def some_and_every(a, b, c):
    s = a if any((a > b, b > c)) else b
    if all([a, b > 0, c]):
        s = s * c
    return s * any(()) + s * all((a, 1))


def quotients(a, b, c):
    q, r = divmod(a, b)
    return q * c + r * r * c


def written_out(a, b, c):
    total = functools.reduce(lambda p, q: p * q + 0.5, (a, b, c))
    return total + functools.reduce(max, [a, b], c) * functools.reduce(max, (), a)


def rounded(a, b, c):
    return round(a, 2) * b + round(c) * b + abs(-b)


NUMBERS = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__
           and f.__code__.co_varnames[:3] == ("a", "b", "c")]  # fmt: skip


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [float, np.float64])
def test_of_numbers(f, kind):
    prove(f, kind(0.7), kind(0.3), kind(1.9))


def sum_of_an_array(x, m):
    return sum(x) * x[0] + sum(x * x, 0.5)


def sum_of_rows(x, m):
    return np.sum(sum(m) * x) + np.sum(sum([m, m * m])) + np.sum(sum(m, x) ** 2)


def sum_of_arrays(x, m):
    return np.sum(sum((x, x * x, m)) * m)


def extremes_of_an_array(x, m):
    return max(x) * x[0] - min(x * x) + max(m[0])


def truth_of_elements(x, m):
    return np.sum(x) if any(x > 0) and not all(x > 0) else np.sum(m)


def product_of_an_array(x, m):
    return math.prod(x) * math.fsum(x) + math.prod(x[:2] * 0, start=x[0])


def distance_of_arrays(x, m):
    return math.dist(x, m[0]) * x[1]


ARRAYS = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__
          and f.__code__.co_varnames[:2] == ("x", "m")]  # fmt: skip


@pytest.mark.parametrize("f", ARRAYS, ids=lambda f: f.__name__)
def test_of_arrays(f):
    prove(f, X, M)


def of_lists(p, q):
    return (sum(p) * math.prod(q) + math.fsum(p) * max(p) - min(q) + math.dist(p, q)
            + sum(p, 2.0) * sum(q)) * any(p)  # fmt: skip


def test_of_lists():
    prove(of_lists, [0.5, 1.5, -0.75], [1.0, 0.2, 3.0])


def of_unit_length(x):
    return sum(x) * max(x) * x[0]


def test_of_one_element():
    prove(of_unit_length, X[:1])


def start_of_no_elements(x, y):
    return np.sum(sum(x[:0], y) * y)


def sorted_keys(d):
    s = 0.0
    for k, name in enumerate(sorted(d)):
        s = s * 2.0 + d[name] * k
    return s


def test_sorted_of_static_things():
    prove(sorted_keys, {"b": 0.5, "a": 1.5, "c": 2.0})


def keyed(x):
    return max((x, 2.0), key=lambda v: -v)


def sorted_numbers(x):
    return sorted([x, 2.0])[0]


def max_of_a_number(x):
    return max(x)


def max_of_rows(x):
    return max(x)


def default_of_an_array(x):
    return max(x[2:], default=0.0)


@pytest.mark.parametrize(
    ("f", "args", "words"),
    [
        (keyed, (1.0,), "the argument `key=` of max is not supported"),
        (sorted_numbers, (1.0,), "known only at run time"),
        (max_of_a_number, (1.0,), "of a float alone fails"),
        (max_of_rows, (M,), "have no truth value"),
        (default_of_an_array, (X,), "whether max() has anything to choose from"),
    ],
)
def test_refused(f, args, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(*args)
    (found,) = caught.value.diagnostics
    assert words in found.reason
    assert found.advice
    assert found.span is not None


def cancelling(a, b):
    return sum((a, b * 1e16, 1.0, -b * 1e16)) + math.fsum((a, b * 1e16, 1.0, -b * 1e16))


def test_rounding_is_the_users():
    compiled = value_and_grad(cancelling, wrt=("a", "b"))
    value, gradient = compiled(0.7, 0.3)
    assert value == cancelling(0.7, 0.3)
    assert gradient == (2.0, 0.0)
    steps = [0.1] * 7
    assert value_and_grad(lambda v: sum(v))(steps)[0] == sum(steps)


def test_the_text_holds_the_users_sum():
    assert "sum((a, 0.1, b, 0.2, c))" in grad(sum_of_a_list, optimize=0).source(0.1, 0.2, 0.3)


def logarithm_to_a_base(a, b, c):
    return math.log(abs(a), 3.0) * math.log(abs(b) + 1.5, abs(c)) + math.log(2) * a


def ints_known_when_compiled(a, b, c):
    total = 0.0
    for k in range(math.comb(4, 2)):
        total += a * b ** math.gcd(k + 2, 4)
    return total * math.factorial(3) + np.sum(np.zeros(math.isqrt(10)) + c)


def parts_of_floats(a, b, c):
    m, e = math.frexp(a)
    fraction, whole = math.modf(b)
    return m * e + fraction * c * whole


def closeness(a, b, c):
    return a * b if math.isclose(a, b, rel_tol=1e-3) or not math.isclose(a, c, abs_tol=0.1) else c


@pytest.mark.parametrize(
    "f", [logarithm_to_a_base, ints_known_when_compiled, parts_of_floats, closeness]
)
def test_functions_of_math(f):
    prove(f, 0.7, -1.3, 1.9)


@pytest.mark.skipif(not hasattr(math, "sumprod"), reason="from Python 3.12 on")
def test_sumprod():
    def f(a, x):
        return math.sumprod((a, 2.0), [a, 0.5]) * math.sumprod(x, x)

    prove(f, 0.7, X)
