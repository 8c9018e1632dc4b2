"""Calls of gates in the transformations: recordings take their place, or their bodies do.

    %y = call[gate=softmax] %x        %y, %saved = call[gate=softmax] %x
                                      ...
                                      %grad_x = the author's rule, of %grad_y and %saved
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value, on_all, walk
from ..ir.rewrite import Mapped, rebuild_block, substitute
from ..ops import SPELLINGS, TABLE, Tracer
from .splice import splice

__all__ = ["pullback_of", "read_by_rule", "recorded", "without_recordings"]

_RULES = ("differentiable", "received", "moved", "pullback")
_APART = ("opcode", "names", "chosen")


def recorded(op: Operation) -> Operation:
    """The call with the residuals as further results, if its gate has any; a block of the user's
    is marked as part of this derivative's text."""
    record: dict[str, Any] | None = op.attributes.get("recording")
    if record is None and "named" in op.attributes:
        return replace(op, attributes={**op.attributes, "spliced": True})
    if record is None:
        return op
    types = record["types"][len(op.results) :]
    saved = [Value(t, name) for t, name in zip(types, record["names"], strict=True)]
    attributes = {key: value for key, value in record.items() if key not in _APART}
    attributes |= {key: op.attributes[key] for key in _RULES if key in op.attributes}
    return replace(
        op, opcode=record["opcode"], operands=tuple(op.operands[k] for k in record["chosen"]),
        results=(*op.results, *saved), attributes=attributes,
    )  # fmt: skip


def without_recordings(function: Function) -> Function:
    """A derivative, to be differentiated again: what gives residuals is a function like others,
    whose body takes the place of the call; a block under `grad_of` runs no second time."""
    bodies = (function, *function.functions.values())
    marks = {key for one in bodies for op in walk(one.body) for key in op.attributes}
    if marks.isdisjoint(("saved", "spliced")):
        return function
    return on_all(lambda one: replace(one, body=_inlined(one.body)), function)


def _inlined(block: Block) -> Block:
    def visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
        if op.blocks:
            blocks = tuple(rebuild_block(inner, visit, mapping) for inner in op.blocks)
            builder.append(replace(op, blocks=blocks))
            return
        if "spliced" in op.attributes:
            builder.append(replace(op, opcode="copy", operands=op.operands[:1], attributes={}))
            return
        if "saved" not in op.attributes:
            builder.append(op)
            return
        if "primal" not in op.attributes:
            name = op.attributes["gate"].name
            refused = Diagnostic(
                "opaque-gate", f"the residuals of the gate `{name}` come from a function that is"
                " called, not read, and a derivative through them is asked for.",
                "let the gate and its rules be read, and call other gates in them.", op.span,
            )  # fmt: skip
            raise UnsupportedError(refused)
        inner = Builder(op.span, op.backward, op.repeats)
        found = splice(op.attributes["primal"], op.operands, Tracer(inner, TABLE, SPELLINGS))
        builder.operations += _giving(op, found, inner)

    return rebuild_block(block, visit, {})


def _giving(op: Operation, found: Sequence[Value], inner: Builder) -> Sequence[Operation]:
    """The operations, with what they find as the results of the call."""
    made = {v for one in inner.operations for v in one.results}
    mapping: Mapped = {}
    for value, result in zip(found, op.results, strict=True):
        if value in made and value not in mapping:
            mapping[value] = result
        else:  # an argument, or another result as well
            inner.region("copy", (value,), (result,), ())
    return substitute(inner.block((), ()), mapping).operations


def read_by_rule(op: Operation) -> Sequence[Value]:
    """What a gate's backward rule reads behind the arguments: the results, or the residuals, which
    are results of the call, or operands."""
    saved = op.attributes.get("saved")
    if saved is None:
        return op.results
    return [(op.operands if place == "operand" else op.results)[k] for place, k in saved]


def pullback_of(op: Operation) -> Function:
    """The rule of a gate's author."""
    found: Function | None = op.attributes.get("pullback")
    if found is None:
        name = op.attributes["gate"].name
        refused = Diagnostic(
            "gate-rule", f"the gate `{name}` has a rule for forward mode only.",
            f"give it one with @{name}.backward.", op.span,
        )  # fmt: skip
        raise UnsupportedError(refused)
    return found
