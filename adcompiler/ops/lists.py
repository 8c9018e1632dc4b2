"""Lists of run-time length: made, grown and read back.

    append %v, %ys            ys.append(v)         (in place where `ys` is the function's own)
    without_last %ys          ys.pop()
    repeated %g, %shape       [g] * len(ys)

They are functional in the IR: each gives a new list. What was appended last comes off first when
its gradient is asked for, so that neither costs more than O(1).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from ..ir.types import FLOAT, Array, List, Type, shape_of
from .emit import call
from .inference import as_array
from .op import Attributes, Call, Emission, Op, arguments

__all__ = ["ENTRIES", "length_of"]


def _repeated_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return List(types[0], attributes["type"].size)


def _elements_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size, *inner = shape_of(types[0])
    return List(Array(as_array(types[0]).dtype, tuple(inner)), size)


def length_of(shape: ast.expr) -> ast.expr:
    """The length of a list, of its shape as source."""
    if isinstance(shape, ast.Tuple):
        return shape.elts[0]
    return ast.Subscript(shape, ast.Constant(0), ast.Load())


def _emit_repeated(emission: Emission) -> ast.expr:
    value, shape = emission.operands
    return ast.BinOp(ast.List([value], ast.Load()), ast.Mult(), length_of(shape))


def _repeated_rule(g: Any, *operands: Any, type: Any, index: int) -> Any:
    return g.emit("sum_of", whole=True, start=False) if index == 0 else None


ENTRIES: tuple[Op, ...] = (
    Op("elements", _elements_type,
       lambda attributes, operands: list(operands[0]),
       lambda emission: call("builtin.list", emission.operands),
       rules=(lambda g, x, y: g.emit("asarray"),), view=(0,),
       samples=(arguments((3,)), arguments((3, 2)))),
    Op("repeated", _repeated_type, lambda attributes, operands: [operands[0]] * operands[1][0],
       _emit_repeated, rules=_repeated_rule, fresh=True,
       samples=(arguments((), Call("shape", (3,)), type=List(FLOAT, 3)),)),
)  # fmt: skip
