"""The IR's text read back, so that a pass is tested by what stands before and after it.

>>> text = "function f(%x: f8[n]):\\n    %y: f8[n] = exp[via='np'] %x\\n    return %y"
>>> print_function(parse(text)) == text
True

Regions are told apart by `region='...'` among the attributes, mirrors by `mirrors='...'`; other
operations are the user's own unless `backward=True` stands there. The printer hides all three.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace
from typing import Any

from adcompiler.ir.core import Block, Function, Operation, Region, Value
from adcompiler.ir.printer import print_function
from adcompiler.ir.sizes import add, symbol, unknown
from adcompiler.ir.types import UNDEFINED, Array, Range, Scalar, Static, Tape, Type
from adcompiler.ops.indexing import Slot

__all__ = ["parse", "print_function", "transformed"]

_LINE = re.compile(r"(?:(?P<results>%.*?) = )?(?P<opcode>[a-z]\w*)(?:\[(?P<attributes>.*?)\])?"
                   r"(?: (?P<operands>%[^(]*?))?(?: ?\((?P<parameters>.*)\))?:?$")  # fmt: skip


def transformed(one: Any, before: str) -> str:
    """The text after a pass."""
    return print_function(one(parse(before)))


def same_text(found: str, expected: str) -> None:
    assert found.strip() == textwrap.dedent(expected).strip()


def parse(text: str) -> Function:
    """A function from the printer's text."""
    lines = textwrap.dedent(text).strip().splitlines()
    match = re.fullmatch(r"function (\w+)\((.*)\):", lines[0])
    assert match is not None, lines[0]
    reader = _Reader(lines[1:])
    parameters = reader.define(match[2])
    return Function(match[1], reader.block(4, parameters))


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.values: dict[str, Value] = {}

    def define(self, text: str) -> tuple[Value, ...]:
        made = []
        for part in _split(text):
            name, _, type_ = part.partition(": ")
            made.append(Value(_type(type_ or "float"), _hint(name)))
            self.values[name] = made[-1]
        return tuple(made)

    def use(self, text: str) -> tuple[Value, ...]:
        return tuple(self.values[name] for name in _split(text))

    def block(self, indent: int, parameters: tuple[Value, ...]) -> Block:
        operations = []
        while True:
            line = self.lines.pop(0)[indent:]
            word, _, rest = line.partition(" ")
            if word in ("return", "yield"):
                return Block(parameters, tuple(operations), self.use(rest))
            operations.append(self.operation(line, indent))

    def operation(self, line: str, indent: int) -> Operation:
        match = _LINE.fullmatch(line)
        assert match is not None, line
        attributes = _attributes(match["attributes"] or "")
        operands = self.use(match["operands"] or "")
        blocks = []
        if line.endswith(":"):
            attributes.setdefault("region", Region())
            blocks.append(self.block(indent + 4, self.define(match["parameters"] or "")))
            while self.lines and re.match(r"(else|do)\b", self.lines[0][indent:]):
                head = self.lines.pop(0)
                inner = re.search(r"\((.*)\)", head)
                blocks.append(self.block(indent + 4, self.define(inner[1] if inner else "")))
        backward = bool(attributes.pop("backward", False))
        results = self.define(match["results"] or "")
        made = Operation(match["opcode"], operands, results, attributes, tuple(blocks))
        return replace(made, backward=backward)


def _hint(name: str) -> str | None:
    base = name.removeprefix("%").split(".")[0]
    return None if base.isdigit() else base


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r", (?![^\[]*\])", text) if part.strip()]


def _attributes(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in re.findall(r"(\w+)=((?:\([^=]*\)|'[^']*'|[^,\[]|\[[^\]]*\])+)", text):
        if key == "type" and not value.startswith("'"):
            found[key] = _type(value)
        else:
            found[key] = eval(value, {"Slot": Slot, "slice": slice})
    return found


def _type(text: str) -> Type:
    match text:
        case "range":
            return Range()
        case "undefined":
            return UNDEFINED
        case "static":
            return Static()
    if text.startswith("tape["):
        return Tape(_type(text[5:-1]))
    if text.endswith("]"):
        dtype, _, sizes = text[:-1].partition("[")
        shape = tuple(_size(part) for part in sizes.split(", ") if part)
        return Array(dtype.removesuffix("?"), shape, dtype.endswith("?"))
    return Scalar(text)


def _size(text: str) -> Any:
    if text == "?":
        return unknown()
    node = ast.parse(text, mode="eval").body
    match node:
        case ast.Constant(value):
            return value
        case ast.BinOp(ast.Name(name), ast.Sub(), ast.Constant(value)):
            return add(symbol(name, unit=False), -value)
    return symbol(text, unit=False)
