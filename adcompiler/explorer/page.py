"""The page as one text: `page.html` with the style, the script and the data in it."""

from __future__ import annotations

from html import escape

from ..notebook import COLOURS
from ..text_files import filled, text_of
from .model import Page

__all__ = ["page"]


def page(shown: Page) -> str:
    """HTML that loads nothing else."""
    return filled(__package__, "page.html", {
        "title": escape(f"{shown.title} – adcompiler"),
        "style": _colours() + text_of(__package__, "page.css"),
        "data": shown.json(),
        "script": text_of(__package__, "page.js"),
    })  # fmt: skip


def _colours() -> str:
    """The styles of code as variables, those of notebooks, light and dark."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in COLOURS[scheme].items())
        for scheme in ("light", "dark")
    )
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
