"""Loops over sequences and lists, left early."""

import itertools

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

X = np.array([0.7, -1.2, 0.4])


def reversed_until(x):
    s = 1.0
    for v in reversed(x):
        if v < 0:
            break
        s = s * v + 1.0
    return s


def reversed_range_with_else(x):
    s = 1.0
    for i in reversed(range(len(x))):
        s = s * x[i]
        if i == 1:
            break
        s += 0.5 * x[0]
    else:
        s *= 100.0
    return s


def returned_from_a_zip(x):
    for i, (a, b) in enumerate(zip(x, x[1:])):
        if a * b < 0:
            return a * b * (i + 2)
    return x[0]


def appended_until(x):
    ys = []
    for v in x:
        if v < 0:
            continue
        ys.append(v * v)
        if len(ys) > 1:
            break
    return sum(ys) * ys[0]


def match_that_continues(x):
    for mode in ("a", "b"):
        match mode:
            case "a":
                continue
            case _:
                return x[0] ** 2
    return None


def pairs_with_continue(x):
    s = 0.0
    for i, j in np.ndindex(2, 3):
        if j == 1:
            continue
        s = s * 0.5 + x[i] * x[j]
    return s


def match_that_breaks(x):
    s = 0.0
    for v in x:
        match v > 0:
            case True:
                s += v
            case False:
                break
    return s * x[2]


def returned_from_a_list(x):
    best = [vv for vv in x if vv > 0]
    for v in best:
        if v < 0.5:
            return v * best[0]
    return sum(best)


def chain_with_continue(x):
    s = 0.0
    for v in itertools.chain(x, x):
        if v < 0:
            continue
        s = s * v + v
    return s


def list_made_in_an_endless_loop(x):
    while True:
        ys = [x[0]]
        for v in x:
            ys.append(v * ys[-1])
        if sum(ys) > -5:
            break
    return sum(ys) * len(ys)


CASES = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__]


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_left_early(f):
    prove(f, X)


def pairs_left_early(x):
    for i, j in np.ndindex(2, 3):
        if x[i] < x[j]:
            break
    return x[i] * x[j]


def test_one_break_leaves_one_loop():
    with pytest.raises(UnsupportedError, match="becomes several loops") as caught:
        grad(pairs_left_early)(X)
    assert caught.value.diagnostics[0].advice == "write the loops out."
