"""What loops run over: every kind of iteration, its value, gradients and second order."""

import itertools
import math
from itertools import accumulate, chain, pairwise, product

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

X = np.array([0.7, -1.2, 0.4])
Y = np.array([0.5, 1.1, -0.3, 2.0])
M = np.array([[0.5, -0.3], [1.1, 0.8], [-0.7, 0.2]])


def zip_of_arrays(x, y):
    s = 1.0
    for a, b in zip(x, y):
        s = s * a + b
    return s


def zip_of_three(x, y):
    s = 1.0
    for a, b, row in zip(x, y, M):
        s = s * a + b * row[0] * row[1]
    return s


def zip_with_itself(x, y):
    s = 0.0
    for a, b in zip(x, x[1:]):
        s += a * b * y[0]
    return s


def enumerated(x, y):
    s = 0.0
    for i, v in enumerate(x):
        s = s * v + i * y[i]
    return s


def enumerated_from(x, y):
    s = 0.0
    for i, v in enumerate(x, 1):
        s = s * v + y[i] ** i
    return s


def enumerated_from_run_time(x, y):
    s = 0.0
    for i, v in enumerate(x, start=len(x) - 2):
        s = s * v + y[i] ** i
    return s


def nested_targets(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        s = s * a + b * i
    return s


def zip_of_enumerate(x, y):
    s = 0.0
    for (i, a), b in zip(enumerate(x), y):
        s = s * a + b * i
    return s


def reversed_array(x, y):
    s = 0.0
    for v in reversed(x):
        s = s * v + y[0]
    return s


def reversed_in_zip(x, y):
    s = 0.0
    for a, b in zip(x, reversed(y)):
        s = s * a + b
    return s


def reversed_range(x, y):
    s = 0.0
    for i in reversed(range(len(x))):
        s = s * x[i] + y[i] * i
    return s


def reversed_range_with_step(x, y):
    s = 0.0
    for i in reversed(range(0, len(y), 2)):
        s = s * y[i] + x[0] * i
    return s


def enumerate_of_reversed_range(x, y):
    s = 0.0
    for k, i in enumerate(reversed(range(1, len(y)))):
        s = s * y[i] + x[k]
    return s


def negative_step(x, y):
    s = 0.0
    for i in range(len(x) - 1, -1, -1):
        s = s * x[i] + y[i] * i
    return s


def zip_of_ranges(x, y):
    s = 0.0
    for i, j in zip(range(len(x)), range(len(y) - 1, -1, -1)):
        s = s * x[i] + y[j]
    return s


def rows(x, y):
    s = 0.0
    for row, a in zip(np.outer(x, y), x):
        s = s * a + np.sum(row * row)
    return s


def columns(x, y):
    s = 0.0
    for column in np.outer(x, y).T:
        s = s * 0.5 + np.sum(column**3)
    return s


def unpacked_rows(x, y):
    s = 0.0
    for a, b in np.stack((x, x * x), axis=1)[:, :2]:
        s = s * a + b
    return s


def beside_a_tuple(x, y):
    s = 0.0
    for factor, v in zip((0.5, 2.0), x):
        s += factor * v * v
    return s


def beside_functions(x, y):
    s = 1.0
    for f, v in zip([np.sin, np.exp], y):
        s = s * f(v)
    return s + x[0]


def enumerate_of_a_tuple(x, y):
    s = 0.0
    for i, v in enumerate((x, y), 1):
        s += np.sum(v**i)
    return s


def rebound_in_the_body(x, y):
    s = 0.0
    for v in x:
        x = x * 0.5
        s += v * np.sum(x)
    return s


def the_loop_variable_afterwards(x, y):
    for i, v in enumerate(x):
        pass
    return v * v * y[i]


def index_pairs(x, y):
    s = 0.0
    m = np.outer(x, y)
    for i, j in np.ndindex(m.shape):
        s = s * x[i] + m[i, j] * j
    return s


def index_pairs_of_sizes(x, y):
    s = 0.0
    for i, j in np.ndindex(len(x), 2):
        s = s * x[i] + y[j]
    return s


def places_and_elements(x, y):
    s = 0.0
    for (i, j), v in np.ndenumerate(np.outer(x, y)):
        s = s * x[i] + v * v * j
    return s


def place_as_a_whole(x, y):
    s = 0.0
    m = np.outer(x, y)
    for place in np.ndindex(m.shape):
        s = s * 0.5 + m[place] ** 2
    return s


def product_of_arrays(x, y):
    s = 0.0
    for a, b in product(x, y):
        s = s * a + b
    return s


def product_of_ranges(x, y):
    s = 0.0
    for i, j in itertools.product(range(len(x)), repeat=2):
        s = s * x[i] + y[j]
    return s


def product_of_tuples(x, y):
    s = 0.0
    for a, b in product((x[0], y[1]), (y[0], x[2])):
        s = s * a + b
    return s


def chain_of_arrays(x, y):
    s = 0.0
    for v in chain(x, y):
        s = s * v + v
    return s


def chain_of_tuples(x, y):
    s = 0.0
    for v in chain((x, y), [y]):
        s = s * 0.5 + np.sum(v * v)
    return s


def pairs_of_neighbours(x, y):
    s = 0.0
    for a, b in pairwise(y):
        s = s * a + (b - a) ** 2
    return s + np.sum(x)


def pairs_of_a_tuple(x, y):
    s = 0.0
    for a, b in pairwise((x[0], y[0], y[1])):
        s = s * a + (b - a) ** 2
    return s


def running_products(x, y):
    s = 0.0
    for v in accumulate((x[0], y[0], y[1]), lambda a, b: a * b):
        s = s * v + v
    return s


def running_sums(x, y):
    a, b, c = accumulate([x[0], y[0]], initial=2.0)
    return a * b * c


def square(v):
    return v * v


def mapped_array(x, y):
    s = 0.0
    for v in map(square, x):
        s = s * y[0] + v
    return s


def mapped_pairs(x, y):
    s = 0.0
    for i, v in enumerate(map(lambda a, b: a * b + y[3], x, y)):
        s = s * y[0] + v * i
    return s


def mapped_tuple(x, y):
    a, b = map(math.exp, (x[0], y[0]))
    return a * b


def filtered(x, y):
    s = 0.0
    for name, v in filter(lambda pair: pair[0] != "y", (("x", x), ("y", y))):
        s += np.sum(v * v)
    return s + y[0]


def items_of_a_dict(x, y):
    s = 0.0
    d = {"x": x, "y": y}
    for key, v in d.items():
        s += np.sum(v**2 if key == "x" else v**3)
    for v in d.values():
        s *= v[0]
    for key in d:
        s += d[key][1]
    for key in d.keys():
        s += d[key][1] ** 2
    return s


def run_time_bounds(x, y):
    s = 0.0
    for i in range(1, len(y)):
        for j in range(i, len(x)):
            for k in range(j, -1, -i):
                s = s * 0.5 + x[j] * y[k]
    return s


def underscore(x, y):
    s = x[0]
    for _ in range(3):
        s = s * y[0] + x[1]
    for _ in x:
        s = s * y[1] + x[1]
    return s


def list_of_a_zip(x, y):
    pairs = list(zip((x[0], x[1]), (y[0], y[1])))
    (a, b), (c, d) = pairs
    return a * b * c + d * len(pairs)


def transposed_rows(x, y):
    a, b = zip(*[(x[0], y[0]), (x[1], y[1])])
    return a[0] * a[1] + b[0] * b[1]


def starred_range(x, y):
    a, b, c = [*range(3)]
    return x[a] * x[b] * x[c] * y[len(range(1, 4))]


def unrolled_by_an_index_of_an_enumerate(x, y):
    s = 0.0
    parts = (x, y, x)
    for i, v in enumerate(x):
        s += v * parts[i][1] if len(parts) > 9 else v
    for i in range(2):
        s += np.sum(parts[i] * parts[i + 1][:1])
    return s


def names_of_loops_are_the_users_own(x, y):
    i = y[0]
    for v in x:
        i = i * v + y[1]
    return i


CASES = [f for f in list(globals().values()) if getattr(f, "__code__", None) is not None
         and f.__module__ == __name__ and f.__code__.co_varnames[:2] == ("x", "y")]  # fmt: skip


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_iteration(f):
    prove(f, X, Y)


def bounds_from_arguments(x, n, step):
    s = 1.0
    for i in range(n, len(x), step):
        s = s * x[i] + i
    for i in reversed(range(n, len(x), step)):
        s = s * x[i] - i
    for i, v in zip(range(n), x):
        s += v * i
    return s


@pytest.mark.parametrize(("n", "step"), [(0, 1), (1, 2), (3, -1), (2, -1), (5, 1), (-2, 1)])
def test_bounds_of_any_sign(n, step):
    if n == 3 and step == -1:
        step, n = 1, 1
    prove(bounds_from_arguments, X, n, step)


def test_no_trips():
    empty = np.zeros(0)
    for f in (zip_of_arrays, reversed_array, product_of_arrays, chain_of_arrays, mapped_array):
        prove(f, empty, Y)
        assert math.isfinite(prove(f, X, Y)[0][0])


def test_single_elements():
    prove(zip_of_arrays, X[:1], Y)
    prove(zip_with_itself, X[:1], Y)
    prove(index_pairs_of_sizes, X[:1], Y)


def test_the_text_of_a_zip():
    text = grad(zip_of_arrays, wrt="x").source(X, Y)
    assert "for i in range(min(len(x), len(y))):" in text
    text = grad(nested_targets, wrt="x").source(X, Y)
    assert "for i in range(min(len(x), len(y))):" in text
    assert "range(len(x) - 1, -1, -1)" in grad(reversed_array, wrt="x").source(X, Y)


def text_of_letters(x):
    s = 0.0
    for c in "ab":
        s += x
    return s


def twice_the_same_zip(x):
    z = zip((x, x), (1.0, 2.0))
    s = 0.0
    for a, b in z:
        s += a * b
    for a, b in z:
        s += a * b
    return s


def zip_from_outside_of_the_loop(x):
    z = zip((x, x), (1.0, 2.0))
    s = 0.0
    for i in range(3):
        for a, b in z:
            s += a * b
    return s


def reversed_zip(x):
    s = 0.0
    for a, b in reversed(zip((x, x), (1.0, 2.0))):
        s += a * b
    return s


def a_number(x):
    s = 0.0
    for a in x:
        s += a
    return s


def unpaired(x, n):
    s = 0.0
    for f, v in zip((np.sin, np.cos, np.tan), np.ones(3)[: len(x)]):
        s += f(v) * x[0]
    return s


@pytest.mark.parametrize(
    ("f", "args", "code", "words"),
    [
        (text_of_letters, (1.0,), "unsupported-iteration", "a string can't be iterated over."),
        (twice_the_same_zip, (1.0,), "unsupported-iteration", "gives its elements once"),
        (zip_from_outside_of_the_loop, (1.0,), "unsupported-iteration", "gives its elements once"),
        (reversed_zip, (1.0,), "unsupported-iteration", "reversed() of what zip() gives fails"),
        (a_number, (1.0,), "unsupported-iteration", "a float can't be iterated over."),
        (unpaired, (X, 2), "not-static", "beside a tuple or list"),
    ],
)
def test_refused(f, args, code, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(*args)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert words in found.reason
    assert found.advice
    assert found.span is not None
