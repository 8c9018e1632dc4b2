"""Statements in order: which run is settled here, what each does in rooms of its own.

    if x > 0:                 the `return` is a jump, so the rest is the other side of the `if`:
        return x
    y = x * x                 %0 = if %c: yield %x
    return y                           else: yield %y

An `if` whose one side always jumps takes the rest of the block as its other side. Where only some
paths jump, a flag guards the rest (see `jumps`). Branches are in `branches`, loops in `loops`,
assignments in `assignment`.
"""

from __future__ import annotations

import ast
import importlib
import math
from collections.abc import Sequence
from typing import Any

from ..ir.core import Value
from . import effects
from .assignment import assign, change, named, plain_names
from .backward_blocks import backward_block
from .binding import local_function
from .branches import branches, guarded
from .calls import invoke
from .context import Context
from .contexts import with_statement
from .expressions import condition, expression
from .instances import WAITS, attempt
from .items import LOST, Item, Lost
from .jumps import FLAGS, RAISED, RESULT, flag, jump
from .loops import loop
from .matching import as_branches, subject_of
from .problems import recovering, tested
from .variables import mark

__all__ = ["body", "statements"]


def body(ctx: Context) -> Item:
    """What the function of the current frame returns."""
    node = ctx.frame.source.node
    if isinstance(node, ast.Lambda):
        return expression(ctx, node.body, ctx.frame.result_name)
    nodes: list[ast.stmt] = list(node.body)
    if any(map(ctx.syntax.may_return, nodes)):
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
            _unless_jumped(ctx, jumped, nodes[position:])
        if jumped is not False or flag(ctx.frame.names, RAISED):
            return
        done = None
        with recovering(ctx, node):
            done = _leading_on(ctx, node, nodes[position + 1 :])
        lost = lost or (done is None and ctx.syntax.may_return(node))
        mark(ctx, node, bool(done))
        if lost:
            ctx.frame.names[RESULT] = LOST
        if done:
            return


def _unless_jumped(ctx: Context, jumped: Value, left: Sequence[ast.stmt]) -> None:
    guarded(ctx, left[0], jumped, ctx.syntax.assigned_names(left), lambda: statements(ctx, left))


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
            asked = tested(ctx, lambda: condition(ctx, test))
            return _choice(ctx, node, asked, then, otherwise, rest)
        case ast.Match():
            return _match(ctx, node, rest)
        case ast.For() | ast.With() if backward_block(ctx, node):
            pass
        case ast.For() | ast.While():
            broke = attempt(ctx, loop, node)
            if not isinstance(broke, WAITS) and node.orelse:
                return _otherwise(ctx, node, broke, rest)
        case ast.With():
            with_statement(ctx, node, lambda nodes: statements(ctx, nodes))
        case _:
            statement(ctx, node)
    return False


def statement(ctx: Context, node: ast.stmt) -> None:
    """One statement without an influence on what runs next."""
    match node:
        case ast.Assign(targets, value):
            name = targets[0].id if isinstance(targets[0], ast.Name) else None
            ctx.unpacked[value] = plain_names(targets[0])
            item = named(ctx, value, expression(ctx, value, name), name)
            for target in targets:
                assign(ctx, target, item, value)
        case ast.AnnAssign(target, _, value):
            if value is not None:
                name = target.id if isinstance(target, ast.Name) else None
                assign(ctx, target, named(ctx, value, expression(ctx, value, name), name), value)
        case ast.AugAssign(target, op, value):
            change(ctx, node, target, op, value)
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
    if any(map(ctx.syntax.may_jump, chosen)):
        statements(ctx, [*chosen, *rest])
        return True
    statements(ctx, chosen)
    return False


def _choice(
    ctx: Context, node: ast.stmt, test: Item, then: Sequence[ast.stmt],
    otherwise: Sequence[ast.stmt], rest: Sequence[ast.stmt],
) -> bool:  # fmt: skip
    """Lower one of two blocks, or an `if`; gives whether the rest has become part of it."""
    jumps = [ctx.syntax.always_jumps(then), ctx.syntax.always_jumps(otherwise)]
    if any(jumps):
        then = then if jumps[0] else [*then, *rest]
        otherwise = otherwise if jumps[1] else [*otherwise, *rest]
    if isinstance(test, Value):
        sides = [lambda ctx: statements(ctx, then), lambda ctx: statements(ctx, otherwise)]
        jumping = FLAGS if any(map(ctx.syntax.may_jump, (*then, *otherwise))) else ()
        names = [*ctx.syntax.assigned_names([*then, *otherwise]), *jumping]
        branches(ctx, node, test, sides, names)
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

    guarded(ctx, node, returned, ctx.syntax.assigned_names([*node.orelse, *rest]), lower)
    return True
