"""A picture as a page by itself: the SVG, and the run as a table under it."""

from __future__ import annotations

from html import escape

from .model import Picture
from .svg import SCHEMES, svg

__all__ = ["page"]


def page(picture: Picture, table: str = "") -> str:
    """ModuleNotFoundError without the library that finds places."""
    light, dark = SCHEMES["light"], SCHEMES["dark"]
    rows = f"<pre>{escape(table)}</pre>\n" if table else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(picture.whole.title)}</title>\n"
        "<style>\n"
        ":root{color-scheme:light dark}\n"
        f"body{{margin:1rem;background:{light['page']};color:{light['ink']}}}\n"
        "div{overflow-x:auto}pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace;"
        "overflow-x:auto}\n"
        "@media (prefers-color-scheme: dark){\n"
        f"body{{background:{dark['page']};color:{dark['ink']}}}\n"
        "}\n</style>\n</head>\n<body>\n"
        f"<div>\n{svg(picture)}</div>\n{rows}</body>\n</html>\n"
    )
