"""docs/conventions.md says what is: each row runs, at both levels."""

from __future__ import annotations

import pytest

from adcompiler import grad
from tests.conventions.page import PAGE, render
from tests.conventions.table import GROUPS, NAMES, Row, shown
from tests.generator.program import load

ROWS = [row for rows in GROUPS.values() for row in rows]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_our_column(row: Row, level: int) -> None:
    arguments = row.arguments()
    names = NAMES[: len(arguments)]
    if "scipy" in row.text:
        pytest.importorskip("scipy")
    f = load(f"{row.head}\n\ndef f({', '.join(names)}):\n    return {row.text}\n").f
    gradient = grad(f, wrt=names, optimize=level)
    if row.ours == "raises":
        with pytest.raises((ArithmeticError, ValueError)):
            gradient(*arguments)
        return
    assert shown(gradient(*arguments)) == row.ours


def test_no_row_is_there_twice() -> None:
    assert len({row.what for row in ROWS}) == len(ROWS)


def test_the_page(update_golden: bool) -> None:
    text = render()
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run with --update-golden, and read the diff"
