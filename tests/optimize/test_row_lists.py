"""A row that a loop runs along is a list of Python's floats, and the numbers are the same."""

import numpy as np
import pytest

from adcompiler import Passes, check_grads, grad, vmap

WITHOUT = Passes(1, ("row-lists",))
X = np.random.default_rng(0).normal(size=(4, 6))


def seidel(A, n):
    A = A.copy()
    for _ in range(n):
        for i in range(1, A.shape[0] - 1):
            A[i, 1:-1] += A[i - 1, 1:-1] + A[i + 1, 2:]
            for j in range(1, A.shape[1] - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return np.sum(A * A)


def filtered(x, c):
    y = x * x
    for i in range(2, len(x)):
        y[i] += 0.5 * y[i - 1] - c * y[i - 2]
    return np.sum(y * y)


def two_rows(A):
    B = A + 1.0
    C = A * A
    for i in range(A.shape[0]):
        for j in range(1, A.shape[1]):
            B[i, j] += 0.25 * C[i, j - 1]
            C[i, j] -= B[i, j - 1] / 3.0
    return np.sum(B * C)


def deep(A):
    A = A * A
    for k in range(A.shape[0]):
        for i in range(A.shape[1]):
            for j in range(A.shape[2] - 1):
                A[k, i, j + 1] += A[k, i, j]
    return np.sum(A * A)


CASES = [
    (seidel, (X, 2)),
    (seidel, (X[:3, :3], 1)),
    (filtered, (X[0], 0.3)),
    (filtered, (X[0, :2], 0.3)),
    (two_rows, (X,)),
    (deep, (X.reshape(2, 3, 4),)),
]


@pytest.mark.parametrize("function, arguments", CASES)
def test_the_numbers_are_the_same(function, arguments):
    found, expected = grad(function), grad(function, optimize=WITHOUT)
    assert ".tolist()" in found.source(*arguments)
    assert ".tolist()" not in expected.source(*arguments)
    np.testing.assert_array_equal(found(*arguments), expected(*arguments))
    check_grads(function, arguments, order=2)


def along(A, B):
    """In place on what is given, so that a store through an alias would show."""
    for i in range(len(A)):
        for j in range(1, A.shape[1]):
            A[i, j] += A[i, j - 1] * 0.5
    return np.sum(A * B)


def test_nothing_that_the_user_sees_changes():
    A, B = X.copy(), X[::-1].copy()
    gradient = grad(along, (0, 1))
    first = gradient(A, B)
    kept = [np.array(g) for g in first]
    np.testing.assert_array_equal(A, X)
    gradient(B, A)
    for one, same in zip(first, kept, strict=True):
        np.testing.assert_array_equal(one, same)


def negative(A):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            A[i, j] += 0.5 * A[i, j - 1]  # the last one, at first
    return np.sum(A)


def beyond(A):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            A[i + 1, j] += A[i, j]
    return np.sum(A)


def banded(A):
    for i in range(2, A.shape[0]):
        for j in range(i - 2, i):
            A[i, j + 1] += 0.5 * A[i, j]
    return np.sum(A)


def columns(A):
    for i in range(A.shape[1]):
        for j in range(1, A.shape[0]):
            A[j, i] += 0.5 * A[j - 1, i]
    return np.sum(A)


def divided(A, c):
    for i in range(A.shape[0]):
        for j in range(1, A.shape[1]):
            A[i, j] += A[i, j - 1] / c  # NumPy's division by 0 gives an infinity
    return np.sum(A)


def branching(A):
    for i in range(A.shape[0]):
        for j in range(1, A.shape[1]):
            if j % 2:
                A[i, j] += A[i, j - 1]
    return np.sum(A)


def quiet(A):
    with np.errstate(over="raise"):
        for i in range(A.shape[0]):
            for j in range(1, A.shape[1]):
                A[i, j] += A[i, j - 1]
        return np.sum(A)


@pytest.mark.parametrize(
    "function, arguments",
    [
        (negative, (X[:, :4],)),
        (banded, (X[:, :4],)),
        (columns, (X,)),
        (divided, (X, 0.7)),
        (branching, (X,)),
        (quiet, (X,)),
        (along, (X.astype(np.float32), X)),
    ],
)
def test_what_might_differ_or_cost_more_stays_an_array(function, arguments):
    assert ".tolist()" not in grad(function).source(*arguments)
    if arguments[0].dtype == np.float64:
        check_grads(function, arguments)


def test_an_index_out_of_range_raises():
    with pytest.raises(IndexError):
        grad(beyond)(X)


def test_batches():
    x = np.stack((X[0], X[1]))
    found = vmap(grad(filtered), (0, None))(x, 0.3)
    expected = [grad(filtered, optimize=WITHOUT)(row, 0.3) for row in x]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
