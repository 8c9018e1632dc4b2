"""Evaluation of regions: scans either way, tapes, conditions, variables without a value."""

import operator

import pytest

from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Block, Function, Label, Operation, Value
from adcompiler.ir.interpreter import UndefinedVariable, interpret
from adcompiler.ir.types import BOOL, FLOAT, INT, SAVED, UNDEFINED, Range, Tape

FUNCTIONS = {
    "add": operator.add, "mul": operator.mul, "lt": operator.lt, "range": range,
    "shape": lambda x: x,
}  # fmt: skip


def evaluate(op, operands):
    if op.opcode == "constant":
        return (op.attributes["value"],)
    return (FUNCTIONS[op.opcode](*operands),)


def run(builder, parameters, results, *arguments):
    return interpret(Function("f", builder.block(parameters, results)), arguments, evaluate)


X, N, C = Value(FLOAT, "x"), Value(INT, "n"), Value(BOOL, "c")


def scan(reverse, tape=None):
    """y -> y * x + e for each element e, with y collected before each step."""
    builder, body = Builder(), Builder()
    y, e = Value(FLOAT, "y"), Value(INT, "e")
    r = tape or builder.emit("range", (N,), Range())
    following = body.emit("add", (body.emit("mul", (y, X), FLOAT), e), FLOAT)
    out, saved = Value(FLOAT), Value(Tape(FLOAT))
    builder.region("for", (X, r), (out, saved), (body.block((y, e), (following, y)),),
                   {"carry": 1, "reverse": reverse})  # fmt: skip
    return builder, (out, saved)


def test_a_loop_and_its_tape():
    builder, results = scan(False)
    assert run(builder, (X, N), results, 2.0, 3) == (20.0, [2.0, 4.0, 9.0])
    assert run(builder, (X, N), results, 2.0, 0) == (2.0, [])


def test_backwards_a_tapes_index_still_belongs_to_its_element():
    builder, results = scan(True)
    assert run(builder, (X, N), results, 2.0, 3) == (26.0, [13.0, 6.0, 2.0])


def test_tapes_are_sequences():
    tape = Value(Tape(FLOAT))
    builder, results = scan(True, tape)
    assert run(builder, (X, tape), results, 2.0, [5.0, 7.0]) == (27.0, [11.0, 2.0])


def test_a_while_loop_counts_its_trips():
    builder, test, body = Builder(), Builder(), Builder()
    p, q = Value(FLOAT), Value(FLOAT)
    small = test.emit("lt", (p, test.constant(20.0)), BOOL)
    twice = body.emit("mul", (q, X), FLOAT)
    out, tape, trips = Value(FLOAT), Value(Tape(FLOAT)), Value(INT)
    builder.region("while", (X,), (out, tape, trips),
                   (test.block((p,), (small,)), body.block((q,), (twice, q))),
                   {"carry": 1})  # fmt: skip
    assert run(builder, (X,), (out, tape, trips), 3.0) == (27.0, [3.0, 9.0], 2)


def branch(then, otherwise):
    builder = Builder()
    result = Value(FLOAT, "y")
    builder.region("if", (C,), (result,), (then, otherwise))
    return builder, result


def test_one_side_runs():
    inner = Builder()
    twice = inner.emit("add", (X, X), FLOAT)
    builder, y = branch(inner.block((), (twice,)), Builder().block((), (X,)))
    assert run(builder, (X, C), (y,), 2.0, True) == (4.0,)
    assert run(builder, (X, C), (y,), 2.0, False) == (2.0,)


def test_a_variable_without_a_value_is_an_error_when_read():
    inner = Builder()
    missing = inner.emit("undefined", (), UNDEFINED)
    builder, y = branch(inner.block((), (missing,)), Builder().block((), (X,)))
    run(builder, (X, C), (X,), 2.0, True)
    z = builder.emit("add", (y, y), FLOAT)
    assert run(builder, (X, C), (z,), 2.0, False) == (4.0,)
    with pytest.raises(UndefinedVariable, match="y is read before it is assigned"):
        run(builder, (X, C), (z,), 2.0, True)


def test_lenient_operations_see_none():
    inner = Builder()
    missing = inner.emit("undefined", (), UNDEFINED)
    builder, y = branch(inner.block((), (missing,)), Builder().block((), (X,)))
    s = builder.emit("shape", (y,), FLOAT, None, {"lenient": True})
    assert run(builder, (X, C), (s,), 2.0, True) == (None,)


def test_watching_every_operation():
    inner = Builder()
    twice = inner.emit("add", (X, X), FLOAT)
    builder, y = branch(inner.block((), (twice,)), Builder().block((), (X,)))
    seen = []
    interpret(Function("f", builder.block((X, C), (y,))), (2.0, True), evaluate,
              lambda op, results: seen.append((op.opcode, tuple(results))))  # fmt: skip
    assert seen == [("add", (4.0,)), ("if", (4.0,))]


def test_a_function_that_calls_itself():
    """factorial(n), with values of its own in every call."""
    label, n = Label("factorial"), Value(INT, "n")
    b = Builder()
    one = b.constant(1)
    test = b.emit("lt", (one, n), BOOL)
    inner = b.nested()
    less = inner.emit("add", (n, inner.constant(-1)), INT)
    before = Value(INT)
    inner.region("invoke", (less,), (before,), (), {"callee": label})
    product = inner.emit("mul", (n, before), INT)
    out = Value(INT)
    b.region("if", (test,), (out,), (inner.block((), (product,)), Block((), (), (one,))))
    factorial = Function("factorial", b.block((n,), (out,)))
    m, found = Value(INT, "m"), Value(INT)
    call = Operation("invoke", (m,), (found,), {"callee": label})
    root = Function("f", Block((m,), (call,), (found,)), functions={label: factorial})
    assert interpret(root, (5,), evaluate) == (120,)


def test_unpacking():
    saved, a, b = Value(SAVED), Value(FLOAT), Value(INT)
    unpack = Operation("unpack", (saved,), (a, b))
    assert interpret(Function("f", Block((saved,), (unpack,), (b, a))), ((0.5, 2),), evaluate) == (
        2, 0.5,
    )  # fmt: skip
def exiting(opcode, sequences):
    """y -> y * x until that is more than 20; y is collected before each step."""
    builder, body, test = Builder(), Builder(), Builder()
    y, e, p = Value(FLOAT, "y"), Value(INT, "e"), Value(FLOAT)
    over = [builder.emit("range", (N,), Range())] if sequences else []
    following = body.emit("mul", (y, X), FLOAT)
    stop = body.emit("lt", (body.constant(20.0), following), BOOL)
    inner = body.block((y, *([e] if over else [])), (following, y, stop))
    blocks = [inner] if over else [test.block((p,), (test.constant(True),)), inner]
    results = Value(FLOAT), Value(Tape(FLOAT)), Value(INT)
    builder.region(opcode, (X, *over), results, blocks, {"carry": 1, "exits": True})
    return builder, results


def test_a_for_loop_that_exits():
    builder, results = exiting("for", True)
    assert run(builder, (X, N), results, 3.0, 9) == (27.0, [3.0, 9.0], 2)
    assert run(builder, (X, N), results, 3.0, 1) == (9.0, [3.0], 1)
    assert run(builder, (X, N), results, 3.0, 0) == (3.0, [], 0)


def test_a_while_loop_that_exits():
    builder, results = exiting("while", False)
    assert run(builder, (X,), results, 3.0) == (27.0, [3.0, 9.0], 2)
