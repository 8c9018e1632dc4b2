"""A loop's mirror reads what the loop has called a function for, and doesn't call it again."""

import math

import numpy as np
import pytest

from adcompiler import Passes, check_grads, grad
from tests.benchmarks.kernels.recurrences import kepler

WITHOUT = Passes(1, ("loop-values",))


def branches(x, n):
    for i in range(n):
        if x > 0.5:
            x = math.sin(x) * math.cos(x)
        else:
            x = x + math.exp(-i * x)
    return x


def nested(x, n):
    for _ in range(n):
        for _ in range(2):
            x = np.sin(x) + np.cos(x) * x
    return x


@pytest.mark.parametrize(
    "function, arguments", [(kepler, (2.0, 0.6)), (branches, (0.3, 5)), (nested, (0.3, 2))]
)
def test_each_function_is_called_once_and_values_are_the_same(function, arguments):
    text = grad(function).source(*arguments)
    assert text.count("cos(") == text.count("sin(") == 1
    assert grad(function, optimize=WITHOUT).source(*arguments).count("cos(") == 2
    assert grad(function)(*arguments) == grad(function, optimize=WITHOUT)(*arguments)
    check_grads(function, arguments)


def test_a_loop_that_needs_not_run_does_not_run():
    """Only what is there anyway is read."""

    def waves(x, n):
        y = 0.0
        for i in range(n):
            y = y + math.sin(x * i) + math.cos(x * i)
        return y

    text = grad(waves).source(0.3, 4)
    assert "tape" not in text and text.count("for ") == 1
    check_grads(waves, (0.3, 4))


def test_arrays_are_not_taped_for_it():
    def f(x, n):
        for _ in range(n):
            x = np.sin(x) * np.cos(x)
        return np.sum(x)

    x = np.array([0.3, 0.8])
    whole = grad(f)
    assert whole.source(x, 3) == grad(f, optimize=WITHOUT).source(x, 3)


def test_arithmetic_is_not_taped_for_it():
    def f(x, n):
        for _ in range(n):
            x = (1.0 - x) * x
        return x

    assert grad(f).source(0.3, 3) == grad(f, optimize=WITHOUT).source(0.3, 3)


def test_second_derivatives():
    gradient = grad(grad(kepler))
    assert np.isclose(gradient(2.0, 0.6), grad(grad(kepler, optimize=WITHOUT))(2.0, 0.6))
    check_grads(kepler, (2.0, 0.6), order=2)
