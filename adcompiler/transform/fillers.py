"""What goes on a tape must exist on every path: fillers in place of `undefined`.

    if c:                            if c:
        t = exp(x)                       t = exp(x)
    t_tape.append(t)       gives     else:
                                         t = None
                                     t_tape.append(t)

The backward part reads the filler back only to leave it unused, on the mirror of the same path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.loops import Loop, is_loop, loops_of

__all__ = ["fill_taped"]


def fill_taped(function: Function, handed_over: Iterable[Value] = ()) -> Function:
    """The function with a filler wherever an undefined variable may be collected, or be one of
    the values that are `handed_over`."""
    undefined = {op.result for op in walk(function.body) if op.opcode == "undefined"}
    if not undefined:
        return function
    sources = _sources(function)
    pending = [*_collected(function), *handed_over]
    reached: set[Value] = set()
    while pending:
        value = pending.pop()
        if value not in reached:
            reached.add(value)
            pending += sources.get(value, ())
    return replace(function, body=_filled(function.body, undefined & reached))


def _collected(function: Function) -> list[Value]:
    return [v for loop in loops_of(function) for v in loop.collected]


def _sources(function: Function) -> dict[Value, list[Value]]:
    """For what branches and loops hand on: where it may come from."""
    found: dict[Value, list[Value]] = {}
    for op in walk(function.body):
        if op.opcode == "if":
            for k, result in enumerate(op.results):
                found[result] = [block.results[k] for block in op.blocks]
        elif is_loop(op):
            loop = Loop(op)
            pairs = zip(loop.starts, loop.following, strict=True)
            for k, entering in enumerate(map(list, pairs)):
                found[loop.finals[k]] = entering
                for block in op.blocks:
                    found[block.parameters[k]] = entering
    return found


def _filled(block: Block, chosen: set[Value]) -> Block:
    def operation(op: Operation) -> Operation:
        if op.opcode == "undefined" and op.result in chosen:
            return replace(op, opcode="filler")
        return replace(op, blocks=tuple(_filled(inner, chosen) for inner in op.blocks))

    return replace(block, operations=tuple(map(operation, block.operations)))
