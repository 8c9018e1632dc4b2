"""Multiply numbers first, and arrays only then: each factor of an array is one more pass over it.

    %0 = mul %g, %x          (%g a number)            %0 = mul %g, 1.5
    %1 = mul %0, 0.5                          gives   %1 = mul %0, %x
    %y = mul %1, 3                                    %y = div %1, %z
    ...  div %y, %z

The product is the same but for its last bits, and but for where it overflows or underflows on the
way: numbers that are written out are multiplied only in the middle of the dtype's range. In the
backward part alone.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Function, Operation
from ..ir.rewrite import rewrite_operations
from ..ir.types import rank
from ..ops import SPELLINGS, TABLE, Tracer
from ..ops.inference import as_array
from .chains import Chain, Chains, Factor, cost, price

__all__ = ["multiply", "regroup_products"]


def regroup_products(function: Function) -> Function:
    """The function with the factors of products in the order that costs least."""
    chains = Chains(function)
    return rewrite_operations(function, lambda op: _regrouped(op, chains))


def _regrouped(op: Operation, chains: Chains) -> list[Operation] | None:
    """What computes the operation's result at a lower price."""
    if len(op.results) != 1 or op.result not in chains.free or op.result in chains.steps:
        return None
    chain = chains.of(op) if chains.is_product(op) else None
    if chain is None:
        return None
    builder = Builder(op.span, op.backward, op.repeats)
    found = multiply(chain, chains, as_array(op.result.type).dtype, builder)
    if found is None or found.type != op.result.type or not builder.operations:
        return None
    made = builder.operations
    if sum(map(price, made)) >= chain.price:
        return None
    return [*made[:-1], replace(made[-1], results=op.results)]


def multiply(chain: Chain, chains: Chains, dtype: str, builder: Builder) -> Any:
    """The chain's product in a cheap order: numbers, then arrays from small to large."""
    number = chain.number(dtype)
    if number is None:
        return None
    above, below = number
    tracer = Tracer(builder, TABLE, SPELLINGS)
    order = _in_order(chain.factors, chains)
    if order is None:
        return None
    (first, *others) = order
    product: Any = tracer.var(first.value)
    sign = above == -1
    if sign and cost(first.value.type) < max(cost(f.value.type) for f in order):
        product, sign = -product, False
    elif abs(above) != 1:
        product = above * product if chain.leads else product * above
    if below != 1:
        product = product / below
    for factor in others:
        value = tracer.var(factor.value)
        product = product * value if factor.exponent > 0 else product / value
    return -product if sign else product


def _in_order(factors: list[Factor], chains: Chains) -> list[Factor] | None:
    """Small ones first, the first one a float that isn't divided by."""
    order = sorted(factors, key=lambda factor: _place(factor, chains))
    first = next((f for f in order if f.exponent > 0), None)
    if first is None or as_array(first.value.type).dtype[0] != "f":
        return None
    return [first, *(f for f in order if f is not first)]


def _place(factor: Factor, chains: Chains) -> int:
    """A number that Python might not divide numbers by stands behind the arrays."""
    divides = factor.exponent < 0 and not rank(factor.value.type)
    if divides and not chains.is_safe_divisor(factor.value):
        return sys.maxsize
    return cost(factor.value.type)
