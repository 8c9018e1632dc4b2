"""`vmap`: what it gives is what the calls give one by one; Jacobians go by the stack."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from driving import close

import adcompiler
from adcompiler import (
    SignatureError,
    UnsupportedError,
    grad,
    hessian,
    jacobian,
    jacobians,
    jvp,
    vmap,
)


def sometimes_empty(x, n):
    ys = []
    for i in range(n):
        ys.append(x[i] * 2)
    return np.sum(np.array(ys)) + sum(ys)


def mixed(x):
    m = np.outer(x, x) + 3 * np.eye(3)
    y = np.sum(np.interp(x, [-2, 0, 2.0], x)) + np.prod(x) + np.median(x)
    return y + np.log(np.linalg.det(m)) + np.sum(np.linalg.solve(m, x)) + np.sum(np.cumprod(x))


def itself(x, n):
    if n < 1:
        return np.sum(x * x)
    return np.sum(np.sin(x)) * itself(x * 0.5, n - 1)


RNG = np.random.default_rng(0)
X, W, Y = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(5, 4))


def layer(x, w):
    return np.tanh(w @ x), np.sum(x), 1.0


def loss(w, x, y):
    h = np.tanh(w @ x)
    return np.sum((h - y) ** 2)


def picked(x, i):
    return x[i] * 2


def stored(x, y):
    x[0] = y
    return x * 2


def named(p, x):
    return {"y": p["w"] * x, "n": 3}


def one_by_one(f, in_axes, *args):
    count = next(np.shape(a)[k] for a, k in zip(args, in_axes) if k is not None)
    return [
        f(*(a if k is None else np.take(a, j, k) for a, k in zip(args, in_axes)))
        for j in range(count)
    ]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("f", "in_axes", "args"),
    [
        (layer, (0, None), (X, W)), (layer, (1, None), (X.T, W)), (layer, (0, None), (X[:1], W)),
        (layer, (None, 0), (X[0], np.stack([W, 2 * W]))),
        (picked, (0, 0), (X, np.array([0, 2, 1, 0, 0]))),
        (picked, (None, 0), (X, np.array([0, 4]))),
        (stored, (0, 0), (X.copy(), X[:, 1])), (grad(loss), (None, 0, 0), (W, X, Y)),
        (adcompiler.value_and_grad(loss), (None, 0, 0), (W, X, Y)),
        (grad(mixed), (0,), (X,)), (itself, (0, None), (X, 2)),
        (sometimes_empty, (0, None), (X, 0)), (sometimes_empty, (0, None), (X, 2)),
    ],
)  # fmt: skip
def test_all_at_once(f, in_axes, args, level):
    before = [np.array(a) for a in args]
    found = vmap(f, in_axes, optimize=level)(*args)
    expected = one_by_one(f, in_axes, *args)
    if not isinstance(found, tuple):
        found, expected = (found,), [(one,) for one in expected]
    for k, stack in enumerate(found):
        close(stack, np.stack([one[k] for one in expected]), 1e-12)
    for old, new in zip(before, args):
        assert np.array_equal(old, new)


def test_structures_come_and_go():
    found = vmap(named, (0, None))({"w": X[0]}, 2.0)
    assert np.array_equal(found["y"], X[0] * 2) and np.array_equal(found["n"], [3, 3, 3])


def test_the_text_is_numpy_for_the_whole_stack():
    text = vmap(layer, (0, None)).source(X, W)
    assert "for " not in text and "np.tanh(x @ w.T)" in text


@pytest.mark.parametrize(
    ("in_axes", "args", "reason"),
    [
        (0, (X, 2.0), "no axis 0"), ((0, 0), (X, W), "4 and 5"), ((0,), (X, W), "1 in_axes for 2"),
        ((None, None), (X[0], W), "no argument"), ((0, None), (X[:0], W), "batch of 0"),
    ],
)  # fmt: skip
def test_axes_that_don_t_fit(in_axes, args, reason):
    with pytest.raises(SignatureError, match=reason):
        vmap(layer, in_axes)(*args)


def test_a_gradient_in_two_parts_is_not_batched():
    with pytest.raises(UnsupportedError, match="calls itself"):
        vmap(grad(itself), (0, None))(X, 2)
    rows = jacobian(itself_twice, mode="reverse")(X[0])  # one by one, then
    close(rows, jacobian(itself_twice, mode="forward")(X[0]), 1e-12)


def itself_twice(x):
    return itself(x, 2) * x


def rolled(x, w):
    y = np.zeros(3)
    for i in range(3):
        y = np.tanh(w @ y + x * (i + 1))
        y[i] += y[0]
    return y * x


def energy(x, w):
    return np.sum(rolled(x, w) ** 2)


@pytest.mark.parametrize("level", [0, 1])
def test_jacobians_in_stacks_are_those_one_by_one(level, monkeypatch):
    args = X[0], RNG.normal(size=(3, 3))
    made = [
        jacobian(rolled, (0, 1), mode="forward", optimize=level),
        jacobian(rolled, (0, 1), mode="reverse", optimize=level),
        hessian(energy, (0, 1), optimize=level),
    ]
    found = [f(*args) for f in made]
    monkeypatch.setattr(jacobians, "_AT_ONCE", 4)
    chunks = [f(*args) for f in made]
    monkeypatch.setattr(jacobians, "_in_batches", singly)
    for stacks, chunked, f in zip(found, chunks, made):
        alone = f(*args)
        for a, b, c in zip(leaves(stacks), leaves(chunked), leaves(alone), strict=True):
            assert a.dtype == c.dtype and a.shape == c.shape
            close(a, c, 1e-12)
            close(b, c, 1e-12)


def singly(alone, stacked, values, position, wanted):
    count = np.size(values[position])
    return list(zip(*(alone(jacobians._direction(values, position, k)) for k in range(count))))


def leaves(found):
    if isinstance(found, tuple):
        return [leaf for part in found for leaf in leaves(part)]
    return [found]


def cubes(x):
    return np.sum(x**3)


def test_a_derivative_of_a_gradient_is_not_that_of_its_function():
    x = np.array([1.0, 2.0, 3.0])
    jvp(cubes, (x,), (x,))  # what is kept for a function isn't taken for its gradient
    value, tangent = jvp(grad(cubes), (x,), (np.ones(3),))
    assert np.array_equal(value, 3 * x**2) and np.array_equal(tangent, 6 * x)
    assert np.array_equal(jacobian(grad(cubes))(x), np.diag(6 * x))


def test_the_page_on_batches_is_true():
    page = Path(__file__).parents[1] / "docs" / "batches.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 5 and not found.failed
