"""Several numbers that one loop saves and another reads go on one tape, as tuples."""

import math

import numpy as np
import pytest
from irtext import same_text, transformed

from adcompiler import Passes, check_grads, grad, vjp
from adcompiler.optimize.pack_tapes import pack_tapes
from tests.benchmarks.kernels.recurrences import kepler

WITHOUT = Passes(1, ("tuple-tapes",))


def test_six_tapes_become_one():
    same_text(
        transformed(
            pack_tapes,
            """
            function f(%y.0: float, %a: float, %r: range):
                %y.1: float, %t0: tape[float], %t1: tape[float], %t2: tape[float], \
%t3: tape[float], %t4: tape[float], %t5: tape[float] = for[carry=1, region='a'] %y.0, %r \
(%y.2: float, %i: int):
                    %s: float = sin[via='math'] %y.2
                    %y.3: float = mul[via='op'] %s, %a
                    yield %y.3, %a, %a, %a, %a, %y.2, %s
                %g.1: float = for[carry=1, reverse=True, region='b'] %a, %t0, %t1, %t2, %t3, \
%t4, %t5 (%g.2: float, %e0: float, %e1: float, %e2: float, %e3: float, %e4: float, %e5: float):
                    %g.3: float = mul[via='op'] %e4, %e5
                    yield %g.3
                return %g.1
            """,
        ),
        """
        function f(%y.0: float, %a: float, %r: range):
            %y.2, %tape: tape[saved] = for[carry=1] %y.0, %r (%y.1: float, %i: int):
                %s = sin[via='math'] %y.1
                %taped.0: saved = pack %a, %a, %a, %a, %y.1, %s
                %y.3 = mul[via='op'] %s, %a
                yield %y.3, %taped.0
            %g.1 = for[carry=1, reverse=True] %a, %tape (%g.0: float, %taped.1: saved):
                %e0, %e1, %e2, %e3, %e4, %e5 = unpack %taped.1
                %g.2 = mul[via='op'] %e4, %e5
                yield %g.2
            return %g.1
        """,
    )


def ending(x, k):
    for i in range(50):
        s = math.sin(x) * math.exp(-k)
        if s * x > 10.0:
            break
        if i % 3 == 1:
            x = x * k
            continue
        x = x * math.cosh(s) + k
    return x


def sided(x, n):
    while n > 0:
        n = n - 1
        y = math.exp(-x)
        z = math.sin(x) if x > 0.6 else 0.3
        x = x * math.cos(y) * z + 0.5
    return x


def swapping(a, b):
    while a * b < 10.0:
        a, b = b * math.exp(a * 0.1), a * b + a
    return a * b


def six(a, b, c, n):
    for i in range(n):
        s, t, u = math.sin(a), math.exp(b * 0.1), math.tanh(c * i)
        a, b, c = a * t - u, b * u + s, c * s * t
    return a + b + c


@pytest.mark.parametrize(
    "function, arguments",
    [
        (kepler, (2.0, 0.6)),
        (ending, (0.4, 1.1)),
        (sided, (0.7, 4)),
        (swapping, (1.1, 0.4)),
        (six, (0.3, 0.4, 0.5, 3)),
    ],
)
def test_values_are_those_of_a_tape_for_each(function, arguments):
    wrt = tuple(k for k, a in enumerate(arguments) if isinstance(a, float))
    text = grad(function, wrt).source(*arguments)
    assert "tape.append((" in text and "reversed(tape)" in text
    assert ".append((" not in grad(function, wrt, optimize=WITHOUT).source(*arguments)
    expected = grad(function, wrt, optimize=WITHOUT).value_and_grad(*arguments)
    assert grad(function, wrt).value_and_grad(*arguments) == expected
    check_grads(function, arguments, order=2)


def test_a_short_range_keeps_a_list_for_each():
    def f(x, y, n):
        for _ in range(n):
            x, y = x * y, math.sin(x)
        return x + y

    text = grad(f).source(0.3, 0.4, 3)
    assert "x_tape" in text and "y_tape" in text


def test_a_number_that_would_need_two_names_keeps_its_list():
    """`x` on the tape is the old one, and so has to be saved before it changes."""

    def f(x, y):
        while y < 5.0:
            x = x * x * y
            y = y * y + math.exp(x * 0.1)
        return x + y

    assert "x_tape.append(x)" in grad(f, (0, 1)).source(0.3, 1.4)
    check_grads(f, (0.3, 1.4))


def test_arrays_keep_their_lists():
    def f(x, k):
        while np.sum(x) < 20.0:
            x = x * x * k + np.cos(k)
            k = k * 1.5
        return np.sum(x)

    x = np.array([1.1, 1.4])
    assert "x_tape" in grad(f, (0, 1)).source(x, 1.2)
    check_grads(f, (x, 1.2))


def test_what_a_pullback_reads_stays_apart():
    value, pullback = vjp(kepler, 2.0, 0.6)
    assert np.allclose(pullback(1.0), grad(kepler, (0, 1))(2.0, 0.6))
    assert np.isclose(value, kepler(2.0, 0.6))


def test_users_may_have_these_names():
    def f(tape, taped):
        while tape < 5.0:
            tape = tape * taped * math.cosh(tape)
        return tape * taped

    assert grad(f, (0, 1))(1.1, 1.2) == grad(f, (0, 1), optimize=WITHOUT)(1.1, 1.2)
    check_grads(f, (1.1, 1.2))
