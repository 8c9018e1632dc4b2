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

__all__ = ["Line", "named", "print_function", "printed"]


Notes = Mapping[Any, Sequence[str]]
# A line, and what it prints: an operation, a block's results, the head of a function.
Line = tuple[str, Operation | Block | Function | None]


def print_function(function: Function, spans: bool = False, notes: Notes | None = None) -> str:
    """The function as text; the same function gives the same text in any process.

    `notes` puts messages under the lines of the operations, blocks' results and function (its
    head) that they belong to.
    """
    names = named(function)
    return "\n".join(text for text, _ in printed(function, names, spans, notes or {}))


def printed(
    function: Function, names: Mapping[Value, str], spans: bool = False, notes: Notes | None = None
) -> list[Line]:
    """The lines of the function and of those that come with it, an empty one between."""
    found: list[Line] = []
    for one in (function, *function.functions.values()):
        found += [("", None)] if found else []
        found += _Printer(one, spans, notes or {}, names).lines()
    return found


def named(function: Function, known: Mapping[Value, str] | None = None) -> dict[Value, str]:
    """The names of all values. Those `known` from earlier forms keep theirs for themselves."""
    names = dict(known or {})
    for one in (function, *function.functions.values()):
        names |= _number(one, known or {})
    return names


class _Printer:
    def __init__(
        self, function: Function, spans: bool, notes: Notes, names: Mapping[Value, str]
    ) -> None:
        self.function = function
        self.spans = spans
        self.notes = notes
        self.names = names

    def lines(self) -> Iterable[Line]:
        body = self.function.body
        head = f"function {self.function.name}({self.typed(body.parameters)}):"
        yield head, self.function
        yield from self.remarks(self.function, "")
        yield from self.block(body, "    ", "return")

    def remarks(self, place: Operation | Block | Function, indent: str) -> Iterable[Line]:
        for message in self.notes.get(place, ()):
            yield f"{indent}^ error: {message}", place

    def typed(self, values: Iterable[Value]) -> str:
        return ", ".join(f"{self.name(v)}: {v.type}" for v in values)

    def name(self, value: Value) -> str:
        return self.names.get(value, f"%<undefined {hint(value)}>")

    def block(self, block: Block, indent: str, word: str) -> Iterable[Line]:
        for operation in block.operations:
            yield from self.operation(operation, indent)
        yield f"{indent}{word} {', '.join(map(self.name, block.results))}".rstrip(), block
        yield from self.remarks(block, indent)

    def operation(self, op: Operation, indent: str) -> Iterable[Line]:
        results = ", ".join(
            self.name(v) if v.type == FLOAT else f"{self.name(v)}: {v.type}" for v in op.results
        )
        head = f"{results} = {op.opcode}" if results else op.opcode
        operands = ", ".join(map(self.name, op.operands))
        text = f"{indent}{head}{_attributes(op.attributes)} {operands}".rstrip()
        if self.spans and op.span:
            text += f"  # {op.span.line}:{op.span.column + 1}"
        if not op.blocks:
            yield text, op
            yield from self.remarks(op, indent)
            return
        for index, block in enumerate(op.blocks):
            parameters = f" ({self.typed(block.parameters)})" if block.parameters else ""
            head = text if index == 0 else indent + _SECOND.get(op.opcode, "and")
            yield f"{head}{parameters}:", op
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


def _number(function: Function, known: Mapping[Value, str]) -> dict[Value, str]:
    """Names in order of definition; a name that several values share gets versions."""
    values = list(function.body.parameters)
    for operation in walk(function.body):
        for block in operation.blocks:
            values += block.parameters
        values += operation.results
    shared = Counter(filter(None, map(hint, values)))
    versions: Counter[str] = Counter()
    names: dict[Value, str] = {v: known[v] for v in values if v in known}
    taken = {*known.values()}
    for value in values:
        if value in names:
            continue
        base = hint(value)
        name = f"%{base}"
        if base is None or shared[base] > 1 or name in taken:
            stem = "%" if base is None else f"{name}."
            while (name := f"{stem}{versions[stem]}") in taken:
                versions[stem] += 1
            versions[stem] += 1
        names[value] = name
        taken.add(name)
    return names
