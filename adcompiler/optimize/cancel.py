"""Drop what cancels: the terms of a gradient that are zero in mathematics.

    %s = sum %e                              %s = sum %e
    %0 = div %g, %s                          %0 = div %g, %s
    %1 = mul %0, %e                 gives    %1 = mul %0, %e
    %2 = sum %1                              ... (nothing reads %2, %3, %grad_m, %4)
    %3 = neg %2
    %grad_m = accumulate %g, %3
    %4 = mul %mask, %grad_m
    %grad_x = accumulate %1, %4              grad_x = g / np.sum(e) * e

So the gradient of a maximum that is subtracted and added again isn't computed, nor where that
maximum was. Where numbers are infinite or NaN, or 0 is divided by 0, the terms that go would have
been NaN: from level 2 on.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Function, Operation, Value, is_temporary
from ..ir.rewrite import Mapped, rebuild_block, substitute
from ..ir.types import alike
from ..ops import TABLE
from .expanded import Expanded

__all__ = ["cancel_terms"]


def cancel_terms(function: Function) -> Function:
    """The function without terms of the backward part that are zero."""
    expanded = Expanded(function)
    named: Mapped = {}

    def visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
        if op.blocks:
            blocks = tuple(rebuild_block(b, visit, mapping) for b in op.blocks)
            op = replace(op, blocks=blocks)
        rest = _rest(op, expanded)
        if rest is None:
            builder.append(op)
            return
        mapping[op.result] = rest
        if is_temporary(rest) and not is_temporary(op.result):
            named.setdefault(rest, Value(rest.type, op.result.name))

    body = rebuild_block(function.body, visit, {})
    return replace(function, body=substitute(body, named) if named else body)


def _rest(op: Operation, expanded: Expanded) -> Value | None:
    """The operand that is left of a sum whose other one is zero."""
    entry = TABLE.get(op.opcode)
    if entry is None or not op.backward or op.repeats or len(op.results) != 1:
        return None
    if len(entry.terms) == 2:
        (first, second), sign = op.operands, entry.terms[1]
    elif entry.stores:
        first, second, sign = op.operands[0], op.operands[1], -1
    else:
        return None
    for rest, other in ((first, second), (second, first))[: 1 + (sign > 0)]:
        if expanded.is_zero(other) and alike(rest.type, op.result.type):
            return rest
    return None
