"""Inverses, linear systems and determinants, of matrices and of stacks of them.

    x = np.linalg.solve(a, b)        grad_b = np.linalg.solve(a.T, grad_x)
                                     grad_a = -np.outer(grad_b, x)

Rules as in Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), sections 2.2.3 (inverse) and 2.2.4 (determinant).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import Array, Type, rank
from .emit import call
from .inference import as_array, broadcast_shapes, promote
from .op import (
    Attributes,
    Emission,
    Op,
    OperationError,
    Regular,
    Spelling,
    arguments,
    operands_only,
)

__all__ = ["ENTRIES", "SQUARES", "as_matrices", "column", "square", "transposed"]

# Samples of what takes square matrices.
SQUARES = tuple(
    arguments(Regular(shape)) for shape in ((2, 2), (3, 3), (1, 1), (2, 3, 3), (2, 1, 2, 2))
)


def as_matrices(type_: Type, name: str) -> Array:
    """The type of the matrices that `np.linalg` computes with."""
    array = as_array(type_)
    if rank(array) < 2:
        raise OperationError(
            f"np.linalg.{name} of {array}, which is no matrix", "give an array of two dimensions"
        )
    dtype = array.dtype if array.dtype[0] in "fc" else "f8"
    if dtype == "f2":
        raise OperationError(
            f"np.linalg.{name} doesn't take float16", "convert with .astype(np.float32) first"
        )
    return Array(dtype, array.shape)


def square(type_: Type, name: str) -> Array:
    """The type of square matrices."""
    array = as_matrices(type_, name)
    m, n = array.shape[-2:]
    if m != n and (isinstance(m, int) or isinstance(n, int)) and _settled(m, n):
        raise OperationError(f"np.linalg.{name} of {array}, which isn't square", "check the shape")
    return array


def _settled(m: Size, n: Size) -> bool:
    """Whether two sizes can't be equal."""
    return 1 in (m, n) or (isinstance(m, int) and isinstance(n, int))


def transposed(x: Any) -> Any:
    """Every matrix transposed."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def column(g: Any) -> Any:
    """A number for each matrix, in the shape in which it scales the matrices."""
    return g[..., None, None] if g.ndim else g


def _inverse(g: Any, a: Any, y: Any) -> Any:
    return -transposed(y) @ g @ transposed(y)


def _solve_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = square(types[0], "solve"), as_array(types[1])
    if not rank(b):
        raise OperationError("np.linalg.solve for a number", "give the right side as an array")
    rows = b.shape[-2] if rank(b) > 1 else b.shape[0]
    if a.shape[-1] != rows and _settled(a.shape[-1], rows):
        raise OperationError(f"np.linalg.solve of {a} and {b}", "check the shapes")
    dtype = promote((a, as_matrices(Array(b.dtype, (1, 1)), "solve")))
    if rank(b) == 1:
        return Array(dtype, a.shape[:-1])
    return Array(dtype, (*broadcast_shapes((a.shape[:-2], b.shape[:-2])), *b.shape[-2:]))


def _adjoint_solution(g: Any, a: Any, b: Any) -> Any:
    """The solution for the transposed matrices; NumPy takes a stack of vectors for matrices."""
    if b.ndim == 1 and a.ndim > 2:
        return np.linalg.solve(transposed(a), g[..., None])[..., 0]
    return np.linalg.solve(transposed(a), g)


def _solve_left(g: Any, a: Any, b: Any, x: Any) -> Any:
    found = _adjoint_solution(g, a, b)
    if b.ndim > 1:
        return -found @ transposed(x)
    if a.ndim == 2:
        return -np.outer(found, x)
    return -found[..., None] * x[..., None, :]


def _number_type(name: str) -> Any:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = square(types[0], name)
        return Array(array.dtype, array.shape[:-2])

    return infer


def _slogdet_type(types: Sequence[Type], attributes: Attributes) -> tuple[Type, Type]:
    array = square(types[0], "slogdet")
    if array.dtype[0] == "c":
        raise OperationError(
            "np.linalg.slogdet of complex matrices", "write np.log(np.abs(np.linalg.det(a)))"
        )
    result = Array(array.dtype, array.shape[:-2])
    return result, result


def _slogdet(g: Any, a: Any, y: Any) -> Any:
    """The sign is constant between jumps."""
    return None if g[1] is None else column(g[1]) * transposed(np.linalg.inv(a))


def _linalg_call(name: str) -> Any:
    def emit(emission: Emission) -> Any:
        return call(f"np.linalg.{name}", emission.operands)

    return emit


def _may_raise(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """Of matrices without an inverse."""
    return True


_SYSTEMS = (
    ((2, 2), (2,)), ((3, 3), (3, 2)), ((1, 1), (1,)), ((3, 3), (3, 1)), ((2, 3, 3), (3,)),
    ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((2, 3, 3), (2, 3, 1)), ((1, 2, 2), (3, 2, 2)),
)  # fmt: skip
_SlogdetResult = namedtuple("_SlogdetResult", ("sign", "logabsdet"))

ENTRIES: tuple[Op, ...] = (
    Op("inv", lambda types, attributes: square(types[0], "inv"),
       lambda attributes, operands: np.linalg.inv(operands[0]), _linalg_call("inv"),
       rules=(_inverse,), fresh=True, raises=_may_raise,
       spellings={np.linalg.inv: Spelling(operands_only(1))},
       samples=SQUARES),
    Op("solve", _solve_type, lambda attributes, operands: np.linalg.solve(*operands),
       _linalg_call("solve"), rules=(_solve_left, lambda g, a, b, x: _adjoint_solution(g, a, b)),
       fresh=True, raises=_may_raise, spellings={np.linalg.solve: Spelling(operands_only(2))},
       samples=tuple(arguments(Regular(a), b) for a, b in _SYSTEMS)),
    Op("slogdet", _slogdet_type, lambda attributes, operands: np.linalg.slogdet(operands[0]),
       _linalg_call("slogdet"), rules=(_slogdet,), fresh=True,
       spellings={np.linalg.slogdet: Spelling(operands_only(1))},
       results=("sign", "logdet"), structure=lambda found: _SlogdetResult(*found),
       samples=SQUARES),
)  # fmt: skip
