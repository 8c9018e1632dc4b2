"""The generator of random programs itself: deterministic, and it sees what it is there to see."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import driving
import pytest

from adcompiler import grad, value_and_grad
from adcompiler.ops import TABLE
from adcompiler.transform.reverse import reverse
from adcompiler.transform.saves import legalise_saves
from tests.generator.differences import along
from tests.generator.oracles import assert_program, judge
from tests.generator.program import FEATURES, load, program
from tests.generator.report import judged, main
from tests.generator.shrinking import regression_test, shrink

ROOT = Path(__file__).parents[1]

PLAIN = """
import math

def helper(t):
    u = t * 2.0
    return math.tanh(u)

def f(x, y):
    a = x * y
    b = 0.0
    for i in range(3):
        if a > 10.0:
            a = 0.5 * a
        b = b + helper(a) * y
    c = b + 3.0
    return b * x + c

def arguments():
    return {"x": 0.7, "y": -0.4}
"""


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")


def test_a_seed_is_a_program() -> None:
    assert program(12) == program(12)
    assert len({program(seed).text for seed in range(100)}) == 100


def test_a_seed_is_the_same_program_in_another_process() -> None:
    command = [sys.executable, "-m", "tests.generator", "--show", "--start", "3", "--count", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n\n".join(f"# {s}\n{program(s).text}" for s in range(3, 7)) + "\n"


def test_every_feature_is_drawn_and_every_program_is_python() -> None:
    drawn = set()
    for seed in range(300):
        made = program(seed)
        ast.parse(made.text)
        drawn |= made.features
    assert drawn == set(FEATURES)


def test_most_programs_run() -> None:
    """A program that fails by itself says little about the compiler."""
    failed = 0
    for seed in range(200):
        module = load(program(seed).text)
        try:
            with driving.np.errstate(all="ignore"):
                driving.quiet(lambda m=module: m.f(**m.arguments()))
        except Exception:
            failed += 1
    assert failed < 10


def test_a_sound_program_passes() -> None:
    assert judge(PLAIN).kind == "passed"
    assert_program(PLAIN)


def test_a_refusal_is_counted_by_its_code() -> None:
    verdict = judge(PLAIN.replace("a = x * y", "a = x * y; global g"))
    assert (verdict.kind, verdict.what) == ("refused", "unsupported-statement")


def test_a_kink_is_seen_and_skipped() -> None:
    verdict = judge(PLAIN.replace("c = b + 3.0", "c = abs(x - 0.7002)"))
    assert (verdict.kind, verdict.what) == ("skipped", "ill-conditioned")
    assert along(abs, 1e-4).trouble and along(abs, 0.0).trouble and not along(abs, 0.1).trouble
    assert along(lambda t: 0.0 if t < 1e-3 else 1.0).trouble


def test_a_wrong_rule_of_a_gate_is_found() -> None:
    """Through the whole compiler: the user's own rule is wrong."""
    gate = """
from adcompiler import primitive

@primitive
def helper(t):
    return t * t

@helper.backward
def rule(g, t, y):
    return g * t * 2.0001
"""
    text = PLAIN.replace("def helper(t):\n    u = t * 2.0\n    return math.tanh(u)", gate)
    assert judge(text).what == "gradient"
    assert judge(text.replace("2.0001", "2.0")).kind == "passed"


@dataclass(frozen=True)
class Interpreted:
    """`value_and_grad` by the interpreter, with a table of derivatives of one's own."""

    function: Callable[..., Any]
    wrt: tuple[str, ...]
    table: Any
    value: bool

    def __call__(self, **arguments: Any) -> Any:
        case = driving.case(self.function, *arguments.values())
        parameters = [case.lowered.arguments[name] for name in self.wrt]
        gradient = legalise_saves(
            reverse(case.function, parameters, "g", value=self.value, table=self.table)
        )
        found = driving.run(gradient, (*case.inputs, 1.0))
        return (found[0], tuple(found[1:])) if self.value else tuple(found)


@pytest.mark.parametrize(("factor", "kind"), [(1.0, "passed"), (1.000001, "failed")])
def test_a_wrong_derivative_in_the_table_is_found(factor: float, kind: str) -> None:
    tanh = TABLE["tanh"]
    (right,) = tanh.rules
    wrong = replace(tanh, rules=(lambda g, *a, **k: right(g, *a, **k) * factor,))
    table = {**TABLE, "tanh": wrong}

    def take(f: Any, wrt: Any, optimize: int = 1, value: bool = True) -> Interpreted:
        return Interpreted(f, wrt, table, value)

    def take_gradient(f: Any, wrt: Any) -> Interpreted:
        return take(f, wrt, value=False)

    verdict = judge(PLAIN, take, take_gradient)
    assert verdict.kind == kind, verdict.detail


@dataclass(frozen=True)
class Broken:
    """A gradient with one thing wrong with what a call gives."""

    inner: Any
    fault: Callable[..., Any]

    def __call__(self, **arguments: Any) -> Any:
        return self.fault(arguments, *self.inner(**arguments))


def _value_off(arguments: Any, value: Any, gradients: Any) -> Any:
    return math.nextafter(value, 9.0), gradients


def _type_off(arguments: Any, value: Any, gradients: Any) -> Any:
    return driving.np.float64(value), gradients


def _prints(arguments: Any, value: Any, gradients: Any) -> Any:
    print(value)
    return value, gradients


def _shape_off(arguments: Any, value: Any, gradients: Any) -> Any:
    return value, (driving.np.array([gradients[0]]), gradients[1])


@pytest.mark.parametrize(
    ("fault", "what"),
    [(_value_off, "value"), (_type_off, "value"), (_prints, "printed"),
     (_shape_off, "shape or dtype")],
)  # fmt: skip
def test_each_oracle_sees_its_fault(fault: Any, what: str) -> None:
    verdict = judge(PLAIN, lambda f, wrt, optimize=1: Broken(value_and_grad(f, wrt), fault))
    assert (verdict.kind, verdict.what) == ("failed", what)


def test_levels_that_differ_are_found() -> None:
    def take(f: Any, wrt: Any, optimize: int = 1) -> Any:
        def off(arguments: Any, value: Any, gradients: Any) -> Any:
            return value, tuple(g * (1 + 1e-9 * optimize) for g in gradients)

        return Broken(value_and_grad(f, wrt), off)

    assert judge(PLAIN, take).what == "levels"


def test_changed_arguments_are_found() -> None:
    text = PLAIN.replace("return b * x + c", "return b * x + c + z.sum()").replace(
        "f(x, y)", "f(x, y, z)").replace('"y": -0.4', '"y": -0.4, "z": np.ones(3)'
    ).replace("import math", "import math\nimport numpy as np")  # fmt: skip

    def touch(arguments: Any, value: Any, gradients: Any) -> Any:
        arguments["z"][0] = 7.0
        return value, gradients

    assert judge(text).kind == "passed"
    verdict = judge(text, lambda f, wrt, optimize=1: Broken(value_and_grad(f, wrt), touch))
    assert verdict.what == "arguments"


def test_an_internal_error_is_a_failure_with_its_place() -> None:
    def take(f: Any, wrt: Any, optimize: int = 1) -> Any:
        raise KeyError("inside")

    verdict = judge(PLAIN, take)
    assert verdict.kind == "failed"
    assert verdict.what.startswith("KeyError in")


def test_the_shrinker_shrinks() -> None:
    """What is left is what the fault needs, a call of tanh."""

    def failure(text: str) -> str:
        module = load(text)
        driving.quiet(lambda: module.f(**module.arguments()))
        return "tanh" if "math.tanh(" in text.split("def f")[0] and "helper(" in text.split(
            "def f")[1] else ""  # fmt: skip

    def careful(text: str) -> str:
        try:
            return failure(text)
        except Exception:
            return ""

    small = shrink(PLAIN, "tanh", careful, seconds=30)
    assert careful(small) == "tanh"
    assert len(small.splitlines()) <= 12
    assert "for" not in small and "if" not in small and "c = " not in small
    assert len(small) < len(PLAIN) // 2


def test_a_shrunk_program_is_printed_as_a_test() -> None:
    text = "def f(x):\n    return x * x\n\ndef arguments():\n    return {'x': 2.0}\n"
    shown = regression_test('seed 5', text, judge(text))
    namespace: dict[str, Any] = {"assert_program": assert_program}
    exec(f"import textwrap\n{shown}", namespace)
    namespace["test_seed_5"]()


def test_the_report(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    code = main(["--count", "12", "--start", "30", "--jobs", "1", "--output", str(path)])
    text = path.read_text()
    assert code == 0
    assert text.startswith("12 programs in ")
    assert "differs in a fresh process: none" in text
    assert "by feature" in text


def test_judging_counts_time_and_gives_the_program() -> None:
    found = judged(4)
    assert found.program == program(4)
    assert found.seconds > 0
    assert grad(load(PLAIN).f, ("x", "y"))(0.7, -0.4)
