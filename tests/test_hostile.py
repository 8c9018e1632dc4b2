"""What was never meant to be compiled is refused, or compiled, and never an internal error.

All of it: python -m tests.hostile --libraries (or ADCOMPILER_HOSTILE=1 for this file).
"""

from __future__ import annotations

import os
import types

import pytest

from adcompiler import UnsupportedError
from adcompiler.diagnostics import Diagnostic
from tests.hostile.functions import LIBRARIES, STANDARD, functions, skipped_modules
from tests.hostile.run import compiled, main, tried

ALL = bool(os.environ.get("ADCOMPILER_HOSTILE"))
SAMPLE = 1 if ALL else 40


@pytest.mark.parametrize("name", STANDARD)
def test_standard_library(name: str) -> None:
    outcomes = tried(name, every=SAMPLE, start=len(name))
    assert [o for o in outcomes if o.kind == "defect"] == []


@pytest.mark.parametrize("name", LIBRARIES if ALL else LIBRARIES[::8])
def test_libraries(name: str) -> None:
    outcomes = tried(name, every=SAMPLE, start=len(name))
    assert [o for o in outcomes if o.kind == "defect"] == []


def test_forty_modules() -> None:
    assert len(STANDARD) >= 40
    assert len(set(STANDARD) - set(skipped_modules())) >= 40


def test_functions_are_found_everywhere() -> None:
    """Methods, properties, static and class methods, nested functions and lambdas."""
    found = {f.__qualname__ for f in functions("statistics")}
    assert {"mean", "NormalDist.pdf", "NormalDist.mean", "NormalDist.from_samples"} <= found
    assert any("<locals>" in f.__qualname__ or "<lambda>" in f.__qualname__
               for f in functions("functools"))  # fmt: skip


def test_nothing_is_called() -> None:
    def effect(x):
        calls.append(x)
        return x * x

    calls: list[float] = []
    assert compiled(effect, "floats").kind in ("compiled", "refused")
    assert calls == []


def test_some_compile_and_what_is_refused_says_why() -> None:
    outcomes = [o for name in ("colorsys", "statistics") for o in tried(name)]
    assert sum(o.kind == "compiled" for o in outcomes) > 1
    assert all(o.what for o in outcomes if o.kind == "refused")


def test_an_internal_error_is_a_defect_with_its_place() -> None:
    def breaks(function: types.FunctionType, kinds: object) -> None:
        raise KeyError(function.__name__)

    found = compiled(functions_of_colorsys()[0], "floats", breaks)
    assert found.kind == "defect"
    assert found.what.startswith("KeyError in test_hostile.py:breaks")


def test_an_incomplete_diagnostic_is_a_defect() -> None:
    def refuses(function: types.FunctionType, kinds: object) -> None:
        raise UnsupportedError(Diagnostic("code", "a reason without a full stop", "advice."))

    assert compiled(functions_of_colorsys()[0], "floats", refuses).kind == "defect"


def functions_of_colorsys() -> list[types.FunctionType]:
    return list(functions("colorsys"))


def test_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorsys", "--jobs", "1"]) == 0
    assert " 0 defect" in capsys.readouterr().out
