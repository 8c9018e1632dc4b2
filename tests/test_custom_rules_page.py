"""docs/custom-rules.md is true: every example runs, and prints what stands below it."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path

import pytest

from tests.test_readme import blocks

PAGE = Path(__file__).parents[1] / "docs" / "custom-rules.md"
EXAMPLES = [
    pytest.param(block, after, id=f"line {block.line}")
    for block, after in itertools.pairwise(blocks(PAGE))
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


def test_the_page_has_examples():
    assert len(EXAMPLES) == 5
