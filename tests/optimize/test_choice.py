"""Passes are switched off by name, and the derivative is right without any of them."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import Passes, SignatureError, grad, hvp, value_and_grad
from adcompiler.optimize import LEVELS, PASSES


def layers(params, x, n):
    h = x
    for w, b in params:
        h = np.tanh(h @ w + b)
    total = 0.0
    for i in range(n):
        total = total + np.sum(h * h) / (i + 1.0)
        h = 0.5 * h + h[::-1] * np.mean(h)
    return total + np.sum(np.einsum("ij,kj->ik", h, x)) if total > 0 else total


def stencil(u, c, n):
    u = u.copy()
    for _ in range(n):
        u[1:-1] = u[1:-1] + c * (u[:-2] - 2.0 * u[1:-1] + u[2:]) - u[1:-1] ** 3
    return np.mean(np.exp(u) * u)


def orbit(x, y, h, n):
    for _ in range(n):
        a = x - x * y
        b = x * y - y
        x, y = x + h * a * b, y + h * b / (1.0 + a * a)
        if x > 2.0:
            x = 4.0 - x
    return x * y


def points():
    rng = np.random.default_rng(3)
    params = [(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(2)]
    return [
        (layers, (params, rng.normal(size=(4, 3)), 3), 0),
        (stencil, (rng.uniform(-0.5, 0.5, 9), 0.1, 4), (0, 1)),
        (orbit, (1.5, 0.7, 0.1, 30), (0, 1, 2)),
    ]


def leaves(found):
    if isinstance(found, (tuple, list)):
        return [leaf for part in found for leaf in leaves(part)]
    return [np.asarray(found)]


def compare(found, expected):
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)


@pytest.mark.parametrize("function, args, wrt", points())
def test_every_level_and_the_absence_of_every_pass(function, args, wrt):
    expected = value_and_grad(function, wrt, optimize=0)(*args)
    chosen = [Passes(level) for level in LEVELS]
    chosen += [Passes(2, (name,)) for name in PASSES]
    chosen += [Passes(level, tuple(PASSES)) for level in LEVELS]
    for passes in chosen:
        compare(value_and_grad(function, wrt, optimize=passes)(*args), expected)
        if passes.level < 2:
            assert value_and_grad(function, wrt, optimize=passes)(*args)[0] == function(*args)


def test_the_absence_of_a_pass_shows():
    def f(x, y):
        return np.sum(np.sin(x * y) * np.cos(x * y))

    x = np.linspace(0.0, 1.0, 4)
    plain = grad(f).source(x, x)
    unnested = grad(f, optimize=Passes(1, ("nest",))).source(x, x)
    assert len(unnested.splitlines()) > len(plain.splitlines())
    twice = grad(f, optimize=Passes(without="subexpressions")).source(x, x)
    assert twice.count("x * y") > plain.count("x * y")


def test_other_transformations_take_passes_too():
    def f(x):
        return np.sum(x**3)

    x, v = np.arange(3.0), np.ones(3)
    np.testing.assert_allclose(hvp(f, x, v, optimize=Passes(0)), 6 * x)
    assert "adcompiler at -O1 --without nest;" in grad(f, optimize=Passes(1, "nest")).module(x)


def test_passes_are_equal_by_what_they_run():
    assert Passes(True, ["nest", "copies", "nest"]) == Passes(1, ("copies", "nest"))
    assert hash(Passes(1, "nest")) == hash(Passes(1, ("nest",)))
    assert str(Passes(2, ("nest", "copies"))) == "-O2 --without copies --without nest"


def test_a_name_that_no_pass_has():
    with pytest.raises(SignatureError, match="there is no pass 'nesting'"):
        Passes(1, ("nesting",))
