"""Lifetimes, names, nesting and ownership, seen in the emitted text."""

import math
from typing import Any

import numpy as np
import pytest
from driving import check_emitted

import adcompiler
from adcompiler import grad, value_and_grad
from adcompiler.codegen.lifetimes import overlap
from adcompiler.runtime import helper_source


def text(function: Any, *arguments: Any, wrt: Any = 0, level: int = 1) -> str:
    return grad(function, wrt=wrt, optimize=level).source(*arguments)


def body(function: Any, *arguments: Any, **options: Any) -> list[str]:
    return text(function, *arguments, **options).splitlines()[1:]


@pytest.mark.parametrize(
    ("a", "b", "meet"),
    [
        ([(1, 4)], [(5, 8)], False),
        ([(1, 4)], [(4, 8)], False),
        ([(1, 5)], [(4, 8)], True),
        ([(1, 3), (9, 12)], [(4, 8)], False),
        ([(1, 3), (7, 12)], [(4, 8)], True),
        ([(1, 20)], [(4, 8)], True),
        ([], [(4, 8)], False),
    ],
)
def test_overlap(a: list[tuple[int, int]], b: list[tuple[int, int]], meet: bool) -> None:
    assert overlap(a, b) is meet
    assert overlap(b, a) is meet


def power(x: Any, n: int) -> Any:
    y = 1.0
    for i in range(n):
        y = y * x
    return y


def test_versions_of_a_variable_share_its_name() -> None:
    assert body(power, 1.5, 4) == [
        "    # forward",
        "    y = 1.0",
        "    y_tape = []",
        "    for i in range(n):",
        "        y_tape.append(y)",
        "        y = y * x",
        "    # backward",
        "    grad_x = 0.0",
        "    for y in reversed(y_tape):",
        "        grad_x += grad_y * y",
        "        grad_y = grad_y * x",
        "    return grad_x",
    ]


def swapping(x: Any, n: int) -> Any:
    a, b = 1.0, x
    for _i in range(n):
        a, b = b, a + b * x
    return b


def test_swaps_stay_tuple_assignments() -> None:
    assert "        a, b = b, a + b * x" in body(swapping, 1.5, 4)


def overwritten_inside(x: Any) -> Any:
    w = x * 1.0
    for _i in range(2):
        before = w
        k = 0
        while k < 3:
            k = k + 1
            w = np.tanh(before + 0.3)
    return w.sum()


def shadowed_by_a_number(x: Any, s: float) -> Any:
    w = x * 2
    w = s / (2.5 + w[2] ** 2)
    return w * w


def one_sided(x: Any) -> Any:
    y = x * 2
    if x > 1:
        y = y * x
    else:
        z = y + x
        y = z * y
    return y


def taped_on_one_side(x: Any, n: int) -> Any:
    s = 0.0
    for i in range(n):
        if x > 1:
            t = math.exp(-x)
            s = s + t * i
        else:
            for _j in range(i):
                s = s + math.sin(s * x + 0.1)
        x = x * 0.9
    return s


def tapes_of_tapes(x: Any, y: float) -> Any:
    """Two tapes of one name, one made while the other is being written."""
    v = math.tanh(x)
    for i in range(3):
        for j in range(1, 4):
            for k in range(2):
                v = (x + j) / (2.5 + (math.sin(k * x) - v) ** 2)
            if v > 1.2:
                v = math.cos(i * x) - v
                v = math.tanh(v * (i - y))
    return v


def used_after(x: Any, n: int) -> Any:
    i = 0
    for i in range(n):
        x = x * 1.1
    return x * i


CASES = [
    (overwritten_inside, (np.array([0.1, 0.2]),)),
    (shadowed_by_a_number, (np.array([0.1, 0.2, 0.3]), 0.7)),
    (one_sided, (1.5,)),
    (one_sided, (0.5,)),
    (taped_on_one_side, (1.2, 5)),
    (taped_on_one_side, (0.9, 5)),
    (tapes_of_tapes, (0.7, 0.3)),
    (used_after, (1.5, 4)),
    (used_after, (1.5, 0)),
]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_names_that_meet_are_kept_apart(function: Any, arguments: Any, level: int) -> None:
    value, gradient = value_and_grad(function, optimize=level)(*arguments)
    assert value == function(*arguments)
    x, *rest = arguments
    for index in np.ndindex(np.shape(x)):
        step = np.zeros(np.shape(x))
        step[index] = 1e-5
        if not np.shape(x):
            step = 1e-5  # type: ignore[assignment]
        wanted = (function(x + step, *rest) - function(x - step, *rest)) / 2e-5
        assert np.isclose(np.asarray(gradient)[index], wanted, rtol=1e-6, atol=1e-9)


def gather(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = s + x[i] ** 2 * i
    return s


def test_gathers_accumulate_in_place() -> None:
    assert body(gather, np.ones(3)) == [
        "    # backward",
        "    grad_x = np.zeros(x.shape)",
        "    for i in reversed(range(len(x))):",
        "        grad_x[i] += grad_s * i * 2 * x[i]",
        "    return grad_x",
    ]


def shared(x: Any, y: Any) -> Any:
    s = x + y
    return np.sum(s * s) + np.sum(s[1:])


def test_memory_that_others_read_is_not_changed() -> None:
    """grad_x and grad_y are one array up to here; adding into one must not change the other."""
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.5, 0.5])
    first, second = grad(shared, wrt=(0, 1))(x, y)
    wanted = 2 * (x + y) + np.array([0.0, 1.0, 1.0])
    assert np.array_equal(first, wanted)
    assert np.array_equal(second, wanted)
    first += 1
    assert np.array_equal(second, wanted)


def half_square(x: Any) -> Any:
    return 0.5 * np.sum(x * x)


def test_the_callers_array_is_never_returned() -> None:
    x = np.ones(3)
    gradient = grad(half_square)(x)
    assert not np.shares_memory(gradient, x)
    gradient *= 2
    assert np.array_equal(x, np.ones(3))


def boxed(x: Any) -> Any:
    return x * x + x


def test_arrays_of_no_dimensions_are_not_changed_in_place() -> None:
    x = np.array(3.0)
    assert grad(boxed)(x) == 7.0
    assert x == 3.0


SHARED = 3.0
OUTSIDE = {"x": 7.0}


def same_keys(p: Any, q: Any) -> Any:
    return p["w"] * q["w"] * q["w"]


def key_like_an_outer_name(p: Any) -> Any:
    return p["SHARED"] * p["SHARED"] * SHARED


def key_like_a_parameter(x: Any) -> Any:
    return OUTSIDE["x"] * OUTSIDE["x"] * x * x


@pytest.mark.parametrize("level", [0, 1])
def test_parts_of_structures_take_no_name_that_is_in_use(level: int) -> None:
    g = grad(same_keys, wrt=("p", "q"), optimize=level)
    assert g({"w": 2.0}, {"w": 5.0}) == ({"w": 25.0}, {"w": 20.0})
    assert grad(key_like_an_outer_name, optimize=level)({"SHARED": 2.0}) == {"SHARED": 12.0}
    assert grad(key_like_a_parameter, optimize=level)(2.0) == 196.0


def named_like_helpers(divide: Any, sign: Any, x: Any) -> Any:
    power = np.linalg.norm(x) * sign
    return power * divide + x[0] ** sign


def gated(x: Any) -> Any:
    return adcompiler.sigmoid(x)


def named_like_a_gate(sigmoid: Any, x: Any) -> Any:
    return gated(x) * sigmoid


def test_helpers_and_gates_give_way_to_the_user_s_names() -> None:
    x = np.array([0.7, 1.2])
    check_emitted(named_like_helpers, 2.0, 1.5, x)
    found = text(named_like_helpers, 2.0, 1.5, x, wrt=(0, 1, 2))
    assert "divide_(" in found
    assert "power = " in found
    check_emitted(named_like_a_gate, 2.0, 0.3)


def test_a_helper_that_calls_itself_does_so_by_its_other_name() -> None:
    assert "add_lists" not in helper_source("add_lists", "merge")
