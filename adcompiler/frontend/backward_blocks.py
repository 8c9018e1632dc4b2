"""Blocks under `grad_of(x)`: what the backward part does where the cotangent of x is complete.

    with grad_of(h) as gh:               %h.1 = hooked %h, %k
        print(k, gh)                         pullback: function (%g, %h, %k, %h.1):
                                                 effect[print($0, $1)] %k, %g
                                                 return %g

From that place on, the name and the array stand for what comes out of the operation. What the block
reads from the function around are operands.
"""

from __future__ import annotations

import ast
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Function, Value, walk
from ..ir.rewrite import free_values, substitute
from ..ir.sizes import SizeError, broadcast
from ..ir.types import Array, Scalar, Type, is_differentiable, kind_of, rank, shape_of
from ..ops.hooks import grad_of
from . import expressions
from .context import Context
from .items import LOST, UNBOUND, Item, in_words, is_number
from .memory import has_memory
from .merging import sealed

__all__ = ["backward_block"]


def backward_block(ctx: Context, node: ast.stmt) -> bool:
    """Lower a `with grad_of(x) as gx` or a `for gx in grad_of(x)`; gives whether it is one."""
    match node:
        case ast.With([ast.withitem(ast.Call() as call, target)], body):
            pass
        case ast.For(target, ast.Call() as call, body):
            pass
        case _:
            return False
    if not _is_grad_of(ctx, call.func):
        return False
    name, given = _named(ctx, node, call, target)
    value = _hookable(ctx, call, given)
    _check_body(ctx, node, body)
    own = ctx.syntax.assigned_names([node])
    for one in own:
        if ctx.frame.names.get(one, UNBOUND) not in (UNBOUND, LOST):
            ctx.refuse(
                node, "backward-block", f"the block assigns `{one}`, which the function has"
                " outside: it runs in the backward part, where that would change nothing.",
                "give it a name of its own.",
            )  # fmt: skip
    read = ctx.read(value, call)
    g = Value(_cotangent_type(read.type), "g")
    pullback, free = _lowered(ctx, node, body, name, g, read)
    hooked = _append(ctx, node, read, free, pullback)
    if has_memory(value):
        ctx.memory.state.now[value] = hooked
    else:
        renamed = {key: hooked for key, item in ctx.frame.names.items() if item is value}
        ctx.frame.names.update(renamed)
    return True


def _is_grad_of(ctx: Context, func: ast.expr) -> bool:
    """Nothing but names is looked up: it may be any other call."""
    inner = func
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return False
    if isinstance(func, ast.Attribute) and func.attr != grad_of.name:
        return False
    return expressions.expression(ctx, func) is grad_of


def _named(
    ctx: Context, node: ast.stmt, call: ast.Call, target: ast.expr | None
) -> tuple[str, ast.Name]:
    """The name of the gradient, and that of the value."""
    given = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if not isinstance(target, ast.Name) or not isinstance(given, ast.Name):
        ctx.refuse(
            node, "backward-block", "grad_of is given one name, and gives one.",
            "write `for gx in grad_of(x):`, or `with grad_of(x) as gx:`.",
        )  # fmt: skip
    return target.id, given


def _hookable(ctx: Context, call: ast.Call, given: ast.Name) -> Value:
    item = expressions.expression(ctx, given)
    if not isinstance(item, Value) or not is_differentiable(item.type) or not isinstance(
        item.type, (Array, Scalar)
    ):
        ctx.refuse(
            given, "backward-block", f"`{given.id}` is {in_words(item)}, and has no gradient of its"
            " own.", "name a float, or an array of floats.",
        )  # fmt: skip
    if has_memory(item) and ctx.memory.owner(item) is not item:
        ctx.refuse(
            given, "backward-block", f"`{given.id}` is a part of another array, or another look at"
            " it.", "ask for the gradient of the whole array, or make a copy and go on with that.",
        )  # fmt: skip
    if not has_memory(item) and given.id not in ctx.frame.names:
        ctx.refuse(
            given, "backward-block", f"`{given.id}` is a number of another function's.",
            "write the block in that function, or pass the number as an argument.",
        )  # fmt: skip
    return item


def _check_body(ctx: Context, node: ast.stmt, body: list[ast.stmt]) -> None:
    jumps = (ast.Return, ast.Break, ast.Continue)
    inside = [part for one in body for part in ast.walk(one) if isinstance(part, jumps)]
    if inside or (isinstance(node, ast.For) and node.orelse):
        ctx.refuse(
            inside[0] if inside else node, "backward-block", "no jump leads out of a block that"
            " runs in the backward part, and it has no `else`.", "compute a condition instead.",
        )  # fmt: skip


def _cotangent_type(type_: Type) -> Type:
    if isinstance(type_, Array) and not rank(type_):
        return Array(type_.dtype, (), weak=True)
    return type_


def _lowered(
    ctx: Context, node: ast.stmt, body: list[ast.stmt], name: str, g: Value, value: Value
) -> tuple[Function, list[Value]]:
    """The block as a function of the cotangent, the value, what else it reads, and the value."""
    from .statements import statements

    frame, before = ctx.frame, ctx.frame.names
    outer, ctx.builder = ctx.builder, Builder(ctx.span(node))
    # An object of the block's own, that it may store into.
    mine = ctx.builder.emit("copy", (g,), g.type)
    frame.names = {**before, name: mine}
    try:
        with sealed(ctx, node, "a block under grad_of"):
            statements(ctx, body)
            result = _result(ctx, node, frame.names.get(name), value)
            stored = mine in ctx.memory.state.now
        block = ctx.builder.block((), (result,))
    finally:
        ctx.builder = outer
        frame.names = before
    free = [v for v in free_values(block) if v is not g and v is not value]
    inside = {v: Value(v.type, v.name) for v in (value, *free)}
    parameters = (g, *inside.values(), Value(value.type, value.name))
    # The gradient itself is called like any in the emitted text.
    own = {
        v: Value(v.type) for op in walk(block) for v in op.results if v.name == name
    }  # fmt: skip
    if not stored:
        own[mine] = g
    within = substitute(block, {**inside, **own})
    operations = within.operations if stored else within.operations[1:]
    made = Block(parameters, operations, within.results)
    return Function(f"grad_of_{value.name}", made), free


def _result(ctx: Context, node: ast.stmt, item: Item, value: Value) -> Value:
    """The cotangent that flows on."""
    found = ctx.lift(item, node) if isinstance(item, Value) or is_number(item) else None
    if found is None or not _fits(found.type, value.type):
        ctx.refuse(
            node, "backward-block", f"at the end of the block the gradient of {in_words(value)} is"
            f" {in_words(item)}.", "keep its shape.",
        )  # fmt: skip
    return found


def _fits(found: Type, wanted: Type) -> bool:
    """Whether it is, or broadcasts to, a cotangent of the wanted shape."""
    if kind_of(found) in (None, "bool") or rank(found) > rank(wanted):
        return False
    try:
        for a, b in zip(reversed(shape_of(found)), reversed(shape_of(wanted)), strict=False):
            broadcast(a, b)
    except SizeError:
        return False
    return True


def _append(
    ctx: Context, node: ast.stmt, value: Value, free: list[Value], pullback: Function
) -> Value:
    """The operation in the forward part: the value itself, by the same name."""
    operands = (value, *free)
    dot = Value(_cotangent_type(value.type), "dot")
    inside = [Value(v.type, v.name) for v in (*operands, value)]
    attributes: dict[str, Any] = {
        "gate": grad_of, "arity": len(operands), "differentiable": (0,), "received": (0,),
        "moved": (0,), "pullback": pullback, "named": True,
        "pushforward": Function("tangent", Block((dot, *inside), (), (dot,))),
    }  # fmt: skip
    ctx.builder.span = ctx.span(node)
    return ctx.builder.emit("hooked", operands, value.type, value.name, attributes)
