"""Calls of functions that the tables take apart into others (see `ops.op.Expansion`).

    y = np.vstack((a, b))        %s0 = expand_dims[axis=0] %a
                                 %s1 = expand_dims[axis=0] %b
                                 %y = concatenate[axis=0] %s0, %s1
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.core import Operation, Value
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
class _Tracer(Tracer):
    """Operands are also what else NumPy's functions make an array of."""

    other: Callable[[Any], Value] | None = None

    def lift(self, item: Any) -> Value:
        if isinstance(item, Var) or is_number(item) or self.other is None:
            return super().lift(item)
        return self.other(item)


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
    tracer = _Tracer(
        ctx.builder.nested(), TABLE, SPELLINGS, constants=ctx.constants,
        other=lambda item: ctx.lift(item, node),
    )  # fmt: skip
    try:
        found = _built(expansion, bound, items, tracer)
    except OperationError as error:
        ctx.refuse_operation(node, error)
    result = found.value if isinstance(found, Var) else None
    made = _lowered(ctx, node, tracer.builder.operations, result, name)
    return _items(ctx, node, found, made)


def _lowered(
    ctx: Context, node: ast.AST, operations: Sequence[Operation], result: Value | None,
    name: str | None,
) -> dict[Value, Value]:  # fmt: skip
    """Append the operations as the user's own; the one that makes the result has the user's name.
    Gives what stands for what they made."""
    made: dict[Value, Value] = {}
    for op in operations:
        operands = [made.get(v, v) for v in op.operands]
        if op.opcode == "constant":
            values: tuple[Value, ...] = (ctx.lift(op.attributes["value"], node),)
        elif op.results:
            own = name if result in op.results else None
            values = ctx.emit_all(node, op.opcode, operands, dict(op.attributes), own)
        else:
            ctx.builder.span = ctx.span(node)
            ctx.builder.region(op.opcode, operands, (), (), op.attributes)
            continue
        made.update(zip(op.results, values, strict=True))
    return made


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


def _items(ctx: Context, node: ast.AST, found: Any, made: Mapping[Value, Value]) -> Item:
    if isinstance(found, Var):
        return made.get(found.value, found.value)
    if isinstance(found, list):
        return mutation.own_list(ctx, node, [_items(ctx, node, part, made) for part in found])
    if isinstance(found, tuple):
        parts = [_items(ctx, node, part, made) for part in found]
        return type(found)(*parts) if is_namedtuple(found) else tuple(parts)
    return found
