"""Reshaping as users may ask for it: the order of the elements, a copy or none.

    np.reshape(x, (2, 3), order="F")        x.T.reshape(3, 2).T
    x.flatten("F")                          x.T.flatten()

Fortran's order is C's order of the transpose, for the elements and for what shares memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .given import array, only
from .op import Expansion, OperationError

__all__ = ["EXPANSIONS"]


def _is_fortran(order: Any, called: str) -> bool:
    only(
        order, ("C", "F"), f"the order of {called}",
        "order='C' or 'F'; others depend on how the array lies in memory",
    )  # fmt: skip
    return bool(order == "F")


def _turned(x: Any) -> Any:
    return x.T if x.ndim > 1 else x


def _reshape(a: Any, /, shape: Any, order: Any = "C", *, copy: Any = None) -> Any:
    x, fortran = array(a), _is_fortran(order, "reshape")
    if copy is False or (copy and fortran):
        raise OperationError(
            f"reshape with copy={copy}", "leave `copy` out, or copy the result with .copy()"
        )
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if fortran:
        return _turned(np.reshape(_turned(x), sizes[::-1]))
    made: Any = np.reshape(x, sizes)
    return made.emit("own", order="C") if copy else made


def _reshape_method(self: Any, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
    return _reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)


def _ravel(a: Any, order: Any = "C") -> Any:
    x = array(a)
    return np.ravel(_turned(x) if _is_fortran(order, "ravel") else x)


def _flatten(self: Any, order: Any = "C") -> Any:
    return (_turned(self) if _is_fortran(order, "flatten") else self).emit("flatten")


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("reshape", _reshape, (np.reshape,), complex=True,
              static=("order", "copy"), plain=("shape",),
              examples=("np.reshape({6}, (2, 3))", "np.reshape({2,3}, -1)",
                        "np.reshape({2,3}, (3, 2), order='F')", "np.reshape({2,3}, [3, 2])",
                        "np.reshape({}, (1, 1))", "np.reshape({2,3,1}, (-1, 2), 'F')")),
    Expansion("reshape", _reshape_method, (("method", "reshape"),), complex=True,
              static=("order", "copy"), plain=("shape",),
              examples=("{6}.reshape(2, 3)", "{2,3}.reshape((3, 2), order='F')",
                        "{2,3}.reshape(-1, order='F')", "{1}.reshape(())")),
    Expansion("ravel", _ravel, (np.ravel, ("method", "ravel")), complex=True, static=("order",),
              examples=("np.ravel({2,3})", "np.ravel({2,3}, order='F')", "np.ravel({})",
                        "{2,3}.ravel()", "{2,3}.ravel('F')")),
    Expansion("flatten", _flatten, (("method", "flatten"),), complex=True, static=("order",),
              examples=("{2,3}.flatten()", "{2,1,3}.flatten('F')")),
)  # fmt: skip
