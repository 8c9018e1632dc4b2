"""The race as Markdown: what each kernel takes, the figures and their limits, first calls."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.kernel import PEERS
from tests.benchmarks.limits import BY_HAND, FIRST_CALL, FUNCTION, FUNCTION_MEDIAN, against
from tests.benchmarks.measure import Spread
from tests.benchmarks.page import markdown_table, number, ratio, renew, seconds, size, versions
from tests.benchmarks.peers import Row

__all__ = ["figures", "report", "write"]

_COSTS = ["kernel", "gradient / function", "emitted / by hand", "call", "memory", "by hand"]
COMPILED = "jax jit's first call (our compilation)"
_FIGURES = ["kernel", "ours over", "ratio", "at most", ""]


def write(rows: Sequence[Row], folder: Path | None, rounds: int) -> None:
    """Print the report; into a folder also as `performance.md`, with the plot in `images`."""
    text = f"{versions()}; one thread; {rounds} rounds.\n\n{report(rows)}"
    print(text)
    if folder is not None:
        from tests.benchmarks.plot import draw

        renew(folder, "peers", text)
        (folder / "images").mkdir(exist_ok=True)
        draw(rows, folder / "images" / "performance.png")


def report(rows: Sequence[Row]) -> str:
    """The tables, in Markdown."""
    parts = [
        "![Each peer's time over ours, per kernel](images/performance.png)",
        "Time of a gradient: ours, and the others as multiples of ours (above 1: slower than "
        "ours), medians with their quartiles.",
        markdown_table(["kernel", "ours", *PEERS], [_times(row) for row in rows]),
        "The first call, compilation and all, as multiples of ours.",
        markdown_table(["kernel", "ours", *PEERS], [_firsts(row) for row in rows]),
        "Ours over the function; the emitted text over the text by hand; what a call costs beside "
        "the emitted text's; the most memory in use by ours and by the text by hand.",
        markdown_table(_COSTS, [_costs(row) for row in rows]),
        "Ours over another, where there is a limit.",
        markdown_table(_FIGURES, [list(figure) for figure in figures(rows)]),
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
            ours = max(row.first - row.seconds, 0.0) / jitted.first
            yield _figure(row.name, COMPILED, Spread(ours, ours, ours), FIRST_CALL)
    if rows:
        middle = statistics.median(row.function.median for row in rows)
        yield _figure("the median", "the function", Spread(middle, middle, middle), FUNCTION_MEDIAN)


def _figure(kernel: str, what: str, found: Spread, limit: float) -> tuple[str, str, str, str, str]:
    verdict = "met" if found.median <= limit else "**missed**"
    return kernel, what, ratio(found), number(limit), verdict


def _times(row: Row) -> list[str]:
    cells = [row.name, seconds(row.seconds)]
    for name in PEERS:
        peer = row.peers.get(name)
        cells.append("" if peer is None else ratio(peer.time) if peer.time else "–")
    return cells


def _firsts(row: Row) -> list[str]:
    cells = [row.name, seconds(row.first)]
    for name in PEERS:
        peer = row.peers.get(name)
        cells.append("" if peer is None else number(peer.first / row.first) if peer.time else "–")
    return cells


def _costs(row: Row) -> list[str]:
    ratios = [ratio(row.function), ratio(row.by_hand)]
    call = seconds(row.call) if row.call > 0.1 * row.seconds else "below 10 %"
    return [row.name, *ratios, call, size(row.peak), size(row.peak_by_hand)]


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """Who was left out, those for the same reason together."""
    for row in rows:
        reasons: dict[str, list[str]] = {}
        for name, peer in row.peers.items():
            if peer.missing:
                reasons.setdefault(peer.missing, []).append(name)
        for reason, names in reasons.items():
            yield f"- {row.name}, without {', '.join(names)}: {reason}."
