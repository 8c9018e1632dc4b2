"""docs/operations.md is what the tables say; `python -m tests.operations` rewrites it."""

from __future__ import annotations

import re

from adcompiler.operations import described
from tests.operations.page import PAGE, lines_of, render


def test_the_page_is_that_of_the_tables(update_golden: bool) -> None:
    text = render()
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")
    missing = set(lines_of(text)) ^ set(lines_of(PAGE.read_text(encoding="utf-8")))
    assert not missing, "run `python -m tests.operations`, and read the diff"
    assert PAGE.read_text(encoding="utf-8") == text


def test_every_spelling_has_a_line() -> None:
    lines = lines_of(render())
    assert len(lines) == len(described())
    assert all(re.fullmatch(r"\| `[^`]+` \| .*\|", line) for line in lines)


def test_the_aim() -> None:
    """More than 300 ways to write an operation."""
    assert sum(one.kind != "refused" for one in described()) > 300
