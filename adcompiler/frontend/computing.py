"""What is computed while the function is lowered: what fails then would fail at run time, too.

    math.prod((2, None))         this fails: TypeError: unsupported operand type(s) for *: ...
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .context import Context

__all__ = ["computed"]


def computed(ctx: Context, node: ast.AST, compute: Callable[[], Any]) -> Any:
    """What `compute` gives, or a diagnostic at the node with what it raises."""
    try:
        return compute()
    except Exception as error:
        return ctx.refuse(
            node, "static-error", f"this fails: {type(error).__name__}: {error}.",
            "correct what it is given.",
        )  # fmt: skip
