"""What the compiler says when it refuses: spans, diagnostics, the error classes.

A diagnostic shows the user's own line, underlined, one sentence of reason and one of advice::

    model.py:12:9: error[unsupported-statement]: `global` changes names outside the function.
       12 |         global count
          |         ^^^^^^^^^^^^
      help: return the value instead.

>>> d = Diagnostic("unknown-name", "the name `k` is not defined.", "define it before its use.")
>>> print(d.render())
error[unknown-name]: the name `k` is not defined.
  help: define it before its use.
"""

from __future__ import annotations

import linecache
import unicodedata
from dataclasses import dataclass, field, replace

__all__ = [
    "AdcompilerError",
    "Diagnostic",
    "SignatureError",
    "SourceError",
    "Span",
    "UnsupportedError",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source text; lines count from 1, columns from 0, in characters (not bytes).

    `caller`: the call through which inlining arrived there. Where a text stands is the same whoever
    calls it.
    """

    filename: str
    line: int
    column: int
    end_line: int
    end_column: int
    caller: Span | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}:{self.column + 1}"

    def called_from(self, caller: Span | None) -> Span:
        """The same in a function that is put in the place of a call."""
        around = caller if self.caller is None else self.caller.called_from(caller)
        return replace(self, caller=around)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One reason why a function is refused, and one way out of it.

    `code` is a stable slug that tests and the docs' catalogue refer to. `trail` holds the calls,
    innermost first, through which inlining arrived at `span`.
    """

    code: str
    reason: str
    advice: str
    span: Span | None = None
    trail: tuple[Span, ...] = ()

    def render(self) -> str:
        """The text a user reads: place, reason, underlined line, advice, the calls leading on."""
        head = f"error[{self.code}]: {self.reason}"
        lines = [f"{self.span}: {head}" if self.span else head]
        if self.span:
            lines += _excerpt(self.span)
        lines.append(f"  help: {self.advice}")
        lines += [f"  note: reached by the call at {call}" for call in self.trail]
        return "\n".join(lines)


def _excerpt(span: Span) -> list[str]:
    text = linecache.getline(span.filename, span.line).rstrip("\n")
    if not text.strip():
        return []
    end = span.end_column if span.end_line == span.line else len(text)
    marks = "^" * max(1, _width(text[span.column : end]))
    pad = "".join(c if c == "\t" else " " * _width(c) for c in text[: span.column])
    number = f"{span.line:5}"
    return [f"{number} | {text}", f"{' ' * len(number)} | {pad}{marks}"]


def _width(text: str) -> int:
    """Terminal columns of `text`: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


class AdcompilerError(Exception):
    """Base of every error that adcompiler raises on purpose; holds its diagnostics."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        self.diagnostics = diagnostics
        super().__init__(*diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(d.render() for d in self.diagnostics)


class SourceError(AdcompilerError):
    """The function's source can't be read, or isn't the text that runs."""


class UnsupportedError(AdcompilerError):
    """The function uses something outside the subset; it is refused rather than guessed at."""


class SignatureError(AdcompilerError, TypeError):
    """The arguments, or what the gradient is asked for, don't fit the function."""
