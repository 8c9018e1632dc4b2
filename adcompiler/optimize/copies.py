"""Replace copies by what they copy, and carries that never change by what they start from.

    %grad_a = copy %grad_y                 %grad_x = mul %grad_y, %b
    %grad_x = mul %grad_a, %b     gives
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import Loop
from ..ir.rewrite import substitute
from ..ops import TABLE

__all__ = ["forward_copies"]


def forward_copies(function: Function) -> Function:
    """The function without `copy` operations, idle carries and branches' idle results."""
    mapping: dict[Value, Value] = {}
    body = _block(function.body, mapping)
    resolved = {old: _last(new, mapping) for old, new in mapping.items()}
    return replace(function, body=substitute(body, resolved))


def _last(value: Value, mapping: dict[Value, Value]) -> Value:
    while value in mapping:
        value = mapping[value]
    return value


def _block(block: Block, mapping: dict[Value, Value]) -> Block:
    operations = []
    for op in block.operations:
        if op.opcode in TABLE and TABLE[op.opcode].same:
            source = _last(op.operands[0], mapping)
            if source.name is None:
                mapping[source] = source = Value(source.type, op.result.name)
            mapping[op.result] = source
            continue
        if op.blocks:
            op = replace(op, blocks=tuple(_block(inner, mapping) for inner in op.blocks))
            op = _without_idle(op, mapping)
        operations.append(op)
    return replace(block, operations=tuple(operations))


def _without_idle(op: Operation, mapping: dict[Value, Value]) -> Operation:
    if op.opcode == "if":
        return _branch(op, mapping)
    return _loop(op, mapping)


def _branch(op: Operation, mapping: dict[Value, Value]) -> Operation:
    """A result that is the same outer value on both sides is that value."""
    then, otherwise = op.blocks
    kept = []
    for k, result in enumerate(op.results):
        if _last(then.results[k], mapping) is _last(otherwise.results[k], mapping):
            mapping[result] = then.results[k]
        else:
            kept.append(k)
    if len(kept) == len(op.results):
        return op
    blocks = tuple(replace(b, results=tuple(b.results[k] for k in kept)) for b in op.blocks)
    return replace(op, results=tuple(op.results[k] for k in kept), blocks=blocks)


def _loop(op: Operation, mapping: dict[Value, Value]) -> Operation:
    """A carry whose next value is itself never changes."""
    loop = Loop(op)
    rounds = zip(loop.parameters, loop.following, strict=True)
    idle = [k for k, (now, following) in enumerate(rounds) if _last(following, mapping) is now]
    if not idle:
        return op
    for k in idle:
        mapping[loop.finals[k]] = loop.starts[k]
        for block in op.blocks:
            mapping[block.parameters[k]] = loop.starts[k]
    kept = [k for k in range(loop.carry) if k not in idle]
    return loop.keeping(kept, range(len(loop.sequences)), range(len(loop.tapes)))
