"""Say the same by operations that NumPy is faster at, where an entry of the tables knows some.

    %y = pow %x, 3                             %0 = pow %x, 2
                                  gives        %y = mul %x, %0

    %y = einsum['nki,kij->nkj'] %g, %a         %0 = transpose[axes=(1, 0, 2)] %g
                                  gives        %1 = matmul %0, %a
                                               %y = transpose[axes=(1, 0, 2)] %1

The result may differ in its last bits, so that the forward part is left as it is but at level 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Function, Operation
from ..ir.rewrite import constants_of, rewrite_operations
from ..ir.types import alike
from ..ops import SPELLINGS, TABLE, Tracer
from .rounding import free_to_round

__all__ = ["faster"]


def faster(name: str, forward: bool = False) -> Callable[[Function], Function]:
    """The pass that writes what entries have under this name in `Op.faster`."""

    def write(function: Function) -> Function:
        constants = constants_of(function)
        free = free_to_round(function)

        def written(op: Operation) -> list[Operation] | None:
            entry = TABLE.get(op.opcode)
            rule = entry.faster.get(name) if entry is not None else None
            if rule is None or not (forward or op.result in free):
                return None
            inner = Builder(op.span, op.backward, op.repeats)
            tracer = Tracer(inner, TABLE, SPELLINGS, constants=constants)
            found = rule(*map(tracer.var, op.operands), **op.attributes)
            if found is None or not alike(found.type, op.result.type):
                return None
            *before, last = inner.operations
            return [*before, replace(last, results=(op.result,))]

        return rewrite_operations(function, written)

    return write
