"""IR to text: `%name.version`, attributes in brackets, types on parameters and where not float.

>>> from .builder import Builder
>>> from .types import FLOAT, Array
>>> x, b = Value(Array("f8", (3,)), "x"), Builder()
>>> s = b.emit("sum", (x,), Array("f8", ()), attributes={"axis": 0, "keepdims": False})
>>> print(print_function(Function("f", b.block((x,), (s,)))))
function f(%x: f8[3]):
    %0: f8[] = sum[axis=0] %x
    return %0
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .core import Block, Function, Operation, Value, hint, walk
from .types import FLOAT

__all__ = ["print_function"]


Notes = Mapping[Any, Sequence[str]]


def print_function(function: Function, spans: bool = False, notes: Notes | None = None) -> str:
    """The function as text; the same function gives the same text in any process.

    `notes` puts messages under the lines of the operations, blocks' results and function (its
    head) that they belong to.
    """
    functions = (function, *function.functions.values())
    return "\n\n".join("\n".join(_Printer(f, spans, notes or {}).lines()) for f in functions)


class _Printer:
    def __init__(self, function: Function, spans: bool, notes: Notes) -> None:
        self.function = function
        self.spans = spans
        self.notes = notes
        self.names = _number(function)

    def lines(self) -> Iterable[str]:
        body = self.function.body
        yield f"function {self.function.name}({self.typed(body.parameters)}):"
        yield from self.remarks(self.function, "")
        yield from self.block(body, "    ", "return")

    def remarks(self, place: object, indent: str) -> Iterable[str]:
        for message in self.notes.get(place, ()):
            yield f"{indent}^ error: {message}"

    def typed(self, values: Iterable[Value]) -> str:
        return ", ".join(f"{self.name(v)}: {v.type}" for v in values)

    def name(self, value: Value) -> str:
        return self.names.get(value, f"%<undefined {hint(value)}>")

    def block(self, block: Block, indent: str, word: str) -> Iterable[str]:
        for operation in block.operations:
            yield from self.operation(operation, indent)
        yield f"{indent}{word} {', '.join(map(self.name, block.results))}".rstrip()
        yield from self.remarks(block, indent)

    def operation(self, op: Operation, indent: str) -> Iterable[str]:
        results = ", ".join(
            self.name(v) if v.type == FLOAT else f"{self.name(v)}: {v.type}" for v in op.results
        )
        head = f"{results} = {op.opcode}" if results else op.opcode
        operands = ", ".join(map(self.name, op.operands))
        text = f"{indent}{head}{_attributes(op.attributes)} {operands}".rstrip()
        if self.spans and op.span:
            text += f"  # {op.span.line}:{op.span.column + 1}"
        if not op.blocks:
            yield text
            yield from self.remarks(op, indent)
            return
        for index, block in enumerate(op.blocks):
            parameters = f" ({self.typed(block.parameters)})" if block.parameters else ""
            yield f"{text if index == 0 else indent + _SECOND.get(op.opcode, 'and')}{parameters}:"
            if index == 0:
                yield from self.remarks(op, indent)
            yield from self.block(block, indent + "    ", "yield")


_SECOND = {"if": "else", "while": "do"}
_HIDDEN = {
    *("region", "mirrors", "expression", "primal", "pullback", "pushforward", "recording", "saved"),
    *("differentiable", "received", "moved", "arity", "types", "named", "spliced"),
}


def _attributes(attributes: Mapping[str, Any]) -> str:
    shown = [
        f"{key}={_text(value)}"
        for key, value in attributes.items()
        if key not in _HIDDEN and not (value is None or value is False)
    ]
    return f"[{', '.join(shown)}]" if shown else ""


def _text(value: Any) -> str:
    name = getattr(value, "__name__", None)
    if name is not None:
        return str(name)
    return str(value) if dataclasses.is_dataclass(value) else repr(value)


def _number(function: Function) -> dict[Value, str]:
    """Names in order of definition; a name that several values share gets versions."""
    values = list(function.body.parameters)
    for operation in walk(function.body):
        for block in operation.blocks:
            values += block.parameters
        values += operation.results
    shared = Counter(filter(None, map(hint, values)))
    versions: Counter[str] = Counter()
    names: dict[Value, str] = {}
    for value in values:
        base = hint(value)
        if base is None:
            names[value] = f"%{versions['']}"
            versions[""] += 1
        elif shared[base] == 1:
            names[value] = f"%{base}"
        else:
            names[value] = f"%{base}.{versions[base]}"
            versions[base] += 1
    return names
