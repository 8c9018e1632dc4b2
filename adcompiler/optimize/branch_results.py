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
from ..ir.rewrite import substitute
from ..ir.types import Type, kind_of, rank

__all__ = ["read_branch_results"]


def read_branch_results(function: Function) -> Function:
    """The function with mirrors of branches reading the branches' results."""
    originals = {
        op.attributes["region"]: op for op in walk(function.body) if op.opcode == "if"
    }
    if not any(op.attributes.get("mirrors") in originals for op in walk(function.body)):
        return function
    return replace(function, body=_block(function.body, originals))


def _block(block: Block, originals: dict[object, Operation]) -> Block:
    operations = []
    for op in block.operations:
        if op.blocks:
            blocks = [_block(inner, originals) for inner in op.blocks]
            original = originals.get(op.attributes.get("mirrors"))
            if original is not None:
                blocks = [
                    substitute(inner, _handed_on(original, side))
                    for side, inner in enumerate(blocks)
                ]
            op = replace(op, blocks=tuple(blocks))
        operations.append(op)
    return replace(block, operations=tuple(operations))


def _handed_on(original: Operation, side: int) -> dict[Value, Value]:
    block = original.blocks[side]
    made = {v for op in block.operations for v in op.results}
    return {
        inner: result
        for inner, result in zip(block.results, original.results, strict=True)
        # What comes from outside the branch may be read where the branch's result may not.
        if inner in made and _same_kind(inner.type, result.type)
    }


def _same_kind(inner: Type, result: Type) -> bool:
    """At rank 0 the other side may have made a NumPy scalar out of a Python float."""
    return inner == result or (
        not rank(inner) and not rank(result) and kind_of(inner) == kind_of(result) is not None
    )
