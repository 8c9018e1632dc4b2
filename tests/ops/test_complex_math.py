"""cmath's functions within functions of real numbers, and of complex ones."""

from __future__ import annotations

import cmath

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from tests.support.proving import prove

ONE = (
    cmath.exp, cmath.sqrt, cmath.log, cmath.log10, cmath.sin, cmath.cos, cmath.tan, cmath.sinh,
    cmath.cosh, cmath.tanh, cmath.asin, cmath.acos, cmath.atan, cmath.asinh, cmath.acosh,
    cmath.atanh,
)  # fmt: skip


@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
def test_functions(function):
    def f(x, y):
        w = function(complex(x, y))
        v = function(x + 2.0)
        return w.real * y + w.imag * x + v.real + v.imag

    prove(f, 0.7, -0.4)
    prove(f, -0.3, 1.2)


def turned(r, phi):
    z = cmath.rect(r, phi)
    size, angle = cmath.polar(z * z + 0.5)
    return size * angle + cmath.phase(z) * z.real + abs(z)


def test_polar_coordinates():
    prove(turned, 1.3, 0.6)
    prove(turned, np.float64(0.4), 2.0)


def series(x):
    total = 0j
    for k in range(3):
        if cmath.isfinite(total):
            total = cmath.exp(total * x + k * 1j) * 0.5
    return abs(total)


def test_in_a_loop():
    prove(series, 0.8)


def of_array(x):
    return abs(cmath.exp(x))


def test_arrays_are_refused():
    with pytest.raises(UnsupportedError, match=r"cmath\.exp\(\) takes single numbers"):
        grad(of_array)(np.ones(3))


def test_what_raises_still_raises():
    def f(x):
        cmath.log(x)
        return x * 2.0

    with pytest.raises(ValueError, match=r"domain|logarithm"):
        grad(f)(0.0)
