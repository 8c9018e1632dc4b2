"""Linear algebra where it gets delicate: singular points, the triangle that is read, shapes that
are refused, loops and branches."""

import math

import numpy as np
import pytest
from driving import check, check_emitted

from adcompiler import grad
from adcompiler.diagnostics import UnsupportedError

A = np.array([[2.0, 0.3, -0.1], [0.2, 3.5, 0.4], [-0.3, 0.1, 5.0]])
M = np.array([[0.5, -0.3], [1.1, 0.8], [-0.6, 0.9]])
B = np.array([0.7, -1.2, 0.4])


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 2.5, math.inf, -math.inf])
def test_the_norm_of_the_zero_vector_has_gradient_zero(ord):
    def f(x):
        return np.linalg.norm(x, ord)

    assert np.array_equal(grad(f)(np.zeros(3)), np.zeros(3))


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, 2, -1, -2, math.inf, -math.inf])
def test_the_norm_of_the_zero_matrix_has_gradient_zero(ord):
    def f(x):
        return np.linalg.norm(x, ord)

    assert np.array_equal(grad(f)(np.zeros((3, 2))), np.zeros((3, 2)))


def test_ties_share_evenly():
    def largest(x):
        return np.linalg.norm(x, np.inf)

    assert grad(largest)(np.array([2.0, -2.0, 1.0])).tolist() == [0.5, -0.5, 0.0]

    def column(x):
        return np.linalg.norm(x, 1)

    found = grad(column)(np.array([[1.0, -3.0, 1.0], [2.0, 0.0, 1.0]]))
    assert found.tolist() == [[0.5, -0.5, 0.0], [0.5, 0.0, 0.0]]

    def spectral(x):
        return np.linalg.norm(x, 2)

    np.testing.assert_allclose(grad(spectral)(np.eye(2) * 3), np.eye(2) / 2, atol=1e-15)


@pytest.mark.parametrize("ord", [None, 1, 3, math.inf])
def test_a_nan_stays_one(ord):
    def f(x):
        return np.linalg.norm(x, ord)

    with np.errstate(all="ignore"):
        assert np.isnan(grad(f)(np.array([math.nan, 1.0]))[0])


def test_the_determinant_of_a_singular_matrix():
    gradient = grad(lambda a: np.linalg.det(a))
    found = gradient(np.array([[1.0, 2.0], [2.0, 4.0]]))
    np.testing.assert_allclose(found, [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    assert np.array_equal(gradient(np.zeros((3, 3))), np.zeros((3, 3)))


def twice(a):
    return np.linalg.det(a) ** 2


def test_the_second_derivative_of_a_singular_matrix():
    check(twice, np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.3, -0.7, 1.1]]))
    check(twice, np.zeros((2, 2)))


def by_rows(a, b, c, d):
    return np.linalg.det([[a, b], [c, d]]) * np.linalg.norm([a, b])


def lower_only(a, b, c):
    made = np.array([[a, 0.0], [b, c]])
    w, v = np.linalg.eigh(made)
    return w[0] * v[0, 0] ** 2 + np.sum(np.linalg.cholesky(made)) + np.linalg.eigvalsh(made)[1]


def upper_only(a, b, c):
    made = np.array([[a, b], [0.0, c]])
    w, v = np.linalg.eigh(made, UPLO="U")
    return w[0] * v[0, 0] ** 2 + np.linalg.eigvalsh(made, "U")[1]


def test_numbers_in_matrices():
    check_emitted(by_rows, 1.5, 0.3, -0.7, 2.0)
    check_emitted(lower_only, 3.0, 0.7, 2.0)
    check_emitted(upper_only, 3.0, 0.7, 2.0)


def symmetric_by_construction(m):
    a = m @ m.T + np.eye(3)
    w, v = np.linalg.eigh(a)
    return np.sum(np.linalg.cholesky(a)) + np.sum(w * v[0] ** 2) + np.linalg.slogdet(a)[1]


def test_either_half_of_a_symmetric_matrix():
    check_emitted(symmetric_by_construction, M)


def kalman(a, q, ys):
    x, p, total = np.zeros(3), np.eye(3), 0.0
    for y in ys:
        x, p = a @ x, a @ p @ a.T + q
        s = p[:2, :2] + np.eye(2)
        r = y - x[:2]
        if r[0] > 0:
            lower = np.linalg.cholesky(s)
            z = np.linalg.solve(lower, r)
            total += 0.5 * (z @ z) + np.sum(np.log(np.diagonal(lower)))
        else:
            _, logdet = np.linalg.slogdet(s)
            total += 0.5 * (r @ np.linalg.inv(s) @ r + logdet)
        gain = np.linalg.solve(s, p[:2]).T
        x, p = x + gain @ r, p - gain @ s @ gain.T
    return total


def powers(a, x):
    for _ in range(3):
        q, r = np.linalg.qr(a)
        a = r @ q + x
    return np.sum(a * a)


def singular_values(a, x):
    total = 0.0
    for k in range(2):
        u, s, vt = np.linalg.svd(a + k * x, full_matrices=False)
        total += np.sum(u[:, 0] * s[0]) * vt[0, 0]
        if total > 0:
            total = total * np.linalg.norm(a, "nuc")
    return total


def test_loops_and_branches():
    ys = np.array([[0.4, -0.2], [-0.3, 0.5], [0.1, 0.1]])
    check_emitted(kalman, A / 5, np.eye(3) * 0.3 + 0.01 * A, ys)
    check_emitted(powers, A, 0.3)
    check_emitted(singular_values, M, 0.3)


def stored_into(a, b):
    lower = np.linalg.cholesky(a)
    row = lower[1]
    row[0] = b[0]
    x = np.linalg.solve(lower, b)
    x[1:] *= b[0]
    w, v = np.linalg.eigh(a)
    v[:, 0] = w
    w[0] = 0.0
    return np.sum(x * lower[:, 0]) + np.sum(v * w)


def test_stores_into_results():
    check_emitted(stored_into, A, B)


def whole_numbers(k, x):
    return np.sum(np.linalg.solve(k, x)) + np.linalg.norm(k) * np.linalg.det(k) * x[0]


def test_matrices_of_ints():
    check_emitted(whole_numbers, np.array([[3, 1], [1, 2]]), B[:2])


def vectors_of_equal_eigenvalues(a):
    return np.sum(np.linalg.eigh(a)[1])


def sum_of_eigenvalues(a):
    return np.sum(np.linalg.eigvalsh(a) ** 2)


def test_equal_eigenvalues():
    """Their sum has a derivative, their vectors have none."""
    np.testing.assert_allclose(grad(sum_of_eigenvalues)(np.eye(3)), 2 * np.eye(3))
    with np.errstate(all="ignore"):
        assert not np.isfinite(grad(vectors_of_equal_eigenvalues)(np.eye(3))).all()


def square_of_rank_one(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return s[0] * u[0, 0] * vt[0, 1]


def test_vectors_of_a_singular_square_matrix():
    check(square_of_rank_one, np.array([[1.0, 2.0], [2.0, 4.0]]), second=False)


def full_vectors(a):
    u, s, vt = np.linalg.svd(a)
    return np.sum(u * s) + vt[0, 0]


def test_all_vectors_of_a_square_matrix():
    check_emitted(full_vectors, A)
    with pytest.raises(ValueError, match="isn't square has no derivative"):
        grad(lambda a: np.sum(np.linalg.svd(a)[0] ** 3))(M)


def square_by_its_sizes(m):
    q, r = np.linalg.qr(m @ m.T + np.eye(3))
    u = np.linalg.svd(m @ m.T + np.eye(3)).U
    return np.sum(q**3) + r[0, 0] + np.sum(u[:, 0] ** 3)


def test_matrices_that_are_known_to_be_square():
    check_emitted(square_by_its_sizes, M)


def wide(a):
    q, r = np.linalg.qr(a)
    return np.sum(q) * r[0, 0]


def test_matrices_with_more_columns_than_rows():
    with pytest.raises(ValueError, match="more columns than rows has no derivative"):
        grad(wide)(M.T)
    with pytest.raises(UnsupportedError, match="more columns than rows"):
        grad(wide)(np.ones((1, 3)))


def residuals(a, b):
    return np.sum(np.linalg.lstsq(a, b)[1])


REFUSED = [
    (lambda a: np.linalg.eig(a)[0][0], (A,), "no settled order"),
    (lambda a: np.linalg.eigvals(a)[0], (A,), "no settled order"),
    (residuals, (M, B), "residuals"),
    (lambda a: np.linalg.norm(a, 3), (M,), "matrices have no norm with ord=3"),
    (lambda a: np.linalg.norm(a, "fro"), (B,), "vectors have no norm with ord='fro'"),
    (lambda a: np.linalg.norm(a, 1), (np.ones((2, 2, 2)),), "over 3 axes"),
    (lambda a: np.linalg.qr(a, "complete")[0][0, 0], (A,), "mode='complete'"),
    (lambda a: np.linalg.det(a), (np.ones((1, 3)),), "isn't square"),
    (lambda a: np.linalg.det(a), (B,), "no matrix"),
    (lambda a: np.linalg.inv(a)[0, 0], (A.astype(np.float16),), "float16"),
    (lambda a: np.linalg.eigvalsh(a, "X")[0], (A,), "triangle 'X'"),
    (lambda a: np.linalg.pinv(a, hermitian=True)[0, 0], (A,), "hermitian=True"),
    (lambda a: np.linalg.svd(a, hermitian=True)[1][0], (A,), "hermitian=True"),
    (lambda a, b: np.linalg.solve(a, b)[0], (A, 2.0), "for a number"),
    (lambda a: np.linalg.cond(a, 3), (A,), "no norm with p=3"),
    (lambda a: np.linalg.cholesky(a, lower=True)[0, 0], (A,), "lower="),
]


@pytest.mark.parametrize(("f", "arguments", "reason"), REFUSED, ids=lambda v: str(v)[:20])
def test_refusals(f, arguments, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(*arguments)


def test_singular_matrices_raise_as_they_do():
    for f in (np.linalg.inv, np.linalg.cholesky):
        with pytest.raises(np.linalg.LinAlgError):
            grad(lambda a, f=f: np.sum(f(a)))(-np.eye(2) * [1, 0])


def ranked(a):
    return np.linalg.matrix_rank(a) * np.sum(a)


def test_the_rank_is_a_number_without_gradient():
    check_emitted(ranked, A)
