"""A block under `grad_of` for each gate, so that whoever runs the derivative sees its cotangents.

    %h = mul %w, %x                    %h.0 = mul %w, %x
    %y = tanh %h           gives       %h   = hooked %h.0      pullback: effect[probe=%h.0] %g
                                       %y.0 = tanh %h
                                       ...

Where such an effect runs in the backward part, its operand is the whole cotangent of that gate, in
the iteration that the mirror of its loop is at. It does nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value
from ..ir.rewrite import Mapped, rebuild_block
from ..ops.effects import Template
from ..ops.hooks import grad_of
from .derivatives import derivative_type

__all__ = ["is_look", "probed", "probed_value"]


def probed(function: Function, gates: Collection[Value]) -> Function:
    """The function with a probe for each of these results of its operations."""

    def visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
        blocks = tuple(rebuild_block(inner, visit, mapping) for inner in op.blocks)
        builder.append(replace(op, blocks=blocks) if blocks else op)
        for value in op.results:
            if value in gates:
                builder.span = op.span
                mapping[value] = _probe(builder, value)

    return replace(function, body=rebuild_block(function.body, visit, {}))


def is_look(op: Operation) -> bool:
    """Whether it hands its operand on and looks at its cotangent: a probe, or a block of the
    user's."""
    return op.attributes.get("gate") is grad_of


def probed_value(op: Operation) -> Value | None:
    """The gate whose cotangent the operation is given, if it is a probe's."""
    found: Value | None = op.attributes.get("probe")
    return found


def _probe(builder: Builder, value: Value) -> Value:
    g, x, y = Value(derivative_type(value.type), "g"), Value(value.type), Value(value.type)
    attributes: dict[str, Any] = {"template": Template(ast.Constant(None)), "probe": value}
    effect = Operation("effect", (g,), (), attributes, (), builder.span, True)
    pullback = Function("probe", Block((g, x, y), (effect,), (g,)))
    hooked = {
        "gate": grad_of, "arity": 1, "differentiable": (0,), "received": (0,), "moved": (0,),
        "pullback": pullback, "named": True,
    }  # fmt: skip
    return builder.emit("hooked", (value,), value.type, value.name, hooked)
