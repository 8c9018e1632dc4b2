"""The pages of docs/ are true: every example prints what stands below it, all links lead somewhere.

After a change of what is emitted, `pytest -n 0 tests/test_pages.py --update-golden` writes what is
printed now; the diff is to be read.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re

import pytest

from tests.test_readme import ROOT, blocks

DOCS = ROOT / "docs"
PAGES = {
    "checkpoints": 2, "coming-from": 6, "custom-rules": 5, "dask": 1, "derivatives": 7, "graph": 4,
    "how-it-works": 1, "index": 2, "tutorial": 8,
}  # fmt: skip
EXAMPLES = [
    pytest.param(page, block, after, id=f"{page} line {block.line}")
    for page in PAGES
    for block, after in itertools.pairwise(blocks(DOCS / f"{page}.md"))
    if block.info == "python"
]


@pytest.mark.parametrize(("page", "block", "after"), EXAMPLES)
def test_example_prints_what_stands_below_it(page, block, after, tmp_path, capsys, update_golden):
    assert after.info in ("python output", "text output")
    if page == "dask":
        pytest.importorskip("dask.array")
    path = tmp_path / "example.py"
    path.write_text(block.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("example", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    printed = capsys.readouterr().out.replace(f"{tmp_path}{os.sep}", "").strip()
    if update_golden and printed != after.text.strip():
        file = DOCS / f"{page}.md"
        fence = f"{block.text}```\n\n```{after.info}\n"
        text = file.read_text(encoding="utf-8")
        assert text.count(f"{fence}{after.text}") == 1
        text = text.replace(f"{fence}{after.text}", f"{fence}{printed}\n")
        file.write_text(text, encoding="utf-8")
        return
    assert printed == after.text.strip()


def test_the_pages_have_their_examples():
    assert len(EXAMPLES) == sum(PAGES.values())


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        target, _, anchor = link.partition("#")
        if target.startswith("http"):
            continue
        file = path.parent / target if target else path
        assert file.exists(), f"{path.name} links to {link}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(_slug, headings), f"{path.name} links to {link}"


def _slug(heading: str) -> str:
    words = re.sub(r"[^\w\s-]", "", heading.lower())
    return re.sub(r"[\s]+", "-", words.strip())
