"""The operations, a family per file, and the table that joins them.

The table is made when something of it is asked for, and not by the import of one family: a gate
needs no other.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .table import (
        EXPANSIONS,
        SPELLINGS,
        TABLE,
        Bound,
        Emission,
        Expansion,
        Op,
        OperationError,
        Rule,
        Spelling,
        Tracer,
        UnfilledError,
        Var,
        changes,
        evaluate,
        families,
        has_effect,
        infer,
        is_arithmetic,
        is_context,
        is_known,
        late_name,
        lookup,
        may_raise,
    )

__all__ = [
    "EXPANSIONS", "SPELLINGS", "TABLE", "Bound", "Emission", "Expansion", "Op", "OperationError",
    "Rule", "Spelling", "Tracer", "UnfilledError", "Var", "changes", "evaluate", "families",
    "has_effect", "infer", "is_arithmetic", "is_context", "is_known", "late_name", "lookup",
    "may_raise",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.table"), name)
