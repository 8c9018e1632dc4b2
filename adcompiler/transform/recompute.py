"""Checkpoints: the forward operation runs once more in the backward part, and that run is mirrored.

    %y.1 = for[recompute] %y.0, %r: ...     forward: nothing of its body is saved
    ...
    %y.2 = for[again] %y.0, %r: ...         backward: the same, from what went into it
    %grad_y.1 = for[reverse] ...:           reads the body of the second run

The second run says nothing: what the user prints, checks or raises has been dealt with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Block, Operation, Region, Value, walk
from ..ir.rewrite import freshen
from ..ops import TABLE, has_effect, is_context

__all__ = ["is_recomputed", "run_again", "silent"]

def is_recomputed(op: Operation) -> bool:
    return bool(op.attributes.get("recompute"))


def run_again(op: Operation) -> tuple[Operation, dict[Value, Value]]:
    """A copy of the operation with values of its own, and what stands for what in it.

    Raises UnsupportedError where a second run would not do the same, or would be noticed.
    """
    _check(op)
    mapping: dict[Value, Value] = {}
    (copy,) = freshen(Block((), (op,), ()), mapping).operations
    regions = {one.attributes["region"]: Region() for one in walk(Block((), (op,), ()))
               if one.blocks}  # fmt: skip
    copy = _again(copy, regions)
    kept = {key: value for key, value in copy.attributes.items() if key != "recompute"}
    return replace(copy, attributes={**kept, "again": True}), mapping


def silent(block: Block) -> Block:
    """The block of a function that is called again, without what is seen once."""
    for op in block.operations:
        _check(op)

    def inside(block: Block) -> Block:
        kept = (op for op in block.operations if not _is_said(op))
        return replace(
            block,
            operations=tuple(replace(op, blocks=tuple(map(inside, op.blocks))) for op in kept),
        )

    return inside(block)


def _again(op: Operation, regions: Mapping[object, Region]) -> Operation:
    """The operation as one of the backward part's, silent, with regions of its own."""
    named = {
        key: regions.get(op.attributes[key], op.attributes[key])
        for key in ("region", "mirrors") if key in op.attributes
    }  # fmt: skip
    blocks = tuple(
        replace(
            block,
            operations=tuple(_again(o, regions) for o in block.operations if not _is_said(o)),
        )
        for block in op.blocks
    )
    return replace(
        op, blocks=blocks, attributes={**op.attributes, **named}, backward=True,
        repeats=op.repeats or not op.backward,
    )  # fmt: skip


def _is_said(op: Operation) -> bool:
    """An effect that is seen once; a context has to be entered again."""
    return not (op.blocks or op.results) and has_effect(op) and not is_context(op)


def _check(op: Operation) -> None:
    """What is computed again must have no effect besides its results."""
    for one in walk(Block((), (op,), ())):
        if one.blocks or not one.results or not has_effect(one):
            continue
        reason = "this prints, checks or raises in what is called, and running what is checkpointed"
        reason += " again would call it again."
        advice = "leave that out, or move it out of the function."
        if "gate" in one.attributes:
            reason = f"the opaque gate `{one.attributes['gate'].name}` is called in what is"
            reason += " checkpointed, and it runs once for each call of the function."
            advice = "let the gate be read, or call it before."
        elif one.opcode in TABLE and TABLE[one.opcode].once:
            reason = "random numbers are drawn in what is checkpointed, and running it again would"
            reason += " draw others."
            advice = "draw them before: noise = rng.normal(size=n)."
        raise UnsupportedError(Diagnostic("checkpoint", reason, advice, one.span))
