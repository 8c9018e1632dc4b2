"""What is computed twice is computed once, where the first is there to be read."""

import pytest
from irtext import same_text, transformed

from adcompiler.optimize.subexpressions import share_subexpressions


def test_chains_are_shared():
    same_text(
        transformed(
            share_subexpressions,
            """
            function f(%x, %m):
                %a = sub[via='op'] %x, %m
                %b = sub[via='op'] %x, %m
                %c = mul[via='op'] %a, %a
                %d = mul[via='op'] %b, %a
                return %c, %d
            """,
        ),
        """
        function f(%x: float, %m: float):
            %a = sub[via='op'] %x, %m
            %c = mul[via='op'] %a, %a
            return %c, %c
        """,
    )


def test_regions_see_what_stands_before_them_and_not_each_other():
    after = transformed(
        share_subexpressions,
        """
        function f(%x, %c: bool):
            %a = exp[via='math'] %x
            %y = if %c:
                %b = exp[via='math'] %x
                %d = sin[via='math'] %b
                yield %d
            else:
                %e = sin[via='math'] %a
                yield %e
            %z = sin[via='math'] %a
            return %y, %z
        """,
    )
    assert after.count("exp") == 1 and after.count("sin") == 3


@pytest.mark.parametrize(("a", "b"), [("1", "1.0"), ("0.0", "-0.0"), ("1", "True")])
def test_constants_are_told_apart(a, b):
    text = f"""
        function f(%x):
            %a: {type(eval(a)).__name__} = constant[value={a}]
            %b: {type(eval(b)).__name__} = constant[value={b}]
            return %a, %b
        """
    assert "return %a, %b" in transformed(share_subexpressions, text)


def test_attributes_tell_apart():
    text = """
        function f(%x: f8[n, m]):
            %a: f8[m] = sum[axis=0, keepdims=False] %x
            %b: f8[n] = sum[axis=1, keepdims=False] %x
            %c: f8[m] = sum[axis=0, keepdims=False] %x
            return %a, %b, %c
        """
    assert "return %a, %b, %a" in transformed(share_subexpressions, text)


def test_memory_of_its_own_is_not_shared():
    text = """
        function f(%x: f8[n]):
            %s: static = shape %x
            %a: f8[n] = zeros_of[type=f8[n]] %s
            %b: f8[n] = zeros_of[type=f8[n]] %s
            %c: f8[n] = own %x
            %d: f8[n] = own %x
            return %a, %b, %c, %d
        """
    assert "return %a, %b, %c, %d" in transformed(share_subexpressions, text)


def test_operations_with_several_results():
    text = """
        function f(%a: f8[n, n]):
            %s: f8[], %l: f8[] = slogdet %a
            %t: f8[], %m: f8[] = slogdet %a
            return %s, %l, %t, %m
        """
    assert "return %s, %l, %s, %l" in transformed(share_subexpressions, text)
