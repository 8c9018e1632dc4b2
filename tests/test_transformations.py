"""jvp, vjp, hvp, jacobian and hessian of whole programs: they agree with the gradient, which
differences have proved, with each other, and with differences of the gradient."""

import copy
import functools
import inspect

import numpy as np
import pytest
from driving import same
from golden_files import CASES, load

from adcompiler import (
    UnsupportedError,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)


def floats(value):
    """The numbers and arrays of floats in a structure, in order."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in floats(part)]
    return [value] if np.asarray(value).dtype.kind == "f" else []


def direction(value, rng):
    """A tangent for a structure; what is no float stays."""
    if isinstance(value, dict):
        return {key: direction(part, rng) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(direction(part, rng) for part in value)
    if np.asarray(value).dtype.kind != "f":
        return value
    drawn = rng.normal(size=np.shape(value))
    return drawn if np.ndim(value) else float(drawn)


def moved(value, along, step):
    if isinstance(value, dict):
        return {key: moved(part, along[key], step) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(moved(a, b, step) for a, b in zip(value, along, strict=True))
    return value + step * along if np.asarray(value).dtype.kind == "f" else value


def inner(a, b):
    return sum(float(np.sum(p * q)) for p, q in zip(floats(a), floats(b), strict=True))


def chosen(case):
    names = list(inspect.signature(case.FUNCTION).parameters)
    wrt = case.WRT if isinstance(case.WRT, tuple) else (case.WRT,)
    return tuple(names.index(w) if isinstance(w, str) else w for w in wrt)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("stem", CASES)
def test_the_tangent_is_the_gradient_along_a_direction(stem, level):
    case = load(stem)
    wrt, arguments = chosen(case), case.ARGUMENTS
    tangents = tuple(direction(arguments[k], np.random.default_rng(1)) for k in wrt)
    value, gradients = value_and_grad(case.FUNCTION, wrt)(*copy.deepcopy(arguments))
    found = jvp(case.FUNCTION, copy.deepcopy(arguments), tangents, wrt=wrt, optimize=level)
    assert same(found[0], value)
    np.testing.assert_allclose(found[1], inner(gradients, tangents), 1e-10, 1e-12)
    value, pullback = vjp(case.FUNCTION, *copy.deepcopy(arguments), wrt=wrt, optimize=level)
    for _ in range(2):
        for a, b in zip(floats(pullback(2.0)), floats(gradients), strict=True):
            np.testing.assert_allclose(a, 2 * np.asarray(b), 1e-12, 1e-14)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("stem", CASES)
def test_the_hessian_times_a_vector_is_the_change_of_the_gradient(stem, level):
    case = load(stem)
    wrt, arguments = chosen(case), case.ARGUMENTS
    tangents = tuple(direction(arguments[k], np.random.default_rng(2)) for k in wrt)
    found = hvp(case.FUNCTION, *copy.deepcopy(arguments), tangents, wrt=wrt, optimize=level)
    gradient = grad(case.FUNCTION, wrt)

    def at(step):
        changed = list(copy.deepcopy(arguments))
        for k, along in zip(wrt, tangents, strict=True):
            changed[k] = moved(changed[k], along, step)
        return floats(gradient(*changed))

    h = 1e-4
    outer = zip(at(h), at(-h), at(2 * h), at(-2 * h), strict=True)
    expected = [(8 * (a - b) - (c - d)) / (12 * h) for a, b, c, d in outer]
    for a, b in zip(floats(found), expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-6, 1e-6 * max(1.0, float(np.max(np.abs(b)))))


def storing(u):
    u[0] = u[0] * u[1]
    return u * u


@pytest.mark.parametrize("transposed", ["forward", "reverse"])
def test_stores_into_arguments_change_neither_them_nor_the_derivative(transposed):
    u = np.array([2.0, 3.0])
    value, pullback = vjp(storing, u)
    np.testing.assert_array_equal(value, [36.0, 9.0])
    u_kept = u.copy()
    np.testing.assert_array_equal(jacobian(storing, mode=transposed)(u), [[36.0, 24.0], [0, 6.0]])
    np.testing.assert_array_equal(u, u_kept)
    u[:] = 7.0
    for _ in range(2):
        np.testing.assert_array_equal(pullback(np.array([1.0, 0.0]))[0], [36.0, 24.0])


def noisy(x, rng):
    return x * x * rng.normal()


def test_the_draws_of_a_generator_are_the_same_in_every_part():
    value, pullback = vjp(noisy, 3.0, np.random.default_rng(0))
    for _ in range(2):
        assert pullback(1.0)[0] == pytest.approx(value / 3.0 * 2.0, rel=1e-14)

    def rows(x, rng):
        return x * rng.normal(size=3)

    x = np.ones(3)
    for mode in ("forward", "reverse"):
        rng = np.random.default_rng(0)
        found = jacobian(rows, mode=mode)(x, rng)
        np.testing.assert_allclose(found, np.diag(np.random.default_rng(0).normal(size=3)))
    second = hessian(lambda x, rng: np.sum(x**2 * rng.normal(size=3)))(x, np.random.default_rng(0))
    np.testing.assert_allclose(second, 2 * np.diag(np.random.default_rng(0).normal(size=3)))


def test_a_wrapper_has_derivatives_of_its_own():
    """What wraps a function has its attributes; what was compiled for it is none of them."""

    def cube(x):
        return x**3

    assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)

    @functools.wraps(cube)
    def twice(x):
        return 2 * cube(x)

    assert jvp(twice, (2.0,), (1.0,)) == (16.0, 24.0)
    assert jvp(grad(cube), (2.0,), (1.0,)) == (12.0, 12.0)
    assert vjp(grad(cube), 2.0)[1](1.0) == (12.0,)
    assert hvp(grad(cube), 2.0, 1.0) == 6.0
    assert jacobian(grad(cube))(2.0) == 12.0 and hessian(grad(cube))(2.0) == 6.0
    assert hvp(cube, 2.0, 1.0) == 12.0


class Scaled:
    """With attributes that the derivatives' own objects have, too."""

    def __init__(self):
        self.function, self.wrt, self.optimize, self.mode = 3.0, 1, 0, "none"

    def __call__(self, x, y):
        return self.function * x * y


def test_an_objects_attributes_are_its_own():
    assert jvp(Scaled(), (2.0, 5.0), (1.0, 0.0)) == (30.0, 15.0)
    assert vjp(Scaled(), 2.0, 5.0)[1](1.0) == (15.0, 6.0)
    assert jacobian(Scaled())(2.0, 5.0) == 15.0


def test_what_calls_itself_is_refused_inside_a_function():
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    def slope(x, n):
        return jvp(lambda x: power(x, n), (x,), (1.0,))[1]

    with pytest.raises(UnsupportedError, match="what calls itself"):
        grad(slope)(2.0, 3)
