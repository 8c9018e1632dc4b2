"""`adcompiler --help`: the examples of every command run as they are written."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from adcompiler.cli import main
from tests.test_cli import run

ROOT = Path(__file__).parents[1]
MODEL = """
import numpy as np


def loss(x, w):
    return np.sum(np.tanh(x * w))


def power(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y
"""


def commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from commands(inner)


def examples() -> list[str]:
    lines = [line.strip() for one in commands(main) for line in (one.help or "").splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith("adcompiler ")))


def test_every_command_that_takes_a_function_has_examples():
    shown = {line.split()[1] for line in examples()}
    assert shown >= {"show", "emit", "check", "trace", "graph", "explore", "ops", "passes", "cache"}


@pytest.mark.parametrize("line", examples())
def test_example(line, tmp_path, monkeypatch):
    words = shlex.split(line)[1:]
    if words[0] == "graph" and not words[-1].endswith(".dot"):
        pytest.importorskip("pygraphviz")
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (tmp_path / "model.py").write_text(MODEL.lstrip())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(tmp_path / "cache"))
    result = run(*words)
    assert result.exit_code == 0, result.output
    for option in ("-o", "--output"):
        if option in words and words[words.index(option) + 1] != "-":
            assert Path(words[words.index(option) + 1]).stat().st_size


WHOLE = "neuron(2, -1, -3, -2, -3)"


@pytest.mark.parametrize("words", [
    ("trace",), ("graph", "-o", "picture.dot"), ("explore", "-o", "page.html"), ("check",),
    ("show",), ("show", "--wrt", "all"),
])  # fmt: skip
def test_whole_numbers_are_refused_with_the_way_out(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, *options = words
    result = run(command, f"{ROOT}/samples/neuron.py:neuron", "--at", WHOLE, *options)
    assert result.exit_code == 1
    assert "error[integer-wrt]" in result.output
    assert "pass a float (2.0 instead of 2" in result.output
