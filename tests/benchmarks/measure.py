"""Ratios of running times: candidates take turns within one run, medians are compared.

A ratio within a run says more than a time: the machine's mood hits both sides alike.

>>> times = interleaved({"a": lambda: None, "b": lambda: None}, rounds=3)
>>> sorted(times), all(seconds >= 0 for seconds in times.values())
(['a', 'b'], True)
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Figure", "interleaved", "table"]


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


def interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each candidate; every round runs each of them once, in turn.

    Not the clock's: on a busy machine a long candidate is interrupted more often than a short one.
    """
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, candidate in candidates.items():
                start = time.process_time()
                candidate()
                samples[name].append(time.process_time() - start)
            gc.collect()
    finally:
        if enabled:
            gc.enable()
    return {name: statistics.median(times) for name, times in samples.items()}


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
