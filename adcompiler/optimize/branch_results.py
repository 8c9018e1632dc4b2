"""In the mirror of a branch, read what the branch handed on instead of what it was inside.

    %y = if %c:                                  %y = if %c:
        %y.1 = exp %h                                %y.1 = exp %h
        yield %y.1                    gives          yield %y.1
    ... mirror of the `if`, same side:           ...
        %grad_h = mul %grad_y, %y.1                  %grad_h = mul %grad_y, %y

On that side the two are the same value, and so one variable serves both.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.types import Type, kind_of, rank

__all__ = ["read_branch_results"]


def read_branch_results(function: Function) -> Function:
    """The function with mirrors of branches reading the branches' results."""
    originals = {
        op.attributes["region"]: op for op in walk(function.body) if op.opcode == "if"
    }
    if not any(op.attributes.get("mirrors") in originals for op in walk(function.body)):
        return function
    return replace(function, body=_block(function.body, originals, {}))


def _block(
    block: Block, originals: dict[object, Operation], known: dict[Value, Value]
) -> Block:
    """`known`: what the mirrors around the block read in the place of inner values."""

    def read(values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(known.get(v, v) for v in values) if known else values

    operations = []
    for op in block.operations:
        if op.blocks:
            original = originals.get(op.attributes.get("mirrors"))
            sides = [known] * len(op.blocks)
            if original is not None:
                sides = [_handed_on(original, side, known) for side in range(len(op.blocks))]
            blocks = tuple(map(_block, op.blocks, [originals] * len(sides), sides))
            op = replace(op, operands=read(op.operands), blocks=blocks)
        elif known and any(v in known for v in op.operands):
            op = replace(op, operands=read(op.operands))
        operations.append(op)
    return Block(block.parameters, tuple(operations), read(block.results))


def _handed_on(
    original: Operation, side: int, known: dict[Value, Value]
) -> dict[Value, Value]:
    block = original.blocks[side]
    made = {v for op in block.operations for v in op.results}
    found = {
        inner: known.get(result, result)
        for inner, result in zip(block.results, original.results, strict=True)
        # What comes from outside the branch may be read where the branch's result may not.
        if inner in made and _same_kind(inner.type, result.type)
    }
    return {**known, **found} if found else known


def _same_kind(inner: Type, result: Type) -> bool:
    """At rank 0 the other side may have made a NumPy scalar out of a Python float."""
    return inner == result or (
        not rank(inner) and not rank(result) and kind_of(inner) == kind_of(result) is not None
    )
