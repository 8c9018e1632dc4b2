"""Calls that can only be made, not looked into: of what has no Python text, for its effect alone.

    recent.append(x)          effect[$0.append($1)] %recent, %x

Such a call might do anything. It is given numbers and strings only, and nothing that belongs to its
owner may be read by the function.
"""

from __future__ import annotations

import ast
import sys
import types
from typing import Any

import numpy as np

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Value
from ..ir.types import Static, rank
from ..ops import is_known
from ..ops.gates import Primitive
from . import builtin_calls
from .context import Context, Path
from .items import BoundMethod, Item, leaves

__all__ = ["check_arguments", "check_untouched", "is_array", "is_opaque"]


def is_opaque(callee: Any, args: list[Item]) -> bool:
    """Whether a call can only be made, not looked into."""
    if not callable(callee) or isinstance(callee, (Value, BoundMethod, Primitive)):
        return False
    try:
        if is_known(callee) or callee in builtin_calls.BUILTINS:
            return False
    except TypeError:
        pass
    home = (getattr(callee, "__module__", None) or "").split(".")[0]
    if home == "numpy" or isinstance(callee, np.ufunc):
        return not any(map(is_array, args))
    if isinstance(callee, types.FunctionType):
        return home in sys.stdlib_module_names
    return not isinstance(getattr(callee, "__self__", None), (dict, list, str))


def is_array(item: Item) -> bool:
    return any(isinstance(leaf, Value) and rank(leaf.type) > 0 for leaf in leaves(item))


def check_arguments(ctx: Context, node: ast.Call, callee: Any, items: tuple[Item, ...]) -> None:
    """What can't be looked into gets numbers and strings only: an array it could change."""
    if any(map(is_array, items)):
        name = getattr(callee, "__name__", type(callee).__name__)
        ctx.refuse(
            node, "opaque-call", f"`{name}` is no Python function that can be read, and might"
            " change the array that it is given.", "give it numbers or strings only.",
        )  # fmt: skip
    ctx.opaque.append((_path(ctx, callee), ctx.span(node), ctx.frame.trail))


def _path(ctx: Context, callee: Any) -> Path | None:
    """Where a callee was found; a method, where its owner was."""
    owner = ctx.found.get(id(getattr(callee, "__self__", None)))
    if owner is not None:
        return (*owner, getattr(callee, "__name__", "?"))
    return ctx.found.get(id(callee))


def check_untouched(ctx: Context) -> None:
    """What was called without being looked into must not own what the function reads.

    Numbers are read once, at the call of the gradient, and the backward part reads arrays again.
    """
    for path, span, trail in ctx.opaque:
        owner = path[:-1] if path is not None else ()
        read = [
            c for c in ctx.captures.values()
            if owner and c.path[: len(owner)] == owner and c.structure != Static()
        ]  # fmt: skip
        if read:
            reason = (
                f"`{'.'.join(map(str, path or ()))}` is no Python function that can be read, and"
                f" might change `{'.'.join(map(str, read[0].path))}`, which the function reads."
            )
            advice = "read it before, and pass it as an argument."
            raise UnsupportedError(Diagnostic("opaque-call", reason, advice, span, trail))
