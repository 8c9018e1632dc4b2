"""Change an array only after what still reads its old content.

    %g.1 = update[key=1:] %g, 0.0          %s = index[key=1:] %g
    %s = index[key=1:] %g                  %c = mul %s, %w
    %c = mul %s, %w               gives    %g.1 = update[key=1:] %g, 0.0
    %g.2 = add_at[key=:-1] %g.1, %c        %g.2 = add_at[key=:-1] %g.1, %c

Either order computes the same; in the second the array can be changed in place. Only what
differentiation has added is moved: the user's own stores stay where they are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value
from ..ir.rewrite import uses
from ..ops import TABLE, changes

__all__ = ["delay_updates"]


def delay_updates(function: Function) -> Function:
    """The function with updates after the last reader of the old value that needs no new one."""
    return replace(function, body=_block(function.body))


def _block(block: Block) -> Block:
    operations = [
        replace(op, blocks=tuple(map(_block, op.blocks))) if op.blocks else op
        for op in block.operations
    ]
    if any(map(_is_update, operations)):
        operations = _delayed(operations)
    return replace(block, operations=tuple(operations))


def _is_update(op: Operation) -> bool:
    return op.backward and changes(op)


def _delayed(operations: list[Operation]) -> list[Operation]:
    readers: dict[Value, list[int]] = defaultdict(list)
    views: dict[Value, list[Value]] = defaultdict(list)
    for position, op in enumerate(operations):
        for value in set(uses(op)):
            readers[value].append(position)
        entry = TABLE.get(op.opcode)
        if entry is not None and entry.statement is None:
            for k, value in enumerate(op.operands):
                if k in entry.view:
                    views[value] += op.results
    targets = [
        _target(op, position, readers, views) if _is_update(op) else position
        for position, op in enumerate(operations)
    ]
    order = sorted(range(len(operations)), key=lambda k: (targets[k], targets[k] != k))
    return [operations[k] for k in order]


def _target(
    op: Operation, position: int, readers: dict[Value, list[int]], views: dict[Value, list[Value]]
) -> int:
    """The position behind which the update belongs."""
    first_use = min(readers.get(op.result, ()), default=None)
    pending, seen = [op.operands[0]], {op.operands[0]}
    last = position
    while pending:
        value = pending.pop()
        for at in readers.get(value, ()):
            if last < at and (first_use is None or at < first_use):
                last = at
        for view in views.get(value, ()):
            if view not in seen:
                seen.add(view)
                pending.append(view)
    return last
