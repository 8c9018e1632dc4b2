"""The race as a picture: each peer's time as a multiple of ours, a row per kernel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.kernel import PEERS
from tests.benchmarks.peers import Row

__all__ = ["draw"]

_MARKS = dict(zip(PEERS, "osD^vPX"))
_COLOURS = dict(
    zip(PEERS, ("#0072b2", "#999999", "#d55e00", "#e69f00", "#cc79a7", "#009e73", "#56b4e9"))
)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write a PNG. Raises ImportError without matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.6 + 0.32 * len(rows)), dpi=140, layout="constrained")
    axes = figure.subplots()
    heights = range(len(rows))[::-1]
    for name in PEERS:
        points = [(row.peers[name].time, y) for row, y in zip(rows, heights) if name in row.peers]
        measured = [(time, y) for time, y in points if time is not None]
        if measured:
            axes.errorbar(
                [time.median for time, _ in measured], [y for _, y in measured],
                xerr=[[time.median - time.low for time, _ in measured],
                      [time.high - time.median for time, _ in measured]],
                fmt=_MARKS[name], color=_COLOURS[name], markersize=6, elinewidth=1, label=name,
            )  # fmt: skip
    hand = [1 / row.by_hand.median for row in rows]
    axes.plot(hand, list(heights), "|", color="black", markersize=12, label="by hand")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.set_yticks(list(heights), [row.name for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("time of a gradient over adcompiler's (right of the line: slower than ours)")
    axes.grid(axis="x", alpha=0.4)
    axes.grid(axis="y", alpha=0.15)
    figure.legend(loc="outside upper center", ncols=8, frameon=False, fontsize="small")
    figure.savefig(path)
