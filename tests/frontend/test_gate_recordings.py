"""Gates that save what their backward rules need, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from driving import LEVELS, case, check
from refusing import refusal

from adcompiler import AdcompilerError, grad, primitive, value_and_grad
from adcompiler.ir.interpreter import interpret
from adcompiler.ops import evaluate
from adcompiler.transform.forward import forward
from adcompiler.transform.reverse import reverse

A, M = np.array([0.5, 1.0, -2.0]), np.array([[3.0, 1.0], [0.5, 2.0]])
SCALE = 2.0


@primitive(nondiff="axis")
def softmax(x, axis=0):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True) * SCALE


@softmax.residuals
def softmax_residuals(x, axis):
    y = softmax(x, axis)
    return y, {"p": y / SCALE, "axis": axis}


@softmax.backward
def softmax_backward(g, saved):
    p = saved["p"]
    return SCALE * p * (g - np.sum(g * p, axis=saved["axis"], keepdims=True))


def chosen(x, n):
    for i in range(n):
        if i > 0:
            x = softmax(x * 1.5)
        else:
            x = x * 3
    return np.sum(x**2)


def plainly(x, n):
    """`chosen` without gates."""
    for i in range(n):
        if i > 0:
            e = np.exp(x * 1.5 - np.max(x * 1.5, axis=0, keepdims=True))
            x = e / np.sum(e, axis=0, keepdims=True) * SCALE
        else:
            x = x * 3
    return np.sum(x**2)


@pytest.mark.parametrize("level", LEVELS)
def test_in_loops_and_branches(level):
    value, found = value_and_grad(chosen, optimize=level)(A, 3)
    assert value == chosen(A, 3)
    np.testing.assert_allclose(found, grad(plainly)(A, 3), rtol=1e-12, atol=1e-15)


def test_only_what_is_saved_is_kept():
    source = grad(chosen).source(A, 3)
    assert "x, saved_1, _ = softmax_residuals(x * 1.5, SCALE)" in source
    assert source.count("_tape.append") == 1


@pytest.mark.parametrize("level", LEVELS)
def test_arguments_and_results_that_are_saved_are_no_results_more(level):
    @primitive
    def product(x, y):
        return x * y

    product.residuals(lambda x, y: (x * y, (y, x, y)))
    product.backward(lambda g, saved: (g * saved[0], g * saved[1]))

    @primitive
    def exponential(x):
        return np.exp(x)

    @exponential.residuals
    def exponential_saving(x):
        y = np.exp(x)
        return y, y

    exponential.backward(lambda g, y: g * y)

    def f(x, n):
        for _ in range(n):
            x = product(x, exponential(x))
        return np.sum(x)

    found = grad(f, optimize=level)
    source = found.source(A, 2)
    assert "_, " not in source
    assert source.count(".append(") == 2
    x, slope = A, np.ones(3)
    for _ in range(2):
        x, slope = x * np.exp(x), slope * np.exp(x) * (1 + x)
    np.testing.assert_allclose(found(A, 2), slope, rtol=1e-13)


def test_where_nothing_is_differentiated_the_gate_itself_is_called():
    def f(x, y):
        return np.sum(softmax(y) * x)

    assert "grad_x = grad_out * softmax(y, SCALE)" in grad(f).source(A, A)


def test_differentiated_again_its_function_is_code_like_other():
    check(chosen, A, 3)  # first and second derivatives, by differences


class Inverse:
    """An object that nothing is known of."""

    def __init__(self, a):
        self.inverse = np.linalg.inv(a)


@primitive(opaque=True, result="b")
def solve(a, b):
    return Inverse(a).inverse @ b


@solve.residuals(opaque=True)
def solve_residuals(a, b):
    made = Inverse(a)
    y = made.inverse @ b
    return y, (made, y)


@solve.backward(opaque=True)
def solve_backward(g, saved):
    made, y = saved
    g_b = made.inverse.T @ g
    return -np.outer(g_b, y), g_b


def system(a, b, n):
    s = 0.0
    for i in range(n):
        if i != 1:
            b = solve(a, b + 1.0)
        s = s + np.sum(b**2)
    return s + np.sum(solve(a, b))


def plain_system(a, b, n):
    s = 0.0
    for i in range(n):
        if i != 1:
            b = np.linalg.solve(a, b + 1.0)
        s = s + np.sum(b**2)
    return s + np.sum(np.linalg.solve(a, b))


@pytest.mark.parametrize("level", LEVELS)
def test_residuals_of_any_kind(level):
    args = (M, np.array([1.0, 2.0]), 3)
    value, found = value_and_grad(system, wrt=(0, 1), optimize=level)(*args)
    assert value == system(*args)
    for g, e in zip(found, grad(plain_system, wrt=(0, 1))(*args), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_residuals_that_are_arguments_stored_into_later(level):
    @primitive(opaque=True, result="x")
    def square(x):
        return x * x

    square.residuals(lambda x: (x * x, x), opaque=True)
    square.backward(lambda g, x: g * 2 * x, opaque=True)

    def f(x):
        z = x * 1.0
        y = square(z)
        s = np.sum(y * 3.0)
        z[0] = 5.0
        return s + np.sum(z)

    np.testing.assert_allclose(
        grad(f, optimize=level)(A), 6 * A + np.array([0.0, 1.0, 1.0]), rtol=1e-14
    )


def gate_with(residuals, backward=lambda g, saved: g, options=None, opaque=False):
    gate = primitive(lambda x: x * 2, **(options or {}))
    gate.residuals(residuals, opaque=opaque)
    gate.backward(backward)
    return lambda x: np.sum(gate(x))


@pytest.mark.parametrize(
    ("f", "told"),
    [
        (gate_with(lambda x: x * 2), "return a pair"),
        (gate_with(lambda x: (1.0, x)), "return what the gate does"),
        (gate_with(lambda x: ((x, x), x)), "return what the gate does"),
        (gate_with(lambda x: (x * 2, x), opaque=True), "make the backward rule opaque, too"),
        (gate_with(lambda x: (x * 2, x), lambda g, x, y: g), "doesn't fit"),
    ],
)
def test_what_it_may_return(f, told):
    assert told in str(refusal(grad(f), A))


def test_forward_mode_transposes_the_rule_of_the_residuals():
    lowered = case(chosen, A, 3).function
    dot, h = np.array([1.0, -0.5, 0.25]), 1e-6
    tangent = forward(lowered, lowered.parameters[:1], "f_jvp")
    found = interpret(tangent, (A, 3, SCALE, dot), evaluate)[-1]
    expected = (plainly(A + h * dot, 3) - plainly(A - h * dot, 3)) / (2 * h)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_residuals_that_are_called_are_not_differentiated_again():
    lowered = case(system, M, np.array([1.0, 2.0]), 3).function
    gradient = reverse(lowered, lowered.parameters[1:2], "g")
    with pytest.raises(AdcompilerError, match="is called, not read"):
        reverse(gradient, gradient.parameters[1:2], "h")
