"""docs/operations.md, made from the tables: one line for each way to write an operation.

`python -m tests.operations` rewrites it. It is sorted, so that branches which add operations merge.
"""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

from adcompiler.cli_ops import said
from adcompiler.operations import KINDS, Described, described

__all__ = ["PAGE", "line_of", "lines_of", "render"]

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
_INTRODUCTION = """\
# The operations

How each operation is written, with the keywords that are honoured (one that isn't shown is
refused), and what flows back through it. Made from the tables in `adcompiler/ops/`
(`python -m tests.operations`): do not edit. `adcompiler ops PATTERN` prints the same.

`y` is the result, `grad_y` its gradient; a formula is the rule itself, run on values of the
operation's types and printed, for arrays (of `math` for numbers). The sums over broadcast axes,
which the compiler adds where shapes ask for them, aren't shown. Names without a module (`divide`,
`sign`, `prod_others`, ...) are small functions that are copied into the modules that need them;
`special` is `scipy.special`.
Where nothing is said, the gradient takes several lines; `adcompiler show` prints them.
"""


_HEADING = "| written | its gradient, or what it is made of |\n|---|---|\n"


def render() -> str:
    every = described()
    number = Counter(one.kind for one in every)
    total = sum(number.values()) - number["refused"]
    kinds = ", ".join(f"{number[kind]} {_WORDS[kind]}" for kind in KINDS[:-1])
    parts = [_INTRODUCTION, f"\n{total} spellings: {kinds}.\n"]
    for family, members in itertools.groupby(every, key=lambda one: one.family):
        group = list(members)
        parts.append(f"\n## {family}\n\n{_counted(len(group))}.\n\n{_HEADING}")
        parts += [line_of(one) for one in group]
    return "".join(parts)


def _counted(number: int) -> str:
    return "1 spelling" if number == 1 else f"{number} spellings"


_WORDS = {
    "gradient": "with a gradient", "made of others": "made of others",
    "front end": "settled by the front end", "no gradient": "without gradient, with the reason",
}  # fmt: skip


def line_of(one: Described) -> str:
    """`| np.tanh(x) | grad_x = ... |`"""
    code = one.kind in ("gradient", "made of others") and bool(one.flows)
    found = said(one.kind, one.flows) if one.flows or one.kind == "front end" else [""]
    if one.kind == "front end":
        found = [""]
    shown = "<br>".join(f"`{_plain(text)}`" if code else text for text in found)
    return f"| `{_plain(one.form)}` | {shown} |\n"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def lines_of(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| `")]
