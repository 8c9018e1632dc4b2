"""Copies, idle carries and idle results of branches go."""

from irtext import same_text, transformed

from adcompiler.optimize.copies import forward_copies


def test_copies_of_copies():
    same_text(
        transformed(
            forward_copies,
            """
            function f(%g, %x):
                %a = copy %g
                %b = copy %a
                %y = mul[via='op'] %b, %x
                return %y, %a
            """,
        ),
        """
        function f(%g: float, %x: float):
            %y = mul[via='op'] %g, %x
            return %y, %g
        """,
    )


def test_a_carry_that_never_changes():
    same_text(
        transformed(
            forward_copies,
            """
            function f(%x, %r: range):
                %a.0, %b.0 = for[carry=2] %x, %x, %r (%a.1, %b.1, %i: int):
                    %c = copy %b.1
                    %a.2 = mul[via='op'] %a.1, %b.1
                    yield %a.2, %c
                return %a.0, %b.0
            """,
        ),
        """
        function f(%x: float, %r: range):
            %a.1 = for[carry=1] %x, %r (%a.0: float, %i: int):
                %a.2 = mul[via='op'] %a.0, %x
                yield %a.2
            return %a.1, %x
        """,
    )


def test_a_while_loop_keeps_its_condition_in_step():
    same_text(
        transformed(
            forward_copies,
            """
            function f(%x, %n):
                %y, %m, %trips: int = while[carry=2] %x, %n (%p, %q):
                    %c: bool = lt[via='op'] %p, %q
                    yield %c
                do (%s, %t):
                    %u = mul[via='op'] %s, %t
                    yield %u, %t
                return %y, %m
            """,
        ),
        """
        function f(%x: float, %n: float):
            %y, %trips: int = while[carry=1] %x (%p: float):
                %c: bool = lt[via='op'] %p, %n
                yield %c
            do (%s: float):
                %u = mul[via='op'] %s, %n
                yield %u
            return %y, %n
        """,
    )


def test_a_result_that_is_the_same_on_both_sides():
    same_text(
        transformed(
            forward_copies,
            """
            function f(%x, %c: bool):
                %y, %z = if %c:
                    %a = copy %x
                    %b = exp[via='math'] %x
                    yield %a, %b
                else:
                    yield %x, %x
                return %y, %z
            """,
        ),
        """
        function f(%x: float, %c: bool):
            %z = if %c:
                %b = exp[via='math'] %x
                yield %b
            else:
                yield %x
            return %x, %z
        """,
    )
