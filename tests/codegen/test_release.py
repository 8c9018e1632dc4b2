"""Arrays let go where others are made."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from adcompiler import Passes, grad, value_and_grad

WITHOUT = Passes(2, ("release", "reuse"))


def waves(x, y):
    a = np.sin(x) * y
    b = np.cos(a) + x
    c = np.tanh(b / y)
    return np.sum(c * x)


def test_text():
    text = grad(waves, optimize=Passes(2, ("reuse",))).source(np.ones(4), np.ones(4))
    assert text == (
        "def waves_grad(x, y, *, grad_out=1.0):\n"
        "    # forward\n"
        "    a = np.sin(x) * y\n"
        "    b = np.cos(a) + x\n"
        "    c = np.tanh(b / y)\n"
        "    # backward\n"
        "    del b\n"
        "    grad_c = grad_out * x\n"
        "    grad_x = grad_out * c\n"
        "    grad_b = grad_c * (1 - c * c) / y\n"
        "    grad_x += grad_b\n"
        "    del c, grad_c\n"
        "    grad_a = -grad_b * np.sin(a)\n"
        "    del a, grad_b\n"
        "    grad_x += grad_a * y * np.cos(x)\n"
        "    return grad_x\n"
    )
    assert "del" not in grad(waves).source(np.ones(4), np.ones(4))


def test_memory():
    """As much at once as the text by hand has."""

    def f(x):
        a = np.sin(x)
        b = np.exp(a * x)
        c = np.tanh(b + a)
        d = np.cos(c * b)
        return np.sum(d * c)

    x = np.linspace(0.1, 1, 50_000)
    peaks = []
    for passes in (2, Passes(2, ("release",))):
        compiled = grad(f, optimize=passes)
        compiled(x)
        tracemalloc.start()
        compiled(x)
        peaks.append(tracemalloc.get_traced_memory()[1] / x.nbytes)
        tracemalloc.stop()
    assert peaks[0] < peaks[1] - 0.9


def _looped(x, n):
    a = np.sin(x)
    b = np.exp(a * 2.0)
    for k in range(n):
        c = np.tanh(b * a)
        a = c * x + k
    d = np.cos(a * b)
    return np.sum(d * np.sin(d))


def _branched(x, n):
    a = np.sin(x)
    if n > 1:
        b = np.exp(a * 2.0)
        a = b * x
    else:
        b = x
    c = np.tanh(a * b)
    return np.sum(np.cos(c) * c)


def _several(x, n):
    m = np.exp(x) + 3.0 * np.eye(x.shape[0])
    _, d = np.linalg.slogdet(m)
    fraction, _ = np.modf(m * 1.5)
    return np.sum(np.tanh(fraction @ m)) * d


def _viewed(x, n):
    a = np.exp(x)
    row, turned = a[0], a.T
    b = np.sin(turned @ a)
    c = np.tanh(b * row)
    return np.sum(c * turned) + np.sum(np.broadcast_to(row, a.shape) * c)


def _renamed(x, n):
    x = x * 2.0
    x = np.sin(x) * x
    y = np.exp(x)
    x = y * y
    return np.sum(np.tanh(x) * y)


def _left(x, n):
    a = np.exp(x)
    for k in range(5):
        b = np.sin(a * k)
        if k == n:
            break
        a = b + np.cos(a)
    return np.sum(np.tanh(a) * b)


def _in_context(x, n):
    a = np.exp(x)
    with np.errstate(divide="ignore"):
        b = np.log(a * a - 0.5)
        c = np.tanh(b) * a
    return np.sum(np.sin(c) / b)


def _stored(x, n):
    a = np.exp(x)
    b = np.zeros(x.shape)
    b[n] = a[0] * 2.0
    c = np.tanh(b + a)
    b[0] = c[1]
    return np.sum(np.sin(b) * c)


FUNCTIONS = [
    _looped, _branched, _several, _viewed, _renamed, _left, _in_context, _stored,
]  # fmt: skip


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_nothing_is_missed(f, n):
    """No name is read after it went, and none goes that was never bound."""
    x = np.linspace(0.3, 1.1, 9).reshape(3, 3)
    for passes in (2, Passes(2, ("reuse",)), Passes(2, ("nest",))):
        value, gradient = value_and_grad(f, optimize=passes)(x, n)
        expected = value_and_grad(f, optimize=WITHOUT)(x, n)
        np.testing.assert_allclose(value, expected[0], rtol=1e-14)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-12)
