"""Parts of a sum of exponentials are written as sigmoids, which are right far out, too."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import Passes, grad, hessian

Z = np.array([-800.0, -708.0, -40.0, -1.0, 0.0, 0.3, 40.0, 800.0])

WRITTEN_OUT = Passes(2, ("reuse",))


def softplus(z):
    return np.sum(np.sin(np.logaddexp(0, z)) * 2.0)


def between(z):
    return np.sum(np.logaddexp(z, 1.0 - z * z) ** 2)


def in_a_loop(z):
    for _ in range(3):
        z = np.logaddexp(np.tanh(z), z[::-1])
    return np.sum(z)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [softplus, between, in_a_loop])
def test_it_computes_the_same(f, dtype):
    z = (Z / (8 if dtype == np.float32 else 1)).astype(dtype)
    found, plain = grad(f, optimize=2)(z), grad(f)(z)
    assert found.dtype == dtype
    digits = 2e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, plain, digits, 10 * np.finfo(dtype).tiny)
    assert "/ (1 + np.exp(" in grad(f, optimize=WRITTEN_OUT).source(z)


def test_no_logarithm_is_computed_for_it():
    def f(z):
        return np.sum(np.logaddexp(0, z))

    text = grad(f, optimize=WRITTEN_OUT).source(Z)
    assert "logaddexp" not in text and "np.minimum(-z, 709)" in text
    assert "logaddexp" in grad(f).source(Z)
    assert "logaddexp" in grad(f, optimize=Passes(2, ("sigmoids",))).source(Z)
    np.testing.assert_allclose(grad(f, optimize=2)(Z), np.exp(-np.logaddexp(0, -Z)), 1e-12, 1e-300)


def test_it_is_differentiated_again():
    np.testing.assert_allclose(
        hessian(softplus, optimize=2)(Z / 30), hessian(softplus)(Z / 30), 1e-11, 1e-13
    )


def test_another_exponential_stays():
    def f(z, y):
        return np.sum(np.exp(z[1:] - np.logaddexp(y, z[:-1])))

    y = Z[1:] / 100
    text = grad(f, optimize=WRITTEN_OUT).source(Z / 100, y)
    assert "minimum" in text and "np.exp(z[1:] -" in text
    np.testing.assert_allclose(
        grad(f, optimize=2)(Z / 100, y), grad(f)(Z / 100, y), 1e-12, 1e-14
    )


def test_numbers_stay_numbers():
    def f(z):
        return np.logaddexp(z, 2.0) * z

    assert grad(f, optimize=2)(0.5) == grad(f)(0.5)
