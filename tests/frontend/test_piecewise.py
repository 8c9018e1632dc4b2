"""np.piecewise: functions of the elements that conditions select."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad, primitive
from tests.support.proving import prove

X = np.array([0.7, -1.2, 0.4, 1.1])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])


def cube(v, scale=1.0):
    return v**3 * scale


@primitive
def doubled(v):
    return v * 2.0


@doubled.backward
def _(g, v, y):
    return g * 2.0


def three(x):
    y = np.piecewise(x, [x < 0, x > 1], [0.5, np.sin, lambda v: v * v])
    return np.sum(y * x)


def overlapping(x):
    return np.sum(np.piecewise(x, (x < 0.5, x < 0.6), (cube, lambda v: v + 2.0)) * x)


def extra_arguments(x, a):
    y = np.piecewise(x, [x > 0], [cube, lambda v, scale: v - scale], a)
    return np.sum(y * y) + np.sum(np.piecewise(x, [x > 0, x < 0], [cube, cube], scale=a * a))


def one_condition(x):
    return np.sum(np.piecewise(x, x > 0, [doubled, -1.0]) * x)


def of_matrix(x):
    y = np.piecewise(x, [x > 0.4, x < 0], [lambda v: v - v.max(), np.exp])
    return np.sum(y * y)


def of_rows(x):
    rows = np.piecewise(x, [x[:, 0] > 1, x[:, 0] < 1], [lambda v: v * v, lambda v: v[:, ::-1]])
    return np.sum(rows * x)


def stacked(x):
    y = np.piecewise(x, np.stack((x > 0.5, x < 0)), [lambda v: v * 3.0, 0.25, cube])
    return np.sum(y * y)


def written_out(x):
    y = np.piecewise(x, [True, False, False, True], [np.exp, np.cos])
    return np.sum(y) + np.sum(np.piecewise(x, [1, 0, 2, 0], [np.exp, x[0] * x[1]]) * x)


def arrays_stored(x):
    return np.sum(np.piecewise(x, [x > 0.5, x <= 0.5], [x[:2] * 2.0, x[2:]]) * x)


def of_number(x):
    y = np.piecewise(x, [x < 0.0, x >= 0.0], [lambda v: v * v, np.exp])
    return y * np.piecewise(x, x > 0.5, [np.sin])


def in_loop(x):
    for k in range(3):
        x = np.piecewise(x, [x > 0.1 * k], [lambda v, k=k: v * v + k, np.cos])
    return np.sum(x)


def with_store(x):
    y = x * 1.0
    z = np.piecewise(y, [y > 0.5], [cube, 0.0])
    y[0] = x[1]
    z[1:] += y[:-1]
    return np.sum(z * y)


@pytest.mark.parametrize("f", [
    three, overlapping, one_condition, stacked, written_out, arrays_stored, in_loop, with_store,
], ids=lambda f: f.__name__)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_vectors(f, dtype):
    prove(f, X.astype(dtype))


@pytest.mark.parametrize("f", [of_matrix, of_rows], ids=lambda f: f.__name__)
def test_matrices(f):
    prove(f, M)


def test_arguments_of_the_functions():
    prove(extra_arguments, X, 0.8)


@pytest.mark.parametrize("x", [0.7, -0.4, np.float64(0.3), np.float32(0.7), np.array(0.8)])
def test_numbers(x):
    prove(of_number, x)


def test_a_function_is_not_called_where_nothing_is_selected():
    """`max` of nothing raises."""
    made = of_matrix(M + 1.0)
    assert grad(of_matrix).value_and_grad(M + 1.0)[0] == made
    prove(three, X[:0])
    prove(three, X[:1])


def of_ints(n, x):
    y = np.piecewise(n, [n > 1], [lambda v: v * 1.7, 0])
    return np.sum(y * x)


def test_ints_stay_ints():
    n = np.array([1, 2, 3, 0])
    value, gradient = grad(of_ints, "x").value_and_grad(n, X)
    assert value == of_ints(n, X)
    np.testing.assert_array_equal(gradient, [0, 3, 5, 0])


def too_few(x):
    return np.sum(np.piecewise(x, [x > 0, x < 0, x == 0], [np.exp]))


def no_list(x):
    return np.sum(np.piecewise(x, [x > 0], np.exp))


def deeper(x):
    return np.sum(np.piecewise(x, [x[:, None] > 0], [np.exp]))


@pytest.mark.parametrize(("f", "reason"), [
    (too_few, "3 conditions and 1 functions"), (no_list, "functions that are no list"),
    (deeper, "no list of arrays of bools"),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(X)


def stretched(x):
    return np.sum(np.piecewise(x, [x > 0], [lambda v: q(v), 1.0]))


def test_refusals_point_at_the_users_line():
    with pytest.raises(UnsupportedError, match=r"q\(v\)"):
        grad(stretched)(X)
