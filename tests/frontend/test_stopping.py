"""`stop_gradient`: the value is the same, what it was made of gets nothing through it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from driving import LEVELS
from refusing import refusal

from adcompiler import grad, stop_gradient, value_and_grad

A = np.array([0.5, -1.0, 2.0])


@dataclasses.dataclass
class Params:
    w: np.ndarray
    b: float


class Model:
    def __init__(self):
        self.w = 2.0


def scalar(x, y):
    return x * stop_gradient(x * y) + y


def array(a):
    z = np.sin(a)
    return np.sum((z - stop_gradient(z * 3.0)) ** 2)


def repeated(x, n):
    y, s = x, 0.0
    for _ in range(n):
        y = y * x
        s = s + y * stop_gradient(y)
    return s


def chosen(x):
    y = stop_gradient(x) if x > 0 else x
    return y * x


def structure(p, x):
    q = stop_gradient(p)
    return np.sum(q["w"] * p["w"]) * q["t"][0] * x + stop_gradient([x, 1.0])[0]


def record(p, x):
    q = stop_gradient(p)
    return np.sum(q.w * x) * q.b + np.sum(p.w) * p.b


def list_of_numbers(x, n):
    ys = []
    for _ in range(n):
        ys.append(x * 2)
    return stop_gradient(ys)[0] * x + ys[1]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("f", "wrt", "args", "expected"),
    [
        (scalar, (0, 1), (3.0, 2.0), (6.0, 1.0)),
        (array, 0, (A,), 2 * (np.sin(A) - 3 * np.sin(A)) * np.cos(A)),
        (repeated, 0, (2.0, 2), 4.0 * 4 + 8.0 * 12),
        (chosen, 0, (3.0,), 3.0),
        (chosen, 0, (-3.0,), -6.0),
        (list_of_numbers, 0, (3.0, 2), 8.0),
    ],
)
def test_gradients(f, wrt, args, expected, level):
    value, found = value_and_grad(f, wrt=wrt, optimize=level)(*args)
    assert value == f(*args)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("level", LEVELS)
def test_structures(level):
    p = {"w": A, "t": (2.0, "mean", None)}
    assert grad(structure, wrt="x", optimize=level)(p, 3.0) == np.sum(A * A) * 2.0
    found = grad(lambda w, x: structure({"w": w, "t": (2.0,)}, x), optimize=level)(A, 3.0)
    np.testing.assert_allclose(found, A * 6.0, rtol=1e-14)
    found = grad(record, optimize=level)(Params(A, 3.0), 2.0)
    np.testing.assert_allclose(found.w, [3.0, 3.0, 3.0], rtol=1e-14)
    assert found.b == A.sum()


def test_floats_keep_their_dtype():
    def f(x):
        return np.sum(x * stop_gradient(x) * stop_gradient(2))

    found = grad(f)(A.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, 2 * A.astype(np.float32))


@pytest.mark.parametrize("level", LEVELS)
def test_a_store_through_the_result_is_a_store_into_the_array(level):
    def f(x, v):
        y = x * 2
        z = stop_gradient(y)
        z[0] = v
        return np.sum(y * y) + np.sum(z * z * z)

    value, (grad_x, grad_v) = value_and_grad(f, wrt=(0, 1), optimize=level)(A, 5.0)
    assert value == f(A, 5.0)
    np.testing.assert_allclose(grad_x, [0.0, -8.0, 16.0], rtol=1e-14)
    assert grad_v == 10.0


@pytest.mark.parametrize("level", LEVELS)
def test_a_store_into_the_array_is_seen_through_the_result(level):
    def f(x, v):
        y = x * 2
        z = stop_gradient(y)
        y[0] = v
        return np.sum(z * v)

    value, (grad_x, grad_v) = value_and_grad(f, wrt=(0, 1), optimize=level)(A, 5.0)
    assert value == f(A, 5.0) == 35.0
    np.testing.assert_array_equal(grad_x, [0.0, 0.0, 0.0])
    assert grad_v == 7.0


def test_the_text_has_nothing_of_it():
    source = grad(array).source(A)
    assert source == (
        "def array_grad(a, *, grad_out=1.0):\n"
        "    # forward\n"
        "    z = np.sin(a)\n"
        "    # backward\n"
        "    grad_a = grad_out * 2 * (z - z * 3.0) * np.cos(a)\n"
        "    return grad_a\n"
    )


def test_what_hides_what_it_holds_is_refused():
    model = Model()

    def of_object(x):
        return stop_gradient(model).w * x

    def of_function(x):
        def inner(y):
            return x * y

        return stop_gradient(inner)(x)

    def of_method(x):
        return stop_gradient(x.sum)()

    for f, x in ((of_object, 1.0), (of_function, 1.0), (of_method, A)):
        error = refusal(grad(f), x)
        assert [d.code for d in error.diagnostics] == ["not-a-value"]
        assert "can't be stopped as a whole" in str(error)


def test_a_list_that_exists_twice_is_not_changed():
    def f(x):
        ys = [x, x * x]
        zs = stop_gradient(ys)
        zs.append(x)
        return ys[0] * x

    assert [d.code for d in refusal(grad(f), 2.0).diagnostics] == ["in-place-store"]
