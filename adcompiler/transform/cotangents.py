"""Cotangents: fitting a contribution to its operand, adding contributions.

This is the only place where broadcasting is undone.

    y = x + b        (x: f8[n, d], b: f8[d])        grad_x = grad_y
                                                    grad_b = np.sum(grad_y, axis=0)

The cotangent of a complex z = x + iy is dL/dx - i dL/dy, so that the rule of a holomorphic function
is what it is for real numbers: times the derivative. A real operand has the real part of it:

    w = r * z        (r: f8[n], z: c16[n])          grad_z = grad_w * r
                                                    grad_r = (grad_w * z).real
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.sizes import needs_guard
from ..ir.types import Array, shape_of
from ..ops import Var
from .derivatives import Derivatives, dtype_of, project

__all__ = ["Cotangents"]


@dataclass
class Cotangents(Derivatives):
    """The cotangents found so far in one region, on top of those of the regions around it."""

    outer: Cotangents | None = None

    def __post_init__(self) -> None:
        self.own: dict[Value, Value] = {}

    def inside(self, builder: Builder) -> Cotangents:
        """The cotangents of a region, which start as those around it."""
        return Cotangents(
            builder, self.prefix, self.constants, self.masked, self.undefined, self.exact, self
        )

    def copied(self, mapping: Mapping[Value, Value]) -> None:
        """From here on, what is known of values holds of their copies."""
        known = {mapping[v]: number for v, number in self.constants.items() if v in mapping}
        self.constants = {**self.constants, **known}
        self.undefined |= {copy for value, copy in mapping.items() if value in self.undefined}

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

    def project(self, g: Any, like: Value) -> Any:
        """The cotangents of an operation's results, as they may be added into a part of the
        operand: complex ones of a real operand by their real parts."""
        if isinstance(g, tuple):
            return tuple(self.project(one, like) for one in g)
        return project(g, like) if isinstance(g, Var) else g

    def sized(self, contribution: Var, like: Value) -> Var:
        """Summed over the axes along which the operand was broadcast."""
        return _shrink(contribution, like)


def _shrink(c: Var, like: Value) -> Var:
    target = shape_of(like.type)
    lead = c.ndim - len(target)
    tail = c.shape[max(lead, 0) :]
    own = target[max(-lead, 0) :]
    if any(s != 1 and needs_guard(t, s) for t, s in zip(own, tail, strict=True)):
        if lead < 0:
            c = c.emit("expand_dims", axis=0 if lead == -1 else tuple(range(-lead)))
        shape = c.tracer.var(like).emit("shape")
        return c.emit("unbroadcast", shape, type=Array(dtype_of(c.type), target))
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
