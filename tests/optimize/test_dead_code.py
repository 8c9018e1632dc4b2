"""What nothing needs goes; what a region needs to run stays."""

import functools

from irtext import same_text, transformed

from adcompiler.optimize.dead_code import drop_dead

LOOP = """
    function f(%x, %r: range, %t: tape[float]):
        %y.0, %z.0, %u.0: tape[float] = for[carry=2] %x, %x, %r, %t (%y.1, %z.1, %i: int, %e):
            %y.2 = mul[via='op'] %y.1, %x
            %z.2 = mul[via='op'] %z.1, %e
            yield %y.2, %z.2, %z.1
        return %y.0
"""


def test_operations_and_chains_of_them():
    same_text(
        transformed(
            drop_dead,
            """
            function f(%x):
                %a = exp[via='math'] %x
                %b = exp[via='math'] %a
                %c = sin[via='math'] %x
                return %c
            """,
        ),
        """
        function f(%x: float):
            %c = sin[via='math'] %x
            return %c
        """,
    )


def test_carries_tapes_and_sequences():
    same_text(
        transformed(drop_dead, LOOP),
        """
        function f(%x: float, %r: range, %t: tape[float]):
            %y.1 = for[carry=1] %x, %r (%y.0: float, %i: int):
                %y.2 = mul[via='op'] %y.0, %x
                yield %y.2
            return %y.1
        """,
    )


def test_sequences_stay_while_mirrors_are_matched_by_position():
    text = transformed(functools.partial(drop_dead, sequences=False), LOOP)
    assert "%y.1 = for[carry=1] %x, %r, %t (%y.0: float, %i: int, %e: float):" in text


def test_a_tape_that_only_counts_iterations():
    same_text(
        transformed(
            drop_dead,
            """
            function f(%x, %t: tape[float], %u: tape[float]):
                %y.0 = for[carry=1] %x, %t, %u (%y.1, %d, %e):
                    %y.2 = mul[via='op'] %y.1, %x
                    yield %y.2
                return %y.0
            """,
        ),
        """
        function f(%x: float, %t: tape[float], %u: tape[float]):
            %y.1 = for[carry=1] %x, %t (%y.0: float, %d: float):
                %y.2 = mul[via='op'] %y.0, %x
                yield %y.2
            return %y.1
        """,
    )


def test_what_a_condition_needs():
    text = """
        function f(%x, %n):
            %y, %k, %dead, %trips: int = while[carry=3] %x, %n, %x (%p, %q, %d0):
                %c: bool = lt[via='op'] %q, %n
                yield %c
            do (%s, %t, %d1):
                %u = mul[via='op'] %s, %s
                %v = add[via='op'] %t, %x
                %w = exp[via='math'] %d1
                yield %u, %v, %w
            return %y
        """
    after = transformed(drop_dead, text)
    assert "while[carry=2] %x, %n" in after
    assert "exp" not in after and "add" in after


def test_results_of_branches_and_branches():
    same_text(
        transformed(
            drop_dead,
            """
            function f(%x, %c: bool):
                %y, %z = if %c:
                    %a = exp[via='math'] %x
                    %b = sin[via='math'] %x
                    yield %a, %b
                else:
                    yield %x, %x
                %w = if %c:
                    yield %x
                else:
                    yield %z
                return %y
            """,
        ),
        """
        function f(%x: float, %c: bool):
            %y = if %c:
                %a = exp[via='math'] %x
                yield %a
            else:
                yield %x
            return %y
        """,
    )


def test_a_branch_whose_inside_is_read_by_its_mirror():
    text = """
        function f(%x, %c: bool):
            %y = if[region='r'] %c:
                %a = exp[via='math'] %x
                yield %a
            else:
                yield %x
            %z = if[mirrors='r'] %c:
                yield %a
            else:
                yield %x
            return %z
        """
    after = transformed(drop_dead, text)
    assert after.count("if %c") == 2 and "%a = exp" in after


def test_the_lecture_form_keeps_every_gate():
    text = """
        function f(%x):
            %a = exp[via='math'] %x
            %g = exp[via='math', backward=True] %x
            %k = constant[value=2.0]
            return %x
        """
    after = transformed(functools.partial(drop_dead, forward=True), text)
    assert "%a = exp" in after and "%g" not in after and "constant" not in after
