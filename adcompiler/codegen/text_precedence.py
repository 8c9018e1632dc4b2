"""How tightly Python's operators bind, and how they are spelled.

A level says what a place in the grammar requires of the expression that stands there; an operator
that binds less tightly than its place requires gets parentheses.

>>> (symbol, level), (_, looser) = BINARY[ast.Mult], BINARY[ast.Add]
>>> symbol, looser < level
(' * ', True)
"""

from __future__ import annotations

import ast

# What a place requires of the expression in it, loosest first.
(
    YIELD,  # a bare `yield` may stand here, or a bare tuple
    TUPLE,  # a bare tuple, but no `yield`
    TEST,  # one element of a list
    OR,
    AND,
    NOT,
    COMPARISON,
    BIT_OR,
    BIT_XOR,
    BIT_AND,
    SHIFT,
    ARITH,
    TERM,
    FACTOR,
    POWER,
    AWAIT,
    ATOM,
) = range(17)

BINARY: dict[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: (" | ", BIT_OR),
    ast.BitXor: (" ^ ", BIT_XOR),
    ast.BitAnd: (" & ", BIT_AND),
    ast.LShift: (" << ", SHIFT),
    ast.RShift: (" >> ", SHIFT),
    ast.Add: (" + ", ARITH),
    ast.Sub: (" - ", ARITH),
    ast.Mult: (" * ", TERM),
    ast.Div: (" / ", TERM),
    ast.FloorDiv: (" // ", TERM),
    ast.Mod: (" % ", TERM),
    ast.MatMult: (" @ ", TERM),
    ast.Pow: (" ** ", POWER),
}
UNARY = {ast.UAdd: "+", ast.USub: "-", ast.Invert: "~"}
COMPARISONS = {
    ast.Eq: " == ",
    ast.NotEq: " != ",
    ast.Lt: " < ",
    ast.LtE: " <= ",
    ast.Gt: " > ",
    ast.GtE: " >= ",
    ast.Is: " is ",
    ast.IsNot: " is not ",
    ast.In: " in ",
    ast.NotIn: " not in ",
}
