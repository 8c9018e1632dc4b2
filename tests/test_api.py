"""`grad` and `value_and_grad`: how they are called, and the form in which gradients come back."""

from __future__ import annotations

import collections
import inspect
import math
import types

import numpy as np
import pytest

import adcompiler
from adcompiler import grad, primitive, value_and_grad

A = np.array([1.0, 2.0, 3.0])


def product(x, y):
    """A docstring."""
    return x * y


# Forms.
@grad
def bare(x):
    return x * x


@grad()
def called(x):
    return x * x


@grad(wrt="y")
def by_name(x, y):
    return x * y


@grad(wrt=("y", 0), optimize=0)
def by_tuple(x, y):
    return x * y


@value_and_grad
def with_value(x, y=2.0):
    return x * y


@value_and_grad(wrt=("x", "y"))
def with_value_by_tuple(x, y):
    return x * y


def test_decorators_with_and_without_arguments():
    assert bare(3.0) == called(3.0) == 6.0
    assert by_name(2.0, 3.0) == 2.0
    assert by_tuple(2.0, 3.0) == (2.0, 3.0)
    assert with_value(3.0) == (6.0, 2.0)
    assert with_value_by_tuple(2.0, 3.0) == (6.0, (3.0, 2.0))


@pytest.mark.parametrize(
    ("wrt", "expected"),
    [
        (0, 3.0), (1, 2.0), (-1, 2.0), (-2, 3.0), ("x", 3.0), ("y", 2.0), ((0,), (3.0,)),
        ((0, 1), (3.0, 2.0)), ((1, 0), (2.0, 3.0)), (("y", "x"), (2.0, 3.0)),
        (("x", -1), (3.0, 2.0)), (("x", "x"), (3.0, 3.0)), ((), ()),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("level", [0, 1])
def test_wrt_by_position_name_and_tuple(wrt, expected, level):
    assert grad(product, wrt=wrt, optimize=level)(2.0, 3.0) == expected
    assert grad(product, wrt, optimize=level)(2.0, 3.0) == expected
    assert value_and_grad(product, wrt=wrt, optimize=level)(2.0, 3.0) == (6.0, expected)


def test_a_gradient_introduces_itself():
    g = grad(product, wrt=("x", "y"))
    assert (g.__name__, g.__qualname__) == ("product", "product")
    assert g.__doc__.endswith("product: A docstring.")
    assert g.__module__ == __name__
    assert inspect.signature(g) == inspect.signature(product)
    assert repr(g) == "<grad of product with respect to x, y>"
    assert repr(value_and_grad(product)) == "<value_and_grad of product with respect to x>"


def test_the_other_methods():
    g = grad(product)
    assert g.forward(2.0, 3.0) == 6.0
    assert g.forward("ab", 2) == "abab"
    assert g.value_and_grad(2.0, 3.0) == (6.0, 3.0)
    assert g.value_and_grad is g.value_and_grad
    assert value_and_grad(product).value_and_grad(2.0, 3.0) == (6.0, 3.0)
    assert g.source(2.0, 3.0).startswith("def product_grad(x, y, *, grad_out=1.0):\n")
    assert g.module(2.0, 3.0).endswith(g.source(2.0, 3.0))
    assert g.ir(2.0, 3.0).startswith("function product_grad(")
    assert g.source(y=3.0, x=2.0) == g.source(2.0, 3.0)


def test_the_emitted_function_takes_another_seed():
    namespace = {}
    exec(grad(product).module(2.0, 3.0), namespace)
    assert namespace["product_grad"](2.0, 3.0, grad_out=10.0) == 30.0


# How arguments are passed.
def keyword_only(x, *, scale=2.0, shift):
    return x * scale + shift


def positional_only(x, /, y=3.0):
    return x * y


def test_keyword_only_parameters():
    g = grad(keyword_only, wrt=("x", "scale", "shift"))
    for _ in range(2):
        assert g(3.0, shift=1.0) == (2.0, 3.0, 1.0)
        assert g(scale=5.0, shift=1.0, x=3.0) == (5.0, 3.0, 1.0)
    with pytest.raises(TypeError, match="too many positional"):
        g(3.0, 2.0, 1.0)


def test_positional_only_parameters():
    g = grad(positional_only, wrt=("y", "x"))
    assert g(2.0) == g(2.0, 3.0) == g(2.0, y=3.0) == (2.0, 3.0)
    with pytest.raises(TypeError):
        g(x=2.0)


def with_defaults(x, y=3.0, k=2, mode="product", w=None, axis=None):
    z = x * y if mode == "product" else x + y
    if w is not None:
        z = z * w
    return np.sum(z, axis=axis) * k


def test_defaults_and_none():
    g = grad(with_defaults)
    assert g(2.0) == 6.0
    assert g(2.0, 5.0) == g(2.0, y=5.0) == 10.0
    assert g(2.0, k=5) == 15.0
    assert g(2.0, mode="sum") == 2.0
    assert g(2.0, w=10.0) == 60.0
    assert g(2.0, w=None) == 6.0
    np.testing.assert_array_equal(g(A, 1.0, w=A), 2 * A)


class Model:
    def __init__(self):
        self.name = "model"

    @grad(wrt="x")
    def loss(self, x):
        return x * x

    @staticmethod
    @grad
    def static(x):
        return x * x


def test_methods():
    model = Model()
    assert model.loss(3.0) == Model.loss(model, 3.0) == 6.0
    assert Model.static(3.0) == model.static(3.0) == 6.0


# Structures come back as they went in.
Layer = collections.namedtuple("Layer", "w b")


def weighted(p, x):
    return np.sum(np.tanh(x * p[0]) + p[1])


def layer(p, x):
    return np.sum(x * p.w) + p.b


def nested(p):
    (a, b), c = p["deep"], p["list"][1]
    return np.sum(a * b.w) + c["z"] * p["n"] + b.b


def same_form(a, b):
    """The same containers, and in the places of arrays arrays of the same shape and dtype."""
    if type(b) is float:
        assert isinstance(a, float)  # NumPy's sums of floats are np.float64, which is a float
        return
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same_form(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            same_form(p, q)
    elif isinstance(a, np.ndarray):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (weighted, (A, 1.0)), (weighted, [A, 1.0]), (weighted, {0: A, 1: 1.0}),
        (weighted, (A.astype("f4"), A.astype("f4"))), (layer, Layer(A, 2.0)),
        (weighted, Layer(A, 2.0)), (nested, {
            "deep": (A, Layer(2 * A, 1.0)), "list": [A, {"z": 4.0}, (), {}], "n": np.float32(2.0),
        }),
    ],
)  # fmt: skip
@pytest.mark.parametrize("level", [0, 1])
def test_structures_come_back_as_they_went_in(function, argument, level):
    more = () if function is nested else (A,)
    found = grad(function, optimize=level)(argument, *more)
    same_form(found, argument)
    assert value_and_grad(function, optimize=level)(argument, *more)[0] == function(argument, *more)


def of_list(xs):
    total = 0.0
    for x in xs:
        total = total + x * x
    return total


def test_a_list_of_numbers_is_a_sequence():
    g = grad(of_list)
    assert g([1.0, 2.0, 3.0]) == [2.0, 4.0, 6.0]
    assert g([1.0]) == [2.0]
    assert g((1.0, 2.0)) == (2.0, 4.0)
    np.testing.assert_array_equal(g(A), 2 * A)


def test_a_list_of_numbers_compiles_once_for_all_lengths():
    g = grad(of_list)
    assert g.source([1.0, 2.0]) == g.source([1.0] * 50)


def odd_keys(p):
    return p["a b"] * p[3] * p["class"]


def test_keys_that_are_no_names():
    assert grad(odd_keys)({"a b": 2.0, 3: 5.0, "class": 7.0}) == {
        "a b": 35.0,
        3: 14.0,
        "class": 10.0,
    }


def test_keys_that_are_tuples():
    def keyed(p):
        return p[(1, 2)] * 2.0

    assert grad(keyed)({(1, 2): 3.0}) == {(1, 2): 2.0}


# Unused arguments, constant results.
def unused(x, y):
    return np.sum(x)


def constant(x, y):
    return 3.0


@pytest.mark.parametrize("function", [unused, constant], ids=lambda f: f.__name__)
@pytest.mark.parametrize("level", [0, 1])
def test_an_unused_argument_has_zeros_of_its_shape(function, level):
    argument = {"w": np.ones((2, 1), "f4"), "b": (1.0, np.float32(2.0), [1.0, 2.0])}
    found = grad(function, wrt="y", optimize=level)(A, argument)
    same_form(found, argument)
    assert not np.any(found["w"])
    assert found["b"] == (0.0, 0.0, [0.0, 0.0])
    assert isinstance(found["b"][1], np.float32)


# Names of the user's own that collide with those of the emitted text.
def hostile_parameters(np, sum, s0, range, grad_x, t0, math, x):
    return np * sum + s0 * range + grad_x * t0 + math * x


def hostile_variables(x, y):
    np = x
    sum = x * y
    s0 = sum + np
    grad_x = s0 * x
    t0 = grad_x * y
    grad_L = t0 * sum
    out = grad_L * np
    unbroadcast = out + t0
    L = unbroadcast + s0
    return L


def hostile_loop(x, reversed, len, y_tape):
    y = 1.0
    for i in range(y_tape):
        zip = y * x
        y = zip * reversed + i
    return y * len


def hostile_arrays(np, math):
    from numpy import exp, tanh

    return (exp(np) * tanh(math)).sum()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (hostile_parameters, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)),
        (hostile_variables, (1.1, 0.7)),
        (hostile_loop, (1.1, 0.9, 2.0, 3)),
        (hostile_arrays, (A, A)),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_names_of_the_users_own(function, args, level):
    floats = [k for k, a in enumerate(args) if not isinstance(a, int)]
    value, found = value_and_grad(function, wrt=tuple(floats), optimize=level)(*args)
    assert value == function(*args)
    for k, g in zip(floats, found, strict=True):
        moved = list(args)
        step = 1e-6
        moved[k] = args[k] + step
        above = function(*moved)
        moved[k] = args[k] - step
        slope = (above - function(*moved)) / (2 * step)
        assert np.sum(g) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_a_parameter_with_the_seeds_name(level):
    def f(x, grad_L, grad_out):
        L = x * grad_L + grad_out
        return L

    def g(x, grad_out):
        return x * grad_out

    assert grad(f, wrt=(0, 1, 2), optimize=level)(2.0, 3.0, 5.0) == (3.0, 2.0, 1.0)
    assert grad(g, wrt=(0, 1), optimize=level)(2.0, 3.0) == (3.0, 2.0)


def keyword_as_helper_name(x):
    def power(a, b):
        return a * b

    divide = power(x, 2.0)
    return power(divide, x)


def test_local_functions_with_names_of_helpers():
    assert grad(keyword_as_helper_name)(3.0) == 12.0


# Arguments that decide by value.
def reduced(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


def by_mode(x, mode):
    if mode == "square":
        return x * x
    return math.sin(x) if mode == "sine" else x


def test_an_axis_as_argument_specialises_by_value():
    g = grad(reduced)
    x = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, -1, None, 0, 1):
        expected = np.broadcast_to(2 * np.sum(x, axis=axis, keepdims=True), x.shape)
        np.testing.assert_array_equal(g(x, axis), expected)
    assert "axis=0" in g.source(x, 0)
    assert "axis=1" in g.source(x, 1)


def test_a_tuple_of_axes_as_argument():
    np.testing.assert_array_equal(grad(reduced)(np.ones((2, 3)), (0, 1)), np.full((2, 3), 12.0))


def test_a_numpy_integer_as_axis():
    np.testing.assert_array_equal(grad(reduced)(np.ones((2, 3)), np.int64(1)), np.full((2, 3), 6.0))


@pytest.mark.parametrize("axis", [(0,), (0, 1), (-1,), (), np.int64(0), np.array(1)], ids=repr)
def test_axes_as_argument(axis):
    x = np.arange(6.0).reshape(2, 3)
    plain = axis if isinstance(axis, tuple) else int(axis)
    expected = np.broadcast_to(2 * np.sum(x, axis=plain, keepdims=True), x.shape)
    g = grad(reduced)
    for _ in range(2):
        np.testing.assert_array_equal(g(x, axis), expected)
    np.testing.assert_array_equal(g(x, 0), 2 * np.sum(x, axis=0, keepdims=True) + 0 * x)


def test_an_axis_changed_in_place():
    x, axis = np.arange(6.0).reshape(2, 3), np.array(0)
    g = grad(reduced)
    g(x, axis)
    axis[()] = 1
    np.testing.assert_array_equal(g(x, axis), 2 * np.sum(x, axis=1, keepdims=True) + 0 * x)


AXIS, AXES, NUMPY_AXIS = (0,), ((0, 1), None), np.int64(1)


def test_axes_from_outside():
    def f(x):
        y = np.sum(x, axis=AXIS) ** 2
        return np.sum(np.sum(x, axis=AXES[0]) + np.sum(y, axis=AXES[1])) + np.sum(
            np.sum(x, axis=NUMPY_AXIS) ** 2
        )

    x = np.arange(6.0).reshape(2, 3)
    by_rows, by_columns = np.sum(x, axis=0, keepdims=True), np.sum(x, axis=1, keepdims=True)
    np.testing.assert_array_equal(grad(f)(x), 1 + 2 * by_rows + 2 * by_columns)


def test_a_mode_string_specialises_by_value():
    g = grad(by_mode)
    assert [g(3.0, mode) for mode in ("square", "sine", "none", "square")] == [
        6.0, math.cos(3.0), 1.0, 6.0,
    ]  # fmt: skip


def applied(x, function):
    return function(x)


def doubled(x):
    return 2.0 * x


def test_functions_as_arguments():
    g = grad(applied)
    assert g(1.0, math.sin) == math.cos(1.0)
    assert g(1.0, doubled) == 2.0
    assert g(0.0, adcompiler.sigmoid) == 0.25
    assert g(1.0, math.sin) == math.cos(1.0)


def scaled_by(c):
    def scaled(x):
        return c * x

    return scaled


def test_a_function_as_argument_may_close_over_numbers():
    g = grad(applied)
    assert (g(1.0, scaled_by(2.0)), g(1.0, scaled_by(3.0))) == (2.0, 3.0)


def test_a_gate_as_argument():
    slope = 3.0

    @primitive
    def gate(x):
        return x * slope

    @gate.backward
    def rule(g, x, y):
        return g * slope

    g = grad(applied)
    assert g(1.0, gate) == 3.0
    slope = 4.0
    assert g(1.0, gate) == 4.0


def test_a_function_as_argument_whose_code_is_exchanged():
    def first(x):
        return x * x

    g = grad(applied)
    assert g(3.0, first) == 6.0
    first.__code__ = (lambda x: x * 7.0).__code__
    assert g(3.0, first) == 7.0


def test_a_module_as_argument():
    def f(x, xp):
        return xp.sin(x)

    assert grad(f)(1.0, math) == math.cos(1.0)
    assert grad(f)(1.0, np) == np.cos(1.0)


def test_public_names():
    for name in adcompiler.__all__:
        assert getattr(adcompiler, name) is not None
    assert isinstance(adcompiler.__version__, str)
    assert not isinstance(adcompiler.grad, types.ModuleType)
