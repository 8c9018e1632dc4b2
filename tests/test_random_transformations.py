"""Random programs by forward mode, and differentiated twice (tests/generator/transformed.py).

A longer run: ADCOMPILER_PROGRAMS=2000 python -m pytest tests/test_random_transformations.py -n 2
"""

from __future__ import annotations

import os

import pytest

from tests.generator.program import program
from tests.generator.transformed import judge_transformed

COUNT = int(os.environ.get("ADCOMPILER_PROGRAMS", "48"))
FIRST = 10_000  # other programs than those of the gradient's own tests


@pytest.mark.parametrize("start", range(FIRST, FIRST + COUNT, 8))
def test_programs(start: int) -> None:
    kinds = []
    for seed in range(start, min(start + 8, FIRST + COUNT)):
        verdict = judge_transformed(program(seed).text)
        assert verdict.kind != "failed", f"{seed}: {verdict}\n{verdict.detail}"
        kinds.append(verdict.kind)
    assert "passed" in kinds
