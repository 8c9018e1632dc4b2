"""Local variables that are differentiated by: where each has its last value, which becomes a value
of its own in the IR.

    def f(w, x):                       %h.0 = mul %w, %x
        h = g = w * x                  %h   = copy %h.0       differentiated by %h
        return h * g                   %0   = mul %h, %h.0

The place is right behind the last statement of the function's own body that assigns the variable
or stores into it; a loop or a branch counts as one statement. The gradient is that by `d`, at 0, of
the function with the line `h = h + d` there.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NoReturn

from ..ir.core import Block, Operation, Value, walk
from ..ir.rewrite import substitute
from ..ir.types import is_differentiable
from .assigned import Syntax
from .bindings import stored_names
from .context import Context
from .items import LOST, UNBOUND, Ambiguous, Item, in_words, leaf_names, leaves, rebuild
from .jumps import flag
from .memory import has_memory
from .source import FunctionSource

__all__ = ["last_changes", "mark", "marked"]


def last_changes(source: FunctionSource, names: Iterable[str]) -> dict[ast.AST, list[str]]:
    """The statement of the function's body that changes each of the names last."""
    body = source.node.body if isinstance(source.node, ast.FunctionDef) else []
    found: dict[ast.AST, list[str]] = {}
    syntax = Syntax()
    for name in names:
        for node in reversed(body):
            if name in syntax.assigned_names([node]) or name in stored_names(node, {}):
                found.setdefault(node, []).append(name)
                break
    return found


def mark(ctx: Context, node: ast.stmt, moved: bool) -> None:
    """Behind a statement: give the variables that have their last values now values of their own.
    `moved`: what follows has become part of it."""
    if ctx.frame.trail:
        return
    for name in ctx.last_changes.get(node, ()):
        item = ctx.frame.names.get(name, UNBOUND)
        if item is LOST:
            continue
        if moved or flag(ctx.frame.names, ctx.frame.jumps.pending) is not False:
            _refuse_jump(ctx, node, name)
        _check(ctx, node, name, item)
        own = functools.partial(_own, ctx, node, leaf_names(item, name))
        ctx.frame.names[name] = ctx.variables[name] = rebuild(item, own)


def _own(ctx: Context, node: ast.AST, names: Iterator[str], leaf: Item) -> Value:
    value = ctx.lift(leaf, node)
    ctx.builder.span = ctx.span(node)
    made = ctx.builder.emit("copy", (value,), value.type, next(names))
    if isinstance(leaf, Value) and has_memory(leaf):
        ctx.variables_memory[made] = ctx.memory.owner(leaf), _now(ctx, ctx.memory.owner(leaf))
    return made


def _now(ctx: Context, owner: Value) -> Value:
    return ctx.memory.state.now.get(owner, owner)


def _check(ctx: Context, node: ast.AST, name: str, item: Item) -> None:
    """Refuse what has no gradient: only numbers, arrays, and tuples of these have one."""
    if item is UNBOUND or isinstance(item, Ambiguous):
        found = "has no value" if item is UNBOUND else "depends on the path taken"
        _refuse(ctx, node, name, f"which {found} behind its last assignment.",
                "differentiate by a variable that always has a value.")  # fmt: skip
    for leaf in (item if _is_structure(item) else [item]):
        if type(leaf) is tuple:
            _check(ctx, node, name, leaf)
            continue
        fit = type(leaf) is float or (isinstance(leaf, Value) and is_differentiable(leaf.type))
        if not fit:
            _refuse(
                ctx, node, name, f"which holds {in_words(leaf)}: only floats, arrays of floats, and"
                " tuples of these have a gradient.", "give the part that is meant a name.",
            )  # fmt: skip


def _is_structure(item: Item) -> bool:
    return type(item) is tuple


def marked(
    ctx: Context, node: ast.AST, names: Iterable[str], block: Block
) -> tuple[Block, dict[str, Item]]:
    """The lowered function's block, and what the variables hold.

    A value that is read as the variable alone needs no copy.
    """
    top = {v for op in block.operations for v in op.results}
    places = {name: node for node, found in ctx.last_changes.items() for name in found}
    for name in names:
        node = places.get(name, node)
        if name not in ctx.variables or not top.issuperset(leaves(ctx.variables[name])):
            _refuse_jump(ctx, node, name)
        for leaf in leaves(ctx.variables[name]):
            _check_unchanged(ctx, node, name, leaf)
    within = [i.body for i in ctx.instances.known if i.body]
    made = {v for name in names for v in leaves(ctx.variables[name])}
    needless = _needless(block, within, made)
    kept = tuple(op for op in block.operations if op not in needless)
    mapping = {op.operands[0]: op.result for op in needless}
    block = substitute(Block(block.parameters, kept, block.results), mapping)
    return block, {name: ctx.variables[name] for name in names}


def _needless(block: Block, bodies: list[Block], copies: set[Value]) -> list[Operation]:
    """The copies of what nobody else reads: neither the block, nor functions that it calls."""
    read: Counter[Value] = Counter()
    for body in (block, *bodies):
        read.update(body.results)
        for op in walk(body):
            read.update(op.operands)
            read.update(v for inner in op.blocks for v in inner.results)
    made = {v for op in block.operations for v in op.results}
    return [
        op for op in block.operations
        if copies.intersection(op.results) and op.operands[0] in made and read[op.operands[0]] == 1
    ]  # fmt: skip


def _check_unchanged(ctx: Context, node: ast.AST, name: str, made: Value) -> None:
    """Refuse where the array is stored into further on: through another name, or by a call."""
    state = ctx.memory.state
    owner, then = ctx.variables_memory.get(made, (made, made))
    lost = made in state.lost or owner in state.lost
    if made in state.now or lost or _now(ctx, owner) is not then:
        _refuse(
            ctx, node, name, "which is changed in place further on, through another name or by a"
            " call.", f"give it a value of its own there: `{name} = {name}.copy()`.",
        )  # fmt: skip


def _refuse_jump(ctx: Context, node: ast.AST, name: str) -> NoReturn:
    _refuse(
        ctx, node, name, "and the function may have returned, or called itself, before it has its"
        " last value.", "assign it on the way that every call takes.",
    )  # fmt: skip


def _refuse(ctx: Context, node: ast.AST, name: str, reason: str, advice: str) -> NoReturn:
    ctx.refuse(
        node, "local-wrt", f"the gradient is asked for with respect to `{name}`, {reason}", advice
    )
