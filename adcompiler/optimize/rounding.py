"""Which values may come out with other last bits than the operations as they stand would give.

    # forward                       those of the backward part: grad_x, %0
    y = np.tanh(x ** 3)             and what only an expression of its shows: x ** 3
    # backward                      but not y, nor a value of the user's computed once more
    grad_x = grad_y * (x ** 3)

A value of the user's that is computed once more may be compared with what the forward part has
made of it (`x == largest`), and so is the same to the last bit.
"""

from __future__ import annotations

from collections import Counter

from ..ir.core import Block, Function, Operation, Value, is_temporary, walk
from ..ops import TABLE

__all__ = ["free_to_round"]


def free_to_round(function: Function) -> set[Value]:
    """The results of the function's operations that may round in another way."""
    uses: Counter[Value] = Counter(function.results)
    for op in walk(function.body):
        uses.update(op.operands)
        for inner in op.blocks:
            uses.update(inner.results)
    free: set[Value] = set()
    _collect(function.body, uses, free)
    return free


def _collect(block: Block, uses: Counter[Value], free: set[Value]) -> None:
    """Users come behind what they use: a value is free if its only use, in this block, is."""
    shown: set[Value] = set()
    for op in reversed(block.operations):
        for inner in op.blocks:
            _collect(inner, uses, free)
        if op.blocks or len(op.results) != 1:
            continue
        mine = op.backward and not op.repeats
        if mine or (op.result in shown and uses[op.result] == 1 and is_temporary(op.result)):
            free.update(op.results)
            if _is_smooth(op):
                shown.update(op.operands)


def _is_smooth(op: Operation) -> bool:
    """Whether the operation doesn't tell values apart that differ in their last bits."""
    entry = TABLE.get(op.opcode)
    return entry is not None and entry.rules is not None
