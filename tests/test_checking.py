"""check_grads passes what is right in silence, and names the culprit where something is wrong."""

import dataclasses
import functools
import math
import re
import warnings

import numpy as np
import pytest
from golden_files import CASES, load

from adcompiler import (
    SignatureError,
    UnsupportedError,
    check_grads,
    checkpoint,
    grad,
    primitive,
    relu,
    stop_gradient,
)

RANDOM = np.random.default_rng(3)


@dataclasses.dataclass
class Line:
    slope: np.ndarray
    offset: float
    name: str = "line"


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return self.scale * x**3


def storing(u):
    u[0] = u[0] * u[1]
    return u * u


def recursive(x, n):
    return x if n <= 0 else x * recursive(x, n - 1)


def segments(x):
    for _ in checkpoint(range(4)):
        x = np.sin(x)
    return x


def layer(params, x):
    return {"out": np.tanh(x @ params["w"] + params["b"]), "rows": x.shape[0]}


def noisy(x, rng):
    return x * rng.normal(size=3)


RIGHT = {
    "numbers": (lambda x, y: x * np.sin(y), (2.0, 0.5)),
    "matrix": (lambda x: np.tanh(x @ x.T), (RANDOM.normal(size=(2, 3)),)),
    "many entries": (lambda x: np.sum(np.tanh(x) ** 2), (RANDOM.normal(size=(20, 30)),)),
    "many results": (lambda x: np.tanh(x) ** 2, (RANDOM.normal(size=(20, 30)),)),
    "structure": (layer, ({"w": np.ones((3, 2)), "b": np.zeros(2)}, np.ones((2, 3)))),
    "dataclass": (lambda p, x: np.sum(p.slope * x) ** 2 * p.offset, (
        Line(np.ones(2), 2.0), np.array([1.0, 3.0]))),
    "list": (lambda xs: [x**2 for x in xs], ([np.ones(2), np.ones(3)],)),
    "float32": (lambda x: np.exp(x) * x, (np.array([1, 2, 3], np.float32),)),
    "complex": (lambda z: z * np.exp(z), (np.array([1 + 2j, 0.5j]),)),
    "complex to real": (lambda z: np.abs(z) ** 2, (1 + 2j,)),
    "real to complex": (lambda x: np.fft.fft(x), (np.array([1.0, 2.0, 3.0]),)),
    "storing": (storing, (np.array([2.0, 3.0]),)),
    "generator": (noisy, (1.0, np.random.default_rng(0))),
    "recursion": (recursive, (1.1, 3)),
    "checkpoint": (segments, (1.1,)),
    "object": (Scaled(2.0), (2.0,)),
    "partial": (functools.partial(lambda a, x: a * x * x, 3.0), (2.0,)),
    "gradient": (grad(lambda x: np.sum(x**4)), (np.array([1.0, 2.0]),)),
    "starred": (lambda *xs: xs[0] * xs[1], (2.0, 3.0)),
    "near its domain's end": (lambda x: math.log(x), (1e-8,)),
    "fast": (lambda x: np.sin(x), (1e6,)),
    "small": (lambda x: 1e-12 * x**2, (3.0,)),
    "of two scales": (lambda x: 1e6 * x[0] + x[1] ** 2, (np.array([1.0, 2.0]),)),
    "homogeneous": (lambda a: np.linalg.eigh(a + a.T)[0], (
        np.random.default_rng(0).normal(size=(2, 2)),)),
    "kink": (lambda x: np.abs(x), (0.0,)),
    "kink of relu": (lambda x: relu(x), (np.array([0.0, 1.0, -1e-9, 1e-9]),)),
    "kink of maximum": (lambda x: np.maximum(x, 0.0) * 2.0, (0.0,)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name):
    f, args = RIGHT[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check_grads(f, args) is None


@pytest.mark.parametrize("stem", CASES)
def test_golden_functions_pass(stem):
    case = load(stem)
    check_grads(case.FUNCTION, case.ARGUMENTS, order=1)


def fault(f, args, **options):
    with pytest.raises(AssertionError) as raised:
        check_grads(f, args, **options)
    first, *lines = str(raised.value).splitlines()
    assert first == f"check_grads({f.__qualname__}):"
    return lines


@primitive
def cube(x):
    return x**3


@cube.backward
def cube_backward(g, x, y):
    return g * 3 * x


@cube.forward
def cube_forward(dot_x, x, y):
    return dot_x * 3 * x * x


def test_a_wrong_backward_rule():
    def f(x, y):
        return y * cube(x)

    (line,) = fault(f, (2.0, 3.0))
    assert re.fullmatch(
        r"  order 1, mode rev: result by x: found 18, expected 36 \(by central differences,"
        r" ± \S+\); the tolerance is 3\.6e-05", line
    )  # fmt: skip
    check_grads(f, (2.0, 3.0), order=1, modes=("fwd",))


@primitive
def product(x, y):
    return x * y


@product.backward
def product_backward(g, x, y, out):
    return g * y, g * x


@product.forward
def product_forward(dot_x, dot_y, x, y, out):
    return dot_x * y + dot_y * x * 2


def test_a_wrong_forward_rule():
    def f(x, y):
        return {"a": product(x, y)}

    (line,) = fault(f, (2.0, 3.0))
    assert line.startswith("  order 1, mode fwd: result['a'] by y: found 4, expected 2 ")
    check_grads(f, (2.0, 3.0), modes=("rev",), order=1)


@primitive
def twice(x):
    return x * 2.0


@twice.backward
def twice_backward(g, x, y):
    contribution = g * 2.0
    contribution[3] = 0.0
    return contribution


@pytest.mark.parametrize("count", [6, 300])
def test_a_rule_that_is_wrong_in_one_entry(count):
    def f(p):
        return np.sum(twice(p["x"]) ** 2)

    lines = fault(f, ({"x": np.arange(1.0, count)},), modes=("rev",))
    assert len(lines) == 1
    assert lines[0].startswith("  order 1, mode rev: result by p['x'][3]: found 0, expected 3")


def test_the_first_faults_are_listed():
    lines = fault(lambda x: stop_gradient(x) * x, (np.arange(1.0, 9.0),))
    assert len(lines) == 6
    assert lines[-1] == "  and 11 more"


@primitive
def square(x):
    return x * x


@square.backward
def square_backward(g, x, y):
    return g * 2 * stop_gradient(x)


def test_a_rule_that_is_wrong_in_second_order():
    def f(x):
        return square(x)

    check_grads(f, (3.0,), order=1)
    (line,) = fault(f, (3.0,))
    assert line.startswith("  order 2, mode rev: the gradient by x by x: found 0, expected 2 ")
    lines = fault(lambda x: square(x) * np.ones(2), (3.0,))
    assert all(line.startswith("  order 2, mode rev: the gradient by x by x") for line in lines)


@primitive
def unsteady(x):
    return x + 0.0


@unsteady.backward
def unsteady_backward(g, x, y):
    return g * (1 + 1e-7)


@unsteady.forward
def unsteady_forward(dot_x, x, y):
    return dot_x


def test_modes_that_disagree_by_less_than_differences_can_tell():
    check_grads(lambda x: unsteady(x), (1.0,), order=1, modes=("rev",))
    (line,) = fault(lambda x: unsteady(x), (1.0,), order=1)
    assert "fwd against rev: result by x: forward mode gives 1, reverse mode 1.0000001;" in line


@primitive
def bent(x):
    return np.abs(x)


@bent.backward
def bent_backward(g, x, y):
    return g * 3.0


def test_kinks_noise_and_jumps_are_told_apart():
    (line,) = fault(lambda x: bent(x), (0.0,), modes=("rev",))
    assert "found 3 at a kink, where the slopes on the two sides are -1 and 1" in line
    for f, x in (
        (lambda x: np.sign(x) + np.abs(x), 0.0),
        (lambda x: math.floor(x) * x, 1.0),
        (lambda x: np.round(x, 3) * x, 1.2345),
        (lambda x: np.float64(x) + np.float32(x), 2.0),
    ):
        lines = fault(f, (x,), order=1)
        assert all("the differences don't settle" in line for line in lines)
    (line,) = fault(lambda x: np.sqrt(x), (0.0,), modes=("rev",))
    assert "found inf, but the differences don't settle (no number at best)" in line


def test_different_values_at_the_same_arguments():
    def f(x):
        return x * np.random.normal()

    (line,) = fault(f, (1.0,))
    assert "two calls with the same arguments give different values" in line


def test_arguments_are_left_alone():
    u, rng = np.array([2.0, 3.0]), np.random.default_rng(1)

    def f(u, rng):
        u[0] = u[1] * rng.normal()
        return u * u

    check_grads(f, (u, rng))
    np.testing.assert_array_equal(u, [2.0, 3.0])
    assert rng.normal() == np.random.default_rng(1).normal()


def test_tolerances_step_and_seed():
    def f(x):
        return unsteady(x) * 1.0

    fault(f, (1.0,), order=1, modes=("rev",), rtol=1e-9)
    check_grads(lambda x: cube(x), (2.0,), order=1, rtol=0.6)
    check_grads(lambda x: cube(x), (2.0,), order=1, atol=7.0)
    check_grads(lambda x: np.sin(x), (1.0,), eps=1e-4, seed=5)
    fault(lambda x: np.sin(1e6 * x), (1.0,), eps=1e-3, order=1)


@pytest.mark.parametrize(
    ("args", "options", "told"),
    [
        (np.ones(2), {}, r"check_grads\(f, \(x,\)\)"),
        ((1.0,), {"order": 3}, "no order 3"),
        ((1.0,), {"modes": "rev"}, "the modes are"),
        ((1.0,), {"modes": ()}, "the modes are"),
        ((1,), {}, "none of the arguments holds floats"),
    ],
)
def test_wrong_usage(args, options, told):
    with pytest.raises(SignatureError, match=told):
        check_grads(lambda x: x * 2.0, args, **options)


def test_a_refusal_is_the_compilers():
    with pytest.raises(UnsupportedError):
        check_grads(lambda x: np.random.shuffle(x), (np.ones(3),))
