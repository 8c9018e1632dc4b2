"""Least squares: pseudo-inverses, and solutions of systems with too many equations or too few.

    x = np.linalg.lstsq(a, b)[0]     p = np.linalg.pinv(a, rtol=None)
                                     grad_b = p.T @ grad_x
                                     grad_a = -np.outer(grad_b, x) + ...

Where the rank changes there is no derivative: the rules hold for changes that keep it. See Golub
and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
variables separate" (1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import unknown
from ..ir.types import Array, Type, rank
from .decompositions import scaled, smaller
from .emit import default_call
from .inference import as_array, promote
from .linear_solves import (
    adjoint,
    as_matrices,
    ascending,
    conjugate,
    differ,
    may_raise,
    real,
)  # fmt: skip
from .op import (
    Attributes,
    Bound,
    Op,
    OperationError,
    Regular,
    Spelling,
    arguments,
)

__all__ = ["ENTRIES"]


def _bind_pinv(a: Any, rcond: Any = None, hermitian: Any = False, *, rtol: Any = ...) -> Bound:
    given = {} if rtol is ... else {"rtol": rtol}
    return arguments(a, rcond=rcond, hermitian=hermitian, **given)


def _pinv_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if attributes["hermitian"]:
        raise OperationError("np.linalg.pinv with hermitian=True", "leave it out")
    array = as_matrices(types[0], "pinv")
    *stack, m, n = array.shape
    return Array(array.dtype, (*stack, n, m))


@ascending
def _pinv(g: Any, a: Any, y: Any, **attributes: Any) -> Any:
    """What moves the result within its row and column space, and out of either."""
    p, h = adjoint(y), adjoint(g)
    left, right = h @ y @ p, p @ y @ h
    return -p @ g @ p + (left - a @ (y @ left)) + (right - right @ y @ a)


def _lstsq_type(types: Sequence[Type], attributes: Attributes) -> tuple[Type, ...]:
    a, b = as_matrices(types[0], "lstsq"), as_array(types[1])
    if rank(a) != 2 or rank(b) not in (1, 2) or differ(a.shape[0], b.shape[0]):
        raise OperationError(
            f"np.linalg.lstsq of {a} and {b}", "give a matrix, and a right side with as many rows"
        )
    dtype = promote((a, as_matrices(Array(b.dtype, (1, 1)), "lstsq")))
    m, n = a.shape
    number = Array("i4", ())
    return (
        Array(dtype, (n, *b.shape[1:])), Array(real(dtype), (unknown(),)), number,
        Array(real(dtype), (smaller(m, n),)),
    )  # fmt: skip


def _inverse_for(a: Any, rcond: float | None) -> Any:
    """The pseudo-inverse that the solution is computed by, as far as it has to be that one."""
    if rcond is None or rcond < 0:
        return a.tracer.call(np.linalg.pinv, a, rtol=None)
    return a.tracer.call(np.linalg.pinv, a, rcond)


@ascending
def _lstsq_left(g: Any, a: Any, b: Any, y: Any, rcond: float | None) -> Any:
    if g[1] is not None:
        raise OperationError(
            "the residuals that np.linalg.lstsq gives are empty for some matrices, and have no"
            " derivative here", "compute them from the solution: np.sum((b - a @ x) ** 2, axis=0)"
        )
    found = None
    if g[3] is not None:
        u, _, vt = np.linalg.svd(a, full_matrices=False)
        found = scaled(u, g[3]) @ vt
    if g[0] is None:
        return found
    x, p = y[0], _inverse_for(a, rcond)
    h = adjoint(p) @ g[0]
    moved = _outer(b - a @ x, p @ h) - _outer(h, x)
    moved = moved + _outer(adjoint(p) @ x, g[0] - adjoint(a) @ h)
    return moved if found is None else moved + found


def _outer(a: Any, b: Any) -> Any:
    """The sum of the outer products of the columns."""
    return np.outer(a, conjugate(b)) if a.ndim == 1 else a @ adjoint(b)


@ascending
def _lstsq_right(g: Any, a: Any, b: Any, y: Any, rcond: float | None) -> Any:
    return None if g[0] is None else adjoint(_inverse_for(a, rcond)) @ g[0]


ENTRIES: tuple[Op, ...] = (
    Op("pinv", _pinv_type, lambda attributes, operands: np.linalg.pinv(operands[0], **attributes),
       default_call("np.linalg.pinv", rcond=None, hermitian=False), rules=(_pinv,), fresh=True,
       complex=True, raises=may_raise, spellings={np.linalg.pinv: Spelling(_bind_pinv)},
       samples=tuple(arguments(Regular(shape), rcond=None, hermitian=False) for shape in
                     ((2, 2), (3, 2), (2, 3), (1, 1), (3, 1), (2, 3, 2)))
       + (arguments(Regular((3, 2)), rcond=1e-3, hermitian=False),),
       examples=("np.linalg.pinv({3,2!})", "np.linalg.pinv({2,2,3!}, 1e-4)",
                 "np.linalg.pinv({3,3!}, rtol=None)")),
    Op("lstsq", _lstsq_type, lambda attributes, operands: np.linalg.lstsq(*operands, **attributes),
       default_call("np.linalg.lstsq", rcond=None), rules=(_lstsq_left, _lstsq_right), fresh=True,
       complex=True, raises=may_raise,
       spellings={np.linalg.lstsq: Spelling(
           lambda a, b, rcond=None: arguments(a, b, rcond=rcond))},
       results=("x", "residuals", "rank", "s"),
       examples=tuple(f"np.linalg.lstsq({{{a}!}}, {{{b}}}, rcond=None)[0]" for a, b in
                      (("3,3", "3"), ("4,2", "4"), ("2,4", "2"), ("4,2", "4,3"), ("3,1", "3")))
       + ("np.linalg.lstsq({4,2!}, {4})[3]",)),
)  # fmt: skip
