"""What is divided by the same twice is divided once, and multiplied."""

import math

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, check_grads, grad, value_and_grad
from adcompiler.optimize.quotients import share_quotients

WITHOUT = Passes(1, ("quotients",))


def test_a_quotient_at_hand_is_multiplied():
    same_text(
        transformed(
            share_quotients,
            """
            function f(%g: f8[n], %y: f8[n], %z: f8[n], %c: f8[n]):
                %0: f8[n] = div[via='op', backward=True] %g, %c
                %1: f8[n] = mul[via='op', backward=True] %z, %g
                %2: f8[n] = mul[via='op', backward=True] %1, %y
                %3: f8[n] = div[via='op', backward=True] %2, %c
                return %0, %3
            """,
        ),
        """
        function f(%g: f8[n], %y: f8[n], %z: f8[n], %c: f8[n]):
            %0: f8[n] = div[via='op'] %g, %c
            %1: f8[n] = mul[via='op'] %z, %g
            %2: f8[n] = mul[via='op'] %1, %y
            %3: f8[n] = mul[via='op'] %z, %0
            %4: f8[n] = mul[via='op'] %3, %y
            return %0, %4
        """,
    )


@pytest.mark.parametrize(
    "first, second",
    [
        ("%g, %c", "%1, %d"),  # another divisor
        ("%y, %d", "%1, %c"),
        ("%c, %g", "%1, %c"),
    ],
)
def test_what_is_not_at_hand_is_divided(first, second):
    text = f"""
        function f(%g: f8[n], %y: f8[n], %c: f8[n], %d: f8[n]):
            %0: f8[n] = div[via='op', backward=True] {first}
            %1: f8[n] = mul[via='op', backward=True] %g, %y
            %2: f8[n] = div[via='op', backward=True] {second}
            return %0, %2
        """
    assert transformed(share_quotients, text).count("div") == 2


def test_the_users_own_quotients_stay_and_no_side_of_a_branch_counts():
    text = """
        function f(%g: f8[n], %y: f8[n], %c: f8[n], %b: bool):
            %3: f8[n] = if[region='a'] %b:
                %0: f8[n] = div[via='op', backward=True] %g, %c
                yield %0
            else:
                yield %g
            %1: f8[n] = mul[via='op', backward=True] %g, %y
            %2: f8[n] = div[via='op', backward=True] %1, %c
            return %3, %2
        """
    assert transformed(share_quotients, text).count("div") == 2

    def f(a, b, y):
        return a / b + a * y / b

    text = value_and_grad(f, (0, 1)).source(1.1, 2.3, 3.7)
    assert "a * y / b" in text.partition("# backward")[0]


def norms(x, y):
    return math.exp(x / (y + x * y)) * (x / y)


def fields(x, s):
    return np.sum(np.sin(x / s) / (s * s + x))


def test_values_agree():
    for function, arguments in (
        (norms, (0.7, 1.3)),
        (fields, (np.array([0.3, 0.8]), np.array([1.3, 0.9]))),
    ):
        found = grad(function, (0, 1))
        assert found.source(*arguments).count("/") < grad(
            function, (0, 1), optimize=WITHOUT
        ).source(*arguments).count("/")
        expected = grad(function, (0, 1), optimize=WITHOUT)(*arguments)
        np.testing.assert_allclose(found(*arguments), expected, rtol=1e-14)
        check_grads(function, arguments, order=2)


def test_zeros_raise_and_warn_as_before():
    with pytest.raises(ZeroDivisionError):
        grad(norms, (0, 1))(0.0, 0.0)
