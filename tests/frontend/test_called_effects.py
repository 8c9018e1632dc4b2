"""What a function that calls itself says and checks happens in its gradient, too, although
nobody reads what the call gives."""

import math

import pytest

from adcompiler import grad


def as_statement(x, n):
    print("n", n)
    if n > 0:
        as_statement(x, n - 1)
    return x * x


def at_the_end(x, n):
    if n == 0:
        print("end")
        return x
    at_the_end(x, n - 1)
    return 2 * x


def from_outside(x, n):
    as_statement(x, n)
    return x * 3


def in_a_linear_sum(x, n):
    return x * 3 + as_statement(0.5, n)


def assigned(x, n):
    unread = as_statement(x, n)
    return x * 3


def nothing(x, n):
    if n > 0:
        print(n, x)
        nothing(x, n - 1)


def that_returns_nothing(x, n):
    nothing(x, n)
    return x * x


def pair(x, n):
    if n > 0:
        print("pair", n)
        pair(x, n - 1)
    return x, x * x


def that_returns_two(x, n):
    pair(x, n)
    return x * x


def even(x, n):
    if n > 0:
        odd(x, n - 1)
    return x


def odd(x, n):
    if n > 0:
        print("odd", n)
        even(x, n - 1)
    return x


def in_turns(x, n):
    even(x, n)
    return x * x


def in_a_loop(x, n):
    y = x
    for k in range(n):
        as_statement(y, k)
        y = y * 2.0
    return y


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("f", [as_statement, at_the_end, from_outside, in_a_linear_sum, assigned,
                               that_returns_nothing, that_returns_two, in_turns, in_a_loop])
def test_prints(f, level, capsys):
    f(1.5, 3)
    said = capsys.readouterr().out
    assert said
    grad(f, optimize=level)(1.5, 3)
    assert capsys.readouterr().out == said


def test_the_text_calls_for_the_effect_alone():
    text = grad(from_outside).source(1.5, 3)
    assert "    # forward\n    as_statement(x, n)\n    # backward" in text


def raising(x, n):
    if n == 0 and x > 1:
        raise ValueError("too big")
    if n > 0:
        raising(x, n - 1)
    return x


def logarithm(x, n):
    if n > 0:
        logarithm(x - 1, n - 1)
    return math.log(x)


def checked(x, n):
    raising(x, n)
    return x * 2


def measured(x, n):
    logarithm(x, n)
    return x * 2


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("f", [checked, measured])
def test_exceptions(f, level):
    with pytest.raises(ValueError) as own:
        f(1.5, 4)
    with pytest.raises(ValueError) as theirs:
        grad(f, optimize=level)(1.5, 4)
    assert str(own.value) == str(theirs.value)


def silent(x, n):
    return x if n == 0 else silent(x, n - 1)


def quiet(x, n):
    silent(x, n)
    return x * 2


def test_a_call_without_effects_goes():
    assert "silent" not in grad(quiet).source(1.5, 2)
