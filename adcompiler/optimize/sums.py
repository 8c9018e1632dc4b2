"""Take numbers out of sums and other linear maps, and sum products without making them.

    %0 = mul %c, %x          (%c a number)        %0 = sum %x
    %y = sum %0                          gives    %y = mul %c, %0

    %0 = mul %a, %x                               %y = matmul %a, %x
    %y = sum %0

So one pass over a large array goes, or the array itself. The sum is rounded in another way: in the
forward part that is for level 2 alone, and not where a sum is computed once more.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Function, Operation
from ..ir.rewrite import rewrite_operations
from ..ir.types import alike, rank
from ..ops import SPELLINGS, TABLE, Op, Tracer, Var
from ..ops.inference import as_array
from .chains import Chain, Chains, Factor, cost, is_float
from .products import multiply

__all__ = ["shrink_all_sums", "shrink_sums"]


def shrink_sums(function: Function, forward: bool = False) -> Function:
    """The function with less inside of its sums."""
    chains = Chains(function, forward)
    return rewrite_operations(function, lambda op: _shrunk(op, chains))


def shrink_all_sums(function: Function) -> Function:
    """`shrink_sums` in the forward part, too."""
    return shrink_sums(function, forward=True)


def _shrunk(op: Operation, chains: Chains) -> list[Operation] | None:
    """What computes the result with a smaller operand, or without one."""
    entry = TABLE.get(op.opcode)
    if entry is None or not entry.linear or len(op.results) != 1 or op.result not in chains.free:
        return None
    if len(op.operands) != 1 or not is_float(op.result.type):
        return None
    (operand,) = op.operands
    if chains.is_step(operand):
        chain = chains.of(chains.definitions[operand])
    else:
        chain = Chain(factors=[Factor(operand, 1)]) if chains.root(operand) is not None else None
    if chain is None or cost(op.result.type) >= cost(operand.type):
        return None
    numbers = [f for f in chain.factors if not rank(f.value.type) and _is_safe(f, chains)]
    arrays = [f for f in chain.factors if f not in numbers]
    builder = Builder(op.span, op.backward, op.repeats)
    tracer = Tracer(builder, TABLE, SPELLINGS)
    inner = _inside(op, entry, arrays, tracer, chains)
    outer = bool(numbers) or (chain.above, chain.below) != (1, 1)
    if inner is None:
        if not outer:
            return None
        product = multiply(Chain(factors=arrays), chains, as_array(operand.type).dtype, builder)
        if product is None or not alike(product.type, operand.type):
            return None
        inner = tracer.emit(op.opcode, (product,), op.attributes)
    rest = Chain(chain.above, chain.below, [*numbers, Factor(inner.value, 1)], leads=chain.leads)
    found = multiply(rest, chains, as_array(op.result.type).dtype, builder)
    if found is None or as_array(found.type).dtype != as_array(op.result.type).dtype:
        return None
    if rank(found.type) != rank(op.result.type):
        return None
    *before, last = builder.operations
    return [*before, replace(last, results=op.results)]


def _is_safe(factor: Factor, chains: Chains) -> bool:
    return factor.exponent > 0 or chains.is_safe_divisor(factor.value)


def _inside(
    op: Operation, entry: Op, arrays: list[Factor], tracer: Tracer, chains: Chains
) -> Var | None:
    """The sum of a product whose last factor is as large as it is, and so are all others."""
    (operand,) = op.operands
    if entry.of_product is None or not arrays:
        return None
    if len(arrays) == 1:
        root = chains.root(arrays[0].value)
        if root is None or arrays[0].exponent < 0 or not alike(root.type, operand.type):
            return None
        return entry.of_product(*[tracer.var(root)] * 2, **op.attributes)
    last = next((f for f in reversed(arrays) if f.exponent > 0), None)
    if last is None or not alike(last.value.type, operand.type):
        return None
    others = [f for f in arrays if f is not last]
    if len(others) == 1 and others[0].exponent > 0:
        first = tracer.var(others[0].value)
    else:
        dtype = as_array(operand.type).dtype
        first = multiply(Chain(factors=others), chains, dtype, tracer.builder)
    if first is None or not alike(first.type, operand.type):
        return None
    found: Var | None = entry.of_product(first, tracer.var(last.value), **op.attributes)
    return found
