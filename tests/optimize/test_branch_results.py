"""Mirrors of branches read what the branches hand on."""

from irtext import same_text, transformed

from adcompiler.optimize.branch_results import read_branch_results


def test_on_that_side_both_are_one():
    same_text(
        transformed(
            read_branch_results,
            """
            function f(%h, %g, %c: bool):
                %y = if[region='r'] %c:
                    %a = exp[via='math'] %h
                    %b = sin[via='math'] %a
                    yield %b
                else:
                    yield %h
                %z = if[mirrors='r'] %c:
                    %d = mul[via='op'] %g, %b
                    %e = mul[via='op'] %d, %a
                    yield %e
                else:
                    yield %g
                return %z
            """,
        ),
        """
        function f(%h: float, %g: float, %c: bool):
            %y = if %c:
                %a = exp[via='math'] %h
                %b = sin[via='math'] %a
                yield %b
            else:
                yield %h
            %z = if %c:
                %d = mul[via='op'] %g, %y
                %e = mul[via='op'] %d, %a
                yield %e
            else:
                yield %g
            return %z
        """,
    )


def test_what_the_branch_only_passes_on_is_read_itself():
    text = """
        function f(%h, %g, %c: bool):
            %y = if[region='r'] %c:
                yield %h
            else:
                yield %g
            %z = if[mirrors='r'] %c:
                %a = mul[via='op'] %g, %h
                yield %a
            else:
                yield %g
            return %z, %y
        """
    assert "%a = mul[via='op'] %g, %h" in transformed(read_branch_results, text)
