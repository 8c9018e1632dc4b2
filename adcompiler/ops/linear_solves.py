"""Inverses, linear systems and determinants, of matrices and of stacks of them.

    x = np.linalg.solve(a, b)        grad_b = np.linalg.solve(a.T, grad_x)
                                     grad_a = -np.outer(grad_b, x)

Rules as in Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), sections 2.2.3 (inverse) and 2.2.4 (determinant).
"""

from __future__ import annotations

import functools
import operator
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import Array, Type, is_complex, rank
from ..runtime import helpers
from .elementwise import select
from .emit import call
from .inference import as_array, broadcast_shapes, promote
from .op import (
    Attributes,
    Emission,
    Expansion,
    Op,
    OperationError,
    Regular,
    Rule,
    Spelling,
    arguments,
    operands_only,
)
from .stack_products import solved
from .stacks import as_it_is

__all__ = [
    "ENTRIES", "EXPANSIONS", "SQUARES", "adjoint", "as_matrices", "ascending", "column",
    "conjugate", "differ", "may_raise", "real", "same_index", "square", "transposed",
]  # fmt: skip

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


def real(dtype: str) -> str:
    """The dtype of absolute values."""
    return {"c8": "f4", "c16": "f8"}.get(dtype, dtype)


def square(type_: Type, name: str) -> Array:
    """The type of square matrices."""
    array = as_matrices(type_, name)
    m, n = array.shape[-2:]
    if differ(m, n):
        raise OperationError(f"np.linalg.{name} of {array}, which isn't square", "check the shape")
    return array


def differ(m: Size, n: Size) -> bool:
    """Whether two sizes can't be equal."""
    return m != n and (1 in (m, n) or (isinstance(m, int) and isinstance(n, int)))


def transposed(x: Any) -> Any:
    """Every matrix transposed."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def conjugate(x: Any) -> Any:
    """The conjugate; real numbers stay as they are."""
    return np.conj(x) if is_complex(x.type) else x


def adjoint(x: Any) -> Any:
    """Every matrix transposed and conjugated."""
    return conjugate(transposed(x))


def ascending(rule: Rule) -> Rule:
    """A rule that is written as in the literature: for directions of steepest ascent, which are the
    conjugates of cotangents, and with adjoint matrices where real ones are transposed."""

    def turned(g: Any, *rest: Any, **attributes: Any) -> Any:
        several = isinstance(g, tuple)
        parts = [None if part is None else conjugate(part) for part in (g if several else (g,))]
        found = rule(tuple(parts) if several else parts[0], *rest, **attributes)
        return None if found is None else conjugate(found)

    return turned


def column(g: Any) -> Any:
    """A number for each matrix, in the shape in which it scales the matrices."""
    return g[..., None, None] if g.ndim else g


def same_index(s: Any) -> Any:
    """Where a row and a column of a matrix are of the same one of these numbers."""
    return s.tracer.call(np.eye, s.emit("size", axis=s.ndim - 1)) == 1


def _inverse(g: Any, a: Any, y: Any) -> Any:
    return -transposed(y) @ g @ transposed(y)


def _solve_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = square(types[0], "solve"), as_array(types[1])
    if not rank(b):
        raise OperationError("np.linalg.solve for a number", "give the right side as an array")
    rows = b.shape[-2] if rank(b) > 1 else b.shape[0]
    if differ(a.shape[-1], rows):
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


def _det(g: Any, a: Any, y: Any) -> Any:
    """The matrix of cofactors is det(a) inv(a).T, also where there is no inverse."""
    return None if 0 in a.shape else column(g) * a.emit("cofactors")


def _cofactors(g: Any, a: Any, y: Any) -> Any:
    """The second derivative of the determinant, from products of all singular values but two: no
    division, and so the limit where there is no inverse."""
    u, s, vt = a.tracer.call_all(np.linalg.svd, a)
    inner = adjoint(u) @ g @ adjoint(vt)
    same = same_index(s)
    others = select(same, 1.0, s[..., None, :]).emit("prod_others", axis=s.ndim)
    others = select(same, 0.0, others)
    diagonal = others @ np.sum(select(same, inner, 0.0), axis=-1)[..., None]
    middle = select(same, diagonal, -others * transposed(inner))
    return column(np.linalg.det(u) * np.linalg.det(vt)) * (conjugate(u) @ middle @ conjugate(vt))


def _slogdet_type(types: Sequence[Type], attributes: Attributes) -> tuple[Type, Type]:
    array = square(types[0], "slogdet")
    stack = array.shape[:-2]
    return Array(array.dtype, stack), Array(real(array.dtype), stack)


def _slogdet(g: Any, a: Any, y: Any) -> Any:
    """The sign is constant between jumps; that of complex matrices turns on the unit circle."""
    grad_sign, factor = g
    if grad_sign is not None and is_complex(a.type):
        turning = (grad_sign * y[0]).emit("imag") * 1j
        factor = turning if factor is None else factor + turning
    return None if factor is None else column(factor) * transposed(np.linalg.inv(a))


def _linalg_call(name: str) -> Any:
    def emit(emission: Emission) -> Any:
        return call(f"np.linalg.{name}", emission.operands)

    return emit


def may_raise(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """LinAlgError, for matrices without an inverse and the like."""
    return True


_SYSTEMS = (
    ((2, 2), (2,)), ((3, 3), (3, 2)), ((1, 1), (1,)), ((3, 3), (3, 1)), ((2, 3, 3), (3,)),
    ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((2, 3, 3), (2, 3, 1)), ((1, 2, 2), (3, 2, 2)),
)  # fmt: skip
_SlogdetResult = namedtuple("_SlogdetResult", ("sign", "logabsdet"))

ENTRIES: tuple[Op, ...] = (
    Op("inv", lambda types, attributes: square(types[0], "inv"),
       lambda attributes, operands: np.linalg.inv(operands[0]), _linalg_call("inv"),
       batch=as_it_is, rules=(_inverse,), fresh=True, raises=may_raise, complex=True,
       spellings={np.linalg.inv: Spelling(operands_only(1))},
       samples=SQUARES),
    Op("solve", _solve_type, lambda attributes, operands: np.linalg.solve(*operands),
       _linalg_call("solve"), batch=solved, by_inverse={"inv": lambda inverse, b: inverse @ b},
       rules=(_solve_left, lambda g, a, b, x: _adjoint_solution(g, a, b)),
       fresh=True, raises=may_raise, complex=True,
       spellings={np.linalg.solve: Spelling(operands_only(2))},
       samples=tuple(arguments(Regular(a), b) for a, b in _SYSTEMS)),
    Op("det", _number_type("det"), lambda attributes, operands: np.linalg.det(operands[0]),
       _linalg_call("det"), batch=as_it_is, rules=(_det,), fresh=True, complex=True,
       spellings={np.linalg.det: Spelling(operands_only(1))},
       samples=(*SQUARES, arguments(np.array([[1.0, 2.0], [2.0, 4.0]])))),
    Op("cofactors", lambda types, attributes: square(types[0], "det"),
       lambda attributes, operands: helpers.cofactors(operands[0]),
       lambda emission: call("helper.cofactors", emission.operands), batch=as_it_is,
       rules=(_cofactors,), fresh=True, complex=True,
       samples=(*SQUARES, arguments(np.array([[1.0, 2.0], [2.0, 4.0]])))),
    Op("slogdet", _slogdet_type, lambda attributes, operands: np.linalg.slogdet(operands[0]),
       _linalg_call("slogdet"), batch=as_it_is, rules=(_slogdet,), fresh=True, complex=True,
       spellings={np.linalg.slogdet: Spelling(operands_only(1))},
       results=("sign", "logdet"), structure=lambda found: _SlogdetResult(*found),
       samples=SQUARES),
)  # fmt: skip


def _lengths(a: Any) -> list[Any]:
    return [a.emit("size", axis=k) for k in range(a.ndim)]


def _tensorinv(a: Any, ind: Any = 2) -> Any:
    """As a matrix of the last axes by the first."""
    if not isinstance(ind, int) or not 0 < ind < a.ndim:
        raise OperationError(f"np.linalg.tensorinv with ind={ind!r}", "give an axis inside")
    sizes = _lengths(a)
    rows = functools.reduce(operator.mul, sizes[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, -1))), (*sizes[ind:], *sizes[:ind]))


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """As a matrix that takes the last axes, those of the solution, to those of `b`."""
    if axes is not None:
        last = tuple(k % a.ndim for k in axes)
        a = np.transpose(a, (*(k for k in range(a.ndim) if k not in last), *last))
    sizes = _lengths(a)[b.ndim :]
    if not sizes:
        raise OperationError("np.linalg.tensorsolve without axes for the solution", "use solve")
    count = functools.reduce(operator.mul, sizes)
    return np.reshape(np.linalg.solve(np.reshape(a, (-1, count)), np.ravel(b)), tuple(sizes))


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("tensorinv", _tensorinv, (np.linalg.tensorinv,), static=("ind",), complex=True,
              examples=("np.linalg.tensorinv(np.reshape({4,4!}, (4, 2, 2)), 1)",
                        "np.linalg.tensorinv(np.reshape({4,4!}, (2, 2, 4)))")),
    Expansion("tensorsolve", _tensorsolve, (np.linalg.tensorsolve,), static=("axes",),
              complex=True,
              examples=("np.linalg.tensorsolve(np.reshape({4,4!}, (2, 2, 4)), {2,2})",
                        "np.linalg.tensorsolve(np.reshape({4,4!}, (4, 2, 2)), {2,2}, axes=(0,))")),
)  # fmt: skip
