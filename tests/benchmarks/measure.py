"""Ratios of running times: candidates take turns within one run, medians are compared.

A ratio within a run says more than a time: the machine's mood hits both sides alike.

>>> times = interleaved({"a": lambda: None, "b": lambda: None}, rounds=3)
>>> sorted(times), all(seconds >= 0 for seconds in times.values())
(['a', 'b'], True)
"""

from __future__ import annotations

import gc
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Figure", "Repeated", "Spread", "interleaved", "peak", "samples", "table"]


@dataclass(frozen=True)
class Figure:
    """One ratio: `seconds` over `reference` (or bytes); `limit` is None where it is only
    reported."""

    what: str
    seconds: float
    reference: float
    limit: float | None
    in_bytes: bool = False

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference

    @property
    def met(self) -> bool:
        return self.limit is None or self.ratio <= self.limit


@dataclass(frozen=True)
class Spread:
    """A median between its quartiles.

    >>> Spread.of([3.0, 1.0, 2.0, 5.0, 4.0])
    Spread(median=3.0, low=2.0, high=4.0)
    """

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        if len(values) < 2:
            return Spread(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(median, low, high)


@dataclass(frozen=True)
class Repeated:
    """A candidate whose call is so short that a sample is many of them."""

    call: Callable[[], object]
    calls: int

    def __call__(self) -> None:
        call = self.call
        for _ in range(self.calls):
            call()


def samples(
    candidates: Mapping[str, Callable[[], object]], rounds: int, budget: float = math.inf
) -> dict[str, list[float]]:
    """The CPU seconds of each candidate, one per round; every round runs each of them, in turn.

    Not the clock's: on a busy machine a long candidate is interrupted more often than a short one.
    Each round starts with another one, so that none always comes after the same. What is `Repeated`
    is called once before its sample begins, since the one before it has left the caches, and the
    memory that it gave back, as suited itself. A candidate that has used `budget` seconds sits the
    later rounds out, but never the first three.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    enabled = gc.isenabled()
    gc.disable()
    try:
        order = list(candidates.items())
        for turn in range(rounds):
            order.append(order.pop(0))
            for name, candidate in order:
                if turn >= 3 and sum(times[name]) > budget:
                    continue
                if isinstance(candidate, Repeated):
                    candidate.call()
                start = time.process_time()
                candidate()
                times[name].append(time.process_time() - start)
            gc.collect()
    finally:
        if enabled:
            gc.enable()
    return times


def interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median of each candidate's `samples`."""
    times = samples(candidates, rounds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def peak(run: Callable[[], Any]) -> float:
    """The most bytes that a call has in use."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| what | time | reference | ratio | at most | |", "|---|---:|---:|---:|---:|---|"]
    for f in figures:
        limit = "" if f.limit is None else f"{f.limit:g}"
        verdict = "" if f.limit is None else "met" if f.met else "MISSED"
        show = _size if f.in_bytes else _shown
        cells = [f.what, show(f.seconds), show(f.reference), f"{f.ratio:.2f}", limit, verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _size(count: float) -> str:
    return f"{count / 1e6:.3g} MB"


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} µs" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"
