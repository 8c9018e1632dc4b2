"""`match` on what is known when the function is compiled, and on numbers at run time."""

from collections import namedtuple

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

Point = namedtuple("Point", "u v")
X = np.array([0.7, -1.2, 0.4])


class Kind:
    LINEAR = "linear"


def by_name(x, kind):
    match kind:
        case Kind.LINEAR:
            y = x
        case "square" | "quadratic":
            y = x * x
        case None:
            y = x**3
        case True | False as flag:
            y = x * 2.0 if flag else x
        case int() | float():
            y = x + 1.0
        case _:
            y = x**4
    return y * x


@pytest.mark.parametrize("kind", ["linear", "square", "quadratic", None, "other"])
def test_static_subjects(kind):
    prove(by_name, 0.7, kind)


def parts_of(p, x):
    match p:
        case (a, b):
            y = a * b
        case [a, *rest, b] if len(rest) > 1:
            y = a - b * rest[0]
        case [first, *_]:
            y = first * 2.0
        case {"w": w, "b": b, **others}:
            y = w * x + b + len(others)
        case {"v": (u, v)} | {"v": [u, v]}:
            y = u * x - v
        case float(f):
            y = f * f
        case _:
            y = x
    return y * x


def parts_of_points(p, x):
    match p:
        case Point(u, v=0):
            y = u
        case Point(u=u, v=v):
            y = u * v
        case tuple():
            y = x
    return y * x


@pytest.mark.parametrize(
    "p",
    [(0.5, 2.0), (0.5, 1.0, 2.0, 3.0), (1.5, 1.0, 2.0), {"w": 0.5, "b": 1.0, "c": 3.0},
     {"v": (0.5, 2.0)}, 0.5, {"v": 1.0}],
)  # fmt: skip
def test_structures(p):
    prove(parts_of, p, 0.7)


def test_named_tuples():
    prove(parts_of_points, Point(0.5, 2.0), 0.7)
    prove(parts_of_points, (0.5, 2.0, 1.0), 0.7)


def at_run_time(x, n):
    match n:
        case 0:
            y = x
        case 1 | 2:
            y = x * x
        case -1:
            y = x * 5.0
        case k if k > 5:
            y = x**3 + k
        case k:
            y = x * k
    return y * x + (k if n > 2 else 0)


@pytest.mark.parametrize("n", [0, 1, 2, -1, 7, 4])
def test_ints_at_run_time(n):
    prove(at_run_time, 0.7, n)


def returning(x, n):
    match n:
        case 0:
            return x
        case 1 if x > 0.5:
            return x * x
        case _:
            return x**3


def falling_through(x, y):
    s = x
    match (x, y):
        case (-9.5, 1):
            s = x * 2.0
        case (u, -2.0) if u > 0.5:
            s = u * y
        case (_, v) if v > 3:
            s = v * v
    return s * y


@pytest.mark.parametrize("x", [0.7, 0.3])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_returns_and_pairs(x, n):
    prove(returning, x, n)
    prove(falling_through, x, float(n))


def in_a_loop(x, n):
    s = 1.0
    for k in range(n):
        match k:
            case 0:
                s = s * x[0]
            case 1 | 2:
                s = s + x[k]
            case _:
                s = s * s
    return s


def numbers_are_no_sequences(x, n):
    match x[0]:
        case [a, b, c]:
            return a * b * c
        case _:
            return np.sum(x)


def an_array_as_a_sequence(x, n):
    match x:
        case [a, b, c]:
            return a * b * c
        case _:
            return np.sum(x)


def test_loops_and_arrays():
    prove(in_a_loop, X, 4)
    prove(numbers_are_no_sequences, X, 1)


def test_arrays_are_sequences_for_some_versions_of_numpy():
    try:
        prove(an_array_as_a_sequence, X, 1)
    except UnsupportedError as error:
        assert "known only at run time" in str(error)


def either_side(x, n):
    match (n, x):
        case (1, v) | (v, 0.5):
            return v * x
        case _:
            return x


def of_an_object(x, n):
    match X.dtype:
        case np.dtype(kind=k):
            return x
        case _:
            return x * x


def a_whole_array(x, n):
    match x:
        case 1.0:
            return x[0]
    return x[1]


@pytest.mark.parametrize(
    ("f", "x", "code", "words"),
    [
        (either_side, 0.7, "unsupported-pattern", "which side of this `|` binds"),
        (of_an_object, 0.7, "unsupported-pattern", "can't be matched"),
        (a_whole_array, X, "truth-value", "neither true nor false"),
    ],
)
def test_refused(f, x, code, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(x, 1)
    (found,) = caught.value.diagnostics
    assert (found.code, words in found.reason) == (code, True), found
    assert found.advice
    assert found.span is not None
