"""Calls that the tables of operations know.

    y = np.sum(x, axis=1)            %y = sum[axis=1, keepdims=False] %x
    y = np.vstack((a, b))            the operations that it is taken apart into (see `expanding`)
    n = math.comb(4, 2)              6, where all arguments are ints that are known
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

from ..ir.core import Value
from ..ir.types import List
from ..ops import EXPANSIONS, Expansion, OperationError, is_known, lookup
from .context import Context
from .expanding import expand
from .items import Item
from .refused_calls import refuse_arguments, refuse_unknown, spelled

__all__ = ["apply_entry", "apply_expansion", "operation"]


def operation(
    ctx: Context, node: ast.AST, callee: Any, args: list[Item], keywords: dict[str, Item],
    name: str | None,
) -> Item:  # fmt: skip
    """A call that the table knows."""
    computed = _of_ints(callee, args, keywords)
    if computed is not None:
        return computed
    if not is_known(callee):
        return refuse_unknown(ctx, node, callee)
    expansion, found = EXPANSIONS.get(callee), lookup(callee)
    if expansion is not None:
        return apply_expansion(ctx, node, expansion, args, keywords, name, spelled(callee))
    return apply_entry(ctx, node, found, args, keywords, name, spelled(callee))


def _of_ints(callee: Any, args: list[Item], keywords: Mapping[str, Item]) -> int | None:
    """What `math` makes of ints that are known: `range(math.comb(4, 2))` is `range(6)`."""
    if getattr(callee, "__module__", None) != "math" or keywords or not args:
        return None
    if any(type(item) is not int for item in args):
        return None
    try:
        found = callee(*args)
    except Exception:
        return None  # raised when the emitted text runs, as in the function itself
    return found if type(found) is int else None


def apply_expansion(
    ctx: Context, node: ast.AST, expansion: Expansion, args: list[Item],
    keywords: dict[str, Item], name: str | None, called: str,
) -> Item:  # fmt: skip
    """A call of a function that is others together."""
    signature = inspect.signature(expansion.build)
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        refuse_arguments(ctx, node, called, signature.parameters, keywords, error)
    return expand(ctx, node, expansion, args, keywords, called, name)


def apply_entry(
    ctx: Context, node: ast.AST, found: Any, args: list[Item], keywords: dict[str, Item],
    name: str | None, called: str,
) -> Item:  # fmt: skip
    """A call of an operation: `found` is its entry, and how it is spelled."""
    entry, spelling = found
    try:
        operands, attributes = spelling.bind(*args, **keywords)
    except TypeError as error:
        known = inspect.signature(spelling.bind).parameters
        refuse_arguments(ctx, node, called, known, keywords, error)
    except OperationError as error:
        ctx.refuse_operation(node, error)
    operands = tuple(_as_array(ctx, node, operand) for operand in operands)
    attributes = {
        key: ctx.static(value, node, f"`{key}=` of {called}") for key, value in attributes.items()
    }
    _check_axes(ctx, node, attributes, called)
    found = ctx.emit_all(node, entry.name, operands, {**spelling.preset, **attributes}, name)
    return found[0] if len(found) == 1 else entry.structure(found)


def _as_array(ctx: Context, node: ast.AST, operand: Item) -> Item:
    """NumPy's functions make an array of a list first; so that its derivative finds one."""
    if isinstance(operand, Value) and isinstance(operand.type, List):
        return ctx.emit(node, "asarray", (operand,), {})
    return operand


def _check_axes(
    ctx: Context, node: ast.AST, attributes: dict[str, Any], called: str
) -> None:  # fmt: skip
    """Whatever the operation: an axis is an int, several are a tuple of ints."""
    for key, value in attributes.items():
        axes = value if isinstance(value, (tuple, list)) else (value,)
        if key == "axes":  # those of several operands, perhaps
            axes = [k for x in axes for k in (x if isinstance(x, (tuple, list)) else (x,))]
        if key in _AXES and value is not None and any(type(one) is not int for one in axes):
            ctx.refuse(
                node, "operation", f"`{key}={value!r}` of {called} is no axis.",
                "name an axis by its number, from 0.",
            )  # fmt: skip


_AXES = ("axis", "axes", "axis1", "axis2")
