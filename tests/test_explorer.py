"""The explorer's page as data: which lines belong together, what each step changed, the numbers."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adcompiler import grad, lower
from adcompiler.explorer.build import Question, explored
from adcompiler.explorer.page import page
from adcompiler.frontend.paths import lookup_path
from adcompiler.frontend.signature import abstract
from tests.test_cli import output, run
from tests.test_graph import CASES, IDS, neuron

ROOT = Path(__file__).parents[1]


def damped(x, rate):
    scaled = rate * x
    return np.tanh(scaled)


def settle(w, x, rate, steps):
    total = 0.0
    state = x
    for _ in range(steps):
        state = damped(state * w, rate)
        if np.sum(state) > 1.0:
            total = total + np.sum(state ** 2)
        else:
            total = total - 0.5 * np.sum(state)
    return total / steps


SETTLED = (np.array([0.9, 1.2, 0.4]), np.array([1.0, 0.5, 2.0]), 1.1, 10)


def asked(f, args, wrt=None, call="f(...)"):
    names = f.__code__.co_varnames[: len(args)]
    values = dict(zip(names, args, strict=True))
    structures = {name: abstract(value, name) for name, value in values.items()}
    return explored(
        Question(f, structures, lambda path: lookup_path(f, path, values), values,
                 wrt or names[:1], call=call)
    )  # fmt: skip


def text(line):
    return "".join(part for part, _ in line.runs)


def lines(shown, level=1, stage=-1):
    (found,) = [one for one in shown.levels if one.level == level]
    return [shown.lines[k] for k, mark in found.stages[stage].rows if mark != "-"]


def line(shown, start, **options):
    (found,) = [one for one in lines(shown, **options) if text(one).strip().startswith(start)]
    return found


def pointed(shown, one):
    """What the places of a line say in the source, and in calls around."""

    def said(place):
        assert place.row == place.end_row
        return text(shown.source[place.row])[place.column : place.end_column]

    found = []
    for place in (shown.places[k] for k in one.places):
        call = shown.places[place.call] if place.call >= 0 else None
        found.append((said(place), said(call)) if call else said(place))
    return found


def test_expressions_of_one_line_are_told_apart():
    shown = asked(neuron, (2.0, -1.0, -3.0, -2.0, -3.0), ("w0", "x1"))
    whole = "sigmoid(w0 * x0 + w1 * x1 + w2)"
    assert [pointed(shown, one) for one in lines(shown, stage=0)[1:]] == [
        ["w0 * x0"], ["w1 * x1"], ["w0 * x0 + w1 * x1"], ["w0 * x0 + w1 * x1 + w2"], [whole],
        ["return L"],
    ]  # fmt: skip
    assert pointed(shown, line(shown, "grad_s3")) == [whole]
    assert pointed(shown, line(shown, "grad_w0")) == ["w0 * x0"]
    assert pointed(shown, line(shown, "def ")) == ["def neuron(w0, x0, w1, x1, w2):"]
    assert line(shown, "# backward").places == ()
    assert {one.part for one in lines(shown)} == {"", "forward", "backward"}


def test_loops_branches_and_functions_that_are_called():
    shown = asked(settle, SETTLED, ("w", "rate"))
    call = "damped(state * w, rate)"
    assert pointed(shown, line(shown, "scaled =")) == [("rate * x", call)]
    assert pointed(shown, line(shown, "grad_rate +=")) == [("rate * x", call)]
    assert pointed(shown, line(shown, "state_tape.append")) == ["range(steps)"]
    assert pointed(shown, line(shown, "for _ in")) == ["range(steps)"]
    assert pointed(shown, line(shown, "if s2"))[:1] == ["np.sum(state) > 1.0"]
    assert pointed(shown, line(shown, "total = total - s6", level=0)) == [
        "total - 0.5 * np.sum(state)"
    ]
    headings = [text(row) for row in shown.source if not row.number]
    assert headings == ["settle · test_explorer.py", "damped · test_explorer.py"]
    first = settle.__code__.co_firstlineno
    assert [row.number for row in shown.source][1:4] == [first, first + 1, first + 2]
    assert all(one.part == "backward" for one in lines(shown)[-6:-1])


@pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)
def test_each_stage_follows_from_the_one_before(f, args):
    shown = asked(f, args)
    assert [one.level for one in shown.levels] == [0, 1, 2]
    for level in shown.levels:
        before = None
        assert level.stages[0].name == "lowered" and level.stages[-1].is_text
        for stage in level.stages[:-1]:
            if before is not None:
                assert [text(shown.lines[k]) for k, mark in stage.rows if mark != "+"] == before
                assert any(mark != " " for _, mark in stage.rows)
            before = [text(shown.lines[k]) for k, mark in stage.rows if mark != "-"]
        written = grad(f, wrt=f.__code__.co_varnames[0], optimize=level.level).source(*args)
        emitted = [text(one) for one in lines(shown, level=level.level)]
        assert emitted == written.rstrip("\n").split("\n")
    ssa = [text(shown.lines[k]) for k in shown.ssa]
    assert ssa[0].startswith("function ")
    json.loads(shown.json())


def test_values_keep_their_names_from_stage_to_stage():
    shown = asked(settle, SETTLED)
    stages = shown.levels[1].stages
    after = {name: k for k, name in enumerate(stage.name for stage in stages)}
    gone = [mark for _, mark in stages[after["signs"]].rows].count("-")
    assert 0 < gone < 4  # of some thirty: what isn't touched isn't renamed


def test_numbers_are_those_of_the_run():
    shown = asked(settle, SETTLED, ("w", "x", "rate"))
    graph = lower(settle)
    assert shown.value == f"{graph.forward(*SETTLED):.6g}"
    graph.backward()
    (scaled,) = [one for one in shown.gates if one.name == "scaled"]
    ran = [gate for gate in graph.gates if gate.name == "scaled"]
    assert scaled.count == len(ran) == 10
    assert [s.iteration for s in scaled.samples] == ["0", "1", "2", "3", "6", "7", "8", "9"]
    for sample, gate in zip(scaled.samples, ran[:4] + ran[6:], strict=True):
        for printed, number in ((sample.whole_value, gate.value),
                                (sample.whole_gradient, gate.gradient)):  # fmt: skip
            assert np.allclose(np.fromstring(printed.strip("[]"), sep=" "), number, 0, 1e-4)
    (argument,) = [one for one in shown.gates if one.name == "rate"]
    wanted = grad(settle, wrt="rate")(*SETTLED)
    assert float(argument.samples[0].gradient) == pytest.approx(wanted, rel=1e-3)
    for level in (0, 1, 2):
        last = line(shown, "grad_rate +=", level=level).watched
        assert last.count == 10 and last.samples[-1].iteration == "9"
        assert float(last.samples[-1].value) == pytest.approx(wanted, rel=1e-3)


def test_a_line_of_ssa_has_its_gate():
    shown = asked(settle, SETTLED)
    one = line(shown, "%scaled", stage=0)
    assert [shown.gates[k].name for k in one.gates] == ["scaled"]
    assert line(shown, "%scaled", stage=3).gates == one.gates


def smoothed(x, y):
    scaled = x * y
    for _ in range(2):
        if scaled > 1.0:
            scaled = np.sqrt(scaled)
        else:
            scaled = scaled * 2.0
    return scaled, x


def calling(x, y):
    u, _ = smoothed(x, y)
    v, w = smoothed(u, 0.5)
    return v * w


def test_a_call_has_the_value_that_it_gives():
    shown = asked(calling, (2.0, 3.0), ("x", "y"))
    texts = [text(row) for row in shown.source]
    found = {
        texts[row].strip(): [gate.expression for gate in shown.gates if row in gate.calls]
        for row in range(len(texts)) if any(row in gate.calls for gate in shown.gates)
    }  # fmt: skip
    assert found == {
        "u, _ = smoothed(x, y)": ["np.sqrt(scaled)"],
        "v, w = smoothed(u, 0.5)": ["np.sqrt(scaled)"],
    }


def test_equal_numbers_relate_no_lines():
    def merged(x):
        a = 1.0 + x
        b = 1.0 / a
        c = b * 2.0
        return c * 2.0

    shown = asked(merged, (2.0,))
    assert pointed(shown, line(shown, "b = ")) == ["1.0 / a"]
    assert pointed(shown, line(shown, "grad_c = ")) == ["c * 2.0"]


def test_long_loops_show_their_ends():
    shown = asked(looped, (1.0, 1000))
    (tape,) = {one for one in lines(shown) if text(one).endswith("_tape = []")}
    assert tape.watched.samples[0].whole_value == "0 on the tape"
    one = line(shown, "y = y * x").watched
    assert one.count == 1000
    assert [s.iteration for s in one.samples] == [*"0123", "996", "997", "998", "999"]


def looped(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def twice(x):
    print("seen")
    return x * x


def drawn(x, rng):
    return x * rng.normal()


def stored(x):
    x[0] = 2.0 * x[1]
    return np.sum(x * x)


def test_what_is_seen_happens_once(capsys):
    shown = asked(twice, (3.0,))
    assert capsys.readouterr().out == "seen\n"
    assert line(shown, "return").watched.samples[0].value == "6"
    shown = asked(drawn, (3.0, np.random.default_rng(1)))
    assert all(one.watched is None for one in lines(shown)) and shown.gates


def test_arguments_stay_as_they_are():
    x = np.array([1.0, 3.0])
    shown = asked(stored, (x,))
    assert shown.value == "45.0" and list(x) == [1.0, 3.0]
    assert "‖30‖" in [s.value for one in lines(shown) if one.watched for s in one.watched.samples]


def test_no_text_ends_the_script():
    shown = asked(spoken, (1.0,))
    assert "</script>" in "".join(map(text, shown.source))
    made = page(shown)
    assert made.count("</script>") == 2
    data = json.loads(re.search(r'id="data">(.*?)</script>', made, re.S)[1])
    assert data["source"][1]["runs"][-1][0].endswith("</script> <!--'")


def spoken(x):
    s = '</script> <!--'
    return x * x if s else x


MODEL = '''
import numpy as np

def loss(w: "f8[n]", x: "f8[n]", rate: float = 1.0):
    return rate * np.sum((w - x) ** 2)

def raising(x):
    raise ValueError("no such luck")

def vector(x: "f8[n]"):
    return x * 2.0

def counted(n: int):
    return n
'''


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL.lstrip())
    monkeypatch.chdir(tmp_path)


def test_the_command_writes_the_same_page_again(model, tmp_path):
    arguments = ["explore", "model.py:loss", "--at", "loss(np.ones(3), np.zeros(3))", "-o"]
    assert output(*arguments, "page.html") == ""
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", written)
    command = [sys.executable, "-c", "from adcompiler.cli import main; main()", *arguments, "-"]
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT), "ADCOMPILER_CACHE": "0",
                   "PYTHONIOENCODING": "utf-8"}  # fmt: skip
    again = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert again.stdout.decode() == written
    data = json.loads(re.search(r'id="data">(.*?)</script>', written, re.S)[1])
    assert data["wrt"] == ["w", "x", "rate"] and data["shown"] == 1


def test_the_page_of_the_documentation(model, tmp_path):
    told = (ROOT / "docs" / "explorer.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", told, re.S)
    (command,) = re.findall(r"^    adcompiler (explore .*)$", told, re.M)
    (tmp_path / "model.py").write_text(source)
    assert output(*shlex.split(command)) == ""
    written = (tmp_path / "settle.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', written, re.S)[1])
    assert (data["title"], data["value"]) == ("settle", "0.826928")


def test_types_are_enough(model):
    written = output("explore", "model.py:loss", "--wrt", "w", "-O0", "-o", "-")
    data = json.loads(re.search(r'id="data">(.*?)</script>', written, re.S)[1])
    assert (data["call"], data["gates"], data["wrt"], data["shown"]) == ("", [], ["w"], 0)


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["model.py:raising", "--at", "raising(0.5)"], 1, "no such luck"),
        (["model.py:vector", "--at", "vector(np.ones(3))"], 1, "non-scalar-result"),
        (["model.py:counted"], 1, "integer-wrt"),
        (["model.py:loss", "--at", "f(2.0)"], 2, "is no call of `loss`"),
        (["model.py:loss", "--wrt", "q"], 2, "no parameter `q`"),
        (["model.py:loss", "--without", "sleep"], 1, "unknown-pass"),
    ],
)
def test_refusals(model, args, status, message):
    result = run("explore", *args, "-o", "-")
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == ""


def test_a_wheel_has_all_files():
    (told,) = re.findall(r"^adcompiler = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.M)
    globs = re.findall(r'"(.*?)"', told)
    package = ROOT / "adcompiler"
    other = [p.relative_to(package).as_posix() for p in package.rglob("*")
             if p.is_file() and p.suffix not in (".py", ".pyc")]  # fmt: skip
    assert other and all(any(fnmatch.fnmatch(name, g) for g in globs) for name in other)
