"""What `help` says of a gradient, and its text for notebooks: HTML with colours, light or dark.

>>> source_html("x = 1").count('<span class="adc-number">1</span>')
1
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from html import escape
from typing import Any

__all__ = ["COLOURS", "described", "source_html"]

# Per scheme: page and ink, and each style that has a colour.
COLOURS = {
    "light": {
        "page": "#ffffff", "ink": "#1b1f24", "comment": "#555e68", "keyword": "#8a1d8f",
        "number": "#0a5a8a", "string": "#0f6a2b", "gradient": "#8f5300",
    },
    "dark": {
        "page": "#0d1117", "ink": "#e8edf3", "comment": "#a3adb8", "keyword": "#e59af0",
        "number": "#7cc7f5", "string": "#6fdd8b", "gradient": "#f0b866",
    },
}  # fmt: skip


def described(function: Callable[..., Any], wrt: str, value: bool) -> str:
    """A docstring: what the gradient by `wrt` gives, and what the function says of itself."""
    name, own = function.__qualname__, function.__doc__
    given = "the value and the gradient" if value else "the gradient"
    text = (
        f"The gradient of {name} with respect to {wrt}.\n\n"
        f"It takes the arguments of {name} and gives {given}, with the structure, shapes and "
        f"dtypes\nof {wrt}. `.source(...)` with the same arguments is its text."
    )
    return text if own is None else f"{text}\n\n{name}: {inspect.cleandoc(own)}"


def source_html(text: str) -> str:
    """The text in a `pre`, by itself: styles come with it."""
    from .cli_highlight import pieces

    result, end = [], 0
    for start, stop, style in pieces(text):
        result.append(escape(text[end:start]))
        result.append(f'<span class="adc-{style}">{escape(text[start:stop])}</span>')
        end = stop
    result.append(escape(text[end:]))
    styles = f"{_rules('light')}@media (prefers-color-scheme: dark){{{_rules('dark')}}}"
    return f'<style>{styles}</style><pre class="adc-source">{"".join(result)}</pre>'


def _rules(scheme: str) -> str:
    colours = COLOURS[scheme]
    whole = f".adc-source{{background:{colours['page']};color:{colours['ink']};padding:.6em}}"
    rest = [
        f".adc-source .adc-{name}{{color:{colour}}}" for name, colour in colours.items()
        if name not in ("page", "ink")
    ]  # fmt: skip
    return whole + "".join(rest) + ".adc-source .adc-defined{font-weight:bold}"
