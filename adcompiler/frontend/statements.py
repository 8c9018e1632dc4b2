"""Statements: names bound to items, branches merged, jumps followed.

An `if` whose one side always jumps takes the rest of the block as its other side. Where only some
paths jump, a flag guards the rest (see `jumps`). Loops are in `loops`.
"""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..ir.core import Block, Name, Value
from ..ir.types import UNDEFINED, Array, List, TypeMismatch, join, rank
from . import effects, mutation
from .arithmetic import binary
from .assigned import always_jumps, assigned_names, may_jump, may_return
from .binding import local_function
from .calls import invoke
from .context import Context
from .contexts import with_statement
from .expressions import condition, expression
from .instances import Unsettled, attempt, settled_side
from .items import (
    LOST,
    UNBOUND,
    Ambiguous,
    Item,
    Lost,
    Record,
    freeze,
    in_words,
    is_number,
    leaf_names,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .iteration import known
from .jumps import FLAGS, RAISED, RESULT, RETURNED, SKIP, STOP, flag, jump, results_alike, shown
from .loops import loop
from .matching import as_branches, subject_of
from .memory import has_memory
from .merging import Merger
from .names import read_name
from .problems import recovering
from .stores import augmented, store_element
from .text_values import lift

__all__ = ["assign", "body", "guarded", "named", "statements"]


def body(ctx: Context) -> Item:
    """What the function of the current frame returns."""
    node = ctx.frame.source.node
    if isinstance(node, ast.Lambda):
        return expression(ctx, node.body, ctx.frame.result_name)
    nodes: list[ast.stmt] = list(node.body)
    if any(map(may_return, nodes)):
        nodes.append(ast.copy_location(ast.Return(None), nodes[-1]))
    statements(ctx, nodes)
    names = ctx.frame.names
    if names.get(RESULT) is LOST:
        raise Lost
    if flag(names, RAISED) and not ctx.frame.trail:
        return math.nan  # no caller ever sees it
    return names.get(RESULT)


def statements(ctx: Context, nodes: Sequence[ast.stmt]) -> None:
    """Lower statements in order, as far as no jump passes them by."""
    lost = False
    for position, node in enumerate(nodes):
        jumped = flag(ctx.frame.names, ctx.frame.jumps.pending)
        if isinstance(jumped, Value):
            left = nodes[position:]
            lower = functools.partial(statements, ctx, left)
            guarded(ctx, node, jumped, assigned_names(left), lower)
        if jumped is not False or flag(ctx.frame.names, RAISED):
            return
        rest = nodes[position + 1 :]
        done = recovering(ctx, node, functools.partial(_leading_on, ctx, node, rest))
        lost = lost or (done is None and may_return(node))
        if lost:
            ctx.frame.names[RESULT] = LOST
        if done:
            return


def _leading_on(ctx: Context, node: ast.stmt, rest: Sequence[ast.stmt]) -> bool:
    """Lower one statement; gives whether the rest has become part of it."""
    match node:
        case ast.Return(value):
            name = ctx.frame.result_name
            result = None if value is None else expression(ctx, value, name)
            jump(ctx.frame.names, ctx.frame.jumps, node, result)
        case ast.Break() | ast.Continue():
            jump(ctx.frame.names, ctx.frame.jumps, node)
        case ast.Raise():
            effects.raise_statement(ctx, node)
            ctx.frame.names[RAISED] = True
        case ast.If(test, then, otherwise):
            return _choice(ctx, node, condition(ctx, test), then, otherwise, rest)
        case ast.Match():
            return _match(ctx, node, rest)
        case ast.For() | ast.While():
            broke = attempt(ctx, loop, node)
            if not isinstance(broke, Unsettled) and node.orelse:
                return _otherwise(ctx, node, broke, rest)
        case ast.With():
            with_statement(ctx, node, functools.partial(statements, ctx))
        case _:
            statement(ctx, node)
    return False


def statement(ctx: Context, node: ast.stmt) -> None:
    """One statement without an influence on what runs next."""
    match node:
        case ast.Assign(targets, value):
            name = targets[0].id if isinstance(targets[0], ast.Name) else None
            ctx.unpacked[value] = _plain_names(targets[0])
            item = named(ctx, value, expression(ctx, value, name), name)
            for target in targets:
                assign(ctx, target, item)
        case ast.AnnAssign(target, _, value):
            if value is not None:
                name = target.id if isinstance(target, ast.Name) else None
                assign(ctx, target, named(ctx, value, expression(ctx, value, name), name))
        case ast.AugAssign(target, op, value):
            _augmented(ctx, node, target, op, value)
        case ast.Expr(value):
            effects.expression_statement(ctx, value)
        case ast.Assert():
            effects.assert_statement(ctx, node)
        case ast.Delete():
            effects.delete(ctx, node)
        case ast.Pass():
            pass
        case ast.Import() | ast.ImportFrom():
            _import(ctx, node)
        case ast.FunctionDef(name):
            ctx.frame.names[name] = _defined(ctx, node)
        case _:
            reason, advice = _REFUSED.get(type(node), _OTHER)
            ctx.refuse(node, "unsupported-statement", f"{reason}.", f"{advice}.")


_OTHER = ("this statement is outside the subset", "compute the value another way")
_REFUSED: dict[type[ast.stmt], tuple[str, str]] = {
    ast.Try: ("`try` hides which values were computed", "test for the condition beforehand"),
    ast.Global: ("`global` changes names outside the function", "return the value instead"),
    ast.Nonlocal: ("`nonlocal` changes names outside the function", "return the value instead"),
    ast.ClassDef: ("a class inside the function is outside the subset", "define it outside"),
    ast.AsyncFor: ("coroutines can't be differentiated", "use a plain for"),
}


def _defined(ctx: Context, node: ast.FunctionDef) -> Item:
    """A function defined inside, behind its decorators."""
    decorators = [expression(ctx, decorator) for decorator in node.decorator_list]
    item: Item = local_function(ctx, node)
    for at, decorator in zip(reversed(node.decorator_list), reversed(decorators), strict=True):
        item = invoke(ctx, at, decorator, [item], {}, None)
    return item


def named(ctx: Context, node: ast.expr, item: Item, name: str | None) -> Item:
    """A float literal given a name stays visible under it."""
    if name is not None and type(item) is float:
        return ctx.lift(item, node, name)
    return item


def _plain_names(target: ast.expr) -> tuple[str, ...]:
    """The names of `q, r = ...`; none where anything else is among them, or one stands twice."""
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    names = tuple(part.id for part in parts if isinstance(part, ast.Name))
    return names if len(set(names)) == len(parts) else ()


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


def _match(ctx: Context, node: ast.Match, rest: Sequence[ast.stmt]) -> bool:
    """Lower a `match` as what it comes down to; gives whether the rest has become part of it."""
    if not isinstance(node.subject, ast.Name) or not node.subject.id.startswith("<"):
        node = subject_of(ctx, node)
    chosen = as_branches(ctx, node)
    if any(map(may_jump, chosen)):
        statements(ctx, [*chosen, *rest])
        return True
    statements(ctx, chosen)
    return False


def _choice(
    ctx: Context, node: ast.stmt, test: Item, then: Sequence[ast.stmt],
    otherwise: Sequence[ast.stmt], rest: Sequence[ast.stmt],
) -> bool:  # fmt: skip
    """Lower one of two blocks, or an `if`; gives whether the rest has become part of it."""
    jumps = [always_jumps(then), always_jumps(otherwise)]
    if any(jumps):
        then = then if jumps[0] else [*then, *rest]
        otherwise = otherwise if jumps[1] else [*otherwise, *rest]
    if isinstance(test, Value):
        may = any(map(may_jump, (*then, *otherwise)))
        _branches(ctx, node, test, then, otherwise, may)
    else:
        statements(ctx, then if test else otherwise)
    return any(jumps)


def _otherwise(
    ctx: Context, node: ast.For | ast.While, broke: Item, rest: Sequence[ast.stmt]
) -> bool:
    """The `else` of a loop; gives whether the rest has become part of it."""
    returned = flag(ctx.frame.names, ctx.frame.jumps.pending)
    if not isinstance(returned, Value):
        return bool(returned) or _choice(ctx, node, broke, (), node.orelse, rest)

    def lower() -> None:
        if not _choice(ctx, node, broke, (), node.orelse, rest):
            statements(ctx, rest)

    guarded(ctx, node, returned, assigned_names([*node.orelse, *rest]), lower)
    return True


def _branches(
    ctx: Context, node: ast.stmt, test: Value, then: Sequence[ast.stmt],
    otherwise: Sequence[ast.stmt], jumps: bool,
) -> None:  # fmt: skip
    before, outer, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    sides, waits = [], []
    for nodes in (then, otherwise):
        ctx.frame.names, ctx.builder = dict(before), outer.nested()
        ctx.memory.state = state.copy()
        waits.append(attempt(ctx, statements, nodes))
        sides.append((ctx.frame.names, ctx.builder, ctx.memory.state))
    if any(isinstance(one, Unsettled) for one in waits):
        pairs = [((w, n, s), b) for w, (n, b, s) in zip(waits, sides, strict=True)]
        found = settled_side(ctx, outer, pairs, lambda side: side[0])
        _, ctx.frame.names, ctx.memory.state = found
        return
    ctx.frame.names, ctx.builder, ctx.memory.state = before, outer, state
    if any(flag(side[0], RAISED) for side in sides):
        ctx.builder.span = ctx.span(getattr(node, "test", node))
        without_raising(ctx, test, sides)
        return
    names = [*assigned_names([*then, *otherwise]), *(FLAGS if jumps else ())]
    if not ctx.frame.jumps.loop and all(flag(side[0], RETURNED) is True for side in sides):
        names = [RETURNED, RESULT]
    before.update(_merge(ctx, node, test, sides, names))


def guarded(
    ctx: Context, node: ast.stmt, jumped: Value, names: Sequence[str], lower: Callable[[], None]
) -> None:
    """Lower what a jump may pass by: the other side of an `if` on the jump's flag."""
    before, outer, state = dict(ctx.frame.names), ctx.builder, ctx.memory.state
    own = (SKIP, STOP) if ctx.frame.jumps.loop else (RETURNED,)
    passed = {**before, **{name: True for name in own if before.get(name) is jumped}}
    ctx.frame.names = {**before, **dict.fromkeys(own, False), RESULT: UNBOUND}
    ctx.builder, ctx.memory.state = outer.nested(), state.copy()
    waits = attempt(ctx, lambda ctx: lower())
    reached, builder, after = ctx.frame.names, ctx.builder, ctx.memory.state
    ctx.frame.names, ctx.builder, ctx.memory.state = before, outer, state
    if isinstance(waits, Unsettled):
        before.update(passed)
        return
    if flag(reached, RAISED):
        ctx.builder.span = ctx.span(node)
        sides = [(passed, outer.nested(), state.copy()), (reached, builder, after)]
        without_raising(ctx, jumped, sides)
        return
    for name in own:
        if reached[name] is False:  # no other jump: the flag stays what it was
            passed[name] = reached[name] = before.get(name, False)
    sides = [(passed, outer.nested(), state.copy()), (reached, builder, after)]
    before.update(_merge(ctx, node, jumped, sides, [*names, *FLAGS], {"guard": True}))


def without_raising(ctx: Context, test: Value, sides: Sequence[Any]) -> None:
    """An `if` one of whose sides always raises: the other side goes on without an `else`, its names
    and operations become the block's own."""
    raising = 0 if flag(sides[0][0], RAISED) else 1
    names, going_on, state = sides[1 - raising]
    block, nothing = sides[raising][1].block((), ()), Block((), (), ())
    blocks = (block, nothing) if raising == 0 else (nothing, block)
    ctx.builder.region("if", (test,), (), blocks)
    ctx.builder.operations += going_on.operations
    ctx.frame.names, ctx.memory.state = names, state


def _merge(
    ctx: Context, node: ast.stmt, test: Value, sides: list[Any], names: Sequence[str],
    attributes: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Item]:  # fmt: skip
    """One `if` operation whose results are the leaves that differ between the two sides."""
    (then, then_builder, then_state), (other, other_builder, other_state) = sides
    merge = _Merge(ctx, node, (then_builder, then_state), (other_builder, other_state))
    merged = {}
    for name in names:
        missing = False if name in FLAGS and name != RESULT else UNBOUND
        items = then.get(name, missing), other.get(name, missing)
        merged[name] = merge.item(name, *(results_alike(*items) if name == RESULT else items))
    merge.objects()
    blocks: list[Block] = [
        then_builder.block((), [a for a, _, _ in merge.pairs]),
        other_builder.block((), [b for _, b, _ in merge.pairs]),
    ]
    ctx.builder.span = ctx.span(getattr(node, "test", node))
    ctx.builder.region("if", (test,), [r for _, _, r in merge.pairs], blocks, dict(attributes))
    merge.finish()
    return merged


def _is_plain(item: Item) -> bool:
    return is_number(item) or isinstance(item, str)


class _Merge:
    """Pairs the leaves of two sides of a branch; `pairs` holds (then, otherwise, result)."""

    def __init__(self, ctx: Context, node: ast.stmt, then: Any, other: Any) -> None:
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
        if a is LOST or b is LOST:
            return LOST
        if a is b or (not isinstance(a, Value) and type(a) is type(b) and _is_plain(a) and a == b):
            return a
        if isinstance(a, Value) and isinstance(b, Value) and (a, b) in self.merged:
            return self.merged[a, b]  # two names for one array stay two names for one
        mutation.meet(self.ctx, a, b)
        if isinstance(a, (tuple, list, dict, Record)) and same_structure(a, b):
            freeze(b)
            others = iter(list(leaves(b)))
            words = itertools.repeat(name) if name == RESULT else leaf_names(a, name)
            return rebuild(a, lambda leaf: self.item(next(words), leaf, next(others)))
        if not all(isinstance(i, Value) or _is_plain(i) or i is UNBOUND for i in (a, b)):
            try:
                if a == b:
                    return a
            except Exception:
                pass
            where = "the result" if name == RESULT else f"`{name}`"
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
            return self.ctx.undefined() if item is UNBOUND else lift(self.ctx, item, self.node)

    def result(self, name: str, a: Value, b: Value) -> Item:
        try:
            type_ = join(a.type, b.type)
        except TypeMismatch as error:
            return Ambiguous(f"`{name}` has different types on the two paths: {error}.")
        hint: Name = shown(name)
        if name == RESULT:
            names = {v.name for v in (a, b) if v.type != UNDEFINED}
            hint = names.pop() if len(names) == 1 else None
        result = Value(type_, hint)
        if type_ == UNDEFINED:
            return UNBOUND
        self.pairs.append((a, b, result))
        return result
