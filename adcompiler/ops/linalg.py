"""Products of vectors, matrices and stacks of these.

Rules in matrix form: for Y = A B, the cotangents are G Bᵀ and Aᵀ G (Giles, 2008, §2.2.1).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import Array, Type, rank
from .emit import call, infix
from .inference import as_array, broadcast_shapes, promote, size_of
from .op import Attributes, Op, OperationError, Spelling, arguments, operands_only

__all__ = ["ENTRIES"]


def _product_shape(a: Array, b: Array) -> tuple[Size, ...]:
    left = a.shape[:-1]
    right = (*b.shape[:-2], b.shape[-1]) if rank(b) > 1 else ()
    if rank(a) <= 2 and rank(b) <= 2:
        return (*left, *right[-1:])
    stack = broadcast_shapes([a.shape[:-2], b.shape[:-2]])
    rows = a.shape[-2:-1] if rank(a) > 1 else ()
    columns = b.shape[-1:] if rank(b) > 1 else ()
    return (*stack, *rows, *columns)


def _matmul_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    if not rank(a) or not rank(b):
        raise OperationError("@ of a number", "use * to scale by a number")
    (m,), (n,) = _inner(types)
    if m != n and isinstance(m, int) and isinstance(n, int):
        raise OperationError(f"@ of {a} and {b}: {m} is not {n}", "check the shapes")
    return Array(promote((a, b)), _product_shape(a, b))


def _inner(types: Sequence[Type]) -> tuple[tuple[Size], ...]:
    """The sizes over which a product sums, each as a shape; none where a number scales."""
    a, b = map(as_array, types)
    if not rank(a) or not rank(b):
        return ()
    return (a.shape[-1],), (b.shape[-2] if rank(b) > 1 else b.shape[0],)


def _left(g: Any, a: Any, b: Any, y: Any, **via: str) -> Any:
    """The cotangent of `a` in `a @ b`."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if a.ndim == 1 and b.ndim == 2:
        return b @ g
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(g, b)
    if a.ndim == 2 and b.ndim == 2:
        return g @ b.T
    full = _matrix(g, a, b)
    rows = full @ np.swapaxes(np.expand_dims(b, -1) if b.ndim == 1 else b, -1, -2)
    return rows.emit("index", key=(..., 0, slice(None))) if a.ndim == 1 else rows


def _right(g: Any, a: Any, b: Any, y: Any, **via: str) -> Any:
    """The cotangent of `b` in `a @ b`."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1 and b.ndim == 2:
        return np.outer(a, g)
    if a.ndim == 2 and b.ndim <= 2:
        return a.T @ g
    columns = np.swapaxes(np.expand_dims(a, 0) if a.ndim == 1 else a, -1, -2) @ _matrix(g, a, b)
    return columns.emit("index", key=(..., 0)) if b.ndim == 1 else columns


def _matrix(g: Any, a: Any, b: Any) -> Any:
    """`g` with the axes back that a vector operand has taken away."""
    if a.ndim == 1:
        g = np.expand_dims(g, -2 if g.ndim and b.ndim > 1 else -1)
    return np.expand_dims(g, -1) if b.ndim == 1 else g


def _dot_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    if not rank(a) or not rank(b):
        return Array(promote((a, b)), a.shape or b.shape)
    if rank(a) > 2 or rank(b) > 2:
        raise OperationError("np.dot of stacks of matrices", "use @ (np.matmul) for stacks")
    return _matmul_type(types, attributes)


def _dot_left(g: Any, a: Any, b: Any, y: Any) -> Any:
    return g * b if not a.ndim or not b.ndim else _left(g, a, b, y)


def _dot_right(g: Any, a: Any, b: Any, y: Any) -> Any:
    return g * a if not a.ndim or not b.ndim else _right(g, a, b, y)


def _outer_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    return Array(promote((a, b)), (size_of(a.shape), size_of(b.shape)))


def _flat(x: Any) -> Any:
    return np.ravel(x) if x.ndim != 1 else x


def _shaped(g: Any, x: Any) -> Any:
    if not x.ndim:
        return g.emit("index", key=(0,))
    return g if x.ndim == 1 else g.emit("reshape_to", x.emit("shape"), type=as_array(x.type))


_DOT = Spelling(operands_only(2))
_PAIRS = (
    ((3,), (3,)), ((1,), (1,)), ((3,), (3, 2)), ((3,), (3, 1)), ((1,), (1, 2)), ((2, 3), (3,)),
    ((1, 3), (3,)), ((2, 1), (1,)), ((2, 3), (3, 4)), ((1, 3), (3, 4)), ((2, 3), (3, 1)),
    ((2, 1), (1, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
)  # fmt: skip
_STACKS = (
    ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((5, 2, 3), (1, 3, 4)), ((4, 1, 2, 3), (5, 3, 2)),
    ((1, 1, 3), (5, 3, 1)), ((5, 1, 3), (3,)),
)  # fmt: skip
_SCALED = (((), (3,)), ((2, 3), ()), ((), ()))
_OUTER = (((3,), (2,)), ((1,), (2,)), ((3,), (1,)), ((2, 2), (3,)), ((), (3,)), ((2,), ()))


def _matmul(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.matmul(*operands)


ENTRIES: tuple[Op, ...] = (
    Op("matmul", _matmul_type, _matmul,
       lambda emission: infix(ast.MatMult())(emission) if emission.attributes["via"] == "op"
       else call("np.matmul", emission.operands),
       rules=(_left, _right), fresh=True, agreeing=_inner, complex=True,
       samples=tuple(arguments(*shapes, via="op") for shapes in (*_PAIRS, *_STACKS)),
       spellings={operator.matmul: Spelling(operands_only(2), {"via": "op"}),
                  np.matmul: Spelling(operands_only(2), {"via": "np"})}),
    Op("dot", _dot_type, lambda attributes, operands: np.dot(*operands),
       lambda emission: call("np.dot", emission.operands), rules=(_dot_left, _dot_right),
       fresh=True, agreeing=_inner, complex=True,
       samples=tuple(arguments(*shapes) for shapes in (*_PAIRS, *_SCALED)),
       spellings={np.dot: _DOT, ("method", "dot"): _DOT}),
    Op("outer", _outer_type, lambda attributes, operands: np.outer(*operands),
       lambda emission: call("np.outer", emission.operands),
       rules=(lambda g, a, b, y: _shaped(g @ _flat(b), a),
              lambda g, a, b, y: _shaped(_flat(a) @ g, b)),
       fresh=True, complex=True, samples=tuple(arguments(*shapes) for shapes in _OUTER),
       spellings={np.outer: Spelling(operands_only(2))}),
)  # fmt: skip
