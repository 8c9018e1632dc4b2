"""Conditions turned round."""

from __future__ import annotations

import ast
from collections.abc import Callable

__all__ = ["negated"]

_OPPOSITE: dict[type[ast.cmpop], Callable[[], ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def negated(test: ast.expr) -> ast.expr:
    """`not test`; only == and != turn round, since NaN makes `not a < b` differ from `a >= b`."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return operand
        case ast.Compare(left, [op], [right]) if type(op) in _OPPOSITE:
            return ast.Compare(left, [_OPPOSITE[type(op)]()], [right])
    return ast.UnaryOp(ast.Not(), test)
