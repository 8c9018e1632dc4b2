"""Tangents from pullbacks: a pullback is linear in the cotangent, and so has a transpose.

    y = norm(x)      pullback    %0 = mul %g, %x          transpose   %0 = div %dot_x, %y
                                 %1 = div %0, %y                      %1 = mul %0, %x
                                                                      %dot_y = sum %1

The pullback's rule is run on a cotangent that stands for any, and what it does is differentiated
by that one in reverse mode: (Jᵀ)ᵀ = J.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value
from ..ir.rewrite import free_values, substitute, uses
from ..ops import Op, Var
from .cotangents import Cotangents
from .derivatives import derivative_type
from .gates import pullback_of, read_by_rule
from .reverse import reverse
from .rules import alone, contribution_of
from .splice import splice
from .tangents import Tangents

__all__ = ["transposed"]


def transposed(
    entry: Op, op: Operation, positions: Sequence[int], result: Value, tangents: Tangents
) -> Var | None:
    """The tangent of one result of an operation: its pullback's transpose, of the tangents of the
    operands at these positions."""
    g = Value(derivative_type(result.type, tangents.exact), "g")
    pullback, reached = _pullback(entry, op, positions, g, result, tangents)
    if not reached:
        return None
    back = reverse(pullback, (g,), "transpose", results=pullback.results)
    seeds = back.parameters[len(pullback.parameters) :]
    dots = [tangents.get(op.operands[k]) for k in reached]
    mapping = {s: d for s, d in zip(seeds, dots, strict=True) if d is not None}
    mapping[g] = result  # nothing but its shape may still be asked for
    return tangents.tracer().var(_appended(back, mapping, tangents.builder))


def _pullback(
    entry: Op, op: Operation, positions: Sequence[int], g: Value, result: Value,
    tangents: Tangents,
) -> tuple[Function, list[int]]:  # fmt: skip
    """What the rules for the operands contribute, as a function of `g` and of all that they read;
    and the operands that have a contribution."""
    cotangents = Cotangents(
        Builder(op.span, backward=True), "grad", tangents.constants, set(), tangents.undefined,
        tangents.exact,
    )  # fmt: skip
    given = _by_rules if "received" not in op.attributes else _by_author
    contributions, reached = [], []
    for k, found in given(entry, op, positions, g, result, cotangents):
        if found is not None:
            contributions.append(cotangents.fit(found, op.operands[k]).value)
            reached.append(k)
    body = cotangents.builder.block((), contributions)
    parameters = (*(v for v in free_values(body) if v is not g), g)
    return Function("pullback", replace(body, parameters=parameters), op.span), reached


def _by_rules(
    entry: Op, op: Operation, positions: Sequence[int], g: Value, result: Value,
    cotangents: Cotangents,
) -> Iterator[tuple[int, Var | None]]:  # fmt: skip
    tracer = cotangents.tracer(op.attributes.get("via", "np"))
    incoming = alone([tracer.var(g) if r is result else None for r in op.results])
    primals, count = [tracer.var(v) for v in (*op.operands, *op.results)], len(op.operands)
    types = [v.type for v in op.operands]
    for k in positions:
        if k == 0 and entry.accumulate is not None and entry.adds_into(types, op.attributes):
            operand = op.operands[k]
            before = tracer.var(cotangents.zero(operand))
            into = cotangents.project(incoming, operand)
            results = alone(primals[count:])
            yield k, entry.accumulate(before, into, *primals[:count], results, **op.attributes)
        else:
            yield k, contribution_of(entry, op, k, incoming, primals)


def _by_author(
    entry: Op, op: Operation, positions: Sequence[int], g: Value, result: Value,
    cotangents: Cotangents,
) -> Iterator[tuple[int, Var | None]]:  # fmt: skip
    tracer = cotangents.tracer()
    received = [op.results[k] for k in op.attributes["received"]]
    seeds = [g if v is result else cotangents.zero(v) for v in received]
    arguments = op.operands[: op.attributes["arity"]]
    given = (*seeds, *arguments, *read_by_rule(op))
    found = splice(pullback_of(op), given, tracer)
    for k, contribution in zip(op.attributes["differentiable"], found, strict=True):
        if k in positions:
            yield k, tracer.var(contribution)


def _appended(back: Function, mapping: Mapping[Value, Value], builder: Builder) -> Value:
    """Append the operations that the result needs; steps of a rule have no names."""
    needed = set(back.results)
    operations = []
    for op in reversed(back.body.operations):
        if any(v in needed for v in op.results):
            operations.append(op)
            needed.update(uses(op))
    made = [v for op in operations for v in op.results]
    mapping = {**mapping, **{v: Value(v.type) for v in made}}
    body = substitute(Block((), tuple(operations[::-1]), back.results), mapping)
    builder.operations += body.operations
    (result,) = body.results
    return result
