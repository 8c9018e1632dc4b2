"""Giving functions to the compiler, with arguments of several kinds; the report."""

from __future__ import annotations

import argparse
import multiprocessing
import time
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adcompiler import AdcompilerError
from adcompiler.frontend.parameters import signature_of
from adcompiler.frontend.signature import abstract
from adcompiler.optimize import LEVELS, Passes
from adcompiler.pipeline import Options, compile_gradient
from tests.generator.deadline import deadline

from .functions import LIBRARIES, STANDARD, functions

__all__ = ["Outcome", "compiled", "main", "tried"]

SECONDS = 20
_KINDS: dict[str, tuple[Any, ...]] = {
    "floats": (1.5,),
    "arrays": (np.array([[0.5, 1.5, -0.3], [0.2, 0.7, 1.1]]),),
    "mixed": (1.5, np.array([0.5, 1.5, 0.25]), 3, "linear", None, [1.0, 2.0], (0.5, 2)),
    "ints": (np.array([0.5, 1.5]), 2, 3, 1),
}


@dataclass(frozen=True)
class Outcome:
    """`kind` is compiled, refused (`what` is the code) or defect (`what` is the class)."""

    function: str
    signature: str
    kind: str
    what: str = ""


Compile = Callable[[types.FunctionType, Sequence[Any]], None]


def _compile(function: types.FunctionType, kinds: Sequence[Any]) -> None:
    """Every level; the result is asked for in parameters that are floats, two of them."""
    parameters = list(signature_of(function).parameters.values())
    given = {p.name: kinds[k % len(kinds)] for k, p in enumerate(parameters)}
    given |= {p.name: () for p in parameters if p.kind is p.VAR_POSITIONAL}
    given |= {p.name: {} for p in parameters if p.kind is p.VAR_KEYWORD}
    structures = {name: abstract(value, name) for name, value in given.items()}
    floats = [n for n, v in given.items() if isinstance(v, (float, np.ndarray))]
    for level in LEVELS:
        options = Options(tuple(floats[:2]), False, True, Passes(level))
        compile_gradient(function, structures, options, lambda path: given[path[1]])


def compiled(
    function: types.FunctionType, signature: str, compile_: Compile = _compile
) -> Outcome:
    """What the compiler makes of a function whose arguments are of these kinds."""
    name = f"{function.__module__}:{function.__qualname__}"
    try:
        with deadline(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile_(function, _KINDS[signature])
    except AdcompilerError as error:
        (first, *_) = error.diagnostics
        sound = first.code and first.reason.endswith(".") and first.advice and str(error)
        kind = "refused" if sound else "defect"
        return Outcome(name, signature, kind, first.code)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.name}"
        return Outcome(name, signature, "defect", f"{type(error).__name__} in {place}: {error}")
    return Outcome(name, signature, "compiled")


def tried(module_name: str, every: int = 1, start: int = 0) -> list[Outcome]:
    """All functions of a module, or a part of them, with arguments of all kinds."""
    chosen = list(functions(module_name))[start % every :: every]
    return [compiled(function, signature) for function in chosen for signature in _KINDS]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile", description="Compile what was never meant to be compiled."
    )
    parser.add_argument("modules", nargs="*", help="else those of the standard library")
    parser.add_argument("--libraries", action="store_true", help="NumPy, SciPy, scikit-learn too")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    names = options.modules or [*STANDARD, *(LIBRARIES if options.libraries else ())]
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=5) as pool:
        found = [o for part in pool.imap(tried, names) for o in part]
    print("\n".join(_report(names, found, time.perf_counter() - start)))
    return 1 if any(o.kind == "defect" for o in found) else 0


def _report(names: Sequence[str], found: list[Outcome], seconds: float) -> Iterator[str]:
    kinds = Counter(o.kind for o in found)
    count = len({o.function for o in found})
    empty = sorted(set(names) - {o.function.split(":")[0] for o in found})
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in ("compiled", "refused", "defect"))
    yield f"{count} functions of {len(names) - len(empty)} modules in {seconds:.0f} s: {counts}"
    yield f"modules without functions here: {' '.join(empty) or 'none'}\n\nrefused"
    codes = Counter(o.what for o in found if o.kind == "refused")
    yield from (f"  {n:6} {code}" for code, n in codes.most_common())
    defects = [o for o in found if o.kind == "defect"]
    for what, n in Counter(o.what for o in defects).most_common():
        where = [f"{o.function} ({o.signature})" for o in defects if o.what == what]
        yield f"\nDEFECT {n} times: {what}\n  " + "\n  ".join(where[:4])
