"""`with` statements put together from where they are entered and where they are left.

    with np.errstate(...):     (entered)
    y = 1 / x                                   with np.errstate(...):
    with:                      (left)    gives      y = 1 / x

What an optimised function has nothing left to do in goes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .marking import like

__all__ = ["gather"]


def gather(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The statements, and those of the blocks inside, with contexts around their bodies."""
    done: list[ast.stmt] = []
    outer: list[tuple[list[ast.stmt], ast.With]] = []
    for node in statements:
        for field in ("body", "orelse"):
            inner = getattr(node, field, None)
            if inner and isinstance(inner, list):
                setattr(node, field, gather(inner))
        if not isinstance(node, ast.With):
            done.append(node)
        elif node.items:
            outer.append((done, node))
            done = []
        else:
            body, (done, entered) = done, outer.pop()
            match body:
                case []:
                    pass
                case [ast.With(items, inner)]:
                    done.append(like(entered, ast.With([*entered.items, *items], inner)))
                case _:
                    done.append(like(entered, ast.With(entered.items, body)))
    return done
