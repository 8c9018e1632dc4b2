"""`with np.errstate(...)`: how NumPy warns, in the forward part and in its mirror.

    with np.errstate(divide="ignore"):        enter[with np.errstate(divide='ignore')]
        y = 1 / x                             %y = div 1, %x
                                              leave
Contexts that might swallow an exception, or give a value, are refused.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable

import numpy as np

from ..ops.effects import Template
from . import expressions
from .context import Context
from .references import Written

__all__ = ["with_statement"]

_CONTEXTS = (np.errstate, np.printoptions, warnings.catch_warnings)


def with_statement(
    ctx: Context, node: ast.With, body: Callable[[list[ast.stmt]], None]
) -> None:
    """Lower a `with`."""
    entered = [_context(ctx, item) for item in node.items]
    if any(map(ctx.syntax.may_jump, node.body)) and not ctx.syntax.always_jumps(node.body):
        ctx.refuse(
            node, "unsupported-statement", "a jump that only some paths through this `with` reach"
            " is not in the subset.", "assign in the `with`, and jump after it.",
        )  # fmt: skip
    for template in entered:
        _append(ctx, node, "enter", template)
    body(node.body)
    for template in reversed(entered):
        _append(ctx, node, "leave", template)


def _append(ctx: Context, node: ast.With, opcode: str, template: Template) -> None:
    ctx.builder.span = ctx.span(node)
    ctx.builder.region(opcode, (), (), (), {"template": template})


def _context(ctx: Context, item: ast.withitem) -> Template:
    call = item.context_expr
    callee = expressions.expression(ctx, call.func) if isinstance(call, ast.Call) else None
    if not any(callee is known for known in _CONTEXTS) or item.optional_vars is not None:
        ctx.refuse(
            call, "unsupported-statement", "`with` has effects that can't be differentiated.",
            "enter it outside the function; only np.errstate and np.printoptions may be inside.",
        )  # fmt: skip
    assert isinstance(call, ast.Call)
    written = Written(ctx, call)
    args = [expressions.expression(ctx, arg) for arg in call.args]
    keywords = {k.arg: expressions.expression(ctx, k.value) for k in call.keywords if k.arg}
    shown = written.call(written.outside(callee, call.func), call, args, keywords)
    if written.operands:
        ctx.refuse(
            call, "not-static", "what a `with` is entered with must be known when the function is"
            " compiled.", "use literals.",
        )  # fmt: skip
    return Template(ast.With([ast.withitem(shown, None)], []))
