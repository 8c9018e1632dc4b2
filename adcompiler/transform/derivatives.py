"""Tangents and cotangents alike: their types, names and zeros, and what fits one to its value.

This is the only place where dtypes are cast back, smaller contributions stretched, and zeros made.
Rules return whatever shape and dtype their formula has.

    y = a32 * b64        grad_a = grad_y * b64, which is float64, cast to float32
                         dot_y  = dot_a * b64
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Derived, Function, Value
from ..ir.rewrite import defined_in
from ..ir.sizes import Size
from ..ir.types import (
    UNDEFINED,
    Array,
    List,
    Scalar,
    Tape,
    Type,
    fits,
    is_complex,
    precision,
    rank,
    shape_of,
)
from ..ops import SPELLINGS, TABLE, Tracer, Var

__all__ = ["Derivatives", "derivative_type", "dtype_of", "float_dtypes", "project"]


def derivative_type(type_: Type, exact: bool = False) -> Type:
    """The type of a value's tangent or cotangent; at rank 0 a Python float may stand for a NumPy
    scalar, unless it has to be `exact`."""
    match type_:
        case Scalar("float"):
            return Array("f8", (), weak=True)
        case Scalar("complex"):
            return Array("c16", (), weak=True)
        case Array(dtype, (), weak):
            return Array(dtype, (), weak=weak or not exact)
        case Tape(element):
            return Tape(derivative_type(element, exact))
        case List(element, size):
            return List(derivative_type(element, exact), size)
    return type_


def float_dtypes(function: Function) -> set[str]:
    """Those of a function and of all that come with it: where they are several, Python floats can't
    stand for NumPy scalars."""
    bodies = (function.body, *(f.body for f in function.functions.values()))
    arrays = [v.type for body in bodies for v in defined_in(body) if isinstance(v.type, Array)]
    return {precision(t.dtype) for t in arrays if t.dtype[0] in "fc"}


@dataclass
class Derivatives:
    """The tangents or cotangents of one function's values, `dot_x` or `grad_x` by their prefix.

    `masked` holds those with exact zeros in them that a selection has put there, `undefined`
    the values that some path leaves without a value. `exact`:
    several float dtypes meet in the function, so that a Python float, which is weak in promotion,
    can't stand for a NumPy scalar.
    """

    builder: Builder
    prefix: str
    constants: Mapping[Value, Any]
    masked: set[Value]
    undefined: frozenset[Value] = frozenset()
    exact: bool = False

    def type(self, value: Value) -> Type:
        """The type of what belongs to a value where it is a loop's or a branch's."""
        return derivative_type(value.type, self.exact)

    def tracer(self, library: str = "np") -> Tracer:
        return Tracer(self.builder, TABLE, SPELLINGS, library, self.constants)

    def name(self, value: Value) -> Derived:
        return Derived(self.prefix, value)

    def zero(self, value: Value) -> Value:
        """A zero of the value's shape and dtype."""
        name = self.name(value)
        if isinstance(value.type, Tape):
            # Tapes are read where they are made or not at all: nothing reads this.
            return self.builder.emit("undefined", (), UNDEFINED)
        if not shape_of(value.type):
            number = self.builder.constant(0j if is_complex(value.type) else 0.0)
            zero = self.typed(number, value.type, name)
        elif isinstance(value.type, List) and rank(value.type.element):
            zero = self.named(self.tracer().var(value).emit("zeros_each"), name)
        else:
            tracer = self.tracer()
            lenient = {"lenient": True} if value in self.undefined else {}
            shape = tracer.emit("shape", (tracer.var(value),), lenient)
            type_ = self.type(value) if isinstance(value.type, List) else value.type
            zero = tracer.emit("zeros_of", (shape,), {"type": type_}, name).value
        self.masked.add(zero)
        return zero

    def typed(self, number: Value, type_: Type, name: Derived) -> Value:
        """A Python number as what belongs to a value of that type."""
        var = self.tracer().var(number)
        if self.exact and isinstance(type_, Array):
            var = var.emit("cast", type=type_.dtype)
        return self.named(var, name)

    def named(self, var: Var, name: Derived) -> Value:
        """The value under this name: the last operation renamed, or a copy of an older one."""
        operations = self.builder.operations
        if operations and operations[-1].results == (var.value,) and var.value.name is None:
            renamed = Value(var.value.type, name)
            operations[-1] = replace(operations[-1], results=(renamed,))
            return renamed
        return var.tracer.emit("copy", (var,), {}, name).value

    def fit(self, contribution: Var, like: Value) -> Var:
        """The contribution in the shape and dtype of the value it belongs to."""
        if isinstance(like.type, Tape):
            return contribution
        if isinstance(contribution.type, List):
            return self._of_elements(contribution, like)
        if isinstance(like.type, List) and rank(like.type.element):
            return project(contribution, like).emit("elements")
        fitted = project(self.sized(contribution, like), like)
        fitted = _cast(_stretch(fitted, like), like)
        weak = fitted.is_python and not rank(like.type)
        if self.exact and weak and isinstance(like.type, Array) and not like.type.weak:
            return fitted.astype(like.type.dtype)
        return fitted

    def sized(self, contribution: Var, like: Value) -> Var:
        """What may have to be done where a contribution is larger than its value."""
        return contribution

    def _of_elements(self, contribution: Var, like: Value) -> Var:
        """A list as what belongs to a list; Python floats become NumPy scalars where these have
        to be exact."""
        wanted = self.type(like)
        if not isinstance(wanted, List) or fits(contribution.type, wanted):
            return contribution
        array = project(contribution.emit("asarray"), like)
        dtype = dtype_of(wanted.element)
        return (array if dtype_of(array.type) == dtype else array.astype(dtype)).emit("elements")


def project(c: Var, like: Value) -> Var:
    """What a real number contributes to a complex one along the real axis."""
    return c.emit("real") if is_complex(c.type) and not is_complex(like.type) else c


def dtype_of(type_: Type) -> str:
    """The dtype of a tangent or cotangent of that type."""
    if isinstance(type_, Array):
        return type_.dtype
    return "c16" if is_complex(type_) else "f8"


def _stretch(c: Var, like: Value) -> Var:
    """Broadcast a smaller contribution (a reduction's) to the operand's shape."""
    target = shape_of(like.type)
    if rank(c.type) == len(target) and _covers(c.shape, target):
        return c
    shape = c.tracer.var(like).emit("shape")
    dtypes = dtype_of(c.type), dtype_of(like.type)
    if c.is_python and dtypes not in (("f8", "f8"), ("c16", "c16")):
        # An array made of what may be a Python float would be float64.
        c = c.astype(dtype_of(like.type))
    return c.emit("broadcast", shape, type=Array(dtype_of(c.type), target))


def _covers(shape: tuple[Size, ...], target: tuple[Size, ...]) -> bool:
    return all(s == t or s != 1 for s, t in zip(shape, target, strict=True))


def _cast(c: Var, like: Value) -> Var:
    """Back to the operand's dtype (y = a32 * b64 is float64, but a's gradient is float32)."""
    match like.type:
        case Scalar() if dtype_of(c.type) != dtype_of(like.type):
            return c.emit("cast", type="complex" if is_complex(like.type) else "float")
        case List(Array(dtype)):
            return (c if dtype_of(c.type) == dtype else c.astype(dtype)).emit("elements")
        case List():
            return c.emit("tolist", type=like.type)
        case Array(dtype):
            python = isinstance(c.type, Scalar) and not rank(like.type)
            if dtype_of(c.type) != dtype and not python:
                return c.astype(dtype)
    return c
