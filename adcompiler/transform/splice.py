"""Putting a function's body in place of a call of it.

    %g, %x, %y  into  function (g, x, y): %0 = sub 1, %y; %1 = mul %g, %0; return %1
    gives       %0 = sub 1, %y;  %1 = mul %g, %0;  and the value %1

Result types are inferred anew, since the operands' types may be narrower than the parameters'. What
the function computes is left as its author wrote it (`Operation.repeats`): a stable formula is one
by the order of its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..diagnostics import Span
from ..ir.core import Block, Function, Operation, Region, Value
from ..ir.rewrite import freshen, substitute
from ..ops import Tracer

__all__ = ["splice"]


def splice(
    function: Function, arguments: Sequence[Any], tracer: Tracer, named: bool = False
) -> list[Value]:
    """Append the function's operations to the tracer's block; gives its results.

    A rule's inner steps have no names of their own, so that they print as one expression; `named`:
    they keep them.
    """
    block = freshen(function.body, {})
    mapping: dict[Value, Value] = dict(zip(block.parameters, arguments, strict=True))
    builder = tracer.builder
    before, builder.repeats = builder.repeats, builder.backward
    call = builder.span
    for op in block.operations:
        builder.span = _span(op, call)
        _append(op, mapping, tracer, named, call)
    builder.repeats, builder.span = before, call
    return [mapping.get(v, v) for v in block.results]


def _append(
    op: Operation, mapping: dict[Value, Value], tracer: Tracer, named: bool, call: Span | None
) -> None:
    if op.blocks or len(op.results) != 1 or "gate" in op.attributes:
        inside = substitute(Block((), (op,), ()), mapping)
        tracer.builder.append(_again(inside.operations[0], tracer.builder.backward, call))
        return
    operands = [tracer.var(mapping.get(v, v)) for v in op.operands]
    result = tracer.emit(op.opcode, operands, op.attributes, op.result.name if named else None)
    mapping[op.result] = result.value


def _span(op: Operation, call: Span | None) -> Span | None:
    return call if op.span is None else op.span.called_from(call)


def _again(op: Operation, backward: bool, call: Span | None) -> Operation:
    """The operation as one of the place that it is put in: a region is another one each time."""
    own = {"region": Region()} if "region" in op.attributes else {}
    blocks = tuple(
        replace(
            block, operations=tuple(_again(inner, backward, call) for inner in block.operations)
        )
        for block in op.blocks
    )
    attributes = {**op.attributes, **own}
    return replace(
        op, attributes=attributes, blocks=blocks, span=_span(op, call), backward=backward,
        repeats=backward,
    )  # fmt: skip
