"""Casts: `float(x)`, `np.float32(x)`, `x.astype(t)`, `x.item()`.

    cast[type='float'] %x           float(x)
    cast[type='f4'] %x              x.astype(np.float32), or np.float32(x) of a number
    cast[type='item'] %x            x.item()
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import (
    Array,
    Scalar,
    Type,
    dtype_code,
    is_complex,
    kind_of,
    rank,
    shape_of,
)  # fmt: skip
from .emit import call, method, reference
from .op import (
    SHAPES,
    Attributes,
    Emission,
    Op,
    OperationError,
    Spelling,
    arguments,
    operands_only,
)
from .stack_rules import cast

__all__ = ["ENTRIES", "dtype_argument"]

PYTHON_KINDS: dict[str, Any] = {"float": float, "int": int, "bool": bool, "complex": complex}


def _cast_type(types: Sequence[Type], attributes: Attributes) -> Type:
    target = attributes["type"]
    (source,) = types
    _check_cast(source, target)
    if target in PYTHON_KINDS or target == "item":
        if rank(source):
            raise OperationError(
                f"{target}() of an array of {rank(source)} dimensions is no number",
                "index the array first",
            )
        return Scalar(target if target != "item" else str(kind_of(source)))
    return Array(target, shape_of(source))


def _check_cast(source: Type, target: str) -> None:
    if is_complex(source) and target in ("float", "int"):
        raise OperationError(f"{target}() of a complex number", "take its .real, or its abs()")


def _cast(attributes: Attributes, operands: Sequence[Any]) -> Any:
    target = attributes["type"]
    if target in PYTHON_KINDS:
        return PYTHON_KINDS[target](operands[0])
    if target == "item":
        return operands[0].item()
    return np.asarray(operands[0]).astype(target)[()]


def _cast_raises(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """int() of infinities and NaN."""
    return attributes["type"] == "int" and kind_of(types[0]) == "float"


def _cast_emit(emission: Emission) -> ast.expr:
    target, (operand,) = emission.attributes["type"], emission.operands
    if target in PYTHON_KINDS:
        return call(f"builtin.{target}", (operand,))
    if target == "item":
        return method(operand, "item")
    dtype = f"np.{np.dtype(target).name}"
    if isinstance(emission.types[0], Array) and rank(emission.types[0]):
        return method(operand, "astype", reference(dtype))
    return call("np.asarray" if rank(emission.types[0]) else dtype, (operand,))


def dtype_argument(dtype: Any) -> str | None:
    """A `dtype=` argument (a type, a string, a dtype) as a code such as `f8`; None stays None."""
    return None if dtype is None else dtype_code(np.dtype(dtype))


_SCALARS = (
    "float16", "float32", "float64", "complex64", "complex128", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool_",
)  # fmt: skip


def _cast_spellings() -> dict[object, Spelling]:
    spellings: dict[object, Spelling] = {
        python: Spelling(operands_only(1), {"type": name}) for name, python in PYTHON_KINDS.items()
    }
    for name in _SCALARS:
        scalar = getattr(np, name)
        spellings[scalar] = Spelling(operands_only(1), {"type": dtype_argument(scalar)})
    return spellings


ENTRIES: tuple[Op, ...] = (
    Op("cast", _cast_type, _cast, _cast_emit, linear="together",
       batch=cast, rules=(lambda g, x, y, type: g,), fresh=True,
       boxes=True, complex=True, raises=_cast_raises, spellings=_cast_spellings(), samples=(
           *(arguments(shape, type=code) for shape in SHAPES for code in ("f4", "f8")),
           arguments((), type="float"), arguments(1.5, type="float"), arguments(1.5, type="f4"),
       )),
)  # fmt: skip
