"""What a gradient costs to call and to compile, as ratios within one run.

python -m tests.benchmarks            print a Markdown table; status 1 if a figure is missed
python -m tests.benchmarks --quick    fewer rounds
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import itertools
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a file: let `tests` and `adcompiler` be found
    sys.path.insert(0, str(Path(__file__).parents[2]))

from adcompiler import grad
from tests.benchmarks.calling import calling, importing
from tests.benchmarks.checkpoints import checkpoints
from tests.benchmarks.derivatives import derivatives
from tests.benchmarks.growing import growing
from tests.benchmarks.measure import Figure, interleaved, table
from tests.benchmarks.stores import stores

THIRTY_LINES = """\
import math
import numpy as np


def layer(w, b, x):
    h = w * x + b
    return math.tanh(h)


def loss(w, x, v, y, n):
    a = layer(w, v, x)
    b = layer(v, w, a)
    c = a * b + x
    if c > 0.5:
        d = c * c
        e = math.sin(d)
    else:
        d = c
        e = math.exp(d)
    total = 0.0
    for i in range(n):
        total = total + e * a
        a = a * 0.9
    r = (total - y) ** 2
    s = math.sqrt(r + 1.0)
    p = s * w
    q = p + r
    u = q * 0.5
    return u + math.log(s)
"""
ARGUMENTS = (0.5, 1.5, -0.3, 0.2, 3)


class Sources:
    """Functions from text, each in a file of its own, as a user's are."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.numbers = itertools.count()

    def write(self, text: str) -> Path:
        path = self.folder / f"source_{next(self.numbers)}.py"
        path.write_text(text)
        return path

    def load(self, path: Path) -> Callable[..., Any]:
        """A new function object, which no cache in memory knows."""
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        function: Callable[..., Any] = module.loss
        return function

    def fresh(self, text: str) -> Callable[..., Any]:
        """A function whose text no cache knows either: its file starts with a unique line."""
        path = self.write("")
        path.write_text(text.replace("def loss(", f"NUMBER = {path.stem[7:]}\n\n\ndef loss("))
        return self.load(path)


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    old = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def compiling(rounds: int, sources: Sources) -> list[Figure]:
    """Cold compilation over `compile(ast.parse(text))`, and a warm disk cache over cold."""
    waiting = iter([sources.fresh(THIRTY_LINES) for _ in range(rounds)])
    kept = sources.write(THIRTY_LINES)
    again = iter([sources.load(kept) for _ in range(rounds + 1)])
    text = grad(sources.fresh(THIRTY_LINES)).module(*ARGUMENTS)

    def cold() -> None:
        with environment(ADCOMPILER_CACHE="0"):
            grad(next(waiting))(*ARGUMENTS)

    def warm() -> None:
        grad(next(again))(*ARGUMENTS)

    def floor() -> None:
        compile(ast.parse(text), "<floor>", "exec")

    warm()  # fills the cache
    times = interleaved({"cold": cold, "warm": warm, "floor": floor}, rounds)
    return [
        Figure(
            "compile: 30 lines, cold / compile(ast.parse(text))", times["cold"], times["floor"], 30
        ),
        Figure("compile: warm disk cache / cold", times["warm"], times["cold"], 0.1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 5 if parser.parse_args().quick else 25
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(folder)
        with environment(ADCOMPILER_CACHE_DIR=str(Path(folder) / "cache"), ADCOMPILER_CACHE="1"):
            figures = [*calling(rounds), *importing(rounds), *compiling(rounds, sources)]
            with environment(ADCOMPILER_CACHE="0"):
                figures += growing(max(3, rounds // 5), sources.fresh)
            figures += [*stores(rounds), *checkpoints(rounds), *derivatives(rounds)]
    print(f"Python {platform.python_version()}, medians of {rounds} rounds\n")
    print(table(figures))
    raise SystemExit(0 if all(f.met for f in figures) else 1)


if __name__ == "__main__":
    main()
