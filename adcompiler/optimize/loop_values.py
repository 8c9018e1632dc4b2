"""Read what a loop has computed, in its mirror, instead of calling the same function again.

    %a.1 = while %a.0 (%a.2):                        %a.1 = while %a.0 (%a.2):
        %c = cos %a.2                                    %c = cos %a.2
        %s = sin %a.2                     gives          %s = sin %a.2
        ...                                              ...
    %g.1 = for[mirrors] %g.0 (%g.2):                 %g.1 = for[mirrors] %g.0 (%g.2):
        %0 = cos %a.2                                    %1 = mul %g.2, %c
        %1 = mul %g.2, %0                                yield %1
        yield %1

Before saves are legalised, which then put `c` on a tape. Only what is slower again than saved is
read so: functions of numbers, no arithmetic; arrays are left alone, a tape of which takes memory.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import is_loop
from ..ir.rewrite import rebuild_block
from ..ir.types import rank
from ..ops import TABLE, is_arithmetic
from .subexpressions import expression_of

__all__ = ["read_loop_values"]

Known = Mapping[Hashable, Operation]


def read_loop_values(function: Function) -> Function:
    """The function with fewer calls in its mirrors."""
    reading = _Reading()
    reading.block(function.body, {})
    if not reading.same:
        return function

    def visit(op: Operation, builder: Builder, mapping: dict[Value, Value]) -> None:
        if op.results and op.results[0] in reading.same:
            mapping[op.result] = reading.same[op.result]
            return
        if op.blocks:
            op = replace(op, blocks=tuple(rebuild_block(b, visit, mapping) for b in op.blocks))
        builder.operations.append(op)

    return replace(function, body=rebuild_block(function.body, visit, {}))


@dataclass(frozen=True)
class _Reading:
    """`computed`: by region and side, what is computed there by which operation. `same`: what is
    read in the place of what."""

    computed: dict[tuple[object, int], Known] = field(default_factory=dict)
    same: dict[Value, Value] = field(default_factory=dict)

    def block(self, block: Block, known: Known) -> None:
        """Compare a block's calls with those that are `known`."""
        for op in block.operations:
            if op.blocks:
                self.region(op, known)
            elif known and _is_call(op):
                found = known.get(expression_of(op))
                if found is not None and not (op.repeats and found.backward):
                    self.same[op.result] = found.result

    def region(self, op: Operation, known: Known) -> None:
        for k, block in enumerate(op.blocks):
            mirrored = (op.attributes.get("mirrors"), _side(op, k))
            self.block(block, {**known, **self.computed.get(mirrored, {})})
            calls = {expression_of(one): one for one in block.operations if _is_call(one)}
            if calls:
                self.computed[op.attributes["region"], _side(op, k)] = calls


def _side(op: Operation, index: int) -> int:
    """A loop's body is its last block, of which a `while` has two and its mirror one."""
    return index - len(op.blocks) if is_loop(op) else index


def _is_call(op: Operation) -> bool:
    """Whether the operation calls a function of numbers."""
    entry = TABLE.get(op.opcode)
    if entry is None or not entry.elementwise or len(op.results) != 1:
        return False
    return not rank(op.result.type) and not is_arithmetic(op)
