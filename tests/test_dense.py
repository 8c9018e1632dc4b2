"""Mode `hessian`: the Hessian as one emitted function, equal to what `hessian` gives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adcompiler import UnsupportedError, hessian, jacobian
from adcompiler.gradient import Gradient


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def layer(w, x):
    return np.sum(np.tanh(w @ x) ** 2)


def wave(x):
    return math.sin(x) * x


def steps(x, n):
    total = 0.0
    for i in range(n):
        x = x - 0.1 * np.sum(x * x) * np.roll(x, 1)
        total = total + x[i] * np.exp(x[0])
    return total


def stored(x):
    y = x * x
    y[1:] *= y[:-1]
    return np.sum(y * x)


RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (rosenbrock, (RNG.normal(size=5),)), (rosenbrock, (RNG.normal(size=2),)),
        (rosenbrock, (RNG.normal(size=1),)), (wave, (0.3,)), (stored, (RNG.normal(size=4),)),
        (layer, (RNG.normal(size=(3, 2)), RNG.normal(size=2))),
        (layer, (RNG.normal(size=(3, 1)).astype("f4"), RNG.normal(size=1).astype("f4"))),
        (steps, (RNG.normal(size=3), 2)),
    ],
)  # fmt: skip
def test_the_emitted_hessian(function, args):
    found, expected = Gradient(function, mode="hessian")(*args), hessian(function)(*args)
    assert np.shape(found) == np.shape(expected) == np.shape(args[0]) * 2
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    near = 1e-12 if np.asarray(found).dtype == np.float64 else 1e-5
    np.testing.assert_allclose(found, expected, near, near)


def test_it_reads_like_what_it_is():
    text = Gradient(rosenbrock, mode="hessian").source(np.ones(3))
    first, *rest = text.splitlines()
    assert first == "def rosenbrock_hessian(x):"
    assert "    dot_x = np.eye(x.shape[0])" in rest


def test_of_several_arrays():
    with pytest.raises(UnsupportedError, match="one dense Hessian by one array, and these are 2"):
        Gradient(layer, (0, 1), mode="hessian")(np.ones((2, 2)), np.ones(2))


def test_matrices_show_their_text():
    for made in (hessian(rosenbrock), jacobian(rosenbrock), jacobian(rosenbrock, mode="reverse")):
        x = np.ones(3)
        assert made.source(x) in made.module(x)
        assert made.source(x).startswith("def rosenbrock_")
        assert "%x: f8[x0]" in made.ir(x)
