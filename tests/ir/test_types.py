"""Types: joining, fitting, and what flows through them."""

import numpy as np
import pytest

from adcompiler.ir.sizes import symbol
from adcompiler.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    UNDEFINED,
    Array,
    List,
    Range,
    Static,
    Tape,
    TypeMismatch,
    dtype_code,
    fits,
    is_differentiable,
    is_integer,
    join,
    kind_of,
    rank,
    shape_of,
)

N = symbol("n")
VECTOR, NUMBER = Array("f8", (N,)), Array("f8", ())
WEAK = Array("f8", (), weak=True)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (INT, FLOAT, FLOAT), (BOOL, INT, INT), (FLOAT, COMPLEX, COMPLEX), (UNDEFINED, INT, INT),
        (VECTOR, UNDEFINED, VECTOR), (FLOAT, NUMBER, WEAK), (INT, NUMBER, WEAK),
        (NUMBER, WEAK, WEAK), (VECTOR, VECTOR, VECTOR), (Tape(INT), Tape(FLOAT), Tape(FLOAT)),
        (List(INT, N), List(FLOAT, N), List(FLOAT, N)), (Range(), Range(), Range()),
    ],
)  # fmt: skip
def test_join(a, b, expected):
    assert join(a, b) == expected
    assert join(b, a) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [(VECTOR, FLOAT), (VECTOR, NUMBER), (Array("f4", ()), NUMBER), (Array("i8", ()), FLOAT),
     (Range(), INT), (Tape(FLOAT), VECTOR), (Static(), INT)],
)  # fmt: skip
def test_no_join(a, b):
    with pytest.raises(TypeMismatch):
        join(a, b)


def test_sizes_that_differ_become_unknown():
    joined = join(VECTOR, Array("f8", (3,)))
    assert joined.dtype == "f8" and str(joined) == "f8[?]"


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [(INT, FLOAT, True), (FLOAT, INT, False), (FLOAT, WEAK, True), (NUMBER, WEAK, True),
     (WEAK, NUMBER, False), (FLOAT, NUMBER, False), (VECTOR, Array("f8", (2,)), True),
     (UNDEFINED, VECTOR, True), (VECTOR, UNDEFINED, False), (NUMBER, FLOAT, False)],
)  # fmt: skip
def test_fits(value, target, expected):
    assert fits(value, target) is expected


def test_what_gradients_flow_through():
    assert all(map(is_differentiable, (FLOAT, VECTOR, List(FLOAT, N), Tape(VECTOR), COMPLEX)))
    assert not any(map(is_differentiable, (INT, Array("i8", (N,)), Range(), UNDEFINED, Static())))
    assert all(map(is_integer, (INT, BOOL, Array("u1", ()), List(INT, N))))


def test_shapes_and_kinds():
    assert (rank(VECTOR), rank(FLOAT), shape_of(List(FLOAT, N))) == (1, 0, (N,))
    assert [kind_of(t) for t in (VECTOR, Array("b1", ()), Tape(FLOAT))] == ["float", "bool", None]
    assert [dtype_code(np.dtype(t)) for t in ("f4", bool, ">i8")] == ["f4", "b1", "i8"]
    assert str(Array("f4", (), weak=True)) == "f4?[]"
