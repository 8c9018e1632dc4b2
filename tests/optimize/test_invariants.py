"""What is the same in every iteration of a loop is computed before it, if nobody can tell."""

import math

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, check_grads, grad
from adcompiler.optimize.invariants import hoist_invariants


def test_a_product_of_what_stands_outside_goes_before_the_loop():
    same_text(
        transformed(
            hoist_invariants,
            """
            function f(%y.0: float, %h: float, %r: range):
                %y.1: float = for[carry=1, region='a'] %y.0, %r (%y.2: float, %i: int):
                    %c: float = constant[value=0.5]
                    %0: float = mul[via='op'] %c, %h
                    %s: float = mul[via='op'] %0, %y.2
                    yield %s
                return %y.1
            """,
        ),
        """
        function f(%y.0: float, %h: float, %r: range):
            %c = constant[value=0.5]
            %0 = mul[via='op'] %c, %h
            %y.2 = for[carry=1] %y.0, %r (%y.1: float, %i: int):
                %s = mul[via='op'] %0, %y.1
                yield %s
            return %y.2
        """,
    )


@pytest.mark.parametrize(
    "step",
    [
        "%0: float = div[via='op'] %g, %h",  # raises where h is 0
        "%0: float = pow[via='op'] %h, %two",  # raises where that overflows
        "%0: float = exp[via='math'] %h",
        "%0: f8[] = mul[via='op'] %x, %h",  # warns where that overflows
        "%0: float = mul[via='op'] %h, %n",  # an int may be too large for a float
        "%0: bool = lt[via='op'] %h, %g",
    ],
)
def test_what_may_raise_or_warn_stays(step):
    text = f"""
        function f(%y.0: float, %g: float, %h: float, %x: f8[], %n: int, %r: range):
            %two: int = constant[value=2]
            %y.1: float = for[carry=1, region='a'] %y.0, %r (%y.2: float, %i: int):
                {step}
                yield %y.2
            return %y.1
        """
    _, body = transformed(hoist_invariants, text).split(" = for", 1)
    assert step.split(" = ", 1)[1] in body


def test_nothing_leaves_a_branch():
    text = """
        function f(%y.0: float, %h: float, %c: bool, %r: range):
            %y.1: float = for[carry=1, region='a'] %y.0, %r (%y.2: float, %i: int):
                %y.3: float = if[region='b'] %c:
                    %0: float = mul[via='op'] %h, %h
                    yield %0
                else:
                    yield %y.2
                yield %y.3
            return %y.1
        """
    assert " " * 12 + "%0 = mul" in transformed(hoist_invariants, text)


def nested(x, h, n):
    for _ in range(n):
        for _ in range(3):
            x = x + 0.5 * h * (h / 4) * math.sin(x)
    return x


def test_it_leaves_as_many_loops_as_it_can_and_is_there_for_the_backward_part():
    text = grad(nested, (0, 1)).source(0.3, 0.1, 2)
    before, _ = text.split("for _", 1)
    assert "= 0.5 * h\n" in before and "= h / 4\n" in before
    assert text.count("0.5 * h") == text.count("h / 4") == 1
    check_grads(nested, (0.3, 0.1, 2))
    assert grad(nested, (0, 1))(0.3, 0.1, 0) == (1.0, 0.0)


def decay(x, h, n):
    for i in range(n):
        half = 0.5 * h
        x = x - half * x
        half = half * i  # another value of the same name
        x = x + half
    return x


def test_values_are_those_without_it():
    whole, without = Passes(1), Passes(1, ("invariants",))
    assert grad(decay, (0, 1), optimize=whole).source(1.0, 0.1, 3) != grad(
        decay, (0, 1), optimize=without
    ).source(1.0, 0.1, 3)
    for n in (0, 1, 4):
        expected = grad(decay, (0, 1), optimize=without).value_and_grad(1.0, 0.1, n)
        assert grad(decay, (0, 1), optimize=whole).value_and_grad(1.0, 0.1, n) == expected
    check_grads(decay, (1.0, 0.1, 3))


def quotients(x, h, n):
    for _ in range(n):
        x = x * (1.0 / h)
    return x


def test_a_loop_over_nothing_divides_by_nothing():
    assert grad(quotients)(2.0, 0.0, 0) == 1.0
    with pytest.raises(ZeroDivisionError):
        grad(quotients)(2.0, 0.0, 1)


def guarded(x, k):
    while x * (2.0 * k) < 10.0:
        x = x * (2.0 * k)
    return x


def test_a_condition_has_its_own_before_the_loop():
    text = grad(guarded, (0, 1)).source(0.7, 0.9)
    assert text.count("2.0 * k") == 1
    check_grads(guarded, (0.7, 0.9))


def test_what_changes_in_the_loop_stays_there():
    def f(x, n):
        y = 1.0
        for _ in range(n):
            y = y + 0.5 * x
            x = x * 2.0
        return y

    assert np.isclose(grad(f)(1.0, 3), 0.5 + 1.0 + 2.0)
