"""Shapes, dtypes and memory of gradients: those of their arguments, but nobody else's memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adcompiler import grad, value_and_grad

SCALARS = {
    "float": 2.0,
    "float32": np.float32(2.0),
    "float64": np.float64(2.0),
    "float16": np.float16(2.0),
    "0-d float32": np.array(2.0, "f4"),
    "0-d float64": np.array(2.0),
}
ARRAYS = {
    "float32": np.arange(1.0, 4.0, dtype="f4"),
    "float64": np.arange(1.0, 4.0),
    "float16": np.arange(1.0, 4.0, dtype="f2"),
    "row": np.arange(1.0, 4.0).reshape(1, 3),
    "column": np.arange(1.0, 4.0, dtype="f4").reshape(3, 1),
    "single": np.ones((1, 1)),
    "one": np.ones(1, "f4"),
    "empty": np.ones(0),
    "empty rows": np.ones((0, 3)),
    "empty columns": np.ones((3, 0), "f4"),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(12.0).reshape(2, 6)[:, ::2],
    "reversed": np.arange(3.0)[::-1],
    "broadcast": np.broadcast_to(np.array([1.0, 2.0]), (3, 2)),
    "three axes": np.arange(8.0).reshape(2, 1, 4),
}


def total(x):
    return np.sum(x)


def method_total(x):
    return x.sum()


def squares(x):
    return (x * x).sum()


def mean_of_power(x):
    return np.sum(np.exp(-x) * x**2) / 7.0


def transposed(x):
    return np.sum(x.T * 2.0)


def reshaped(x):
    return np.sum(x.reshape(-1) * 2.0)


def branch(x, k=1):
    if k > 0:
        y = x * 2.0
    else:
        y = x
    return np.sum(y)


def looped(x):
    y = x
    for _ in range(3):
        y = y * x
    return np.sum(y)


def untouched_by_loop(x):
    y = x
    for _ in range(3):
        y = y + 1.0
    return np.sum(y)


def float_times(x):
    return 2.0 * np.sum(x)


def constant(x):
    return 1.0


FUNCTIONS = (
    total, method_total, squares, mean_of_power, transposed, reshaped, branch, looped,
    untouched_by_loop, float_times, constant,
)  # fmt: skip


def fits(found, argument):
    """The gradient has its argument's shape and dtype, and memory of its own."""
    assert np.shape(found) == np.shape(argument)
    assert np.asarray(found).dtype == np.asarray(argument).dtype
    if np.ndim(argument):
        assert type(found) is np.ndarray
        assert found.flags.writeable
        assert not np.shares_memory(found, argument)
        assert found.base is None or found.base.flags.owndata


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("level", [0, 1])
def test_an_arrays_gradient(function, name, level):
    x = ARRAYS[name]
    before = x.copy()
    found = grad(function, optimize=level)(x)
    fits(found, x)
    value, again = value_and_grad(function, optimize=level)(x)
    fits(again, x)
    np.testing.assert_array_equal(found, again)
    expected = function(x)
    assert type(value) is type(expected)
    assert np.asarray(value).tobytes() == np.asarray(expected).tobytes()
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("name", ARRAYS)
def test_a_read_only_argument(name):
    x = ARRAYS[name].copy()
    x.flags.writeable = False
    for function in FUNCTIONS:
        fits(grad(function)(x), x)


def identity(x):
    return x


def half_square(x):
    return x * x * 0.5


def choice(x):
    return x if x > 0 else -x


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("function", [identity, half_square, choice, constant])
@pytest.mark.parametrize("level", [0, 1])
def test_a_numbers_gradient(function, name, level):
    x = SCALARS[name]
    value, found = value_and_grad(function, optimize=level)(x)
    fits(found, x)
    assert isinstance(found, float) == (np.asarray(x).dtype == np.float64)
    assert found == {identity: 1, half_square: 2, choice: 1, constant: 0}[function]
    assert type(value) is type(function(x))


def both(x, y):
    return np.sum(x + y)


def apart(x, y):
    return np.sum(x) + np.sum(y)


def crossed(x, y):
    return np.sum(x * y)


def chosen(x, y, k=1):
    z = x if k > 0 else y
    return np.sum(z * 1.0)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("function", [both, apart, crossed, chosen], ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrt", [(0, 1), (1, 0), (0, 0, 1)])
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("same", [False, True])
def test_gradients_never_share_memory(function, name, wrt, level, same):
    x = ARRAYS[name].copy()
    y = x if same else x.copy()
    found = grad(function, wrt=wrt, optimize=level)(x, y)
    for one in found:
        fits(one, x)
        assert not np.shares_memory(one, y)
    for a, b in itertools.combinations(found, 2):
        assert not np.shares_memory(a, b)
    kept = [one.copy() for one in found]
    found[0][...] = 99.0
    for one, old in zip(found[1:], kept[1:], strict=True):
        np.testing.assert_array_equal(one, old)


def in_structure(p):
    return np.sum(p["a"]) + np.sum(p["b"][0] + p["b"][1])


def test_gradients_in_structures_never_share_memory():
    x = np.ones(3)
    found = grad(in_structure)({"a": x, "b": (x, x)})
    leaves = [found["a"], *found["b"]]
    for leaf in leaves:
        fits(leaf, x)
    for a, b in itertools.combinations(leaves, 2):
        assert not np.shares_memory(a, b)


SCALE = np.array([1.0, 2.0, 3.0])


def scaled_by_capture(x):
    return np.sum(x * SCALE)


def dotted(x, y):
    return x @ y


@pytest.mark.parametrize("level", [0, 1])
def test_a_gradient_is_never_the_other_operand_itself(level):
    """The gradient of x * c is c: it must be a copy of c."""
    x, y = np.ones(3), np.arange(3.0)
    assert not np.shares_memory(grad(scaled_by_capture, optimize=level)(x), SCALE)
    assert not np.shares_memory(grad(dotted, optimize=level)(x, y), y)
    found = grad(dotted, wrt=1, optimize=level)(x, y)
    assert not np.shares_memory(found, x)
    found[0] = 7.0
    assert x[0] == 1.0


def returns_its_argument(x):
    return x


def test_a_value_that_is_the_argument_itself():
    """As from the user's function: it is a number, so nobody can change it under him."""
    x = np.array(3.0)
    value, slope = value_and_grad(returns_its_argument)(x)
    assert value is x
    assert slope == 1.0


def mixed(w, x):
    return np.sum(w * x)


@pytest.mark.parametrize(
    ("w", "x"),
    [
        (np.ones(3, "f4"), np.ones(3)), (np.ones(3), np.ones(3, "f4")), (np.ones(3, "f4"), 2.0),
        (np.float32(2.0), np.ones(3)), (2.0, np.ones(3, "f4")), (np.ones(3, "f4"), np.float64(2.0)),
        (np.ones((3, 1), "f4"), np.ones((1, 4))), (np.ones((2, 3)), np.ones(3, "f4")),
        (np.ones(1), np.ones(3, "f4")), (np.ones((1, 1), "f4"), np.ones(3)),
        (np.ones(3, "f4"), np.arange(3)), (np.ones(3), True), (1.5, np.arange(3, dtype="i4")),
        (np.ones((4, 1, 2)), np.ones((3, 1), "f4")), (np.ones(0), 2.0), (2.0, np.ones((0, 2))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("level", [0, 1])
def test_mixed_dtypes_and_broadcasting(w, x, level):
    wrt = [k for k, a in enumerate((w, x)) if np.asarray(a).dtype.kind == "f"]
    value, found = value_and_grad(mixed, wrt=tuple(wrt), optimize=level)(w, x)
    expected = mixed(w, x)
    assert type(value) is type(expected)
    assert value == expected
    for k, one in zip(wrt, found, strict=True):
        fits(one, (w, x)[k])
        other = np.broadcast_to((x, w)[k], np.broadcast_shapes(np.shape(w), np.shape(x)))
        np.testing.assert_allclose(np.sum(one), np.sum(other, dtype=float), rtol=1e-6)
