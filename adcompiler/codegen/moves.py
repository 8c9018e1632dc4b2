"""Assignments that happen at once, in an order that makes them right one after the other.

    a <- b, b <- a + b        a, b = b, a + b
    a <- b, b <- c            a = b
                              b = c
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from .marking import like

__all__ = ["Move", "in_order"]


@dataclass(frozen=True)
class Move:
    """`name = expression`; `adds` says that `name += b` may stand for `name = name + b`."""

    name: str
    expression: ast.expr
    adds: bool = False

    def reads(self) -> set[str]:
        return {n.id for n in ast.walk(self.expression) if isinstance(n, ast.Name)}


def in_order(moves: Sequence[Move]) -> list[ast.stmt]:
    """Single assignments where an order of them exists, one tuple assignment where none does."""
    reads = [move.reads() - {move.name} for move in moves]
    readers = Counter(name for names in reads for name in names)  # that wait
    places = {move.name: k for k, move in enumerate(moves)}
    ready = [k for k, move in enumerate(moves) if not readers[move.name]]
    done: dict[int, ast.stmt] = {}
    while ready:
        k = heappop(ready)
        done[k] = _single(moves[k])
        for name in reads[k]:
            readers[name] -= 1
            if not readers[name] and name in places:
                heappush(ready, places[name])
    waiting = [move for k, move in enumerate(moves) if k not in done]
    return [*done.values(), *([_together(waiting)] if waiting else [])]


def _single(move: Move) -> ast.stmt:
    match move.expression:
        case ast.BinOp(ast.Name(id), op, right) if move.adds and id == move.name:
            changed = ast.AugAssign(ast.Name(move.name, ast.Store()), op, right)
            return like(move.expression, changed)
    return like(
        move.expression, ast.Assign([ast.Name(move.name, ast.Store())], move.expression)
    )


def _together(moves: Sequence[Move]) -> ast.stmt:
    targets = ast.Tuple([ast.Name(m.name, ast.Store()) for m in moves], ast.Store())
    return ast.Assign([targets], ast.Tuple([m.expression for m in moves], ast.Load()))
