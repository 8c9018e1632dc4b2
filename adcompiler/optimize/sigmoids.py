"""Write what an exponential is part of as a sigmoid, where the logarithm of their sum is slow.

    %y = logaddexp 0, %z                     %0 = neg %z
    %0 = sub %z, %y                          %1 = minimum %0, 709
    %s = exp %0                    gives     %2 = exp %1
                                             %3 = add 1, %2
                                             %s = div 1, %3        1 / (1 + np.exp(-z))

Nothing overflows. Where z is -inf the sigmoid comes out as 1e-308, not as 0: from level 2 on.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Function, Operation, walk
from ..ir.rewrite import constants_of, rewrite_operations
from ..ir.types import alike
from ..ops import SPELLINGS, TABLE, Tracer

__all__ = ["write_sigmoids"]


def write_sigmoids(function: Function) -> Function:
    """The function with sigmoids in the backward part."""
    definitions = {v: op for op in walk(function.body) for v in op.results}
    constants = constants_of(function)

    def written(op: Operation) -> list[Operation] | None:
        if op.opcode != "exp" or not op.backward or op.repeats:
            return None
        inner = definitions.get(op.operands[0])
        if inner is None or inner.opcode != "sub":
            return None
        part, whole = inner.operands
        total = definitions.get(whole)
        share = TABLE[total.opcode].share if total is not None and total.opcode in TABLE else None
        if total is None or share is None or part not in total.operands:
            return None
        own = total.operands.index(part)
        builder = Builder(op.span, op.backward, op.repeats)
        tracer = Tracer(builder, TABLE, SPELLINGS, constants=constants)
        found = share(tracer.var(part), tracer.var(total.operands[1 - own]))
        if found is None or not alike(found.type, op.result.type):
            return None
        *before, last = builder.operations
        return [*before, replace(last, results=op.results)]

    return rewrite_operations(function, written)
