"""Rebuilding functions: values replaced, copies with values of their own."""

from adcompiler.ir.builder import Builder
from adcompiler.ir.core import Derived, Value, hint
from adcompiler.ir.rewrite import defined_in, free_values, freshen, substitute
from adcompiler.ir.types import BOOL, FLOAT

X, Z, C = Value(FLOAT, "x"), Value(FLOAT, "z"), Value(BOOL, "c")


def nested():
    builder, inner = Builder(), Builder()
    a = builder.emit("exp", (X,), FLOAT, "a")
    b = inner.emit("mul", (a, Z), FLOAT, Derived("grad", a))
    y = Value(FLOAT, "y")
    builder.region("if", (C,), (y,), (inner.block((), (b,)), Builder().block((), (X,))))
    return builder.block((X,), (y,)), a, b, y


def test_what_is_inside_and_what_is_read_from_outside():
    block, a, b, y = nested()
    assert defined_in(block) == {X, a, b, y}
    assert free_values(block) == [C, Z]


def test_substitution_reaches_regions():
    block, *_ = nested()
    other = Value(FLOAT, "other")
    changed = substitute(block, {Z: other})
    assert changed.operations[1].blocks[0].operations[0].operands[1] is other
    assert changed.operations[0] is block.operations[0]


def test_a_fresh_copy_shares_nothing_of_its_own():
    block, *_ = nested()
    copy = freshen(block, {})
    assert not defined_in(block) & defined_in(copy)
    assert free_values(copy) == free_values(block)
    renamed = copy.operations[1].blocks[0].operations[0].result
    assert hint(renamed) == "grad_a" and renamed.name.of is copy.operations[0].result
