"""Assignments: names and other targets bound to items.

    q, r = np.linalg.qr(a)     q and r are the results of one operation, which have these names
    a, *b = x, y, z            b is a list of the function's own
    x[i] += v                  add_at[key=(Slot(0),)] %x, %v, %i
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..ir.core import Value
from ..ir.types import Array, List, rank
from . import mutation
from .arithmetic import binary
from .context import Context
from .expressions import expression
from .items import Item
from .names import read_name
from .stores import augmented, store_element
from .unpacking import unpacked

__all__ = ["assign", "change", "named", "plain_names"]


def named(ctx: Context, node: ast.expr, item: Item, name: str | None) -> Item:
    """A float literal given a name stays visible under it."""
    if name is not None and type(item) is float:
        return ctx.lift(item, node, name)
    return item


def plain_names(target: ast.expr) -> tuple[str, ...]:
    """The names of `q, r = ...`; none where anything else is among them, or one stands twice."""
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    names = tuple(part.id for part in parts if isinstance(part, ast.Name))
    return names if len(set(names)) == len(parts) else ()


def assign(
    ctx: Context, target: ast.expr, item: Item, value: ast.expr | None = None
) -> None:
    """Bind a target: a name, or a tuple of targets; `value` is what the item was written as."""
    match target:
        case ast.Name(id):
            ctx.frame.names[id] = item
            ctx.frame.bound[id] = value or target
        case ast.Tuple(targets) | ast.List(targets):
            _unpack(ctx, target, targets, item, value)
        case ast.Subscript(value):
            owner = expression(ctx, value)
            if isinstance(owner, (list, dict, tuple)):
                mutation.store(ctx, target, owner, item)
            else:
                store_element(ctx, target, owner, item)
        case _:
            ctx.refuse(
                target, "unsupported-target", "the function assigns to something that isn't a"
                " name.", "assign to local names and return them.",
            )  # fmt: skip


def _unpack(
    ctx: Context, target: ast.expr, targets: list[ast.expr], item: Item, value: ast.expr | None
) -> None:
    written = _written(targets, value)
    parts = unpacked(ctx, target, targets, item)
    for one, part, expr in zip(targets, parts, written, strict=True):
        assign(ctx, one.value if isinstance(one, ast.Starred) else one, part, expr)


def _written(targets: list[ast.expr], value: ast.expr | None) -> Sequence[ast.expr | None]:
    """What each target was written as: `0.0` and `x` of `total, state = 0.0, x`."""
    match value:
        case ast.Tuple(parts) | ast.List(parts) if len(parts) == len(targets) and not any(
            isinstance(one, ast.Starred) for one in (*parts, *targets)
        ):
            return parts
    return [value] * len(targets)


def change(
    ctx: Context, node: ast.AugAssign, target: ast.expr, op: ast.operator, value: ast.expr
) -> None:
    """`target op= value`."""
    if isinstance(target, ast.Subscript):
        owner = expression(ctx, target.value)
        if isinstance(owner, (list, dict, tuple)):
            mutation.change_element(ctx, node, target, owner)
        else:
            augmented(ctx, node, owner, target.slice)
        return
    if not isinstance(target, ast.Name):
        assign(ctx, target, None)
        return
    current = read_name(ctx, target, target.id)
    if isinstance(current, Value) and isinstance(current.type, Array) and rank(current.type):
        augmented(ctx, node, current, None)
        return
    is_list = isinstance(current, Value) and isinstance(current.type, List)
    if isinstance(op, ast.Add) and (is_list or isinstance(current, list)):
        mutation.extend(ctx, node, current, expression(ctx, value))
        ctx.frame.names[target.id] = current
        return
    ctx.frame.names[target.id] = binary(
        ctx, node, op, current, expression(ctx, value), target.id
    )
    ctx.frame.bound[target.id] = node
