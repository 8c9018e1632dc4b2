"""`docs/performance.md`: the parts that commands renew, and how numbers are shown in it."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from tests.benchmarks.measure import Spread

__all__ = [
    "markdown_table", "number", "ratio", "renew", "renewed", "seconds", "size", "versions",
]  # fmt: skip

_DISTRIBUTIONS = ("numpy", "autograd", "jax", "torch", "casadi", "mygrad")


def renew(folder: Path, command: str, text: str) -> None:
    """Put the text where the page has the command's part, or else at its end."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "performance.md"
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    page.write_text(renewed(old, command, text), encoding="utf-8")


def renewed(page: str, command: str, text: str) -> str:
    """The page with the text between the command's marks.

    >>> print(renewed("Before.\\n", "peers", "A table."))
    Before.
    <!-- measured: python -m tests.benchmarks peers --output docs -->
    <BLANKLINE>
    A table.
    <!-- end: peers -->
    <BLANKLINE>
    """
    begin = f"<!-- measured: python -m tests.benchmarks {command} --output docs -->"
    end = f"<!-- end: {command} -->"
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2] or "\n"
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for name in _DISTRIBUTIONS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio(spread: Spread) -> str:
    middle, low, high = map(number, (spread.median, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def number(x: float) -> str:
    digits = 0 if x >= 100 else 1 if x >= 10 else 2 if x >= 0.1 else 4
    return f"{x:.{digits}f}"


def seconds(x: float) -> str:
    return f"{x * 1e6:.3g} µs" if x < 1e-3 else f"{x * 1e3:.3g} ms" if x < 1 else f"{x:.3g} s"


def size(count: float) -> str:
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.3g} MB"
