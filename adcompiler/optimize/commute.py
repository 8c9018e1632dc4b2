"""Sum before a matrix product, not after it, where only one of its operands has the axis.

    %0 = matmul %a, %b                               %0 = sum[axis=0] %a
    %y = sum[axis=0] %0                    gives     %y = matmul %0, %b

    %0 = matmul %a, %b   (stacks of matrices)        %0 = sum[axis=1, keepdims=True] %a
    %y = sum[axis=1, keepdims=True] %0     gives     %y = matmul %0, %b

A product of matrices becomes one of a vector. In the backward part alone; the gradient that was
summed is no line of its own any more, be it of a value that the user has named: from level 2 on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.builder import Builder
from ..ir.core import Function, Operation
from ..ir.rewrite import rewrite_operations
from ..ir.types import alike
from ..ops import SPELLINGS, TABLE, Tracer
from .chains import Chains, is_float

__all__ = ["sum_first"]


def sum_first(function: Function) -> Function:
    """The function with sums inside of products."""
    chains = Chains(function)
    return rewrite_operations(function, lambda op: _summed_first(op, chains))


def _summed_first(op: Operation, chains: Chains) -> list[Operation] | None:
    entry = TABLE.get(op.opcode)
    if entry is None or entry.axes is None or len(op.operands) != 1 or op.result not in chains.free:
        return None
    places = entry.axes([v.type for v in op.operands], op.attributes)
    inner = chains.definitions.get(op.operands[0])
    if places is None or inner is None or not is_float(op.result.type):
        return None
    letters = TABLE[inner.opcode].letters if inner.opcode in TABLE else None
    if letters is None or inner.result not in chains.free or chains.uses[inner.result] != 1:
        return None
    found = letters([v.type for v in inner.operands], inner.attributes)
    gone = [s for k, s in enumerate(found.result) if k not in places]
    if not gone or any(s in found.left and s in found.right for s in gone):
        return None
    kept = len(places) == len(found.result)
    # Of more than a matrix an axis that goes stays as one of size 1 until the product is made.
    units = kept or max(len(found.left), len(found.right)) > 2
    builder = Builder(op.span, op.backward, op.repeats)
    tracer = Tracer(builder, TABLE, SPELLINGS)
    operands = [
        _summed(tracer.var(v), tuple(k for k, s in enumerate(own) if s in gone), units)
        for v, own in zip(inner.operands, (found.left, found.right), strict=True)
    ]
    made: Any = tracer.emit(inner.opcode, operands, inner.attributes)
    if units and not kept:
        made = made[tuple(0 if s in gone else slice(None) for s in found.result)]
    if not alike(made.type, op.result.type):
        return None
    *before, last = builder.operations
    return [*before, replace(last, results=op.results)]


def _summed(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if not axes:
        return x
    return np.sum(x, axis=axes[0] if len(axes) == 1 else axes, keepdims=keepdims)
