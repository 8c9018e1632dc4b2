"""What each pass buys: the emitted text without it, over the text with all of its level.

python -m tests.benchmarks passes                  every kernel
python -m tests.benchmarks passes --only MLP       the kernels whose names hold this
python -m tests.benchmarks passes --quick          fewer rounds
python -m tests.benchmarks passes --output docs    write it into docs/performance.md, too
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adcompiler import Passes, grad
from adcompiler.optimize import PASSES
from tests.benchmarks.kernel import Kernel
from tests.benchmarks.kernels import KERNELS
from tests.benchmarks.measure import Repeated, Spread, samples
from tests.benchmarks.page import markdown_table, number, renew
from tests.benchmarks.peers import emitted

__all__ = ["Bought", "main", "table", "without_each"]


@dataclass(frozen=True)
class Bought:
    """By pass, the time without over the time with it, for those that change the kernel's text."""

    name: str
    ratios: Mapping[str, Spread]


def without_each(kernel: Kernel, rounds: int) -> Bought:
    arguments = kernel.arguments()
    whole = Passes(kernel.optimize)

    def text(passes: Passes) -> tuple[str, Any]:
        gradient = grad(kernel.function, kernel.wrt, optimize=passes)
        return gradient.source(*arguments), emitted(gradient, arguments)

    source, best = text(whole)
    calls = {"": best}
    for name in PASSES:
        if whole.runs(name):
            other, call = text(dataclasses.replace(whole, without=(name,)))
            if other != source:
                calls[name] = call
    candidates = {
        name: Repeated(functools.partial(call, *arguments), kernel.calls)
        for name, call in calls.items()
    }
    for run in candidates.values():
        run()
    times = samples(candidates, rounds) if len(calls) > 1 else {}
    return Bought(
        kernel.name,
        {
            name: Spread.of([a / b for a, b in zip(seconds, times[""])])
            for name, seconds in times.items()
            if name
        },
    )


def table(rows: Sequence[Bought]) -> str:
    """A line per kernel, a column per pass."""
    names = [name for name in PASSES if any(name in row.ratios for row in rows)]
    lines = [
        [row.name]
        + [number(row.ratios[name].median) if name in row.ratios else "" for name in names]
        for row in rows
    ]
    return markdown_table(["kernel", *names], lines)


def main(arguments: list[str]) -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tests.benchmarks passes", None, __doc__, formatter_class=raw)
    parser.add_argument("--only", default="", metavar="NAME", help="a part of a kernel's name")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the table")
    options = parser.parse_args(arguments)
    chosen = [kernel for kernel in KERNELS if options.only in kernel.name]
    text = table([without_each(kernel, 5 if options.quick else 21) for kernel in chosen])
    print(text)
    if options.output is not None:
        renew(options.output, "passes", text + "\n")
