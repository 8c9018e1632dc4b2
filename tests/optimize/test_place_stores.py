"""A place that holds zeros is stored to, and a place that is added to twice is added to once."""

import numpy as np
from irtext import same_text, transformed

from adcompiler import Passes, check_grads, grad
from adcompiler.optimize.place_stores import store_at_places

_WHOLE = "backward=True"


def test_what_is_added_where_zeros_were_stored_is_stored():
    same_text(
        transformed(
            store_at_places,
            f"""
            function f(%g: f8[n], %a: f8[n - 2], %b: f8[n - 2]):
                %z: float = constant[value=0.0, {_WHOLE}]
                %g.1: f8[n] = update[key=(slice(1, -1),), {_WHOLE}] %g, %z
                %g.2: f8[n] = add_at[key=(slice(None, -2),), {_WHOLE}] %g.1, %a
                %g.3: f8[n] = add_at[key=(slice(1, -1),), {_WHOLE}] %g.2, %b
                return %g.3
            """,
        ),
        """
        function f(%g.0: f8[n], %a: f8[n - 2], %b: f8[n - 2]):
            %z = constant[value=0.0]
            %g.1: f8[n] = update[key=(slice(1, -1, None),)] %g.0, %b
            %g.2: f8[n] = add_at[key=(slice(None, -2, None),)] %g.1, %a
            return %g.2
        """,
    )


def test_nothing_changes_what_somebody_looks_at_in_between():
    text = f"""
        function f(%g: f8[n], %b: f8[n - 2]):
            %z: float = constant[value=0.0, {_WHOLE}]
            %g.1: f8[n] = update[key=(slice(1, -1),), {_WHOLE}] %g, %z
            %c = sum[axis=None, keepdims=False, via='np', {_WHOLE}] %g.1
            %g.2: f8[n] = add_at[key=(slice(1, -1),), {_WHOLE}] %g.1, %b
            return %g.2, %c
        """
    assert "add_at[key=(slice(1, -1, None),)] %g.1, %b" in transformed(store_at_places, text)


def test_the_users_own_stores_stay():
    text = """
        function f(%g: f8[n], %b: f8[n - 2]):
            %z: float = constant[value=0.0]
            %g.1: f8[n] = update[key=(slice(1, -1),)] %g, %z
            %g.2: f8[n] = add_at[key=(slice(1, -1),)] %g.1, %b
            return %g.2
        """
    assert "add_at" in transformed(store_at_places, text)


def test_a_repeated_index_still_adds():
    text = f"""
        function f(%x: f8[n], %b: f8[m], %i: i8[m]):
            %s: static = shape %x
            %g: f8[n] = zeros_of[type=Array('f8', (symbol('n'),)), {_WHOLE}] %s
            %g.1: f8[n] = add_at[key=(Slot(0),), {_WHOLE}] %g, %b, %i
            return %g.1
        """
    assert "add_at" in transformed(store_at_places, text)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_two_contributions_to_one_slice_are_one_store():
    x = np.linspace(-1.0, 1.0, 5)
    text = grad(rosenbrock).source(x)
    assert text.count("grad_x[:-1]") == 1 and "grad_x[:-1] = " in text
    check_grads(rosenbrock, (x,))


def heat(u, c, n):
    for _ in range(n):
        u[1:-1] = u[1:-1] + c * (u[:-2] - 2.0 * u[1:-1] + u[2:])
    return np.sum(u * u)


def test_stencils_are_right_with_and_without():
    u = np.linspace(0.0, 1.0, 6) ** 2
    plain = grad(heat, (0, 1), optimize=Passes(1, ("place-stores",)))(u.copy(), 0.1, 3)
    stored = grad(heat, (0, 1))(u.copy(), 0.1, 3)
    for a, b in zip(plain, stored, strict=True):
        np.testing.assert_allclose(a, b, 1e-14)
    assert "= 0.0\n" not in grad(heat, 0).source(u, 0.1, 3)


def where_zeros_go_round(a, n):
    for i in range(1, n):
        a[i] = a[i - 1] * a[i]
        a[i] = a[i] + a[i]
    return a[n - 1] * a[0]


def test_numbers_stored_one_by_one():
    check_grads(where_zeros_go_round, (np.array([1.5, 0.5, -0.3, 2.0]), 4))


def test_what_comes_out_of_a_branch_or_a_loop_is_stored():
    """A place gets the result of a region, which has no entry in the table."""
    text = """
        function f(%x: f8[n], %c: bool, %a: f8[], %b: f8[]):
            %s: f8[] = if %c:
                yield %a
            else:
                yield %b
            %g: f8[n] = update[key=(1,), backward=True] %x, %s
            return %g
        """
    assert "update[key=(1,)] %x, %s" in transformed(store_at_places, text)


def test_parts_that_lie_apart_are_all_stored():
    def f(x):
        return np.sum(np.sin(x[:, 2:]) * x[:, 1:2]) + np.sum(x[:, :1] * x[:, :1])

    x = np.random.default_rng(0).normal(size=(4, 5))
    text = grad(f).source(x)
    assert "+=" not in text
    assert np.allclose(grad(f)(x), grad(f, optimize=0)(x), 1e-13)


def test_parts_that_may_overlap_are_added():
    def f(x):
        return np.sum(np.sin(x[2:]) * x[:-2]) + np.sum(x[0] * x[-1])

    for n in (1, 2, 3, 5):
        x = np.random.default_rng(0).normal(size=n)
        assert n == 1 or grad(f).source(x).count("+=") == 2  # x[0] and x[-1] are two places
        assert np.allclose(grad(f)(x), grad(f, optimize=0)(x), 1e-13)
