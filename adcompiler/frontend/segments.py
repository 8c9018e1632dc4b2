"""Loops over `checkpoint(...)`: a loop over segments around the user's loop.

    for i in checkpoint(range(n), every=k):      for start in range(0, n, k):
        y = step(y)                                  for i in range(start, min(start + k, n)):
                                                         y = step(y)

The body is lowered once, as that of one loop. The inner loop is marked: the backward part runs it
again, a segment at a time, instead of keeping what it computes (`transform/recompute.py`). So only
what the loop over segments carries is saved.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from ..ir.core import Block, Value
from ..ir.types import INT, Array, Range, Scalar, kind_of, rank
from ..ops.effects import Template
from . import arithmetic
from .carries import Carries
from .context import Context
from .items import Item, RangeItem, in_words
from .iteration import Known, Segments, Walk, content, downwards, places_of, range_length
from .jumps import STOPPED

__all__ = ["Plan", "append_segments", "plan", "segments"]


def segments(ctx: Context, node: ast.AST, item: Item, every: Item) -> Segments:
    """What `checkpoint(item, every=every)` gives a loop to run over."""
    found = content(ctx, node, item)
    if isinstance(found, Known):
        ctx.refuse(
            node, "checkpoint", "a loop over a tuple, list or dict is written out, and has no"
            " segments.", "make a function of its body, and call checkpoint(function)(...).",
        )  # fmt: skip
    if not isinstance(found, Walk):
        ctx.refuse(
            node, "checkpoint", "what becomes several loops has no segments.",
            "write the loops out, and put checkpoint() around the outer one.",
        )  # fmt: skip
    _check_every(ctx, node, every)
    return Segments(found, every)


def _check_every(ctx: Context, node: ast.AST, every: Item) -> None:
    """`every` is a positive int; one that is known at run time only is looked at then."""
    if isinstance(every, Value) and _is_int(every):
        test = ctx.emit(node, "lt", (every, 1), {"via": "op"})
        inside = ctx.builder.nested()
        raised = Template(_RAISED)
        inside.region("effect", (), (), (), {"template": raised})
        sides = (inside.block((), ()), Block((), (), ()))
        ctx.builder.region("if", (test,), (), sides)
    elif every is not None and (type(every) is not int or every < 1):
        shown = every if type(every) is int else in_words(every)
        ctx.refuse(
            node, "checkpoint", f"`every` of checkpoint() is {shown}.",
            "give the number of iterations after which to save, at least 1.",
        )  # fmt: skip


_TOLD = "checkpoint() takes an every of at least 1"
_RAISED = ast.Raise(
    ast.Call(ast.Name("$builtin.ValueError", ast.Load()), [ast.Constant(_TOLD)], []), None
)


def _is_int(value: Value) -> bool:
    if isinstance(value.type, Scalar):
        return value.type.kind == "int"
    return isinstance(value.type, Array) and not rank(value.type) and kind_of(value.type) == "int"


@final
@dataclass(frozen=True)
class Plan:
    """The walk that the segments are parts of, the range of their starts, and the part that begins
    at one of these."""

    walk: Walk
    starts: RangeItem
    part: Callable[[Item], RangeItem]


def plan(ctx: Context, node: ast.AST, found: Segments) -> Plan:
    """How a loop is divided."""
    walk = downwards(ctx, node, found.walk)
    if type(walk.bounds.step) is not int:
        length, at = places_of(ctx, node, walk)
        walk = Walk(RangeItem(0, length, 1), at, over=walk.over)
    start, stop, step = walk.bounds.start, walk.bounds.stop, walk.bounds.step
    every = _square_root(ctx, node, walk.bounds) if found.every is None else found.every
    stride = arithmetic.binary(ctx, node, ast.Mult(), every, step) if step != 1 else every

    def part(first: Item) -> RangeItem:
        end = arithmetic.binary(ctx, node, ast.Add(), first, stride)
        nearest = "minimum" if step > 0 else "maximum"
        return RangeItem(first, ctx.emit(node, nearest, (end, stop), {"via": "op"}), step)

    return Plan(walk, RangeItem(start, stop, stride), part)


def _square_root(ctx: Context, node: ast.AST, bounds: RangeItem) -> Item:
    """Segments about as many as each has iterations."""
    length = range_length(ctx, node, bounds)
    if type(length) is int:
        return math.isqrt(length) + 1
    root = ctx.emit(node, "isqrt", (length,), {})
    return ctx.emit(node, "add", (root, 1), {"via": "op"}, "every")


def append_segments(
    ctx: Context, node: ast.AST, divided: Plan, starts: Value, carries: Carries, body: Block,
    name: str,
) -> None:  # fmt: skip
    """Append the loop over segments, around that over the elements of one, whose body this is."""
    count = len(carries.results)
    exits = len(body.results) > count
    more: dict[str, Any] = {"carry": count, **({"exits": True} if exits else {})}
    entering, leaving, first = carries.between(), carries.between(), Value(INT, name)
    outer, ctx.builder = ctx.builder, ctx.builder.nested()
    part = divided.part(first)
    bounds = [ctx.lift(bound, node) for bound in (part.start, part.stop, part.step)]
    elements = ctx.builder.emit("range", bounds, Range())
    ctx.builder.region(
        "for", (*entering, elements), (*leaving, *_trips(exits)), (body,),
        {**more, "recompute": True},
    )  # fmt: skip
    stopped = [leaving[carries.position(STOPPED)]] if exits else []
    segment = ctx.builder.block((*entering, first), (*leaving, *stopped))
    ctx.builder = outer
    results = (*carries.results, *_trips(exits))
    ctx.builder.region("for", (*carries.initial, starts), results, (segment,), more)


def _trips(exits: bool) -> list[Value]:
    return [Value(INT, "trips")] if exits else []
