"""Operations with several results: read one by one, in loops and branches, by name."""

import numpy as np
import pytest
from driving import check_emitted

from adcompiler import grad

A = np.array([[2.0, 0.3, -0.1], [0.2, 3.5, 0.4], [-0.3, 0.1, 5.0]])
XS = np.array([0.7, -1.2, 0.4])


def unpacked(a, x):
    side, surprise = np.linalg.slogdet(a * x)
    return side * surprise * x


def by_index(a, x):
    return np.linalg.slogdet(a * x)[1] * x


def by_name(a, x):
    found = np.linalg.slogdet(a * x)
    return found.logabsdet * found.sign


def only_the_sign(a, x):
    return np.linalg.slogdet(a)[0] * x


def one_of_them_twice(a, x):
    _, y = np.linalg.slogdet(a)
    s, y = np.linalg.slogdet(a * y)
    return y * s * x


def chained(a, x):
    found = s, y = np.linalg.slogdet(a)
    return found[1] * y * x + s


def helper(a):
    sign, logdet = np.linalg.slogdet(a)
    return logdet, sign


def through_a_function(a, x):
    y, s = helper(a * x)
    return s * y


def nested_in_its_own_argument(a, x):
    s, y = np.linalg.slogdet(a * helper(a)[0] + x)
    return y * s


FUNCTIONS = [
    unpacked, by_index, by_name, only_the_sign, one_of_them_twice, chained, through_a_function,
    nested_in_its_own_argument,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_straight(f):
    check_emitted(f, A, 1.3)


def in_a_loop(a, xs):
    total = 0.0
    for x in xs:
        sign, logdet = np.linalg.slogdet(a * x)
        total += sign * logdet * logdet * x
    return total


def in_branches(a, xs):
    total, sign = 0.0, 1.0
    for k in range(len(xs)):
        if xs[k] > 0:
            sign, logdet = np.linalg.slogdet(a * xs[k])
        else:
            logdet = xs[k] * total
        total = total + logdet * sign
    return total


def carried(a, xs):
    pair = (1.0, xs[0])
    for x in xs:
        pair = np.linalg.slogdet(a * x + pair[1])
    return pair[1]


def while_it_lasts(a, xs):
    b, total, count = a, 0.0, 0
    while count < 4:
        s, y = np.linalg.slogdet(b)
        if s < 0:
            break
        b = b * np.sin(y) + xs
        total, count = total + y, count + 1
    return total


@pytest.mark.parametrize("f", [in_a_loop, in_branches, carried, while_it_lasts])
def test_regions(f):
    check_emitted(f, A, XS)


def test_what_the_user_calls_them():
    assert "side, surprise = np.linalg.slogdet(" in grad(unpacked, 1).source(A, 1.3)
    assert "_, logdet = np.linalg.slogdet(" in grad(by_index, optimize=0).source(A, 1.3)


def underscore(a, _):
    return np.linalg.slogdet(a)[1] ** 2 * _


def test_an_underscore_that_means_something():
    check_emitted(underscore, A, 1.3)
