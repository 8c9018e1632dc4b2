"""`python -m tests.operations` rewrites docs/operations.md from the tables."""

from .page import PAGE, render

PAGE.write_text(render(), encoding="utf-8")
