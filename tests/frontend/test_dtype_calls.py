"""Questions about dtypes are answered when the gradient is compiled."""

from __future__ import annotations

import numpy as np
import pytest
from driving import check
from proving import prove

from adcompiler import UnsupportedError, grad

X = np.array([0.5, -1.5, 2.0])


def guarded(x):
    return np.sum(np.log(x * x + np.finfo(x.dtype).tiny)) * (1 + np.finfo(np.float64).eps)


def branching(x):
    if np.issubdtype(x.dtype, np.floating) and x.dtype.kind == "f":
        return np.sum(x * x)
    return np.sum(x)


def common(x, y):
    wide = np.result_type(x, y) == np.promote_types(x.dtype, y.dtype)
    return np.sum(x.astype(np.result_type(x, y)) * y) if wide else np.sum(x)


def sized(x):
    return np.sum(x) * x.itemsize * np.iinfo(np.int8).max * np.dtype("f4").itemsize


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [guarded, branching, sized])
def test_answers(f, dtype):
    if dtype is np.float64:
        prove(f, X)
    assert grad(f)(X.astype(dtype)).dtype == dtype


def test_two_dtypes():
    check(common, X, X)
    found = grad(common, wrt=(0, 1))(X.astype(np.float32), X)
    assert [g.dtype for g in found] == [np.float32, np.float64]


def test_the_constant_has_its_own_dtype():
    def f(x):
        return x * np.finfo(np.float32).eps

    assert "np.float32(1.1920928955078125e-07)" in grad(f).source(1.0)
    assert grad(f)(1.0) == np.finfo(np.float32).eps


def test_a_number_that_may_be_python_s():
    def f(x, n):
        y = 1.0
        for _ in range(n):
            y = y * x
        return y * np.result_type(y, x).itemsize

    assert grad(f)(np.float64(2.0), 3) == 96.0

    def g(x):
        return np.sum(x) if np.isscalar(np.sum(x)) else 2 * np.sum(x)

    with pytest.raises(UnsupportedError, match="known only at run time"):
        grad(g)(X)


def test_what_fails_is_refused():
    def f(x):
        return x * np.finfo(np.int64).eps

    with pytest.raises(UnsupportedError, match="ValueError"):
        grad(f)(2.0)


def test_values_together_are_no_array():
    def f(x):
        return x if np.isrealobj([x * 1j]) else 2 * x

    with pytest.raises(UnsupportedError, match="several values together"):
        grad(f)(2.0)

    def g(x):
        return np.size(x, 1) * np.sum(np.copy(x)) if np.iterable(x) else 0.0

    assert grad(g)(np.ones((2, 3))).tolist() == [[3.0] * 3] * 2
