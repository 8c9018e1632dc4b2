"""The special functions against SciPy's, where it is installed."""

import numpy as np
import pytest

from adcompiler.runtime.special import bessel_i, polygamma, sinc_derivative

X = np.concatenate([np.linspace(0.01, 30, 301), np.linspace(-20.3, -0.07, 203), [1e3, 1e6, 1e-8]])


@pytest.mark.parametrize("order", range(5))
def test_polygamma(order):
    special = pytest.importorskip("scipy.special")
    x = X if order == 0 else X[X > 0]
    found = np.array([polygamma(order, v) for v in x])
    expected = special.digamma(x) if order == 0 else special.polygamma(order, x)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("order", range(1, 4))
def test_reflection(order):
    """Below zero, by the recurrence: psi(x + 1) - psi(x) = (-1) ** n * n! / x ** (n + 1)."""
    for x in (-0.3, -1.7, -6.4):
        step = (-1) ** order * float(np.prod(np.arange(1, order + 1))) / x ** (order + 1)
        np.testing.assert_allclose(polygamma(order, x + 1) - polygamma(order, x), step, rtol=1e-11)


def test_digamma_at_its_poles():
    assert np.isnan(polygamma(0, 0.0)) and np.isnan(polygamma(0, -3.0))
    assert np.isnan(polygamma(1, float("nan"))) and polygamma(0, float("inf")) == float("inf")


@pytest.mark.parametrize("order", range(4))
def test_bessel_i(order):
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([np.linspace(-50, 50, 301), [600.0, 1e-9]])
    np.testing.assert_allclose(bessel_i(order, x), special.iv(order, x), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("order", range(1, 5))
def test_sinc_derivative(order):
    x = np.concatenate([np.linspace(-4, 4, 81), [1e-5, -1e-9]])
    step = 1e-3

    def below(x):
        return sinc_derivative(x, order - 1)

    slope = 8 * (below(x + step) - below(x - step)) - below(x + 2 * step) + below(x - 2 * step)
    np.testing.assert_allclose(sinc_derivative(x, order), slope / (12 * step), atol=3e-8)
    np.testing.assert_allclose(sinc_derivative(x, 0), np.sinc(x), atol=1e-15)
