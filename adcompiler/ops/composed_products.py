"""Products that NumPy itself puts together: cross products along any axis, powers of matrices, the
outer form of every binary ufunc.

    np.cross(a, b, axis=0)          np.linalg.cross(a.T, b.T).T
    np.linalg.matrix_power(a, 3)    a @ a @ a
    np.subtract.outer(x, y)         np.subtract(x[:, None], y)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .given import array
from .inference import constant_axis, differ
from .op import Expansion, OperationError
from .var import Var

__all__ = ["EXPANSIONS"]


def _cross(
    a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None
) -> Any:
    """What is not known to be a vector of three is refused by np.linalg.cross at run time."""
    if axis is not None:
        axisa = axisb = axisc = axis
    found = _last(array(a), axisa).emit("cross", _last(array(b), axisb))
    (place,) = constant_axis((axisc,), found.ndim)
    order = [*range(found.ndim - 1)]
    order.insert(place, found.ndim - 1)
    return _ordered(found, order)


def _linalg_cross(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return _cross(x1, x2, axis=axis)


def _last(x: Any, axis: Any) -> Any:
    """The axis moved behind the others."""
    (place,) = constant_axis((axis,), x.ndim)
    return _ordered(x, [*(k for k in range(x.ndim) if k != place), place])


def _ordered(x: Any, order: list[int]) -> Any:
    return x if order == sorted(order) else np.transpose(x, tuple(order))


def _matrix_power(a: Any, n: Any) -> Any:
    a = array(a)
    if a.ndim < 2 or differ(*a.shape[-2:]):
        raise OperationError(f"a power of {a.type}, which is no square matrix", "check the shapes")
    if type(n) is not int:
        raise OperationError(f"the power {n!r} of a matrix", "raise it to an int")
    if n == 0:
        return _identity(a)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 3:
        return np.matmul(np.matmul(a, a), a)
    result = square = None
    while n:
        square = a if square is None else np.matmul(square, square)
        n, bit = divmod(n, 2)
        if bit:
            result = square if result is None else np.matmul(result, square)
    return result


def _identity(a: Any) -> Any:
    size = a.shape[-1] if isinstance(a.shape[-1], int) else a.emit("size", axis=a.ndim - 1)
    eye = a.tracer.call(np.eye, size, dtype=np.dtype(a.type.dtype))
    if a.ndim == 2:
        return eye
    return a.tracer.call(np.array, eye.emit("broadcast", a.emit("shape"), type=a.type))


def _linalg_outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = array(x1), array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise OperationError("np.linalg.outer of what is no vector", "use np.outer")
    return np.outer(x1, x2)


def _outer(ufunc: Any) -> Any:
    def build(A: Any, B: Any, /) -> Any:
        a: Any = _strong(array(A))
        b = _strong(array(B))
        axes: Any = tuple(range(a.ndim, a.ndim + b.ndim)) if a.ndim else ()
        if axes:
            a = np.expand_dims(a, axes[0] if len(axes) == 1 else axes)
        return ufunc(a, b)

    return build


def _strong(x: Var) -> Var:
    """A ufunc's outer makes arrays of Python numbers, whose dtype counts."""
    if not x.is_python:
        return x
    if getattr(x.type, "dtype", "f8") != "f8":
        raise OperationError(f"{x.type} may be a Python number or not", "make an array of it")
    return x.emit("asarray")


# Examples in the domain of each.
_OUTERS = {
    "add": "{2}, {3}", "subtract": "{2}, {3}", "multiply": "{2,3}, {2}", "divide": "{2}, 3 + {3}",
    "power": "3 + {2}, {3}", "maximum": "{2}, {3}", "minimum": "{2}, {3}", "fmax": "{2}, {3}",
    "fmin": "{2}, {3}", "hypot": "{2}, {3}", "arctan2": "{2}, {3}", "logaddexp": "{2}, {3}",
    "remainder": "{2}, 3 + {3}", "floor_divide": "{2}, 3 + {3}",
    "less": "{2}, {3}", "less_equal": "{2}, {3}", "greater": "{2}, {3}",
    "greater_equal": "{2}, {3}", "equal": "{2}, {3}", "not_equal": "{2}, {3}",
}  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion(
        "cross", _cross, (np.cross,), static=("axisa", "axisb", "axisc", "axis"), complex=True,
        examples=(
            "np.cross({3}, {3})", "np.cross({2,3}, {3})", "np.cross({3,2}, {3,2}, axis=0)",
            "np.cross({3,2}, {2,3}, axisa=0, axisc=0)", "np.cross([{}, {}, 1.0], {3})",
        ),
    ),
    Expansion(
        "linalg_cross", _linalg_cross, (np.linalg.cross,), static=("axis",), complex=True,
        examples=("np.linalg.cross({2,3}, {2,3})", "np.linalg.cross({3,2}, {3,2}, axis=0)"),
    ),
    Expansion(
        "matrix_power", _matrix_power, (np.linalg.matrix_power,), static=("n",), complex=True,
        examples=(
            "np.linalg.matrix_power({2,2}, 3)", "np.linalg.matrix_power({2,2}, 7)",
            "np.linalg.matrix_power({3,2,2}, 2)", "np.linalg.matrix_power({2,2}, 1)",
            "np.linalg.matrix_power({2,2!}, -1)", "np.linalg.matrix_power({2,2!}, -3)",
            "np.linalg.matrix_power({2,2}, 0) * {2,2}",
            "np.linalg.matrix_power({3,2,2}, 0) * {2,2}",
        ),
    ),
    Expansion("linalg_outer", _linalg_outer, (np.linalg.outer,), complex=True,
              examples=("np.linalg.outer({2}, {3})",)),
    *(Expansion(f"{name}_outer", _outer(getattr(np, name)), (getattr(np, name).outer,),
                complex=True, examples=(f"np.{name}.outer({example})",))
      for name, example in _OUTERS.items()),
)  # fmt: skip
