"""Judging many programs, and the report: passed, refused by code, skipped, failed with sources."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adcompiler import AdcompilerError, grad

from .calls import call_program, calls
from .deadline import deadline
from .oracles import Verdict, judge, leaves, quiet
from .program import FEATURES, Program, load, program, unload
from .shrinking import regression_test, shrink

__all__ = ["judged", "main", "texts"]

ROOT = Path(__file__).parents[2]
SECONDS = 30


@dataclass(frozen=True)
class Judged:
    program: Program
    verdict: Verdict
    seconds: float


def judged(which: int | str) -> Judged:
    """A seed's program, or that of a call, and the verdict on it."""
    made = program(which) if isinstance(which, int) else call_program(which)
    start = time.perf_counter()
    try:
        with deadline(SECONDS):
            verdict = judge(made.text)
    except TimeoutError:
        verdict = Verdict("failed", "too slow", f"more than {SECONDS} seconds")
    return Judged(made, verdict, time.perf_counter() - start)


def texts(seeds: Iterable[int]) -> dict[str, str]:
    """A digest of what is emitted for each seed, or the refusal's code."""
    found = {}
    for seed in seeds:
        module = load(program(seed).text)
        given = module.arguments()
        wrt = tuple(n for n, v in given.items() if not isinstance(v, int) and list(leaves(v)))
        try:
            with quiet():
                text = grad(module.f, wrt).module(**given)
        except AdcompilerError as error:
            text = error.diagnostics[0].code
        except Exception as error:
            text = type(error).__name__
        text = "\n".join(line for line in text.splitlines() if "<program" not in line)
        found[str(seed)] = hashlib.sha256(text.encode()).hexdigest()[:16]
        unload(module)
    return found


def is_text(found: str) -> bool:
    """Whether this is the digest of a text, and no refusal's code."""
    return re.fullmatch("[0-9a-f]{16}", found) is not None


def same_in_another_process(seeds: list[int]) -> list[int]:
    """The seeds whose emitted text differs in a process with another hash seed."""
    code = (
        "import json, sys; from tests.generator.report import texts;"
        "print(json.dumps(texts(json.loads(sys.argv[1]))))"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "77", "ADCOMPILER_CACHE": "0"}
    reversed_seeds = json.dumps(seeds[::-1])
    done = subprocess.run(
        [sys.executable, "-c", code, reversed_seeds], env=env, capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    other, here = json.loads(done.stdout.splitlines()[-1]), texts(seeds)
    return [seed for seed in seeds if here[str(seed)] != other[str(seed)]]


def _all(which: Sequence[int | str], jobs: int) -> list[Judged]:
    if jobs == 1:
        return list(map(judged, which))
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=200) as pool:
        return pool.map(judged, which, chunksize=5)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.generator", description="Judge random programs; write a report."
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shrink", type=int, default=1, help="how many of each class to shrink")
    parser.add_argument("--fresh", type=int, default=50, help="every Nth also in a fresh process")
    parser.add_argument("--calls", action="store_true", help="every function of the table instead")
    parser.add_argument("--show", action="store_true", help="print the programs, judge nothing")
    parser.add_argument("--output", type=Path, help="the report's file; else standard output")
    options = parser.parse_args(arguments)
    seeds = range(options.start, options.start + options.count)
    if options.show:
        print("\n\n".join(f"# {seed}\n{program(seed).text}" for seed in seeds))
        return 0
    start = time.perf_counter()
    if options.calls:
        found, differing = _all(list(calls()), options.jobs), []
    else:
        found = _all(seeds, options.jobs)
        differing = same_in_another_process(list(seeds)[:: options.fresh])
    seconds = time.perf_counter() - start
    text = "\n".join(_report(found, differing, seconds, options.shrink))
    if options.output:
        options.output.write_text(text + "\n")
    else:
        print(text)
    failed = differing or any(j.verdict.kind == "failed" for j in found)
    return 1 if failed else 0


def _report(
    found: list[Judged], differing: list[int], seconds: float, shrunk: int
) -> Iterator[str]:
    kinds = Counter(j.verdict.kind for j in found)
    yield f"{len(found)} programs in {seconds:.0f} s: " + ", ".join(
        f"{kinds[kind]} {kind}" for kind in ("passed", "refused", "raises", "skipped", "failed")
    )
    yield f"emitted text differs in a fresh process: {differing or 'none'}"
    for kind in ("refused", "raises", "skipped"):
        whats = Counter(j.verdict.what for j in found if j.verdict.kind == kind)
        names = {j.verdict.what: j.program.name for j in reversed(found) if j.verdict.kind == kind}
        yield f"\n{kind}"
        yield from (f"  {n:6} {what}  ({names[what]})" for what, n in whats.most_common())
    yield "\nby feature                passed  refused  other"
    for feature in FEATURES:
        of = Counter(j.verdict.kind for j in found if feature in j.program.features)
        other = of.total() - of["passed"] - of["refused"]
        yield f"  {feature:22} {of['passed']:7} {of['refused']:8} {other:6}"
    yield from _failures(found, shrunk)


def _failures(found: list[Judged], shrunk: int) -> Iterator[str]:
    classes: dict[str, list[Judged]] = defaultdict(list)
    for j in found:
        if j.verdict.kind == "failed":
            classes[j.verdict.what].append(j)
    for what, members in sorted(classes.items(), key=lambda item: -len(item[1])):
        yield f"\nFAILED {len(members)} times: {what}; {[j.program.name for j in members][:12]}"
        # The smallest programs shrink fastest, and to what is easiest to read.
        members.sort(key=lambda j: len(j.program.text))
        for j in members[:shrunk]:
            small = shrink(j.program.text, j.verdict.what)
            verdict = judge(small)
            yield f"{verdict.detail}\n\n{regression_test(j.program.name, small, verdict)}"
