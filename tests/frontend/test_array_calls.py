"""NumPy's functions that store, and np.where of one argument."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from tests.support.proving import prove

X = np.array([0.7, -1.2, 0.4, 1.1])
V = np.array([0.3, -0.6])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
S = np.array([[0.5, -0.3], [1.1, 0.8]])


def put_along_rows(m, v):
    y = m * 2.0
    np.put_along_axis(y, np.array([[2, 0], [1, 1]]), v * v, axis=1)
    return np.sum(y * y)


def put_along_columns(m, v):
    y = np.sin(m)
    np.put_along_axis(y, np.argmax(m, axis=0)[None, :], v[0], 0)
    return np.sum(y * m)


def put(x, v):
    y = x * x
    np.put(y, [1, -1], v)
    np.put(y, [6], v[0] * 3.0, mode="wrap")
    np.put(y, np.array([-3]), v[1], mode="clip")
    return np.sum(y * x)


def put_method(x, v):
    y = np.zeros(5)
    y.put([0, 3], v * 2.0)
    y[1:].put([0], x[0])
    return np.sum(y * y)


def place(x, v):
    y = x.copy()
    np.place(y, y > 0.5, v[0])
    return np.sum(y * y)


def put_by_mask(x, v):
    y = x * 1.0
    np.putmask(y, x < 0, x * x)
    np.putmask(y, x > 1, v[1])
    return np.sum(y * y)


def copied_where(m, v):
    y = m + 0.0
    np.copyto(y, np.array([v[0], v[1], 2.0]), where=m > 0)
    np.copyto(y[0], v[0])
    return np.sum(y * m)


def diagonal_filled(m, v):
    y = m * m
    np.fill_diagonal(y, v[0])
    return np.sum(y * m)


def square_filled(m, v):
    z = m.T @ m
    np.fill_diagonal(z, v[1] * v[0])
    return np.sum(z * z)


def cube_filled(x, v):
    y = np.zeros((2, 2, 2)) + x[:2]
    np.fill_diagonal(y, v[0])
    return np.sum(y * y)


def sorted_in_place(x, v):
    y = x * x
    z = y[1:]
    z.sort()
    y.sort(kind="stable")
    return np.sum(y * np.arange(4.0)) + v[0] * z[0]


def partitioned_in_place(m, v):
    y = m * v[0]
    y.partition(1, axis=1)
    return np.sum(y[:, 1] ** 2)


def an_argument_sorted(x):
    x.sort()
    return x[0] * x[1]


def where_alone(m, v):
    rows, columns = np.where(m > 0)
    return np.sum(m[rows, columns] ** 2) + v[0] * len(rows)


def in_a_loop(x, n):
    y = x * 1.0
    for k in range(n):
        y = np.sort(y * np.array([1.5, -0.7, 0.9, -1.1]))
        np.put(y, [k], y[0] * y[3])
        y = np.take(y, [3, 1, 0, 2])
    return np.sum(y)


@pytest.mark.parametrize(
    ("f", "args"),
    [(put_along_rows, (M, V)), (put_along_columns, (M, V)), (put, (X, V)), (put_method, (X, V)),
     (place, (X, V)), (put_by_mask, (X, V)), (copied_where, (M, V)), (diagonal_filled, (M, V)),
     (square_filled, (M, V)), (cube_filled, (X, V)), (sorted_in_place, (X, V)),
     (partitioned_in_place, (M, V)),
     (where_alone, (M, V)), (in_a_loop, (X, 3))],
)  # fmt: skip
def test_stores(f, args):
    prove(f, *args)


def test_an_argument_that_the_function_sorts_is_left_alone():
    x = X.copy()
    assert np.array_equal(grad(an_argument_sorted)(x), [0.0, 0.4, -1.2, 0.0])
    assert np.array_equal(x, X)


def diagonal_stored(s):
    d = np.diagonal(s * 1.0)
    d[0] = 2.0
    return np.sum(d)


def test_a_diagonal_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        diagonal_stored(S)
    with pytest.raises(UnsupportedError, match="NumPy doesn't let this view be written to"):
        grad(diagonal_stored)(S)


def diagonal_seen_later(s, v):
    y = s * s
    d = np.diagonal(y)
    t = np.diag(y, 1)
    y[0, 0] = v[0] * v[1]
    y[0] += v
    return np.sum(d * d) + t[0]


def test_a_diagonal_looks_at_its_matrix():
    prove(diagonal_seen_later, S, V)


def put_in_matrix(m):
    np.put(m, [0], 2.0)
    return m[0, 0]


def put_too_many(x, v):
    np.put(x, [0, 1, 2], [v[0], v[1]])
    return x[0]


def place_several(x, v):
    np.place(x, x > 0, v)
    return x[0]


def fill_wrapped(m, v):
    np.fill_diagonal(m, v)
    return m[0, 0]


def floats_into_ints(x):
    y = np.zeros(4, int)
    np.copyto(y, x)
    return x[0] * y[0]


@pytest.mark.parametrize(
    ("f", "args", "reason"),
    [(put_in_matrix, (M,), "several dimensions"), (put_too_many, (X, V), "more or fewer values"),
     (place_several, (X, V), "several values"), (fill_wrapped, (S, V), "several values"),
     (floats_into_ints, (X,), "array of ints")],
)  # fmt: skip
def test_refusals(f, args, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(*args)


def old_name(x):
    return np.sum(np.row_stack((x, x[::-1] * x)) ** 2)


@pytest.mark.skipif(not hasattr(np, "row_stack"), reason="NumPy has dropped it")
@pytest.mark.filterwarnings("ignore")
def test_row_stack():
    prove(old_name, X)
