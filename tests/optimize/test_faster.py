"""What entries know to say faster: powers as products, einsum as `@`."""

from __future__ import annotations

import re

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, grad, hessian, value_and_grad
from adcompiler.optimize.faster import faster

CUBE = """
    function f(%x: f8[n]):
        %three = constant[value=3]
        %y: f8[n] = pow[via='op'{}] %x, %three
        return %y
    """


def test_a_power_of_the_backward_part():
    same_text(
        transformed(faster("powers"), CUBE.format(", backward=True")),
        """
        function f(%x: f8[n]):
            %three = constant[value=3]
            %0: int = constant[value=2]
            %1: f8[n] = pow[via='op'] %x, %0
            %y: f8[n] = mul[via='op'] %x, %1
            return %y
        """,
    )


def test_a_power_of_the_forward_part_stays_but_at_level_2():
    assert "pow[via='op'] %x, %three" in transformed(faster("powers"), CUBE.format(""))
    assert "mul" in transformed(faster("powers", forward=True), CUBE.format(""))


def powers(x):
    return np.sum(x**3 + x**4.0 - x**5 + x**6 - x**7 + x**8)


def slopes(x):
    return 3 * x**2 + 4 * x**3 - 5 * x**4 + 6 * x**5 - 7 * x**6 + 8 * x**7


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_powers(dtype):
    x = np.linspace(-1.5, 2.0, 7).astype(dtype)
    compiled = value_and_grad(powers, optimize=2)
    value, gradient = compiled(x)
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(value, powers(x), tolerance)
    np.testing.assert_allclose(gradient, slopes(x), tolerance, tolerance)
    assert not re.search(r"\*\* [3-8]", compiled.source(x))


def test_other_powers_stay():
    def f(x, k):
        return np.sum(x**-3 + x**0.5 + x**9 + k**3)

    x = np.linspace(0.5, 2.0, 7)
    shown = value_and_grad(f, (0, 1), optimize=2).source(x, 2.0)
    for power in ("x ** -3", "x ** 0.5", "x ** 9", "k ** 3"):
        assert power in shown


def test_a_users_value_computed_once_more_keeps_its_bits():
    """The cubes are compared with the largest of them, which the forward part has found."""

    def f(x, n):
        total = 0.0
        for i in range(n):
            y = (x + i) ** 3
            total = total + np.max(y)
        return total

    x = np.random.default_rng(0).normal(size=50)
    expected = np.zeros(50)
    for i in range(3):
        expected[np.argmax(x)] += 3 * (np.max(x) + i) ** 2
    for level in (1, 2):
        np.testing.assert_allclose(grad(f, optimize=level)(x, 3), expected, 1e-14)


STACKS = [
    ("kij,nkj->nki", (3, 2, 4), (5, 3, 4)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("bij,bkj->bki", (5, 2, 3), (5, 4, 3)), ("ibj,jbk->kib", (2, 5, 3), (3, 5, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize("subscripts, a, b", STACKS)
def test_products_of_stacks(subscripts, a, b):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=a), rng.normal(size=b)

    def f(a, b):
        return np.sum(np.sin(np.einsum(subscripts, a, b)))

    plain = value_and_grad(f, (0, 1), optimize=Passes(2, "matmul"))
    fast = value_and_grad(f, (0, 1), optimize=2)
    assert "einsum" in plain.source(a, b)
    assert "einsum" not in fast.source(a, b)
    value, gradients = fast(a, b)
    expected, wanted = plain(a, b)
    np.testing.assert_allclose(value, expected, 1e-13)
    for found, one in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(found, one, 1e-12, 1e-14)


@pytest.mark.parametrize(
    "subscripts, a, b",
    [("bij,bj->bi", (5, 2, 3), (5, 3)), ("ij,ij->i", (2, 3), (2, 3)), ("ij,ij->i", (2, 3), (1, 3)),
     ("bij,bij->b", (5, 2, 3), (5, 2, 3)), ("bii,bik->bk", (5, 3, 3), (5, 3, 2))],
)  # fmt: skip
def test_other_sums_of_products_stay(subscripts, a, b):
    a, b = np.ones(a), np.ones(b)
    shown = value_and_grad(
        lambda a, b: np.sum(np.sin(np.einsum(subscripts, a, b))), optimize=2
    ).source(a, b)
    assert f'np.einsum("{subscripts}", a, b)' in shown


def test_rows_that_an_index_names():
    def f(x, i):
        return np.sum(np.sin(x[i]) * x[i])

    x, i = np.random.default_rng(0).normal(size=(40, 30)), np.arange(90) % 7 - 3
    plain, fast = (grad(f, optimize=passes) for passes in (Passes(2, "rows"), 2))
    assert "np.add.at(grad_x, i, " in plain.source(x, i)
    assert "add_rows(grad_x, i, " in fast.source(x, i)
    assert np.array_equal(plain(x, i), fast(x, i))
    assert np.allclose(hessian(f, optimize=2)(x[:2, :2], i % 2), hessian(f)(x[:2, :2], i % 2))
    assert "add_rows" not in fast.source(x[0], i) + fast.source(x, 3) + fast.source(x, x > 0)
