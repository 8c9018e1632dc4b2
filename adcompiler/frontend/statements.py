"""Statements: names bound to items, branches merged, returns found.

An `if` whose one side returns takes the rest of the body as its other side, so every function
ends in exactly one place. Loops are in `loops`.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from typing import Any

from ..ir.core import Block, Value
from ..ir.types import UNDEFINED, Array, List, TypeMismatch, join, rank
from . import mutation
from .arithmetic import binary
from .assigned import always_returns, assigned_names, may_return
from .context import Context
from .expressions import condition, expression
from .items import (
    UNBOUND,
    Ambiguous,
    Item,
    LocalFunction,
    freeze,
    in_words,
    is_number,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .iteration import known
from .loops import for_loop, while_loop
from .matching import as_branches, subject_of
from .memory import has_memory
from .merging import Merger
from .names import read_name
from .stores import augmented, store_element

__all__ = ["assign", "body", "named", "statements"]


class NoReturn_:
    """The block runs to its end without returning."""


FELL_THROUGH = NoReturn_()


def body(ctx: Context) -> Item:
    """What the function of the current frame returns."""
    node = ctx.frame.source.node
    if isinstance(node, ast.Lambda):
        return expression(ctx, node.body, ctx.frame.result_name)
    result = statements(ctx, node.body)
    return None if result is FELL_THROUGH else result


def statements(ctx: Context, nodes: Sequence[ast.stmt]) -> Item:
    """Lower statements in order; gives what they return, or FELL_THROUGH."""
    for position, node in enumerate(nodes):
        if isinstance(node, ast.Return):
            if node.value is None:
                return None
            return expression(ctx, node.value, ctx.frame.result_name)
        if isinstance(node, ast.If):
            result = _if(ctx, node, nodes[position + 1 :])
            if result is not _CONTINUE:
                return result
        elif isinstance(node, ast.Match):
            result = _match(ctx, node, nodes[position + 1 :])
            if result is not _CONTINUE:
                return result
        else:
            statement(ctx, node)
    return FELL_THROUGH


_CONTINUE = NoReturn_()


def statement(ctx: Context, node: ast.stmt) -> None:
    """One statement that isn't an `if` or a `return`."""
    match node:
        case ast.Assign(targets, value):
            name = targets[0].id if isinstance(targets[0], ast.Name) else None
            item = named(ctx, value, expression(ctx, value, name), name)
            for target in targets:
                assign(ctx, target, item)
        case ast.AnnAssign(target, _, value):
            if value is not None:
                name = target.id if isinstance(target, ast.Name) else None
                assign(ctx, target, named(ctx, value, expression(ctx, value, name), name))
        case ast.AugAssign(target, op, value):
            _augmented(ctx, node, target, op, value)
        case ast.For():
            for_loop(ctx, node)
        case ast.While():
            while_loop(ctx, node)
        case ast.Expr(ast.Constant()) | ast.Pass():
            pass
        case ast.Expr(ast.Call() as value):
            expression(ctx, value)
        case ast.Delete(targets) if all(isinstance(t, ast.Subscript) for t in targets):
            for target in targets:
                assert isinstance(target, ast.Subscript)
                mutation.delete(ctx, target, expression(ctx, target.value))
        case ast.Import() | ast.ImportFrom():
            _import(ctx, node)
        case ast.FunctionDef(name):
            ctx.frame.names[name] = LocalFunction(node, ctx.frame)
        case _:
            reason, advice = _REFUSED.get(type(node), _OTHER)
            ctx.refuse(node, "unsupported-statement", f"{reason}.", f"{advice}.")


_OTHER = ("this statement is outside the subset", "compute the value another way")
_REFUSED: dict[type[ast.stmt], tuple[str, str]] = {
    ast.Break: ("`break` is not in the subset yet", "put the condition into a while loop"),
    ast.Continue: ("`continue` is not in the subset yet", "put the rest of the body under an if"),
    ast.Assert: ("`assert` is not in the subset yet", "check outside the function"),
    ast.Raise: ("`raise` is not in the subset yet", "check outside the function"),
    ast.Try: ("`try` hides which values were computed", "test for the condition beforehand"),
    ast.With: ("`with` has effects that can't be differentiated", "enter it outside the function"),
    ast.Global: ("`global` changes names outside the function", "return the value instead"),
    ast.Nonlocal: ("`nonlocal` changes names outside the function", "return the value instead"),
    ast.Delete: ("`del` is not in the subset", "leave the name alone"),
    ast.ClassDef: ("a class inside the function is outside the subset", "define it outside"),
    ast.Expr: ("an expression by itself has no effect on the result", "assign it or remove it"),
    ast.AsyncFor: ("coroutines can't be differentiated", "use a plain for"),
}


def named(ctx: Context, node: ast.expr, item: Item, name: str | None) -> Item:
    """A float literal given a name stays visible under it."""
    if name is not None and type(item) is float:
        return ctx.lift(item, node, name)
    return item


def assign(ctx: Context, target: ast.expr, item: Item) -> None:
    """Bind a target: a name, or a tuple of targets."""
    match target:
        case ast.Name(id):
            ctx.frame.names[id] = item
        case ast.Tuple(targets) | ast.List(targets):
            _unpack(ctx, target, targets, item)
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


def _unpack(ctx: Context, target: ast.expr, targets: list[ast.expr], item: Item) -> None:
    if isinstance(item, Value):
        item = _rows(ctx, target, item, len(targets))
    parts: Any = known(ctx, target, item, "the length of what is unpacked")
    stars = [k for k, t in enumerate(targets) if isinstance(t, ast.Starred)]
    if stars and len(parts) >= len(targets) - 1:
        star, after = stars[0], len(targets) - stars[0] - 1
        middle = mutation.own_list(ctx, targets[star], parts[star : len(parts) - after])
        parts = [*parts[:star], middle, *parts[len(parts) - after :]]
    if len(parts) != len(targets):
        ctx.refuse(
            target, "unpacking", f"{len(targets)} names can't be unpacked from this.",
            "unpack as many values as there are names.",
        )  # fmt: skip
    for one, part in zip(targets, parts, strict=True):
        assign(ctx, one.value if isinstance(one, ast.Starred) else one, part)


def _rows(ctx: Context, node: ast.expr, value: Value, count: int) -> Item:
    """An array unpacks along its first axis, if that is known to have `count` elements."""
    if not isinstance(value.type, Array) or not value.type.shape:
        ctx.refuse(node, "unpacking", f"{in_words(value)} can't be unpacked.", "index it.")
    if value.type.shape[0] != count:
        ctx.refuse(
            node, "unpacking", f"whether this array has {count} rows is known only at run time.",
            "index its rows: a, b = x[0], x[1].",
        )  # fmt: skip
    return tuple(ctx.emit(node, "index", (value,), {"key": (k,)}) for k in range(count))


def _augmented(
    ctx: Context, node: ast.AugAssign, target: ast.expr, op: ast.operator, value: ast.expr
) -> None:
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


def _import(ctx: Context, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        try:
            if isinstance(node, ast.Import):
                module = importlib.import_module(alias.name)
                name = alias.asname or alias.name.split(".")[0]
                found: Any = module if alias.asname else importlib.import_module(name)
            else:
                package = ctx.frame.source.function.__globals__.get("__package__")
                module = importlib.import_module("." * node.level + (node.module or ""), package)
                name, found = alias.asname or alias.name, getattr(module, alias.name)
        except (ImportError, AttributeError) as error:
            ctx.refuse(node, "import-failed", f"{error}.", "import what is installed.")
        ctx.frame.names[name] = found


def _match(ctx: Context, node: ast.Match, rest: Sequence[ast.stmt]) -> Item:
    """Lower a `match` as what it comes down to; gives _CONTINUE as `_if` does."""
    if not isinstance(node.subject, ast.Name) or not node.subject.id.startswith("<"):
        node = subject_of(ctx, node)
    chosen = as_branches(ctx, node)
    if any(map(may_return, chosen)):
        return statements(ctx, [*chosen, *rest])
    statements(ctx, chosen)
    return _CONTINUE


def _if(ctx: Context, node: ast.If, rest: Sequence[ast.stmt]) -> Item:
    """Lower an `if`; gives _CONTINUE where the statements after it go on as usual."""
    then, otherwise = list(node.body), list(node.orelse)
    returns = may_return(node)
    if returns:
        if not always_returns(then) and not always_returns(otherwise):
            ctx.refuse(
                node, "early-return", "a return that only some paths through this `if` reach is"
                " not in the subset yet.", "let one side of the `if` always return.",
            )  # fmt: skip
        if not always_returns(then):
            then += rest
        if not always_returns(otherwise):
            otherwise += rest
    test = condition(ctx, node.test)
    if not isinstance(test, Value):
        result = statements(ctx, then if test else otherwise)
        return result if returns else _CONTINUE
    return _branches(ctx, node, test, then, otherwise, returns)


def _branches(
    ctx: Context, node: ast.If, test: Value, then: list[ast.stmt], otherwise: list[ast.stmt],
    returns: bool,
) -> Item:  # fmt: skip
    before, outer, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    sides = []
    for nodes in (then, otherwise):
        ctx.frame.names, ctx.builder = dict(before), outer.nested()
        ctx.memory.state = state.copy()
        result = statements(ctx, nodes)
        ctx.frame.names["return"] = None if result is FELL_THROUGH else result
        sides.append((ctx.frame.names, ctx.builder, ctx.memory.state))
    names = ["return"] if returns else assigned_names([*then, *otherwise])
    ctx.frame.names, ctx.builder, ctx.memory.state = before, outer, state
    merged = _merge(ctx, node, test, sides, names)
    result = merged.pop("return", None)
    before.update(merged)
    return result if returns else _CONTINUE


def _merge(
    ctx: Context, node: ast.If, test: Value, sides: list[Any], names: Sequence[str]
) -> dict[str, Item]:
    """One `if` operation whose results are the leaves that differ between the two sides."""
    (then, then_builder, then_state), (other, other_builder, other_state) = sides
    merge = _Merge(ctx, node, (then_builder, then_state), (other_builder, other_state))
    merged = {
        name: merge.item(name, then.get(name, UNBOUND), other.get(name, UNBOUND)) for name in names
    }
    merge.objects()
    blocks: list[Block] = [
        then_builder.block((), [a for a, _, _ in merge.pairs]),
        other_builder.block((), [b for _, b, _ in merge.pairs]),
    ]
    ctx.builder.span = ctx.span(node.test)
    ctx.builder.region("if", (test,), [r for _, _, r in merge.pairs], blocks)
    merge.finish()
    return merged


class _Merge:
    """Pairs the leaves of two sides of a branch; `pairs` holds (then, otherwise, result)."""

    def __init__(self, ctx: Context, node: ast.If, then: Any, other: Any) -> None:
        self.ctx = ctx
        self.node = node
        self.sides = (then, other)
        self.pairs: list[tuple[Value, Value, Value]] = []
        self.merged: dict[tuple[Item, Item], Value] = {}
        self.merger = Merger(ctx, node, self.sides)

    def objects(self) -> None:
        """Arrays from outside that a side has stored into."""
        self.pairs += self.merger.objects()

    def finish(self) -> None:
        self.merger.finish()

    def item(self, name: str, a: Item, b: Item) -> Item:
        if a is b or (not isinstance(a, Value) and type(a) is type(b) and is_number(a) and a == b):
            return a
        if isinstance(a, Value) and isinstance(b, Value) and (a, b) in self.merged:
            return self.merged[a, b]  # two names for one array stay two names for one
        mutation.meet(self.ctx, a, b)
        if isinstance(a, (tuple, list, dict)) and same_structure(a, b):
            freeze(b)
            others = iter(list(leaves(b)))
            return rebuild(a, lambda leaf: self.item(name, leaf, next(others)))
        if not all(isinstance(i, Value) or is_number(i) or i is UNBOUND for i in (a, b)):
            try:
                if a == b:
                    return a
            except Exception:
                pass
            where = "the result" if name == "return" else f"`{name}`"
            return Ambiguous(f"{where} stands for different kinds of things on the two paths.")
        for side, one in enumerate((a, b)):
            with self.merger.on(side):
                if isinstance(one, Value) and self.ctx.memory.is_lost(one):
                    return Ambiguous(self.ctx.lost_reason(one))
        result = self.result(name, self.lift(0, a), self.lift(1, b))
        self.merger.relate(result, a, b)
        if isinstance(result, Value) and has_memory(result):
            self.merged[a, b] = result
        return result

    def lift(self, side: int, item: Item) -> Value:
        with self.merger.on(side):
            return self.ctx.undefined() if item is UNBOUND else self.ctx.lift(item, self.node)

    def result(self, name: str, a: Value, b: Value) -> Item:
        try:
            type_ = join(a.type, b.type)
        except TypeMismatch as error:
            return Ambiguous(f"`{name}` has different types on the two paths: {error}.")
        shown = a.name if name == "return" and a.name == b.name else name
        result = Value(type_, None if shown == "return" else shown)
        if type_ == UNDEFINED:
            return UNBOUND
        self.pairs.append((a, b, result))
        return result
