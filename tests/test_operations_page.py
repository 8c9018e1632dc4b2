"""docs/operations.md is what the tables say; `python -m tests.operations` rewrites it."""

from __future__ import annotations

import math
import re

import numpy as np

from adcompiler.operations import described
from tests.operations.page import PAGE, lines_of, render

MODULES = {"np": np, "math": math, "np.linalg": np.linalg, "np.fft": np.fft}


# The page is made with Python 3.11; these came later.
LATER = ("math.fma(", "math.sumprod(")


def is_newer(line: str) -> bool:
    """Whether this version of Python or NumPy hasn't got the function."""
    name = line.removeprefix("| `").partition("(")[0]
    place, _, last = name.rpartition(".")
    return place in MODULES and not hasattr(MODULES[place], last)


def test_the_page_is_that_of_the_tables(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(render(), encoding="utf-8")
    page, now = (set(lines_of(t)) for t in (PAGE.read_text(encoding="utf-8"), render()))
    stale = {line for line in page - now if not is_newer(line)}
    missing = {line for line in now - page if not line.startswith(tuple(f"| `{n}" for n in LATER))}
    assert not missing and not stale, "run `python -m tests.operations`, and read the diff"


def test_every_spelling_has_a_line() -> None:
    lines = lines_of(render())
    assert len(lines) == len(described())
    assert all(re.fullmatch(r"\| `[^`]+` \| .*\|", line) for line in lines)


def test_the_aim() -> None:
    """More than 300 ways to write an operation."""
    assert sum(one.kind != "refused" for one in described()) > 300
