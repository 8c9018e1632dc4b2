"""docs/language.md says what is: every row is backed by an example that runs here.

`--update-golden` rewrites the page; a row whose status has changed shows in the diff.
"""

from __future__ import annotations

import pytest

from tests.language.page import PAGE, render, rows, statuses
from tests.language.rows import Row, Status, row, status


@pytest.fixture(scope="module")
def found() -> dict[str, Status]:
    pytest.importorskip("scipy")
    return statuses()


def test_no_example_is_wrong(found: dict[str, Status]) -> None:
    assert {name: s for name, s in found.items() if s.kind == "wrong"} == {}


def test_names_are_unique() -> None:
    names = [one.function.__name__ for one in rows()]
    assert len(set(names)) == len(names)


def test_the_page_says_what_is(found: dict[str, Status], update_golden: bool) -> None:
    text = render(found)
    if update_golden:
        PAGE.write_text(text)
    assert PAGE.read_text() == text, "run with --update-golden, and read the diff"


def test_a_wrong_expectation_shows() -> None:
    def example(x):
        return abs(x)

    assert status(Row("", example, {"x": 0.0}, (0.0,))).kind == "differentiated"
    assert status(Row("", example, {"x": 0.0}, (1.0,))).kind == "wrong"


def test_an_example_at_a_kink_needs_an_expectation() -> None:
    def example(x):
        return abs(x)

    assert status(Row("", example, {"x": 0.0}, None)).kind == "wrong"


def test_inert_is_found_and_not_claimed() -> None:
    def example(x):
        return x * 0.0 + 1.0

    assert status(Row("", example, {}, None)).kind == "inert"
    assert callable(row)
