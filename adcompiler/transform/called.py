"""Calls in reverse mode: a function's backward part takes what its forward part has saved.

    %y, %saved = invoke[callee=f_forward] %x          function f_forward(%x, %grad_y):
    ...                                                   ...
    %grad_x = invoke[callee=f_pullback] %saved, %grad_y   return %y, %grad_x

Until it is split, the forward part's function holds both parts. A checkpointed function is called
again instead: its backward part takes its arguments, and computes all it needs of it anew.

    %y = invoke[callee=f, recompute=True] %x          function f_pullback(%x, %grad_y):
    ...                                                   ...
    %grad_x = invoke[callee=f_pullback] %x, %grad_y       return %grad_x
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Derived, Function, Operation, Parts, Value
from ..ir.rewrite import constants_of, substitute
from ..ir.types import fits, rank
from .adjoints import Adjoint, Adjoints
from .cotangents import Cotangents
from .paths import maybe_undefined
from .recompute import silent
from .split import named_apart

__all__ = ["enter", "in_two_parts", "no_cotangents", "pulled_back"]

Backwards = Callable[..., None]


def no_cotangents(function: Function, prefix: str, exact: bool) -> Cotangents:
    """No cotangents yet, after the function's own operations."""
    builder = Builder(backward=True)
    builder.operations += function.body.operations
    constants = constants_of(function)
    return Cotangents(builder, prefix, constants, set(), maybe_undefined(function), exact)


def in_two_parts(
    adjoint: Adjoint, adjoints: Adjoints, prefix: str, exact: bool, backwards: Backwards
) -> Function:
    """A called function with its backward part: it takes the cotangents of the results after the
    arguments, and gives the gradients after the results. `split` will part it; one that is called
    again stays whole, and gives the gradients alone."""
    body = adjoint.function.body
    if adjoint.again:
        body = silent(body)
    body = adjoints.record(body, adjoint.active)
    function = replace(adjoint.function, body=body)
    cotangents = no_cotangents(function, prefix, exact)
    seeds = []
    for position in adjoint.results:
        result = function.results[position]
        seed = Value(cotangents.type(result), Derived(prefix, result))
        seeds.append(seed)
        if position in adjoint.masked_seeds:
            cotangents.masked.add(seed)
        if result in adjoint.active:
            enter(cotangents, result, seed)
    backwards(function, adjoint.active, adjoints, cotangents, function.parameters)
    gradients = [cotangents.current(function.parameters[k]) for k in adjoint.parameters]
    adjoint.masked_gradients |= {
        k for k, g in zip(adjoint.parameters, gradients, strict=True) if g in cotangents.masked
    }
    parameters = (*function.parameters, *seeds)
    if adjoint.again:
        named = named_apart(parameters)
        block = cotangents.builder.block(parameters, gradients)
        block = substitute(block, dict(zip(parameters, named, strict=True)))
        return Function(str(adjoint.backward), block, function.span)
    results = (*function.results, *gradients)
    parts = Parts(len(function.parameters), len(function.results), adjoint.backward)
    block = cotangents.builder.block(parameters, results)
    return Function(str(adjoint.forward), block, function.span, parts=parts)


def pulled_back(
    op: Operation, given: Sequence[Value], results: Sequence[Value], cotangents: Cotangents,
    adjoint: Adjoint, active: Collection[Value],
) -> None:  # fmt: skip
    """The backward part of a call, which is `given` what it saved, or its arguments again."""
    seeds = [cotangents.current(results[k]) for k in adjoint.results]
    adjoint.masked_seeds.update(
        k for k, g in zip(adjoint.results, seeds, strict=True) if g in cotangents.masked
    )
    operands = [op.operands[k] for k in adjoint.parameters]
    added = len(operands) == 1 and cotangents.get(operands[0]) is not None
    # Of an argument that is a number the callee knows the type: another call may pass a float32.
    inside = [adjoint.function.parameters[k] for k in adjoint.parameters]
    found = [
        Value(cotangents.type(v if rank(v.type) else p), None if added else cotangents.name(v))
        for v, p in zip(operands, inside, strict=True)
    ]
    cotangents.builder.region("invoke", (*given, *seeds), found, (), {"callee": adjoint.backward})
    for k, operand, g in zip(adjoint.parameters, operands, found, strict=True):
        if k in adjoint.masked_gradients:
            cotangents.masked.add(g)
        if operand in active:
            enter(cotangents, operand, g)


def enter(cotangents: Cotangents, value: Value, g: Value) -> None:
    """A cotangent as it comes: the first is the value's own, others are added to it."""
    if cotangents.get(value) is None and fits(g.type, cotangents.type(value)):
        cotangents.set(value, g)
    else:
        cotangents.add(value, cotangents.tracer().var(g))
