"""The helpers against NumPy's own broadcasting and division, and as copied text."""

from __future__ import annotations

import ast
import builtins
import math
import struct
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adcompiler.runtime import HELPERS, helper_source, helpers
from adcompiler.runtime.helpers import add_rows, divide, power, require_apart, unbroadcast


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=4))
def test_unbroadcast_is_the_adjoint_of_broadcasting(shapes: Any) -> None:
    shape, _ = shapes.input_shapes
    size = math.prod(shapes.result_shape)
    g = np.arange(1.0, size + 1).reshape(shapes.result_shape)
    result = unbroadcast(g, shape)
    assert np.shape(result) == shape
    wanted = np.zeros(shape)
    index = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), shapes.result_shape)
    np.add.at(wanted.reshape(-1), index.reshape(-1), g.reshape(-1))
    assert np.array_equal(result, wanted)


@pytest.mark.parametrize("g", [np.ones((2, 3)), np.float64(2.0), 2.0, np.ones(()), np.ones((1, 0))])
def test_unbroadcast_returns_the_same_object_where_shapes_agree(g: Any) -> None:
    assert unbroadcast(g, np.shape(g)) is g


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_unbroadcast_keeps_the_dtype(dtype: type) -> None:
    assert unbroadcast(np.ones((4, 2, 3), dtype), (2, 1)).dtype == dtype
    assert unbroadcast(np.ones((4, 2, 3), dtype), ()).dtype == dtype
    assert unbroadcast(np.ones((4, 2, 3), dtype), (4, 2, 1)).dtype == dtype


def test_unbroadcast_leaves_its_argument_alone() -> None:
    g = np.ones((3, 2))
    unbroadcast(g, (2,))[:] = 7
    assert np.array_equal(g, np.ones((3, 2)))


def test_unbroadcast_refuses_a_cotangent_with_too_few_axes() -> None:
    for g, shape in [(np.ones(2), (1, 2)), (1.0, (3,)), (np.ones(3), (2,)),
                     (np.ones((2, 3)), (4, 1))]:
        with pytest.raises(ValueError, match="reshape"):
            unbroadcast(g, shape)


def bits(x: float) -> bytes:
    return b"nan" if math.isnan(x) else struct.pack("<d", x)


@given(st.floats(), st.one_of(st.floats(), st.sampled_from([0.0, -0.0])))
def test_divide_floats_as_the_hardware_does(a: float, b: float) -> None:
    with np.errstate(all="ignore"):
        wanted = float(np.float64(a) / np.float64(b))
    result = divide(a, b)
    assert type(result) is float
    assert bits(result) == bits(wanted)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (1.0, 0.0, math.inf), (-1.0, 0.0, -math.inf), (1.0, -0.0, -math.inf),
        (-1.0, -0.0, math.inf), (math.inf, 0.0, math.inf), (-math.inf, 0.0, -math.inf),
        (0.0, 0.0, math.nan), (-0.0, 0.0, math.nan), (math.nan, 0.0, math.nan),
        (1, 0, math.inf), (-1, 0, -math.inf), (0, 0, math.nan), (True, False, math.inf),
        (10**400, 0, math.inf), (6, 3, 2.0), (5e-324, 0.0, math.inf),
    ],
)  # fmt: skip
def test_divide_by_zero(a: float, b: float, wanted: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bits(divide(a, b)) == bits(wanted)


def test_require_apart() -> None:
    x, ints = np.arange(6.0), np.arange(6)
    require_apart(x[:3], (x[3:], ints, [1.0, 2.0], x.copy()))
    for other in (x, x[2:], x[::-1], x.reshape(2, 3).T):
        with pytest.raises(ValueError, match="shares memory with another argument"):
            require_apart(x[:3], (ints, other))


def test_divide_leaves_everything_else_to_python() -> None:
    assert divide(Fraction(1), Fraction(3)) == Fraction(1, 3)
    for a, b in [(Fraction(1), 0), (1, Fraction(0))]:
        with pytest.raises(ZeroDivisionError):
            divide(a, b)
    with pytest.raises(TypeError):
        divide("a", 0)
    with pytest.warns(RuntimeWarning):
        assert np.array_equal(divide(np.array([1.0, -1.0]), 0.0), [math.inf, -math.inf])


def test_complex_numbers_divide_as_numpys_do() -> None:
    with np.errstate(all="ignore"):
        for a, b in [(1j, 0), (1.0, 0j), (0j, 0.0)]:
            found = divide(a, b)
            assert type(found) is complex
            np.testing.assert_array_equal(found, np.complex128(a) / np.complex128(b))
        assert np.isnan(power(0j, -1))
    assert power(2j, -1) == -0.5j


ALONE: dict[str, tuple[tuple[Any, ...], Any]] = {
    "unbroadcast": ((np.ones((2, 1)), (1,)), [2.0]),
    "divide": ((0.0, 0.0), math.nan),
    "power": ((0.0, -1), math.inf),
    "sign": ((-2.5,), -1),
    "require_apart": ((np.ones(2), (np.ones(2),)), None),
    "require_shape": ((np.ones(2), np.zeros(2)), None),
    "own_all": (([1.0, 2.0],), [1.0, 2.0]),
    "add_rows": ((np.zeros((2, 1)), np.array([0, 0]), 1.0), None),
    "add_lists": (([1.0, 2.0], [0.5, 0.25]), [1.5, 2.25]),
    "last_stored": (((3,), np.array([0, 2, 0])), [False, True, True]),
    "prod_others": ((np.array([2.0, 0.0, 3.0]), 0), [0.0, 6.0, 0.0]),
    "inner_doubled": ((np.array([1.0, 2.0, 3.0]), 4, 0), [1.0, 4.0, 3.0]),
    "resized": ((np.array([[1.0, 2.0]]), 3, 1), [[1.0, 2.0, 0.0]]),
    "equal_parts": ((6, 3), 2),
    "shifted": ((np.array([1.0, 2.0, 3.0]), 0, 1, 0.0), [0.0, 1.0, 2.0]),
    "recurrence": ((np.ones(3), np.full(3, 2.0), 0, False), [1.0, 3.0, 7.0]),
    "overlapped": ((np.array([1.0, 2.0]), np.ones(3), np.ones(2), "valid", False, False),
                   [0.0, 1.0, 2.0, 0.0]),
    "cells": ((np.array([0.5, 1.5]), np.array([0.0, 1.0, 2.0])), [0, 1]),
    "polygamma": ((0, 1.0), -0.5772156649015329),
    "sinc_derivative": ((1.0, 1), -1.0),
    "bessel_i": ((0, 0.0), 1.0),
    "declared": ((2.5, "f", ("float", ())), 2.5),
    "cofactors": ((np.array([[2.0, 0.0], [0.0, 3.0]]),), [[3.0, 0.0], [0.0, 2.0]]),
}


@pytest.mark.parametrize("name", HELPERS)
def test_helper_source_stands_alone(name: str) -> None:
    text = helper_source(name)
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef) and definition.name == name
    docstring = ast.get_docstring(definition)
    assert docstring and "\n" not in docstring
    namespace: dict[str, Any] = {"np": np}
    exec(text, namespace)
    free = set(namespace[name].__code__.co_names)
    methods = {node.attr for node in ast.walk(definition) if isinstance(node, ast.Attribute)}
    assert free - methods <= {"np", name} | set(dir(builtins))
    arguments, wanted = ALONE[name]
    found = namespace[name](*arguments)
    assert found is wanted or np.allclose(found, wanted, 1e-14, 0.0, equal_nan=True)


def test_helpers_are_the_public_functions_of_the_module() -> None:
    functions = {n for n, v in vars(helpers).items() if callable(v) and n.islower()}
    assert functions == set(HELPERS)


@pytest.mark.parametrize("name", ["np", "__builtins__", "nothing"])
def test_helper_source_refuses_other_names(name: str) -> None:
    with pytest.raises(KeyError, match="no helper named"):
        helper_source(name)


@pytest.mark.parametrize("dtype", [np.int8, np.intp])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("count, row", [(3, (2,)), (200, (5,)), (300, (2, 3)), (120, ())])
def test_rows_are_added_as_numpy_adds_them(
    count: int, row: tuple[int, ...], order: str, dtype: type
) -> None:
    """To the last bit, from the end too, into what isn't contiguous too."""
    rng = np.random.default_rng(3)
    index = rng.integers(-90, 90, (count, 2)).astype(dtype)
    values = rng.normal(size=(count, 2, *row))
    start = np.asarray(rng.normal(size=(90, *row)), order=order)  # type: ignore[call-overload]
    found, wanted = start.copy("K"), start.copy("K")
    add_rows(found, index, values)
    np.add.at(wanted, index, values)
    assert np.array_equal(found, wanted)
    add_rows(found, index, 2.0)
    np.add.at(wanted, index, 2.0)
    assert np.array_equal(found, wanted)
