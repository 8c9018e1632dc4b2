"""Derivatives inside functions that are differentiated."""

import numpy as np
import pytest
from driving import same

from adcompiler import UnsupportedError, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

A = np.array([[2.0, 0.3], [0.1, 1.5]])
X = np.array([0.5, 1.5])


def energy(q):
    return np.sum(q**4) + q[0] * q[1] ** 2 + np.sum(A @ q * q)


gradient = grad(energy)


def of_a_gradient_from_outside(x):
    g = gradient(x)
    return np.sum(g * g)


def of_one_made_here(x):
    return np.sum(grad(energy)(x) * x)


def of_value_and_gradient(x):
    value, g = value_and_grad(energy)(x)
    return value * g[0]


def of_a_tangent(x):
    return jvp(energy, (x,), (x * 2.0,))[1]


def of_a_tangent_of_arrays(x):
    y, dy = jvp(lambda z: (np.sin(z) * x, 2), (x,), (np.ones(2),))
    return np.sum(y[0] * dy[0]) + dy[1]


def of_a_hessian_product(x):
    return np.sum(hvp(energy, x, np.cos(x)) * x)


def in_a_loop(x):
    p = np.array([1.0, -2.0])
    for i in range(4):
        p = p - 0.05 * gradient(x)
        x = x + 0.1 * p
        if x[0] > 0.9:
            x = x - 0.01 * grad(lambda z: np.sum(np.sin(z) * p))(x)
    return np.sum(x * p)


def of_a_local_function(x):
    scale = np.sum(x)

    def inner(y, k):
        total = 0.0
        for i in range(k):
            total = total + np.sum(y * y) * scale
        return total

    return np.sum(grad(inner)(x, 3) ** 2)


def of_a_gradient_of_a_gradient(x):
    cube = grad(grad(lambda t: t**4 * x[0]))
    return cube(x[1])


def of_several(x):
    def inner(a, b):
        return a * a * b + np.sum(x) * b

    da, db = grad(inner, (0, 1))(x[0], x[1])
    return da * db


def with_a_store(x):
    g = gradient(x)
    g[0] = 0.0
    x = x + g
    return np.sum(x * x)


CASES = [
    of_a_gradient_from_outside, of_one_made_here, of_value_and_gradient, of_a_tangent,
    of_a_tangent_of_arrays, of_a_hessian_product, in_a_loop, of_a_local_function,
    of_a_gradient_of_a_gradient, of_several, with_a_store,
]  # fmt: skip


def slopes(f, x, h=1e-3):
    found = []
    for e in np.eye(x.size):
        near, far = f(x + h * e) - f(x - h * e), f(x + 2 * h * e) - f(x - 2 * h * e)
        found.append((8 * near - far) / (12 * h))
    return np.array(found)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_gradients(f, level):
    before = X.copy()
    value, found = value_and_grad(f, optimize=level)(X)
    assert same(value, f(X))
    assert np.array_equal(X, before)
    np.testing.assert_allclose(found, slopes(f, X), 1e-7, 1e-7)
    _, tangent = jvp(f, (X,), (np.array([0.3, -0.7]),), optimize=level)
    np.testing.assert_allclose(tangent, found @ [0.3, -0.7], 1e-10)


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_once_more(f):
    v = np.array([0.4, 0.9])
    found = hvp(f, X, v)
    h = 1e-4
    expected = (grad(f)(X + h * v) - grad(f)(X - h * v)) / (2 * h)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


def test_what_is_read_from_around_is_a_constant():
    """No perturbation of the outer derivative is taken for one of the inner."""
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * x)(1.0))(3.0) == 0.0


def test_an_argument_that_is_captured_too():
    def f(x):
        return np.sum(grad(lambda y: np.sum(x * y * y))(x))

    np.testing.assert_allclose(grad(f)(X), 4 * X)


def test_the_gradient_is_memory_of_its_own():
    def f(x):
        g = grad(lambda y: np.sum(x * y))(x)
        g[0] = 5.0
        return x[0] * g[1]

    np.testing.assert_allclose(grad(f)(X), [1.5, 0.5])


def test_orders_of_a_power():
    def f(x):
        return x**5

    for order, expected in enumerate([80.0, 160.0, 240.0, 240.0], 1):
        made = f
        for _ in range(order):
            made = grad(made)
        np.testing.assert_allclose(made(2.0), expected)


def test_compositions_agree():
    """grad of jvp, jvp of grad, hvp, hessian, jacobian of grad, grad of a product."""
    v = np.array([0.4, 0.9])
    wanted = hvp(energy, X, v)
    found = [
        grad(lambda x: jvp(energy, (x,), (v,))[1])(X),
        jvp(gradient, (X,), (v,))[1],
        hessian(energy)(X) @ v,
        jacobian(gradient)(X) @ v,
        jacobian(gradient, mode="reverse")(X) @ v,
        grad(lambda x: np.sum(gradient(x) * v))(X),
        vjp(gradient, X)[1](v)[0],
    ]
    for one in found:
        np.testing.assert_allclose(one, wanted, 1e-10)


@pytest.mark.parametrize(
    ("f", "code"),
    [
        (lambda x: vjp(energy, x)[0], "derivative"),
        (lambda x: np.sum(grad(lambda y: y * 2)(x)), "non-scalar-result"),
        (lambda x: np.sum(grad(energy, 3)(x)), "unknown-wrt"),
        (lambda x: jvp(energy, x, x)[1], "derivative"),
    ],
    ids=["vjp", "array", "wrt", "no tuple"],
)
def test_refusals(f, code):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(X)
    assert caught.value.diagnostics[0].code == code
