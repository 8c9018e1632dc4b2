"""Blocks under `grad_of(x)`: they run in the backward part, with the gradient of x."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from driving import LEVELS, case
from refusing import refusal

from adcompiler import grad, grad_of, sigmoid, value_and_grad
from adcompiler.ir.interpreter import interpret
from adcompiler.ops import evaluate
from adcompiler.transform.forward import forward
from adcompiler.transform.reverse import reverse

A = np.array([0.1, 0.5, -1.0])
SEEN = []
LOG = logging.getLogger(__name__)


def clipped(x, w):
    h = np.tanh(x * w)
    k = np.sum(x)
    with grad_of(h) as gh:
        size = np.sqrt(np.sum(gh * gh))
        print("gradient", gh, "of", h, k)
        if size > 100.0:
            raise ValueError(f"too large: {size}")
        gh = np.clip(gh, -0.5, 0.6)
    return np.sum(h * x) + h[0] ** 2


def expected(x, w):
    h = np.tanh(x * w)
    gh = np.clip(x + np.array([2 * h[0], 0.0, 0.0]), -0.5, 0.6)
    return h + gh * (1 - h * h) * w


@pytest.mark.parametrize("level", LEVELS)
def test_it_reads_prints_and_changes(level, capsys):
    h = np.tanh(A * 3.0)
    value, found = value_and_grad(clipped, optimize=level)(A, 3.0)
    seen = A + np.array([2 * h[0], 0.0, 0.0])
    assert capsys.readouterr().out == f"gradient {seen} of {h} {np.sum(A)}\n"
    np.testing.assert_allclose(found, expected(A, 3.0), rtol=1e-14)
    assert value == clipped(A, 3.0)


@pytest.mark.parametrize("level", LEVELS)
def test_it_may_raise(level):
    with pytest.raises(ValueError, match="too large: 1002"):
        grad(clipped, optimize=level)(np.array([1000.0, 0.0]), 1.0)


def test_the_text_has_the_block_in_the_backward_part():
    assert grad(clipped).source(A, 3.0).splitlines() == [
        "def clipped_grad(x, w, *, grad_out=1.0):",
        "    # forward",
        "    h = np.tanh(x * w)",
        "    k = np.sum(x)",
        "    # backward",
        "    grad_h = np.zeros(x.shape)",
        "    grad_h[0] = grad_out * 2 * h[0]",
        "    grad_h += grad_out * x",
        "    grad_x = grad_out * h",
        "    size = np.sqrt(np.sum(grad_h * grad_h))",
        '    print("gradient", grad_h, "of", h, k)',
        "    if size > 100.0:",
        '        raise ValueError(f"too large: {size}")',
        "    grad_h = np.clip(grad_h, -0.5, 0.6)",
        "    grad_x += grad_h * (1 - h * h) * w",
        "    return grad_x",
    ]


def looped(x, n):
    s, y = 0.0, x
    for i in range(n):
        y = y * x
        for gy in grad_of(y):
            print(i, y, gy)
            gy = gy * 0.5
        s = s + y
    return s


@pytest.mark.parametrize("level", LEVELS)
def test_in_a_loop_it_runs_in_every_iteration_backwards(level, capsys):
    assert looped(2.0, 3) == 28.0
    assert capsys.readouterr().out == ""
    found = grad(looped, optimize=level)(2.0, 3)
    # By hand: gradients 1, 1 + 2 * 1/2, 1 + 2 * 2/2 of y = 16, 8, 4.
    assert capsys.readouterr().out == "2 16.0 1.0\n1 8.0 2.0\n0 4.0 3.0\n"
    assert found == 0.5 * 8 + 1.0 * 4 + 1.5 * 2 + 1.5 * 2


@pytest.mark.parametrize("level", LEVELS)
def test_an_array_under_all_its_names(level, capsys):
    def f(x, n):
        y = x * 1.0
        z = y[1:]
        for i in range(n):
            with grad_of(y) as gy:
                print(i, gy)
                gy = gy * 0.5
            z[0] = z[0] * 2 + y[0]
        return np.sum(y)

    def scaled(x, n, g):
        """The same by hand: the adjoint of the loop's body, then the half."""
        for i in reversed(range(n)):
            g = np.array([g[0] + g[1], 2 * g[1], g[2]])
            print(i, g)
            g = g * 0.5
        return g

    wanted = scaled(A, 3, np.ones(3))
    lines = capsys.readouterr().out
    np.testing.assert_allclose(grad(f, optimize=level)(A, 3), wanted)
    assert capsys.readouterr().out == lines


@pytest.mark.parametrize("level", LEVELS)
def test_in_a_branch_and_a_function_called(level):
    def scaled(y, factor):
        for gy in grad_of(y):
            gy = gy * factor
        return y

    def f(x):
        y = sigmoid(x)
        if x > 0:
            y = scaled(y, 10.0)
        return y * 3.0

    for x, factor in ((0.5, 10.0), (-0.5, 1.0)):
        y = sigmoid(x)
        assert grad(f, optimize=level)(x) == pytest.approx(3 * factor * y * (1 - y), rel=1e-15)
        assert f(x) == 3 * y


def test_the_gradient_may_be_reversed_or_replaced():
    def reversal(x):
        y = x * x
        for gy in grad_of(y):
            gy = -0.1 * gy
        return np.sum(y)

    def fixed(x):
        y = x * x
        for gy in grad_of(y):
            gy = 1.0
        return np.sum(y * 5.0)

    np.testing.assert_array_equal(grad(reversal)(A), -0.1 * 2 * A)
    np.testing.assert_array_equal(grad(fixed)(A), 2 * A)
    found = grad(fixed)(A.astype(np.float32))
    assert found.dtype == np.float32


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradient_may_be_stored_into(level):
    def f(x):
        z = x * 1.0
        for gz in grad_of(z):
            gz *= 0.5
            gz[gz < 0] = 0.0
            half = gz
            half[0] += 10.0
        return np.sum(z * z) + np.sum(x)

    np.testing.assert_allclose(grad(f, optimize=level)(A), 1 + np.array([10.1, 0.5, 0.0]))


def test_what_gets_no_gradient_runs_no_block(capsys):
    def f(x, data):
        for g in grad_of(data):
            print("never", g)
        return np.sum(x * data)

    np.testing.assert_array_equal(grad(f)(A, A), A)
    assert capsys.readouterr().out == ""
    grad(f, wrt="data")(A, A)
    assert capsys.readouterr().out == f"never {A}\n"


def test_logging(caplog):
    def f(x):
        y = x * x
        for gy in grad_of(y):
            LOG.warning("gradient %s", gy)
        return y * 3.0

    assert grad(f)(2.0) == 12.0
    assert [r.getMessage() for r in caplog.records] == ["gradient 3.0"]


def test_plain_python_computes_the_same(capsys):
    assert clipped(A, 3.0) == np.sum(np.tanh(A * 3.0) * A) + np.tanh(A * 3.0)[0] ** 2
    # A `with` can't leave out its block: it runs with a zero.
    assert capsys.readouterr().out.startswith("gradient [0. 0. 0.] of")
    for x in (1.5, np.float32(1.5), A.astype(np.float32), 1j):
        assert list(grad_of(x)) == []
        with grad_of(x) as g:
            assert type(g) is type(x)
            assert np.shape(g) == np.shape(x)
            np.testing.assert_array_equal(g, 0 * np.asarray(x))


def cubed(x):
    y = x * x
    for gy in grad_of(y):
        print("gradient", gy)
        gy = gy * 2.0
    return y * x


def test_in_forward_mode_it_does_not_run(capsys):
    lowered = case(cubed, 3.0).function
    tangent = forward(lowered, lowered.parameters, "cubed_jvp")
    assert interpret(tangent, (3.0, 1.0), evaluate) == (27.0, 27.0)
    assert capsys.readouterr().out == ""


def test_a_second_derivative_is_that_of_the_first_ones_code(capsys):
    lowered = case(cubed, 3.0).function
    first = reverse(lowered, lowered.parameters, "first")
    second = reverse(first, first.parameters[:1], "second", level=2)
    # The first is y + 2 x (2 x) = 5 x², by the doubled gradient.
    assert interpret(first, (3.0, 1.0), evaluate) == (45.0,)
    assert capsys.readouterr().out == "gradient 3.0\n"
    assert interpret(second, (3.0, 1.0, 1.0), evaluate) == (30.0,)
    assert capsys.readouterr().out == "gradient 3.0\n"


def outer_name(x):
    y, n = x * x, 0.0
    for gy in grad_of(y):
        n = gy
    return y + n


def own_name(x):
    with grad_of(x) as x:
        pass
    return x


def jump(x):
    for gx in grad_of(x):
        break
    return x * x


def view(x):
    z = x[1:]
    for gz in grad_of(z):
        print(gz)
    return np.sum(z)


def expression(x):
    for g in grad_of(x * x):
        print(g)
    return np.sum(x)


def an_int(x):
    k = len(x)
    for gk in grad_of(k):
        print(gk)
    return np.sum(x) * k


def of_function_around(x):
    s = np.sum(x)

    def inner(y):
        for gs in grad_of(s):
            print(gs)
        return y * s

    return inner(s)


def larger(x):
    for gx in grad_of(x):
        gx = np.outer(gx, gx)
    return np.sum(x)


def read_after(x):
    for gx in grad_of(x):
        n = np.sum(gx)
    return np.sum(x) * n


def stores(x):
    y, z = x * 2, np.zeros(3)
    for gy in grad_of(y):
        z[0] = gy[0]
    return np.sum(y)


@pytest.mark.parametrize(
    ("f", "code", "told"),
    [
        (outer_name, "backward-block", "assigns `n`, which the function has"),
        (own_name, "backward-block", "assigns `x`, which the function has"),
        (jump, "backward-block", "no jump leads out"),
        (view, "backward-block", "`z` is a part of another array"),
        (expression, "backward-block", "is given one name"),
        (an_int, "backward-block", "`k` is an int"),
        (of_function_around, "backward-block", "`s` is a number of another function's"),
        (larger, "backward-block", "the gradient of an f8[x0] is an f8[x0, x0]"),
        (read_after, "unbound", "`n` is read before"),
        (stores, "in-place-store", "a block under grad_of stores into an array"),
    ],
)
def test_refusals(f, code, told):
    (one,) = refusal(grad(f), A).diagnostics
    assert one.code == code
    assert told in one.reason
