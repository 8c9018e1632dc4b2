"""Sums of products without the products, numbers outside of sums, sums by products with ones."""

from __future__ import annotations

import numpy as np
import pytest
from driving import module
from irtext import same_text, transformed

from adcompiler import Passes, checkpoint, grad, value_and_grad
from adcompiler.optimize.faster import faster
from adcompiler.optimize.sums import shrink_sums

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))


def test_a_number_comes_out_of_a_sum():
    same_text(
        transformed(
            shrink_sums,
            """
            function f(%c: f8?[], %x: f8[n]):
                %0: f8[n] = mul[via='op', backward=True] %c, %x
                %y: f8[] = sum[axis=None, keepdims=False, backward=True] %0
                return %y
            """,
        ),
        """
        function f(%c: f8?[], %x: f8[n]):
            %0: f8[n] = mul[via='op'] %c, %x
            %1: f8[] = sum %x
            %y: f8[] = mul[via='op'] %c, %1
            return %y
        """,
    )


@pytest.mark.parametrize(
    "axis, shape, made",
    [("None", "", "vdot %x, %z"), ("0", "m", "'ij,ij->j'"), ("1", "n", "'ij,ij->i'")],
)
def test_a_sum_of_products_makes_no_product(axis, shape, made):
    after = transformed(
        shrink_sums,
        f"""
        function f(%x: f8[n, m], %z: f8[n, m]):
            %0: f8[n, m] = mul[via='op', backward=True] %x, %z
            %y: f8[{shape}] = sum[axis={axis}, keepdims=False, backward=True] %0
            return %y
        """,
    )
    assert made in after


@pytest.mark.parametrize("flags", ["", ", backward=True"])
def test_a_sum_by_ones_in_the_backward_part(flags):
    after = transformed(
        faster("ones"),
        f"""
        function f(%x: f8[n, m]):
            %y: f8[m] = sum[axis=0, keepdims=False{flags}] %x
            return %y
        """,
    )
    assert ("ones" in after) is bool(flags)
    assert ("sum" in after) is not bool(flags)


def scaled(w, b, c):
    z = X * w + b
    return c * np.sum(np.sin(z) * Y / 4.0) / (1.0 + c * c)


def shifted(w, b, c):
    return np.mean((X - b - np.sum(X * w) * c) ** 2)


def by_rows(w, b, c):
    rows = np.sum(X * w, axis=1) - np.sum(b)
    return np.sum(np.exp(c * rows)[:, None] * (X @ np.diag(w)))


@pytest.mark.parametrize("function", [scaled, shifted, by_rows])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_gradient_is_the_same(function, dtype):
    args = (np.array([0.3, -0.7, 1.1], dtype), np.array([0.2, 0.1, -0.4], dtype), 0.6)
    value, found = value_and_grad(function, (0, 1, 2))(*args)
    assert value == function(*args)
    expected = grad(function, (0, 1, 2), optimize=Passes(1, ("sums", "ones")))(*args)
    for a, b in zip(found, expected, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, 1e-13 if dtype == "float64" else 1e-5, 1e-13)


def test_arrays_that_are_stretched_are_multiplied_as_before():
    """`x` may have one row: einsum would need to know."""

    def f(x, y):
        return np.sum(x * y[1:])

    for rows in (2, 4):
        y = RNG.normal(size=(rows, 3))
        np.testing.assert_allclose(grad(f, (0, 1))(0.5, y)[0], np.sum(y[1:]), 1e-13)


def test_a_view_of_the_diagonal_is_not_written_to():
    """`np.diagonal` gives one that NumPy refuses to write to."""

    def f(w):
        return np.sum(X @ np.diag(w)) + np.sum(w**2)

    w = np.array([0.3, -0.7, 1.1])
    np.testing.assert_allclose(grad(f)(w), np.sum(X, axis=0) + 2 * w, 1e-13)


@pytest.mark.parametrize("text", ["x**2", "np.square(x)", "x * np.sin(x)", "2 * x**2"])
@pytest.mark.parametrize("keepdims", [True, False])
def test_sums_of_the_forward_part_at_level_2(text, keepdims, tmp_path):
    f = module(tmp_path, f"""
import numpy as np

def f(x):
    s = np.sum({text}, axis=1, keepdims={keepdims})
    return np.sum(s * np.exp(s))
""").f  # fmt: skip
    value, found = value_and_grad(f, optimize=2)(X)
    expected, wanted = value_and_grad(f)(X)
    np.testing.assert_allclose(value, expected, 1e-13)
    np.testing.assert_allclose(found, wanted, 1e-13)
    assert "np.einsum(" in value_and_grad(f, optimize=2).source(X).split("# backward")[0]
    assert "np.einsum(" not in value_and_grad(f).source(X).split("# backward")[0]


def test_a_sum_that_is_computed_once_more_stays():
    """Else what is compared with the largest of them would have other last bits."""

    def f(x):
        total = 0.0
        for i in checkpoint(range(4)):
            s = np.sum(np.sin(x + i) ** 2, axis=1)
            total = total + np.max(s)
        return total

    assert "np.sum(" in grad(f, optimize=2).source(X)
    np.testing.assert_allclose(grad(f, optimize=2)(X), grad(f, optimize=0)(X), 1e-13)


@pytest.mark.parametrize(
    "shape, keepdims, made",
    [
        ("n, 1", True, "%y: f8[n, 1] = div[via='op'] %1, %h"),
        ("n", False, "%y: f8[n] = div[via='op'] %1, %c"),
    ],
)
def test_what_is_the_same_along_the_axis_comes_out_of_a_sum(shape, keepdims, made):
    after = transformed(
        shrink_sums,
        f"""
        function f(%c: f8[n], %x: f8[n, m]):
            %h: f8[n, 1] = expand_dims[axis=1, backward=True] %c
            %0: f8[n, m] = div[via='op', backward=True] %x, %h
            %y: f8[{shape}] = sum[axis=1, keepdims={keepdims}, backward=True] %0
            return %y
        """,
    )
    assert made in after


@pytest.mark.parametrize(
    "factor, axis, shape",
    [("f8[n, 1]", 0, "m"), ("f8[1, m]", 1, "n"), ("f8[m]", 1, "n"), ("f8[n, m]", 1, "n")],
)
def test_what_varies_along_the_axis_stays_in_the_sum(factor, axis, shape):
    after = transformed(
        shrink_sums,
        f"""
        function f(%h: {factor}, %x: f8[n, m]):
            %0: f8[n, m] = div[via='op', backward=True] %x, %h
            %y: f8[{shape}] = sum[axis={axis}, keepdims=False, backward=True] %0
            return %y
        """,
    )
    assert f"sum[axis={axis}] %0" in after


def by_lengths(w, b, c):
    lengths = np.sqrt(np.sum(X * X * w * w, axis=1, keepdims=True)) + c
    return np.sum(np.sin(X * w / lengths - b * Y / lengths[:, 0][:, None]) / lengths)


def by_a_number(w, b, c):
    return np.sum(np.exp(X * w / c / c)) + np.sum(b / c * Y)


@pytest.mark.parametrize("f", [by_lengths, by_a_number])
@pytest.mark.parametrize("level", [1, 2])
def test_sums_of_quotients(f, level):
    w, b, c = RNG.uniform(0.5, 1.5, 3), RNG.normal(size=3), 1.3
    found = grad(f, (0, 1, 2), optimize=level)(w, b, c)
    for one, other in zip(found, grad(f, (0, 1, 2), optimize=0)(w, b, c), strict=True):
        np.testing.assert_allclose(one, other, 1e-12, 1e-13)
