"""Calls of gates: the gate stays one operation, its rule is lowered and hung on it.

    call[gate=sigmoid, pullback=function (g, x, y) -> g * (1 - y) * y] %x
"""

from __future__ import annotations

import ast
import types
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Function, Value, walk
from ..ir.types import Array, Type, is_differentiable, rank
from ..ops.gates import Primitive
from . import calls
from .binding import arguments_for
from .context import Context, Path
from .items import Item, leaves, rebuild
from .memory import has_memory
from .merging import sealed
from .source import read_function

__all__ = ["gate_call"]


def gate_call(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], args: list[Item], name: str | None
) -> Value:
    """Append a `call`, with the gate's own function and its rule as IR in the attributes."""
    operands = [ctx.lift(item, node) for item in args]
    key = (gate, *(v.type for v in operands))
    if key not in ctx.gates:
        ctx.gates[key] = _lower_gate(ctx, node, gate, [v.type for v in operands])
    attributes, outside = ctx.gates[key]
    result = Value(attributes["type"], name)
    ctx.builder.span = ctx.span(node)
    ctx.builder.region("call", (*operands, *outside), (result,), (), attributes)
    # A gate's function may return an argument, or a view of one.
    given = [item for item in args if isinstance(item, Value) and has_memory(item)]
    if has_memory(result):
        ctx.memory.relate(result, map(ctx.memory.owner, given))
    return result


def _lower_gate(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], types_: list[Type]
) -> tuple[dict[str, Any], list[Value]]:
    """A gate for operands of these types: the call's attributes, and what it reads from outside."""
    path = calls.path_of_callee(ctx, gate)
    primal = _primal(ctx, node, gate, types_, path)
    outside = _captured(ctx, primal.body, primal.parameters)
    type_ = primal.results[0].type
    wanted, pullback = _pullback(ctx, node, gate, primal, type_, path)
    body = primal.body
    name, known = primal.name, {a["primal"].name for a, _ in ctx.gates.values()}
    while name in known:
        name += "_"
    attributes = {
        "gate": gate,
        "type": type_,
        "primal": Function(
            name, Block((*primal.parameters, *outside), body.operations, body.results)
        ),
        "differentiable": wanted,
    }
    if pullback is not None:
        attributes["pullback"] = pullback
    return attributes, outside


def _lower_apart(
    ctx: Context, node: ast.AST, function: Any, path: Path, arguments: list[Value]
) -> tuple[Builder, Item]:
    """Inline a function into a builder of its own."""
    bound = arguments_for(ctx, node, function, path, list(arguments), {})
    outer, ctx.builder = ctx.builder, Builder(ctx.builder.span)
    try:
        with sealed(ctx, node, f"the gate's function `{function.__name__}`"):
            item = calls.inline(ctx, node, read_function(function), path, bound, None, None)
            item = rebuild(item, lambda leaf: _held(ctx, node, leaf))
        made = Block((), tuple(ctx.builder.operations), ())
        if any("callee" in op.attributes for op in walk(made)):
            ctx.refuse(
                node, "recursion", "a gate's function, or its rule, calls a function that calls"
                " itself, or checkpoints a call.",
                "write the recursion as a loop, and leave checkpoint() out.",
            )  # fmt: skip
        return ctx.builder, item
    finally:
        ctx.builder = outer


def _held(ctx: Context, node: ast.AST, leaf: Item) -> Item:
    """An array as what it holds when the function returns."""
    return ctx.lift(leaf, node) if isinstance(leaf, Value) else leaf


def _primal(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], operand_types: list[Type], path: Path
) -> Function:
    names = list(gate.function.__code__.co_varnames) if _is_function(gate.function) else []
    if (not names and operand_types) or not _is_function(gate.function):
        ctx.refuse(
            node, "opaque-gate", f"the gate `{gate.name}` is no Python function.",
            "make the gate with @primitive on a def.",
        )  # fmt: skip
    parameters = [Value(t, n) for t, n in zip(operand_types, names, strict=False)]
    builder, item = _lower_apart(ctx, node, gate.function, path, parameters)
    outer, ctx.builder = ctx.builder, builder
    value = ctx.lift(item, node)
    ctx.builder = outer
    return Function(gate.name, builder.block(parameters, (value,)))


def _is_function(function: Any) -> bool:
    return isinstance(function, types.FunctionType)


def _captured(ctx: Context, block: Block, parameters: tuple[Value, ...]) -> list[Value]:
    """Values from outside that the gate's function reads."""
    outside = {
        leaf for capture in ctx.captures.values() for leaf in leaves(capture.item)
        if isinstance(leaf, Value)
    } | {*ctx.live.values()}  # fmt: skip
    used = [v for op in walk(block) for v in op.operands] + list(block.results)
    return list(dict.fromkeys(v for v in used if v in outside and v not in parameters))


def _pullback(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], primal: Function, type_: Type,
    path: Path,
) -> tuple[tuple[int, ...], Function | None]:  # fmt: skip
    operands = primal.parameters
    if gate.rule is None:
        ctx.refuse(
            node, "gate-rule", f"the gate `{gate.name}` has no derivative.",
            f"give it one with @{gate.name}.backward.",
        )  # fmt: skip
    parameters = [
        Value(_cotangent_type(type_), "g"),
        *(Value(v.type, v.name if isinstance(v.name, str) else None) for v in operands),
        Value(type_, "y"),
    ]
    builder, item = _lower_apart(ctx, node, gate.rule, (*path, "<rule>"), parameters)
    contributions = item if isinstance(item, tuple) else (item,)
    if len(contributions) != len(operands):
        ctx.refuse(
            node, "gate-rule", f"the rule of `{gate.name}` returns {len(contributions)}"
            f" contributions for {len(operands)} arguments.",
            "return one for each argument, None where there is no gradient.",
        )  # fmt: skip
    wanted = tuple(
        k for k, c in enumerate(contributions)
        if c is not None and is_differentiable(operands[k].type)
    )  # fmt: skip
    outer, ctx.builder = ctx.builder, builder
    values = [ctx.lift(contributions[k], node) for k in wanted]
    ctx.builder = outer
    return wanted, Function(f"{gate.name}_backward", builder.block(parameters, values))


def _cotangent_type(type_: Type) -> Type:
    """A cotangent of rank 0 may be a Python float or a NumPy scalar."""
    if isinstance(type_, Array) and not rank(type_):
        return Array(type_.dtype, (), weak=True)
    return type_
