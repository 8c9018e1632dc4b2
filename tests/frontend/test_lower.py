"""What the language holds: each construct's value, type, gradient and second order."""

import linecache
import math
from collections import namedtuple
from math import exp as exponential

import numpy
import numpy as np
import pytest
from driving import case, check, gradients, module
from irtext import print_function
from numpy import tanh

from adcompiler import UnsupportedError

A = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
SCALE = 1.5
SHIFTS = np.array([0.1, 0.2, 0.3])
CONFIG = {"rate": 0.3}
Point = namedtuple("Point", "u v")


def tuples(x, y):
    a, b = x * y, x + y
    (c, d), e = (a, b), a * b
    c, d = d, c
    p = (c, d, e)
    first, *rest = p
    return first * rest[0] + p[-1] + len(rest)


def chained_assignment(x, y):
    a = b = x * y
    a = a * a
    return a + b


def annotated(x, y):
    a: float = x * y
    b: float
    b = a + 1.0
    return a * b


def augmented(x, y):
    a = x
    a += y
    a *= a
    a -= x
    a /= y + 5.0
    a **= 2
    return a


def operators(x, y):
    return -(+x) * y - x / y + x**2 - y**-1 + x % 0.3 + (x // 0.3) * y + abs(-x)


def comparisons(x, y):
    return x * (x > y) + y * (x <= y) + (x == y) + 2 * (x != y) + x * (not x < y)


def both_and_either(x, y):
    a = x > 0 and y > 0
    b = x > 0 or y > 0
    return (x if a else y) * (y if b else x)


def values_of_and_or(x, y):
    return (x and y) + (x or y)


def conditional(x, y):
    return x * x if x > y else (y if y > 3 else x * y)


def helper(x, factor=2.0, *, shift=0.5):
    y = x * factor
    return y + shift


def helpers(x, y):
    return helper(x) + helper(y, 3.0) * helper(x, factor=y) + helper(y, shift=x)


def helper_with_branches(x):
    if x > 0:
        return math.sin(x)
    return x * x


def inlined_twice(x, y):
    return helper_with_branches(x) * helper_with_branches(y)


def returns_several(x):
    return x * x, [x, {"a": 2.0 * x}]


def unpacked_result(x, y):
    a, (b, c) = returns_several(x)
    return a * b + c["a"] * y


def inner_functions(x, y):
    k = x * y

    def scaled(z, by=3.0):
        return z * k * by

    twice = lambda z: z + z  # noqa: E731
    return scaled(x) + twice(scaled(y, by=2.0))


def defaults(x, y, power=2, flag=True):
    z = x**power
    return z * y if flag else z


def globals_and_closures(x, y):
    return x * SCALE + np.sum(SHIFTS) * y + CONFIG["rate"] * x


def made_closure():
    offset, table = 0.25, (2.0, 3.0)

    def inner(x, y):
        return x * offset + y * table[1]

    return inner


def docstring_and_pass(x, y):
    """Not a statement of interest."""
    pass
    return x * y


def imports(x, y):
    import math as m
    from math import cos

    return m.sin(x) * cos(y)


def names_like_ours(x, y):
    grad_x, s0, np_, range_ = x * y, x + y, x, y
    s1 = grad_x * s0
    return s1 * np_ + range_


def spellings(x, y):
    return numpy.exp(x) + np.exp(y) + exponential(x) + math.exp(y) + tanh(x) + math.pi * x


def builtins_of_python(x, y):
    return max(x, y) * min(x, y, 0.3) + sum((x, y, x * y)) + pow(x, 2) + abs(y) + float(x) * int(y)


def static_loops(x, y):
    total = 0.0
    for a, b in zip((x, y), [2.0, 3.0]):
        total = total + a * b
    for k, v in enumerate((x, y)):
        total = total * v + k
    for v in reversed([x, y]):
        total = total + v
    for key in {"a": 1, "b": 2}:
        total = total + len(key)
    return total


def structure_loop_with_index(x, y):
    parts = [x, y, x * y]
    total = 0.0
    for k in range(len(parts)):
        total = total + parts[k] * k
    return total


def range_with_steps(x, y):
    total = 0.0
    for i in range(5, 0, -2):
        total = total * x + i
    for i in range(1, 4):
        total = total + y * i
    return total


def norms(x, y):
    v = np.array([x, y, 0.5])
    return np.linalg.norm(v) + np.linalg.norm(np.outer(v, v)) * x


def items(x, y):
    v = np.array([x, y])
    k = np.array([2, 3])
    return v[0].item() * k[1].item() + v.sum()


NUMBERS = [
    norms, items,
    tuples, chained_assignment, annotated, augmented, operators, comparisons, both_and_either,
    values_of_and_or, conditional, helpers, inlined_twice, unpacked_result, inner_functions,
    defaults, globals_and_closures, made_closure(), docstring_and_pass, imports, names_like_ours,
    spellings, builtins_of_python, static_loops, structure_loop_with_index, range_with_steps,
]  # fmt: skip


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_of_numbers(f, kind):
    check(f, kind(0.7), kind(1.4), second=kind is float)
    check(f, kind(1.4), kind(0.65), second=False)


def attributes(m, x):
    return np.sum(m.T) * m.ndim + m.shape[0] * m.size + np.sum(m.T.T * x) + len(m) * x.shape[0]


def methods(m, x):
    a = m.sum(axis=0) + m.mean(0) * m.max(axis=-1).sum() + m.min() + m.prod()
    b = m.reshape(3, 2).ravel()[:3] + m.flatten()[1:4] + m.transpose().reshape(-1)[::2]
    return (a * x.clip(-1.0, 1.0) * b).sum() + x.dot(x) + m.var() + m.std(axis=1, ddof=1).sum()


def reading(m, x):
    k = 1
    return m[0, 1] * m[k, -1] + np.sum(m[:, k] * x[:2]) + np.sum(m[..., 0]) * x[k:][0]


def gathering(m, x):
    i = np.array([0, 1, 1])
    j = np.array([2, 0, 2])
    return np.sum(x[i] * x[j]) + np.sum(m[i, j]) + np.sum(x[x > 0]) + np.sum(x[None, :] * m)


def unpacked_rows(m, x):
    a, b, c = np.array([x[0], 2.0 * x[1], x[2]])
    return a * b + c * np.sum(m)


def products(m, x):
    a = np.sum(m @ x) + np.sum(np.dot(m, x)) + np.sum(np.matmul(m.T, m))
    return a + np.sum(np.outer(x, m @ x))


def making(m, x):
    z = np.zeros_like(m) + np.ones((2, 3)) + np.full(3, x[0]) + np.eye(3)[:2] + np.arange(3)
    t = np.stack([x, x * 2.0]) + np.concatenate([m[:1], m[1:]], axis=0)
    u = np.array([[x[0], 1.0, x[1]], [0, x[2], 2]])
    return np.sum(z * t * u) + np.sum(np.zeros(2)) + np.sum(np.ones_like(x) * x)


def where_and_clip(m, x):
    a = np.sum(np.where(m > 0, m * m, x)) + np.sum(np.clip(m, -0.5, 0.9))
    return a + np.sum(np.maximum(m, x))


def softmax(m, x):
    z = m @ x
    e = np.exp(z - np.max(z))
    p = e / np.sum(e)
    return -np.log(p[0])


def layers_of_dict(m, x):
    params = {"w": m, "b": x[:2]}
    h = np.tanh(params["w"] @ x + params["b"])
    return np.sum(h)


def rows_of_an_array(m, x):
    total = 0.0
    for row in m:
        total = total + np.tanh(row @ x)
    for v in x:
        total = total * v
    return total


def shape_in_arithmetic(m, x):
    n, d = m.shape
    return np.sum(m) / n + np.sum(x) / (d - 1) + np.mean(x) * len(x)


def ints_of_shapes_make_arrays(m, x):
    n = m.shape[0]
    return np.sum(np.ones((n, len(x))) * m) + np.sum(m.reshape(n * 3))


ARRAYS = [
    attributes, methods, reading, gathering, unpacked_rows, products, making, where_and_clip,
    softmax, layers_of_dict, rows_of_an_array, shape_in_arithmetic, ints_of_shapes_make_arrays,
]  # fmt: skip


@pytest.mark.parametrize("f", ARRAYS, ids=lambda f: f.__name__)
def test_of_arrays(f):
    check(f, M, A)
    check(f, M.astype("f4"), A.astype("f4"), second=False)


def net(params, x):
    h = x
    for w, b in params:
        h = np.tanh(h @ w + b)
    return np.sum(h)


def named(p):
    return p.u * p.v


def dictionary(p, x):
    return np.sum(p["w"] * x) + p["b"][0] * p["b"][1]


def scaled_list(values, x):
    total = x
    for v in values:
        total = total + v * v
    return total


LAYERS = [(np.full((3, 2), 0.3), np.array([0.1, -0.2])), (np.full((2, 1), 0.7), np.array([0.5]))]
STRUCTURES = [
    (net, LAYERS, A), (net, tuple(LAYERS), A), (named, Point(0.5, 0.7)),
    (dictionary, {"w": A, "b": (0.5, 0.25)}, A), (dictionary, {"b": [A[0], A[1]], "w": A}, A),
    (scaled_list, [0.5, 0.7, 0.9], 0.3), (scaled_list, (0.5, 0.7), 0.3),
]  # fmt: skip


@pytest.mark.parametrize("sample", STRUCTURES, ids=lambda s: s[0].__name__)
def test_of_structures(sample):
    f, *args = sample
    check(f, *args, second=f is not scaled_list)


def axis_by_argument(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


def mode_by_argument(x, mode):
    return np.sum(x) if mode == "sum" else np.mean(x)


def part_by_argument(pair, which):
    return pair[which] * 2.0


@pytest.mark.parametrize(
    ("f", "args"),
    [(axis_by_argument, (M, 0)), (axis_by_argument, (M, -1)), (axis_by_argument, (M, None)),
     (axis_by_argument, (M, (0, 1))), (mode_by_argument, (A, "sum")), (mode_by_argument, (A, "x")),
     (part_by_argument, ((0.5, 0.7), 1))],
)  # fmt: skip
def test_arguments_that_enter_by_value(f, args):
    check(f, *args)


def test_a_loop_over_a_structure_unrolls():
    text = print_function(case(net, LAYERS, A).function)
    assert "for" not in text and text.count("tanh") == 2


def test_a_loop_over_numbers_does_not():
    assert "for[" in print_function(case(scaled_list, [0.5, 0.7], 0.3).function)


def test_sizes_are_followed():
    text = print_function(case(shape_in_arithmetic, M, A).function)
    assert "%m: f8[m0, m1], %x: f8[x0]" in text


def test_names_of_the_user_stay():
    def f(w, x):
        hidden = w * x
        return hidden

    assert "%hidden = mul[via='op'] %w, %x" in print_function(case(f, 1.0, 2.0).function)


def test_a_captured_array_is_a_parameter():
    assert "SHIFTS: f8[" in print_function(case(globals_and_closures, 1.0, 2.0).function)


def test_an_unused_argument_has_a_gradient_of_zeros():
    def f(x, y):
        return y * 2.0

    assert [np.asarray(g).tolist() for g in gradients(f, A, 1.0)] == [[0, 0, 0], 2.0]


REFUSED = [
    ("while True:\n        x = x * 2", "endless-loop", "True"),
    ("if x > 0:\n        y = np.ones(3)\n    else:\n        y = np.ones((3, 3))\n    x = np.sum(y)",
     "ambiguous", "y"),
    ("a, b = x, x, x", "unpacking", "a, b"),
    ("a, *b = np.ones(n)", "unpacking", "a, *b"),
    ("y = np.sum(np.ones((2, 2)), axis=np.ones(2))", "not-static", None),
    ("y = undefined_name", "unknown-name", "undefined_name"),
    ("x.real = 2.0", "unsupported-target", "x.real"),
    ("del x.a", "unsupported-statement", "x.a"),
    ("x = x + 'a'", "not-a-value", None),
    ("x = [1.0, x] * x", "unsupported-expression", "[1.0, x] * x"),
    ("x = f'{x}'.split()", "text", "f'{x}'.split()"),
    ("x = (lambda a: a)(x, n)", "arguments", "(lambda a: a)(x, n)"),
    ("x = (lambda a: a)(x, **{'a': x})", "arguments", None),
    ("x = (lambda **a: a['a'])(a=x, **{'a': x})", "arguments", "{'a': x}"),
    ("x = f(x, n)", "recursion", "f(x, n)"),
    ("x = x[0] if x is n else x", "unsupported-expression", "x is n"),
    ("for i in 3:\n        x = x * 2", "unsupported-iteration", "3"),
    ("for i in range(n):\n        x = np.ones(3) * x", "type-mismatch", None),
    ("x = (1, 2)[5] * x", "static-error", "(1, 2)[5]"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "text"), REFUSED)
def test_refusals(body, code, text, tmp_path):
    f = module(tmp_path, f"def f(x, n):\n    {body}\n    return x\n").f
    with pytest.raises(UnsupportedError) as caught:
        case(f, 0.5, 3)
    (diagnostic,) = caught.value.diagnostics
    span = diagnostic.span
    assert diagnostic.code == code, diagnostic
    assert diagnostic.reason.endswith(".") and diagnostic.advice.endswith(("." , "?"))
    assert span.filename == f.__code__.co_filename
    if text is not None:
        line = linecache.getline(span.filename, span.line)
        assert line[span.column : span.end_column] == text


@pytest.mark.parametrize("n", [0, 1])
def test_a_name_that_one_path_leaves_unset(n, tmp_path):
    """It is read only where it has a value, or raises as the function itself does."""
    text = "def f(x, n):\n    if n:\n        y = x * x\n    if n:\n        return y\n    return x\n"
    check(module(tmp_path, text).f, 0.5, n)
