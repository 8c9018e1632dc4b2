"""A function and its backward part as two functions: what is handed over, and that both together
compute what they did."""

from dataclasses import replace

import pytest
from irtext import parse

from adcompiler.ir.core import Function, Label, Parts, walk
from adcompiler.ir.interpreter import interpret
from adcompiler.ir.printer import print_function
from adcompiler.ir.types import SAVED
from adcompiler.ir.verifier import verify
from adcompiler.ops import evaluate, infer
from adcompiler.transform.split import split, split_in_two


def joint(text, parameters, results):
    """A function with a backward part, which begins at the first operation marked so."""
    made = parse(text)
    return replace(made, parts=Parts(parameters, results, Label("f_pullback")))


def both(function, *arguments):
    """What the two parts give, the second called with what the first has saved."""
    count = function.parts.parameters
    first, second = split_in_two(function)
    verify(first, infer)
    verify(second, infer)
    *values, saved = interpret(first, arguments[:count], evaluate)
    return (*values, *interpret(second, (saved, *arguments[count:]), evaluate))


def handed(function):
    """The operands of the forward part's tuple, as printed."""
    first, _ = split_in_two(function)
    line = next(s for s in print_function(first).splitlines() if " = pack" in s)
    return line.partition(" = pack")[2].split()


STRAIGHT = """
function f(%x: float, %k: int, %grad_y: float):
    %a = exp[via='math'] %x
    %b = mul[via='op'] %a, %a
    %y = mul[via='op'] %b, %k
    %0 = mul[via='op', backward=True] %grad_y, %k
    %1 = mul[via='op', backward=True] %0, %a
    %grad_x = mul[via='op', backward=True] %1, %b
    return %y, %grad_x
"""

CONSTANT = """
function f(%x: float, %grad_y: float):
    %c = constant[value=3.0]
    %y = mul[via='op'] %x, %c
    %grad_x = mul[via='op', backward=True] %grad_y, %c
    return %y, %grad_x
"""

BRANCH = """
function f(%x: float, %c: bool, %grad_y: float):
    %y = if[region='r'] %c:
        %a = exp[via='math'] %x
        %b = sin[via='math'] %a
        yield %b
    else:
        yield %x
    %grad_x = if[region='m', mirrors='r', backward=True] %c:
        %0 = cos[via='math', backward=True] %a
        %1 = mul[via='op', backward=True] %0, %a
        %2 = mul[via='op', backward=True] %1, %grad_y
        yield %2
    else:
        yield %grad_y
    return %y, %grad_x
"""

NESTED = """
function f(%x: float, %c: bool, %d: bool, %grad_y: float):
    %y = if[region='r'] %c:
        %z = if[region='s'] %d:
            %a = exp[via='math'] %x
            yield %a
        else:
            yield %x
        yield %z
    else:
        yield %x
    %grad_x = if[region='m', mirrors='r', backward=True] %c:
        %g = if[region='n', mirrors='s', backward=True] %d:
            %0 = mul[via='op', backward=True] %grad_y, %a
            yield %0
        else:
            yield %grad_y
        yield %g
    else:
        yield %grad_y
    return %y, %grad_x
"""

UNDEFINED = """
function f(%x: float, %c: bool, %grad_y: float):
    %t = if[region='r'] %c:
        %a = exp[via='math'] %x
        yield %a
    else:
        %u: undefined = undefined
        yield %u
    %y = if[region='s'] %c:
        %b = mul[via='op'] %t, %x
        yield %b
    else:
        yield %x
    %grad_x = if[region='m', mirrors='s', backward=True] %c:
        %0 = mul[via='op', backward=True] %t, %grad_y
        yield %0
    else:
        yield %grad_y
    return %y, %grad_x
"""

TAPE = """
function f(%x: float, %n: int, %grad_y: float):
    %0: int = constant[value=0]
    %1: int = constant[value=1]
    %r: range = range %0, %n, %1
    %y.1, %y_tape: tape[float] = for[carry=1, region='r'] %x, %r (%y.2: float, %i.0: int):
        %y.3 = sin[via='math'] %y.2
        yield %y.3, %y.2
    %grad_x = for[carry=1, reverse=True, region='m', mirrors='r', backward=True] %grad_y, %y_tape (%g.0: float, %y.4: float):
        %2 = cos[via='math', backward=True] %y.4
        %g.1 = mul[via='op', backward=True] %g.0, %2
        yield %g.1
    return %y.1, %grad_x
"""  # noqa: E501

EXAMPLES = [
    (STRAIGHT, 2, ((0.3, 2, 1.0), (0.3, -1, 2.5))),
    (CONSTANT, 1, ((0.3, 1.0),)),
    (BRANCH, 2, ((0.3, True, 1.0), (0.3, False, 2.0))),
    (NESTED, 3, ((0.3, True, True, 2.0), (0.3, True, False, 2.0), (0.3, False, True, 2.0))),
    (UNDEFINED, 2, ((0.3, True, 2.0), (0.3, False, 2.0))),
    (TAPE, 2, ((0.3, 3, 1.0), (0.3, 0, 2.0))),
]


@pytest.mark.parametrize(("text", "parameters", "calls"), EXAMPLES)
def test_the_two_parts_compute_what_the_whole_did(text, parameters, calls):
    for arguments in calls:
        function = joint(text, parameters, 1)
        relaxed = replace(function, parts=None)
        verify(relaxed, infer)
        assert both(function, *arguments) == interpret(relaxed, arguments, evaluate)


@pytest.mark.parametrize(
    ("text", "parameters", "saved"),
    [
        # b = a * a is a step from a, and k is a parameter.
        (STRAIGHT, 2, ["%k,", "%a"]),
        # A constant is written again.
        (CONSTANT, 1, []),
        # a leaves the branch; whether the branch was taken is known by its condition.
        (BRANCH, 2, ["%c,", "%a.0"]),
        (NESTED, 3, ["%c,", "%d,", "%a.0"]),
        (UNDEFINED, 2, ["%c,", "%t"]),
        (TAPE, 2, ["%y_tape"]),
    ],
)
def test_only_what_the_backward_part_reads_is_handed_over(text, parameters, saved):
    assert handed(joint(text, parameters, 1)) == saved


def test_what_only_one_side_defines_is_filled_on_the_other():
    first, _ = split_in_two(joint(BRANCH, 2, 1))
    opcodes = [op.opcode for op in walk(first.body)]
    assert opcodes.count("filler") == 1
    for text in (UNDEFINED, NESTED):
        first, _ = split_in_two(joint(text, 3 if text is NESTED else 2, 1))
        assert "undefined" not in [op.opcode for op in walk(first.body)]


def test_signatures():
    first, second = split_in_two(joint(STRAIGHT, 2, 1))
    assert [str(v.name) for v in first.parameters] == ["x", "k"]
    assert [v.type for v in first.results][1:] == [SAVED]
    assert [v.name for v in second.parameters] == ["saved", "grad_y"]
    assert second.name == "f_pullback"
    assert not any(op.backward for op in walk(first.body))
    assert all(op.backward for op in walk(second.body))


def test_parameters_of_one_name_are_told_apart():
    text = """
    function f(%x: float, %saved.0: float, %saved.1: float):
        %0 = mul[via='op', backward=True] %saved.0, %x
        %1 = mul[via='op', backward=True] %saved.1, %x
        return %x, %0, %1
    """
    _, second = split_in_two(joint(text, 1, 1))
    assert [v.name for v in second.parameters] == ["saved", "saved_1", "saved_2"]


def test_split_replaces_the_joint_functions_alone():
    label, other = Label("f_forward"), Label("g")
    function = joint(CONSTANT, 1, 1)
    plain = parse("function g(%x: float):\n    return %x")
    root = Function("root", plain.body, functions={other: plain, label: function})
    found = split(root)
    assert list(found.functions) == [other, label, function.parts.backward]
    assert found.functions[other] is plain
    assert all(f.parts is None for f in found.functions.values())
