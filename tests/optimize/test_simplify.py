"""Arithmetic that changes nothing, and broadcasts that need not be made."""

import pytest
from irtext import parse, same_text, transformed

from adcompiler.ir.verifier import verify
from adcompiler.ops import infer
from adcompiler.optimize.simplify import simplify


@pytest.mark.parametrize(
    "line", ["mul[via='op'] %x, %one", "mul[via='op'] %one, %x", "div[via='op'] %x, %one",
             "pow[via='op'] %x, %one"],
)  # fmt: skip
def test_one_changes_nothing(line):
    text = f"""
        function f(%x):
            %one = constant[value=1.0]
            %y = {line}
            return %y
        """
    assert "return %x" in transformed(simplify, text)


@pytest.mark.parametrize("line", ["add[via='op'] %x, %zero", "mul[via='op'] %x, %zero",
                                  "sub[via='op'] %x, %zero"])  # fmt: skip
def test_zeros_stay(line):
    """Signed zeros and NaN make them inexact."""
    text = f"""
        function f(%x):
            %zero = constant[value=0.0]
            %y = {line}
            return %y
        """
    assert "return %y" in transformed(simplify, text)


def test_a_rewrite_keeps_the_type():
    text = """
        function f(%x: int):
            %one = constant[value=1.0]
            %y = mul[via='op'] %x, %one
            return %y
        """
    assert "return %y" in transformed(simplify, text)


def test_two_signs():
    text = """
        function f(%x):
            %a = neg[via='op'] %x
            %b = neg[via='op'] %a
            return %b
        """
    assert "return %x" in transformed(simplify, text)


def test_an_operation_stretches_its_operand_itself():
    same_text(
        transformed(
            simplify,
            """
            function f(%g: f8[], %x: f8[n]):
                %s: static = shape %x
                %b: f8[n] = broadcast[type=f8[n]] %g, %s
                %y: f8[n] = mul[via='op'] %b, %x
                return %y
            """,
        ),
        """
        function f(%g: f8[], %x: f8[n]):
            %s: static = shape %x
            %b: f8[n] = broadcast[type=f8[n]] %g, %s
            %y: f8[n] = mul[via='op'] %g, %x
            return %y
        """,
    )


def test_numbers_are_computed_with_before_they_are_stretched():
    after = transformed(
        simplify,
        """
        function f(%g: f8[], %x: f8[n]):
            %s: static = shape %x
            %b: f8[n] = broadcast[type=f8[n]] %g, %s
            %two = constant[value=2.0]
            %y: f8[n] = mul[via='op'] %b, %two
            return %y
        """,
    )
    assert "%0: f8[] = mul[via='op'] %g, %two" in after
    assert "%y: f8[n] = broadcast[type=f8[n]] %0, %s" in after


def test_a_stretched_comparison_is_one_of_bools():
    """The broadcast that is made again has the new dtype."""
    made = parse(
        """
        function f(%g: f8[], %x: f8[n]):
            %s: static = shape %x
            %b: f8[n] = broadcast[type=f8[n]] %g, %s
            %zero = constant[value=0.0]
            %y: b1[n] = ne[via='op'] %b, %zero
            return %y
        """
    )
    verify(simplify(made), infer)


def test_inside_of_regions():
    after = transformed(
        simplify,
        """
        function f(%x, %c: bool):
            %one = constant[value=1.0]
            %y = if %c:
                %a = mul[via='op'] %x, %one
                yield %a
            else:
                yield %x
            return %y
        """,
    )
    assert after.count("yield %x") == 2


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("None", "None", True), ("(1, 2, 0)", "(2, 0, 1)", True), ("(1, 2, 0)", "(1, 2, 0)", False)],
)
def test_axes_turned_and_turned_back(first, second, same):
    text = f"""
        function f(%x: f8[n, m, k]):
            %a = transpose[axes={first}] %x
            %b = transpose[axes={second}] %a
            return %b
        """
    assert ("return %x" in transformed(simplify, text)) is same


@pytest.mark.parametrize("target", ["f8[n]", "f8[m]"])
def test_axes_are_not_kept_for_a_reshape_to_drop_them(target):
    """n elements in one axis are m elements in one axis."""
    text = f"""
        function f(%x: f8[n, d], %like: {target}):
            %s = sum[axis=1, keepdims=True] %x
            %shape = shape %like
            %y: {target} = reshape_to[type={target}] %s, %shape
            return %y
        """
    found = transformed(simplify, text)
    assert "sum[axis=1] %x" in found and "reshape_to" not in found


def test_a_reshape_that_does_more_stays():
    text = """
        function f(%x: f8[n, d, k], %like: f8[p, q]):
            %s = sum[axis=1, keepdims=True] %x
            %shape = shape %like
            %y: f8[p, q] = reshape_to[type=f8[p, q]] %s, %shape
            return %y
        """
    assert "reshape_to" in transformed(simplify, text)


@pytest.mark.parametrize("order", ["%x, %wide", "%wide, %x"])
def test_a_sum_stretches_its_second_part_itself(order):
    text = f"""
        function f(%x: f8[n], %g: f8[]):
            %shape = shape %x
            %wide: f8[n] = broadcast[type=f8[n]] %g, %shape
            %y: f8[n] = accumulate {order}
            return %y
        """
    assert "accumulate %x, %g" in transformed(simplify, text)


def test_two_sizes_that_are_one_do_not_keep_a_broadcast():
    text = """
        function f(%x: f8[n], %y: f8[m], %g: f8[]):
            %shape = shape %x
            %wide: f8[n] = broadcast[type=f8[n]] %g, %shape
            %y2: f8[m] = exp[via='np'] %y
            %z: f8[n] = accumulate %wide, %y2
            return %z
        """
    assert "accumulate %y2, %g" in transformed(simplify, text)


def test_a_part_that_is_stretched_itself_does():
    text = """
        function f(%x: f8[n, d], %y: f8[n, 1], %g: f8[]):
            %shape = shape %x
            %wide: f8[n, d] = broadcast[type=f8[n, d]] %g, %shape
            %z: f8[n, d] = accumulate %wide, %y
            return %z
        """
    assert "accumulate %wide, %y" in transformed(simplify, text)
