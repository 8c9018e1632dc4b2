"""Calls of functions that the tables take apart into others (see `ops.op.Expansion`).

    y = np.vstack((a, b))        %s0 = expand_dims[axis=0] %a
                                 %s1 = expand_dims[axis=0] %b
                                 %y = concatenate[axis=0] %s0, %s1
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.core import Name, Value
from ..ir.types import List, is_complex
from ..ops import SPELLINGS, TABLE, Expansion, OperationError, Tracer, Var
from . import mutation
from .context import Context
from .items import (
    BoundMethod,
    Item,
    LocalFunction,
    Method,
    is_namedtuple,
    is_number,
    leaves,
)

__all__ = ["expand"]


@dataclass(frozen=True)
class _Lowering(Tracer):
    """Appends what it is told as the front end appends the user's own operations."""

    lower: Callable[..., tuple[Value, ...]] | None = None

    def append(
        self, opcode: str, operands: Sequence[Any], attributes: Mapping[str, Any],
        names: Sequence[Name],
    ) -> tuple[Value, ...]:  # fmt: skip
        assert self.lower is not None
        items = [v.value if isinstance(v, Var) else v for v in operands]
        return self.lower(opcode, items, dict(attributes))


def expand(
    ctx: Context, node: ast.AST, expansion: Expansion, args: Sequence[Item],
    keywords: Mapping[str, Item], called: str, name: str | None,
) -> Item:  # fmt: skip
    """The item that a call of the function gives. Raises TypeError for arguments that it hasn't."""
    bound = inspect.signature(expansion.build).bind(*args, **keywords)
    if not expansion.complex and any(_is_complex(one) for one in leaves((args, dict(keywords)))):
        ctx.refuse(
            node, "complex", f"{called} is known for real numbers only.",
            "compute with the real and the imaginary part: z.real, z.imag.",
        )  # fmt: skip
    for key in expansion.static:
        if key in bound.arguments:
            value = bound.arguments[key]
            bound.arguments[key] = ctx.static(value, node, f"`{key}=` of {called}")
    own = (*expansion.static, *expansion.plain)
    items = {
        key: item if key in own else _as_arrays(ctx, node, item)
        for key, item in bound.arguments.items()
    }
    last = _last_step(ctx, expansion, bound, items)
    count = itertools.count()

    def lower(
        opcode: str, operands: Sequence[Item], attributes: dict[str, Any]
    ) -> tuple[Value, ...]:
        own_name = name if next(count) == last else None
        return ctx.emit_all(node, opcode, operands, attributes, own_name)

    tracer = _Lowering(ctx.builder, TABLE, SPELLINGS, constants=ctx.constants, lower=lower)
    try:
        found = _built(expansion, bound, items, tracer)
    except OperationError as error:
        ctx.refuse(node, "operation", f"{error.reason}.", f"{error.advice}.")
    return _items(ctx, node, found)


def _is_complex(item: Item) -> bool:
    return type(item) is complex or (isinstance(item, Value) and is_complex(item.type))


def _as_arrays(ctx: Context, node: ast.AST, item: Item) -> Item:
    """NumPy's functions make an array of a list first; numbers become values, too. Arrays stay the
    objects that they are, so that it is known what looks at their memory."""
    if isinstance(item, Value) and isinstance(item.type, List):
        return ctx.emit(node, "asarray", (item,), {})
    if isinstance(item, Value):
        ctx.check_readable(item, node)
        return item
    if is_number(item):
        return ctx.lift(item, node)
    if isinstance(item, (BoundMethod, LocalFunction, Method)):
        ctx.refuse_item(item, node)
    if isinstance(item, (tuple, list)):
        parts = [_as_arrays(ctx, node, part) for part in item]
        return parts if isinstance(item, list) else tuple(parts)
    return item


def _last_step(
    ctx: Context, expansion: Expansion, bound: inspect.BoundArguments, items: Mapping[str, Item]
) -> int | None:
    """Which operation makes the result, if it is one value: that one has the user's name."""
    builder = ctx.builder.nested()
    try:
        found = _built(
            expansion, bound, items, Tracer(builder, TABLE, SPELLINGS, constants=ctx.constants)
        )
    except OperationError:
        return None
    results = [v for op in builder.operations for v in op.results]
    made = [op for op in builder.operations if op.opcode != "constant"]
    if not isinstance(found, Var) or found.value not in results:
        return None
    return next((k for k, op in enumerate(made) if found.value in op.results), None)


def _built(
    expansion: Expansion, bound: inspect.BoundArguments, items: Mapping[str, Item], tracer: Tracer
) -> Any:
    def var(item: Item) -> Any:
        if isinstance(item, Value):
            return tracer.var(item)
        if isinstance(item, (tuple, list)):
            return list(map(var, item)) if isinstance(item, list) else tuple(map(var, item))
        return item

    given = {key: item if key in expansion.static else var(item) for key, item in items.items()}
    made = inspect.BoundArguments(bound.signature, type(bound.arguments)(given))
    return expansion.build(*made.args, **made.kwargs)


def _items(ctx: Context, node: ast.AST, found: Any) -> Item:
    if isinstance(found, Var):
        return found.value
    if isinstance(found, list):
        return mutation.own_list(ctx, node, [_items(ctx, node, part) for part in found])
    if isinstance(found, tuple):
        parts = [_items(ctx, node, part) for part in found]
        return type(found)(*parts) if is_namedtuple(found) else tuple(parts)
    return found
