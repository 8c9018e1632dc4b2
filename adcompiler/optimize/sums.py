"""Take out of sums what is the same along their axes, and sum products without making them.

    %0 = mul %c, %x          (%c a number)        %0 = sum %x
    %y = sum %0                          gives    %y = mul %c, %0

    %0 = mul %h, %x          (%h: f8[n, 1])       %0 = sum[axis=1, keepdims=True] %x
    %y = sum[axis=1, keepdims=True] %0            %y = mul %h, %0

    %0 = mul %a, %x                               %y = matmul %a, %x
    %y = sum %0

So one pass over a large array goes, or the array itself. The sum is rounded in another way: in the
forward part that is for level 2 alone, and not where a sum is computed once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Function, Operation
from ..ir.rewrite import rewrite_operations
from ..ir.types import Array, alike, rank, shape_of
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
    numbers = [f if _is_safe_number(f, op, chains) else None for f in chain.factors]
    arrays = [_along(f, op, entry, chains) for f in chain.factors]
    made = None
    if any(arrays):
        both = [a or b for a, b in zip(numbers, arrays, strict=True)]
        made = _split(op, entry, chain, both, chains)
    return made or _split(op, entry, chain, numbers, chains)


def _split(
    op: Operation, entry: Op, chain: Chain, outside: Sequence[Factor | None], chains: Chains
) -> list[Operation] | None:
    """The operation on what is left of the chain, times the factors that are `outside`: what each
    one of the chain is there, or None."""
    arrays = [f for f, one in zip(chain.factors, outside, strict=True) if one is None]
    (operand,) = op.operands
    builder = Builder(op.span, op.backward, op.repeats)
    tracer = Tracer(builder, TABLE, SPELLINGS)
    inner = _inside(op, entry, arrays, tracer, chains)
    if inner is None:
        if not any(outside) and (chain.above, chain.below) == (1, 1):
            return None
        product = multiply(Chain(factors=arrays), chains, as_array(operand.type).dtype, builder)
        if product is None or not alike(product.type, operand.type):
            return None
        inner = tracer.emit(op.opcode, (product,), op.attributes)
    factors = [*filter(None, outside), Factor(inner.value, 1)]
    rest = Chain(chain.above, chain.below, factors, leads=chain.leads)
    found = multiply(rest, chains, as_array(op.result.type).dtype, builder)
    if found is None or as_array(found.type).dtype != as_array(op.result.type).dtype:
        return None
    if rank(found.type) != rank(op.result.type):
        return None
    *before, last = builder.operations
    return [*before, replace(last, results=op.results)]


def _is_safe_number(factor: Factor, op: Operation, chains: Chains) -> bool:
    """Whether it is a number that the sum may be divided by: what is NumPy's may be, by any."""
    if rank(factor.value.type):
        return False
    type_ = op.result.type
    strong = isinstance(type_, Array) and not type_.weak
    return factor.exponent > 0 or strong or chains.is_safe_divisor(factor.value)


def _along(factor: Factor, op: Operation, entry: Op, chains: Chains) -> Factor | None:
    """An array that is the same along the axes that are summed, as a factor of the sum."""
    (operand,), own = op.operands, shape_of(factor.value.type)
    places = entry.axes([operand.type], op.attributes) if entry.axes is not None else None
    whole = shape_of(operand.type)
    if places is None or not own:
        return None
    before = len(whole) - len(own)
    summed = [k - before for k in range(len(whole)) if k not in places and k >= before]
    if len(places) == len(whole) or not summed:
        return factor if all(own[k] == 1 for k in summed) else None
    source = chains.definitions.get(factor.value)
    axes = TABLE[source.opcode].axes if source is not None and source.opcode in TABLE else None
    if source is None or axes is None or len(source.operands) != 1:
        return None
    found = axes([source.operands[0].type], source.attributes)
    kept = [k for k in range(len(own)) if k not in summed]
    if found is None or [found[k] for k in kept] != list(range(len(kept))):
        return None
    alone = len(kept) == rank(source.operands[0].type) and all(found[k] is None for k in summed)
    return Factor(source.operands[0], factor.exponent) if alone else None


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
