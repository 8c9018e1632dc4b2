"""Assignments that happen at once, in an order that makes them right one after the other.

    a <- b, b <- a + b        a, b = b, a + b
    a <- b, b <- c            a = b
                              b = c
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Move", "in_order"]


@dataclass(frozen=True)
class Move:
    """`name = expression`; `adds` says that `name += b` may stand for `name = name + b`."""

    name: str
    expression: ast.expr
    adds: bool = False

    def reads(self, name: str) -> bool:
        return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(self.expression))


def in_order(moves: Sequence[Move]) -> list[ast.stmt]:
    """Single assignments where an order of them exists, one tuple assignment where none does."""
    waiting = list(moves)
    lines: list[ast.stmt] = []
    while waiting:
        ready = next(
            (m for m in waiting if not any(o.reads(m.name) for o in waiting if o is not m)), None
        )
        if ready is None:
            return [*lines, _together(waiting)]
        waiting.remove(ready)
        lines.append(_single(ready))
    return lines


def _single(move: Move) -> ast.stmt:
    match move.expression:
        case ast.BinOp(ast.Name(id), op, right) if move.adds and id == move.name:
            return ast.AugAssign(ast.Name(move.name, ast.Store()), op, right)
    return ast.Assign([ast.Name(move.name, ast.Store())], move.expression)


def _together(moves: Sequence[Move]) -> ast.stmt:
    targets = ast.Tuple([ast.Name(m.name, ast.Store()) for m in moves], ast.Store())
    return ast.Assign([targets], ast.Tuple([m.expression for m in moves], ast.Load()))
