"""What `help`, `inspect`, notebooks and terminals show of a derivative: its text, in colours.

>>> source_html("x = 1").count('<span class="adc-number">1</span>')
1
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from html import escape
from types import DynamicClassAttribute
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .specialize import Specialization

__all__ = ["COLOURS", "Shown", "described", "source_html"]

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


class Shown:
    """A derivative as people look at it: the text of the kind of call that was compiled last.

    `inspect.getsource` gives the emitted function; before the first call, what is differentiated.
    """

    def named_after(self, function: Callable[..., Any]) -> None:
        """Take over name, module and documentation."""
        self.differentiated = function
        for name in functools.WRAPPER_ASSIGNMENTS:
            if hasattr(function, name):
                setattr(self, name, getattr(function, name))

    def shows_signature(self, function: Callable[..., Any], like: tuple[Any, ...] = ()) -> None:
        """Take over the parameters of a function, if it tells them; what is returned has the type
        of the parameter `like`, a position or a name, if that is told."""
        try:
            found = inspect.signature(function, follow_wrapped=False)
        except (TypeError, ValueError):
            return
        parameters = dict(enumerate(found.parameters.values())) | dict(found.parameters)
        returned = [parameters[k].annotation for k in like if k in parameters]
        empty = inspect.Signature.empty
        self.__signature__ = found.replace(return_annotation=(*returned, empty)[0])
        given = {name: p.annotation for name, p in found.parameters.items()}
        given["return"] = self.__signature__.return_annotation
        self.__annotations__ = {k: told for k, told in given.items() if told is not empty}

    def compiled_last(self) -> Specialization | None:
        """What was compiled last."""
        raise NotImplementedError

    @DynamicClassAttribute
    def __wrapped__(self) -> Any:
        """The emitted function, or what is differentiated: what `inspect` reads the source of."""
        found = self.compiled_last()
        return self.differentiated if found is None else found.function

    def _repr_html_(self) -> str | None:
        """In notebooks."""
        found = self.compiled_last()
        return None if found is None else source_html(found.emitted.function)

    def __rich__(self) -> Any:
        """In terminals, for rich."""
        from rich.text import Text

        from .cli_highlight import pieces, style_of

        found = self.compiled_last()
        text = Text(repr(self) if found is None else found.emitted.function.rstrip("\n"))
        if found is not None:
            for start, stop, kind in pieces(found.emitted.function):
                text.stylize(style_of(kind), start, stop)
        return text


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
