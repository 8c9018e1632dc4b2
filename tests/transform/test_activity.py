"""What carries a gradient: on the way from what is differentiated to the result, and only that."""

import pytest
from irtext import parse

from adcompiler.ir.core import Block, Function, Label, Operation, Value, hint, walk
from adcompiler.ir.types import FLOAT, INT
from adcompiler.transform.activity import active_values, dependences, differentiable_operands


def active(text, *wrt):
    function = parse(text)
    values = {hint(p): p for p in function.parameters}
    for op in walk(function.body):
        values |= {hint(v): v for block in op.blocks for v in block.parameters}
        values |= {hint(v): v for v in op.results}
    found = active_values(function, [values[name] for name in wrt], function.results)
    return sorted(filter(None, map(hint, found)))


STRAIGHT = """
    function f(%x, %k):
        %a = mul[via='op'] %x, %k
        %b = mul[via='op'] %k, %k
        %dead = exp[via='math'] %x
        %y = add[via='op'] %a, %b
        return %y
"""


@pytest.mark.parametrize(
    ("wrt", "expected"), [("x", ["a", "x", "y"]), ("k", ["a", "b", "k", "y"]), ("b", ["b", "y"]),
                          ("dead", [])],
)  # fmt: skip
def test_straight_code(wrt, expected):
    assert active(STRAIGHT, wrt) == expected


def test_ints_bools_and_jumps_carry_none():
    text = """
        function f(%x):
            %i: int = cast[type='int'] %x
            %j = cast[type='float'] %i
            %s = sign[via='np'] %x
            %c: bool = lt[via='op'] %x, %j
            %y = mul[via='op'] %j, %s
            return %y
        """
    assert active(text, "x") == []


def test_through_either_side_of_a_branch():
    text = """
        function f(%x, %z, %c: bool):
            %y = if %c:
                %a = exp[via='math'] %x
                yield %a
            else:
                yield %z
            return %y
        """
    assert active(text, "x") == ["a", "x", "y"]
    assert active(text, "z") == ["y", "z"]


LOOP = """
    function f(%x, %z, %r: range):
        %p0, %q0, %t: tape[float] = for[carry=2] %x, %z, %r (%p1, %q1, %i: int):
            %p2 = mul[via='op'] %p1, %q1
            %q2 = add[via='op'] %q1, %z
            yield %p2, %q2, %q1
        return %{result}
"""


@pytest.mark.parametrize(
    ("result", "wrt", "expected"),
    [
        ("p0", "x", ["p0", "p1", "p2", "x"]),
        ("q0", "x", []),
        ("q0", "z", ["q0", "q1", "q2", "z"]),
        ("p0", "z", ["p0", "p1", "p2", "q0", "q1", "q2", "z"]),
    ],
)
def test_around_a_loop(result, wrt, expected):
    found = active(LOOP.replace("{result}", result), wrt)
    assert [name for name in found if name != "q0"] == [n for n in expected if n != "q0"]


def test_through_tapes():
    text = """
        function f(%x, %r: range):
            %p0, %t: tape[float] = for[carry=1] %x, %r (%p1, %i: int):
                %p2 = mul[via='op'] %p1, %p1
                yield %p2, %p1
            %s0 = for[carry=1] %x, %t (%s1, %e):
                %s2 = mul[via='op'] %s1, %e
                yield %s2
            return %s0
        """
    assert {"t", "e", "p1", "p2"} <= set(active(text, "x"))


def test_a_gate_names_its_operands_itself():
    (op,) = parse(
        """
        function f(%x, %z):
            %y = call[differentiable=(1,)] %x, %z
            return %y
        """
    ).body.operations
    assert differentiable_operands(op) == (1,)


def test_dependences_through_calls():
    """f(x, k, n) calls itself with k in x's place: both reach the result, n doesn't."""
    label = Label("f")
    x, k, n = Value(FLOAT, "x"), Value(FLOAT, "k"), Value(INT, "n")
    out = Value(FLOAT)
    call = Operation("invoke", (k, x, n), (out, Value(FLOAT)), {"callee": label})
    total = Operation("add", (x, out), (Value(FLOAT),), {"via": "op"})
    function = Function("f", Block((x, k, n), (call, total), (total.result, k)))
    assert dependences({label: function}) == {label: [(0, 0), (1, 0), (1, 1)]}
    root = Function("root", Block((x, k, n), (call,), (out,)))
    found = active_values(root, (k, n), (out,), {label: [(0, 0)]})
    assert found == {k, out}
    assert active_values(root, (x,), (out,), {label: [(0, 0)]}) == set()
