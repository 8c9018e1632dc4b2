"""docs/debugging.md is true: tracebacks, what tools show of a gradient, stepping in pdb."""

from __future__ import annotations

import inspect
import io
import os
import pdb
import re
import subprocess
import sys
import traceback
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from adcompiler import grad, hessian, hvp, jacobian, jvp, value_and_grad, vmap
from tests.test_readme import ROOT, blocks

PAGE = ROOT / "docs" / "debugging.md"
(_, RAISES), (_, TRACEBACK), (_, STEPPED), (_, SESSION) = (
    (block.info, block.text) for block in blocks(PAGE)
)


def run(args, cwd, given="", **env):
    done = subprocess.run(
        [sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=60, input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ADCOMPILER_CACHE": "0", **env},
    )  # fmt: skip
    return done.stdout, done.stderr


def plain(text):
    """Without what differs between machines and versions of Python."""
    text = re.sub(r"<adcompiler (\w+)-(\w{12}|\.\.\.)>(:\d+)?", r"<adcompiler \1>", text)
    text = re.sub(r"^( *\d+) B", r"\1  ", text, flags=re.MULTILINE)
    text = re.sub(r"(gradient\.py\", line) (\d+|\.\.\.)", r"\1", text)
    text = re.sub(r"[^ \"\n]*[/\\](example\.py|adcompiler/gradient\.py)", r"\1", text)
    text = text.replace("adcompiler/gradient.py", "gradient.py")
    lines = [line.rstrip() for line in text.splitlines() if line.strip(" ~^")]
    numpys = [k for k, line in enumerate(lines) if "site-packages" in line]
    lines = [line for k, line in enumerate(lines) if k not in numpys and k - 1 not in numpys]
    return [line for line in lines if line != "[EOF]"]


def test_the_traceback(tmp_path):
    (tmp_path / "example.py").write_text(RAISES)
    _, errors = run(["example.py"], tmp_path)
    expected = plain(TRACEBACK)
    if sys.version_info < (3, 13):  # for what nobody catches, Python reads lines from files alone
        del expected[1 + next(k for k, line in enumerate(expected) if "<adcompiler" in line)]
    assert plain(errors) == expected


def test_the_session(tmp_path):
    (tmp_path / "example.py").write_text(STEPPED)
    start, *asked = re.split(r"^\(Pdb\) ", SESSION, flags=re.MULTILINE)
    command, _, start = start.partition("\n")
    assert command == "$ python -m pdb example.py"
    given = "".join(part.partition("\n")[0] + "\n" for part in asked)
    out, _ = run(["-m", "pdb", "example.py"], tmp_path, given)
    told = out.split("(Pdb) ")
    assert plain(told[0]) == plain(start)
    for part, answer in zip(asked, told[1:], strict=False):
        command, _, expected = part.partition("\n")
        assert plain(answer) == plain(expected), command


def loss(w: np.ndarray, x: float = 2.0) -> float:
    y = np.sin(w) * x
    return float(np.sum(y))


def bent(x):
    y = x * x
    return y * y


W = np.ones(2)


def test_inspect_gives_the_emitted_function():
    gradient = grad(loss)
    assert inspect.getsource(gradient) == inspect.getsource(loss)
    gradient(W)
    assert inspect.getsource(gradient) == gradient.source(W)
    assert inspect.getsourcefile(gradient.__wrapped__).startswith("<adcompiler loss-")
    assert gradient.__wrapped__(W, 3.0).tolist() == gradient(W, 3.0).tolist()
    assert not hasattr(type(gradient), "__wrapped__")
    assert "class Gradient" in inspect.getsource(type(gradient))
    gradient(2.0)
    assert inspect.getsource(gradient) == gradient.source(2.0)


@pytest.mark.parametrize(("made", "args"), [
    (jvp(loss), ((W, 1.0), (W, 1.0))), (hvp(loss), (W, 1.0, W)), (hessian(loss), (W,)),
    (jacobian(loss, mode="reverse"), (W,)), (vmap(loss, (0, None)), (np.ones((2, 2)), 1.0)),
    (value_and_grad(loss), (W,)),
])  # fmt: skip
def test_every_derivative_shows_its_text(made, args):
    signature = inspect.signature(made)
    made(*args)
    assert "def loss_" in inspect.getsource(made)
    assert "adc-source" in made._repr_html_()
    assert inspect.signature(made) == signature
    assert "loss" in repr(made)


def test_signatures():
    def shown(made):
        return str(inspect.signature(made)).replace("'", "")

    assert shown(grad(loss)) == "(w: np.ndarray, x: float = 2.0) -> np.ndarray"
    assert shown(grad(loss, "x")) == "(w: np.ndarray, x: float = 2.0) -> float"
    assert shown(grad(loss, ("w", "x"))) == "(w: np.ndarray, x: float = 2.0)"
    assert shown(value_and_grad(loss)) == "(w: np.ndarray, x: float = 2.0)"
    assert shown(grad(partial(loss, x=3.0))) == "(w: np.ndarray, *, x: float = 3.0) -> np.ndarray"
    assert shown(jvp(loss)) == "(primals, tangents)"
    assert shown(hvp(loss)) == "(w: np.ndarray, x: float, v, /)"

    class Model:
        k = 2.0

        @grad
        def loss(self, w):
            return np.sum(w * w) * self.k

    assert shown(Model().loss) == "(w)"
    Model().loss(W)
    assert inspect.getsource(Model().loss).startswith("def loss_grad(self, w,")


def debugged(commands, call, *args):
    """What pdb prints while it runs a call."""
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO(commands), stdout=out, nosigint=True)
    debugger.use_rawinput = False
    trace = sys.gettrace()
    try:
        debugger.runcall(call, *args)
    finally:
        sys.settrace(trace)
        debugger.clear_all_breaks()
    return out.getvalue()


@pytest.mark.parametrize("level", [0, 1])
def test_step_leads_into_the_emitted_function(level):
    gradient = grad(bent, optimize=level)
    gradient(2.0)
    text, first = inspect.getsourcelines(type(gradient).__call__)
    line = first + next(k for k, t in enumerate(text) if "return found[0].call(" in t)
    into = f"until {line}\nstep\n"
    out = debugged(into + "next\n" * 20 + "continue\n", gradient, 2.0)
    shown = re.findall(r"^-> (.*)$", out, re.MULTILINE)
    for line in gradient.source(2.0).splitlines()[1:]:
        assert line.strip() in shown or line.strip()[0] == "#", out


def test_breakpoints_by_file_and_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILER_SOURCE_DIR", str(tmp_path / "emitted"))
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    gradient = grad(loss)
    gradient(W)
    (path,) = (tmp_path / "emitted").glob("loss-*.py")
    assert inspect.getsourcefile(gradient.__wrapped__) == str(path)
    assert gradient.__wrapped__.__globals__["__file__"] == str(path)
    assert path.read_text() == gradient.module(W)
    line = next(k for k, t in enumerate(path.read_text().splitlines(), 1) if "return" in t)
    out = debugged(f"break {path}:{line}\ncontinue\np grad_w\ncontinue\n", gradient, W)
    assert f"Breakpoint 1 at {path}:{line}" in out or f":{line}" in out
    assert str(gradient(W)[0])[:8] in out


def test_a_file_is_the_frames_file_in_a_traceback(tmp_path, monkeypatch):
    def root(x):
        return 1.0 / (x - x)

    monkeypatch.setenv("ADCOMPILER_SOURCE_DIR", str(tmp_path))
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    with pytest.raises(ZeroDivisionError) as caught:
        value_and_grad(root)(1.0)
    *_, user, emitted = traceback.extract_tb(caught.value.__traceback__)
    assert (user.filename, user.line) == (__file__, "return 1.0 / (x - x)")
    assert Path(emitted.filename).parent == tmp_path
