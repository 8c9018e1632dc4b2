"""Unpacking arrays and lists whose length is known only when the function runs."""

from __future__ import annotations

import numpy as np
import pytest
from driving import check

from adcompiler import UnsupportedError, check_grads, grad, vmap

RNG = np.random.default_rng(5)


def numbers(theta):
    a, b, c = np.exp(theta)
    return a * b + np.sin(c)


def rows(points, w):
    x, y = points
    return np.sum(x * y * w) + x[0] * y[-1]


def views(points):
    """A row looks at the array: a store through it changes both."""
    moved = points * 2.0
    x, y = moved
    x[0] = y[1] ** 2
    return np.sum(moved**2) + np.sum(x * y)


def pairs(table):
    total = 0.0
    for a, b in table:
        total = total + a * b * b
    return total


def nested(table):
    (a, b), (c, d) = table
    return a * d - b * c**2


def swapped(v):
    a, b = v
    b, a = v
    return a * a * b


def starred(x):
    """Here the length is known."""
    a, *rest = np.stack([x, x**2, x**3])
    return np.sum(a * rest[0] * rest[1])


CASES = (
    (numbers, (RNG.normal(size=3),)),
    (rows, (RNG.normal(size=(2, 3)), 1.5)),
    (views, (RNG.normal(size=(2, 2)),)),
    (pairs, (RNG.normal(size=(4, 2)),)),
    (pairs, (RNG.normal(size=(0, 2)),)),
    (nested, (RNG.normal(size=(2, 2)),)),
    (swapped, (RNG.normal(size=2),)),
    (starred, (RNG.normal(size=3),)),
)


@pytest.mark.parametrize(("f", "arguments"), CASES, ids=lambda one: getattr(one, "__name__", ""))
def test_values_and_gradients_of_both_orders(f, arguments):
    check(f, *arguments)
    for level in (0, 1):
        value, _ = grad(f, optimize=level).value_and_grad(*arguments)
        assert value == f(*arguments)


def test_random_shapes():
    for _ in range(6):
        size = int(RNG.integers(2, 6))
        check_grads(rows, (RNG.normal(size=(2, size)), float(RNG.normal())))
        check_grads(pairs, (RNG.normal(size=(size, 2)),))


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (numbers, (np.ones(2),)),
        (numbers, (np.ones(4),)),
        (rows, (np.ones((3, 2)), 1.0)),
        (pairs, (np.ones((2, 3)),)),
        (nested, (np.ones((2, 3)),)),
        (nested, (np.ones((3, 2)),)),
        (swapped, ([1.0, 2.0, 3.0],)),
        (swapped, ([1.0],)),
    ],
)
def test_another_length_raises_as_python_does(f, arguments):
    with pytest.raises(ValueError) as expected:
        f(*arguments)
    # Later Pythons tell of some containers how many values there are.
    start = str(expected.value).split(", got")[0].rstrip(")")
    for level in (0, 1, 2):
        with pytest.raises(ValueError, match="values to unpack") as found:
            grad(f, optimize=level)(*arguments)
        assert type(found.value) is ValueError
        assert str(found.value).startswith(start)


def test_messages():
    with pytest.raises(ValueError) as found:
        grad(numbers)(np.ones(2))
    assert str(found.value) == "not enough values to unpack (expected 3, got 2)"
    with pytest.raises(ValueError) as found:
        grad(numbers)(np.ones(4))
    assert str(found.value) == "too many values to unpack (expected 3)"


def test_a_list_of_numbers():
    assert grad(swapped)([2.0, 3.0]) == [9.0, 12.0]


def test_a_known_length_is_not_asked_for():
    def f(x):
        a, b = np.stack([x, x**2])
        return np.sum(a * b)

    assert "unpack" not in grad(f).source(np.ones(3))


def test_a_batch_is_not_taken_for_the_array():
    stack = RNG.normal(size=(5, 3))
    found = vmap(grad(numbers))(stack)
    np.testing.assert_allclose(found, [grad(numbers)(row) for row in stack], 1e-12)
    with pytest.raises(ValueError, match="got 2"):
        vmap(grad(numbers))(np.ones((3, 2)))


def test_refused():
    def rest(x):
        a, *others = x
        return a * len(others)

    def number(x):
        a, b = np.sum(x)
        return a * b

    def too_short(x):
        a, b, c = np.stack([x, x])
        return np.sum(a * b * c)

    for f, reason in (
        (rest, "starred name"), (number, "can't be unpacked"), (too_short, "3 names"),
    ):  # fmt: skip
        with pytest.raises(UnsupportedError, match=reason):
            grad(f)(np.ones(3))
