"""The page as one text: `page.html` with the style, the script and the data in it."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from ..notebook import COLOURS
from .model import Page

__all__ = ["page"]


def page(shown: Page) -> str:
    """HTML that loads nothing else."""
    parts = {
        "title": escape(f"{shown.title} – adcompiler"),
        "style": _colours() + _read("page.css"),
        "data": shown.json(),
        "script": _read("page.js"),
    }
    before, *rest = _read("page.html").split("{{")
    texts = [before]
    for part in rest:
        name, _, after = part.partition("}}")
        texts += [parts[name], after]
    return "".join(texts)


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _colours() -> str:
    """The styles of code as variables, those of notebooks, light and dark."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in COLOURS[scheme].items())
        for scheme in ("light", "dark")
    )
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
