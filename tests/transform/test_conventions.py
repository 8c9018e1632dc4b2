"""Kinks, ties, poles and untaken sides: each convention, and zeros that stay clean."""

import math

import numpy as np
import pytest
from driving import check, gradients, is_clean, module

A = np.array([0.7, -1.2, 0.4])


def untaken_root(x):
    return np.where(x > 0, np.sqrt(x), 0.0).sum()


def untaken_log(x):
    return np.where(x > 0, x * np.log(x), 0.0).sum()


def untaken_quotient(x):
    return np.where(x != 0, np.sin(x) / x, 1.0).sum()


def untaken_power(x):
    return np.where(x > 0, x**0.5, 0.0).sum()


def untaken_norm(x):
    r = np.sqrt(x * x)
    return np.where(x > 0, r, 0.0).sum()


def clipped_root(x):
    return np.sqrt(np.maximum(x, 0.0) + 0.0).sum() if x.sum() > 1e9 else np.sum(x)


def masked_product(x):
    return np.sum((x > 0) * np.sqrt(np.abs(x)))


UNTAKEN = [untaken_root, untaken_log, untaken_quotient, untaken_power, untaken_norm,
           masked_product]  # fmt: skip


@pytest.mark.parametrize("f", UNTAKEN, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_an_untaken_side_leaks_nothing(f):
    (g,) = gradients(f, np.array([-1.0, 0.0, 2.0]))
    assert is_clean(g)
    assert g[1] == 0
    check(f, np.array([1.5, 0.3, 2.0]))


def test_the_backward_part_warns_of_nothing_of_its_own():
    """No warning beyond the forward part's."""

    def f(x):
        return np.where(x > 0, np.sqrt(x), 0.0).sum()

    (g,) = gradients(f, np.array([0.0, 0.0, 4.0]))
    assert g.tolist() == [0.0, 0.0, 0.25]


def test_an_unused_branch_result_poisons_nothing():
    def f(x, k):
        s = math.sqrt(x)
        return s if k > 0 else 2 * x

    assert gradients(f, 0.0, 0) == [2.0]
    assert gradients(f, 0.0, 1) == [math.inf]


def test_an_unused_operation_poisons_nothing():
    def f(x):
        y = np.sqrt(x)
        z = y * 0 if x.sum() > 100 else x
        return np.sum(x * x)

    (g,) = gradients(f, np.array([0.0, 1.0]))
    assert g.tolist() == [0.0, 2.0]


POINTS = [
    ("x**0", 0.0, 0.0), ("x**1", 0.0, 1.0), ("x**2", 0.0, 0.0), ("x**3", -2.0, 12.0),
    ("x**-1", -2.0, -0.25), ("x**2.0", -3.0, -6.0), ("abs(x)", 0.0, 0.0),
    ("max(x, 0.0)", 0.0, 0.5), ("min(x, 0.0)", 0.0, 0.5), ("max(0, x)", 2.0, 1.0),
    ("math.hypot(x, 0.0)", 0.0, 0.0), ("np.hypot(x, 0.0)", 0.0, 0.0),
    ("np.maximum(x, 0.0)", 0.0, 0.5), ("math.fabs(x)", 0.0, 0.0), ("x % 0.7", 1.0, 1.0),
    ("x // 0.7 * x", 1.0, 1.0), ("math.floor(x) * x", 2.5, 2.0), ("np.sign(x) * x", -2.0, -1.0),
    ("math.sqrt(x)", 0.0, math.inf), ("x**0.5", 0.0, math.inf), ("round(x) * x", 2.4, 2.0),
    ("round(x, 1) * x", 2.42, 2.4), ("np.round(x, 1) * x", 2.42, 2.4), ("np.around(x)", 2.4, 0.0),
    ("int(x) * x", 2.5, 2.0), ("float(x) * x", 2.5, 5.0), ("x * (not x > 1)", 2.5, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "expected"), POINTS)
def test_conventions(text, x, expected, tmp_path):
    f = module(tmp_path, f"def f(x):\n    return {text}\n").f
    assert gradients(f, x) == [expected]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_integer_powers_at_zero(n):
    def f(x, n):
        return x**n

    expected = 1.0 if n == 1 else 0.0
    assert gradients(f, 0.0, n) == [expected]
    assert gradients(f, np.float64(0.0), n) == [expected]

    def g(x, n):
        return np.sum(x**n)

    assert gradients(g, np.zeros(2), n)[0].tolist() == [expected] * 2


@pytest.mark.parametrize("base", [0.0, 2.0])
def test_power_with_an_inactive_exponent(base):
    def f(x, p):
        return x**p

    found = gradients(f, base, 1.5)
    assert found[0] == 1.5 * base**0.5
    assert found[1] == (base**1.5 * math.log(base) if base else 0.0)


TIES = [
    (np.max, [1.0, 2.0, 2.0], [0, 0.5, 0.5]), (np.min, [1.0, 1.0, 2.0], [0.5, 0.5, 0]),
    (np.prod, [0.0, 2.0, 3.0], [6, 0, 0]), (np.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
    (np.std, [1.0, 1.0, 1.0], [0, 0, 0]), (np.var, [1.0, 1.0, 1.0], [0, 0, 0]),
    (np.linalg.norm, [0.0, 0.0], [0, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "expected"), TIES)
def test_ties_and_zeros(function, x, expected):
    def f(x):
        return function(x)

    (g,) = gradients(f, np.array(x))
    np.testing.assert_allclose(g, expected, atol=1e-15)


def test_clip_passes_on_the_closed_interval():
    def f(x):
        return np.sum(np.clip(x, -1.0, 1.0))

    assert gradients(f, np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))[0].tolist() == [0, 1, 1, 1, 0]


def test_gradients_that_nothing_reaches_are_zeros():
    def f(x, y, n):
        return y * n

    found = gradients(f, np.ones((2, 3)), 2.0, 3)
    assert found[0].tolist() == np.zeros((2, 3)).tolist()
    assert found[1] == 3.0


def test_one_argument_twice():
    def f(x, y):
        return np.sum(x * y + x)

    assert [g.tolist() for g in gradients(f, A, A)] == [(A + 1).tolist(), A.tolist()]
