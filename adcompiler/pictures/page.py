"""A picture as a page by itself: the SVG, and the run as a table under it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..text_files import filled
from .model import Picture
from .svg import SCHEMES, svg

__all__ = ["page"]


def page(picture: Picture, rows: Sequence[Sequence[str]] = ()) -> str:
    """`rows`: the table, its heading first. ModuleNotFoundError without the library that finds
    places."""
    return filled(__package__, "page.html", {
        "title": escape(picture.whole.title),
        "light": _colours("light"),
        "dark": _colours("dark"),
        "svg": svg(picture),
        "table": _table(rows) if rows else "",
    })  # fmt: skip


def _colours(scheme: str) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in SCHEMES[scheme].items())


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = ["".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in body]
    inside = "\n".join(f"<tr>{line}</tr>" for line in lines)
    table = f"<table>\n{inside}\n</table>"
    return f'<section id="run" tabindex="0" aria-label="The run">\n{table}\n</section>\n'
