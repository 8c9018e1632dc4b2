"""What stands in the `return` from level 2 on, and what keeps its line."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import Passes, grad


def product(x, y):
    return x * y * 3.0


def test_products_of_numbers_stand_in_the_return():
    text = grad(product, (0, 1), optimize=2).source(2.0, 5.0)
    assert text.endswith("    return grad_s0 * y, grad_s0 * x\n")
    for passes in (0, 1, Passes(2, "nest")):
        assert grad(product, (0, 1), optimize=passes).source(2.0, 5.0).endswith(
            "    return grad_x, grad_y\n"
        )


def _many(a, b, c, d, e, f, g):
    return a * b * c * d * e * f * g


def _nested(x, y):
    return np.sin(x * y) * np.cos(x) * y


def _quiet(x, y):
    with np.errstate(divide="ignore"):
        z = np.log(x) * y
    return z


def _arrays(x, y):
    return np.sum(x * y)


def _changed(x, y):
    z = x * 2.0
    for _ in range(3):
        z = z * y
    return z * x


@pytest.mark.parametrize(
    "function, arguments",
    [
        (_many, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)), (_nested, (0.3, 0.7)),
        (_quiet, (np.float64(0.0), np.float64(2.0))), (_changed, (0.4, 1.5)),
        (_arrays, (np.arange(3.0), np.ones(3))), (product, (np.float32(2), np.float32(3))),
    ],
)  # fmt: skip
def test_the_numbers_are_the_same(function, arguments):
    wrt = tuple(range(len(arguments)))
    found = grad(function, wrt, optimize=2)(*arguments)
    expected = grad(function, wrt, optimize=Passes(2, "nest"))(*arguments)
    for a, b in zip(found, expected, strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b, strict=True)


def test_what_keeps_its_line():
    returned = grad(_many, tuple(range(7)), optimize=2).source(*map(float, range(7)))
    assert returned.endswith("return grad_a, grad_b, grad_c, grad_d, grad_e, grad_f, grad_g\n")
    arrays = grad(_arrays, (0, 1), optimize=2).source(np.ones(3), np.ones(3))
    assert arrays.endswith("return grad_x, grad_y\n")
