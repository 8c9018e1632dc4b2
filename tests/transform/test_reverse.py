"""Gradients of control flow: value bit for bit, central differences, second order, both levels."""

import math

import numpy as np
import pytest
from driving import check, gradients, is_clean, module

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


def untaken_root(x):
    return np.where(x > 0, np.sqrt(x), 0.0).sum()


def untaken_log(x):
    return np.where(x > 0, x * np.log(x), 0.0).sum()


def untaken_quotient(x):
    return np.where(x != 0, np.sin(x) / x, 1.0).sum()


def untaken_power(x):
    return np.where(x > 0, x**0.5, 0.0).sum()


def untaken_norm(x):
    r = np.sqrt(x * x)
    return np.where(x > 0, r, 0.0).sum()


def clipped_root(x):
    return np.sqrt(np.maximum(x, 0.0) + 0.0).sum() if x.sum() > 1e9 else np.sum(x)


def masked_product(x):
    return np.sum((x > 0) * np.sqrt(np.abs(x)))


UNTAKEN = [untaken_root, untaken_log, untaken_quotient, untaken_power, untaken_norm,
           masked_product]  # fmt: skip


@pytest.mark.parametrize("f", UNTAKEN, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_an_untaken_side_leaks_nothing(f):
    (g,) = gradients(f, np.array([-1.0, 0.0, 2.0]))
    assert is_clean(g)
    assert g[1] == 0
    check(f, np.array([1.5, 0.3, 2.0]))


def test_the_backward_part_warns_of_nothing_of_its_own():
    """No warning beyond the forward part's."""

    def f(x):
        return np.where(x > 0, np.sqrt(x), 0.0).sum()

    (g,) = gradients(f, np.array([0.0, 0.0, 4.0]))
    assert g.tolist() == [0.0, 0.0, 0.25]


def test_an_unused_branch_result_poisons_nothing():
    def f(x, k):
        s = math.sqrt(x)
        return s if k > 0 else 2 * x

    assert gradients(f, 0.0, 0) == [2.0]
    assert gradients(f, 0.0, 1) == [math.inf]


def test_an_unused_operation_poisons_nothing():
    def f(x):
        y = np.sqrt(x)
        z = y * 0 if x.sum() > 100 else x
        return np.sum(x * x)

    (g,) = gradients(f, np.array([0.0, 1.0]))
    assert g.tolist() == [0.0, 2.0]


POINTS = [
    ("x**0", 0.0, 0.0), ("x**1", 0.0, 1.0), ("x**2", 0.0, 0.0), ("x**3", -2.0, 12.0),
    ("x**-1", -2.0, -0.25), ("x**2.0", -3.0, -6.0), ("abs(x)", 0.0, 0.0),
    ("max(x, 0.0)", 0.0, 0.5), ("min(x, 0.0)", 0.0, 0.5), ("max(0, x)", 2.0, 1.0),
    ("math.hypot(x, 0.0)", 0.0, 0.0), ("np.hypot(x, 0.0)", 0.0, 0.0),
    ("np.maximum(x, 0.0)", 0.0, 0.5), ("math.fabs(x)", 0.0, 0.0), ("x % 0.7", 1.0, 1.0),
    ("x // 0.7 * x", 1.0, 1.0), ("math.floor(x) * x", 2.5, 2.0), ("np.sign(x) * x", -2.0, -1.0),
    ("math.sqrt(x)", 0.0, math.inf), ("x**0.5", 0.0, math.inf), ("round(x) * x", 2.4, 2.0),
    ("round(x, 1) * x", 2.42, 2.4), ("np.round(x, 1) * x", 2.42, 2.4), ("np.around(x)", 2.4, 0.0),
    ("int(x) * x", 2.5, 2.0), ("float(x) * x", 2.5, 5.0), ("x * (not x > 1)", 2.5, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "expected"), POINTS)
def test_conventions(text, x, expected, tmp_path):
    f = module(tmp_path, f"def f(x):\n    return {text}\n").f
    assert gradients(f, x) == [expected]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_integer_powers_at_zero(n):
    def f(x, n):
        return x**n

    expected = 1.0 if n == 1 else 0.0
    assert gradients(f, 0.0, n) == [expected]
    assert gradients(f, np.float64(0.0), n) == [expected]

    def g(x, n):
        return np.sum(x**n)

    assert gradients(g, np.zeros(2), n)[0].tolist() == [expected] * 2


@pytest.mark.parametrize("base", [0.0, 2.0])
def test_power_with_an_inactive_exponent(base):
    def f(x, p):
        return x**p

    found = gradients(f, base, 1.5)
    assert found[0] == 1.5 * base**0.5
    assert found[1] == (base**1.5 * math.log(base) if base else 0.0)


TIES = [
    (np.max, [1.0, 2.0, 2.0], [0, 0.5, 0.5]), (np.min, [1.0, 1.0, 2.0], [0.5, 0.5, 0]),
    (np.prod, [0.0, 2.0, 3.0], [6, 0, 0]), (np.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
    (np.std, [1.0, 1.0, 1.0], [0, 0, 0]), (np.var, [1.0, 1.0, 1.0], [0, 0, 0]),
    (np.linalg.norm, [0.0, 0.0], [0, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "expected"), TIES)
def test_ties_and_zeros(function, x, expected):
    def f(x):
        return function(x)

    (g,) = gradients(f, np.array(x))
    np.testing.assert_allclose(g, expected, atol=1e-15)


def test_clip_passes_on_the_closed_interval():
    def f(x):
        return np.sum(np.clip(x, -1.0, 1.0))

    assert gradients(f, np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))[0].tolist() == [0, 1, 1, 1, 0]


def test_gradients_that_nothing_reaches_are_zeros():
    def f(x, y, n):
        return y * n

    found = gradients(f, np.ones((2, 3)), 2.0, 3)
    assert found[0].tolist() == np.zeros((2, 3)).tolist()
    assert found[1] == 3.0


def test_one_argument_twice():
    def f(x, y):
        return np.sum(x * y + x)

    assert [g.tolist() for g in gradients(f, A, A)] == [(A + 1).tolist(), A.tolist()]
