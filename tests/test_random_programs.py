"""Random programs: forward bit for bit, gradient against differences, both levels, interpreter.

A longer run: ADCOMPILER_PROGRAMS=5000 python -m pytest tests/test_random_programs.py
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import program

from adcompiler import grad, value_and_grad
from adcompiler.diagnostics import AdcompilerError

COUNT = int(os.environ.get("ADCOMPILER_PROGRAMS", "60"))
NAMES = ("xs", "ys", "xa")
POINT = (0.7313, -0.4127, np.array([0.3129, -0.8173, 1.0971]))


def load(folder: Path, seed: int, jumps: bool) -> Any:
    path = folder / f"program_{seed}.py"
    path.write_text(program(seed, jumps))
    spec = importlib.util.spec_from_file_location(f"program_{seed}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


def flat(gradients: Any) -> np.ndarray[Any, Any]:
    return np.concatenate([np.ravel(g) for g in gradients])


def differences(function: Any, n: int, step: float) -> np.ndarray[Any, Any]:
    """Central differences in all five directions."""
    base = flat(POINT)

    def at(point: np.ndarray[Any, Any]) -> float:
        return float(function(float(point[0]), float(point[1]), point[2:].copy(), n))

    return np.array([(at(base + d) - at(base - d)) / (2 * step) for d in step * np.eye(5)])


# Seeds that have found a defect. 696: a tape that only goes on another tape had no lifetime, and so
# shared its name with a tape that was made meanwhile. 3620: a shape was asked of what only one side
# of a branch defines. 3895: a conditional expression that also hands on a value for a tape.
FOUND = (696, 3620, 3895)


@pytest.mark.parametrize("seed", sorted({*range(COUNT), *FOUND}))
def test_program(seed: int, tmp_path: Path) -> None:
    check(load(tmp_path, seed, False), seed % 4)


# The same for programs with jumps. 139: an inner loop began with the flag of a loop before it, and
# a flag's variable was never set. 155: what a loop returned was copied where nothing had been.
# 452, 590, 694: so were variables that only some paths assign. 3084: a shape was asked, for a tape,
# of what the path taken does not define.
JUMPS_FOUND = (139, 155, 171, 452, 590, 694, 3084)


@pytest.mark.parametrize("seed", sorted({*range(COUNT // 2), *JUMPS_FOUND}))
def test_program_with_jumps(seed: int, tmp_path: Path) -> None:
    check(load(tmp_path, seed, True), seed % 4)


def check(function: Any, n: int) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            wanted = function(*POINT, n)
        except (ValueError, TypeError, UnboundLocalError, OverflowError):
            pytest.skip("the program itself fails")
        found = []
        for level in (0, 1):
            try:
                value, gradients = value_and_grad(function, NAMES, optimize=level)(*POINT, n)
            except AdcompilerError as error:
                assert error.diagnostics[0].code in ("ambiguous", "type-mismatch")
                pytest.skip(str(error.diagnostics[0].code))
            assert type(value) is type(wanted)
            assert value == wanted
            found += [flat(gradients), flat(grad(function, NAMES, optimize=level)(*POINT, n))]
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], rtol=1e-9, atol=1e-12)
        estimates = [differences(function, n, step) for step in (1e-5, 1e-6, 1e-7)]
    # Some programs bend sharply: one step size out of three has to fit.
    assert any(np.allclose(found[0], e, rtol=2e-4, atol=1e-5) for e in estimates), found[0]
