"""Plain functions that stand for derivatives which are differentiated, or batched, themselves.

    jacobian(vmap(f, (None, 0)))       def f_vmap(w, x):
                                           return derived(w, x)

The front end knows what a call of `derived` is (`frontend/derived_calls.py`).
"""

from __future__ import annotations

import inspect
import types
from typing import Any

from .runtime.loader import load

__all__ = ["plain_function"]


def plain_function(derived: Any, mode: str) -> types.FunctionType:
    """The function that calls what has been made of a function, with that function's parameters
    where they are plain ones."""
    inner = getattr(derived, "__name__", "function")
    name = f"{inner if inner.isidentifier() else 'function'}_{mode}"
    parameters = "*args"
    try:
        found = inspect.signature(derived).parameters.values()
    except (TypeError, ValueError):
        found = {}.values()
    plain = all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in found)
    if found and plain and not {p.name for p in found} & {"derived", name}:
        parameters = ", ".join(p.name for p in found)
    namespace = load(f"def {name}({parameters}):\n    return derived({parameters})\n", name)
    namespace["derived"] = derived
    function: types.FunctionType = namespace[name]
    return function
