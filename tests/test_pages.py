"""docs/custom-rules.md and docs/graph.md are true: every example prints what stands below it."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path

import pytest

from tests.test_readme import blocks

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"custom-rules": 5, "graph": 4}
EXAMPLES = [
    pytest.param(block, after, id=f"{page} line {block.line}")
    for page in PAGES
    for block, after in itertools.pairwise(blocks(DOCS / f"{page}.md"))
    if block.info == "python"
]


@pytest.mark.parametrize(("block", "after"), EXAMPLES)
def test_example_prints_what_stands_below_it(block, after, tmp_path, capsys):
    assert after.info == "python output"
    path = tmp_path / "example.py"
    path.write_text(block.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("example", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert capsys.readouterr().out.strip() == after.text.strip()


def test_the_pages_have_examples():
    assert len(EXAMPLES) == sum(PAGES.values())
