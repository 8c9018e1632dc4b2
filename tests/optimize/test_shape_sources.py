"""Shapes are asked of what is there anyway."""

from irtext import transformed

from adcompiler.optimize.shape_sources import share_shapes


def test_a_parameter_of_that_shape():
    after = transformed(
        share_shapes,
        """
        function f(%x: f8[n], %g: f8[]):
            %a: f8[n] = exp[via='np'] %x
            %s: static = shape[backward=True] %a
            %b: f8[n] = broadcast[type=f8[n], backward=True] %g, %s
            return %b
        """,
    )
    assert "%s: static = shape %x" in after


def test_sizes_that_nothing_is_known_of_have_no_other_source():
    after = transformed(
        share_shapes,
        """
        function f(%x: f8[?], %y: f8[?], %g: f8[]):
            %s: static = shape[backward=True] %y
            %b: f8[?] = broadcast[type=f8[?], backward=True] %g, %s
            return %b
        """,
    )
    assert "shape %y" in after


def test_the_forward_part_stays_as_it_is():
    after = transformed(
        share_shapes,
        """
        function f(%x: f8[n]):
            %a: f8[n] = exp[via='np'] %x
            %k: int = size[axis=0] %a
            return %k
        """,
    )
    assert "size[axis=0] %a" in after or "size %a" in after
