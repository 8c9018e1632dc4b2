"""Systems of equations are solved by an inverse that is at hand, and by no other."""

from __future__ import annotations

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, grad, value_and_grad
from adcompiler.optimize.inverses import solve_by_inverses

RNG = np.random.default_rng(5)
A, B = RNG.normal(size=(4, 4)) + 4 * np.eye(4), RNG.normal(size=(4, 3))
STACK = RNG.normal(size=(2, 4, 4)) + 4 * np.eye(4)


def test_the_inverse_comes_first():
    same_text(
        transformed(
            solve_by_inverses,
            """
            function f(%K: f8[n, n], %y: f8[n], %g: f8[n]):
                %x: f8[n] = solve %K, %y
                %0: f8[n, n] = transpose[axes=None] %K
                %1: f8[n] = solve[backward=True] %0, %g
                %i: f8[n, n] = inv[backward=True] %K
                return %x, %1, %i
            """,
        ),
        """
        function f(%K: f8[n, n], %y: f8[n], %g: f8[n]):
            %i: f8[n, n] = inv %K
            %x: f8[n] = matmul[via='op'] %i, %y
            %0: f8[n, n] = transpose %K
            %1: f8[n, n] = transpose %i
            %2: f8[n] = matmul[via='op'] %1, %g
            return %x, %2, %i
        """,
    )


def likelihood(a, b):
    return b[:, 0] @ np.linalg.solve(a, b[:, 1]) + np.linalg.slogdet(a)[1]


def transposed(a, b):
    return np.sum(np.linalg.solve(a.T, b) ** 2) + np.sum(np.linalg.inv(a) ** 3)


def of_the_transpose(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2) + np.sum(np.linalg.inv(a.T) ** 3)


def stacks(a, b):
    x = np.linalg.solve(a * np.ones((2, 1, 1)), b)
    return np.sum(np.sin(x)) + np.sum(np.linalg.slogdet(a)[1])


def in_a_loop(a, b):
    total = 0.0
    for k in range(3):
        c = a + k * np.eye(4)
        x = np.linalg.solve(c, b)
        total = total + np.max(x) + np.sum(x == np.max(x)) * np.linalg.slogdet(c)[1]
    return total


@pytest.mark.parametrize("f", [likelihood, transposed, of_the_transpose, stacks, in_a_loop])
def test_it_computes_the_same(f):
    a = STACK if f is stacks else A
    for form in (grad, value_and_grad):
        for one, two in zip(
            map(np.asarray, _leaves(form(f, (0, 1), optimize=2)(a, B))),
            map(np.asarray, _leaves(form(f, (0, 1))(a, B))), strict=True,
        ):  # fmt: skip
            np.testing.assert_allclose(one, two, 1e-11, 1e-13)


def _leaves(found):
    return [leaf for part in found for leaf in _leaves(part)] if type(found) is tuple else [found]


def test_one_factorisation():
    text = grad(likelihood, (0, 1), optimize=2).source(A, B)
    assert "solve" not in text and text.count("inv(") == 1
    assert grad(likelihood, (0, 1)).source(A, B).count("solve(") == 2
    assert "solve" in grad(likelihood, (0, 1), optimize=Passes(2, ("inverses",))).source(A, B)


def test_no_inverse_is_made_for_it():
    def f(a, b):
        return np.sum(np.linalg.solve(a, b) ** 2)

    assert "inv(" not in grad(f, optimize=2).source(A, B)


def test_another_matrix():
    def f(a, b):
        return np.sum(np.linalg.solve(a + 1, b)) + np.linalg.slogdet(a)[1]

    assert grad(f, optimize=2).source(A, B).count("solve(") == 2


def test_singular_matrices_raise():
    with pytest.raises(np.linalg.LinAlgError):
        grad(likelihood, optimize=2)(np.ones((4, 4)), B)
