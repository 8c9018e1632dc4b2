"""Each check of the verifier, on IR broken by hand."""

import re
from dataclasses import replace

import pytest

from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Block, Function, Label, Operation, Region, Value
from adcompiler.ir.sizes import symbol, unknown
from adcompiler.ir.types import (
    BOOL,
    FLOAT,
    INT,
    SAVED,
    UNDEFINED,
    Array,
    List,
    Range,
    Tape,
)
from adcompiler.ir.verifier import VerificationError, agree, verify

TYPES = {
    "double": FLOAT, "constant": FLOAT, "range": Range(), "test": BOOL, "undefined": UNDEFINED,
}  # fmt: skip


def infer(op):
    return (FLOAT, BOOL) if op.opcode == "halves" else (TYPES[op.opcode],)


def plain(opcode, *operands, type_=None, name=None):
    return Operation(opcode, operands, (Value(type_ or TYPES[opcode], name),))


def block(parameters, operations, results):
    return Block(tuple(parameters), tuple(operations), tuple(results))


def region(opcode, operands, results, blocks, **attributes):
    attributes.setdefault("region", Region())
    return Operation(opcode, tuple(operands), tuple(results), attributes, tuple(blocks))


def function(parameters, operations, results):
    return Function("f", block(parameters, operations, results))


def errors(broken, relaxed=False):
    with pytest.raises(VerificationError) as caught:
        verify(broken, infer, relaxed=relaxed)
    return [
        line.split("error: ")[1] for line in str(caught.value).splitlines() if "error: " in line
    ]


X = Value(FLOAT, "x")
C = Value(BOOL, "c")


def test_sound_functions_pass():
    step = plain("double", X, name="y")
    verify(function([X], [step], [step.result]), infer)
    verify(function([X], [], [X]), infer)


def test_the_message_stands_under_the_line():
    missing = Value(FLOAT, "z")
    step = plain("double", missing, name="y")
    with pytest.raises(VerificationError) as caught:
        verify(function([X], [step], [step.result]), infer)
    assert str(caught.value).splitlines() == [
        "1 error in",
        "function f(%x: float):",
        "    %y = double %<undefined z>",
        "    ^ error: operand %z: float is not visible here",
        "    return %y",
    ]


def test_a_result_that_is_not_defined():
    assert errors(function([X], [], [Value(FLOAT, "y")])) == [
        "result %y: float is not visible here"
    ]


def test_a_use_before_its_definition():
    first, second = plain("double", X, name="a"), plain("double", X, name="b")
    swapped = Operation("double", (second.result,), first.results)
    assert errors(function([X], [swapped, second], [X])) == [
        "operand %b: float is not visible here"
    ]


@pytest.mark.parametrize("relaxed", [False, True])
def test_two_definitions(relaxed):
    step = plain("double", X, name="y")
    again = Operation("double", (X,), step.results)
    assert errors(function([X], [step, again], [X]), relaxed) == ["%y: float is defined twice"]
    assert errors(function([X, X], [], [X]), relaxed) == ["%x: float is defined twice"]


def test_unknown_opcodes_and_wrong_types():
    assert errors(function([X], [plain("cube", X, type_=FLOAT)], [X])) == [
        "the opcode `cube` is in no table"
    ]
    assert errors(function([X], [plain("double", X, type_=INT)], [X])) == [
        "the result is float, declared as int"
    ]


def test_operands_that_the_table_refuses():
    def refuse(op):
        raise TypeError("no loop")

    with pytest.raises(VerificationError, match="these operands are refused: no loop"):
        verify(function([X], [plain("double", X)], [X]), refuse)


def test_plain_operations_have_one_result_and_no_blocks():
    none = Operation("double", (X,), ())
    assert errors(function([X], [none], [X])) == ["`double` has one result, not 0"]
    nested = Operation("double", (X,), (Value(FLOAT),), {}, (block([], [], []),))
    assert errors(function([X], [nested], [X])) == ["`double` has no blocks"]


def test_several_results():
    sound = Operation("halves", (X,), (Value(FLOAT, "y"), Value(BOOL, "c")))
    verify(function([X], [sound], sound.results), infer)
    turned = Operation("halves", (X,), (Value(FLOAT, "y"), Value(FLOAT, "c")))
    assert errors(function([X], [turned], [X])) == ["%c: float is bool, declared as float"]
    half = Operation("halves", (X,), (Value(FLOAT, "y"),))
    assert errors(function([X], [half], [X])) == ["`halves` has 2 results, not 1"]


def branch(then, otherwise, **attributes):
    results = [Value(FLOAT, "r")] if then.results else []
    return region("if", [C], results, [then, otherwise], **attributes)


def side(operations=(), result=X):
    return block([], operations, [result])


def test_what_a_branch_defines_stays_inside():
    inner = plain("double", X, name="inner")
    op = branch(side([inner], inner.result), side())
    after = plain("double", inner.result)
    broken = function([X, C], [op, after], [X])
    assert errors(broken) == ["operand %inner: float is not visible here"]
    verify(broken, infer, relaxed=True)


@pytest.mark.parametrize("index", [0, 1])
def test_a_mirror_sees_its_own_side(index):
    inner = plain("double", X, name="inner")
    op = branch(side([inner], inner.result), side())
    use = plain("double", inner.result)
    sides = [side(), side()]
    sides[index] = side([use], use.result)
    image = branch(*sides, mirrors=op.attributes["region"])
    made = function([X, C], [op, image], [X])
    if index == 0:
        verify(made, infer)
    else:
        assert errors(made) == ["operand %inner: float is not visible here"]


def test_a_mirror_of_a_mirror_sees_both():
    inner = plain("double", X, name="inner")
    op = branch(side([inner], inner.result), side())
    middle = plain("double", inner.result, name="middle")
    image = branch(side([middle], middle.result), side(), mirrors=op.attributes["region"])
    uses = [plain("double", inner.result), plain("double", middle.result)]
    last = branch(side(uses, X), side(), mirrors=image.attributes["region"])
    verify(function([X, C], [op, image, last], [X]), infer)


def test_a_mirror_needs_its_original_before_it():
    inner = plain("double", X, name="inner")
    op = branch(side([inner], inner.result), side())
    use = plain("double", inner.result)
    image = branch(side([use], use.result), side(), mirrors=op.attributes["region"])
    found = errors(function([X, C], [image, op], [X]))
    assert found == ["operand %inner: float is not visible here"]


def test_a_mirror_does_not_see_into_another_region():
    inner = plain("double", X, name="inner")
    op = branch(side([inner], inner.result), side())
    around = branch(side([op]), side())
    use = plain("double", inner.result)
    image = branch(side([use], use.result), side(), mirrors=op.attributes["region"])
    broken = function([X, C], [around, image], [X])
    assert errors(broken) == ["operand %inner: float is not visible here"]
    verify(broken, infer, relaxed=True)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (region("if", [C], [], [side()], region=None), "a `region` attribute is missing"),
        (region("if", [C], [], [block([], [], [])]), "2 blocks are needed, not 1"),
        (region("if", [], [], [block([], [], [])] * 2), "an `if` has one operand, not 0"),
        (branch(block([Value(INT)], [], []), block([], [], [])), "the then block has parameters"),
        (branch(side(), block([], [], [])), "the else block's result: 0 for 1"),
        (
            branch(side(), side(result=C)),
            None,
        ),
    ],
)
def test_layout_of_if(op, message):
    made = function([X, C], [op], [X])
    if message is None:
        verify(made, infer)  # a bool fits a float
    else:
        assert message in errors(made)


def test_conditions_have_a_truth_value():
    x = Value(Array("f8", (symbol("n"),)), "x")
    op = region("if", [x], [], [block([], [], [])] * 2)
    assert "%x: f8[n] is neither true nor false" in errors(function([x], [op], []))


R = plain("range", name="r")


def loop(carry=1, operands=None, parameters=None, yields=None, results=None):
    parameters = [Value(FLOAT, "y"), Value(INT, "i")] if parameters is None else parameters
    body = block(parameters, [], parameters[:1] if yields is None else yields)
    results = [Value(FLOAT, "z")] if results is None else results
    operands = [X, R.result] if operands is None else operands
    return region("for", operands, results, [body], carry=carry)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (loop(), None),
        (loop(carry=None), "`carry` is None, with 2 operands"),
        (loop(carry=3), "`carry` is 3, with 2 operands"),
        (loop(carry=2, parameters=[Value(FLOAT), Value(INT)]), "a `for` has at least one sequence"),
        (loop(parameters=[Value(FLOAT)]), "2 block parameters are needed, not 1"),
        (loop(results=[]), "the body yields 1, the loop carries 1 and has 0 results"),
        (loop(yields=[]), "the body yields 0, the loop carries 1 and has 1 result"),
        (loop(yields=[C]), "the next carry %c: bool doesn't fit %n: f8[2]"),
        (loop(parameters=[Value(INT, "y"), Value(INT)]),
         "the carry's start %x: float doesn't fit %y: int"),
        (loop(parameters=[Value(FLOAT), Value(BOOL, "i")]),
         "an element of %r: range doesn't fit %i: bool"),
        (loop(operands=[X, X]), "%x: float is no sequence"),
        (loop(results=[Value(FLOAT, "z"), Value(FLOAT, "t")], yields=[X, X]),
         "%t: float should be a tape of float"),
        (loop(results=[Value(FLOAT, "z"), Value(Tape(INT), "t")], yields=[X, X]),
         "%x: float doesn't fit %t: tape[int]"),
        (loop(results=[Value(FLOAT, "z"), Value(Tape(FLOAT), "t")], yields=[X, X]), None),
    ],
)  # fmt: skip
def test_layout_of_for(op, message):
    if message and "f8[2]" in message:
        parameters = [Value(Array("f8", (2,)), "n"), Value(INT)]
        op = loop(parameters=parameters, yields=[C])
    made = function([X, C], [R, op], [X])
    if message is None:
        verify(made, infer)
    else:
        assert message in errors(made)


EXIT = [Value(FLOAT, "z"), Value(Tape(FLOAT), "t"), Value(INT, "trips")]


def exiting(yields, results, **attributes):
    made = loop(yields=yields, results=results)
    return replace(made, attributes={**made.attributes, "exits": True, **attributes})


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (exiting([X, X, C], EXIT), None),
        (exiting([X, X], EXIT),
         "the body yields 2, `stop` among them, the loop carries 1 and has 3 results,"
         " `trips` among them"),
        (exiting([X, X, C], EXIT[:2]),
         "the body yields 3, `stop` among them, the loop carries 1 and has 2 results,"
         " `trips` among them"),
        (exiting([X, X, C], [*EXIT[:2], Value(FLOAT)]), "`trips` is an int, not float"),
        (exiting([X, C], [EXIT[0], EXIT[2]], reverse=True),
         "a loop that exits runs forward, over ranges"),
    ],
)  # fmt: skip
def test_layout_of_a_loop_that_exits(op, message):
    made = function([X, C], [R, op], [X])
    if message is None:
        verify(made, infer)
    else:
        assert message in errors(made)


def test_a_loop_that_exits_reads_no_tape():
    tape = Value(Tape(FLOAT), "t")
    made = loop(operands=[X, tape], parameters=[Value(FLOAT), Value(FLOAT)], yields=[X, C],
                results=[Value(FLOAT), Value(INT)])  # fmt: skip
    made = replace(made, attributes={**made.attributes, "exits": True})
    assert "a loop that exits runs forward, over ranges" in errors(
        function([X, C, tape], [made], [X])
    )


def test_elements_of_tapes():
    tape = Value(Tape(FLOAT), "t")
    sound = loop(operands=[X, tape], parameters=[Value(FLOAT), Value(FLOAT)])
    verify(function([X, tape], [sound], [X]), infer)
    broken = loop(operands=[X, tape], parameters=[Value(FLOAT), Value(INT, "e")])
    assert "an element of %t: tape[float] doesn't fit %e: int" in errors(
        function([X, tape], [broken], [X])
    )


def while_loop(carry=1, condition=None, yields=None, results=None, parameters=None):
    y = [Value(FLOAT, "y")] if parameters is None else parameters
    test = plain("test")
    first = block([Value(FLOAT, "y")], [test], [test.result] if condition is None else condition)
    body = block(y, [], y[:1] if yields is None else yields)
    results = [Value(FLOAT, "z"), Value(INT, "trips")] if results is None else results
    return region("while", [X], results, [first, body], carry=carry)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (while_loop(), None),
        (while_loop(carry=0), "`carry` is 0, with 1 operand"),
        (while_loop(condition=[]), "the condition yields one value, not 0"),
        (while_loop(parameters=[], yields=[X]), "both blocks need 1 parameter"),
        (while_loop(results=[Value(FLOAT)]),
         "the body yields 1, the loop carries 1 and has 1 result, `trips` among them"),
        (while_loop(results=[Value(FLOAT), Value(FLOAT)]), "`trips` is an int, not float"),
        (while_loop(results=[Value(FLOAT), Value(Tape(FLOAT)), Value(INT)], yields=[X, X]), None),
    ],
)  # fmt: skip
def test_layout_of_while(op, message):
    made = function([X], [op], [X])
    if message is None:
        verify(made, infer)
    else:
        assert message in errors(made)


def test_regions_are_told_apart():
    shared = Region()
    ops = [branch(side(), side(), region=shared) for _ in range(2)]
    assert errors(function([X, C], ops, [X])) == ["another operation has the same `region`"]


N = symbol("n", unit=False)


@pytest.mark.parametrize(
    ("declared", "inferred", "expected"),
    [
        (FLOAT, FLOAT, True), (FLOAT, INT, False),
        (Array("f8", (), weak=True), FLOAT, True), (FLOAT, Array("f8", (), weak=True), True),
        (FLOAT, Array("f8", ()), False), (Array("f4", ()), Array("f8", ()), False),
        (Array("f8", (), weak=True), Array("f8", ()), True),
        (Array("f8", ()), Array("f8", (), weak=True), True),
        (Array("f8", (N,)), Array("f8", (unknown(),)), True),
        (Array("f8", (N,)), Array("f8", (1,)), False),
        (Array("f8", (N,)), Array("f8", (symbol("m"),)), True),
        (Array("f8", (2,)), Array("f8", (3,)), False),
        (Array("f8", (N,)), Array("f8", (N, N)), False),
        (Tape(FLOAT), Tape(Array("f8", (), weak=True)), True), (Tape(FLOAT), Tape(INT), False),
        (List(FLOAT, N), List(FLOAT, N), True), (Range(), INT, False),
    ],
)  # fmt: skip
def test_agree(declared, inferred, expected):
    assert agree(declared, inferred) is expected


def test_builders_make_verifiable_functions():
    builder = Builder()
    y = builder.emit("double", (X,), FLOAT)
    verify(Function("f", builder.block((X,), (y,))), infer)


def calling(arguments, results, parameters=(FLOAT, INT), given=(FLOAT,)):
    """A function that calls another: the verifier's message, or nothing."""
    label = Label("g")
    own = tuple(Value(t) for t in parameters)
    made = tuple(plain("constant", type_=t) for t in given)
    other = Function("g", block(own, made, [op.result for op in made]))
    operands = tuple(Value(t) for t in arguments)
    call = Operation("invoke", operands, tuple(Value(t) for t in results), {"callee": label})
    return Function("f", block(operands, (call,), ()), functions={label: other})


def test_a_call_of_a_function_that_comes_along():
    verify(calling((FLOAT, INT), (FLOAT,)), infer)
    verify(calling((FLOAT, INT), (Array("f8", (), weak=True),)), infer)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (calling((FLOAT,), (FLOAT,)), "arguments: 1 for 2"),
        (calling((FLOAT, INT), (FLOAT, FLOAT)), "results: 1 for 2"),
        (calling((Array("f8", (3,)), INT), (FLOAT,)), "argument %_: f8[3] doesn't fit"),
        (calling((FLOAT, INT), (Array("f8", (3,)),)), "result %_: float doesn't fit"),
    ],
)
def test_calls_that_do_not_fit(function, message):
    with pytest.raises(VerificationError, match=re.escape(message)):
        verify(function, infer)


def test_a_call_of_what_is_not_there():
    call = Operation("invoke", (), (Value(FLOAT),), {"callee": Label("g")})
    with pytest.raises(VerificationError, match="there is no function `g`"):
        verify(Function("f", block((), (call,), ())), infer)


def test_functions_that_come_along_are_looked_at_too():
    broken = Function("g", block((), (), (Value(FLOAT, "y"),)))
    with pytest.raises(VerificationError, match="%y: float is not visible"):
        verify(Function("f", block((), (), ()), functions={Label("g"): broken}), infer)


def test_only_what_is_saved_is_unpacked():
    number = Value(FLOAT, "x")
    unpack = Operation("unpack", (number,), (Value(FLOAT),))
    with pytest.raises(VerificationError, match="`unpack` takes apart"):
        verify(Function("f", block((number,), (unpack,), ())), infer)
    saved = Value(SAVED, "saved")
    unpack = Operation("unpack", (saved,), (Value(FLOAT), Value(INT)))
    verify(Function("f", block((saved,), (unpack,), unpack.results)), infer)
