"""Small gates' own steps in the text: what it looks like, which stay calls, and that all is as it
was with the calls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adcompiler import Passes, grad, primitive, relu, sigmoid, value_and_grad

CALLS = Passes(2, "gates")


def neuron(w, x):
    y = sigmoid(w * x)
    return y


def test_text():
    assert grad(neuron, (0, 1), optimize=2).source(1.0, 2.0) == (
        "def neuron_grad(w, x, *, grad_y=1.0):\n"
        "    # forward\n"
        "    s0 = w * x\n"
        "    if s0 >= 0:\n"
        "        y = 1 / (1 + math.exp(-s0))\n"
        "    else:\n"
        "        e = math.exp(s0)\n"
        "        y = e / (1 + e)\n"
        "    # backward\n"
        "    grad_s0 = grad_y * (1 - y) * y\n"
        "    return grad_s0 * x, grad_s0 * w\n"
    )
    for passes in (0, 1, CALLS):
        assert " = sigmoid(" in grad(neuron, optimize=passes).source(1.0, 2.0)


def _looped(x, w):
    e = 2.0
    for _ in range(3):
        x = sigmoid(w * x) * e - sigmoid(x)
    return x


def _branched(x, w):
    return sigmoid(x) if x > w else relu(x) * w


def _asked(x, w):
    while sigmoid(x) < 0.9 and not sigmoid(w * x) > 0.99:
        x = x + relu(w) * x + 0.1
    y = sigmoid(x) if 0.1 < sigmoid(w) < relu(x) else w
    return y * sum([sigmoid(x * k) for k in range(3)])


def _arrays(x, w):
    e = np.sum(x)
    s = sigmoid(x)
    return np.sum(s * relu(x * w) * sigmoid(s)) * e


@primitive
def cut(x, low, high=1.0):
    y = x
    if x < low:
        y = low
    elif x > high:
        y = high * 1.0
    return y


@cut.backward
def _cut_backward(g, x, low, high, y):
    return g if low <= x <= high else 0.0, 0.0, 0.0


def _by_default(x, w):
    return cut(x * x, w) * x + cut(x, -5.0, w)


CASES = [
    (_looped, (0.3, 1.7)), (_looped, (-40.0, 900.0)), (_looped, (math.nan, 1.0)),
    (_asked, (0.2, 0.4)), (_branched, (0.5, 0.1)), (_branched, (-0.5, 0.1)),
    (_by_default, (0.7, 0.2)), (_by_default, (3.0, 0.2)),
    (_arrays, (np.linspace(-800.0, 800.0, 7), 0.3)),
    (_arrays, (np.linspace(-3, 3, 6, dtype=np.float32).reshape(2, 3), np.float32(0.3))),
]  # fmt: skip


@pytest.mark.parametrize("function, arguments", CASES)
def test_nothing_changes_by_a_bit(function, arguments):
    found = value_and_grad(function, (0, 1), optimize=2)(*arguments)
    expected = value_and_grad(function, (0, 1), optimize=CALLS)(*arguments)
    for a, b in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b, strict=True)
    text = grad(function, optimize=2).module(*arguments)
    assert "def sigmoid(" not in text and "def relu(" not in text


@primitive
def loud(x):
    print("loud", x)
    return 2.0 * x


@primitive
def rounds(x):
    for _ in range(3):
        x = x * x
    return x


@primitive
def same(x):
    return x


@primitive
def fills(x):
    a = np.zeros(3)
    a[1:] = x
    return a


@primitive
def long(x):
    return math.sin(x * x * x * x * x * x * x * x * x * x * x * x)


@primitive
def outer(x):
    return sigmoid(x) * 2.0


for gate in (loud, rounds, same, fills, long, outer):
    gate.backward(lambda g, x, y: np.sum(g) * 2.0)


@pytest.mark.parametrize("gate", [loud, rounds, same, fills, long, outer], ids=lambda g: g.name)
def test_what_stays_a_call(gate):
    def f(x):
        return np.sum(gate(x) * x)

    assert f"{gate.name}(x)" in grad(f, optimize=2).source(1.5)


@primitive
def root(x):
    return math.sqrt(x) + 1.0


@root.backward
def _root_backward(g, x, y):
    return g / (2.0 * (y - 1.0))


def test_what_a_gate_raises_comes_in_its_place(capsys):
    def f(x):
        print("before")
        y = root(x)
        print("after")
        return y * y

    with pytest.raises(ValueError):
        grad(f, optimize=2)(-1.0)
    assert capsys.readouterr().out == "before\n"
    assert "root(" not in grad(f, optimize=2).source(4.0)


def test_such_a_gradient_is_differentiated_again():
    second = grad(grad(neuron, optimize=2), optimize=2)
    assert second(0.4, 2.0) == pytest.approx(grad(grad(neuron))(0.4, 2.0), rel=1e-12)
