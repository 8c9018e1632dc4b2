"""Divide once what is divided again after it has been multiplied.

    %0 = div %g, %c                                %0 = div %g, %c
    %1 = mul %g, %y                  gives         %2 = mul %0, %y
    %2 = div %1, %c

The gradient of a quotient divides twice by the same. In the backward part alone: the quotient may
round in another way, and overflow or underflow where its parts do on the way.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value
from ..ir.types import alike
from ..ops import SPELLINGS, TABLE, Tracer
from .chains import Chains, is_float

__all__ = ["share_quotients"]

_LONGEST = 8


def share_quotients(function: Function) -> Function:
    """The function with fewer divisions."""
    sharing = _Sharing(Chains(function))
    return replace(function, body=sharing.block(function.body))


@dataclass(frozen=True)
class _Sharing:
    """`known`: quotients that are at hand where the walk is, by what is divided by what."""

    chains: Chains
    known: dict[tuple[Value, Value], Value] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        operations: list[Operation] = []
        added = []
        for op in block.operations:
            if op.blocks:
                op = replace(op, blocks=tuple(map(self.block, op.blocks)))
            made = self.shared(op) if _divides(op) else None
            if _divides(op) and made is None and (pair := _pair(op)) not in self.known:
                self.known[pair] = op.result
                added.append(pair)
            operations += made or [op]
        for pair in added:
            del self.known[pair]
        return replace(block, operations=tuple(operations))

    def shared(self, op: Operation) -> list[Operation] | None:
        """The product of a quotient that is at hand and the other factors."""
        above, below = op.operands
        if op.result not in self.chains.free or not self.is_product(above):
            return None
        factors = self.factors(above)
        for at, factor in enumerate(factors):
            quotient = self.known.get((factor, below))
            if quotient is not None:
                return _product([*factors[:at], quotient, *factors[at + 1 :]], op)
        return None

    def factors(self, value: Value) -> list[Value]:
        """What a value is the product of, in its order."""
        if not self.is_product(value):
            return [value]
        first, second = self.chains.definitions[value].operands
        found = [*self.factors(first), *self.factors(second)]
        return found if len(found) <= _LONGEST else [value]

    def is_product(self, value: Value) -> bool:
        """Whether the value is a product that nothing else reads."""
        op = self.chains.definitions.get(value)
        entry = None if op is None else TABLE.get(op.opcode)
        return entry is not None and entry.factors == (1, 1) and self.chains.is_step(value)


def _divides(op: Operation) -> bool:
    entry = TABLE.get(op.opcode)
    return entry is not None and entry.factors == (1, -1) and is_float(op.result.type)


def _pair(op: Operation) -> tuple[Value, Value]:
    above, below = op.operands
    return above, below


def _product(factors: Sequence[Value], op: Operation) -> list[Operation] | None:
    builder = Builder(op.span, op.backward, op.repeats)
    tracer = Tracer(builder, TABLE, SPELLINGS)
    found = functools.reduce(operator.mul, map(tracer.var, factors))
    if not builder.operations or not alike(found.type, op.result.type):
        return None
    *before, last = builder.operations
    return [*before, replace(last, results=op.results)]
