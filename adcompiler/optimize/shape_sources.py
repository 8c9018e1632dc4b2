"""Ask shapes of values that are there anyway.

    %s = pow %y, 2                          %s = pow %y, 2        (now dead, if nothing reads %s)
    %g = broadcast %0, (shape %s)           %g = broadcast %0, (shape %y)

A value made only for its shape would be computed, or saved, for nothing.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value
from ..ir.sizes import Affine, Size
from ..ir.types import Array, shape_of
from ..ops import TABLE

__all__ = ["share_shapes"]

Shape = tuple[Size, ...]


def share_shapes(function: Function) -> Function:
    """The function with shapes asked of parameters, or of what the backward part reads itself."""
    read = _read_backward(function.body, set())
    sources: dict[Shape, Value] = {}
    for value in function.parameters:
        _offer(value, sources)
    return replace(function, body=_block(function.body, sources, read))


def _offer(value: Value, sources: dict[Shape, Value]) -> None:
    shape = shape_of(value.type)
    if isinstance(value.type, Array) and shape and not any(map(_is_unknown, shape)):
        sources.setdefault(shape, value)


def _is_unknown(size: Size) -> bool:
    return isinstance(size, Affine) and any(symbol.token for symbol, _ in size.terms)


def _read_backward(block: Block, found: set[Value]) -> set[Value]:
    """What the backward part reads for more than its shape."""
    for op in block.operations:
        entry = TABLE.get(op.opcode)
        if op.backward:
            found.update(
                v for k, v in enumerate(op.operands) if entry is None or k not in entry.shape_only
            )
        for inner in op.blocks:
            _read_backward(inner, found)
    return found


def _block(block: Block, sources: dict[Shape, Value], read: set[Value]) -> Block:
    operations = []
    for op in block.operations:
        if op.blocks:
            blocks = tuple(_block(inner, dict(sources), read) for inner in op.blocks)
            # What a branch or a loop hands on may be undefined on the path taken.
            operations.append(replace(op, blocks=blocks))
            continue
        operations.append(_redirected(op, sources))
        for value in op.results:
            # What the backward part makes may be overwritten in place, if nothing reads it later.
            if value in read and not op.backward:
                _offer(value, sources)
    return replace(block, operations=tuple(operations))


def _redirected(op: Operation, sources: dict[Shape, Value]) -> Operation:
    entry = TABLE.get(op.opcode)
    if entry is None or not op.backward or 0 not in entry.shape_only:
        return op
    source = sources.get(shape_of(op.operands[0].type))
    return op if source is None else replace(op, operands=(source,))
