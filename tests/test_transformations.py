"""jvp, vjp, hvp, jacobian and hessian of whole programs: they agree with the gradient, which
differences have proved, with each other, and with differences of the gradient."""

import copy
import dataclasses
import functools
import inspect
import re

import numpy as np
import pytest
from driving import same
from golden_files import CASES, load

from adcompiler import (
    SignatureError,
    UnsupportedError,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
    vmap,
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


def noisy(x, rng):
    return np.sum(x * rng.normal(size=3))


def test_a_pullback_draws_no_other_numbers():
    rng = np.random.default_rng(0)
    value, pullback = vjp(noisy, np.ones(3), rng, wrt=0)
    drawn = np.random.default_rng(0).normal(size=3)
    assert value == np.sum(drawn)
    for _ in range(2):
        np.testing.assert_array_equal(pullback(1.0), drawn)
    assert rng.normal() != drawn[0]  # the function has run once


def test_all_of_a_jacobian_is_of_the_same_draws():
    def drawn(x, y, rng):
        return x * y * rng.normal()

    first = np.random.default_rng(0).normal()
    rng = np.random.default_rng(0)
    assert jacobian(drawn, (0, 1), mode="forward")(1.0, 1.0, rng) == (first, first)
    assert rng.normal() != first
    assert hessian(drawn, (0, 1))(1.0, 1.0, np.random.default_rng(0)) == ((0, first), (first, 0))


def several(x, n):
    return {"y": np.sin(x) * n, "k": n, "s": (np.sum(x), "name")}


def test_structures_of_results():
    x, v = np.array([0.1, 0.2]), np.array([1.0, -1.0])
    value, tangent = jvp(several, (x, 3), (v, None))
    assert tangent["k"] == 0 and tangent["s"][1] == "name" and value["k"] == 3
    np.testing.assert_allclose(tangent["y"], 3 * np.cos(x) * v)
    value, pullback = vjp(several, x, 3)
    found = pullback({"y": v, "k": None, "s": (2.0, None)})
    np.testing.assert_allclose(found[0], 3 * np.cos(x) * v + 2.0)
    assert found[1] is None
    blocks = jacobian(lambda x: (np.sin(x), np.sum(x * x)))(x)
    np.testing.assert_allclose(blocks[0], np.diag(np.cos(x)))
    np.testing.assert_allclose(blocks[1], 2 * x)


@pytest.mark.parametrize(
    ("tangent", "words"),
    [(np.ones(3), "for (2,)"), ((1.0, 2.0, 3.0), "for (2,)"), (np.ones((2, 1)), "for (2,)")],
)
def test_tangents_that_do_not_fit(tangent, words):
    with pytest.raises(SignatureError, match=re.escape(words)):
        jvp(lambda x: x * x, (np.ones(2),), (tangent,))


def test_single_precision_stays():
    x = np.array([0.5, 2.0], np.float32)
    value, tangent = jvp(lambda x: np.sqrt(x) * 2.0, (x,), ([1, 1],))
    assert value.dtype == tangent.dtype == np.float32
    assert hvp(lambda x: np.sum(x**3), x, np.ones(2)).dtype == np.float32
    assert hessian(lambda x: np.sum(x**3))(x).dtype == np.float32


def test_shapes_of_jacobians():
    a = np.arange(6.0).reshape(2, 3)
    assert jacobian(lambda x: x @ a)(np.ones(2)).shape == (3, 2)
    assert jacobian(lambda x: a * x)(2.0).shape == (2, 3)
    assert jacobian(lambda x: x.T * 2.0)(a).shape == (3, 2, 2, 3)
    assert jacobian(lambda x: np.sum(x))(np.ones((0,))).shape == (0,)
    assert jacobian(lambda x, y: x * y, (0, 1))(2.0, 3.0) == (3.0, 2.0)
    blocks = hessian(lambda x, y: np.sum(x) * y * y, (0, 1))(np.ones(2), 3.0)
    assert [[np.shape(b) for b in row] for row in blocks] == [[(2, 2), (2,)], [(2,), ()]]
    for mode in ("forward", "reverse"):
        found = jacobian(lambda x: np.cumsum(x * x), mode=mode)(np.array([1.0, 2.0, 3.0]))
        np.testing.assert_allclose(found, np.tril(np.ones((3, 3))) * [2.0, 4.0, 6.0])


def storing(x):
    x[0] = x[0] * 2.0
    return x * x


def test_no_argument_is_changed():
    x = np.array([1.0, 2.0])

    def total(x):
        return np.sum(storing(x))

    value, tangent = jvp(storing, (x,), (np.ones(2),))
    np.testing.assert_array_equal([value, tangent], [[4.0, 4.0], [8.0, 4.0]])
    value, pullback = vjp(storing, x)
    np.testing.assert_array_equal(value, [4.0, 4.0])
    for mode in ("forward", "reverse"):
        found = jacobian(storing, mode=mode)(x)
        np.testing.assert_array_equal(found, np.diag([8.0, 4.0]))
    np.testing.assert_array_equal(hvp(total, x, np.ones(2)), [8.0, 2.0])
    np.testing.assert_array_equal(hessian(total)(x), np.diag([8.0, 2.0]))
    np.testing.assert_array_equal(x, [1.0, 2.0])
    x[:] = 7.0  # what the pullback was taken at stays
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [8.0, 4.0])


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


def test_numpy_s_own_random_numbers_are_not_drawn_for_each_column():
    def noisy(x):
        return x * np.random.normal(size=3)

    for mode in ("forward", "reverse"):
        with pytest.raises(UnsupportedError, match="draws random numbers"):
            jacobian(noisy, mode=mode)(np.ones(3))
    with pytest.raises(UnsupportedError, match="draws random numbers"):
        hessian(lambda x: np.sum(noisy(x)))(np.ones(3))


def test_one_array_passed_twice_is_not_stored_into():
    def f(x, y):
        x[0] = 5.0
        return np.sum(x * y)

    x = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="shares memory"):
        vjp(f, x, x)
    assert x[0] == 1.0
    assert vjp(lambda x, y: np.sum(x * y), x, x)[1](1.0)[0] is not x


def test_what_takes_tangents_is_not_differentiated_by_itself():
    with pytest.raises(UnsupportedError, match="isn't differentiated by itself"):
        grad(jvp(storing))(np.ones(2))
    for made, words in ((vmap(np.sin), "returns an array"), (jacobian(storing), "stores into")):
        with pytest.raises(UnsupportedError, match=words):
            grad(made)(np.ones(2))


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: float
    name: str = "layer"


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_jacobians_by_structures(mode):
    def f(params, x):
        return {"y": params["w"] * x + params["b"][0], "s": np.sum(params["w"]) * params["b"][0]}

    params, x = {"w": np.array([1.0, 2.0]), "b": (3.0,)}, np.array([0.5, 4.0])
    found = jacobian(f, mode=mode)(params, x)
    np.testing.assert_allclose(found["y"]["w"], np.diag(x))
    np.testing.assert_allclose(found["y"]["b"][0], [1.0, 1.0])
    np.testing.assert_allclose(found["s"]["w"], [3.0, 3.0])
    assert found["s"]["b"][0] == 3.0
    both = jacobian(lambda p, x: p["w"] * x, (0, 1), mode=mode)({"w": params["w"]}, x)
    np.testing.assert_allclose(both[0]["w"], np.diag(x))
    np.testing.assert_allclose(both[1], np.diag(params["w"]))
    layer = Layer(np.array([1.0, 2.0]), 0.5)
    of_layer = jacobian(lambda p, x: np.tanh(p.w * x + p.b), mode=mode)(layer, x)
    slope = 1 - np.tanh(layer.w * x + layer.b) ** 2
    np.testing.assert_allclose(of_layer.w, np.diag(slope * x))
    np.testing.assert_allclose(of_layer.b, slope)


def test_hessians_by_structures():
    def f(p):
        return np.sum(p["w"] ** 2) * p["b"] ** 3

    w, b = np.array([1.0, 2.0]), 2.0
    found = hessian(f)({"w": w, "b": b})
    np.testing.assert_allclose(found["w"]["w"], 2 * b**3 * np.eye(2))
    np.testing.assert_allclose(found["w"]["b"], 6 * b**2 * w)
    np.testing.assert_allclose(found["b"]["w"], 6 * b**2 * w)
    np.testing.assert_allclose(found["b"]["b"], 6 * b * 5.0)
