"""Solve with the inverse of a matrix, where the inverse is at hand.

    %x = solve %K, %y                            %i = inv %K
    %0 = transpose %K                            %x = matmul %i, %y
    %1 = solve %0, %g                  gives     %0 = transpose %i
    %i = inv %K                                  %1 = matmul %0, %g
    %2 = transpose %i                            %2 = transpose %i

A determinant's gradient is an inverse; with it every system of equations takes a product, not a
factorisation of its own. Such a solution isn't as good where the matrix is nearly singular: its
error may be larger by the condition number than what `solve` leaves; so from level 2 on.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.types import alike, rank
from ..ops import SPELLINGS, TABLE, Op, Tracer, Var

__all__ = ["solve_by_inverses"]

Definitions = dict[Value, Operation]


def solve_by_inverses(function: Function) -> Function:
    """The function with products in the place of solutions."""
    operations = list(walk(function.body))
    wanted = {name for op in operations for name in _entry(op).by_inverse}
    if not any(op.opcode in wanted and not op.repeats for op in operations):
        return function
    definitions = {v: op for op in operations for v in op.results}
    # What is computed once more has to have the bits that it had.
    kept = {op.opcode for op in operations if op.repeats}
    return replace(function, body=_block(function.body, definitions, wanted, kept))


def _entry(op: Operation) -> Op:
    return TABLE.get(op.opcode, TABLE["copy"])


def _block(block: Block, definitions: Definitions, wanted: set[str], kept: set[str]) -> Block:
    inverses = {
        (op.opcode, _untransposed(op.operands[0], definitions)[0]): op
        for op in block.operations if op.opcode in wanted and not op.repeats
    }  # fmt: skip
    made: list[Operation] = []
    placed: set[Operation] = set()
    for op in block.operations:
        if op.blocks:
            blocks = tuple(_block(inner, definitions, wanted, kept) for inner in op.blocks)
            made.append(replace(op, blocks=blocks))
        elif op not in placed:
            used = None if op.opcode in kept else _inverse_for(op, inverses, definitions)
            if used is not None and used not in placed:
                placed.add(used)
                made.append(replace(used, backward=op.backward))
            elif op in inverses.values():
                placed.add(op)
            made += [op] if used is None else _by_inverse(op, used, definitions)
    return replace(block, operations=tuple(made))


def _inverse_for(
    op: Operation, inverses: dict[tuple[str, Value], Operation], definitions: Definitions
) -> Operation | None:
    """The operation of this block that inverts the matrix, or its transpose, and may stand here."""
    for name in _entry(op).by_inverse:
        matrix, _ = _untransposed(op.operands[0], definitions)
        found = inverses.get((name, matrix))
        if found is not None and found.operands[0] in (matrix, op.operands[0]):
            return found
    return None


def _by_inverse(op: Operation, used: Operation, definitions: Definitions) -> list[Operation]:
    builder = Builder(op.span, op.backward, op.repeats)
    tracer = Tracer(builder, TABLE, SPELLINGS)
    inverse: Var = tracer.var(used.result)
    if used.operands[0] is not op.operands[0]:
        turning = _untransposed(op.operands[0], definitions)[1]
        turning = turning or _untransposed(used.operands[0], definitions)[1]
        assert turning is not None
        inverse = tracer.emit(turning.opcode, (inverse,), turning.attributes)
    operands = map(tracer.var, op.operands[1:])
    found = _entry(op).by_inverse[used.opcode](inverse, *operands, **op.attributes)
    if found is None or not alike(found.type, op.result.type):
        return [op]
    *before, last = builder.operations
    return [*before, replace(last, results=op.results)]


def _untransposed(value: Value, definitions: Definitions) -> tuple[Value, Operation | None]:
    """The matrix that the value is the transpose of, by this operation; or else itself."""
    op, count = definitions.get(value), rank(value.type)
    axes = _entry(op).axes if op is not None else None
    if op is None or axes is None or count < 2:
        return value, None
    turned = (*range(count - 2), count - 1, count - 2)
    is_turned = axes([v.type for v in op.operands], op.attributes) == turned
    return (op.operands[0], op) if is_turned else (value, None)
