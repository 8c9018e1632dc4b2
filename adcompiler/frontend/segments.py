"""Loops over `checkpoint(...)`: a loop over segments around the user's loop.

    for i in checkpoint(range(n), every=k):      for start in range(0, n, k):
        y = step(y)                                  for i in range(start, min(start + k, n)):
                                                         y = step(y)

The inner loop is marked: the backward part runs it again, a segment at a time, instead of keeping
what it computes (`transform/recompute.py`). So only what the loop over segments carries is saved.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

from ..ir.core import Block, Value
from ..ir.types import Array, Scalar, kind_of, rank
from ..ops.effects import Template
from . import arithmetic
from .context import Context
from .expressions import branch
from .items import Item, RangeItem, in_words
from .iteration import Known, Segments, Walk, content, downwards, places_of, range_length
from .jumps import BROKE, RETURNED, SKIP, STOP, flag

__all__ = ["Plan", "plan", "segments", "stopping"]


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


@contextmanager
def stopping(ctx: Context, node: ast.AST) -> Iterator[None]:
    """Around the loop over a segment: what ends it early ends the loop over segments."""
    names = ctx.frame.names
    returned = flag(names, RETURNED)
    names.update(dict.fromkeys((BROKE, STOP, SKIP), False))
    yield
    names = ctx.frame.names
    jumped = [flag(names, BROKE)]
    if flag(names, RETURNED) is not returned:
        jumped.append(flag(names, RETURNED))
    found = [item for item in jumped if item is not False]
    stop = found[0] if found else False
    for other in found[1:]:
        stop = _either(ctx, node, stop, other)
    names[STOP], names[SKIP] = stop, False


def _either(ctx: Context, node: ast.AST, stop: Item, other: Item) -> Item:
    if True in (stop, other):
        return True
    return branch(ctx, node, stop, lambda: stop, lambda: other)
