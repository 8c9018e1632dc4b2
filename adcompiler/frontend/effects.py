"""Effects: what a function prints, logs, warns of, checks and raises.

    print("x =", x)                  effect[print('x =', $0)] %x
    assert x > 0, "positive"         effect[assert $0, 'positive'] %0
    if x > 9:                        if %1:
        raise ValueError(x)              effect[raise ValueError($0)] %x
    y = x * 2                        %y = mul %x, 2        (not under an else: nothing merges)

An effect runs in the forward part, in its place; the derivative knows nothing of it.
"""

from __future__ import annotations

import ast
import logging
import types
import warnings
from typing import Any

from ..ir.core import Block, Value
from ..ops.effects import Template
from . import expressions, mutation, names, opaque, text_values
from .context import Context
from .items import UNBOUND, Item, Record
from .plain_expressions import Unevaluated
from .references import Written

__all__ = [
    "OTHER",
    "assert_statement",
    "called",
    "delete",
    "expression_statement",
    "raise_statement",
]


class _Sentinel:
    """A value of its own."""


OTHER = _Sentinel()  # the call is no effect

_LOGGING = (
    *("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"),
)  # fmt: skip
_CONVERSIONS = (str, repr, format, ascii)
_SAYING = (print, warnings.warn, *(getattr(logging, name) for name in _LOGGING))


def _perform(ctx: Context, written: Written, tree: ast.AST, **attributes: Any) -> None:
    ctx.builder.span = ctx.span(written.node)
    ctx.builder.region(
        "effect", written.operands, (), (), {"template": Template(tree), **attributes}
    )


def expression_statement(ctx: Context, node: ast.expr) -> None:
    """An expression whose value nobody reads: run for its effect, if it has one."""
    match node:
        case ast.Constant():
            return
        case ast.IfExp(test, body, orelse):
            _choose(ctx, node, test, body, orelse)
        case ast.BoolOp(op, [*tests, last]):
            test = tests[0] if len(tests) == 1 else ast.BoolOp(op, tests)
            ast.copy_location(test, tests[0])
            sides = (last, None) if isinstance(op, ast.And) else (None, last)
            _choose(ctx, node, test, *sides)
        case _:
            outer, ctx.bare = ctx.bare, node
            try:
                expressions.expression(ctx, node)
            finally:
                ctx.bare = outer


def _choose(
    ctx: Context, node: ast.expr, test: ast.expr, body: ast.expr | None, orelse: ast.expr | None
) -> None:
    """`print(x) if verbose else None`, `verbose and print(x)`."""
    from .statements import statements

    sides: list[list[ast.stmt]] = [
        [ast.copy_location(ast.Pass() if side is None else ast.Expr(side), side or node)]
        for side in (body, orelse)
    ]
    choice: ast.stmt = ast.If(test, sides[0], sides[1])
    statements(ctx, [ast.copy_location(choice, node)])


def called(
    ctx: Context, node: ast.Call, callee: Any, args: list[Item], keywords: dict[str, Item],
    name: str | None,
) -> Item:  # fmt: skip
    """A call that says something, makes an exception, or whose result is not used; else OTHER."""
    if isinstance(callee, Record) and callee.instance is not None and _says(callee.instance.value):
        callee = callee.instance.value  # a logger's method
    unevaluated = isinstance(callee, Unevaluated)
    if unevaluated:
        _check_unevaluated(ctx, node, callee, args)
    is_class = isinstance(callee, type) and issubclass(callee, BaseException)
    if is_class or (unevaluated and ctx.raised is node):
        written = Written(ctx, node)
        shown = written.outside(callee, node.func)
        error = text_values.made(ctx, written, written.call(shown, node, args, keywords), name)
        ctx.exceptions.add(error)
        return error
    if any(callee is one for one in _CONVERSIONS):
        return text_values.converted(callee)(ctx, node, name, *args, **keywords)
    named = all(isinstance(a, str) for a in (*args, *keywords.values()))
    if callee is logging.getLogger and named and len(args) + len(keywords) <= 1:
        return logging.getLogger(*args, *keywords.values())
    if unevaluated or _says(callee):
        _call(ctx, node, callee, args, keywords)
        return None
    if ctx.bare is node and opaque.is_opaque(callee, args):
        opaque.check_arguments(ctx, node, callee, (*args, *keywords.values()))
        _call(ctx, node, callee, args, keywords)
        return None
    return OTHER


def _check_unevaluated(
    ctx: Context, node: ast.Call, callee: Unevaluated, args: list[Item]
) -> None:
    """At the command line a logger or an exception's class isn't known, but can be guessed."""
    if ctx.raised is node or callee.name.rpartition(".")[2] in _LOGGING:
        return
    if ctx.bare is not node or any(map(opaque.is_array, args)):
        ctx.refuse(
            node, "unevaluated", f"what `{callee.name}` is, is known only when the file runs, and"
            " it isn't run.", "ask in Python: `grad(f).source(...)`.",
        )  # fmt: skip


def _says(callee: Any) -> bool:
    if any(callee is one for one in _SAYING):
        return True
    owner = getattr(callee, "__self__", None)
    is_logger = isinstance(owner, (logging.Logger, logging.LoggerAdapter))
    return is_logger and getattr(callee, "__name__", "") in _LOGGING


def _call(
    ctx: Context, node: ast.Call, callee: Any, args: list[Item], keywords: dict[str, Item]
) -> None:
    """Perform a call; a method is called on its owner, as the user did."""
    written = Written(ctx, node)
    owner = getattr(callee, "__self__", None)
    if isinstance(callee, Unevaluated) and isinstance(node.func, ast.Attribute):
        owner = expressions.expression(ctx, node.func.value)
    owned = not isinstance(owner, (types.ModuleType, type(None)))
    if isinstance(node.func, ast.Attribute) and owned:
        shown: ast.expr = ast.Attribute(
            written.outside(owner, node.func.value), node.func.attr, ast.Load()
        )
    else:
        shown = written.outside(callee, node.func)
    tree = ast.Expr(written.call(shown, node, args, keywords))
    _perform(ctx, written, tree, keeps=callee not in (print, warnings.warn))


def assert_statement(ctx: Context, node: ast.Assert) -> None:
    """`assert`: what is known to hold vanishes; the message is made only where it is needed."""
    test = expressions.condition(ctx, node.test)
    if not isinstance(test, Value) and test:
        return
    written = Written(ctx, node)
    shown = written.item(test)
    if node.msg is None:
        _perform(ctx, written, ast.Assert(shown, None))
        return
    outer, ctx.builder = ctx.builder, ctx.builder.nested()
    message = expressions.expression(ctx, node.msg)
    inner, ctx.builder = ctx.builder, outer
    if all(op.opcode in ("text", "constant") for op in inner.operations):
        # All of it becomes part of the statement, which reads it only where the test fails.
        ctx.builder.operations += inner.operations
        _perform(ctx, written, ast.Assert(shown, written.item(message, node.msg)))
        return
    ctx.builder = inner
    failing = Written(ctx, node)
    error = ast.Call(
        ast.Name("$builtin.AssertionError", ast.Load()), [failing.item(message, node.msg)], []
    )
    _perform(ctx, failing, ast.Raise(error, None))
    ctx.builder = outer
    condition = ctx.lift(test, node.test)
    ctx.builder.region("if", (condition,), (), (Block((), (), ()), inner.block((), ())))


def raise_statement(ctx: Context, node: ast.Raise) -> None:
    """`raise X` and `raise X(...)`."""
    if node.exc is None or not (
        node.cause is None or (isinstance(node.cause, ast.Constant) and node.cause.value is None)
    ):
        ctx.refuse(
            node, "unsupported-statement", "`raise` without an exception, or `from` another, has a"
            " meaning only where one was caught.", "raise an exception of its own.",
        )  # fmt: skip
    ctx.raised = node.exc
    item = expressions.expression(ctx, node.exc)
    is_class = isinstance(item, type) and issubclass(item, BaseException)
    made_here = isinstance(item, Value) and item in ctx.exceptions
    if not (is_class or made_here or isinstance(item, (BaseException, Unevaluated))):
        ctx.refuse(
            node, "unsupported-statement", "what is raised here is no exception that is known when"
            " the function is compiled.", "write raise with the exception's class.",
        )  # fmt: skip
    written = Written(ctx, node)
    shown = written.item(item, node.exc)
    _perform(ctx, written, ast.Raise(shown, node.cause))


def delete(ctx: Context, node: ast.Delete) -> None:
    """`del name`: the name has no value from here on."""
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            mutation.delete(ctx, target, expressions.expression(ctx, target.value))
            continue
        if not isinstance(target, ast.Name):
            ctx.refuse(
                target, "unsupported-statement", "`del` of anything but a name changes an object"
                " in place.", "leave it, or make a new object without it.",
            )  # fmt: skip
        names.read_name(ctx, target, target.id)
        ctx.frame.names[target.id] = UNBOUND
