"""Random programs: value, gradient, levels, interpreter, a fresh process (tests/generator).

A longer run: ADCOMPILER_PROGRAMS=5000 python -m pytest tests/test_random_programs.py -n 2
With a report and shrunk failures: python -m tests.generator --count 10000 --jobs 2
"""

from __future__ import annotations

import os

import pytest

from tests.generator.calls import calls
from tests.generator.program import program
from tests.generator.report import is_text, judged, same_in_another_process, texts
from tests.generator.shrinking import regression_test, shrink

COUNT = int(os.environ.get("ADCOMPILER_PROGRAMS", "160"))
CHUNK = 8


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_programs(start: int) -> None:
    for seed in range(start, min(start + CHUNK, COUNT)):
        found = judged(seed)
        if found.verdict.kind == "failed":
            small = shrink(found.program.text, found.verdict.what, seconds=60)
            shown = regression_test(found.program.name, small, found.verdict)
            pytest.fail(f"{found.verdict.detail}\n\n{shown}\n\n# was\n{program(seed).text}")


def test_most_features_compile() -> None:
    """The programs say something: of the first of them, a good share is compiled."""
    found = texts(range(0, 240, 8)).values()
    assert sum(is_text(one) for one in found) >= len(found) // 4


@pytest.mark.parametrize("part", range(8))
def test_calls(part: int) -> None:
    """Functions of the table with arguments of every kind; all of them with --calls."""
    for call in list(calls())[part :: 8 if "ADCOMPILER_PROGRAMS" in os.environ else 8 * 15]:
        verdict = judged(call).verdict
        assert verdict.kind != "failed", f"{call}: {verdict}\n{verdict.detail}"


def test_fresh_process() -> None:
    """The same text in another process, with another hash seed, in another order."""
    assert same_in_another_process(list(range(0, COUNT, max(8, COUNT // 60)))) == []
