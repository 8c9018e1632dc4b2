"""Reading a list's last element and taking it off are one step.

    grad_v = grad_ys[-1]                  grad_v = grad_ys.pop()
    grad_ys.pop()              gives
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .marking import like

__all__ = ["with_pops"]


def with_pops(lines: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The lines with each pair of that kind joined."""
    joined: list[ast.stmt] = []
    for line in lines:
        name = _popped(line)
        before = joined[-1] if joined else None
        if name is not None and isinstance(before, ast.Assign) and _last_of(before.value) == name:
            assert isinstance(line, ast.Expr)
            joined[-1] = like(before, ast.Assign(before.targets, line.value))
        else:
            joined.append(line)
    return joined


def _popped(line: ast.stmt) -> str | None:
    """The list that the line takes an element off."""
    match line:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "pop"), [], [])):
            return name
    return None


def _last_of(value: ast.expr) -> str | None:
    match value:
        case ast.Subscript(ast.Name(name), ast.Constant(-1)):
            return name
    return None
