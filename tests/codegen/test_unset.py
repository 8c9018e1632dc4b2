"""Variables that a path leaves without a value and that are copied: None where nothing else is."""

import numpy as np
import pytest

from adcompiler import grad, value_and_grad

A = np.array([0.7, -1.2, 0.4])


def clip(v, limit):
    for e in v:
        if e > limit:
            return v * limit
    return v


def of_an_array(x, limit):
    return np.sum(clip(x, limit) ** 2) * limit


def test_none_stands_before_the_loop_and_nowhere_else():
    lines = grad(of_an_array).source(A, 0.5).splitlines()
    assert [line for line in lines if "= None" in line] == ["    result = None"]


def plain(a, n):
    for i in range(n):
        if a * i > 1.0:
            a = a / i
            break
    return a


def defined_inside(a, n):
    for i in range(n):
        t = a * i
        if t > 1.0:
            break
        a = a + t
    return a * a


@pytest.mark.parametrize("function", [plain, defined_inside])
def test_no_none_where_nothing_is_copied(function):
    assert "None" not in grad(function).source(0.7, 4)


@pytest.mark.parametrize("limit", [0.5, 2.0])
@pytest.mark.parametrize("level", [0, 1])
def test_both_paths_run(limit, level):
    value, gradient = value_and_grad(of_an_array, optimize=level)(A, limit)
    assert value == of_an_array(A, limit)
    np.testing.assert_allclose(gradient, 2 * A * limit * (limit**2 if limit < 0.7 else 1))


def read_on_one_path(x, y, n):
    for _ in range(n):
        w = x
    if y > 0:
        return y
    return w.sum()


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("level", [0, 1])
def test_the_shape_of_what_no_path_has_assigned(n, level):
    gradients = grad(read_on_one_path, ("x", "y"), optimize=level)
    x, y = gradients(A, 0.5, n)
    assert (x.tolist(), y) == ([0, 0, 0], 1)
    if n:
        x, y = gradients(A, -0.5, n)
        assert (x.tolist(), y) == ([1, 1, 1], 0)
