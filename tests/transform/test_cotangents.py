"""Fitting contributions: what broadcasting has stretched is summed, what a sum has shrunk is
stretched, dtypes are cast back; and no more than that."""

import numpy as np
import pytest
from driving import case, check, gradient

from adcompiler.ir.core import walk
from adcompiler.ir.sizes import symbol
from adcompiler.ir.types import FLOAT, Array, Scalar, Tape
from adcompiler.transform.derivatives import derivative_type


def opcodes(f, *args):
    """What the backward part of the optimised gradient is made of."""
    made = case(f, *args)
    wrt = [made.function.parameters[k] for k in made.active]
    found = gradient(made.function, wrt, 1)
    return [(op.opcode, dict(op.attributes)) for op in walk(found.body) if op.backward]


def sums(f, *args):
    return [a for name, a in opcodes(f, *args) if name == "sum"]


def product(a, b):
    return np.sum(a * b)


def ones(*shape):
    return np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape)


@pytest.mark.parametrize(
    ("a", "b", "axes"),
    [
        ((3, 2), (3, 2), []), ((3, 2), (2,), [0]), ((3, 2), (3, 1), [1]), ((3, 2), (1, 2), [0]),
        ((3, 2), (1, 1), [(0, 1)]), ((3, 1), (1, 2), [1, 0]), ((4, 3, 2), (2,), [(0, 1)]),
        ((4, 3, 2), (3, 1), [0, 1]), ((3,), (1,), [0]), ((1, 2), (3, 1), [0, 1]),
    ],
)  # fmt: skip
def test_exactly_the_sums_that_broadcasting_needs(a, b, axes):
    found = sums(product, ones(*a), ones(*b))
    assert sorted(map(str, (s["axis"] for s in found))) == sorted(map(str, axes))
    assert not any(name == "unbroadcast" for name, _ in opcodes(product, ones(*a), ones(*b)))
    check(product, ones(*a), ones(*b))


def test_scalar_code_has_none():
    names = {name for name, _ in opcodes(lambda_product, 2.0, 3.0)}
    assert names <= {"mul", "constant"}


def lambda_product(a, b):
    return a * b


def test_a_number_with_an_array():
    assert [s["axis"] for s in sums(product, 2.0, ones(3, 2))] == [None]
    check(product, 2.0, ones(3, 2))
    check(product, np.float32(2.0), ones(3, 2).astype("f4"))


def unproved(x, n):
    return np.sum(x[:n] * x)


def test_a_guard_where_a_size_may_be_one():
    x = ones(3)
    assert "unbroadcast" in [name for name, _ in opcodes(unproved, x, 1)]
    check(unproved, x, 1)
    check(unproved, x, 3)


def cut(x, y):
    """Slices that may end beyond the axis are of one size, and not of size 1."""
    d = y.shape[0]
    return np.sum((x[:d] * 2.0 + x[:d] ** 2) * y[: x.shape[0]]) + np.sum(x[::2] * x[::2])


@pytest.mark.parametrize("sizes", [(4, 2), (2, 4), (3, 3)])
def test_no_guard_where_a_slice_cannot_have_size_one(sizes):
    x, y = map(ones, sizes)
    assert "unbroadcast" not in [name for name, _ in opcodes(cut, x, y)]
    check(cut, x, y)


def steps(x, y):
    """Either factor may have been stretched, but both products are of one size."""
    return np.sum(x[1:] * y[1:] / (2.0 + x[1:] * y[1:]))


@pytest.mark.parametrize("sizes", [(4, 4), (2, 4), (4, 2), (2, 2)])
def test_what_two_slices_meet_in(sizes):
    x, y = map(ones, sizes)
    assert [name for name, _ in opcodes(steps, x, y)].count("unbroadcast") == 4
    check(steps, x, y)


def mixed(a, b):
    return np.sum(a * b)


@pytest.mark.parametrize("a", [ones(3), ones(3).astype("f4"), np.float32(0.5), 0.5])
@pytest.mark.parametrize("b", [ones(3), ones(3).astype("f4"), ones(2, 3).astype("f4")])
def test_dtypes_come_back(a, b):
    check(mixed, a, b, second=False)


def converted(x):
    return np.sum(x.astype(np.float32) * 2.0) + np.sum(np.float64(x))


def test_casts_are_undone():
    check(converted, ones(3).astype("f4"), second=False)


def integers_between(x):
    return np.sum(x.astype(np.int64) * x)


def test_nothing_flows_through_ints():
    found = check(integers_between, np.array([1.5, 2.5]), second=False)
    assert found[0].tolist() == [1.0, 2.0]


def lists(values, n):
    total = 0.0
    for i in range(n):
        total = total + values[i] * values[0]
    return total


def test_lists_of_numbers():
    (g,) = check(lists, [1.0, 2.0, 3.0], 3, second=False)
    assert g == [7.0, 1.0, 1.0]
    assert all(type(v) is float for v in g)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (FLOAT, Array("f8", (), weak=True)), (Array("f4", ()), Array("f4", (), weak=True)),
        (Array("f4", (symbol("n"),)), Array("f4", (symbol("n"),))), (Scalar("int"), Scalar("int")),
        (Tape(FLOAT), Tape(Array("f8", (), weak=True))),
    ],
)  # fmt: skip
def test_a_number_s_cotangent_may_be_a_python_float(type_, expected):
    assert derivative_type(type_) == expected
