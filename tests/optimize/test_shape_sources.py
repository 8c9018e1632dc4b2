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


def test_counts_are_asked_of_axes_of_that_size():
    after = transformed(
        share_shapes,
        """
        function f(%x: f8[n, d], %w: f8[m]):
            %a: f8[d, n] = transpose[axes=None] %x
            %b: f8[d, n] = exp[via='np'] %a
            %rows: f8[n] = sum[axis=0] %b
            %k: int = count[axis=(0,), backward=True] %rows
            %all: int = count[axis=(0, 1), backward=True] %b
            %one: int = size[axis=1, backward=True] %b
            return %k, %all, %one
        """,
    )
    assert "%k: int = count[axis=(0,)] %x" in after
    assert "%all: int = count[axis=(1, 0)] %x" in after
    assert "%one: int = size[axis=0] %x" in after


def test_counts_of_what_is_read_anyway_stay():
    text = """
        function f(%x: f8[n, d]):
            %rows: f8[n] = sum[axis=1] %x
            %k: int = count[axis=(0,), backward=True] %rows
            %g: f8[n] = mul[via='op', backward=True] %rows, %rows
            return %k, %g
        """
    assert "count[axis=(0,)] %rows" in transformed(share_shapes, text)
