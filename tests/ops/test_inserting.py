"""np.delete and np.insert: places that are known, computed, negative, several."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from tests.support.proving import prove

X = np.array([0.7, -1.2, 0.4, 1.1])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])


def leave_one_out(x):
    total = 0.0
    for k in range(len(x)):
        rest = np.delete(x, k)
        total += np.std(rest) * x[k - 1]
    return total


def deleted(x, m):
    y = np.delete(x, [0, -1, 0]) * np.delete(x, slice(1, 3)) * np.delete(x, x > 0.5)
    rows = np.delete(m, -1, axis=0) * np.delete(m, np.s_[1:], 0)
    y[0] = 1.0
    return np.sum(y * y) + np.sum(rows) * np.sum(np.delete(m, [1], axis=-1) ** 2)


def deleted_at(x, i):
    return np.sum(np.delete(x, i) ** 2)


def inserted(x, m):
    y = np.insert(x, -1, x[0] * 2.0) * np.insert(x, 0, 1) * np.insert(x, [4], 0.5)
    z = np.insert(m, [0, 2, 0], m[:, ::-1], axis=1)
    z[0, 0] = 0.0
    return np.sum(y * y) + np.sum(z**2) + np.sum(np.insert(m, 1, x[:3], axis=0) * x[1])


def inserted_at(x, i, v):
    y = np.insert(x, i, v)
    return np.sum(y**2 * np.arange(float(len(y))))


def in_loop(x):
    for k in range(3):
        x = np.insert(x, k, x[-1] * x[k])
    return np.sum(x * x)


def over_all(m):
    return np.sum(np.insert(m, 2, 0.5) * np.arange(7.0)) + np.sum(np.delete(m, 5) ** 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_places_in_the_text(dtype):
    x, m = X.astype(dtype), M.astype(dtype)
    prove(leave_one_out, x)
    prove(deleted, x, m)
    prove(inserted, x, m)
    prove(in_loop, x)
    prove(over_all, m)


@pytest.mark.parametrize("i", [0, 3, -1, -4, np.int64(2), np.array([1]), np.array([2, 2, -1]),
                               np.array([True, False, True, False])], ids=str)  # fmt: skip
def test_places_at_run_time(i):
    prove(deleted_at, X, i)
    prove(inserted_at, X, i, 0.5)


@pytest.mark.parametrize(("i", "v"), [(2, X[:3]), (np.array([3, 0, 1]), X[:3]), (-2, X[:1]),
                                      (np.array([1]), X[:3])], ids=str)  # fmt: skip
def test_several_values(i, v):
    prove(inserted_at, X, i, v)


def of_ints(n, x):
    return np.sum(np.insert(n, 1, x) * np.insert(x, 0, n[:3]))


def test_ints_take_values_cut():
    n, x = np.array([4, 2, 3]), np.array([3.7])
    value, gradient = grad(of_ints, "x").value_and_grad(n, x)
    assert value == of_ints(n, x)
    np.testing.assert_array_equal(gradient, [3.0])


def misfit(x):
    return np.sum(np.insert(np.ones((2, 1)), 0, x, axis=0)) * x[0]


def of_floats(x):
    return np.sum(np.delete(x, x))


def too_far(x):
    return np.sum(np.delete(np.ones(3) * x[0], 3))


@pytest.mark.parametrize(("f", "reason"), [
    (misfit, "np.insert of values of size"), (of_floats, "places that are f8"),
    (too_far, "np.delete of element 3 of 3"),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(X)


def test_out_of_bounds_raises_as_the_function_does():
    for f, args in ((deleted_at, (X, 9)), (inserted_at, (X, 9, 0.5))):
        with pytest.raises(IndexError):
            grad(f)(*args)


def test_text():
    text = grad(lambda x, v: np.sum(np.insert(x, 2, v) ** 2), wrt=(0, 1)).source(X, 0.5)
    assert "grad_x = np.delete(grad_" in text
