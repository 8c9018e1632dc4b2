"""`adcompiler ops`: the tables as text for a terminal.

    Elementwise operations

      np.tanh(x)   math.tanh(x)
          grad_x = grad_y * (1 - y * y)
"""

from __future__ import annotations

import difflib
import fnmatch
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

import click

from .operations import KINDS, Described, described

__all__ = ["counts", "listing", "matching"]

_WIDTH = 78
_STYLES = {"gradient": None, "made of others": "cyan", "no gradient": "bright_black"}


def matching(pattern: str | None) -> list[Described]:
    """What the pattern, a part of a form or a glob, fits."""
    every = described()
    if pattern is None:
        return list(every)
    glob = any(mark in pattern for mark in "*?[") and pattern not in ("*", "**")
    found = [one for one in every if _fits(one, pattern.lower(), glob)]
    if not found:
        close = difflib.get_close_matches(pattern, [one.name for one in every], n=1)
        meant = f" Did you mean `{close[0]}`?" if close else ""
        raise click.UsageError(f"no operation is written like `{pattern}`.{meant}")
    return found


def _fits(one: Described, pattern: str, glob: bool) -> bool:
    form, name = one.form.lower(), one.name.lower()
    if not glob:
        return pattern in (form if "(" in pattern or one.name == one.form else name)
    names = (form, name, name.rpartition(".")[2])
    return any(fnmatch.fnmatchcase(text, pattern) for text in names)


def counts(found: Iterable[Described]) -> str:
    """How many spellings there are, by kind."""
    number = Counter(one.kind for one in found)
    lines = [f"{number[kind]:5}  {kind}" for kind in KINDS if number[kind]]
    known = sum(number.values()) - number["refused"]
    return "\n".join([*lines, f"{known:5}  in all, without what is refused"])


def listing(found: Sequence[Described]) -> str:
    """The spellings family by family, those of one entry together."""
    parts = []
    for family, members in itertools.groupby(found, key=lambda one: one.family):
        entries: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for one in members:
            entries.setdefault((one.entry, one.kind, one.flows), []).append(one.form)
        blocks = [_block(forms, kind, flows) for (_, kind, flows), forms in entries.items()]
        parts.append("\n".join([click.style(family, bold=True), "", *blocks]))
    return "\n\n".join(parts)


def _block(forms: Sequence[str], kind: str, flows: Sequence[str]) -> str:
    lines: list[str] = []
    for form in forms:
        if lines and len(lines[-1]) + len(form) + 3 <= _WIDTH:
            lines[-1] += f"   {form}"
        else:
            lines.append(f"  {form}")
    return "\n".join([*lines, *(f"      {_styled(text, kind)}" for text in said(kind, flows))])


def said(kind: str, flows: Sequence[str]) -> list[str]:
    """What there is to say of the gradient, in a line or several."""
    match kind:
        case "gradient":
            return list(flows) or ["a gradient of several lines"]
        case "made of others":
            return list(flows) or ["several others together"]
        case "front end":
            return ["settled when the gradient is compiled"]
    return [f"{kind}: {text}" for text in flows]


def _styled(text: str, kind: str) -> str:
    return click.style(text, fg=_STYLES.get(kind, "bright_black"))
