"""Functions of NumPy and SciPy that the tables don't have, and whose own text is lowered.

What is refused in there is no business of the user's: one refusal at the call says so.

    scipy.stats.multivariate_normal.cdf(x)      `scipy.stats.multivariate_normal.cdf` isn't in the
                                                tables, and its own text is outside of the subset
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..diagnostics import Diagnostic, UnsupportedError
from .context import Context
from .items import Item, Lost
from .refused_calls import CLASS_ADVICE, GATE_ADVICE

__all__ = ["enters_library", "from_library"]

_LIBRARIES = ("numpy", "scipy")


def enters_library(ctx: Context, function: Any) -> bool:
    """Whether the function is a library's, called from one that isn't."""
    return _is_theirs(function) and not any(_is_theirs(f.source.function) for f in ctx.frames)


def _is_theirs(function: Any) -> bool:
    home = (getattr(function, "__module__", None) or "").partition(".")[0]
    return isinstance(function, types.FunctionType) and home in _LIBRARIES


def from_library(ctx: Context, node: ast.AST, lower: Callable[[], Item]) -> Item:
    """What the library's function gives, or a refusal of the call."""
    before = len(ctx.problems)
    try:
        item = lower()
    except UnsupportedError as error:
        ctx.problems += error.diagnostics
    except Lost:
        if len(ctx.problems) == before:
            raise
    else:
        if len(ctx.problems) == before:
            return item
    found = ctx.problems[before:]
    del ctx.problems[before:]
    _refuse(ctx, node, found)
    return None


def _refuse(ctx: Context, node: ast.AST, found: Sequence[Diagnostic]) -> NoReturn:
    told = [
        one for one in found
        if one.code == "unknown-function" and one.advice not in (CLASS_ADVICE, GATE_ADVICE)
    ]  # fmt: skip
    if told:  # the tables know what to use in its place
        ctx.refuse(node, told[0].code, told[0].reason, told[0].advice)
    called = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    ctx.refuse(
        node, "unknown-function", f"`{called}` isn't in the tables, and its own text is outside of"
        " the subset.", GATE_ADVICE,
    )  # fmt: skip
