"""np.r_, np.c_ and np.s_: what their brackets hold."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from tests.support.proving import prove

X = np.array([0.7, -1.2, 0.4, 1.1])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])


def boundaries(x, a):
    y = np.r_[a, x[1:], 2.0 * a, 1]
    return np.sum(y * y[::-1] * np.r_[: len(y)])


def grid(x, n):
    t = np.r_[0:n, 1.0:2.0:3j, x]
    return np.sum(t[: n + 4] * t[-n - 4 :])


def columns(x, m):
    table = np.c_[x[:2], m, np.ones(2), np.r_[x[2], 0.5]]
    return np.sum(table[:, ::-1] * table)


def rows(m, x):
    return np.sum(np.sin(np.r_[m, m[:1] * x[0]])) + np.sum(np.c_[x[0], x[1], 3.0])


def stacks(x):
    y = np.r_[x[:2]]
    for k in range(3):
        y = np.r_[y, y[-1] * x[k]]
    y[0] = 0.0
    return np.sum(y * y)


def slices(x, m):
    inner, first = np.s_[1:-1], np.s_[0, ..., ::2]
    ends = slice(None, None, 3)
    return np.sum(x[inner] ** 2) + np.sum(m[first]) * x[ends][1] + np.sum(x[np.index_exp[1:]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [boundaries, grid, columns, rows, stacks, slices],
                         ids=lambda f: f.__name__)  # fmt: skip
def test_brackets(f, dtype):
    x, m = X.astype(dtype), M.astype(dtype)
    others = {boundaries: (dtype(0.3),), grid: (2,), columns: (m,), slices: (m,), stacks: ()}
    args = (m, x) if f is rows else (x, *others[f])
    prove(f, *args)


def test_python_numbers_are_weak():
    prove(boundaries, X.astype(np.float32), 0.3)
    prove(boundaries, X[:2], 2.0)
    prove(lambda x: np.sum(np.r_[x, x] * np.r_[x, 3]) + np.r_[x][0], 1.5)


def by_text(x):
    return np.sum(np.r_["0,2", x, x])


def without_end(x):
    return np.sum(np.r_[1:, x])


def ranks(x):
    return np.sum(np.r_[x, x[None, :]])


def mesh(x):
    return np.sum(np.mgrid[0:3] * x)


@pytest.mark.parametrize(("f", "reason"), [
    (by_text, "a text tells np.r_ how to join"), (without_end, "has no end"),
    (ranks, "np.r_ of arrays of different ranks"), (mesh, "MGridClass"),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(X)


def test_text():
    text = grad(lambda x, a: np.sum(np.r_[0.0, x, a] ** 2)).source(X, 0.5)
    assert "np.r_[0.0, x, a]" in text
