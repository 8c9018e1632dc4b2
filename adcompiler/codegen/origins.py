"""Which operations each line of the text comes from.

    s0 = w * x                  %s0 = mul %w, %x
    y = np.tanh(s0) + b         %0 = tanh %s0;  %y = add %0, %b

The emitter marks the nodes that it makes with the operation that they stand for. A node that is
put together anew on its way loses its mark; those within it keep theirs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ..ir.core import Operation
from .text import Blank, Comment

__all__ = ["line_origins", "mark"]

Node = TypeVar("Node", bound=ast.AST)

_OPERATION = "operation"


def mark(node: Node, op: Operation) -> Node:
    """The node, which stands for the operation unless it stands for another already."""
    if not hasattr(node, _OPERATION):
        setattr(node, _OPERATION, op)
    return node


def line_origins(
    definitions: Sequence[ast.FunctionDef], text: str
) -> list[tuple[Operation, ...]]:
    """By line of the text that the definitions were printed as, the operations on it, in order.

    A statement over several lines is one; of a loop or branch its head is. What a loop or branch
    does besides, such as to put a value on a tape, stands for the loop.
    """
    found: list[dict[Operation, None]] = [{} for _ in text.splitlines()]
    for made, read in zip(definitions, ast.parse(text).body, strict=True):
        for ours, printed, around in _statements([made], [read], None):
            inner = getattr(printed, "body", None)
            last = inner[0].lineno - 1 if inner else printed.end_lineno or printed.lineno
            for op in _on(ours, around):
                for line in range(printed.lineno, max(last, printed.lineno) + 1):
                    found[line - 1][op] = None
    return [tuple(ops) for ops in found]


def _statements(
    made: Iterable[ast.stmt], read: Iterable[ast.stmt], around: Operation | None
) -> Iterator[tuple[ast.stmt, ast.stmt, Operation | None]]:
    """The statements of both trees that belong together, with the loop or branch around them."""
    shown = [node for node in made if not isinstance(node, (Blank, Comment))]
    if not shown:
        return  # `pass` stands for comments alone
    for ours, printed in zip(shown, read, strict=True):
        yield ours, printed, around
        within = getattr(ours, _OPERATION, around)
        for field in ("body", "orelse"):
            inner = getattr(ours, field, None)
            if inner:
                yield from _statements(inner, getattr(printed, field), within)


def _on(statement: ast.stmt, around: Operation | None) -> list[Operation]:
    """The operations of one statement, without those of the statements within."""
    inner = [op for node in ast.iter_child_nodes(statement) for op in _marks(node)]
    own = getattr(statement, _OPERATION, around)
    if own is None or (own.blocks and inner and not hasattr(statement, "body")):
        return inner
    return [own, *inner]


def _marks(node: ast.AST) -> Iterator[Operation]:
    if isinstance(node, ast.stmt):
        return
    op = getattr(node, _OPERATION, None)
    if op is not None:
        yield op
    for child in ast.iter_child_nodes(node):
        yield from _marks(child)
