"""Values that rules compute with: operators and NumPy functions on them append operations.

    lambda g, x, y: g * np.cos(x)        appends        %0 = cos %x
                                                        %1 = mul %g, %0

So a derivative rule is a line of calculus, and what its Python `if`s decide is decided when the
rule runs, at compile time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Name, Value
from ..ir.sizes import Size, is_positive
from ..ir.types import Array, Scalar, Type, shape_of
from .op import Op, OperationError, Spelling

__all__ = ["Tracer", "Var"]


@dataclass(frozen=True)
class Tracer:
    """Where the operations of a rule go, and the table that its spellings are looked up in.

    `library` is that of the operation being differentiated: `math` keeps Python floats in `math`.
    """

    builder: Builder
    table: Mapping[str, Op]
    spellings: Mapping[object, tuple[Op, Spelling]]
    library: str = "np"
    constants: Mapping[Value, Any] = field(default_factory=dict)

    def var(self, value: Value) -> Var:
        return Var(self, value)

    def lift(self, item: Any) -> Value:
        """A Var's value, or a Python number as a constant."""
        if isinstance(item, Var):
            return item.value
        if isinstance(item, (bool, int, float, complex)):
            return self.builder.constant(item)
        raise OperationError(f"{item!r} can't be an operand", "give numbers or arrays")

    def emit(
        self, opcode: str, operands: Sequence[Any], attributes: Mapping[str, Any], name: Name = None
    ) -> Var:
        """Append one operation with one result, its type inferred."""
        (result,) = self.append(opcode, operands, attributes, (name,))
        return Var(self, result)

    def emit_all(
        self, opcode: str, operands: Sequence[Any], attributes: Mapping[str, Any]
    ) -> tuple[Var, ...]:
        """Append one operation; gives its results, however many there are."""
        names = self.table[opcode].results
        return tuple(Var(self, v) for v in self.append(opcode, operands, attributes, names))

    def append(
        self, opcode: str, operands: Sequence[Any], attributes: Mapping[str, Any],
        names: Sequence[Name],
    ) -> tuple[Value, ...]:  # fmt: skip
        """Append one operation; a single result has a name only if `names` is of it alone."""
        values = tuple(map(self.lift, operands))
        types = self.table[opcode].types([v.type for v in values], attributes)
        return self.builder.emit_all(opcode, values, types, names, attributes)

    def call(self, function: object, *args: Any, **keywords: Any) -> Var:
        """What the front end does for `function(*args)`, for the code of rules."""
        (result,) = self.call_all(function, *args, **keywords)
        return result

    def call_all(self, function: object, *args: Any, **keywords: Any) -> tuple[Var, ...]:
        """The same, of a function with however many results."""
        op, spelling = self.spellings[function]
        operands, attributes = spelling.bind(*args, **keywords)
        attributes = {**spelling.preset, **attributes}
        if "via" in attributes and self.library == "math":
            attributes["via"] = _library(attributes["via"], op, operands)
        return self.emit_all(op.name, operands, attributes)


def _library(via: str, op: Op, operands: Sequence[Any]) -> str:
    """`math` computes in double precision, whatever the number's dtype; so does its derivative."""
    numbers = all(not isinstance(v, Var) or not v.ndim for v in operands)
    return "math" if via == "np" and numbers and op.elementwise and len(operands) == 1 else via


class Var:
    """A value inside a rule."""

    __slots__ = ("tracer", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tracer: Tracer, value: Value) -> None:
        self.tracer = tracer
        self.value = value

    @property
    def type(self) -> Type:
        return self.value.type

    @property
    def shape(self) -> tuple[Size, ...]:
        return shape_of(self.type)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def constant(self) -> Any:
        """The number, where it is a literal of the user's; else None."""
        return self.tracer.constants.get(self.value)

    @property
    def is_python(self) -> bool:
        """Whether the value is, or may be, a Python number."""
        return isinstance(self.type, Scalar) or (isinstance(self.type, Array) and self.type.weak)

    @property
    def is_nonzero(self) -> bool:
        """Whether the value is known not to be 0: a literal, a size of at least 1."""
        size = self.type.size if isinstance(self.type, Scalar) else None
        return bool(self.constant) or (size is not None and is_positive(size))

    def emit(self, opcode: str, *operands: Any, **attributes: Any) -> Var:
        """An operation by its name, for what NumPy has no function for."""
        return self.tracer.emit(opcode, (self, *operands), attributes)

    def __array_ufunc__(self, ufunc: object, method: str, *args: Any, **keywords: Any) -> Any:
        if method != "__call__":
            raise OperationError(f"ufunc.{method} has no place in a rule", "call the ufunc itself")
        return self.__array_function__(ufunc, (), args, keywords)

    def __array_function__(
        self, function: object, types: object, args: Any, keywords: Any
    ) -> Any:
        found = self.tracer.call_all(function, *args, **keywords)
        return found[0] if len(found) == 1 else found

    def __truediv__(self, other: Any) -> Var:
        return self._divide(self, other)

    def __rtruediv__(self, other: Any) -> Var:
        return self._divide(other, self)

    def _divide(self, a: Any, b: Any) -> Var:
        """Python floats raise on division by zero where the formula's value is infinite."""
        python = [v for v in (a, b) if not isinstance(v, Var) or v.is_python]
        if len(python) < 2 or (b.is_nonzero if isinstance(b, Var) else b):
            return self.tracer.call(operator.truediv, a, b)
        return self.tracer.emit("div", (a, b), {"via": "helper"})

    def __getitem__(self, key: Any) -> Var:
        return self.tracer.call(operator.getitem, self, key)

    def __iter__(self) -> Any:
        raise OperationError(
            "an array stands where a tuple or list of arrays is needed",
            "write its parts out: (x[0], x[1])",
        )

    @property
    def T(self) -> Var:
        return self.tracer.call(("attribute", "T"), self)

    def astype(self, dtype: str) -> Var:
        return self.emit("cast", type=dtype)


def _binary(function: Callable[..., Any]) -> tuple[Callable[..., Var], Callable[..., Var]]:
    def forward(self: Var, other: Any) -> Var:
        return self.tracer.call(function, self, other)

    def reflected(self: Var, other: Any) -> Var:
        return self.tracer.call(function, other, self)

    return forward, reflected


def _unary(function: Callable[..., Any]) -> Callable[..., Var]:
    return lambda self: self.tracer.call(function, self)


for _name in ("add", "sub", "mul", "pow", "floordiv", "matmul"):
    _forward, _reflected = _binary(getattr(operator, f"__{_name}__"))
    setattr(Var, f"__{_name}__", _forward)
    setattr(Var, f"__r{_name}__", _reflected)
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "and_", "or_"):
    setattr(Var, f"__{_name.rstrip('_')}__", _binary(getattr(operator, _name))[0])
for _name in ("neg", "invert"):
    setattr(Var, f"__{_name}__", _unary(getattr(operator, _name)))
