"""Put the few steps of a gate in the text, in place of a call of it.

    out = sigmoid(s3)            if s3 >= 0:
                                     out = 1 / (1 + math.exp(-s3))
                         gives   else:
                                     e = math.exp(s3)
                                     out = e / (1 + e)

To call a Python function takes as long as five multiplications of floats; arrays that a gate makes
can be written over only where its steps are seen. The steps are the author's, in the author's
order. A gate stays a call if it loops, stores, calls or has an effect, or if it has many steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..diagnostics import Span
from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Region, Value, hint, walk
from ..ir.loops import is_loop
from ..ir.rewrite import Mapped, defined_in, freshen, rebuild_block, rebuilt, substitute
from ..ops import changes, has_effect

__all__ = ["splice_gates"]

# Beyond this many steps a call is read more easily, and costs little beside them.
_LARGEST = 10

# Attributes of what is not the gate's own step.
_ELSEWHERE = {"primal", "callee", "gate", "template"}


def splice_gates(function: Function) -> Function:
    """The function with the bodies of small gates in place of their calls."""
    body = rebuild_block(function.body, _visit, {})
    return function if body is function.body else replace(function, body=body)


def _visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
    if op.blocks:
        builder.append(rebuilt(op, _visit, mapping))
        return
    primal: Function | None = op.attributes.get("primal")
    if primal is None or not _fits(op, primal) or not _is_small(primal.body):
        builder.append(op)
        return
    builder.operations += _spliced(op, primal.body)


def _fits(op: Operation, primal: Function) -> bool:
    """Whether the body stands for the call: its types are the call's, and it makes the result."""
    inner, outer = (*primal.parameters, *primal.results), (*op.operands, *op.results)
    made = {v for step in primal.body.operations for v in step.results}
    return (
        [v.type for v in inner] == [v.type for v in outer]
        and len(op.results) == 1 and primal.results[0] in made
    )  # fmt: skip


def _is_small(body: Block) -> bool:
    steps = [op for op in walk(body) if op.opcode != "constant"]
    return len(steps) <= _LARGEST and not any(
        is_loop(op) or changes(op) or has_effect(op) or not _ELSEWHERE.isdisjoint(op.attributes)
        for op in steps
    )


def _spliced(op: Operation, body: Block) -> Iterable[Operation]:
    """The body's operations on the call's operands. What the author calls like the result has the
    name that the user gave it."""
    inside = freshen(body, dict(zip(body.parameters, op.operands, strict=True)))
    (result,) = inside.results
    own = defined_in(inside).difference(op.operands)
    renamed = {v: Value(v.type, op.result.name) for v in own if hint(v) == hint(result) is not None}
    inside = substitute(inside, {**renamed, result: op.result})
    return [_placed(step, op) for step in inside.operations]


def _placed(step: Operation, call: Operation) -> Operation:
    """The operation as one of the place where the call stood."""
    blocks = tuple(
        replace(block, operations=tuple(_placed(inner, call) for inner in block.operations))
        for block in step.blocks
    )
    own = {"region": Region()} if "region" in step.attributes else {}
    return replace(
        step, attributes={**step.attributes, **own}, blocks=blocks, span=_span(step, call),
        backward=call.backward, repeats=call.repeats,
    )  # fmt: skip


def _span(step: Operation, call: Operation) -> Span | None:
    return call.span if step.span is None else step.span.called_from(call.span)
