"""Updates happen in place only where nobody sees it: through a read-only view neither."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import check_grads, grad, value_and_grad


def _assert_slopes(f, level):
    """The gradient against central differences."""
    x = np.linspace(0.3, 1.0, 9).reshape(3, 3)
    steps = 1e-5 * np.eye(9).reshape(9, 3, 3)
    slopes = [(f(x + step) - f(x - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(grad(f, optimize=level)(x).ravel(), slopes, rtol=1e-7)


def _broadcast(a):
    return np.broadcast_to(a, (2, 3, 3))


def _arrays(a):
    return np.broadcast_arrays(a, np.ones((2, 3, 3)))[0]


def _within_a_view(a):
    return np.diagonal(np.broadcast_to(a, (2, 3, 3))[1])


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("view", [np.diagonal, _broadcast, _arrays, _within_a_view])
def test_read_only_views(view, level):
    """The backward part reads what the view was before the array was stored into."""

    def f(x):
        a = x * 2.0
        u = np.sum(view(a) ** 3)
        a[0] = x[1]
        return u + np.sum(a * a)

    _assert_slopes(f, level)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_read_only_views_in_loops(level):
    def f(x):
        a = x * 2.0
        total = 0.0
        for k in range(3):
            d = np.diagonal(a)
            total = total + np.sum(np.sin(d) * d)
            a[k] = x[k] * a[0]
        return total + np.sum(a * a)

    _assert_slopes(f, level)


def filled(A):
    A = A * A
    for k in range(A.shape[0]):
        for i in range(A.shape[1]):
            A[k, i] += 1.0 / (k + i + 1)
    return np.sum(A * A)


def test_a_range_is_made_once_and_keeps_no_array_alive():
    """Of an array asked for its size at a loop's beginning no copy is made in each iteration."""
    x = np.arange(6.0).reshape(2, 3) + 1.0
    text = value_and_grad(filled).source(x)
    assert "np.array(" not in text and ".copy()" not in text
    check_grads(filled, (x,))


def counting(n, x):
    for _ in range(n):
        n = n - 1
        for _ in range(n):
            n = n + 1
            x = x * 1.5
    return x * n


def test_a_range_over_what_its_loop_changes():
    assert value_and_grad(counting, 1)(3, 0.5)[0] == counting(3, 0.5)
    check_grads(lambda x: counting(3, x), (0.5,))
