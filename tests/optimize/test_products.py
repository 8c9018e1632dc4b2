"""Products whose numbers come first."""

from __future__ import annotations

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, grad, value_and_grad
from adcompiler.optimize.products import regroup_products


def test_numbers_come_before_arrays():
    same_text(
        transformed(
            regroup_products,
            """
            function f(%g: f8?[], %x: f8[n], %z: f8[n]):
                %half = constant[value=0.5]
                %three = constant[value=3]
                %0: f8[n] = mul[via='op', backward=True] %g, %x
                %1: f8[n] = mul[via='op', backward=True] %0, %half
                %2: f8[n] = div[via='op', backward=True] %1, %z
                %y: f8[n] = mul[via='op', backward=True] %2, %three
                return %y
            """,
        ).split("%2 = constant")[0],
        """
        function f(%g: f8?[], %x: f8[n], %z: f8[n]):
            %half = constant[value=0.5]
            %three = constant[value=3]
            %0: f8[n] = mul[via='op'] %g, %x
            %1: f8[n] = mul[via='op'] %0, %half
            %2: f8[n] = div[via='op'] %1, %z
            %3 = constant[value=1.5]
            %4: f8?[] = mul[via='op'] %g, %3
            %5: f8[n] = mul[via='op'] %4, %x
            %y: f8[n] = div[via='op'] %5, %z
            return %y
        """,
    )


def test_the_forward_part_stays():
    text = """
        function f(%g: f8?[], %x: f8[n]):
            %half = constant[value=0.5]
            %0: f8[n] = mul[via='op'] %g, %x
            %y: f8[n] = mul[via='op'] %0, %half
            return %y
        """
    same_text(transformed(regroup_products, text), text)


def gelu(x):
    return np.sum(0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))))


def scaled(x, c, n):
    return c * np.sum(np.exp(x) / n * 3.0) / 7.0


def halved(x, c, n):
    return np.sum((x * 2 - c) ** 2 / (2 * n)) / 2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("function, rest", [(gelu, ()), (scaled, (0.7, 3)), (halved, (0.7, 2.5))])
def test_the_gradient_is_the_same(function, rest, dtype):
    x = np.linspace(-1.0, 2.0, 5).astype(dtype)
    for wrt in (0, (0, 1))[: 1 + bool(rest)]:
        value, found = value_and_grad(function, wrt)(x, *rest)
        expected = grad(function, wrt, optimize=Passes(1, ("products", "signs")))(x, *rest)
        assert value == function(x, *rest)
        found, expected = ((v,) if wrt == 0 else v for v in (found, expected))
        for a, b in zip(found, expected, strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_allclose(a, b, 1e-14 if dtype == "float64" else 1e-6)


def test_one_pass_over_the_array_for_all_numbers():
    x = np.ones(3)
    assert "grad_out * 0.3989422804 * x * (1 -" in grad(gelu).source(x)
    assert "0.3989422804" not in grad(gelu, optimize=Passes(1, "products")).source(x)


def test_numbers_at_the_ends_of_the_range_stay_apart():
    """1e-200 * 1e-200 is 0; times y, of 1e250, it isn't."""

    def f(x, y):
        return np.sum(x * y * 1e-200 * 1e-200)

    # The rules multiply from the right: of the result first.
    y = np.full(3, 1e250)
    np.testing.assert_array_equal(
        grad(f)(y, y), grad(f, optimize=Passes(1, "products"))(y, y)
    )
    assert "e-400" not in (text := grad(f).source(y, y))
    assert text.count("1e-200") == 2


def test_masks_and_integers_are_not_multiplied_by_one_another():
    def f(x, k, m):
        return np.sum(x * k * 0.5 * m * 3.0)

    k, m = np.array([2**40, 3]), np.array([2**40, 5])
    np.testing.assert_allclose(grad(f)(np.ones(2), k, m), 1.5 * k.astype(float) * m, 1e-15)


def test_a_number_that_divides_may_be_zero():
    """Python numbers raise on a division by zero, arrays do not."""

    def f(x, c):
        return np.sum(x / c * 2.0)

    with np.errstate(divide="ignore"):
        assert np.all(np.isinf(grad(f)(np.ones(2), 0.0)))


def test_names_of_numbers_stay():
    def f(x):
        return np.sum(np.pi * x**2)

    assert "np.pi" in grad(f).source(np.ones(2))
