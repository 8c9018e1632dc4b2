"""Compute what is computed twice only once.

    %0 = sub %x, %m                        %0 = sub %x, %m
    %1 = sub %x, %m               gives    %2 = mul %0, %0
    %2 = mul %0, %1

The first takes over the name of the second where it has none. An expression is shared with the
blocks inside the one that computes it, and with the mirrored side of a branch beside it. What has
a result is pure, so equal opcode, operands and attributes suffice.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from ..ir.core import Block, Function, Operation, Value, walk, with_parts
from ..ir.rewrite import same, substitute
from ..ir.types import is_differentiable
from ..ops import TABLE

__all__ = ["expression_of", "share_subexpressions"]

Known = dict[Hashable, tuple[Value, ...]]

_NEVER = {"undefined", "zeros_of", "call", "invoke", "own", "copy", "list_of"}


def share_subexpressions(function: Function) -> Function:
    """The function with repeated subexpressions computed once."""
    named: dict[Value, Value] = {}
    rearranged = {
        v
        for op in walk(function.body)
        if op.backward and not op.repeats and op.operands
        for v in op.results
    }
    body = _block(function.body, {}, {}, named, rearranged)
    if body is function.body:
        return function
    return replace(function, body=substitute(body, named) if named else body)


def _block(
    block: Block, known: Known, mapping: dict[Value, Value], named: dict[Value, Value],
    rearranged: set[Value],
) -> Block:  # fmt: skip
    """`known` gains what the block computes while inside it, and loses it again on leaving."""
    operations: list[Operation] = []
    added: list[tuple[Known, Hashable]] = []
    for op in block.operations:
        if op.opcode in TABLE and TABLE[op.opcode].mirrored:
            known = {}  # in another context the same operation may warn, or raise
        operands = tuple(mapping.get(v, v) for v in op.operands)
        if op.blocks:
            blocks = tuple(_block(inner, known, mapping, named, rearranged) for inner in op.blocks)
            unchanged = operands == op.operands and same(blocks, op.blocks)
            operations.append(op if unchanged else with_parts(op, operands, op.results, blocks))
            continue
        if operands != op.operands:
            op = with_parts(op, operands, op.results, ())
        if op.opcode in _NEVER or not op.results or _makes_memory(op):
            operations.append(op)
            continue
        key = expression_of(op)
        found = known.get(key)
        # Another pass may round what is rearranged in another way than the user's own.
        apart = op.repeats and found is not None and found[0] in rearranged
        alike = found is not None and [v.type for v in found] == [v.type for v in op.results]
        if found is not None and alike and not apart:
            for result, first in zip(op.results, found, strict=True):
                mapping[result] = first
                if first.name is None and result.name is not None:
                    named.setdefault(first, Value(first.type, result.name))
            continue
        if found is None:
            added.append((known, key))
            known[key] = op.results
        operations.append(op)
    for home, key in added:
        del home[key]
    results = tuple(mapping.get(v, v) for v in block.results)
    if results == block.results and same(operations, block.operations):
        return block
    return Block(block.parameters, tuple(operations), results)


def _makes_memory(op: Operation) -> bool:
    """Arrays made to be stored into, and random numbers: two of them are not one."""
    entry = TABLE.get(op.opcode)
    if entry is not None and entry.once:
        return True
    if entry is None or not entry.fresh or entry.rules is not None:
        return False
    read = (v for k, v in enumerate(op.operands) if k not in entry.shape_only)
    return not any(is_differentiable(v.type) for v in read)


def expression_of(op: Operation) -> Hashable:
    """What tells equal expressions: the opcode, the operands, the attributes."""
    attributes = tuple((key, _frozen(value)) for key, value in op.attributes.items())
    return (op.opcode, op.operands, attributes)


def _frozen(value: Any) -> Hashable:
    """Attribute values with their types: 1, 1.0 and True are different."""
    match value:
        case list() | tuple():
            return (type(value), *map(_frozen, value))
        case slice():
            return (slice, _frozen(value.start), _frozen(value.stop), _frozen(value.step))
        case float() | complex():
            return (type(value), repr(value))
    try:
        hash(value)
    except TypeError:
        return (type(value), id(value))
    return (type(value), value)
