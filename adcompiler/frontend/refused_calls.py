"""Calls that can't be lowered: what is told of them, in the names that users write.

    x.sum(size=1)            the argument `size=` of .sum is not supported.
    np.linalg.cond(x, 1, 2)  these arguments of np.linalg.cond are not supported.
                             the supported form is np.linalg.cond(x, p=None).
    json.dumps(x)            the function `dumps` has no derivative in the table.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from ..ir.core import Value
from ..ops import EXPANSIONS, SPELLINGS, late_name
from ..ops.late import public_name
from ..ops.refused import refusal
from .context import Context
from .items import Item, in_words

__all__ = [
    "CLASS_ADVICE", "GATE_ADVICE", "refuse_arguments", "refuse_method", "refuse_unknown", "spelled",
]  # fmt: skip

_MODULES = (np.linalg, np.fft, np.random)

GATE_ADVICE = (
    "call it in a gate with a rule of yours: @adcompiler.primitive(opaque=True, result=...),"
    " docs/custom-rules.md."
)
CLASS_ADVICE = "build the object outside and pass it in, or make the class a dataclass."


def spelled(callee: Any) -> str:
    """A callable's name as users write it."""
    module = getattr(callee, "__module__", None) or ""
    name = getattr(callee, "__name__", type(callee).__name__)
    owner = getattr(callee, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{name}"
    late = late_name(callee) or public_name(callee)
    if late is not None:
        return late
    if getattr(np, name, None) is callee or module.split(".")[0] == "numpy":
        public = (one for one in _MODULES if getattr(one, name, None) is callee)
        inner = next(public, np).__name__
        return f"{inner.replace('numpy', 'np')}.{name}"
    return f"{module}.{name}" if module in ("cmath", "math") else name


def refuse_arguments(
    ctx: Context, node: ast.AST, called: str, known: Mapping[str, inspect.Parameter],
    keywords: dict[str, Item], error: TypeError,
) -> NoReturn:  # fmt: skip
    """Arguments that the function isn't known for; `known`: those that it is."""
    if called.startswith("."):
        known = dict([*known.items()][1:])  # a method's owner stands before it
    strange = [key for key in keywords if key not in known]
    advice = "leave it out, or compute its effect apart."
    if strange:
        reason = f"the argument `{strange[0]}=` of {called} is not supported."
    elif any(p.kind is p.VAR_POSITIONAL for p in known.values()):
        told = re.sub(r"^\S*\(\) ", "it ", str(error))  # the name of a function of ours
        reason = f"these arguments of {called} are not supported: {told}."
    else:
        reason = f"these arguments of {called} are not supported."
        advice = f"the supported form is {called}({_form(known)})."
    ctx.refuse(node, "unsupported-argument", reason, advice)


def _form(parameters: Mapping[str, inspect.Parameter]) -> str:
    """`a, axis=None, *, keepdims=False`."""
    bare = [
        p.replace(annotation=p.empty, default=_shown(p.default)) for p in parameters.values()
    ]
    return str(inspect.Signature(bare))[1:-1]


class _NoValue:
    """Stands for a default that has no text."""

    def __repr__(self) -> str:
        return "..."


def _shown(default: Any) -> Any:
    return _NoValue() if repr(default).startswith("<object") else default


def refuse_unknown(ctx: Context, node: ast.AST, callee: Any) -> NoReturn:
    """A function that the tables don't have."""
    called = spelled(callee)
    if hasattr(callee, "__wrapped__") and type(callee).__module__ == "functools":
        ctx.refuse(
            node, "wrapped-function", f"`{called}` is a wrapper without Python text, such as"
            " functools.lru_cache makes: what it returns may come from an earlier call.",
            f"call `{called}.__wrapped__`, or leave the decorator out.",
        )  # fmt: skip
    known = refusal(called)
    if known is not None:
        ctx.refuse(node, "unknown-function", f"{called} {known.reason}.", f"{known.advice}.")
    kind = "class" if isinstance(callee, type) else "function"
    if kind == "class" and called == callee.__name__ and callee.__module__ != "builtins":
        ctx.refuse(
            node, "unknown-function", f"objects of the class `{called}` can't be made inside.",
            CLASS_ADVICE,
        )  # fmt: skip
    names = {spelled(key) for key in (*SPELLINGS, *EXPANSIONS) if callable(key)}
    close = difflib.get_close_matches(called, sorted(names), n=1)
    ctx.refuse(
        node, "unknown-function", f"the {kind} `{called}` has no derivative in the table.",
        f"did you mean {close[0]}?" if close else GATE_ADVICE,
    )  # fmt: skip


def refuse_method(ctx: Context, node: ast.AST, value: Value, method: str) -> NoReturn:
    """A method of an array or number that the tables don't have."""
    known = refusal(f"x.{method}")
    if known is not None:
        reason = f"`.{method}` of {in_words(value)} {known.reason}."
        ctx.refuse(node, "unknown-function", reason, f"{known.advice}.")
    keys = (*SPELLINGS, *EXPANSIONS)
    names = [key[1] for key in keys if isinstance(key, tuple) and key[0] == "method"]
    close = difflib.get_close_matches(method, names, n=1)
    ctx.refuse(
        node, "unknown-function", f"the method `.{method}` of {in_words(value)} is not in the"
        " table.", f"did you mean .{close[0]}?" if close else "use a NumPy function.",
    )  # fmt: skip
