"""Sizes that don't fit are an error of the gradient where they are one of the function: in stores,
sums, joined arrays and products, at the top, in branches and in loops."""

import numpy as np
import pytest

from adcompiler import grad

CHOSEN = np.array([True, False, True, True])
PLACES = np.array([0, 2, 1])
TWO, THREE, FOUR = np.ones(2), np.ones(3), np.ones(4)

# How a function stores x in y, an array of zeros of this shape, and a shape of x that doesn't fit.
STORES = {
    "y[:] = x": ((2,), (3,)),
    "y[...] = x": ((2,), (3,)),
    "y[1:] = x": ((4,), (4,)),
    "y[::2] = x": ((6,), (4,)),
    "y[1:2] = x": ((4,), (2,)),
    "y[0] = x": ((3, 2), (3,)),
    "y[:, 1] = x": ((2, 4), (3,)),
    "y[1:] = x * 2.0": ((3, 2), (3,)),
    "y[:, :2] = x": ((2, 4), (3, 2)),
    "y[CHOSEN] = x": ((4,), (2,)),
    "y[PLACES] = x": ((4,), (2,)),
    "y[[0, 1, 2]] = x": ((4,), (2,)),
    "y[np.arange(2), np.arange(2)] = x": ((2, 2), (3,)),
    "y[:len(x) - 1] = x": ((5,), (3,)),
    "y[:int(x[0]) + 1] = x": ((5,), (3,)),
    "y[1:] += x": ((4,), (2,)),
    "y[1:] -= x": ((4,), (2,)),
    "y[1:2] += x": ((4,), (2,)),
    "y[PLACES] += x": ((4,), (2,)),
    "y += x": ((4,), (2,)),
    "v = y[1]; v[:2] = x": ((2, 4), (3,)),
    "y.T[:] = x": ((2, 4), (3,)),
    "np.add.at(y, PLACES, x)": ((4,), (2,)),
    "np.copyto(y, x)": ((4,), (3,)),
    "np.multiply(x, 2.0, out=y)": ((4,), (3,)),
    "np.put_along_axis(y, np.array([0, 3]), x, 0)": ((4,), (3,)),
    "y[:] = np.broadcast_to(x, (4,))": ((4,), (3,)),
}

AROUND = {
    "at the top": "{}",
    "in a branch": "if np.sum(x) > 0:\n        {}",
    "in a loop": "for _ in range(2):\n        {}",
}

# Inside, only the shapes of cotangents tell; where 1 or a number is stretched, they tell nothing.
STRETCHED = ("y[1:2] = x", "y[1:2] += x", "y += x")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function that stores, from a file of its own."""

    def write(store, shape, around):
        number = len(list(folder.iterdir()))
        path = folder / f"stores_{number}.py"
        lines = [f"    {around.format(store)}", "    return np.sum(y)"]
        path.write_text("\n".join(["def f(x):", f"    y = np.zeros({shape})", *lines, ""]))
        names = {"np": np, "CHOSEN": CHOSEN, "PLACES": PLACES}
        exec(compile(path.read_text(), str(path), "exec"), names)
        return names["f"]

    folder = tmp_path_factory.mktemp("stores")
    return write


@pytest.mark.parametrize(
    ("around", "store"),
    [(a, s) for a in AROUND for s in STORES if a == "at the top" or s not in STRETCHED],
)
def test_a_store_that_does_not_fit_raises(written, store, around):
    shape, wrong = STORES[store]
    function, x = written(store, shape, AROUND[around]), np.ones(wrong)
    with pytest.raises(ValueError, match=r"broadcast|shape|mismatch|assign"):
        function(x)
    for level in (0, 1, 2):
        with pytest.raises(ValueError, match=r"broadcast|shape|match|size|assign"):
            grad(function, optimize=level)(x)


def places_below(x, z):
    y = np.zeros(len(z))
    y[:-2] = x
    return np.sum(y) + np.sum(z)


def selected(x, z):
    y = np.zeros(4)
    y[z > 0] = x
    return np.sum(y) + np.sum(z)


def into_a_copy(x, z):
    y = z.copy()
    y[1:-1] = x
    return np.sum(y)


def a_constant_vector(x, z):
    return x @ np.arange(5.0) + np.sum(z)


def blocks(x, z):
    return np.sum(np.block([[x], [z]]))


def stretched(x, z):
    return np.sum(np.broadcast_to(x, z.shape))


def a_sum_in_a_branch(x, z):
    return np.sum(x + z) if x[0] > 0 else np.sum(x)


def interpolated(x, z):
    return np.interp(0.5, np.sort(x), z)


def a_contraction(x, z):
    return np.einsum("i,i->", x, z)


def listed(x, z):
    return np.sum(np.array([x, z]))


def shaped(x, z):
    return np.sum(x.reshape(z.shape))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(places_below, (TWO, THREE)), (selected, (TWO, FOUR)), (into_a_copy, (THREE, FOUR)),
     (a_constant_vector, (THREE, FOUR)), (blocks, (THREE, FOUR)), (stretched, (THREE, FOUR)),
     (a_sum_in_a_branch, (THREE, FOUR)), (interpolated, (THREE, FOUR)),
     (a_contraction, (THREE, FOUR)), (listed, (THREE, FOUR)), (shaped, (THREE, FOUR))],
)  # fmt: skip
@pytest.mark.parametrize("level", [0, 1, 2])
def test_two_arguments_that_do_not_fit_raise(function, arguments, level):
    for differentiated in (0, (0, 1)):
        with pytest.raises(ValueError, match=r"."):
            function(*arguments)
        with pytest.raises(ValueError, match=r"."):
            grad(function, differentiated, optimize=level)(*arguments)


def halves(x):
    y = np.zeros_like(x)
    y[1:] = x[:-1]
    y[0] = x[-1]
    return np.sum(y)


def chosen(x):
    y = np.zeros(4)
    y[CHOSEN] = x
    return y @ np.array([1.0, 2.0, 3.0, 4.0])


def row_by_row(x):
    y = np.zeros((3, 2))
    for i in range(3):
        y[i] = x
    return np.sum(y)


def test_what_is_known_to_fit_is_not_asked():
    source = grad(halves).source(FOUR)
    assert "broadcast_shapes" not in source
    assert "require_shape" not in source
    assert np.array_equal(grad(halves)(FOUR), FOUR)


def test_what_fits_passes_the_checks():
    assert "require_shape(grad_x, x)" in grad(chosen).source(THREE)
    assert np.array_equal(grad(chosen)(THREE), [1.0, 3.0, 4.0])
    assert np.array_equal(grad(chosen)(np.ones(1)), [8.0])
    assert np.array_equal(grad(row_by_row)(TWO), [3.0, 3.0])
    for x, z in ((TWO, FOUR), (np.ones(1), THREE), (np.ones(1), FOUR)):
        for level in (0, 1, 2):
            found = grad(places_below, (0, 1), optimize=level)(x, z)
            assert np.array_equal(found[0], np.ones(len(x)) * (len(z) - 2) / len(x))
            assert np.array_equal(found[1], np.ones(len(z)))
