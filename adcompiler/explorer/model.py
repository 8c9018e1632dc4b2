"""What the page shows, as plain data: two lines are related if they share a place in the source.

    3 | y = y * x        place 7: row 2, columns 8 to 13
    %y.3 = mul %y.2, %x  places (7,)
    grad_x += grad_y * y places (7,), backward
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

__all__ = [
    "Gate", "Level", "Line", "Page", "Place", "Run", "Sample", "SourceRow", "Stage",
    "runs",
]  # fmt: skip

# A stretch of text, and its style: a key of `notebook.COLOURS`, or nothing.
Run = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """A stretch of the source, in rows of the page; `call`: the place of the call that led there,
    -1 where none did."""

    row: int
    column: int
    end_row: int
    end_column: int
    call: int = -1


@dataclass(frozen=True)
class SourceRow:
    """A line of the source: its number in the file, 0 for the heading of a function."""

    number: int
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Sample:
    """A number of one iteration: which, its value and gradient, short and in full."""

    iteration: str
    value: str
    gradient: str = ""
    whole_value: str = ""
    whole_gradient: str = ""


@dataclass(frozen=True)
class Gate:
    """A step of the function, or a parameter: what it computes, how often, and its first and last
    numbers; `row` is its row in the source, `calls` those of the calls that give it."""

    name: str
    expression: str
    row: int
    count: int
    samples: tuple[Sample, ...]
    calls: tuple[int, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of SSA, or of the emitted text; `part` is "forward", "backward", or empty. `gates`
    are those that it defines; `watched` what a line of text has assigned."""

    runs: tuple[Run, ...]
    part: str = ""
    places: tuple[int, ...] = ()
    gates: tuple[int, ...] = ()
    watched: Gate | None = None


@dataclass(frozen=True)
class Stage:
    """A step of the compiler: `rows` are lines by index, each with " ", "+" for what is new or
    "-" for what is gone. `idle`: the steps that followed and changed nothing."""

    name: str
    about: str
    rows: tuple[tuple[int, str], ...]
    idle: tuple[str, ...] = ()
    is_text: bool = False


@dataclass(frozen=True)
class Level:
    level: int
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Page:
    """`call` is empty where only types are known; `shown` is the level that is shown first."""

    title: str
    file: str
    call: str
    wrt: tuple[str, ...]
    value: str
    version: str
    shown: int
    source: tuple[SourceRow, ...]
    places: tuple[Place, ...]
    gates: tuple[Gate, ...]
    lines: tuple[Line, ...]
    levels: tuple[Level, ...]
    ssa: tuple[int, ...]

    def json(self) -> str:
        """The same page gives the same text, which may stand in a `script` element."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        for letter in "<>&\u2028\u2029":
            text = text.replace(letter, f"\\u{ord(letter):04x}")
        return text


def runs(text: str, pieces: Sequence[tuple[int, int, str]]) -> list[tuple[Run, ...]]:
    """By line, the stretches of a text that have one style, as `cli_highlight.pieces` finds it.

    >>> runs("x = 1\\ny", [(4, 5, "number")])
    [(('x = ', ''), ('1', 'number')), (('y', ''),)]
    """
    lines: list[list[Run]] = [[]]
    end = 0
    for start, stop, style in [*pieces, (len(text), len(text), "")]:
        for piece, its in ((text[end:start], ""), (text[start:stop], style)):
            first, *rest = piece.split("\n")
            lines[-1] += [(first, its)] if first else []
            lines += [[(part, its)] if part else [] for part in rest]
        end = stop
    return [tuple(line) for line in lines]
