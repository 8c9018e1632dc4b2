"""Gates that are called and not read: what they are given, what they have to return."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools

import numpy as np
import pytest
from driving import LEVELS
from refusing import refusal

from adcompiler import (
    SignatureError,
    checkpoint,
    grad,
    hessian,
    hvp,
    jvp,
    primitive,
    value_and_grad,
    vmap,
)
from adcompiler.runtime.helpers import declared

M, B = np.array([[3.0, 1.0], [0.5, 2.0]]), np.array([1.0, 2.0])
CALLS = []


@primitive(opaque=True, result="b", nondiff="trans")
def solve(a, b, *, trans=0):
    """Nothing that the compiler could read."""
    with np.errstate(all="raise") as _:
        CALLS.append(trans)
        return np.linalg.solve(a.T if trans else a, b)


@solve.backward(opaque=True)
def solve_backward(g, a, b, trans, y):
    with np.errstate(all="raise") as _:
        g_b = np.linalg.solve(a if trans else a.T, g)
        return (-np.outer(y, g_b) if trans else -np.outer(g_b, y)), g_b


@primitive(opaque=True, result=("float", "f8[n]"))
def sum_and_square(x):
    return float(x.sum()), x * x


@sum_and_square.backward
def sum_and_square_backward(g, x, y):
    return g[0] + g[1] * 2 * x


def repeated(a, b, n):
    s = 0.0
    for i in range(n):
        b = solve(a, b + 1.0, trans=1) if i > 0 else solve(a, b)
        t, u = sum_and_square(b)
        s = s + np.sum(b**2) + t * np.sum(u)
    return s


def plainly(a, b, n):
    """`repeated` without gates."""
    s = 0.0
    for i in range(n):
        b = np.linalg.solve(a.T, b + 1.0) if i > 0 else np.linalg.solve(a, b)
        s = s + np.sum(b**2) + np.sum(b) * np.sum(b * b)
    return s


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_called_in_loops_and_branches(n, level):
    del CALLS[:]
    value, found = value_and_grad(repeated, wrt=(0, 1), optimize=level)(M, B, n)
    assert [0, 1, 1][:n] == CALLS  # each call once, in its place
    assert value == repeated(M, B, n)
    for g, e in zip(found, grad(plainly, wrt=(0, 1))(M, B, n), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-14)


def test_the_text_calls_what_it_is_given():
    def f(a, b):
        return np.sum(solve(a, b) ** 2)

    source = grad(f).source(M, B)
    assert source.splitlines() == [
        "def f_grad(a, b, *, solve, solve_backward, grad_out=1.0):",
        "    # forward",
        '    s0 = declared(solve(a, b, trans=0), "solve", ("f8", b.shape))',
        "    # backward",
        "    grad_a, _ = declared(",
        "        solve_backward(grad_out * 2 * s0, a, b, 0, s0),",
        '        "solve_backward",',
        '        ("f8", a.shape),',
        '        ("f8", b.shape),',
        "    )",
        "    grad_a = np.array(grad_a)",  # what a function returns, it may have kept
        "    return grad_a",
    ]


def test_it_runs_although_nobody_reads_it():
    def f(a, b):
        solve(a, b)
        return np.sum(b)

    del CALLS[:]
    np.testing.assert_array_equal(grad(f, wrt="b")(M, B), [1.0, 1.0])
    assert CALLS == [0]
    with pytest.raises(np.linalg.LinAlgError):
        grad(f, wrt="b")(0 * M, B)


def test_any_callable():
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    libm.sinh.restype, libm.sinh.argtypes = ctypes.c_double, [ctypes.c_double]
    c_sinh = primitive(libm.sinh, opaque=True, result="float")
    c_sinh.backward(lambda g, x, y: g * np.cosh(x))

    @primitive(opaque=True, result="f8[n]")
    @functools.lru_cache
    def nodes(n):
        return np.linspace(0.0, 1.0, n)

    nodes.backward(lambda g, n, y: None)

    def f(x):
        return c_sinh(x) * np.sum(nodes(3)) * c_sinh(2.0)

    np.testing.assert_allclose(grad(f)(0.5), np.cosh(0.5) * 1.5 * np.sinh(2.0), rtol=1e-15)


def opaque(function, result, rule=None, **options):
    """A function that calls the opaque gate."""
    gate = primitive(function, opaque=True, result=result)
    gate.backward(rule or (lambda g, x, y: g * y), **options)

    def f(x):
        return np.sum(gate(x))

    return f


@pytest.mark.parametrize(
    ("result", "returned", "told"),
    [
        ("x", np.ones(3), None),
        ("f8[3]", np.ones(3), None),
        ("f8[x.shape[0]]", np.ones(3), None),
        ("float", 1.5, None),
        ("float", np.float64(1.5), None),
        ("x", np.ones(2), "returned f8[2], not f8[3]"),
        ("x", np.ones((3, 1)), "returned f8[3, 1], not f8[3]"),
        ("f8[2]", np.ones(3), "returned f8[3], not f8[2]"),
        ("f8[k]", np.ones((3, 1)), "returned f8[3, 1], not f8[?]"),
        ("x", np.ones(3, np.float32), "returned f4[3], not f8[3]"),
        ("x", None, "returned NoneType[], not f8[3]"),
        ("float", 1, "returned int[], not float[]"),
    ],
)
def test_what_it_returns_is_as_declared(result, returned, told):
    f = opaque(lambda x: returned, result)
    if told is None:
        assert value_and_grad(f)(np.ones(3))[0] == np.sum(returned)
        return
    with pytest.raises(TypeError) as caught:
        grad(f)(np.ones(3))
    assert told in str(caught.value)


def test_several_values_as_declared():
    kinds = (("float", ()), ("f8", (None,)))
    assert declared((1.0, B), "f", *kinds) == (1.0, B)
    for wrong in (1.0, (1.0,), (1.0, B, B)):
        with pytest.raises(TypeError, match=r"f returned (float|tuple), not 2 values"):
            declared(wrong, "f", *kinds)


def test_what_a_rule_returns_is_as_declared():
    def wrong(g, x, y):
        return g[:2]

    f = opaque(lambda x: x * 2, "x", wrong, opaque=True)
    with pytest.raises(TypeError, match=r"wrong returned f8\[2\], not f8\[3\]"):
        grad(f)(np.ones(3))


@pytest.mark.parametrize(
    ("result", "told"),
    [("y", "neither a type nor a parameter"), ("f8[n + 1]", "`n + 1` is no size")],
)
def test_declarations_that_say_nothing(result, told):
    error = refusal(grad(opaque(lambda x: x, result)), np.ones(3))
    assert [d.code for d in error.diagnostics] == ["opaque-gate"]
    assert told in str(error)


def test_a_rule_that_is_called_gives_to_floats_only():
    f = opaque(lambda x: x["w"], "f8[n]", lambda g, x, y: g, opaque=True)

    def of_dict(w):
        return f({"w": w})

    assert '@primitive(nondiff="x")' in str(refusal(grad(of_dict), B))


def test_result_and_opaque_belong_together():
    for options in ({"opaque": True}, {"result": "float"}):
        with pytest.raises(SignatureError):
            primitive(**options)(lambda x: x)


def test_not_where_it_would_run_again():
    def step(x):
        return sum_and_square(x)[0] * x

    def called(x):
        return np.sum(checkpoint(step)(x))

    def looped(x, n):
        for _ in checkpoint(range(n)):
            x = step(x)
        return np.sum(x)

    def recursive(x, n):
        return x if n == 0 else recursive(step(x), n - 1)

    def summed(x, n):
        return np.sum(recursive(x, n))

    for f, args in ((called, (B,)), (looped, (B, 3)), (summed, (B, 3))):
        assert "the opaque gate `sum_and_square` is called in" in str(refusal(grad(f), *args))


@primitive(opaque=True, result="x")
def cube(x):
    return x * x * x


@cube.backward
def cube_backward(g, x, y):
    return g * 3 * square(x)


@primitive(opaque=True, result="x")
def square(x):
    return x * x


square.backward(lambda g, x, y: g * 2 * x, opaque=True)
square.forward(lambda dot, x, y: dot * 2 * x, opaque=True)


def of_cube(x):
    return np.sum(cube(x) * x)


def of_square(x):
    return np.sum(square(x) * x)


def test_second_derivatives_where_the_rules_are_read():
    np.testing.assert_allclose(hessian(of_cube)(B), np.diag(12 * B**2), rtol=1e-14)
    np.testing.assert_allclose(hvp(of_cube, B, B), 12 * B**3, rtol=1e-14)
    assert "is called, not read: it has no derivative" in str(refusal(hessian(of_square), B))


def test_forward_mode():
    assert jvp(of_square, (B,), (B,)) == (9.0, 27.0)
    assert jvp(of_cube, (B,), (B,)) == (17.0, 68.0)


@primitive
def doubled(x):
    return x * 2


doubled.backward(lambda g, x, y: g * 2, opaque=True)


def test_a_batch_is_not_handed_to_what_takes_one_example():
    def f(x):
        return np.sum(doubled(x))

    assert "calls a function that isn't read" in str(refusal(vmap(of_square), M))
    np.testing.assert_array_equal(vmap(f)(M), [8.0, 5.0])
    assert "calls a function that isn't read" in str(refusal(vmap(grad(f)), M))
