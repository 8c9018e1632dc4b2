"""Cotangents: fitting a contribution to its operand, adding contributions, making zeros.

This is the only place where broadcasting is undone, dtypes are cast back, and zeros are made.
Rules return whatever shape and dtype their formula has.

    y = x + b        (x: f8[n, d], b: f8[d])        grad_x = grad_y
                                                    grad_b = np.sum(grad_y, axis=0)

The cotangent of a complex z = x + iy is dL/dx - i dL/dy, so that the rule of a holomorphic function
is what it is for real numbers: times the derivative. A real operand has the real part of it:

    w = r * z        (r: f8[n], z: c16[n])          grad_z = grad_w * r
                                                    grad_r = (grad_w * z).real
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Derived, Value
from ..ir.sizes import Size, needs_guard
from ..ir.types import (
    UNDEFINED,
    Array,
    List,
    Scalar,
    Tape,
    Type,
    fits,
    is_complex,
    rank,
    shape_of,
)
from ..ops import SPELLINGS, TABLE, Tracer, Var

__all__ = ["Cotangents", "cotangent_type"]


def cotangent_type(type_: Type, exact: bool = False) -> Type:
    """The type of a value's cotangent; at rank 0 a Python float may stand for a NumPy scalar,
    unless it has to be `exact`."""
    match type_:
        case Scalar("float"):
            return Array("f8", (), weak=True)
        case Scalar("complex"):
            return Array("c16", (), weak=True)
        case Array(dtype, (), weak):
            return Array(dtype, (), weak=weak or not exact)
        case Tape(element):
            return Tape(cotangent_type(element, exact))
        case List(element, size):
            return List(cotangent_type(element, exact), size)
    return type_


@dataclass
class Cotangents:
    """The cotangents found so far in one region, on top of those of the regions around it.

    `masked` holds cotangents with exact zeros in them that a selection has put there, `undefined`
    the values that some path leaves without a value. `exact`:
    several float dtypes meet in the function, so that a Python float, which is weak in promotion,
    can't stand for a NumPy scalar.
    """

    builder: Builder
    prefix: str
    constants: dict[Value, Any]
    masked: set[Value]
    undefined: set[Value] = field(default_factory=set)
    exact: bool = False
    outer: Cotangents | None = None

    def __post_init__(self) -> None:
        self.own: dict[Value, Value] = {}

    def inside(self, builder: Builder) -> Cotangents:
        """The cotangents of a region, which start as those around it."""
        return Cotangents(
            builder, self.prefix, self.constants, self.masked, self.undefined, self.exact, self
        )

    def copied(self, mapping: Mapping[Value, Value]) -> None:
        """What is known of values holds of their copies."""
        for value, copy in mapping.items():
            if value in self.constants:
                self.constants[copy] = self.constants[value]
            if value in self.undefined:
                self.undefined.add(copy)

    def type(self, value: Value) -> Type:
        """The type of the value's cotangent where it is a loop's or a branch's."""
        return cotangent_type(value.type, self.exact)

    def tracer(self, library: str = "np") -> Tracer:
        return Tracer(self.builder, TABLE, SPELLINGS, library, self.constants)

    def get(self, value: Value) -> Value | None:
        """The cotangent of a value, if it has any yet."""
        if value in self.own:
            return self.own[value]
        return self.outer.get(value) if self.outer is not None else None

    def set(self, value: Value, cotangent: Value) -> None:
        self.own[value] = cotangent

    def drop(self, value: Value) -> None:
        """Forget the value's cotangent here."""
        self.own.pop(value, None)

    def name(self, value: Value) -> Derived:
        return Derived(self.prefix, value)

    def zero(self, value: Value) -> Value:
        """A zero of the value's shape and dtype."""
        name = self.name(value)
        if isinstance(value.type, Tape):
            # Tapes are read where they are made or not at all: nothing reads this cotangent.
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
        """A Python number as the cotangent of a value of that type."""
        var = self.tracer().var(number)
        if self.exact and isinstance(type_, Array):
            var = var.emit("cast", type=type_.dtype)
        return self.named(var, name)

    def current(self, value: Value) -> Value:
        """The cotangent, or zero."""
        found = self.get(value)
        return self.zero(value) if found is None else found

    def add(self, value: Value, contribution: Var) -> None:
        """Fit a contribution to the value and add it to the value's cotangent."""
        masked = contribution.value in self.masked
        fitted = self.fit(contribution, value)
        before = self.get(value)
        if before is None:
            result = self.named(fitted, self.name(value))
            self._mark(result, masked)
        else:
            tracer = fitted.tracer
            name = self.name(value)
            result = tracer.emit("accumulate", (tracer.var(before), fitted), {}, name).value
            self._mark(result, masked and before in self.masked)
        self.set(value, result)

    def joined(self, value: Value, contributions: Sequence[Var]) -> Var:
        """What one gate contributes to a value that is several of its operands: `x * x`."""
        first, *rest = contributions
        if not rest:
            return first
        total = self.fit(first, value)
        for contribution in rest:
            fitted = self.fit(contribution, value)
            total = total.tracer.emit("accumulate", (total, fitted), {})
        self._mark(total.value, all(c.value in self.masked for c in contributions))
        return total

    def _mark(self, value: Value, masked: bool) -> None:
        if masked:
            self.masked.add(value)

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
            return _project(contribution, like).emit("elements")
        fitted = _project(_shrink(contribution, like), like)
        fitted = _cast(_stretch(fitted, like), like)
        weak = fitted.is_python and not rank(like.type)
        if self.exact and weak and isinstance(like.type, Array) and not like.type.weak:
            return fitted.astype(like.type.dtype)
        return fitted

    def project(self, g: Any, like: Value) -> Any:
        """The cotangents of an operation's results, as they may be added into a part of the
        operand: complex ones of a real operand by their real parts."""
        if isinstance(g, tuple):
            return tuple(self.project(one, like) for one in g)
        return _project(g, like) if isinstance(g, Var) else g

    def _of_elements(self, contribution: Var, like: Value) -> Var:
        """A list as the cotangent of a list; Python floats become NumPy scalars where these have
        to be exact."""
        wanted = self.type(like)
        if not isinstance(wanted, List) or fits(contribution.type, wanted):
            return contribution
        array = _project(contribution.emit("asarray"), like)
        dtype = _dtype(wanted.element)
        return (array if _dtype(array.type) == dtype else array.astype(dtype)).emit("elements")


def _shrink(c: Var, like: Value) -> Var:
    """Sum over the axes along which the operand was broadcast."""
    target = shape_of(like.type)
    lead = c.ndim - len(target)
    tail = c.shape[max(lead, 0) :]
    own = target[max(-lead, 0) :]
    if any(s != 1 and needs_guard(t, s) for t, s in zip(own, tail, strict=True)):
        if lead < 0:
            c = c.emit("expand_dims", axis=0 if lead == -1 else tuple(range(-lead)))
        shape = c.tracer.var(like).emit("shape")
        return c.emit("unbroadcast", shape, type=Array(_dtype(c.type), target))
    if lead > 0:
        axes = tuple(range(lead))
        c = _sum(c, None if lead == c.ndim else axes[0] if lead == 1 else axes, False)
    first = max(-lead, 0)
    units = tuple(
        k for k, (t, s) in enumerate(zip(target[first:], c.shape, strict=True)) if t == 1 != s
    )
    return _sum(c, units[0] if len(units) == 1 else units, True) if units else c


def _sum(c: Var, axis: Any, keepdims: bool) -> Var:
    return c.emit("sum", axis=axis, keepdims=keepdims)


def _project(c: Var, like: Value) -> Var:
    """What a real number contributes to a complex one along the real axis."""
    return c.emit("real") if is_complex(c.type) and not is_complex(like.type) else c


def _dtype(type_: Type) -> str:
    if isinstance(type_, Array):
        return type_.dtype
    return "c16" if is_complex(type_) else "f8"


def _stretch(c: Var, like: Value) -> Var:
    """Broadcast a smaller contribution (a reduction's) to the operand's shape."""
    target = shape_of(like.type)
    if rank(c.type) == len(target) and _covers(c.shape, target):
        return c
    shape = c.tracer.var(like).emit("shape")
    if c.is_python and (_dtype(c.type), _dtype(like.type)) not in (("f8", "f8"), ("c16", "c16")):
        # An array made of what may be a Python float would be float64.
        c = c.astype(_dtype(like.type))
    return c.emit("broadcast", shape, type=Array(_dtype(c.type), target))


def _covers(shape: tuple[Size, ...], target: tuple[Size, ...]) -> bool:
    return all(s == t or s != 1 for s, t in zip(shape, target, strict=True))


def _cast(c: Var, like: Value) -> Var:
    """Back to the operand's dtype (y = a32 * b64 is float64, but a's gradient is float32)."""
    match like.type:
        case Scalar() if _dtype(c.type) != _dtype(like.type):
            return c.emit("cast", type="complex" if is_complex(like.type) else "float")
        case List(Array(dtype)):
            return (c if _dtype(c.type) == dtype else c.astype(dtype)).emit("elements")
        case List():
            return c.emit("tolist", type=like.type)
        case Array(dtype):
            if _dtype(c.type) != dtype and not (isinstance(c.type, Scalar) and not rank(like.type)):
                return c.astype(dtype)
    return c
