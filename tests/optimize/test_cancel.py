"""Terms of a gradient that are zero in mathematics go; what only looks like them stays."""

from __future__ import annotations

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, grad, primitive, stop_gradient
from adcompiler.optimize.cancel import cancel_terms

RNG = np.random.default_rng(4)
X, Y, SQUARE = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3))


def test_a_term_that_is_zero_goes():
    same_text(
        transformed(
            cancel_terms,
            """
            function f(%g: f8[n], %e: f8[n, m], %c: f8[n, m]):
                %s: f8[n] = sum[axis=1, keepdims=False] %e
                %0: f8[n] = div[via='op', backward=True] %g, %s
                %1: f8[n, 1] = expand_dims[axis=1, backward=True] %0
                %2: f8[n, m] = mul[via='op', backward=True] %1, %e
                %3: f8[n] = sum[axis=1, keepdims=False, backward=True] %2
                %4: f8[n] = neg[via='op', backward=True] %3
                %5: f8[n] = accumulate[backward=True] %4, %g
                %6: f8[n, 1] = expand_dims[axis=1, backward=True] %5
                %7: f8[n, m] = mul[via='op', backward=True] %6, %c
                %y: f8[n, m] = accumulate[backward=True] %2, %7
                return %y
            """,
        ).splitlines()[-1],
        "return %y",
    )


def whole(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def by_column(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum(m[:, 0] + np.log(np.sum(np.exp(x - m), axis=1)))


def kept(x):
    m = x.max(axis=-1, keepdims=True)
    return np.sum(np.sin(m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True))))


def new_axis(x):
    m = np.max(x, axis=1)
    return np.sum(m * m + 2 * np.log(np.sum(np.exp(x - m[:, None]), axis=1)) * m)


def of_rows(x):
    m = np.max(x, axis=0)
    return np.mean(m + np.log(np.sum(np.exp(x - m), axis=0)))


def turned(x):
    m = np.max(x.T, axis=0)
    return np.sum(m + np.log(np.sum(np.exp(x.T - m), axis=0)))


def cross_entropy(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return -np.sum(Y * np.log(e / np.sum(e, axis=1, keepdims=True)))


def softmax(x):
    e = np.exp(x - np.max(x, axis=1)[:, None])
    return np.sum((e / np.sum(e, axis=1)[:, None] - Y) ** 2)


def labelled(x):
    z = x - np.max(x, axis=1, keepdims=True)
    p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(p[np.arange(5), np.array([0, 2, 1, 1, 0])])


@pytest.mark.parametrize(
    "f", [whole, by_column, kept, of_rows, turned, cross_entropy, softmax, labelled]
)
def test_the_maximum_that_is_subtracted_has_no_gradient(f):
    x = X.ravel() if f is whole else X
    text = grad(f, optimize=2).source(x)
    assert "==" not in text and "==" in grad(f).source(x)
    np.testing.assert_allclose(grad(f, optimize=2)(x), grad(f)(x), 1e-12, 1e-14)
    assert "==" in grad(f, optimize=Passes(2, ("cancel",))).source(x)


def along_the_other_axis(x):
    m = np.max(x, axis=0)
    return np.sum(m + np.log(np.sum(np.exp(x - m), axis=1)))


def of_the_other_sum(x):
    m = np.max(x, axis=1)
    e = np.exp(x - m[:, None])
    return np.sum(m + np.sum(e, axis=1) / np.sum(e, axis=0))


def weighted(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum(m[:, 0] * Y[:3, 0] + np.log(np.sum(np.exp(x - m), axis=1)))


def stopped(x):
    m = np.max(x)
    return 2 * m + stop_gradient(m) + np.log(np.sum(np.exp(x - m)))


@pytest.mark.parametrize("f", [along_the_other_axis, of_the_other_sum, weighted, stopped, new_axis])
def test_what_does_not_cancel_stays(f):
    assert "==" in grad(f, optimize=2).source(SQUARE)
    np.testing.assert_allclose(grad(f, optimize=2)(SQUARE), grad(f)(SQUARE), 1e-12, 1e-14)


def compensated(k, a, b):
    total = a + b
    return k * (b - (total - a)) + k * k


def test_what_the_user_computes_for_its_rounding_stays():
    """Of `b - (total - a)` nothing but rounding errors are left, and they are the gradient."""
    for level in (1, 2):
        assert grad(compensated, optimize=level)(0.0, 1e16, 1.25) == -0.75


@primitive
def rounded(x):
    return np.round(x)


@rounded.backward
def _(g, x, y):
    return g + (x - x)


def test_an_authors_rule_stays():
    def f(x):
        return np.sum(rounded(x))

    assert "x - x" in grad(f, optimize=2).source(X)


def test_a_loop_over_what_cancels():
    def f(x, n):
        total = 0.0
        for _ in range(n):
            m = np.max(x)
            total = total + m + np.log(np.sum(np.exp(x - m)))
            x = x * 0.5
        return total

    assert "==" not in grad(f, optimize=2).source(X, 3)
    np.testing.assert_allclose(grad(f, optimize=2)(X, 3), grad(f)(X, 3), 1e-12)
