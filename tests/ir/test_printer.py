"""The IR's text: names, versions, attributes, regions, spans, notes."""

from adcompiler.diagnostics import Span
from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Block, Derived, Function, Label, Operation, Temporary, Value
from adcompiler.ir.printer import print_function
from adcompiler.ir.types import BOOL, FLOAT, INT, Array, Range, Tape


def text(builder, parameters, results, **options):
    return print_function(Function("f", builder.block(parameters, results)), **options)


def test_names_versions_and_derived_names():
    x, builder = Value(FLOAT, "x"), Builder()
    y = builder.emit("exp", (x,), FLOAT, "y")
    y2 = builder.emit("exp", (y,), FLOAT, "y")
    s = builder.emit("exp", (y2,), FLOAT, Temporary(3))
    g = builder.emit("exp", (s,), FLOAT, Derived("grad", s))
    last = builder.emit("exp", (g,), FLOAT)
    assert text(builder, (x,), (last, y2)) == (
        "function f(%x: float):\n"
        "    %y.0 = exp %x\n"
        "    %y.1 = exp %y.0\n"
        "    %s3 = exp %y.1\n"
        "    %grad_s3 = exp %s3\n"
        "    %0 = exp %grad_s3\n"
        "    return %0, %y.1"
    )


def test_attributes_hide_what_is_not_said():
    x, builder = Value(Array("f8", (3,)), "x"), Builder()
    s = builder.emit("sum", (x,), Array("f8", ()), None,
                     {"axis": None, "keepdims": False, "dtype": "f4", "call": abs})  # fmt: skip
    assert "%0: f8[] = sum[dtype='f4', call=abs] %x" in text(builder, (x,), (s,))


def test_regions():
    x, c, builder = Value(FLOAT, "x"), Value(BOOL, "c"), Builder()
    inner = builder.nested()
    y = inner.emit("exp", (x,), FLOAT)
    z = Value(FLOAT, "z")
    builder.region("if", (c,), (z,), (inner.block((), (y,)), builder.nested().block((), (x,))))
    r = builder.emit("range", (), Range(), "r")
    k, i, tape = Value(FLOAT, "k"), Value(INT, "i"), Value(Tape(FLOAT), "t")
    out, trips = Value(FLOAT, "o"), Value(INT, "n")
    builder.region("for", (z, r), (out, tape), (builder.nested().block((k, i), (k, k)),),
                   {"carry": 1, "reverse": True})  # fmt: skip
    p, q, w = Value(FLOAT, "p"), Value(FLOAT, "q"), Value(FLOAT, "w")
    builder.region("while", (out,), (w, trips),
                   (builder.nested().block((p,), (c,)), builder.nested().block((q,), (q,))),
                   {"carry": 1})  # fmt: skip
    assert text(builder, (x, c), (w,)) == (
        "function f(%x: float, %c: bool):\n"
        "    %z = if %c:\n"
        "        %0 = exp %x\n"
        "        yield %0\n"
        "    else:\n"
        "        yield %x\n"
        "    %r: range = range\n"
        "    %o, %t: tape[float] = for[carry=1, reverse=True] %z, %r (%k: float, %i: int):\n"
        "        yield %k, %k\n"
        "    %w, %n: int = while[carry=1] %o (%p: float):\n"
        "        yield %c\n"
        "    do (%q: float):\n"
        "        yield %q\n"
        "    return %w"
    )


def test_spans_on_request():
    x, builder = Value(FLOAT, "x"), Builder(Span("a.py", 7, 4, 7, 9))
    y = builder.emit("exp", (x,), FLOAT)
    assert "%0 = exp %x  # 7:5" in text(builder, (x,), (y,), spans=True)
    assert "#" not in text(builder, (x,), (y,))


def test_notes_stand_under_their_lines():
    x, builder = Value(FLOAT, "x"), Builder()
    y = builder.emit("exp", (x,), FLOAT)
    made = Function("f", builder.block((x,), (y,)))
    notes = {made: ["a"], made.body.operations[0]: ["b", "c"], made.body: ["d"]}
    assert print_function(made, notes=notes).splitlines() == [
        "function f(%x: float):", "^ error: a", "    %0 = exp %x", "    ^ error: b",
        "    ^ error: c", "    return %0", "    ^ error: d",
    ]  # fmt: skip


def test_what_is_not_defined_is_printed_too():
    lost = Value(FLOAT, "lost")
    assert "return %<undefined lost>" in text(Builder(), (), (lost,))


def test_functions_that_come_along_are_printed_after():
    label, x, y = Label("g"), Value(FLOAT, "x"), Value(FLOAT, "y")
    call = Operation("invoke", (x,), (y,), {"callee": label})
    other = Function("g", Block((x,), (), (x,)))
    made = Function("f", Block((x,), (call,), (y,)), functions={label: other})
    assert print_function(made) == (
        "function f(%x: float):\n    %y = invoke[callee=g] %x\n    return %y\n\n"
        "function g(%x: float):\n    return %x"
    )
