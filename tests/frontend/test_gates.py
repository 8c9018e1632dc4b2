"""Gates of one's own: their arguments, results and rules."""

from __future__ import annotations

import copy
import linecache
import pickle

import numpy as np
import pytest
from driving import LEVELS, case
from refusing import refusal

from adcompiler import SignatureError, grad, primitive, relu, sigmoid, value_and_grad
from adcompiler.ir.core import walk
from adcompiler.ir.interpreter import interpret
from adcompiler.ops import evaluate

A, B = np.array([0.5, 1.0, -2.0]), np.array([1.0, 2.0, 3.0])


@primitive(nondiff=("mode", "n"))
def gate(p, x, mode, n=2):
    if mode == "power":
        return np.sum(p["w"] * x) ** n, (p["w"] * 2, p["k"])
    y = x
    for _ in range(n):
        y = y * x
    return np.sum(y), (p["w"], p["k"])


@gate.backward
def gate_backward(g, p, x, mode, n, y):
    g_sum, (g_w, _) = g
    if mode == "power":
        s = g_sum * n * np.sum(p["w"] * x) ** (n - 1)
        return {"w": s * x + g_w * 2, "k": None}, s * p["w"]
    return {"w": g_w, "k": None}, g_sum * (n + 1) * x**n


@gate.forward
def gate_forward(dot_p, dot_x, p, x, mode, n, y):
    if mode == "power":
        s = n * np.sum(p["w"] * x) ** (n - 1)
        return s * np.sum(dot_p["w"] * x + p["w"] * dot_x), (dot_p["w"] * 2, None)
    return np.sum((n + 1) * x**n * dot_x), (dot_p["w"], None)


def structured(w, x, n):
    y, (z, _) = gate({"w": w, "k": 3}, x, "power", n=3)
    u = gate({"w": w, "k": 3}, x, "product", n)
    return y * np.sum(z * x) + u[0]


def plainly(w, x, n):
    """`structured` without gates."""
    return np.sum(w * x) ** 3 * np.sum(w * 2 * x) + np.sum(x ** (n + 1))


@pytest.mark.parametrize("level", LEVELS)
def test_structures_settings_and_several_results(level):
    value, found = value_and_grad(structured, wrt=(0, 1), optimize=level)(A, B, 2)
    assert value == structured(A, B, 2)
    for g, e in zip(found, grad(plainly, wrt=(0, 1))(A, B, 2), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-13)


def test_forward_rules_are_the_directional_derivatives():
    """By central differences of the gates' own functions, along one direction."""
    dots, h = (B * 0.25, A + 1.0), 1e-6
    calls = [op for op in walk(case(structured, A, B, 2).function.body) if op.opcode == "call"]
    for op, mode, n in zip(calls, ("power", "product"), (3, 2), strict=True):

        def leaves(sign, mode=mode, n=n):
            w, x = A + sign * h * dots[0], B + sign * h * dots[1]
            y, (z, k) = gate({"w": w, "k": 3}, x, mode, n)
            return y, z, k

        operands = [A, 3, B, n][: op.attributes["arity"]]
        given = (*dots, *operands, *leaves(0))
        assert op.attributes["moved"] == (0, 2)
        assert op.attributes["received"] == (0, 1)
        found = interpret(op.attributes["pushforward"], given, evaluate)
        for dot, up, down in zip(found, leaves(1), leaves(-1), strict=False):
            np.testing.assert_allclose(dot, (up - down) / (2 * h), rtol=1e-7)


@pytest.mark.parametrize("own", [sigmoid, relu])
@pytest.mark.parametrize("x", [0.75, -1.5, A])
def test_forward_rules_of_our_gates(own, x):
    def f(x):
        return np.sum(own(x))

    (op,) = [op for op in walk(case(f, x).function.body) if op.opcode == "call"]
    (found,) = interpret(op.attributes["pushforward"], (2.0, x, own(x)), evaluate)
    np.testing.assert_allclose(found, 2 * (own(x + 1e-6) - own(x - 1e-6)) / 2e-6, rtol=1e-8)


@pytest.mark.parametrize("own", [sigmoid, relu])
@pytest.mark.parametrize("level", LEVELS)
def test_a_gate_of_whole_numbers_asks_no_rule(own, level):
    found = grad(lambda x, n: x * own(n), optimize=level)(2.0, 3)
    assert found == own(3)


@primitive
def absolute(x):
    return np.abs(x) * x


@absolute.backward
def absolute_backward(g, x, y):
    if x > 0:
        s = 2 * x
    else:
        s = -2 * x
    for _ in range(3):
        s = s + 0.0 * x
    return g * s


@pytest.mark.parametrize("level", LEVELS)
def test_rules_with_branches_and_loops_in_loops(level):
    def f(x, n):
        y = x
        for _ in range(n):
            y = absolute(absolute(y)) + absolute(x)
        return y

    def expected(x, n):
        y, dy = x, 1.0
        for _ in range(n):
            s = abs(y) * y
            dy = 2 * abs(s) * 2 * abs(y) * dy + 2 * abs(x)
            y = abs(s) * s + abs(x) * x
        return dy

    g = grad(f, optimize=level)
    for x in (0.75, -0.75):
        np.testing.assert_allclose(g(x, 3), expected(x, 3), rtol=1e-13)
    source = g.source(0.75, 3)
    assert source.count("# backward") == source.count("# forward") == level


@pytest.mark.parametrize("level", LEVELS)
def test_a_data_argument_gets_no_gradient(level):
    @primitive(nondiff="data")
    def fit(w, data):
        return np.sum((w - data) ** 2)

    @fit.backward
    def fit_backward(g, w, data, y):
        return 2 * g * (w - data)

    def f(x):
        return fit(x, x * 3.0)

    np.testing.assert_array_equal(grad(f, optimize=level)(A), 2 * (A - 3 * A))


def test_settings_may_be_arguments_of_the_function():
    @primitive(nondiff=("axis",))
    def total(x, axis):
        return np.sum(x, axis=axis)

    @total.backward
    def total_backward(g, x, axis, y):
        return np.expand_dims(g, axis)

    def f(x, k):
        return np.sum(total(x, k) ** 2)

    m = np.arange(6.0).reshape(2, 3)
    for k in (0, 1):
        np.testing.assert_array_equal(grad(f)(m, k), 2 * m.sum(axis=k, keepdims=True) + 0 * m)


def rules(backward=None, forward=None, **options):
    """A gate of two arrays with these rules, called in a function."""

    @primitive(**options)
    def two(x, y):
        return x * y

    if backward:
        two.backward(backward)
    if forward:
        two.forward(forward)

    def f(x, y):
        return np.sum(two(x, y))

    return f


@pytest.mark.parametrize(
    ("f", "told"),
    [
        (rules(), "has no derivative"),
        (rules(lambda g, x, y, z: g * y), "returns 1 contribution; there has to be one"),
        (rules(lambda g, x, y, z: (g, g), nondiff="y"), "there has to be one for each of `x`."),
        (rules(lambda g, x, y, z: (x > 0, None)), "returns a b1[x0] for `x`, which is an f8[x0]"),
        (rules(lambda g, x, y, z: ((g, g), None)), "returns a tuple for `x`"),
        (rules(lambda g, x, y, z: ({}, None)), "returns a dict for `x`"),
        (rules(lambda g, x, y, z: ("", None)), "returns a string for `x`"),
        (rules(lambda g, x, y: (g, g)), "doesn't fit"),
        (rules(None, lambda dx, dy, x, y, z: None), "gives no tangent"),
        (rules(None, lambda dx, dy, x, y, z: dx * y), "a rule for forward mode only"),
    ],
)
def test_what_rules_may_return(f, told):
    error = refusal(grad(f), A, B)
    (one,) = error.diagnostics
    assert told in one.reason
    assert linecache.getline(one.span.filename, one.span.line).strip() == "return np.sum(two(x, y))"


def test_shapes_that_cannot_be():
    @primitive
    def three(x):
        return 2 * x

    def f(x):
        return np.sum(three(np.array([x, x, x])))

    three.backward(lambda g, x, y: np.ones(4) * g[0])
    assert "returns an f8[4] for `x`, which is an f8[3]" in str(refusal(grad(f), 1.0))
    three.backward(lambda g, x, y: g * np.ones((4, 3)))
    assert grad(f)(1.0) == 12.0  # a contribution is summed over what the argument lacks
    three.forward(lambda dot, x, y: np.ones(4) * dot[0])
    assert "returns an f8[4] for the result, which is an f8[3]" in str(refusal(grad(f), 1.0))


def test_nondiff_names_parameters():
    with pytest.raises(SignatureError, match="has no parameter `z`"):
        primitive(nondiff="z")(lambda x, y: x)


def test_a_rule_exchanged_is_seen():
    def f(x):
        return twice(x)

    @primitive
    def twice(x):
        return 2 * x

    twice.backward(lambda g, x, y: 2 * g)
    g = grad(f)
    assert g(1.0) == 2.0
    twice.backward(lambda g, x, y: 3 * g)
    assert g(1.0) == 3.0


def test_gates_made_of_lambdas_have_a_name_in_the_text():
    squared = primitive(lambda x: x * x)
    squared.backward(lambda g, x, y: 2 * g * x)

    def f(x):
        return squared(x) * x

    found = value_and_grad(f)
    assert found(3.0) == (27.0, 27.0)
    assert "def gate(x):" in found.module(3.0)


def test_gates_are_pickled_by_name():
    assert pickle.loads(pickle.dumps(gate)) is gate
    assert copy.deepcopy(gate) is gate
