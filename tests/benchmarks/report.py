"""The race as Markdown: what each kernel takes, the figures and their limits, first calls."""

from __future__ import annotations

import importlib.metadata
import platform
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.kernel import PEERS
from tests.benchmarks.limits import BY_HAND, FIRST_CALL, FUNCTION, FUNCTION_MEDIAN, against
from tests.benchmarks.measure import Spread
from tests.benchmarks.peers import Row

__all__ = ["figures", "report", "write"]

_DISTRIBUTIONS = ("numpy", "autograd", "jax", "torch", "casadi", "mygrad")


def write(rows: Sequence[Row], folder: Path | None) -> None:
    """Print the report; into a folder also as `performance.md`, with the plot beside it."""
    text = report(rows)
    print(text)
    if folder is not None:
        from tests.benchmarks.plot import draw

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "performance.md").write_text(text, encoding="utf-8")
        draw(rows, folder / "performance.png")


def report(rows: Sequence[Row]) -> str:
    """The whole report, in Markdown."""
    parts = [
        _versions(),
        "Time of a gradient: ours, and the others as multiples of ours (above 1: slower than "
        "ours), medians with their quartiles.",
        _table(["kernel", "ours", *PEERS], [_times(row) for row in rows]),
        "The first call, compilation and all, as multiples of ours.",
        _table(["kernel", "ours", *PEERS], [_firsts(row) for row in rows]),
        "Ours over the function, the emitted text over the text by hand, and the most memory in "
        "use by each of the two.",
        _table(["kernel", "gradient / function", "emitted / by hand", "memory", "by hand"],
               [_costs(row) for row in rows]),
        "Ours over another, where there is a limit.",
        _table(["kernel", "ours over", "ratio", "at most", ""], [list(f) for f in figures(rows)]),
    ]  # fmt: skip
    notes = "\n".join(_notes(rows))
    return "\n\n".join([*parts, notes] if notes else parts) + "\n"


def figures(rows: Sequence[Row]) -> Iterator[tuple[str, str, str, str, str]]:
    """Kernel, what ours is divided by, the ratio, its limit, and whether that is met."""
    for row in rows:
        yield _figure(row.name, "by hand (the text)", row.by_hand, BY_HAND)
        yield _figure(row.name, "the function", row.function, FUNCTION)
        for name, peer in row.peers.items():
            limit = against(row.name, name)
            if peer.time is not None and limit is not None:
                t = peer.time
                yield _figure(row.name, name, Spread(1 / t.median, 1 / t.high, 1 / t.low), limit)
        jitted = row.peers.get("jax jit")
        if jitted is not None and jitted.time is not None:
            ratio = row.first / jitted.first
            yield _figure(row.name, "jax jit, first call", Spread(ratio, ratio, ratio), FIRST_CALL)
    if rows:
        middle = statistics.median(row.function.median for row in rows)
        yield _figure("the median", "the function", Spread(middle, middle, middle), FUNCTION_MEDIAN)


def _figure(
    kernel: str, what: str, ratio: Spread, limit: float
) -> tuple[str, str, str, str, str]:
    verdict = "met" if ratio.median <= limit else "**missed**"
    return kernel, what, _ratio(ratio), _number(limit), verdict


def _times(row: Row) -> list[str]:
    cells = [row.name, _seconds(row.seconds)]
    for name in PEERS:
        peer = row.peers.get(name)
        cells.append("" if peer is None else _ratio(peer.time) if peer.time else "–")
    return cells


def _firsts(row: Row) -> list[str]:
    cells = [row.name, _seconds(row.first)]
    for name in PEERS:
        peer = row.peers.get(name)
        cells.append("" if peer is None else _number(peer.first / row.first) if peer.time else "–")
    return cells


def _costs(row: Row) -> list[str]:
    ratios = [_ratio(row.function), _ratio(row.by_hand)]
    return [row.name, *ratios, _size(row.peak), _size(row.peak_by_hand)]


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for name, peer in row.peers.items():
            if peer.missing:
                yield f"- {row.name}, {name}: {peer.missing}."


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for name in _DISTRIBUTIONS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found) + "; one thread; ratios within one run."


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ratio(spread: Spread) -> str:
    middle, low, high = map(_number, (spread.median, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def _number(x: float) -> str:
    digits = 0 if x >= 100 else 1 if x >= 10 else 2 if x >= 0.1 else 4
    return f"{x:.{digits}f}"


def _seconds(x: float) -> str:
    return f"{x * 1e6:.3g} µs" if x < 1e-3 else f"{x * 1e3:.3g} ms" if x < 1 else f"{x:.3g} s"


def _size(count: float) -> str:
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.3g} MB"
