"""Imports point one way, as the table of rooms in the design says."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import adcompiler
from adcompiler import ops, optimize

ROOT = Path(__file__).parent.parent / "adcompiler"

# What each room may import of the others; everything may import `diagnostics`.
MAY_IMPORT = {
    "diagnostics": set(),
    "ir": {"diagnostics"},
    "runtime": {"diagnostics"},
    "ops": {"diagnostics", "ir", "runtime"},
    "frontend": {"diagnostics", "ir", "ops", "runtime"},
    "transform": {"diagnostics", "ir", "ops"},
    "optimize": {"diagnostics", "ir", "ops"},
    "codegen": {"diagnostics", "ir", "ops", "optimize", "runtime"},
}
TOP = "what stands on all rooms"
ASTOR = {"codegen/text.py"}
NUMERIC = {"numpy"}
OPTIONAL = {"scipy", "sklearn", "numba", "jax", "torch", "autograd", "matplotlib", "hypothesis",
            "pygraphviz"}  # fmt: skip
FILES = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.py"))


def room(path: str) -> str:
    first = path.split("/")[0].removesuffix(".py")
    return first if first in MAY_IMPORT else TOP


@functools.cache
def imports(path: str) -> list[tuple[str, bool]]:
    """The absolute names of what a file imports, and whether it does so when it is imported."""
    tree = ast.parse((ROOT / path).read_text())
    lazy = {id(inner) for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)
            for inner in ast.walk(node)}  # fmt: skip
    lazy |= {id(inner) for node in tree.body if isinstance(node, ast.If)
             and "TYPE_CHECKING" in ast.dump(node.test) for inner in ast.walk(node)}  # fmt: skip
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(name, id(node) not in lazy) for name in _absolute(path, node)]
    return found


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _absolute(path: str, node: ast.ImportFrom) -> list[str]:
    if not node.level:
        return [node.module or ""]
    package = ["adcompiler", *path.split("/")[:-1]]
    base = package[: len(package) - node.level + 1]
    if node.module:
        return [".".join([*base, node.module])]
    return [".".join([*base, alias.name]) for alias in node.names]


def _room_of(name: str) -> str | None:
    parts = name.split(".")
    if parts[0] != "adcompiler":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else TOP


@pytest.mark.parametrize("path", FILES)
def test_imports_point_one_way(path):
    own = room(path)
    if own == TOP:
        return
    for name, _ in imports(path):
        other = _room_of(name)
        if other is not None and other != own:
            assert other in MAY_IMPORT[own], f"{own} may not import {name}"


@pytest.mark.parametrize("path", FILES)
def test_astor_has_one_importer(path):
    names = {name.split(".")[0] for name, _ in imports(path)}
    assert "astor" not in names or path in ASTOR


@pytest.mark.parametrize("path", FILES)
def test_the_runtime_needs_numpy_alone(path):
    if room(path) == "runtime":
        names = {name.split(".")[0] for name, _ in imports(path)} - {"adcompiler"}
        assert names <= NUMERIC | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", FILES)
def test_optional_packages_are_imported_lazily(path):
    eager = {name.split(".")[0] for name, now in imports(path) if now}
    assert not eager & OPTIONAL


LIGHT = """
import sys
import numpy
import adcompiler
print([m for m in sys.modules if m.split(".")[:2] in (["adcompiler", "transform"],)
       or m in ("adcompiler.ops.table", "adcompiler.pipeline", "astor", "scipy")])
from adcompiler import *
assert check_grads is adcompiler.check_grads and lower.__module__ == "adcompiler.graph"
assert adcompiler.ops.TABLE["exp"] is adcompiler.ops.lookup(numpy.exp)[0]
"""


def test_the_compiler_is_loaded_when_it_is_needed():
    ran = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]\n", "")


def test_packages_that_load_later_name_what_they_have():
    for package in (adcompiler, ops, optimize):
        for name in package.__all__:
            assert getattr(package, name) is not None
        with pytest.raises(AttributeError, match="has no attribute 'absent'"):
            package.absent  # noqa: B018


THREADS = """
import sys, threading
import numpy as np
import adcompiler
from adcompiler import grad, hessian, jvp

def f(x):
    return np.sum(x * x)

def run(k):
    ready.wait()
    calls = [lambda: grad(f)(x)[0], lambda: jvp(f, (x,), (x / 6.0,))[1],
             lambda: hessian(f)(x)[0, 0], lambda: adcompiler.lower(f).forward(x) * 2.0 / 3.0]
    found.append(float(calls[k % 4]()))

sys.setswitchinterval(1e-5)
x, found, ready = np.ones(3), [], threading.Barrier(8)
threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(np.allclose(sorted(found), [1, 1, 2, 2, 2, 2, 2, 2]))
"""


def test_the_compiler_is_loaded_once_by_many_threads(tmp_path):
    program = tmp_path / "threads.py"  # text that can be read
    program.write_text(THREADS)
    folder = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, env=folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "True\n", "")
