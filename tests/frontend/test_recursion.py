"""Functions that call themselves: value, gradient at both levels, text, and what is refused."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from driving import case, check, close, module, numeric, same, tolerance
from refusing import refusal

from adcompiler import grad, primitive, value_and_grad
from adcompiler.ir.core import walk

RATE = 0.5
W = np.array([0.5, -1.0, 2.0])


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def tree(x, n):
    if n < 2:
        return x
    return tree(x, n - 1) + tree(x, n - 2)


def newton(a, x, n):
    if n == 0 or abs(x * x - a) < 1e-13:
        return x
    return newton(a, 0.5 * (x + a / x), n - 1)


def simpson(f, a, b, fa, fm, fb, whole, tol):
    m = 0.5 * (a + b)
    fl, fr = f(0.5 * (a + m)), f(0.5 * (m + b))
    left = (m - a) / 6 * (fa + 4 * fl + fm)
    right = (b - m) / 6 * (fm + 4 * fr + fb)
    err = left + right - whole
    if abs(err) < 15 * tol:
        return left + right + err / 15
    return simpson(f, a, m, fa, fl, fm, left, tol / 2) + simpson(
        f, m, b, fm, fr, fb, right, tol / 2
    )


def quadrature(w):
    def f(x):
        return math.sin(w * x) * math.exp(-x)

    a, b = 0.0, 2.0
    fa, fm, fb = f(a), f(0.5 * (a + b)), f(b)
    return simpson(f, a, b, fa, fm, fb, (b - a) / 6 * (fa + 4 * fm + fb), 1e-6)


def quadrature_twice(w):
    """The function passed is the same object; what it reads isn't."""

    def f(x):
        return math.sin(w * x)

    first = simpson(f, 0.0, 1.0, f(0.0), f(0.5), f(1.0), 0.0, 1e-4)
    w = w * w
    return first + simpson(f, 0.0, 1.0, f(0.0), f(0.5), f(1.0), 0.0, 1e-4)


def horner_by_index(c, x, k):
    if k == len(c):
        return 0.0
    return c[k] + x * horner_by_index(c, x, k + 1)


def horner_by_slice(c, x):
    if len(c) == 1:
        return c[0]
    return c[0] + x * horner_by_slice(c[1:], x)


def clenshaw(c, x, k):
    if k >= len(c):
        return 0.0, 0.0
    b1, b2 = clenshaw(c, x, k + 1)
    return c[k] + 2.0 * x * b1 - b2, b1


def chebyshev(c, x):
    b0, b1 = clenshaw(c, x, 0)
    return b0 - x * b1


def halves(x):
    if len(x) == 0:
        return 0.0
    if len(x) == 1:
        return x[0] * x[0]
    m = len(x) // 2
    return halves(x[:m]) + 0.5 * halves(x[m:] * 2.0)


def dot(x, y):
    if len(x) == 0:
        return 0.0
    return x[0] * y[0] + dot(x[1:], y[1:])


def stretched(x, y):
    """Two sizes of which neither is known: who is broadcast shows at run time."""
    if len(x) <= 1:
        return np.sum(x * y)
    m = len(x) // 2
    return stretched(x[:m], y) + stretched(x[m:], y)


def columns(x):
    if x.shape[1] == 1:
        return np.sum(np.tanh(x))
    return np.sum(x[:, 0] ** 2) + columns(x[:, 1:])


def vector(x, n):
    if n == 0:
        return x
    return np.tanh(vector(x * W, n - 1)) + x


def of_vector(x, n):
    return np.sum(vector(x, n) * W)


def even(x, n):
    return x if n == 0 else odd(x * 1.1, n - 1)


def odd(x, n):
    return x * x if n == 0 else even(math.sin(x), n - 1)


def three(x, n):
    return x if n <= 0 else three_b(x * 0.9, n - 1) + three_c(x, n - 2)


def three_b(x, n):
    return 2 * x if n <= 0 else three(math.sin(x), n - 1) * x


def three_c(x, n):
    return x * x if n <= 0 else three_b(x, n - 1) + three_c(x * 0.5, n - 1) * three(x, n - 2)


def set_on_one_path(x, n):
    if n > 3:
        t = math.exp(x)
    y = set_on_one_path(x, n - 1) if n > 0 else 1.0
    if n > 3:
        y = y * t
    return y + x * y


def in_a_loop(x, n):
    s = 0.0
    for i in range(3):
        if i > 0:
            s = s + power(x * i, n)
        x = x + s
    return s


def over_a_loop(x, n):
    t = x
    for k in range(n):
        t = t + 0.1 * over_a_loop(t * t, k)
    return t


def in_a_while(x, n):
    t = x
    while t < 4.0:
        t = t * 1.3 + (in_a_while(t * 0.3, n - 1) if n > 0 else 0.2)
    return t * x


def branches(x, n):
    if n <= 0:
        return x
    if x > 1.0:
        return branches(x * 0.5, n - 1) * 1.5
    elif x > 0.5:
        y = branches(x + 0.3, n - 2)
        return y * x + branches(x * x, n - 1)
    return branches(math.exp(x), n - 1) - x


def captured(x, n):
    if n == 0:
        return x
    return RATE * captured(x * RATE, n - 1) + x


def captured_array(x, n):
    if n == 0:
        return np.sum(x * W)
    return captured_array(np.sin(x) * W, n - 1)


def closure(w, x, n):
    def go(y, k):
        if k == 0:
            return y * w
        return go(math.sin(y) * w, k - 1)

    a = go(x, n)
    w = w * 2.0
    return a + go(x, n)


def by_lambda(x, n):
    go = lambda y, k: y if k == 0 else go(y * x, k - 1)  # noqa: E731
    return go(1.0, n)


def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


def inactive(x, n):
    return x ** factorial(n)


def active_and_not(x, n):
    return power(x, n) + power(2.0, n) * x


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def of_ackermann(x, m):
    return x ** ackermann(m, 1)


def flag(x, n, up=True):
    if n == 0:
        return x
    return flag(x * 1.1, n - 1, False) if up else flag(x + 0.1, n - 1, True) * x


def unused(x, y, n):
    return x if n == 0 else unused(x * x, y, n - 1)


def identity(x, n):
    return x if n == 0 else identity(x, n - 1)


def constant(x, n):
    return 2.0 if n == 0 else constant(x * x, n - 1)


def same_twice(x, n):
    if n == 0:
        return x, x
    a, b = same_twice(x * 1.1, n - 1)
    return a * b, a


def of_same_twice(x, n):
    a, b = same_twice(x, n)
    return a + 2 * b


def dicts(p, n):
    if n == 0:
        return {"a": p["a"], "b": p["b"] * 2}
    q = dicts({"a": p["a"] * p["b"], "b": p["b"] + 0.1}, n - 1)
    return {"a": q["b"], "b": q["a"] * 0.5}


def of_dicts(x, n):
    r = dicts({"a": x, "b": x * 0.5}, n)
    return r["a"] * r["b"]


def lists(x, n):
    if n == 0:
        return [x, 2.0]
    a, b = lists(x * 0.9, n - 1)
    return [a * b, b * 0.5 + x]


def of_lists(x, n):
    v = lists(x, n)
    return v[0] + v[1]


def axis(x, n, axis_=0):
    if n == 0:
        return np.sum(np.max(x, axis=axis_))
    return axis(np.sin(x), n - 1, axis_) + np.sum(x)


def single(x, n):
    if n == 0:
        return np.sum(x)
    return single(np.sin(x * np.float32(0.9)) * x, n - 1)


def two_precisions(x, y, n):
    if n == 0:
        return np.sum(x * y)
    return two_precisions(x * 0.5, y + 0.1, n - 1) + np.sum(x)


def int_then_float(x, n):
    """The base case is an int, the argument of a recursive call too."""
    return 1 if n == 0 else x * int_then_float(2 if n == 1 else x, n - 1)


def underscore(_, n):
    return _ if n == 0 else underscore(_ * 1.1, n - 1) * _


def power_forward(saved, n):
    """Names that the emitted functions would have."""
    grad_saved = saved * 2
    return grad_saved if n == 0 else saved * power_forward(grad_saved, n - 1) + power(saved, n)


def shadowing(power_forward, power_pullback, n):
    """Parameters with the names of what is emitted."""
    return power(power_forward, n) * power_pullback


M = np.array([[0.1, 0.9, 0.3], [0.5, 0.2, 0.6]])
CASES = [
    (power, 1.5, 4), (power, -1.5, 0), (tree, 0.5, 6), (newton, 2.0, 1.0, 20), (quadrature, 1.3),
    (quadrature_twice, 1.3), (horner_by_index, np.array([1.0, 2.0, 3.0]), 0.5, 0),
    (horner_by_index, [1.0, 2.0, 3.0], 0.5, 0), (horner_by_slice, np.array([1.0, 2.0, 3.0]), 0.5),
    (horner_by_slice, np.array([1.0]), 0.5), (chebyshev, np.array([1.0, 0.5, 0.25, 0.1]), 0.3),
    (halves, np.arange(1.0, 6.0)), (halves, np.ones(1)), (halves, np.zeros(0)),
    (halves, np.ones(2)), (dot, np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.6, 0.7])),
    (dot, np.zeros(0), np.zeros(0)), (stretched, np.linspace(1, 2, 5), np.array([0.5, 0.3])),
    (stretched, np.linspace(1, 2, 5), np.array([0.5])), (columns, M), (columns, M[:, :1]),
    (of_vector, np.array([0.1, 0.2, 0.3]), 3), (even, 0.4, 5), (three, 0.6, 6),
    (set_on_one_path, 0.2, 6), (in_a_loop, 0.3, 3), (over_a_loop, 0.3, 3), (in_a_while, 0.6, 2),
    (branches, 0.6, 5), (captured, 1.0, 3), (captured_array, np.array([0.1, 0.2, 0.3]), 3),
    (closure, 0.7, 0.4, 3), (by_lambda, 1.3, 4), (inactive, 1.1, 3), (active_and_not, 1.2, 3),
    (of_ackermann, 1.1, 2), (flag, 0.7, 5), (unused, 0.9, 0.3, 3), (identity, 0.4, 3),
    (constant, 0.4, 3), (of_same_twice, 0.6, 3), (of_dicts, 0.6, 3), (of_lists, 0.8, 3),
    (axis, M, 2), (single, np.linspace(0.1, 0.9, 4).astype(np.float32), 3),
    (two_precisions, np.linspace(0.1, 0.9, 3).astype(np.float32), np.linspace(1, 2, 3), 2),
    (int_then_float, 1.5, 3), (int_then_float, 1.5, 0), (underscore, 0.9, 3),
    (power_forward, 0.9, 3), (power, np.float64(1.5), 3),
    (shadowing, 0.9, 0.4, 3),
]  # fmt: skip


def proof(f, *args):
    """Value bit for bit, gradients of both levels against differences and each other; the
    arguments stay as they are."""
    check(f, *args, second=False)
    made = case(f, *args)
    count = f.__code__.co_argcount
    wrt = tuple(k for k, a in enumerate(args[:count]) if _is_float(a))
    before = [np.array(a) for a in args]
    found = []
    for level in (0, 1):
        value, gradients = value_and_grad(f, wrt=wrt, optimize=level)(*args)
        assert same(value, f(*args)), (value, f(*args))
        found.append(gradients)
        for k, g, w in zip(made.active, gradients, wrt, strict=True):
            assert np.shape(g) == np.shape(args[w])
            close(g, numeric(made.function, made.inputs, k), tolerance(made.inputs))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    for old, new in zip(before, args, strict=True):
        assert np.array_equal(old, new)


def _is_float(a):
    if isinstance(a, list):
        return True
    return isinstance(a, float) or (isinstance(a, np.ndarray) and a.dtype.kind == "f")


@pytest.mark.parametrize(("f", "args"), [(f, a) for f, *a in CASES],
                         ids=[f"{k}-{f.__name__}" for k, (f, *_) in enumerate(CASES)])  # fmt: skip
def test_value_and_gradient(f, args):
    proof(f, *args)


# What is finite when the function is compiled is inlined.
def of_tuples(t):
    if isinstance(t, tuple):
        s = 0.0
        for part in t:
            s = s + of_tuples(part)
        return s
    return t * t


def down_from_five(x):
    return power(x, 5)


def by_rank(x):
    if x.ndim == 0:
        return x * x
    s = 0.0
    for row in x:
        s = s + by_rank(row)
    return s


@pytest.mark.parametrize(
    ("f", "argument"),
    [(of_tuples, ((1.0, 2.0), ((3.0, 4.0), 5.0))), (down_from_five, 1.5), (by_rank, M)],
)
def test_finite_recursion_is_inlined(f, argument):
    text = grad(f).source(argument)
    assert text.count("def ") == 1
    if not isinstance(argument, tuple):
        proof(f, argument)


def test_the_gradient_of_a_tree_of_tuples():
    found = grad(of_tuples)(((1.0, 2.0), ((3.0, 4.0), 5.0)))
    assert found == ((2.0, 4.0), ((6.0, 8.0), 10.0))


def test_a_list_linked_deep():
    linked = 1.0
    for _ in range(30):
        linked = (linked,)
    found = grad(of_tuples)(linked)
    for _ in range(30):
        (found,) = found
    assert found == 2.0


def counting(x, n):
    return x if n == 300 else counting(x * 1.001, n + 1)


def from_zero(x):
    return counting(x, 0)


def twenty(x):
    return tree(x, 20)


def up_to_five(x):
    return endless_int(x, 0)


def endless_int(x, n):
    return x if x > 5.0 else endless_int(x * 1.7, n + 1) + n * 0.1


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [(from_zero, 1.2, 1.001**300), (twenty, 0.5, 10946.0), (up_to_five, 0.7, 1.7**4)],
)
def test_a_literal_int_that_counts_far_is_a_number_at_run_time(f, x, slope):
    assert grad(f).source(x).count("def ") == 3
    assert grad(f)(x) == pytest.approx(slope, rel=1e-13)


# The cost and the depth.
def test_a_depth_of_five_hundred():
    assert grad(power)(1.001, 500) == pytest.approx(500 * 1.001**499, rel=1e-12)


def test_too_deep_is_pythons_own_error():
    with pytest.raises(RecursionError):
        power(1.0, 100_000)
    with pytest.raises(RecursionError):
        grad(power)(1.0, 100_000)


def test_each_part_runs_once_for_each_call():
    gradient = grad(tree)
    gradient(0.5, 3)
    counts: dict[str, int] = {}

    def count(frame, event, argument):
        if event == "call":
            name = frame.f_code.co_name
            counts[name] = counts.get(name, 0) + 1

    sys.setprofile(count)
    try:
        gradient(0.5, 12)
        tree(0.5, 12)
    finally:
        sys.setprofile(None)
    assert counts["tree_forward"] == counts["tree_pullback"] == counts["tree"]


# What is emitted.
def test_linear_recursion_saves_only_the_way_it_took():
    text = grad(tree).source(0.5, 6)
    assert "return out, (s0, saved, saved_1)" in text


def test_only_active_arguments_get_gradients():
    text = grad(unused).source(0.9, 0.3, 3)
    assert "grad_y" not in text
    assert "return grad_x\n" in text


def test_a_function_that_is_not_differentiated_is_written_once_and_plainly():
    text = grad(inactive).source(1.1, 3)
    assert "def factorial(n):\n    return 1 if n <= 1 else n * factorial(n - 1)\n" in text
    assert "pullback" not in text


def test_one_function_for_calls_with_the_same_kinds_of_arguments():
    lowered = case(active_and_not, 1.2, 3).function
    calls = [op for op in walk(lowered.body) if op.opcode == "invoke"]
    assert len(calls) == 2
    assert len(lowered.functions) == 1


def test_the_emitted_module_needs_numpy_alone(tmp_path):
    (tmp_path / "emitted.py").write_text(grad(halves).module(np.ones(3)))
    code = ("import sys, emitted, numpy as np; print(emitted.halves_grad(np.arange(4.0)));"
            "assert 'adcompiler' not in sys.modules")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": ""},
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    x = np.arange(4.0)
    assert done.stdout.strip() == str(grad(halves)(x))


def test_any_number_of_elements_by_one_text():
    gradient = grad(halves)
    texts = {gradient.module(np.ones(n)) for n in (2, 3, 17)}
    assert len(texts) == 1


def test_a_global_number_is_read_at_each_call(monkeypatch):
    gradient = grad(captured)
    assert gradient(1.0, 3) == pytest.approx(1 + 0.25 + 0.0625 + 0.015625)
    monkeypatch.setitem(globals(), "RATE", 1.0)
    assert gradient(1.0, 3) == pytest.approx(4.0)


def test_another_function_under_the_name_is_noticed(monkeypatch):
    gradient = grad(in_a_loop)
    first = gradient(0.3, 3)
    monkeypatch.setitem(globals(), "power", lambda x, n: x)
    assert gradient(0.3, 3) != first


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import specimen
from adcompiler import grad, pipeline
if {forbidden}:
    def compile_gradient(*args, **kwargs):
        raise AssertionError("compiled again")
    pipeline.compile_gradient = compile_gradient
print(grad(specimen.power)(1.5, 4), grad(specimen.power).source(1.5, 4))
"""


def test_the_disk_cache_keeps_all_functions(tmp_path):
    (tmp_path / "specimen.py").write_text(
        "def power(x, n):\n    return 1.0 if n == 0 else x * power(x, n - 1)\n"
    )
    folder = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(folder), "ADCOMPILER_CACHE_DIR": str(tmp_path / "c"),
           "ADCOMPILER_CACHE": "1"}  # fmt: skip
    found = []
    for forbidden in (False, True):
        code = PROGRAM.format(folder=str(tmp_path), forbidden=forbidden)
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1]
    assert found[0].startswith("13.5 def power_forward(x, n):")


# What is refused.
def endless(x):
    return x * endless(x * 2)


def other_type(x, n):
    if n == 0:
        return 1.0
    return np.ones(3) * other_type(x, n - 1)


def other_form(x, n):
    if n == 0:
        return x
    return (x, other_form(x, n - 1))


def growing_rank(x, n):
    return np.sum(x) if n == 0 else growing_rank(x[None], n - 1)


def returns_function(x, n):
    if n == 0:
        return math.sin
    return returns_function(x, n - 1)


def run_time_axis(x, k):
    return np.sum(np.max(x, axis=k)) if len(x) > 5 else run_time_axis(np.sin(x), len(x) - k)


@primitive
def gate(x):
    return power(x, 3)


def gate_count(x, n):
    return 1.0 if n <= 0 else x * gate_count(x, n - 1)


@primitive
def recursive_gate(x, n):
    return gate_count(x, n)


@recursive_gate.backward
def recursive_gate_backward(g, x, n, y):
    return g, None


def uses_gate(x, n):
    return recursive_gate(x, n)


REFUSED = [
    (endless, (1.0,), "recursion", "every path through `endless` calls it again"),
    (other_type, (1.0, 2), "ambiguous", "different types"),
    (other_form, (1.0, 2), "ambiguous", "different kinds of things"),
    (growing_rank, (np.ones(2), 2), "recursion", "calls itself too deep"),
    (returns_function, (1.0, 2), "recursion", "returns a function"),
    (run_time_axis, (M, 1), "not-static", "must be known"),
    (uses_gate, (1.5, 2), "recursion", "a gate's function"),
]


@pytest.mark.parametrize(("f", "args", "code", "words"), REFUSED,
                         ids=[f.__name__ for f, *_ in REFUSED])  # fmt: skip
def test_refusals(f, args, code, words):
    error = refusal(grad(f), *args)
    (diagnostic,) = error.diagnostics
    assert (diagnostic.code, words in diagnostic.reason) == (code, True), diagnostic
    assert diagnostic.reason.endswith(".")
    assert diagnostic.advice.endswith(".")


def test_the_gradient_of_a_gradient_is_refused():
    with pytest.raises(Exception, match="differentiated again") as caught:
        check(power, 1.5, 3, second=True)
    assert caught.value.diagnostics[0].code == "recursion"


def test_a_tail_of_an_array_by_text(tmp_path):
    text = """
def total(x, k):
    if x.shape[0] == 0:
        return 0.0
    head, tail = x[0], x[1:]
    return math.tanh(head) * k + total(tail, k * 0.5)
"""
    proof(module(tmp_path, text).total, np.array([0.5, -0.2, 0.9]), 1.5)


def test_an_effect_in_a_call_that_nobody_reads_stays(capsys):
    def count(n):
        print(n)
        return 0 if n == 0 else count(n - 1)

    def square(x, n):
        count(n)
        return x * x

    assert grad(square)(0.5, 2) == 1.0
    assert capsys.readouterr().out == "2\n1\n0\n"
