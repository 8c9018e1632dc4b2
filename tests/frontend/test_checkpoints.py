"""`checkpoint`: the same value and gradient, with less kept for the backward part."""

import copy
import functools
import math
import tracemalloc

import driving
import numpy as np
import pytest
from refusing import refusal

from adcompiler import checkpoint, grad, hvp, jvp, value_and_grad
from tests.generator.oracles import judge_function

A = np.array([0.7, -1.2, 0.4])
B = np.array([0.3, 0.9, -0.5, 1.1])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
WEIGHTS = np.array([[0.4, -0.2, 0.1], [0.3, 0.6, -0.5], [0.2, 0.1, 0.9]])


def over_a_range(x, n):
    y = x
    for i in checkpoint(range(n), every=3):
        y = math.sin(y) * x + i
    return y


def by_the_square_root(x, n):
    y = x
    for i in checkpoint(range(2, n)):
        y = np.sin(y) + 0.1 * i * x
    return y


def downwards(x, n):
    y = x
    for i in checkpoint(range(n, -1, -2), every=2):
        y = np.sin(y) + i * x
    return y * i


def with_a_step(x, n, k):
    y = x
    for i in checkpoint(range(1, n, k), every=k):
        y = np.sin(y) + i * x
    return y


def over_an_array(m):
    s = 1.0
    for r in checkpoint(m, every=1):
        s = s * np.sum(np.sin(r))
    return s


def over_several(a, b):
    s, t = 0.0, 1.0
    for i, (u, v) in checkpoint(enumerate(zip(a, b, strict=False)), every=2):
        s = s + np.sin(u * t) * v + i
        t = t * v
    return s * t


def backwards(a):
    s = 1.0
    for u in checkpoint(reversed(a), every=2):
        s = np.sin(s + u)
    return s


def with_stores(a, n):
    u = np.zeros(8)
    u[0] = a[0]
    for i in checkpoint(range(1, n), every=3):
        u[i] = np.sin(u[i - 1]) * a[1]
        u[0] = u[0] * u[i] + a[2]
    return np.sum(u**2)


def swapped(a, n):
    b = a * 0.5
    for _ in checkpoint(range(n), every=2):
        a, b = b, a * 1.1
        b[0] = b[0] * a[1]
    return np.sum(np.sin(a) * b)


def growing(x, n):
    ys = [x]
    for _ in checkpoint(range(n), every=2):
        ys.append(np.sin(ys[-1]) * x)
    s = 0.0
    for v in checkpoint(ys, every=3):
        s = s + v * v
    return s


def broken(x, n):
    y = x
    for i in checkpoint(range(n), every=3):
        if y > 3.0:
            break
        y = y * 1.3 + 0.01 * i * y
    else:
        y = y * y
    return y


def returned(x, n):
    y = x
    for i in checkpoint(range(n), every=3):
        if i == 1:
            continue
        if y > 3.0:
            return y * y
        y = y * 1.3 + 0.01 * i * y
    return y


def nested(x, n):
    y = x
    for i in checkpoint(range(n), every=2):
        for j in checkpoint(range(i + 1), every=2):
            y = np.sin(y) + j * x * y
        z = y
        while z > 0.3:
            z = z * 0.5
        y = y + z
    return y


def around(x, n):
    y = x
    if x > 0.1:
        for i in checkpoint(range(n), every=2):
            if i % 2:
                t = np.exp(y * 0.3)
            else:
                t = y * x
            y = np.sin(t) * x
    for _ in range(2):
        for _ in checkpoint(range(n), every=2):
            y = y * np.cos(y) + x
    return y


def with_effects(x, n):
    y = x
    for i in checkpoint(range(n), every=2):
        with np.errstate(divide="ignore"):
            assert y < 100.0, "too large"
            y = np.log(y + 3.0) * x
        if i % 2:
            print("step", i, y)
        if y > 1000.0:
            raise ValueError(y)
    return y


def linear(x, n):
    y = x
    for _ in checkpoint(range(n)):
        y = 0.5 * y + 1.0
    return y


def views_that_may_be_missing(x, m, n):
    for _, r in checkpoint(enumerate(m), every=2):
        for _ in range(n):
            r[1:] = 0.5 * r[:-1] * x
    for _ in checkpoint(range(n), every=2):
        x = x * r[0]
    return x + np.sum(m)


LOOPS = [
    (views_that_may_be_missing, {"x": 0.4, "m": M, "n": 1}),
    (over_a_range, {"x": 0.7, "n": 11}), (over_a_range, {"x": 0.7, "n": 0}),
    (by_the_square_root, {"x": 0.7, "n": 12}), (downwards, {"x": 0.3, "n": 9}),
    (with_a_step, {"x": 0.3, "n": 9, "k": 2}), (over_an_array, {"m": M}),
    (over_several, {"a": A, "b": B}), (backwards, {"a": B}), (with_stores, {"a": A, "n": 8}),
    (swapped, {"a": A, "n": 5}), (growing, {"x": 0.3, "n": 5}), (broken, {"x": 0.7, "n": 13}),
    (broken, {"x": 0.7, "n": 2}), (returned, {"x": 0.7, "n": 13}), (nested, {"x": 0.3, "n": 5}),
    (around, {"x": 0.7, "n": 5}), (with_effects, {"x": 0.4, "n": 5}), (linear, {"x": 0.4, "n": 5}),
]  # fmt: skip


def layer(w, x):
    h = np.tanh(w @ x)
    return np.tanh(h * x) + h


def network(x):
    for _ in range(3):
        x = checkpoint(layer)(WEIGHTS, x)
    return np.sum(x**2)


def step(x, k=2.0):
    return np.sin(x) * k


def enclosing(x, a):
    s = x * 2

    def inner(u, v=1.5):
        return np.sum(np.sin(u) * s) * v + x

    y = checkpoint(inner)(a)
    s = y * x
    return y + checkpoint(inner)(a * s, v=2.0) + checkpoint(lambda t: t * s)(x)


def of_objects(x, a):
    return np.sum(checkpoint(functools.partial(step, k=x))(a)) + checkpoint(np.sin)(x)


def pair(a, x):
    return a * x, {"sum": np.sum(a), "count": 2}


def structures(x, a):
    b, d = checkpoint(pair)(a, x)
    return np.sum(b) * d["sum"] * d["count"]


def power(x, n):
    return 1.0 if n <= 0 else np.sin(x) * checkpoint(power)(x, n - 1)


def factors(x, n):
    return 1.0 if n == 0 else x * factors(x, n - 1)


def recursions(x, n):
    return checkpoint(power)(x, n) * checkpoint(factors)(x, n)


def in_a_loop(x, n):
    for _ in checkpoint(range(n), every=2):
        x = checkpoint(step)(x, 0.9)
        if x > 0.2:
            x = checkpoint(step)(x)
    return x


def says(x):
    assert x < 50.0
    print("says", x)
    return x * x


def saying(x):
    checkpoint(says)(x)
    return checkpoint(says)(x) * x


def tells(x):
    print("tells", x)


def telling(x):
    checkpoint(tells)(x)
    return x * x


def products(m):
    b = np.zeros(3)
    for i in range(3):
        b[i] = m[0, i] * m[1, i - 1]
    return b


def owning(m):
    b = checkpoint(products)(m)
    b[1] = b[0] * 2
    return np.sum(b * b)


def twice(a):
    return np.sum(checkpoint(np.multiply)(a, a) * checkpoint(lambda p: p)(a))


def along(m, axis):
    return np.sum(checkpoint(lambda m, axis: np.sum(np.sin(m), axis=axis))(m, axis) ** 2)


CALLS = [
    (network, {"x": A}), (enclosing, {"x": 0.3, "a": A}), (of_objects, {"x": 0.3, "a": A}),
    (structures, {"x": 0.3, "a": A}), (recursions, {"x": 0.3, "n": 3}),
    (in_a_loop, {"x": 0.3, "n": 5}), (saying, {"x": 0.3}), (telling, {"x": 0.3}),
    (owning, {"m": M}), (twice, {"a": A}), (along, {"m": M, "axis": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments"), LOOPS + CALLS)
def test_value_and_gradient(function, arguments):
    verdict = judge_function(function, lambda: copy.deepcopy(arguments))
    assert verdict.kind == "passed", f"{verdict}\n{verdict.detail}"


@pytest.mark.parametrize("function", [over_a_range, nested, in_a_loop])
def test_second_order(function):
    driving.check(function, 0.3, 4)


def test_what_plain_python_does():
    assert checkpoint(step) is step
    assert list(checkpoint(range(3))) == list(checkpoint((0, 1, 2), every=2)) == [0, 1, 2]
    with pytest.raises(ValueError, match="at least 1"):
        checkpoint(range(3), every=0)
    with pytest.raises(TypeError):
        checkpoint(step, every=2)
    with pytest.raises(TypeError):
        checkpoint(1.0)


def logistic(u, n, every):
    for _ in checkpoint(range(n), every=every):
        u = 3.6 * u * (1.0 - u)
    return np.sum(u)


def peak(gradient, *arguments):
    gradient(*arguments)
    tracemalloc.start()
    gradient(*arguments)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_a_loop_keeps_segments_only():
    u, gradient = np.full(50, 0.3), grad(logistic)
    whole, parts = peak(gradient, u, 900, 900), peak(gradient, u, 900, 30)
    assert parts < 0.15 * whole


def heavy(x):
    for _ in range(20):
        x = np.sin(x) * np.cos(x)
    return x


def plainly(x):
    return np.sum(heavy(heavy(heavy(heavy(x)))))


def sparing(x):
    for _ in range(4):
        x = checkpoint(heavy)(x)
    return np.sum(x)


def test_a_function_keeps_its_arguments_only():
    x = np.linspace(0.1, 1.0, 1000)
    assert peak(grad(sparing), x) < 0.5 * peak(grad(plainly), x)
    np.testing.assert_array_equal(grad(sparing)(x), grad(plainly)(x))


def test_a_call_hands_its_arguments_to_the_backward_part():
    text = grad(network).source(A)
    assert "_forward" not in text and "_pullback(w, x, grad_out)" in text


@pytest.mark.parametrize("every", [0, -2])
def test_a_segment_has_an_iteration(every):
    with pytest.raises(ValueError, match="at least 1"):
        grad(logistic)(A, 5, every)


def drawing(x, n):
    rng = np.random.default_rng(0)
    for _ in checkpoint(range(n)):
        x = x * rng.normal()
    return x


def drawing_in_a_call(x):
    return checkpoint(lambda x: x * np.random.default_rng(0).normal())(x)


def saying_in_a_loop(x, n):
    for _ in checkpoint(range(n)):
        x = checkpoint(says)(x)
    return x


def over_a_tuple(x):
    for k in checkpoint((1.0, 2.0)):
        x = np.sin(x) * k
    return x


def inside_a_zip(x, a):
    for u, _ in zip(checkpoint(a), a, strict=False):
        x = x * u
    return x


def in_a_comprehension(a):
    return sum([u * u for u in checkpoint(a)])


def unrolled(x):
    for k in checkpoint(range(2)):
        x = x + np.sum(np.ones((2, 3)) * x, axis=k)[0]
    return x


def by_halves(x, n):
    for _ in checkpoint(range(n), every=0.5):
        x = np.sin(x)
    return x


def never(x, n):
    for _ in checkpoint(range(n), every=0):
        x = np.sin(x)
    return x


def a_function_with_every(x):
    return checkpoint(step, every=2)(x)


def derived_inside(x):
    return grad(lambda x: checkpoint(step)(x) ** 2)(x) * x


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (derived_inside, (0.3,), "or checkpoints a call"),
        (drawing, (0.3, 2), "random numbers are drawn in what is checkpointed"),
        (drawing_in_a_call, (0.3,), "a function that is checkpointed"),
        (saying_in_a_loop, (0.3, 2), "prints, checks or raises in what is called"),
        (over_a_tuple, (0.3,), "is written out, and has no segments"),
        (inside_a_zip, (0.3, A), "not what a `for` statement runs over"),
        (in_a_comprehension, (A,), "not what a `for` statement runs over"),
        (unrolled, (0.3,), "must be known when the function is compiled"),
        (by_halves, (0.3, 2), "`every` of checkpoint() is"),
        (never, (0.3, 2), "`every` of checkpoint() is 0"),
        (a_function_with_every, (0.3,), "takes no `every`"),
    ],
)
def test_refused(function, arguments, reason):
    assert reason in str(refusal(value_and_grad(function), *arguments))


@pytest.mark.parametrize("function", [over_a_range, broken, in_a_loop])
def test_forward_mode_and_twice(function):
    x, n = 0.6, 7
    value, slope = jvp(function, (x, n), (1.0,), wrt="x")
    assert value == function(x, n)
    np.testing.assert_allclose(slope, grad(function)(x, n), rtol=1e-13)
    h = 1e-6
    curved = (grad(function)(x + h, n) - grad(function)(x - h, n)) / (2 * h)
    np.testing.assert_allclose(hvp(function, x, n, 1.0), curved, rtol=1e-6)


def test_arrays_are_copied_once_per_segment():
    lines = grad(with_stores).source(A, 8).splitlines()
    copies = [line for line in lines if line.strip() == "u = np.array(u)"]
    assert [len(line) - len(line.lstrip()) for line in copies] == [8, 8]


def test_derivatives_inside():
    def inside(x, n):
        return grad(over_a_range)(x, n) * x

    x, h = 0.6, 1e-6
    slope = (inside(x + h, 5) - inside(x - h, 5)) / (2 * h)
    np.testing.assert_allclose(grad(inside)(x, 5), slope, rtol=1e-6)
