"""Tuples that a loop saves are made where they are saved, and taken apart where they are read.

    %p = pack %c, %s                         tape.append((c, s))
    yield %p

    for ... %tape (%p.1):                    for c, s in reversed(tape):
        %c.1, %s.1 = unpack %p.1
"""

from __future__ import annotations

from ..ir.core import Function, Operation, Value
from ..ir.loops import Loop, loops_of

__all__ = ["saved_tuples", "taken_apart"]


def saved_tuples(function: Function) -> frozenset[Operation]:
    """The operations that have no line of their own."""
    found: list[Operation] = []
    for loop in loops_of(function):
        collected = set(loop.collected)
        found += (op for op in loop.body.operations if op.opcode == "pack"
                  and op.result in collected and op.result not in loop.following)  # fmt: skip
        found += (op for op in map(taken_apart(loop).get, loop.elements) if op is not None)
    return frozenset(found)


def taken_apart(loop: Loop) -> dict[Value, Operation]:
    """The tuples among a loop's elements that are taken apart before anything else."""
    found: dict[Value, Operation] = {}
    for op in loop.body.operations:
        if op.opcode != "unpack" or op.operands[0] not in loop.elements:
            break
        found[op.operands[0]] = op
    return found
