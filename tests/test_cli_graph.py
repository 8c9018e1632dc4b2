"""`adcompiler trace`: both passes gate by gate, and what it says where there is no run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from adcompiler.graph_text import shown
from tests.test_cli import output, run

ROOT = Path(__file__).parents[1]
NEURON = "neuron(2., -1., -3., -2., -3.)"
MODEL = '''
import numpy as np


def power(x, n):
    y = 1.0
    for i in range(n):
        y = y * x
    return y


def rows(x, w):
    total = 0.0
    for row in x:
        for v in row:
            total = total * w + v
    for k in range(2):
        total = total * w
    return total


def raising(x):
    if x < 1.0:
        raise ValueError("no such luck")
    return x


def vector(x):
    return x * 2.0


def quoted(x=2.0):
    return x * x
'''


@pytest.fixture(autouse=True)
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL.lstrip())
    monkeypatch.chdir(tmp_path)


def test_both_passes_of_the_neuron():
    text = output("trace", f"{ROOT}/samples/neuron.py:neuron", "--at", NEURON)
    forward, backward = (part.splitlines()[2:] for part in text.rstrip("\n").split("\n\n"))
    assert [line.split()[0] for line in forward[:5]] == ["w0", "x0", "w1", "x1", "w2"]
    assert [line.split()[1] for line in forward[5:]] == ["s0", "s1", "s2", "s3", "L"]
    assert [line.split()[1] for line in backward[:5]] == ["L", "s3", "s2", "s1", "s0"]
    assert backward[5].split() == ["w0", "2.0", "-0.196612"]


def test_the_page_shows_what_is_printed():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r'--at "power\(2.0, 100\)"\n(.*?)\n\n## ', page, re.S)
    printed = output("trace", "model.py:power", "--at", "power(2.0, 100)")
    assert [line.strip() for line in shown.splitlines()] == [
        line.strip() for line in printed.splitlines()
    ]


def test_every_iteration_where_asked():
    text = output("trace", "model.py:power", "--call", "power(2.0, 100)", "--all")
    assert "like these" not in text
    assert text.count("y * x") == 200


def test_loops_in_loops_are_shortened_each():
    text = output("trace", "model.py:rows", "--at", "rows(np.ones((7, 9)), 0.5)")
    lines = [line.strip() for line in text.splitlines() if "like these" in line]
    inner, outer = "... 5 iterations like these", "... 3 iterations like these"
    assert lines == [inner, inner, outer, inner, inner] * 2
    assert text.count("\n  17  ") == 4  # the loop behind them, in both passes


def test_few_iterations_are_all_there():
    assert "like these" not in output("trace", "model.py:power", "--at", "power(2.0, 5)")
    assert "... 2 iterations" in output("trace", "model.py:power", "--at", "power(2.0, 6)")


def test_defaults_are_values():
    assert re.search(r"x +2.0 +4.0", output("trace", "model.py:quoted"))


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["model.py:power"], 2, '--at "power(2.0, 2.0)"'),
        (["model.py:power", "--at", "power(2.0)"], 2, "missing a required argument: 'n'"),
        (["model.py:power", "--at", "f(2.0)"], 2, "is no call of `power`"),
        (["model.py:raising", "--at", "raising(0.5)"], 1, "raises ValueError: no such luck"),
        (["model.py:vector", "--at", "vector(np.ones(3))"], 1, "non-scalar-result"),
    ],
)
def test_no_run(args, status, message):
    result = run("trace", *args)
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == ""


def test_arrays_are_shortened():
    assert shown(np.arange(3.0)) == "[0. 1. 2.]"
    assert shown(np.arange(100.0)) == "[ 0. 1. ... 98. 99.] (100,)"
    assert shown(np.zeros((40, 30))) == "[[0. ... 0.] ... [0. ... 0.]] (40, 30)"
    assert shown(2.5) == "2.5" and shown(3.0) == "3.0"
