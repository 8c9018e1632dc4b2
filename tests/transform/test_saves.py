"""What a loop saves: nothing for linear code, indices and cheap arithmetic recomputed, the rest on
a tape, each value once; what is asked is never more than what the backward part reads."""

import math

import numpy as np
import pytest
from driving import case, check, gradient

from adcompiler.ir.core import walk
from adcompiler.ir.types import Tape, is_differentiable


def tapes(f, *args):
    """How many values each loop of the optimised gradient collects, outermost first."""
    made = case(f, *args)
    wrt = [p for p in made.function.parameters if is_differentiable(p.type)]
    found = gradient(made.function, wrt, 1)
    return [
        sum(isinstance(r.type, Tape) for r in op.results)
        for op in walk(found.body)
        if op.opcode in ("for", "while") and not op.backward
    ]


def linear(x, a, n):
    for i in range(n):
        x = x * 0.5 + i
    return x + a


def powers(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def by_index(x, n):
    total = 0.0
    for i in range(n):
        total = total + x * (i * i + 1)
    return total


def loads(x, n):
    total = 0.0
    for i in range(n):
        total = total + x[i] * x[i + 1]
    return total


def expensive(x, n):
    y = x
    for _ in range(n):
        y = math.exp(-y)
    return y


def one_value_read_twice(x, n):
    y = x
    for _ in range(n):
        y = y * math.sin(y) * math.cos(y)
    return y


def in_a_branch(x, n):
    y = x
    for i in range(n):
        if i % 2:
            s = math.exp(y)
            y = s * x
    return y


def nested(x, n):
    y = x
    for _ in range(n):
        for _j in range(2):
            y = y * x
    return y


def invariant(x, n):
    s = math.sin(x)
    y = x
    for _ in range(n):
        y = y + s * x
    return y


def shapes_only(x, n):
    y = x
    for _ in range(n):
        y = np.sum(y * 2.0) + x
    return np.sum(y)


A = np.array([0.3, 0.5, 0.7, 0.2])


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (linear, (0.5, 0.2, 3), []),
        (powers, (0.5, 3), [1]),
        (by_index, (0.5, 3), []),
        (loads, (A, 3), []),
        (expensive, (0.5, 3), [1]),
        (one_value_read_twice, (0.5, 3), [3]),
        (in_a_branch, (0.5, 4), [1]),
        (nested, (0.5, 2), [1, 1]),
        (invariant, (0.5, 3), []),
        (shapes_only, (A, 2), []),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_tapes(f, args, expected):
    check(f, *args)
    found = tapes(f, *args)
    assert [n for n in found if n] == expected


def conditional_load(x, n):
    """The load of the untaken side would be out of bounds."""
    y = 0.0
    for i in range(n):
        if i + 1 < n:
            y = y + x[i + 1] * x[i] * x[i + 1]
    return y


def conditional_quotient(x, n):
    y = x
    for i in range(n):
        if i > 0:
            y = y * (x / i)
    return y


def test_a_branch_is_recomputed_on_its_own_side_only():
    check(conditional_load, A, 4)
    check(conditional_quotient, 0.5, 4)


def two_levels_of_branches(x, n):
    y = x
    for i in range(n):
        if i > 0:
            if i > 1:
                s = math.exp(-y)
                y = s * y * x
            else:
                y = y * y
    return y


def loop_in_a_branch_in_a_loop(x, n):
    y = x
    for i in range(n):
        if i % 2:
            for _ in range(i):
                y = math.sin(y) * x
    return y


def while_with_tape(x):
    y = x
    while y < 5.0:
        y = y * y + x
    return y


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_values_of_branches_leave_them(n):
    check(two_levels_of_branches, 0.6, n)
    check(loop_in_a_branch_in_a_loop, 0.6, n)


def test_while_loops_are_walked_back():
    check(while_with_tape, 1.2)
    assert tapes(while_with_tape, 1.2) == [1]


def growing_shape(x, n):
    y = x
    for _ in range(n):
        y = np.concatenate((y, x * 2.0))
    return np.sum(y)


def test_the_shape_of_a_value_is_saved_without_it():
    check(growing_shape, A, 2)
    found = tapes(growing_shape, A, 2)
    assert found == [1]
