"""Several problems in one function are reported together, each once, in the order of the source."""

from __future__ import annotations

import driving
import numpy as np
import pytest
from refusing import refusal

from adcompiler import UnsupportedError, grad


def marked(body, tmp_path, *args, before=""):
    """The (code, underlined text) pairs of what is refused in a body of `f(x, n)`."""
    lines = [f"    {line}" for line in body.strip("\n").splitlines()]
    text = "\n".join([before, "def f(x, n):", *lines, ""])
    made = driving.module(tmp_path, text)
    with pytest.raises(UnsupportedError) as caught:
        driving.case(made.f, *(args or (2.0, 3)))
    source = text.splitlines()
    return [
        (d.code, source[d.span.line - 4][d.span.column : d.span.end_column])
        for d in caught.value.diagnostics
    ]


def test_each_statement_has_its_own(tmp_path):
    body = """
y = np.tahn(x)
z = unknown + 1
global q
return y * z
"""
    assert marked(body, tmp_path) == [
        ("unknown-name", "np.tahn"), ("unknown-name", "unknown"),
        ("unsupported-statement", "global q"),
    ]  # fmt: skip


def test_what_follows_from_a_refusal_is_silent(tmp_path):
    body = """
y = np.tahn(x)
z = y * 2
w = [z, z]
if z > 1:
    w = y
    v = np.cso(x)
return w
"""
    assert marked(body, tmp_path) == [("unknown-name", "np.tahn")]


def test_a_loops_body_is_lowered_often_and_told_once(tmp_path):
    body = """
y = 0
for i in range(n):
    y = y + x
    z = np.tahn(y)
    y = y * z
    for j in range(i):
        t = x + nothing
return y
"""
    assert marked(body, tmp_path) == [
        ("unknown-name", "np.tahn"), ("unknown-name", "nothing"),
    ]  # fmt: skip


def test_both_sides_of_a_branch(tmp_path):
    body = """
if x > 0:
    y = np.tahn(x)
else:
    y = np.cso(x)
if n > 1:
    return y
return unknown
"""
    assert marked(body, tmp_path) == [
        ("unknown-name", "np.tahn"), ("unknown-name", "np.cso"), ("unknown-name", "unknown"),
    ]  # fmt: skip


def test_a_test_that_is_refused_hides_only_its_own_branch(tmp_path):
    body = """
if np.tahn(x) > 0:
    return x
return nothing
"""
    assert marked(body, tmp_path) == [("unknown-name", "np.tahn"), ("unknown-name", "nothing")]


def test_a_function_that_is_called_tells_all_of_its_own_once(tmp_path):
    before = "def g(a):\n    b = np.tahn(a)\n    c = np.cso(a)\n    return b * c\n"
    body = """
y = g(x)
z = g(x + 1)
return y + z + nothing
"""
    made = driving.module(
        tmp_path, before + "def f(x, n):\n" + "".join(f"    {s}\n" for s in body.split("\n"))
    )
    with pytest.raises(UnsupportedError) as caught:
        driving.case(made.f, 2.0, 3)
    found = caught.value.diagnostics
    assert [d.reason.split("`")[-2] for d in found] == ["tahn", "cso"]
    assert all(len(d.trail) == 1 for d in found)


def test_a_loop_that_unrolls_forgets_what_its_first_try_said(tmp_path):
    text = """
def f(x, n):
    for i in range(3):
        y = [x, x * 2, x * 3][i] + (0.0 if i < 3 else nothing)
        x = x + y
    return x
"""
    made = driving.module(tmp_path, text)
    driving.check(made.f, 0.5, 3)


def test_an_argument_that_becomes_static_starts_anew(tmp_path):
    text = """
def f(x, k):
    y = np.sum(x, axis=k)
    if k == 0:
        return np.sum(y * y)
    return np.nothing(y)
"""
    made = driving.module(tmp_path, text)
    driving.check(made.f, np.ones((2, 3)), 0)
    with pytest.raises(UnsupportedError) as caught:
        driving.case(made.f, np.ones((2, 3)), 1)
    assert [d.code for d in caught.value.diagnostics] == ["unknown-name"]


def two_problems(x):
    y = np.tahn(x)
    z = np.cso(x)
    return y + z


def test_the_text_shows_each_with_its_line():
    error = refusal(grad(two_problems), 2.0)
    first, second = str(error).split("\n\n")
    assert "y = np.tahn(x)" in first and "did you mean `tan`?" in first
    assert "z = np.cso(x)" in second and second.splitlines()[2].endswith("^^^^^^")
