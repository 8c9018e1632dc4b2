"""Python functions as they are differentiated: which are, what is in them, their defaults."""

from __future__ import annotations

import ast
import inspect
import operator
import types
from typing import Any

from .diagnostics import Diagnostic, UnsupportedError
from .frontend.source import read_function
from .ops.gates import Primitive

__all__ = ["has_insides", "insides", "literal_defaults", "python_function"]

_PLAIN = (float, int, bool, str, type(None))


def insides(function: types.FunctionType) -> list[Any]:
    """What may be exchanged inside a function."""
    keyword = function.__kwdefaults__ or {}
    return [function.__code__, function.__defaults__, *keyword, *keyword.values()]


def has_insides(function: types.FunctionType, before: list[Any]) -> bool:
    """Whether nothing inside a function has been exchanged."""
    now = insides(function)
    return len(now) == len(before) and all(map(operator.is_, now, before))


def python_function(function: Any) -> types.FunctionType:
    """The function, if its text can be read; UnsupportedError or SourceError if not."""
    if isinstance(function, Primitive):
        name = getattr(function.function, "__name__", "gate")
        raise UnsupportedError(
            Diagnostic(
                "gate", f"`{name}` is a gate, not a plain function.",
                f"call it in a function of your own: `def f(x): return {name}(x)`.",
            )
        )  # fmt: skip
    if type(function).__module__.partition(".")[0] == "adcompiler":
        raise UnsupportedError(
            Diagnostic(
                "derivative", f"{function!r} isn't differentiated by itself.",
                "call it in a function of your own.",
            )
        )
    if not isinstance(function, types.FunctionType):
        read_function(function)  # says why not
    assert isinstance(function, types.FunctionType)
    return function


def literal_defaults(signature: inspect.Signature) -> dict[str, ast.expr | None]:
    """Defaults that can be written out in an emitted signature."""
    return {
        name: ast.Constant(p.default) if type(p.default) in _PLAIN else None
        for name, p in signature.parameters.items()
        if p.default is not p.empty
    }
