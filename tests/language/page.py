"""docs/language.md, made from the examples.

Each file beside this one is a group of rows; tests/test_language_table.py runs them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from . import assignment, control_flow, expressions, functions, libraries, shapes, values
from .rows import GROUPS, Row, Status, status

__all__ = ["PAGE", "render", "rows"]

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
FILES = {
    "Control flow": control_flow, "Assignment and mutation": assignment,
    "Expressions": expressions, "Shapes, indexing and dtypes": shapes,
    "Libraries": libraries, "Functions, names and effects": functions,
    "Values and conventions": values,
}  # fmt: skip
_INTRODUCTION = """\
# The language

What the compiler does with each construct of Python, NumPy and SciPy. Made by running the examples
in `tests/language/` (`pytest tests/test_language_table.py --update-golden`): do not edit.

- **differentiated**: the gradient agrees with differences of the function, at both levels; a
  gradient given here is the convention at a point where the function has a kink.
- **inert**: it is computed as usual, and no gradient flows through it.
- **refused**: a diagnostic says so when the gradient is compiled; never a wrong number.
"""


def rows() -> list[Row]:
    return [one for title in FILES for one in GROUPS[title]]


def render(found: dict[str, Status]) -> str:
    """The page, from the status of each example by its name."""
    counts = Counter(one.kind for one in found.values())
    total = ", ".join(f"{counts[k]} {k}" for k in ("differentiated", "inert", "refused"))
    parts = [_INTRODUCTION, f"\n{len(found)} constructs: {total}.\n"]
    for title, module in FILES.items():
        name = f"tests/language/{module.__name__.split('.')[-1]}.py"
        parts.append(f"\n## {title}\n\nExamples: `{name}`\n\n")
        parts.append("| construct | | example |\n|---|---|---|\n")
        parts += [_line(one, found[one.function.__name__]) for one in GROUPS[title]]
    return "".join(parts)


def _line(one: Row, told: Status) -> str:
    shown = told.kind if told.kind != "refused" else "**refused**"
    why = f"; {told.why}" if told.why else ""
    return f"| {one.construct} | {shown}{why} | `{one.function.__name__}` |\n"


def statuses() -> dict[str, Status]:
    return {one.function.__name__: status(one) for one in rows()}
