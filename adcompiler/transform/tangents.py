"""Tangents: one for each value that depends on what is differentiated by, beside the value.

    y = tanh(x)          dot_y = dot_x * (1 - y * y)

Unlike cotangents they run with the program: each is made once, in the block of its value, so that
whoever sees the value sees the tangent too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import UNDEFINED, List, Scalar, Type
from ..ops import Var
from .derivatives import Derivatives

__all__ = ["Tangents"]


@dataclass
class Tangents(Derivatives):
    """The tangents found so far; the regions of a function share them."""

    found: dict[Value, Value] = field(default_factory=dict)

    def inside(self, builder: Builder) -> Tangents:
        """The same tangents, for a region."""
        return Tangents(
            builder, self.prefix, self.constants, self.masked, self.undefined, self.exact,
            self.found,
        )  # fmt: skip

    def get(self, value: Value) -> Value | None:
        return self.found.get(value)

    def set(self, value: Value, tangent: Value) -> None:
        self.found[value] = tangent

    def type(self, value: Value) -> Type:
        """A Python number's tangent is one, too: it stays as weak in promotion."""
        return value.type if _is_python(value.type) else super().type(value)

    def fit(self, contribution: Var, like: Value) -> Var:
        fitted = super().fit(contribution, like)
        if isinstance(like.type, Scalar) and not isinstance(fitted.type, Scalar):
            return fitted.emit("cast", type=like.type.kind)
        return fitted

    def fresh(self, value: Value) -> Value:
        """A new tangent, of what a region hands on."""
        tangent = Value(self.type(value), self.name(value))
        self.found[value] = tangent
        return tangent

    def current(self, value: Value) -> Value:
        """The tangent, or zero."""
        if value.type == UNDEFINED:
            return self.builder.emit("undefined", (), UNDEFINED)
        found = self.get(value)
        return self.zero(value) if found is None else found


def _is_python(type_: Type) -> bool:
    return isinstance(type_.element if isinstance(type_, List) else type_, Scalar)
