"""Building blocks of operations: a list that grows, and regions built by nesting builders.

>>> from .types import FLOAT
>>> from .printer import print_function
>>> x = Value(FLOAT, "x")
>>> builder = Builder()
>>> y = builder.emit("mul", (x, x), FLOAT, name="y")
>>> print(print_function(Function("square", builder.block((x,), (y,)))))
function square(%x: float):
    %y = mul %x, %x
    return %y
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..diagnostics import Span
from .core import Block, Function, Name, Operation, Region, Value
from .types import Scalar, Type

__all__ = ["Builder", "Function"]

_NO_ATTRIBUTES: Mapping[str, Any] = {}


class Builder:
    """Appends operations to one block; `span` is the source that the next ones come from."""

    def __init__(
        self, span: Span | None = None, backward: bool = False, repeats: bool = False
    ) -> None:
        self.operations: list[Operation] = []
        self.span = span
        self.backward = backward
        self.repeats = repeats

    def nested(self) -> Builder:
        """A builder for a region of the operation that comes next."""
        return Builder(self.span, self.backward, self.repeats)

    def block(self, parameters: Iterable[Value], results: Iterable[Value]) -> Block:
        """What was built so far, as a block."""
        return Block(tuple(parameters), tuple(self.operations), tuple(results))

    def append(self, operation: Operation) -> Operation:
        self.operations.append(operation)
        return operation

    def emit(
        self,
        opcode: str,
        operands: Sequence[Value],
        type_: Type,
        name: Name = None,
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
    ) -> Value:
        """Append an operation with one result; gives the result."""
        (value,) = self.emit_all(opcode, operands, (type_,), (name,), attributes)
        return value

    def emit_all(
        self,
        opcode: str,
        operands: Sequence[Value],
        types: Sequence[Type],
        names: Sequence[Name] = (),
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
    ) -> tuple[Value, ...]:
        """Append a plain operation; gives its results, named if there is a name for each."""
        given = names if len(names) == len(types) else (None,) * len(types)
        values = tuple(map(Value, types, given))
        self.append(
            Operation(
                opcode, tuple(operands), values, attributes, (), self.span, self.backward,
                self.repeats,
            )
        )  # fmt: skip
        return values

    def region(
        self,
        opcode: str,
        operands: Sequence[Value],
        results: Sequence[Value],
        blocks: Sequence[Block],
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
    ) -> Operation:
        """Append an operation with regions or several results; gives the operation."""
        if blocks and "region" not in attributes:
            attributes = {**attributes, "region": Region()}
        operation = Operation(
            opcode, tuple(operands), tuple(results), attributes, tuple(blocks), self.span,
            self.backward, self.repeats,
        )  # fmt: skip
        return self.append(operation)

    def constant(self, value: bool | int | float | complex, name: Name = None) -> Value:
        """A Python number as a value."""
        size = value if type(value) is int else None
        type_ = Scalar(type(value).__name__, size)
        return self.emit("constant", (), type_, name, {"value": value})
