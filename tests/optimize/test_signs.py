"""Changes of sign that become differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, grad, value_and_grad
from adcompiler.optimize.signs import move_signs


def test_into_sums_and_fewer_elements():
    same_text(
        transformed(
            move_signs,
            """
            function f(%g: f8[n], %a: f8[n], %b: f8[], %y: f8[n]):
                %0: f8[n] = neg[via='op', backward=True] %g
                %1: f8[n] = mul[via='op', backward=True] %0, %y
                %2: f8[n] = accumulate[backward=True] %a, %1
                %3: f8[] = sum[axis=None, keepdims=False, backward=True] %0
                %4: f8[] = accumulate[backward=True] %b, %3
                return %2, %4
            """,
        ),
        """
        function f(%g: f8[n], %a: f8[n], %b: f8[], %y: f8[n]):
            %0: f8[n] = mul[via='op'] %g, %y
            %1: f8[n] = neg[via='op'] %0
            %2: f8[n] = accumulate %a, %1
            %3: f8[] = sum %g
            %4: f8[] = neg[via='op'] %3
            %5: f8[] = accumulate %b, %4
            return %2, %5
        """,
    )


@pytest.mark.parametrize("line", ["neg[via='op'] %g", "neg[via='op', backward=True] %g"])
def test_a_sign_that_somebody_needs_stays(line):
    """In the forward part, and where what is returned would only change its sign later."""
    text = f"""
        function f(%g: f8[n], %y: f8[n]):
            %0: f8[n] = {line}
            %1: f8[n] = mul[via='op', backward=True] %0, %y
            return %0, %1
        """
    assert transformed(move_signs, text).count("neg") == 1


def orbit(x, y, a, b, n):
    for _ in range(n):
        p = a * x - b * x * y
        q = x * y - (a - p) * y
        x, y = x - 0.1 * p, y + 0.1 * (q - (-p))
    return -(x - y) ** 2


def centred(x, w):
    z = x - np.mean(x, axis=0)
    z = z - np.max(z, axis=1, keepdims=True) * w
    return -np.sum(-z * (1 - z * w)) - np.sum(w - z) ** 2


def stored(x, w):
    y = np.zeros_like(x)
    y[1:] = -w * x[:-1]
    y[:1] = w - x[:1]
    return np.sum((1 - y) * -x)


CASES = [
    (orbit, (1.5, 0.7, 0.3, 0.2, 5), (0, 1, 2, 3)),
    (centred, (np.arange(6.0).reshape(3, 2) ** 1.5, 0.7), (0, 1)),
    (stored, (np.linspace(0.5, 2.0, 5), 0.3), (0, 1)),
]


@pytest.mark.parametrize("function, args, wrt", CASES)
def test_the_gradient_is_the_same(function, args, wrt):
    value, found = value_and_grad(function, wrt)(*args)
    expected = grad(function, wrt, optimize=0)(*args)
    assert value == function(*args)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-13, 1e-14)


def test_fewer_signs_in_a_loop():
    shown = grad(orbit, (0, 1, 2, 3)).source(*CASES[0][1])
    plain = grad(orbit, (0, 1, 2, 3), optimize=Passes(1, "signs")).source(*CASES[0][1])
    assert plain.count("= -") > 2 > shown.count("= -")


def test_a_name_is_never_that_of_the_opposite():
    """The gradient of k is what `grad_k` holds, whatever its users do with it."""

    def f(x, a):
        k = np.sin(x)
        return a * x - k * x - k * a

    text = grad(f, (0, 1)).source(0.5, 0.7)
    space = {"np": np, "math": math, "found": []}
    exec(text.replace("    return ", "    found.append(grad_k)\n    return "), space)
    space["f_grad"](0.5, 0.7)
    np.testing.assert_allclose(space["found"], [-0.5 - 0.7])


def test_a_number_that_is_no_factor_takes_no_sign():
    after = transformed(
        move_signs,
        """
        function f(%g: f8[n, n], %b: f8[n, n]):
            %k: int = constant[value=1]
            %0: f8[n, n] = neg[via='op', backward=True] %g
            %1: f8[n, n] = triu[backward=True] %0, %k
            %2: f8[n, n] = accumulate[backward=True] %b, %1
            return %2
        """,
    )
    assert "triu %g, %k" in after
    assert after.count("neg") == 1
