"""Python's floats where NumPy divides: no ZeroDivisionError out of a derivative alone.

    np.exp(x) / x        at 0.0, a float: inf, and so its derivative is divide(grad_out, x), not /

Where the function has a value, its derivatives are those at the same np.float64s.
"""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from driving import module
from sampling import spelled, vias

from adcompiler import grad, hvp, jvp, value_and_grad
from adcompiler.ops import TABLE

POINTS = (-1.0, 0.0, 1.0)
QUOTIENTS = {
    "dividend of NumPy's": "np.exp(a) / b", "divisor of NumPy's": "a / np.sin(b)",
    "remainder": "np.exp(a) % b", "remainder by NumPy's": "a % np.sin(b)",
    "power": "np.exp(a) ** b / b", "power of a float": "a ** np.sin(b)",
    "not selected": "np.where(b != 0, np.cos(a) / b, 1.0)",
    "twice": "np.exp(a) / b / b", "mean": "np.mean([a, b]) / b", "sum": "sum([np.exp(a), b]) / a",
    "either": "(1.0 if b > 0 else np.exp(a)) / b", "ufunc": "np.divide(a, b)",
    "np.remainder": "np.remainder(a, b)", "np.divmod": "np.divmod(a, b)[1]",
    "of an argument": "np.sin(b) / b * a",
}  # fmt: skip
ENTRIES = [
    (op, via)
    for op in TABLE.values() if op.elementwise and not op.no_gradient and op.singular is not None
    for via in vias(op) if via in ("np", "math")
]  # fmt: skip


def sinc(x):
    return np.where(x != 0, np.sin(x) / x, 1.0)


def scaled(x, s):
    return np.mean(x) / s


def every(f, wrt, level):
    """The derivatives by one argument, each a function of all."""
    return {
        "grad": grad(f, wrt=wrt, optimize=level),
        "value_and_grad": value_and_grad(f, wrt=wrt, optimize=level),
        "jvp": lambda *a: jvp(f, wrt=wrt, optimize=level)(a, (1.0,)),
        "hvp": lambda *a: hvp(f, wrt=wrt, optimize=level)(*a, 1.0),
    }


def agree_everywhere(f, count, level, names):
    """At all points where Python's floats give what NumPy's do; says at how many."""
    seen = 0
    for numbers in itertools.product(POINTS, repeat=count):
        doubles = tuple(map(np.float64, numbers))
        try:
            value = f(*numbers)
        except (ZeroDivisionError, ValueError):
            continue
        if not np.array_equal(value, f(*doubles), equal_nan=True):
            continue  # Python's power of a negative number is complex
        seen += 1
        for wrt in range(count):
            for name, derivative in every(f, wrt, level).items():
                if name in names:
                    found, wanted = derivative(*numbers), derivative(*doubles)
                    np.testing.assert_allclose(found, wanted, rtol=1e-12, err_msg=name)
    return seen


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("text", QUOTIENTS.values(), ids=QUOTIENTS)
def test_quotients_of_numpy_numbers(text, level, tmp_path):
    made = module(tmp_path, f"import numpy as np\n\ndef f(a, b):\n    return {text}\n")
    assert agree_everywhere(made.f, 2, level, ("grad", "value_and_grad", "jvp", "hvp")) >= 6


@pytest.mark.parametrize(("op", "via"), ENTRIES, ids=lambda item: getattr(item, "name", item))
def test_functions_with_poles(op, via, tmp_path):
    names = ", ".join("abcdefgh"[: len(op.domain)])
    made = module(tmp_path, f"def f({names}):\n    return called({names})\n")
    made.called = spelled(op, via)
    assert agree_everywhere(made.f, len(op.domain), 1, ("grad", "hvp"))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_is_not_selected_passes_zero(level):
    assert grad(sinc, optimize=level)(0.0) == 0
    assert value_and_grad(sinc, optimize=level)(0.0) == (1, 0)
    assert jvp(sinc, (0.0,), (1.0,), optimize=level) == (1, 0)


def by_count(x, n):
    return np.sum(np.where(n > 0, x / n, 0.0))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_is_not_selected_of_a_quotient_by_integers_passes_zero(level):
    derivative = grad(by_count, optimize=level)
    np.testing.assert_array_equal(derivative(np.ones(3), np.array([0, 1, 2])), [0, 1, 0.5])
    assert derivative(1.0, np.int64(0)) == 0
    assert derivative(np.float64(1.0), 0) == 0


@pytest.mark.parametrize("level", [0, 1, 2])
def test_an_array_by_a_float(level):
    by_x, by_s = grad(scaled, wrt=(0, 1), optimize=level)(np.ones(2), 0.0)
    assert np.all(by_x == math.inf)
    assert by_s == -math.inf


def plain(x, y):
    return x / y


def test_where_python_raises_its_own_division_stays():
    derivative = grad(plain, wrt=(0, 1))
    assert "divide(" not in derivative.source(1.0, 2.0)
    with pytest.raises(ZeroDivisionError):
        derivative(1.0, 0.0)
