"""Updates happen in place only where nobody sees it: through a read-only view neither."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import grad


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
