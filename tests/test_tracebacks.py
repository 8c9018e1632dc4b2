"""Tracebacks through emitted text name the user's lines, where Python's own would."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

from adcompiler import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    pipeline,
    primitive,
    sigmoid,
    tracebacks,
    value_and_grad,
    vjp,
    vmap,
)  # fmt: skip
from tests.test_exceptions import CASES

HERE = Path(__file__).name


def shown(call, *args, **kwargs):
    """(name, line, text) of each frame of the users' files behind this one, and the exception."""
    with pytest.raises(BaseException) as caught:
        call(*args, **kwargs)
    frames = traceback.extract_tb(caught.value.__traceback__)[1:]
    kept = [f for f in frames if Path(f.filename).parent == Path(__file__).parent]
    return [(f.name, f.lineno, f.line) for f in kept], caught.value


def layer(x):
    scaled = x * 2.0
    return 1.0 / (scaled - 2.0)


def loss(x, b):
    h = b + 1.0
    return (h * x
            + layer(x))


def power(x, n):
    if n == 0:
        return layer(x) * x
    return power(x, n - 1) * x


def powers(x, n):
    y = x + 1.0
    return power(y - 1.0, n) + power(x, n) * 2.0


def with_lambda(x):
    inverse = lambda v: 1.0 / v  # noqa: E731
    return [inverse(x - k) for k in (0.0, 1.0)][1]


def nested(x):
    def inner(v):
        return 1.0 / (v - 1.0)

    return sum(inner(x) for _ in range(2))


PROGRAMS = [
    (loss, (1.0, 2.0)), (powers, (1.0, 3)), (with_lambda, (1.0,)), (nested, (1.0,)),
    *((function, args) for function, args, _ in CASES),
]  # fmt: skip


@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(
    ("function", "args"), PROGRAMS, ids=lambda c: getattr(c, "__name__", "")
)
def test_the_frames_are_the_users_own(function, args, level, columns, monkeypatch):
    if not columns:  # as on Python 3.10
        monkeypatch.setattr(tracebacks, "_position", lambda code, lasti: None)
        tracebacks._number.cache_clear()
    expected, _ = shown(function, *args)
    expected = [found for found in expected if found[0] not in ("<genexpr>", "<listcomp>")]
    found, error = shown(value_and_grad(function, optimize=level), *args)
    assert [line for _, line, _ in found] == [line for _, line, _ in expected]
    assert [name for name, _, _ in found] == [name for name, _, _ in expected]
    emitted = traceback.extract_tb(error.__traceback__)
    assert any(f.filename.startswith("<adcompiler ") and f.line for f in emitted)


@primitive
def solved(a, b):
    return b * a


@solved.backward
def solved_rule(g, a, b, out):
    inverse = np.linalg.inv(a)
    return g * inverse, g * a


def through_gate(a, b):
    y = solved(a, b)
    return np.sum(y)


SINGULAR = np.zeros((2, 2)), np.ones((2, 2))
BACKWARD = [
    ("derivative of through_gate", "y = solved(a, b)"),
    ("derivative of solved_rule", "inverse = np.linalg.inv(a)"),
]


def test_a_line_of_the_backward_part_is_its_gates_line():
    found, error = shown(grad(through_gate), *SINGULAR)
    assert [(name, text) for name, _, text in found] == BACKWARD
    assert type(error) is np.linalg.LinAlgError and error.args == ("Singular matrix",)
    assert not hasattr(error, "__notes__") and error.__context__ is None


def pulled(f, *args):
    _, pullback = vjp(f, *args)
    return pullback(1.0)


def quotient(x, y):
    return x * x / y


@pytest.mark.parametrize("call", [
    lambda: vjp(quotient, 1.0, 0.0),
    lambda: jvp(quotient, (1.0, 0.0), (1.0, 0.0)),
    lambda: hvp(quotient, 1.0, 0.0, 1.0),
    lambda: hessian(quotient)(1.0, 0.0),
    lambda: jacobian(quotient, mode="reverse")(1.0, 0.0),
    lambda: grad(grad(quotient))(1.0, 0.0),
    lambda: value_and_grad(quotient)(1.0, 0.0),
    lambda: grad(quotient)(1.0, 0.0),
])  # fmt: skip
def test_each_mode(call):
    found, _ = shown(call)
    assert {text for name, _, text in found if "quotient" in name} == {"return x * x / y"}


def test_a_rule_is_its_own_calls():
    def twice(a, b):
        y = solved(a + 1.0, b)
        return np.sum(y * solved(a, b))

    found, _ = shown(grad(twice), np.diag([1.0, 0.0]), np.ones((2, 2)))
    assert [text for _, _, text in found] == ["return np.sum(y * solved(a, b))", BACKWARD[1][1]]


def test_our_own_rules_are_the_users_call():
    def activated(x):
        y = sigmoid(x)
        return y / (x - 1.0)

    found, _ = shown(value_and_grad(activated), 1.0)
    assert [text for _, _, text in found] == ["return y / (x - 1.0)"]
    origins = grad(activated)
    origins(2.0)
    (entry,) = origins._entries.values()
    assert {home.name for home in entry[0].emitted.origins.homes} == {"activated"}


def test_a_pullback():
    found, _ = shown(pulled, through_gate, *SINGULAR)
    assert [(name, text) for name, _, text in found][1:] == BACKWARD


def test_a_batch():
    def solve(a, b):
        return np.linalg.solve(a, b)

    found, _ = shown(vmap(solve), np.zeros((3, 2, 2)), np.ones((3, 2)))
    assert [(name, text) for name, _, text in found] == [
        ("solve", "return np.linalg.solve(a, b)")
    ]


def test_a_gradient_within_what_is_called():
    inside = grad(quotient)

    @primitive(opaque=True, result="float")
    def called(x):
        return inside(x, x - 1.0)

    @called.backward
    def rule(g, x, out):
        return g

    def around(x):
        return called(x) * 2.0

    found, _ = shown(grad(around), 1.0)
    assert [name for name, _, _ in found] == ["around", "called", "derivative of quotient"]


def test_columns_are_the_expressions():
    if sys.version_info < (3, 11):
        pytest.skip("Python keeps no columns")

    def größe(wert, teiler):
        größer = wert * 2.0; return größer + größer / teiler

    with pytest.raises(ZeroDivisionError) as caught:
        value_and_grad(größe)(1.0, 0.0)
    text = "".join(traceback.format_exception(caught.value))
    line = next(t for t in text.splitlines() if t.strip().startswith("größer = "))
    marks = text.splitlines()[text.splitlines().index(line) + 1]
    start, stop = marks.index(marks.strip()), len(marks)
    assert line[start:stop] == "größer / teiler"


def test_interruptions_and_causes():
    cause = KeyError("why")

    @primitive(opaque=True, result="float")
    def stops(x):
        raise KeyboardInterrupt from cause

    @stops.backward
    def rule(g, x, out):
        return g

    def long_run(x):
        return stops(x) * x

    found, error = shown(value_and_grad(long_run), 1.0)
    assert [name for name, _, _ in found] == ["long_run", "stops"]
    assert error.__cause__ is cause


def load(path, text):
    path.write_text(text)
    name = f"traceback_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TEXT = """
def helper(x):
    y = x - 1.0
    return 1.0 / y

def f(x):
    return helper(x) * 2.0
"""


def lines(module):
    found = []
    with pytest.raises(ZeroDivisionError) as caught:
        value_and_grad(module.f)(1.0)
    for frame in traceback.extract_tb(caught.value.__traceback__):
        if frame.filename == module.__file__:
            found.append((frame.lineno, frame.line))
    return found


def test_from_the_disk_cache_and_where_the_file_has_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "model.py"
    own = [(7, "return helper(x) * 2.0"), (4, "return 1.0 / y")]
    assert lines(load(path, TEXT)) == own
    monkeypatch.setattr(pipeline, "compile_gradient", None)  # from here on all is in the cache
    assert lines(load(path, TEXT)) == own
    assert lines(load(path, "# moved\n" + TEXT)) == [(8, own[0][1]), (5, own[1][1])]
    commented = TEXT.replace("    return 1.0", "    # why\n    return 1.0")
    assert lines(load(path, commented)) == [(8, own[0][1])]


def test_pickled_where_the_function_is_not(tmp_path):
    module = load(tmp_path / "shipped.py", TEXT)
    gradient = grad(module.f)
    gradient(2.0)
    shipped = pickle.dumps(gradient)
    del sys.modules[module.__name__]
    with pytest.raises(ZeroDivisionError) as caught:
        pickle.loads(shipped)(1.0)
    found = traceback.extract_tb(caught.value.__traceback__)
    assert [f.lineno for f in found if f.filename == module.__file__] == [7, 4]
