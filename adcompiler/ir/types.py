"""The types of values: what a signature says and what operations infer.

Python numbers are weak (NEP 50: `float32_array * 2.0` stays float32), NumPy scalars and arrays are
not, so the two are different types. Sizes are symbolic (see `sizes`).

>>> from .sizes import symbol
>>> print(Array("f4", (symbol("n"), 1)), FLOAT, Tape(FLOAT))
f4[n, 1] float tape[float]
>>> join(FLOAT, Array("f8", ())) # a loop's carry that starts as 0.0 and becomes np.float64
Array(dtype='f8', shape=(), weak=True)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from .sizes import Size, may_be_one, unknown

__all__ = [
    "BOOL",
    "COMPLEX",
    "FLOAT",
    "INT",
    "SAVED",
    "UNDEFINED",
    "Array",
    "List",
    "Range",
    "Saved",
    "Scalar",
    "Static",
    "Tape",
    "Type",
    "TypeMismatch",
    "Undefined",
    "alike",
    "dtype_code",
    "fits",
    "is_complex",
    "is_differentiable",
    "is_integer",
    "join",
    "kind_of",
    "precision",
    "rank",
    "shape_of",
]


class TypeMismatch(TypeError):
    """Two types that no variable can hold one after the other."""


@final
@dataclass(frozen=True, slots=True)
class Scalar:
    """A Python number: `float`, `int`, `bool` or `complex`; weak in promotion.

    `size` is what is known of an int as an array size (`len(x)` is `n`).
    """

    kind: str
    size: Size | None = None

    def __str__(self) -> str:
        return self.kind


@final
@dataclass(frozen=True, slots=True)
class Array:
    """A NumPy array, or at rank 0 a NumPy scalar; `dtype` is a kind letter and an item size.

    `weak` (rank 0 only) says that a Python number of the same kind may stand there instead.
    """

    dtype: str
    shape: tuple[Size, ...]
    weak: bool = False

    def __str__(self) -> str:
        mark = "?" if self.weak else ""
        return f"{self.dtype}{mark}[{', '.join(map(str, self.shape))}]"


@final
@dataclass(frozen=True, slots=True)
class List:
    """A Python list of run-time length, of numbers or of arrays of one shape."""

    element: Type
    size: Size

    def __str__(self) -> str:
        return f"list[{self.element}]"


@final
@dataclass(frozen=True, slots=True)
class Range:
    """What `range(...)` gives a loop to iterate over."""

    def __str__(self) -> str:
        return "range"


@final
@dataclass(frozen=True, slots=True)
class Tape:
    """One saved value for each iteration of a loop; index k belongs to the loop's k-th element."""

    element: Type

    def __str__(self) -> str:
        return f"tape[{self.element}]"


@final
@dataclass(frozen=True, slots=True)
class Saved:
    """A tuple of what a function's forward part hands over to its backward part."""

    def __str__(self) -> str:
        return "saved"


@final
@dataclass(frozen=True, slots=True)
class Undefined:
    """The type of a variable that has no value yet."""

    def __str__(self) -> str:
        return "undefined"


@final
@dataclass(frozen=True, slots=True)
class Static:
    """A value known to be of no interest to differentiation: a string, None, a Python object."""

    def __str__(self) -> str:
        return "static"


Type = Scalar | Array | List | Range | Tape | Saved | Undefined | Static

FLOAT = Scalar("float")
INT = Scalar("int")
BOOL = Scalar("bool")
COMPLEX = Scalar("complex")
SAVED = Saved()
UNDEFINED = Undefined()

_ORDER = {"bool": 0, "int": 1, "float": 2, "complex": 3}
_LETTER = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}


def dtype_code(dtype: np.dtype[Any]) -> str:
    """`f8` for float64, `b1` for bool."""
    return f"{dtype.kind}{dtype.itemsize}"


def kind_of(type_: Type) -> str | None:
    """`float`, `int`, `bool` or `complex` for numbers, arrays and lists; None for the rest."""
    match type_:
        case Scalar(kind):
            return kind
        case Array(dtype):
            return _LETTER.get(dtype[0])
        case List(element):
            return kind_of(element)
    return None


def is_differentiable(type_: Type) -> bool:
    """Whether gradients flow through values of this type."""
    if isinstance(type_, Tape):
        return is_differentiable(type_.element)
    return kind_of(type_) in ("float", "complex")


def is_complex(type_: Type) -> bool:
    """Whether the value is a complex number, or an array, list or tape of these."""
    return is_complex(type_.element) if isinstance(type_, Tape) else kind_of(type_) == "complex"


def precision(dtype: str) -> str:
    """The floats that a number of this dtype is made of: f4 of c8."""
    return f"f{int(dtype[1:]) // 2}" if dtype[0] == "c" else dtype


def is_integer(type_: Type) -> bool:
    """Whether the value is an int or a bool, or an array of these."""
    return kind_of(type_) in ("int", "bool")


def shape_of(type_: Type) -> tuple[Size, ...]:
    """The shape of an array; () for numbers, (n,) for lists."""
    match type_:
        case Array(_, shape):
            return shape
        case List(_, size):
            return (size,)
    return ()


def rank(type_: Type) -> int:
    """The number of dimensions."""
    return len(shape_of(type_))


def join(a: Type, b: Type) -> Type:
    """The type of a variable that holds either; sizes that differ become unknown.

    Raises TypeMismatch where there is none.
    """
    if a == b or b == UNDEFINED:
        return a
    if a == UNDEFINED:
        return b
    match a, b:
        case Scalar(), Scalar():
            return Scalar(max(a.kind, b.kind, key=_ORDER.__getitem__))
        case Scalar(), Array():
            return _join_weak(b, a)
        case Array(), Scalar():
            return _join_weak(a, b)
        case Array(), Array() if a.dtype == b.dtype and rank(a) == rank(b):
            shape = tuple(
                m if m == n else unknown() for m, n in zip(a.shape, b.shape, strict=True)
            )
            return Array(a.dtype, shape, a.weak or b.weak)
        case List(), List():
            size = a.size if a.size == b.size else unknown()
            return List(join(a.element, b.element), size)
        case Tape(), Tape():
            return Tape(join(a.element, b.element))
    raise TypeMismatch(f"{a} and {b}")


def _join_weak(array: Array, number: Scalar) -> Type:
    """np.float64(...) or 0.0: still one rank-0 type, whose promotion may be weak."""
    if array.shape or _ORDER[_LETTER[array.dtype[0]]] < _ORDER[number.kind]:
        raise TypeMismatch(f"{array} and {number}")
    return replace(array, weak=True)


def fits(value: Type, target: Type) -> bool:
    """Whether a value of the first type may enter a variable of the second."""
    try:
        joined = join(target, value)
    except TypeMismatch:
        return False
    match joined, target:
        case Array(), Array():
            return joined.dtype == target.dtype and (target.weak or not joined.weak)
        case Scalar(), Scalar():
            return joined.kind == target.kind
        case List(), List():
            return not isinstance(value, List) or fits(value.element, target.element)
        case Tape(), Tape():
            return not isinstance(value, Tape) or fits(value.element, target.element)
    return type(joined) is type(target)


def alike(a: Type, b: Type) -> bool:
    """Whether both are one type, or arrays of one shape if they broadcast with one another."""
    if not (isinstance(a, Array) and isinstance(b, Array)):
        return a == b
    return a.dtype == b.dtype and len(a.shape) == len(b.shape) and all(
        m == n or not (may_be_one(m) or may_be_one(n))
        for m, n in zip(a.shape, b.shape, strict=True)
    )  # fmt: skip
