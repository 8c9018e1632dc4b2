"""The same input gives the same bytes: in any process, with any hash seed, on any Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"

# Every golden case, both levels, as module and as SSA: the cases cover the language.
DRIVER = """
import importlib.util, json, sys
from pathlib import Path
from adcompiler import grad, value_and_grad
found = {}
paths = [p for p in sorted(Path(sys.argv[1]).glob("*.py")) if not p.stem.endswith(("_O0", "_O1"))]
if sys.argv[2:]:
    paths.reverse()
for path in paths:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    case = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(case)
    for level in (0, 1):
        for take in (grad, value_and_grad):
            g = take(case.FUNCTION, wrt=case.WRT, optimize=level)
            found[f"{path.stem} {level} {take.__name__}"] = g.module(*case.ARGUMENTS)
            found[f"{path.stem} {level} {take.__name__} ir"] = g.ir(*case.ARGUMENTS)
print(json.dumps(found, sort_keys=True))
"""


def everything(python=sys.executable, *flags, **environment):
    path = os.pathsep.join([str(ROOT), *environment.pop("PATHS", ())])
    env = {**os.environ, "ADCOMPILER_CACHE": "0", "PYTHONPATH": path, **environment}
    done = subprocess.run(
        [str(python), "-c", DRIVER, str(GOLDEN), *flags], env=env, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def reference():
    found = everything(PYTHONHASHSEED="1")
    assert len({name.split()[0] for name in found}) >= 15
    return found


# With each seed another thing that must not show in the text: what was compiled before, and whether
# Python runs its assertions.
@pytest.mark.parametrize(
    ("seed", "flags", "environment"),
    [("0", (), {}), ("2", ("reversed",), {}), ("4294967295", (), {"PYTHONOPTIMIZE": "2"})],
    ids=["plainly", "in_another_order", "optimised"],
)
def test_any_hash_seed(reference, seed, flags, environment):
    found = everything(sys.executable, *flags, PYTHONHASHSEED=seed, **environment)
    assert found.keys() == reference.keys()
    assert [name for name in reference if found[name] != reference[name]] == []


def other_pythons():
    """Pythons of other versions that have this project's dependencies, by version."""
    named = os.environ.get("ADCOMPILER_PYTHONS", "").split(os.pathsep)
    folders = [Path.home() / ".pyenv" / "versions", *map(Path, filter(None, named))]
    found = {}
    for minor in (10, 11, 12, 13):
        if minor == sys.version_info.minor:
            continue
        candidates = [c for f in folders for c in sorted(f.glob(f"3.{minor}.*/bin/python"))]
        for candidate in candidates:
            ask = [candidate, "-c", "import numpy, astor, click"]
            if subprocess.run(ask, capture_output=True).returncode == 0:
                found[minor] = candidate
    return found


@pytest.mark.parametrize("minor", [10, 11, 12, 13])
def test_any_python(reference, minor):
    if minor == sys.version_info.minor:
        pytest.skip("the one that runs the tests")
    python = other_pythons().get(minor)
    if python is None:
        pytest.skip(f"no Python 3.{minor} with NumPy, astor and click found")
    found = everything(python)
    assert [name for name in reference if found[name] != reference[name]] == []
