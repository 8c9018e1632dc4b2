"""Gradients of control flow: value bit for bit, central differences, second order, both levels."""

import math

import numpy as np
import pytest
from driving import check

from adcompiler import grad

A = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3], [1.1, 0.8], [-0.6, 0.9]])


def overwritten(x):
    y = x * x
    y = y + x
    y = math.sin(y)
    y = y * y
    return y


def overwritten_in_one_branch(x, k):
    y = x * x
    if k > 0:
        y = y * x
    return y + math.sin(y)


def defined_in_one_branch(x, k):
    if k > 0:
        y = math.exp(x)
    if k > 0:
        z = y * x
    else:
        z = x
    return z


def elif_chain(x, k):
    if k == 0:
        y = x
    elif k == 1:
        y = x * x
    elif k == 2:
        y = math.sin(x) * x
    else:
        y = math.exp(x)
    return y * y


def nested_branches(x, z):
    if x > 0:
        if z > 0:
            y = x * z
        else:
            y = x / (z * z + 1)
        y = y * y
    else:
        y = z
    return y + x


def branch_value_used_after(x, k):
    a = math.tanh(x)
    if k > 0:
        s = a * x
        t = s * s
    else:
        t = a
        s = x
    return s * t + a


def early_return(x, k):
    if k > 0:
        return math.sin(x)
    y = x * x
    return y * x


def conditional_expression(x, z):
    y = x * x if x > z else z * math.exp(x)
    return y if y > 0 else y * y


def chained_comparison(x):
    return x * x if -1 < x <= 2 else math.sin(x)


def short_circuit(x, z):
    return x * z if (x > 0 and 1 / x > 0.1) or z > 5 else x + z


def power(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def horner(x, n):
    total = 0.0
    for i in range(n):
        total = total * x + i
    return total


def loop_variable_afterwards(x, n):
    y = x
    i = 0
    for i in range(n):
        y = y * x
    return y * i + i


def loop_variable_as_float(x, n):
    total = x
    for i in range(1, n):
        total = total + x**i / i
    return total


def defined_by_the_loop(x, n):
    for i in range(n):
        y = math.sin(x) * i
    return y * y


def triangular(x, n):
    total = 0.0
    for i in range(n):
        p = x
        for _j in range(i):
            p = p * math.cos(total + x)
        total = total + p
    return total


def ragged(x, n):
    total = 0.0
    for i in range(n):
        for j in range(i, n, 2):
            total = math.sin(total + x * j) * x
    return total


def fibonacci(x, n):
    a, b = x, x * x
    for _ in range(n):
        a, b = b, a * b + x
    return a + b


def newton(x):
    y = x
    while y * y - x > 1e-4:
        y = 0.5 * (y + x / y)
    return y


def while_counting(x, n):
    y, k = x, 0
    while k < n and y < 100:
        y = y * y + x
        k = k + 1
    return y * k


def branch_in_loop(x, n):
    y = x
    for i in range(n):
        if i % 2 == 0:
            y = y * math.sin(x)
        else:
            s = math.exp(y)
            y = s * x
    return y


def loop_in_branch(x, n):
    y = x
    if n > 2:
        for _ in range(n):
            y = y * math.cos(y)
    else:
        y = x * x
    return y * x


def loop_in_branch_in_loop(x, n):
    total = 0.0
    for i in range(n):
        if i % 2:
            p = x
            for j in range(i):
                p = p * math.sin(x + j)
                if p > 0.2:
                    p = p * p
            total = total + p * p
        else:
            total = total * x + 1
    return total


def while_in_for(x, n):
    total = 0.0
    for i in range(n):
        y = x + i
        while y > 0.5:
            y = y * math.tanh(y) * 0.7
        total = total + y * x
    return total


def for_in_while(x):
    y = x
    while y < 20:
        for k in range(3):
            y = y * (1 + 0.3 * math.cos(x * k))
        y = y + 1
    return y


def root_in_one_branch(x, k):
    s = math.sqrt(x)
    if k > 0:
        y = s * x
    else:
        y = x
    return y


def truth_of_a_number(x, k):
    y = x * x if k else x
    while k:
        y = y * x
        k = k - 1
    return y


def unused(x, z, k):
    w = math.exp(z)
    if k > 0:
        w = w * x
    return x * 2


SCALAR = [
    (overwritten, 0.7), (overwritten_in_one_branch, 0.7, 1), (overwritten_in_one_branch, 0.7, 0),
    (defined_in_one_branch, 0.7, 1), (defined_in_one_branch, 0.7, 0),
    *[(elif_chain, 0.7, k) for k in range(4)],
    (nested_branches, 0.7, 1.3), (nested_branches, 0.7, -1.3), (nested_branches, -0.7, 1.3),
    (branch_value_used_after, 0.7, 1), (branch_value_used_after, 0.7, 0),
    (early_return, 0.7, 1), (early_return, 0.7, 0),
    (conditional_expression, 0.7, 0.2), (conditional_expression, 0.2, 0.7),
    (conditional_expression, -0.2, -0.1),
    (chained_comparison, 0.5), (chained_comparison, -1.5), (chained_comparison, 3.0),
    (short_circuit, 0.5, 1.0), (short_circuit, -0.5, 1.0), (short_circuit, 20.0, 6.0),
    *[(power, 1.3, n) for n in (0, 1, 5)], (power, -0.7, 3), (power, 0.0, 1),
    *[(horner, 0.9, n) for n in (0, 1, 6)],
    *[(loop_variable_afterwards, 0.9, n) for n in (0, 1, 4)],
    *[(loop_variable_as_float, 0.9, n) for n in (0, 2, 5)],
    *[(defined_by_the_loop, 0.9, n) for n in (1, 4)],
    *[(triangular, 0.9, n) for n in (0, 1, 4)], *[(ragged, 0.9, n) for n in (0, 3, 5)],
    *[(fibonacci, 0.7, n) for n in (0, 1, 4)],
    (newton, 2.3), (newton, 1.4), (while_counting, 1.1, 4), (while_counting, 3.1, 9),
    *[(branch_in_loop, 0.7, n) for n in (0, 1, 2, 5)],
    *[(loop_in_branch, 0.7, n) for n in (1, 3)],
    *[(loop_in_branch_in_loop, 0.9, n) for n in (0, 1, 2, 5)],
    *[(while_in_for, 1.2, n) for n in (0, 3)], (for_in_while, 1.2),
    (root_in_one_branch, 0.7, 1), (root_in_one_branch, 0.7, 0),
    *[(truth_of_a_number, 0.9, k) for k in (0, 3)], (unused, 0.7, 0.3, 1),
]  # fmt: skip


def named(case):
    return f"{case[0].__name__}-{'-'.join(map(repr, case[1:]))}"


@pytest.mark.parametrize("case", SCALAR, ids=named)
def test_scalars(case):
    f, *args = case
    check(f, *args)


@pytest.mark.parametrize("case", SCALAR, ids=named)
def test_numpy_scalars(case):
    """Rank-0 arrays of both float sizes take the same way."""
    f, *args = case
    for kind in (np.float64, np.float32):
        check(f, *[kind(a) if isinstance(a, float) else a for a in args], second=False)


def array_overwritten(x):
    y = x * x
    y = np.sin(y) + x
    y = y * y
    return y.sum()


def array_loop(x, n):
    y = x
    for i in range(n):
        y = np.tanh(y) * x + i
    return np.sum(y)


def array_defined_by_the_loop(x, n):
    for i in range(n):
        y = np.exp(x * i)
    return y.sum()


def array_branch(x, k):
    if k > 0:
        h = np.exp(x)
        y = h * x
    else:
        y = x * x
    return y.sum()


def array_branch_in_loop(x, n):
    y = x
    for i in range(n):
        if i % 2:
            h = np.exp(-y)
            y = h * x
        else:
            y = y * y
    return y.sum()


def array_defined_in_a_branch_in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        if i > 0:
            h = np.sin(x * i)
        if i > 1:
            total = total + np.sum(h * h * x)
    return total


def rows(m, n):
    total = 0.0
    for i in range(n):
        r = m[i]
        total = total + np.sum(r * r) * m[i, 0]
    return total


def iterated(m):
    total = 0.0
    for r in m:
        total = total * 0.5 + np.sum(np.sin(r))
    return total


def elements(x):
    total = 1.0
    for v in x:
        total = total * v + v
    return total


def growing(x, n):
    y = x
    for _ in range(n):
        y = np.concatenate((y * 0.5, x))
    return np.sum(y * y)


def shrinking(x):
    y = x
    for _ in range(2):
        y = y[1:] * y[:-1]
    return y.sum()


def slice_defined_by_the_loop(x, n):
    for i in range(1, n):
        y = np.sin(x[:i])
    return y.sum()


def array_while(x):
    y = x
    while np.sum(y * y) > 0.1:
        y = y * np.cos(y) * 0.5
    return np.sum(y * x)


def nested_array_loops(m, x, n):
    total = 0.0
    for i in range(n):
        v = x
        for j in range(i):
            v = np.tanh(m @ (m.T @ v)) + j
        total = total + v @ x
    return total


ARRAY = [
    (array_overwritten, A), *[(array_loop, A, n) for n in (0, 1, 4)],
    *[(array_defined_by_the_loop, A, n) for n in (1, 3)],
    (array_branch, A, 1), (array_branch, A, 0), *[(array_branch_in_loop, A, n) for n in (0, 1, 4)],
    *[(array_defined_in_a_branch_in_a_loop, A, n) for n in (1, 4)],
    (rows, M, 3), (rows, M, 0), (iterated, M), (elements, A), (elements, [0.5, 0.7]),
    *[(growing, A, n) for n in (0, 2)], (shrinking, A), (slice_defined_by_the_loop, A, 4),
    (array_while, A), *[(nested_array_loops, M, A, n) for n in (0, 3)],
]  # fmt: skip


@pytest.mark.parametrize("case", ARRAY, ids=lambda case: case[0].__name__)
def test_arrays(case):
    f, *args = case
    check(f, *args)
    check(f, *[a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args],
          second=False)  # fmt: skip


UNIT_SHAPES = [((3, 1), (1, 2)), ((3, 1), (2,)), ((1,), (3,)), ((), (3,)), ((1, 1), (3, 2))]


@pytest.mark.parametrize("shapes", UNIT_SHAPES, ids=str)
@pytest.mark.parametrize("swap", [False, True])
def test_broadcasting_in_a_loop(shapes, swap):
    def f(a, b, n):
        y = a * b
        for _ in range(n):
            y = np.sin(y + a) * b
        return y.sum()

    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0.5, 1, s) for s in shapes)
    check(f, *((b, a) if swap else (a, b)), 2)


@pytest.mark.parametrize("x", [np.array([0.5, -2.0]), np.array([0.5], np.float32), 0.3, -1.5])
def test_of_a_reciprocal_the_result_is_enough(x):
    def f(x):
        y = 1 / (x + x * x)
        return np.sum(y)

    text = grad(f).source(x).split("# backward")[1]
    assert "y * y" in text and "/" not in text
    check(f, x)


def test_a_pole_that_nothing_flows_to():
    def f(x):
        return np.sum(np.where(x != 0, 1 / x, x))

    with np.errstate(divide="ignore"):
        assert grad(f)(np.array([0.0, 2.0])).tolist() == [1.0, -0.25]
