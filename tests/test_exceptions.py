"""Exceptions of the user's function stay the same, where the gradient computes that part."""

from __future__ import annotations

import math
import traceback
from pathlib import Path

import numpy as np
import pytest

import adcompiler
from adcompiler import grad, value_and_grad

PACKAGE = Path(adcompiler.__file__).parent


def divide(x):
    return 1.0 / x


def index(x):
    return x[5] * 2.0


def index_in_loop(x, n):
    total = 0.0
    for i in range(n):
        total = total + x[i] ** 2
    return total


def sometimes_unbound(x, k):
    if k > 0:
        y = x
    return y * x


def unbound_after_loop(x, n):
    for _ in range(n):
        y = x * x
    return y * x


def add(x, y):
    return np.sum((x + y) ** 2)


def multiply(x, y):
    return np.sum(np.tanh(x @ y))


def root(x):
    return math.sqrt(x)


def logarithm(x):
    return math.log(x)


def overflow(x):
    return math.exp(x)


def power_overflow(x):
    return x**400


def negative_power(x):
    return x**-1


def reshape(x):
    return np.sum(x.reshape(2, 3) ** 2)


def concatenate(x, y):
    return np.sum(np.concatenate((x, y), axis=1) ** 2)


def list_index(x):
    return x[3] * x[0]


def zero_step(x, step):
    y = x
    for _ in range(0, 3, step):
        y = y * x
    return y


def in_a_domain(name):
    """A function whose derivative takes what the function itself raises on."""
    function = getattr(math, name)

    def outside(x):
        return function(x)

    return outside


def unread(x):
    y = math.sqrt(x)
    k = int(x)
    return x * 2.0


def remainder(x, k):
    return x % k


def floor_divided(x, k):
    return x * 2.0 + 0 * (3.5 // k)


def to_int(x):
    k = int(x)
    return 2.0 * x


def in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        total = total + math.log(x - i)
    return total


def after_output(x):
    y = math.log(x)
    print("not reached")
    return y


A = np.ones(3)
UNREAD = [
    *((in_a_domain(name), (x,), ValueError) for name, x in (
        ("log", -1.0), ("log2", -1.0), ("log10", -1.0), ("log1p", -2.0), ("sqrt", -1.0),
        ("asin", 2.0), ("acos", -2.0), ("acosh", 0.5), ("atanh", 3.0),
    )),
    (unread, (-1.0,), ValueError), (unread, (math.inf,), OverflowError),
    (remainder, (1.5, 0.0), ZeroDivisionError), (floor_divided, (1.5, 0.0), ZeroDivisionError),
    (to_int, (math.nan,), ValueError), (in_a_loop, (2.5, 4), ValueError),
    (after_output, (-1.0,), ValueError),
]
CASES = [
    (divide, (0.0,), ZeroDivisionError),
    (index, (A,), IndexError),
    (index_in_loop, (A, 4), IndexError),
    (sometimes_unbound, (1.0, 0), UnboundLocalError),
    (unbound_after_loop, (1.0, 0), UnboundLocalError),
    (add, (A, np.ones(4)), ValueError),
    (multiply, (np.ones((2, 3)), np.ones((4, 2))), ValueError),
    (root, (-1.0,), ValueError),
    (logarithm, (0.0,), ValueError),
    (overflow, (1e4,), OverflowError),
    (power_overflow, (1e9,), OverflowError),
    (negative_power, (0.0,), ZeroDivisionError),
    (reshape, (np.ones(7),), ValueError),
    (concatenate, (np.ones((2, 3)), np.ones((3, 2))), ValueError),
    (list_index, ([1.0, 2.0],), IndexError),
    (zero_step, (2.0, 0), ValueError),
]


@pytest.mark.parametrize(
    ("function", "args", "kind"), CASES, ids=lambda c: getattr(c, "__name__", "")
)
@pytest.mark.parametrize("level", [0, 1])
def test_the_exception_is_the_users_own(function, args, kind, level):
    with pytest.raises(kind) as expected:
        function(*args)
    for _ in range(2):
        with pytest.raises(kind) as found:
            value_and_grad(function, optimize=level)(*args)
        assert type(found.value) is type(expected.value)
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    ("function", "args", "kind"), [*CASES, *UNREAD], ids=lambda c: getattr(c, "__name__", "")
)
def test_the_gradient_alone_raises_too(function, args, kind, capsys):
    with pytest.raises(kind) as expected:
        function(*args)
    with pytest.raises(kind) as found:
        grad(function)(*args)
    assert capsys.readouterr().out == ""
    if (function, args) in [(f, a) for f, a, _ in UNREAD]:
        assert str(found.value) == str(expected.value)


def taped_but_unbound(x, n):
    s = 0.0
    for i in range(n):
        if x > 1:
            t = math.exp(-x)
            s = s + t * i
        s = s * x
    return s * t


@pytest.mark.xfail(strict=True, reason="a taped name starts as None")
@pytest.mark.parametrize("level", [0, 1])
def test_a_name_without_a_value_that_goes_on_a_tape(level):
    with pytest.raises(UnboundLocalError):
        value_and_grad(taped_but_unbound, optimize=level)(0.5, 3)


def test_the_traceback_shows_emitted_lines():
    with pytest.raises(ZeroDivisionError) as caught:
        value_and_grad(divide)(0.0)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].filename.startswith("<adcompiler divide-")
    assert "1.0 / x" in frames[-1].line
    assert sum(Path(f.filename).is_relative_to(PACKAGE) for f in frames) == 1


def test_an_exception_changes_nothing():
    g = grad(divide)
    assert g(2.0) == -0.25
    with pytest.raises(ZeroDivisionError):
        g(0.0)
    assert g(2.0) == -0.25
