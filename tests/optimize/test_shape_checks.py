"""A function that raises because shapes don't fit has a gradient that raises."""

import numpy as np
import pytest

from adcompiler import grad, value_and_grad


def total(x, y):
    return np.sum(x + y)


def product(a, x):
    return np.sum(a @ x)


def inner_part(x, y):
    return np.sum(x[1:-1] - y)


def joined(x, y):
    return np.sum(np.concatenate((x, y), axis=1))


def rows(x, y):
    return np.sum(np.vstack((x, y * 2.0)))


def stacked(x, y):
    return np.sum(np.stack((x, y), axis=-1))


def listed(x, y):
    return np.sum(np.array([x, y]))


def columns(x, y):
    return np.sum(np.c_[x, y])


def put_in(x, y):
    return np.sum(np.insert(x, 1, y, axis=0))


def slopes(x, y):
    return np.sum(np.gradient(x, y, axis=1))


def unread(x, y):
    x * y
    np.where(x > 0, y, 1.0)
    return np.sum(x)


def used(x, y):
    return np.sum((x - y) ** 2)


def in_a_branch(x, y):
    if len(x) == len(y):
        return np.sum(x + y)
    return np.sum(x)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [(total, (3, 4)), (product, ((2, 3), 4)), (inner_part, (5, 4)), (unread, (3, 4)),
     (used, (3, 4)), (joined, ((2, 3), (4, 5))), (rows, ((2, 3), 4)), (stacked, ((2, 3), (2, 4))),
     (listed, (3, 4)), (columns, (3, 4)), (put_in, ((2, 3), 4)), (slopes, ((2, 3), 4))],
)  # fmt: skip
@pytest.mark.parametrize("take", [grad, value_and_grad])
@pytest.mark.parametrize("level", [0, 1])
def test_the_gradient_raises_where_the_function_does(function, shapes, take, level):
    x, y = map(np.ones, shapes)
    with pytest.raises(ValueError, match=r"shape|dimension|match"):
        function(x, y)
    with pytest.raises(ValueError, match=r"shape|dimension|match"):
        take(function, (0, 1), optimize=level)(x, y)


def test_no_check_where_the_operation_is_still_there_or_settled():
    x = np.ones(3)
    assert "broadcast_shapes" not in grad(used).source(x, x)
    assert "broadcast_shapes" not in grad(lambda x: np.sum(x + np.sin(x))).source(x)
    assert grad(total).source(x, x).count("np.broadcast_shapes(x.shape, y.shape)") == 1
    assert "np.broadcast_shapes((x.shape[0] - 2,), y.shape)" in grad(inner_part).source(x, x)


def test_what_may_not_be_computed_isn_t_checked():
    assert np.array_equal(grad(in_a_branch)(np.ones(3), np.ones(4)), np.ones(3))


def test_sizes_of_one_name_are_told_apart():
    """The first element of `x` and `x_0` have sizes of one name; one check stands for neither."""

    def f(x, x_0, y):
        return np.sum(x[0] * y) + np.sum(x_0 + y)

    three, four = np.ones(3), np.ones(4)
    assert grad(f).source((three,), three, three).count("np.broadcast_shapes") == 2
    for arguments in (((three,), four, three), ((four,), three, three)):
        with pytest.raises(ValueError, match="broadcast"):
            f(*arguments)
        for level in (1, 2):
            with pytest.raises(ValueError, match="broadcast"):
                grad(f, optimize=level)(*arguments)
