"""Making a function out of another: values replaced, operations kept, dropped or exchanged.

A pass gives `rewrite_block` a function that looks at one operation, operands already replaced, and
answers with what stands for its results; everything else is rebuilt around that.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .builder import Builder
from .core import Block, Derived, Function, Operation, Value, walk, with_parts

__all__ = [
    "constants_of",
    "defined_in",
    "free_values",
    "freshen",
    "rebuild_block",
    "rebuilt",
    "rewrite_operations",
    "same",
    "substitute",
    "uses",
]

Mapped = dict[Value, Value]


def substitute(block: Block, mapping: Mapping[Value, Value]) -> Block:
    """The block with values replaced wherever they are used (parameters and results too)."""

    def get(value: Value) -> Value:
        return mapping.get(value, value)

    def values(old: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(map(get, old))

    def operation(op: Operation) -> Operation:
        if not op.blocks and mapping.keys().isdisjoint((*op.operands, *op.results)):
            return op
        return with_parts(
            op, values(op.operands), values(op.results), tuple(map(block_, op.blocks))
        )

    def block_(old: Block) -> Block:
        return Block(
            values(old.parameters), tuple(map(operation, old.operations)), values(old.results)
        )

    return block_(block)


def freshen(block: Block, mapping: Mapped) -> Block:
    """A copy of the block whose own values are new; `mapping` tells what stands for what."""
    for value in block.parameters:
        mapping.setdefault(value, Value(value.type, value.name))
    for op in walk(block):
        for inner in op.blocks:
            for value in inner.parameters:
                mapping[value] = Value(value.type, value.name)
        for value in op.results:
            mapping[value] = Value(value.type, value.name)
    for old, new in list(mapping.items()):
        if isinstance(new.name, Derived) and new.name.of in mapping and old is not new:
            mapping[old] = Value(new.type, Derived(new.name.prefix, mapping[new.name.of]))
    return substitute(block, mapping)


def constants_of(function: Function) -> dict[Value, Any]:
    """The numbers that are written out in it."""
    return {
        op.result: op.attributes["value"] for op in walk(function.body) if op.opcode == "constant"
    }


def defined_in(block: Block) -> set[Value]:
    """Parameters and results of everything inside."""
    found = set(block.parameters)
    for op in walk(block):
        found.update(op.results)
        for inner in op.blocks:
            found.update(inner.parameters)
    return found


def uses(op: Operation) -> Iterable[Value]:
    """The values that an operation reads, in its regions too."""
    yield from op.operands
    for inner in op.blocks:
        yield from free_values(inner)


def free_values(block: Block) -> list[Value]:
    """The values from outside that the block reads, each once, in order of first use."""
    inside = defined_in(block)
    found: dict[Value, None] = {}
    for op in walk(block):
        for value in op.operands:
            found[value] = None
        for inner in op.blocks:
            found.update(dict.fromkeys(inner.results))
    found.update(dict.fromkeys(block.results))
    return [value for value in found if value not in inside]


def rebuild_block(
    block: Block, visit: Callable[[Operation, Builder, Mapped], None], mapping: Mapped
) -> Block:
    """Rebuild one block: `visit` appends to the builder what stands for each operation. A block of
    which everything stays is the block itself."""
    builder = Builder()
    for op in block.operations:
        if not mapping.keys().isdisjoint(op.operands):
            operands = tuple(mapping.get(v, v) for v in op.operands)
            op = with_parts(op, operands, op.results, op.blocks)
        visit(op, builder, mapping)
    results = tuple(mapping.get(v, v) for v in block.results)
    if results == block.results and same(builder.operations, block.operations):
        return block
    return Block(block.parameters, tuple(builder.operations), results)


def same(news: Sequence[object], olds: Sequence[object]) -> bool:
    """Whether these are the very same objects."""
    return len(news) == len(olds) and all(map(operator.is_, news, olds))


def rebuilt(
    op: Operation, visit: Callable[[Operation, Builder, Mapped], None], mapping: Mapped
) -> Operation:
    """The operation with its blocks rebuilt."""
    blocks = tuple(rebuild_block(b, visit, mapping) for b in op.blocks)
    return op if same(blocks, op.blocks) else with_parts(op, op.operands, op.results, blocks)


def rewrite_operations(
    function: Function, change: Callable[[Operation], Sequence[Operation] | None]
) -> Function:
    """The function with what `change` gives in the place of an operation, inner regions first;
    None leaves it. The last one given has the operation's results."""

    def visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
        if op.blocks:
            op = rebuilt(op, visit, mapping)
        builder.operations += change(op) or [op]

    body = rebuild_block(function.body, visit, {})
    return function if body is function.body else replace(function, body=body)
