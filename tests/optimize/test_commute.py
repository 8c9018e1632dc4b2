"""Sums of matrix products are taken of their operands, where only one has the axis."""

from __future__ import annotations

import numpy as np
import pytest
from irtext import transformed

from adcompiler import Passes, grad, value_and_grad
from adcompiler.optimize.commute import sum_first

RNG = np.random.default_rng(6)
A, B, STACK = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=(2, 5, 3))


@pytest.mark.parametrize(
    "axis, keepdims, shape, made",
    [
        (0, False, "m", ["f8[k] = sum[axis=0] %a", "f8[m] = matmul[via='op'] %1, %b"]),
        (1, False, "n", ["f8[k] = sum[axis=1] %b", "f8[n] = matmul[via='op'] %a, %1"]),
        (1, True, "n, 1", ["f8[k, 1] = sum[axis=1, keepdims=True] %b", "matmul[via='op'] %a, %1"]),
        (None, False, "", ["f8[k] = sum[axis=0] %a", "f8[k] = sum[axis=1] %b", "%1, %2"]),
    ],
)
def test_a_sum_of_a_product(axis, keepdims, shape, made):
    after = transformed(
        sum_first,
        f"""
        function f(%a: f8[n, k], %b: f8[k, m]):
            %0: f8[n, m] = matmul[via='op', backward=True] %a, %b
            %y: f8[{shape}] = sum[axis={axis}, keepdims={keepdims}, backward=True] %0
            return %y
        """,
    )
    assert all(line in after for line in made)


def test_a_product_that_is_needed_stays():
    after = transformed(
        sum_first,
        """
        function f(%a: f8[n, k], %b: f8[k, m]):
            %0: f8[n, m] = matmul[via='op', backward=True] %a, %b
            %1: f8[n, m] = exp[via='np', backward=True] %0
            %y: f8[m] = sum[axis=0, keepdims=False, backward=True] %0
            return %y, %1
        """,
    )
    assert "sum[axis=0] %0" in after


def of_stacks(a, b):
    return np.sum(np.sin((STACK - a[:, None, :]) @ b))


def of_one_for_all(a, b):
    return np.sum(np.tanh(STACK @ b - a))


def of_rows(a, b):
    return np.sum(np.exp((A * a) @ b)) + np.sum(a @ b)


@pytest.mark.parametrize(
    "f, a", [(of_stacks, STACK[:, 0]), (of_one_for_all, B[0]), (of_rows, A[0])]
)
def test_it_computes_the_same(f, a):
    value, found = value_and_grad(f, (0, 1), optimize=2)(a, B)
    plain, expected = value_and_grad(f, (0, 1))(a, B)
    assert abs(value - plain) < 1e-12 * abs(plain)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, 1e-12, 1e-14)


def test_it_is_switched_off_by_name():
    args = (STACK[:, 0], B)
    without = grad(of_stacks, optimize=Passes(2, ("commute",))).source(*args)
    assert without != grad(of_stacks, optimize=2).source(*args)


def squares(x, w):
    centred = x - np.sum(x * w, axis=1)[:, None]
    return np.sum(3.0 * centred**2) * np.sum(x**2, axis=1)[0] / np.sum(np.square(w))


def test_sums_of_the_functions_own_products_make_no_product():
    x, w = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    text = value_and_grad(squares, (0, 1), optimize=2).source(x, w)
    assert "** 2" not in text and "np.square" not in text and "3.0 * np.vdot(" in text
    assert "** 2" in value_and_grad(squares, (0, 1)).source(x, w)
    value, found = value_and_grad(squares, (0, 1), optimize=2)(x, w)
    plain, expected = value_and_grad(squares, (0, 1))(x, w)
    assert abs(value - plain) < 1e-12 * abs(plain)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, 1e-12, 1e-13)


def test_what_is_compared_is_what_was_computed():
    """The sums are taken in one way wherever they stand: the largest is found again."""

    def f(x, n):
        total = 0.0
        for _ in range(n):
            lengths = np.sum(x**2, axis=1)
            chosen = np.where(lengths == np.max(lengths), x[:, 0], 0.0)
            total = total + np.max(lengths) + np.sum(chosen)
            x = x * 1.1 + 0.1
        return total

    x = RNG.normal(size=(40, 7))
    np.testing.assert_allclose(grad(f, optimize=2)(x, 3), grad(f)(x, 3), 1e-12, 1e-14)
