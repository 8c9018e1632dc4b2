"""Sizes that are known only at run time, diagonals and views, refusals; the rest of einsum is in
the table's samples and examples."""

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

rng = np.random.default_rng(3)


def drawn(*shape):
    return rng.uniform(-1, 1, shape)


def product(a, b):
    t = np.sum(np.sin(np.einsum("ij,jk->ik", a[1:, 1:], b[1:, 1:])))
    return t * t


@pytest.mark.parametrize("rows", [2, 3])
@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("others", [2, 3])
def test_a_slice_may_have_one_element(rows, columns, others):
    prove(product, drawn(rows, columns), drawn(others if columns == 2 else columns, 4))


def absent_and_repeated(a, b, c):
    t = np.einsum("iik,jk,l->k", a[:, :, 1:], b[1:, 1:], c[1:])
    return np.sum(t * t)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (4, 2, 4), (2, 3, 3), (4, 3, 2)])
def test_letters_that_one_operand_has_alone(sizes):
    last, rows, more = sizes
    prove(absent_and_repeated, drawn(2, 2, last), drawn(rows, 4), drawn(more))


def stretched_diagonal(a, b):
    t = np.einsum("ii,i->", a[1:, 1:], b[1:])
    return t * t * t


@pytest.mark.parametrize(("rows", "length"), [(2, 2), (2, 4), (4, 2), (3, 3)])
def test_a_diagonal_may_be_stretched_or_stretch(rows, length):
    prove(stretched_diagonal, drawn(rows, rows), drawn(length))


def into_the_diagonal(a, v):
    b = a * 2.0
    np.einsum("ii->i", b)[:] = v * v
    return np.sum(b * b * a)


def test_a_diagonal_is_a_view_that_can_be_stored_into():
    prove(into_the_diagonal, drawn(3, 3), drawn(3))


def read_after_a_store(a):
    b = a * 1.0
    d = np.einsum("ij->ji", b)
    b[0, 1] = 5.0
    return np.sum(d * d * a.T)


def test_a_view_sees_what_is_stored_later():
    prove(read_after_a_store, drawn(3, 3))


def in_a_loop(w, x, n):
    h = x
    for _ in range(n):
        h = np.tanh(np.einsum("ij,...j->...i", w, h))
    return np.sum(h * h)


def test_in_a_loop():
    prove(in_a_loop, drawn(3, 3), drawn(4, 3), 3)


def nan_beside_the_diagonal(a):
    return np.einsum("ii->", np.sqrt(a))


def test_what_stands_beside_the_diagonal_gets_zero():
    a = np.array([[4.0, 0.0], [0.0, 9.0]])
    np.testing.assert_array_equal(grad(nan_beside_the_diagonal)(a), [[0.25, 0], [0, 1 / 6]])


def matrices(a, b):
    return np.sum(np.einsum("ij,jk", a, b))


def test_a_gradient_raises_where_the_function_raises():
    for f, shapes in ((matrices, ((2, 3), (4, 2))), (trace, ((2, 3),))):
        arrays = [drawn(*shape) for shape in shapes]
        with pytest.raises(ValueError):
            f(*arrays)
        with pytest.raises(ValueError):
            grad(f)(*arrays)


def trace(a):
    return np.einsum("ii", a)


def too_many_letters(a):
    return np.sum(np.einsum("ijk->i", a))


def twice_in_the_result(a):
    return np.sum(np.einsum("i->ii", a))


def other_keyword(a):
    return np.sum(np.einsum("i->i", a, order="F"))


@pytest.mark.parametrize(
    ("f", "shape", "reason"),
    [
        (too_many_letters, (2, 3), "too many subscripts"),
        (twice_in_the_result, (2,), "multiple times"),
        (other_keyword, (2,), "`order="),
        (trace, (1, 3), "in one operand"),
    ],
)
def test_refusals(f, shape, reason):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(drawn(*shape))
    assert reason in str(caught.value)


def test_matrix_products_are_written_as_such():
    text = grad(matrices, ("a", "b")).source(drawn(2, 3), drawn(3, 4))
    assert "grad_a = " in text and " @ b.T" in text and "a.T @ " in text
    assert text.count("einsum") == 0
