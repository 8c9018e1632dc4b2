"""The disk cache as compilation uses it: what it saves, what it must not outlive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from adcompiler import _version, grad, pipeline, specialize

ROOT = Path(__file__).parents[1]

MODULE = """
import math
import numpy as np
from adcompiler import grad, primitive, sigmoid

SCALE = 2.0
AXIS = 0

def helper(x, k=1.0):
    return np.tanh(x) * k

def inner(x):
    return helper(x) + 1.0

def loss(w, x, axis=0):
    return np.sum(np.sum(inner(w * x) * SCALE, axis=axis), axis=AXIS)

@primitive
def gate(x):
    return x * 3.0

@gate.backward
def gate_backward(g, x, y):
    return g * 3.0

def gated(x):
    return gate(sigmoid(x))
"""

# Prints, as JSON: compilations, how often the front end was reached, what the call gave.
DRIVER = """
import json, sys
sys.path.insert(0, TESTS)
import test_cache_use as tests
print(json.dumps(tests.evaluate(FOLDER, CALL)))
"""
LOSS = "run(loss, x, x)"


def evaluate(folder, call):
    """Load the module anew and evaluate a call in it, as a fresh process would."""
    patched = [(pipeline, "compile_gradient"), (pipeline, "lower")]
    genuine = [getattr(*place) for place in patched]
    counts = [0, 0]

    def counting(number):
        def count(*args, **kwargs):
            counts[number] += 1
            return genuine[number](*args, **kwargs)

        return count

    def run(function, *args, **options):
        g = grad(function, **options)
        return [g.module(*args), np.asarray(g(*args)).tolist()]

    module = types.ModuleType("sample")
    module.__file__ = str(Path(folder) / "sample.py")
    text = Path(module.__file__).read_text()
    exec(compile(text, module.__file__, "exec", dont_inherit=True), module.__dict__)
    x = np.arange(1.0, 7.0).reshape(2, 3) / 10
    try:
        for number, place in enumerate(patched):
            setattr(*place, counting(number))
        out = eval(call, {**vars(module), "run": run, "x": x})
    finally:
        for place, value in zip(patched, genuine, strict=True):
            setattr(*place, value)
    return {"compiled": counts[0], "lowered": counts[1], "out": out}


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Evaluate a call over a module in a file, with a cache of the test's own."""
    folder, cache = tmp_path / "modules", tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(cache))

    def start(call=LOSS, *, text=MODULE, use_cache=True):
        path = folder / "sample.py"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        monkeypatch.setenv("ADCOMPILER_CACHE", "1" if use_cache else "0")
        return evaluate(folder, call)

    def process(call=LOSS):
        (folder / "sample.py").write_text(MODULE)
        code = DRIVER.replace("TESTS", repr(str(Path(__file__).parent)))
        code = code.replace("FOLDER", repr(str(folder))).replace("CALL", repr(call))
        env = {**os.environ, "PYTHONPATH": str(ROOT), "ADCOMPILER_CACHE": "1"}
        return subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdout=-1, stderr=-1, text=True
        )

    start.process = process
    start.cache = cache
    start.entries = lambda: sorted(cache.glob("*.py"))
    return start


def finished(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return {**json.loads(out), "stderr": errors}


def test_a_fresh_process_lowers_nothing(start):
    calls = f"[{LOSS}, run(gated, 0.5), run(loss, x, x, 1), run(loss, 2.0 * x, x)]"
    cold = finished(start.process(calls))
    assert cold["compiled"] == 3
    warm = finished(start.process(calls))
    assert (warm["compiled"], warm["lowered"]) == (0, 0)
    assert warm["out"] == cold["out"]
    assert cold["stderr"] == warm["stderr"] == ""


def test_each_static_value_has_its_entry(start):
    for axis in (0, 1, -1, 0, 1):
        start(f"run(loss, x, x, {axis})")
    assert len(start.entries()) == 3
    for axis in (1, 0, -1):
        assert start(f"run(loss, x, x, {axis})")["compiled"] == 0


def test_the_same_text_with_and_without_cache(start):
    assert start()["out"] == start(use_cache=False)["out"] == start()["out"]


def test_the_cache_turned_off(start):
    for _ in range(2):
        assert start(use_cache=False)["compiled"] == 1
    assert not start.cache.exists()


EDITS = {
    "the function": ("inner(w * x) * SCALE", "inner(w + x) * SCALE"),
    "a helper": ("return np.tanh(x) * k", "return np.sin(x) * k"),
    "a helper's default": ("k=1.0", "k=5.0"),
    "a helper's helper": ("helper(x) + 1.0", "helper(x) * 2.0"),
    "a local variable's name": ("return helper(x) + 1.0", "y = helper(x)\n    return y + 1.0"),
    "a static constant": ("AXIS = 0", "AXIS = -1"),
    "a constant's type": ("SCALE = 2.0", "SCALE = np.float32(2.0)"),
    "a constant's shape": ("SCALE = 2.0", "SCALE = np.ones(3)"),
    "another name": ("import math\n", "import math\nfrom math import tau\n"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_noticed(start, edit):
    first = start()
    old, new = EDITS[edit]
    assert old in MODULE
    text = MODULE.replace(old, new)
    fresh = start(text=text, use_cache=False)
    edited = start(text=text)
    assert edited["out"] == fresh["out"]
    if edit != "another name":
        assert edited["compiled"] == 1
    if edit not in ("another name", "a local variable's name", "a static constant"):
        assert edited["out"] != first["out"]
    again = start(text=text)
    assert (again["compiled"], again["out"]) == (0, edited["out"])


def test_another_value_of_a_constant_needs_no_compilation(start):
    first = start()
    other = start(text=MODULE.replace("SCALE = 2.0", "SCALE = 3.0"))
    assert other["compiled"] == 0
    assert other["out"][0] == first["out"][0]
    assert other["out"][1] != first["out"][1]


@pytest.mark.parametrize("edit", ["x * 3.0", "g * 3.0"])
def test_an_edited_gate_is_noticed(start, edit):
    call = "run(gated, 0.5)"
    first = start(call)
    text = MODULE.replace(edit, edit.replace("3.0", "7.0"))
    edited = start(call, text=text)
    assert edited["compiled"] == 1
    assert (edited["out"] == first["out"]) == (edit == "x * 3.0")  # only the rule is in the text
    assert start(call, text=text)["compiled"] == 0


@pytest.mark.parametrize(
    "call",
    [
        "run(loss, x, x, optimize=0)", "run(loss, x, x, wrt='x')",
        "run(loss, x, x, wrt=('w',))", "run(loss, x, x, 1)",
        "run(loss, x.astype('f4'), x)", "run(loss, x[:1], x)",
        "run(loss, x[0], x)", "run(loss, x, 2.0)", "run(loss, x, 2)",
    ],
)  # fmt: skip
def test_another_question_gets_another_answer(start, call):
    start()
    found = start(call)
    assert found["compiled"] == 1
    assert found["out"] == start(call, use_cache=False)["out"]
    assert start(call)["compiled"] == 0


def test_containers_of_one_content_are_told_apart(start):
    """A tuple, a list and a dict with the same elements at the same keys."""
    text = MODULE + "\ndef first(p):\n    return p[0] * p[1] * 1.5\n"
    forms = ["(x[0, 0], 2.0)", "[x[0, 0], 2.0]", "{0: x[0, 0], 1: 2.0}"]
    for form in forms:
        found = start(f"repr(grad(first)({form}))", text=text)
        assert found["compiled"] == 1
        assert found["out"][0] == form[0]


def test_another_version_of_the_compiler(start, monkeypatch):
    start()
    monkeypatch.setattr(specialize, "VERSION", "999.0")
    assert start()["compiled"] == 1
    assert start()["compiled"] == 0
    monkeypatch.undo()


def test_an_edited_compiler(start, monkeypatch):
    start()
    monkeypatch.setattr(specialize, "build", lambda: "edited")
    assert start()["compiled"] == 1


def test_a_build_is_known_by_its_files(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    for name in ("a.py", "inner/b.py"):
        (tmp_path / name).write_text("x = 1")
    monkeypatch.setattr(_version, "__file__", str(tmp_path / "a.py"))
    builds = [_version.build.__wrapped__()]
    (tmp_path / "inner" / "b.py").write_text("x = 10")
    builds.append(_version.build.__wrapped__())
    os.utime(tmp_path / "a.py", ns=(1, 1))
    builds.append(_version.build.__wrapped__())
    (tmp_path / "a.pyc").write_text("")
    assert builds[2] == _version.build.__wrapped__()
    assert len(set(builds)) == 3


def test_a_function_as_argument_that_reads_outside_is_not_stored(start):
    text = MODULE + "\ndef applied(x, fn):\n    return fn(x)\ndef outer(x):\n    return x * SCALE\n"
    assert start("run(applied, 3.0, outer)", text=text)["out"][1] == 2.0
    assert not start.entries()


def test_another_version_of_numpy(start, monkeypatch):
    start()
    monkeypatch.setattr(np, "__version__", "999.0")
    assert start()["compiled"] == 1


DAMAGES = {
    "truncated": lambda data: data[: len(data) // 2],
    "emptied": lambda data: b"",
    "without its last byte": lambda data: data[:-1],
    "tampered with": lambda data: data.replace(b"np.tanh", b"np.sinh"),
    "foreign": lambda data: b"raise SystemExit('executed')\n",
    "of another format": lambda data: data.replace(b"adcompiler-cache 1", b"adcompiler-cache 9"),
    "binary": lambda data: bytes(range(256)) * 10,
    "with a statement before": lambda data: b"raise SystemExit('executed')\n" + data,
    "with a statement behind": lambda data: data + b"\nraise SystemExit('executed')\n",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_rewritten_and_never_executed(start, damage):
    first = start()
    (path,) = start.entries()
    genuine = path.read_bytes()
    path.write_bytes(DAMAGES[damage](genuine))
    assert path.read_bytes() != genuine
    second = start()
    assert (second["compiled"], second["out"]) == (1, first["out"])
    assert path.read_bytes() == genuine
    assert start()["compiled"] == 0


def test_an_entry_under_another_entrys_name(start):
    start()
    start("run(gated, 0.5)")
    one, other = start.entries()
    one.write_bytes(other.read_bytes())
    for call in (LOSS, "run(gated, 0.5)"):
        assert start(call)["out"] == start(call, use_cache=False)["out"]


@pytest.mark.skipif(os.name != "posix", reason="modes as POSIX has them")
@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_an_entry_that_others_may_write_is_not_believed(start, mode):
    start()
    (path,) = start.entries()
    path.chmod(mode)
    assert start()["compiled"] == 1
    assert start()["compiled"] == 0


def test_a_folder_that_cannot_be_written_warns_once(start):
    start.cache.write_text("a file stands where the folder should be")
    with pytest.warns(RuntimeWarning, match="ADCOMPILER_CACHE_DIR") as caught:
        found = start(f"[{LOSS}, run(gated, 0.5)]")
    assert found["compiled"] == 2
    assert len(caught) == 1
    assert str(start.cache) in str(caught[0].message)
    assert start()["compiled"] == 1


def test_lines_elsewhere_in_the_file_do_not_matter(start):
    start()
    moved = MODULE.replace("SCALE = 2.0", "# a comment\n\nSCALE = 2.0")
    assert start(text=moved)["compiled"] == 0


def test_two_processes_at_once(start):
    found = [finished(process) for process in [start.process() for _ in range(3)]]
    assert all(one["out"] == found[0]["out"] and not one["stderr"] for one in found)
    assert [path.suffix for path in start.cache.iterdir()] == [".py"]
    assert start()["compiled"] == 0


def test_what_has_no_description_is_simply_not_kept(start):
    text = MODULE + "\ndef ignoring(x, mark):\n    return x * x\n"
    for _ in range(2):
        assert start("run(ignoring, 0.5, object())", text=text)["compiled"] == 1
    assert start.entries() == []


def test_a_closure_with_an_empty_cell(start):
    text = (
        MODULE
        + """
def make():
    def helper(x):
        return x * x if x > 0 or later else x

    def f(x):
        return helper(x)

    g = grad(f)
    try:
        g(2.0)
    except Exception as error:
        found = type(error).__name__
    later = True
    return found, g(2.0)
"""
    )
    assert start("make()", text=text)["out"] == ("UnsupportedError", 4.0)


CLASSES = MODULE + """
import functools
from dataclasses import dataclass

class Base:
    k = 2.0

    def loss(self, w):
        return np.sum(w * w) * self.lr * self.k

class Model(Base):
    def __init__(self, lr=0.5, act=np.tanh):
        self.lr, self.act = lr, act

    def loss(self, w):
        return super().loss(w) + np.sum(self.act(w))

@dataclass
class State:
    x: object
    k: float = 3.0

def made(x):
    s = State(x)
    return np.sum(s.x * s.x) * s.k

def partly(a, x):
    return np.sum(x * x) * a
"""


def test_methods_in_a_fresh_process(start):
    call = "[run(Model().loss, x), run(functools.partial(partly, 2.0), x), run(made, x)]"
    cold = start(call, text=CLASSES)
    assert cold["compiled"] == 3
    assert start(call, text=CLASSES) == {**cold, "compiled": 0, "lowered": 0}
    other = start("run(Model(lr=5.0).loss, x)", text=CLASSES)
    assert other["compiled"] == 0
    assert other["out"] == start("run(Model(lr=5.0).loss, x)", text=CLASSES, use_cache=False)["out"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.lr * self.k", "self.lr * self.k * 10.0"),  # in the base class
        ("np.sum(self.act(w))", "np.sum(self.act(w)) * 2"),
        ("act=np.tanh", "act=np.sin"),
        ("k: float = 3.0", "k: float = 4.0"),  # a default that the text has as a number
        ("class State:", "class State:\n    y: object = 1.0"),
    ],
)
def test_a_class_that_changed(start, old, new):
    call = "[run(Model().loss, x), run(made, x)]"
    start(call, text=CLASSES)
    changed = CLASSES.replace(old, new)
    if "y: object" in new:
        changed = changed.replace("State(x)", "State(x=x)")
        changed = changed.replace("    x: object\n", "").replace("    y:", "    x: object\n    y:")
    found = start(call, text=changed)
    assert found["compiled"] >= 1
    assert found["out"] == start(call, text=changed, use_cache=False)["out"]
