"""`jacobian`, `hessian` and `vmap` of functions, inside of functions that are differentiated."""

import numpy as np
import pytest

from adcompiler import SignatureError, UnsupportedError, grad, hessian, jacobian, jvp, vjp, vmap

X = np.array([0.3, -0.8, 1.1])
ROWS = np.random.default_rng(0).normal(size=(4, 3))


def quartic(y):
    return np.sum(y**4) + np.sum(y) ** 2


def newton(x):
    for _ in range(3):
        x = x - 0.3 * np.linalg.solve(hessian(quartic)(x) + np.eye(3), grad(quartic)(x))
    return np.sum(x**2)


def model(w, t):
    return w[0] * np.exp(-w[1] * t) + w[2]


def gauss_newton(w):
    t = np.linspace(0.0, 1.0, 5)
    j = jacobian(model)(w, t)
    return np.sum(np.linalg.solve(j.T @ j + np.eye(3), j.T @ model(w, t)) ** 2)


def stored(y):
    z = y.copy()
    for i in range(1, 3):
        z[i] = z[i - 1] * np.sin(y[i])
    return z


def stores(x):
    return np.sum(jacobian(stored, mode="reverse")(x) * jacobian(stored, mode="forward")(x))


def around(x):
    """What is read from around is a constant, also the same array."""
    return np.sum(jacobian(lambda y: x * y * y)(x) ** 2)


def of_matrices(x):
    a = np.outer(x, x) + 1.0
    columns = jacobian(lambda m: m @ m, mode="forward")(a)
    rows = jacobian(lambda m: m @ m, mode="reverse")(a)
    return np.sum(columns**2) + np.sum(rows**3) + np.sum(hessian(lambda m: np.sum(m @ m @ m))(a))


def structured(x):
    rows = jacobian(lambda p: p["a"] * p["b"], mode="reverse")({"a": x, "b": x * x})
    first, second = jacobian(lambda y: (y * y, np.sum(y**3)))(x)
    j, aux = jacobian(lambda y: (y * y * y, {"y": y}), has_aux=True)(x)
    return np.sum(rows["a"] ** 2) + np.sum(first @ second) + np.sum(j @ aux["y"])


def of_numbers(x):
    row = jacobian(lambda s: s * s * x)(np.sum(x))
    return np.sum(row) * hessian(lambda s: s**4)(x[0]) + np.sum(jacobian(quartic)(x) ** 2)


def batched(x):
    a = np.outer(x, x) + np.eye(3)
    rows = vmap(lambda r: np.cumsum(r) * r[0])(a)
    columns = vmap(lambda c: np.sum(c) ** 2, 1)(a)
    each = vmap(hessian(lambda r: np.sum(np.sin(r)) * r[0]))(a)
    mixed = vmap(lambda d, s: d["a"] * s + d["b"] @ x, (0, None))({"a": x, "b": a}, 2.0)
    return np.sum(rows * columns) + np.sum(each**2) + np.sum(mixed**2)


def nested(x):
    a = np.outer(x, x)
    return np.sum(vmap(lambda u: vmap(lambda v: np.sin(u @ v))(a))(a) ** 2)


@pytest.mark.parametrize("f", [
    newton, gauss_newton, stores, around, of_matrices, structured, of_numbers, batched, nested,
])  # fmt: skip
def test_gradients_through_matrices(f):
    found, h = grad(f)(X), 1e-5
    steps = [X + k * h * e for e in np.eye(3) for k in (1, -1)]
    values = np.array([f(x) for x in steps]).reshape(3, 2)
    expected = (values[:, 0] - values[:, 1]) / (2 * h)
    np.testing.assert_allclose(found, expected, 1e-6, 1e-6 * np.max(np.abs(expected)))


def dense(w, x):
    return np.tanh(w @ x)


def test_derivatives_of_what_was_made():
    w = ROWS[:2]
    rows = np.stack([jacobian(dense)(w, x) for x in ROWS])
    np.testing.assert_allclose(jacobian(vmap(dense, (None, 0)))(w, ROWS), rows)
    np.testing.assert_allclose(vmap(jacobian(dense), (None, 0))(w, ROWS), rows)
    both = vmap(vmap(dense, (None, 0)), (0, None))(np.stack([w, 2 * w]), ROWS)
    np.testing.assert_allclose(both, [np.tanh(ROWS @ w.T), np.tanh(ROWS @ (2 * w).T)])
    third = jacobian(hessian(quartic))(X)
    assert third.shape == (3, 3, 3)
    np.testing.assert_allclose(third, jacobian(jacobian(jacobian(quartic)))(X))
    np.testing.assert_allclose(jvp(hessian(quartic), (X,), (X,))[1], third @ X)
    _, pullback = vjp(jacobian(dense), w, X)
    assert [g.shape for g in pullback(np.ones((2, 2, 3)))] == [(2, 3), (3,)]
    assert "def dense_vmap_jvps(w, x" in jacobian(vmap(dense, (None, 0)), mode="forward").source(
        w, ROWS
    )


OUTER = jacobian(dense, 1)


def test_one_made_outside():
    expected = grad(lambda w, x: np.sum(jacobian(dense, 1)(w, x) ** 2))(ROWS[:2], X)
    np.testing.assert_allclose(
        grad(lambda w, x: np.sum(OUTER(w, x) ** 2))(ROWS[:2], X), expected
    )


def test_a_batch_of_one():
    def f(x):
        return np.sum((vmap(lambda r: np.sum(r) ** 2)(x) + x[:, 0]) ** 2)

    x = ROWS[:1]
    expected = 2 * (np.sum(x) ** 2 + x[0, 0]) * (2 * np.sum(x) + np.array([[1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(grad(f)(x), expected)


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: jacobian(lambda a, b: (a * b, b), (0, 1))(x, x)[0][0][0, 0], "2 results by 2"),
        (lambda x: hessian(lambda a, b: np.sum(a * b), (0, 1))(x, x)[0][0][0, 0], "by 2 arrays"),
        (lambda x: np.sum(vmap(lambda s: s if s > 0 else -s)(x)), "differs within the batch"),
        (lambda x: np.sum(vmap(lambda s: s * 2)(x[0])), "no axis 0"),
        (lambda x: np.sum(vmap(lambda a, b: a * b)(np.ones(1), x)), "a batch of 1 and"),
        (lambda x: np.sum(vmap(lambda a, b: a * b, (0,))(x, x)), "1 in_axes for 2"),
        (lambda x: np.sum(hessian(lambda y: y * y)(x)), "not one real number"),
        (lambda x: hessian(lambda y: (y, 1), has_aux=True)(x[0])[0], "with has_aux inside"),
    ],
)
def test_refusals(f, words):
    with pytest.raises(UnsupportedError, match=words):
        grad(f)(X)


def test_complex_results_have_columns_and_complex_arguments_rows():
    def f(x):
        return np.sum(x) * 1j

    np.testing.assert_array_equal(jacobian(f)(X), [1j, 1j, 1j])
    with pytest.raises(SignatureError, match="complex results"):
        jacobian(f, mode="reverse")(X)
    z = X + 1j
    np.testing.assert_allclose(jacobian(lambda z: np.abs(z) ** 2)(z), np.diag(2 * z.conj()))
    with pytest.raises(UnsupportedError, match="mode='reverse', inside"):
        grad(lambda x: np.sum(jacobian(f, mode="reverse")(x).imag))(X)
    assert grad(lambda x: np.sum(jacobian(lambda y: y * y * 1j)(x).imag))(X).tolist() == [2.0] * 3
