"""Result types: NumPy's own promotion tables asked at compile time, sizes broadcast symbolically.

>>> import numpy as np
>>> from ..ir.sizes import symbol
>>> from ..ir.types import FLOAT, Array
>>> print(ufunc_type(np.add, (Array("f4", (symbol("n"), 1)), FLOAT)))
f4[n, 1]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import (
    Size,
    SizeError,
    add,
    broadcast,
    is_positive,
    may_be_one,
    meeting,
    multiply,
    unknown,
)
from ..ir.types import UNDEFINED, Array, List, Scalar, Type, kind_of, shape_of
from .op import OperationError, UnfilledError

__all__ = [
    "SAMPLE",
    "array_type",
    "as_array",
    "broadcast_shapes",
    "constant_axis",
    "differ",
    "operator_type",
    "promote",
    "shortened",
    "size_of",
    "the_axis",
    "ufunc_type",
]

SAMPLE = {"float": 2.0, "int": 2, "bool": True, "complex": 2j}
_PYTHON = {"float": float, "int": int, "complex": complex}


def as_array(type_: Type) -> Array:
    """The type that NumPy makes of an operand that isn't an array yet."""
    match type_:
        case Array():
            return type_
        case Scalar(kind):
            return Array({"float": "f8", "int": "i8", "bool": "b1", "complex": "c16"}[kind], ())
        case List(element, size):
            inner = as_array(element)
            return Array(inner.dtype, (size, *inner.shape))
    if type_ == UNDEFINED:
        raise UnfilledError
    raise OperationError(f"a {type_} is no number or array", "pass a number or an array")


def broadcast_shapes(shapes: Iterable[Sequence[Size]]) -> tuple[Size, ...]:
    """The shape that operands of these shapes broadcast to."""
    shapes = list(shapes)
    result: list[Size] = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for axis in range(-len(shape), 0):
            try:
                size = broadcast(result[axis], shape[axis])
            except SizeError as error:
                raise OperationError(str(error), "give operands whose shapes broadcast") from None
            result[axis] = meeting(result[axis], shape[axis]) if size is None else size
    return tuple(result)


def _dtype(type_: Type) -> Any:
    if isinstance(type_, Scalar) and type_.kind in _PYTHON:
        return _PYTHON[type_.kind]
    return np.dtype(as_array(type_).dtype)


def ufunc_type(ufunc: np.ufunc, types: Sequence[Type], result: int = 0) -> Array:
    """What a ufunc gives (the one of its results), NEP 50's weak Python numbers included."""
    dtypes = (*map(_dtype, types), *[None] * ufunc.nout)
    try:
        found = ufunc.resolve_dtypes(dtypes)[ufunc.nin + result]
    except TypeError:
        listed = ", ".join(map(str, types))
        raise OperationError(
            f"np.{ufunc.__name__} has no loop for {listed}", "convert the operands first"
        ) from None
    shape = broadcast_shapes(shape_of(t) for t in types)
    return Array(f"{found.kind}{found.itemsize}", shape)


def promote(types: Sequence[Type]) -> str:
    """The common dtype, as `np.result_type` finds it."""
    values = [
        SAMPLE[t.kind] if isinstance(t, Scalar) else np.dtype(as_array(t).dtype) for t in types
    ]
    found = np.result_type(*values)
    return f"{found.kind}{found.itemsize}"


def operator_type(function: Callable[..., Any], ufunc: np.ufunc, types: Sequence[Type]) -> Type:
    """What a Python operator gives: Python numbers among themselves, else the ufunc's result."""
    if any(isinstance(t, List) for t in types):
        raise OperationError(
            "operators on lists of numbers concatenate or fail, they don't compute",
            "make an array of the list with np.array(...)",
        )
    if not all(isinstance(t, Scalar) for t in types):
        result = ufunc_type(ufunc, types)
        return Array(result.dtype, result.shape, _may_be_python(types))
    kinds = [kind_of(t) for t in types]
    try:
        found = function(*(SAMPLE[k] for k in kinds if k))
    except TypeError as error:
        raise OperationError(str(error), "convert the operands first") from None
    return Scalar(type(found).__name__)


def _may_be_python(types: Sequence[Type]) -> bool:
    """Whether Python's own operator may compute: among its numbers; and for complex numbers a
    np.float64 on the right is the float that it is derived from."""
    python = [isinstance(t, Scalar) or (isinstance(t, Array) and t.weak) for t in types]
    if python[0] and kind_of(types[0]) == "complex":
        doubles = [isinstance(t, Array) and not t.shape and t.dtype == "f8" for t in types]
        return all(p or d for p, d in zip(python, doubles, strict=True))
    return all(python)


def array_type(dtype: str, shape: Iterable[Size]) -> Array:
    return Array(dtype, tuple(shape))


def size_of(shape: Iterable[Size]) -> Size:
    """The number of elements."""
    total: Size = 1
    for size in shape:
        total = multiply(total, size)
    return total


def differ(m: Size, n: Size) -> bool:
    """Whether two sizes are known never to be the same."""
    if isinstance(m, int) and isinstance(n, int):
        return m != n
    known, other = (m, n) if isinstance(m, int) else (n, m)
    return (known == 0 and is_positive(other)) or (known == 1 and not may_be_one(other))


def constant_axis(axis: Any, rank: int) -> tuple[int, ...]:
    """An axis argument as sorted non-negative axes; None is all of them."""
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for one in axes:
        if type(one) is not int:
            raise OperationError(
                f"an axis is {one!r}, which is no int", "name an axis by its number, from 0"
            )
        if not -rank <= one < rank:
            raise OperationError(
                f"axis {one} is out of bounds for an array of {rank} dimensions",
                "name an axis that the array has",
            )
    return tuple(sorted({one % rank for one in axes}))


def the_axis(axis: Any, ndim: int) -> int:
    """One axis, counted from 0."""
    if isinstance(axis, (tuple, list)):
        raise OperationError("several axes where one is needed", "name one axis")
    return constant_axis(axis, ndim)[0]


def shortened(size: Size, count: int) -> Size:
    """A size less some, but no less than 0."""
    if type(count) is not int or count < 0:
        raise OperationError(f"{count!r} where a number of times is needed", "give an int")
    if isinstance(size, int):
        return max(0, size - count)
    return add(size, -count) if count < 2 or is_positive(add(size, 1 - count)) else unknown()
