"""README.md is true: every snippet prints what stands below it."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CLI = "from adcompiler.cli import main; main(prog_name='adcompiler')"


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands after its opening backticks, its text, its line in the file."""

    info: str
    text: str
    line: int


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    fences = re.finditer(r"^```(.*)\n((?:(?!```).*\n)*)```$", text, re.MULTILINE)
    return [Block(m[1], m[2], text[: m.start()].count("\n") + 1) for m in fences]


BLOCKS = blocks(README)
SNIPPETS = [
    pytest.param(block, after, id=f"line {block.line}")
    for block, after in itertools.pairwise(BLOCKS)
    if block.info == "python"
]
SESSIONS = [
    pytest.param(block, id=f"line {block.line}") for block in BLOCKS if block.info == "console"
]


def run(args: list[str], cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("block", "after"), SNIPPETS)
def test_snippet_prints_what_stands_below_it(block, after, tmp_path):
    assert after.info in ("python output", "text output")
    (tmp_path / "example.py").write_text(block.text, encoding="utf-8")
    printed = run(["example.py"], tmp_path).replace(f"{tmp_path}{os.sep}", "")
    assert printed.strip() == after.text.strip()


@pytest.mark.parametrize("block", SESSIONS)
def test_session_prints_what_it_shows(block):
    command, _, expected = block.text.partition("\n")
    prompt, program, *args = shlex.split(command)
    assert (prompt, program) == ("$", "adcompiler")
    assert run(["-c", CLI, *args], ROOT).strip() == expected.strip()


def test_every_block_is_of_a_kind_that_is_checked():
    known = {"python", "python output", "text output", "console", "sh"}
    assert {block.info for block in BLOCKS} == known
    assert README.read_text(encoding="utf-8").count("\n```") == 2 * len(BLOCKS)


def test_an_example_and_its_output_are_on_the_first_screen():
    (first, *_) = SNIPPETS
    _, output = first.values
    assert output.line + output.text.count("\n") < 50


def test_the_two_commands():
    """`.ci/run` runs the second; here only that both are there, marked for it, and in order."""
    text = README.read_text(encoding="utf-8")
    marked = re.findall(r"^<!-- command: (\w+) -->\n```sh\n((?:.*\n)+?)```$", text, re.MULTILINE)
    assert [name for name, _ in marked] == ["try", "test"]
    assert [block.text for block in BLOCKS if block.info == "sh"] == [c for _, c in marked]
    (_, first), (_, second) = marked
    assert first.rstrip().endswith("samples/neuron.py")
    assert second.rstrip().endswith("-m pytest")


def test_files_that_readme_names_exist():
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([\w./-]+)\)", text)
    page = (ROOT / "docs" / "samples.md").read_text(encoding="utf-8")
    samples = re.findall(r"`(\w+\.py)`", page)
    assert links and samples and "docs/samples.md" in links
    assert all((ROOT / link).exists() for link in links)
    assert {path.name for path in (ROOT / "samples").glob("*.py")} == set(samples)
