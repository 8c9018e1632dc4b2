"""Calls of gates: the gate stays one operation, its rules are lowered and hung on it.

    y = sigmoid(x)               %y = call[gate=sigmoid] %x
                                     pullback=function (g, x, y) -> g * (1 - y) * y
    y = norm(x, "max", n=2)      %y = call[gate=norm] %x

Numbers and arrays among the arguments are operands; the rest is static, and the gate is lowered
anew for it.
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..ir.core import Block, Function, Value
from ..ops.gates import Primitive
from .apart import lower_apart, outside_values
from .context import Context, Path
from .gate_recordings import recording
from .gate_rules import add_rules
from .items import Item, leaf_names, leaves, rebuild
from .memory import has_memory
from .opaque_gates import Calling, declared_result

__all__ = ["gate_call"]

Given = Mapping[str, Item]


@dataclass(frozen=True)
class _Lowered:
    """A gate for operands of certain types: the opcode and attributes of its calls, what it reads
    from outside, and the structure of what it returns."""

    opcode: str
    attributes: dict[str, Any]
    outside: list[Value]
    result: Item


def gate_call(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, bound: Given,
    name: str | None,
) -> Item:  # fmt: skip
    """Append a `call`, with the gate's own function and its rules as IR in the attributes."""
    given = {key: _argument(ctx, node, gate, key, item) for key, item in bound.items()}
    operands = [leaf for item in given.values() for leaf in leaves(item) if is_operand(leaf)]
    within = gate in ctx.gates_within
    key = (gate, within, *((name, _key(item)) for name, item in given.items()))
    if key not in ctx.gates:
        ctx.gates_within.append(gate)
        try:
            ctx.gates[key] = _lower_gate(ctx, node, gate, path, given, within)
        finally:
            ctx.gates_within.pop()
    gate_ = ctx.gates[key]
    types_ = gate_.attributes["types"]
    results = [Value(t, n) for t, n in zip(types_, _names(ctx, node, gate_, name), strict=True)]
    ctx.builder.span = ctx.span(node)
    ctx.builder.region(gate_.opcode, (*operands, *gate_.outside), results, (), gate_.attributes)
    relate(ctx, operands, results)
    made = iter(results)
    return rebuild(gate_.result, lambda leaf: next(made) if is_operand(leaf) else leaf)


def is_operand(leaf: Item) -> bool:
    """Whether it is computed when the function runs."""
    return isinstance(leaf, Value)


def relate(ctx: Context, operands: list[Value], results: list[Value]) -> None:
    """A gate's function may return an argument, a view of one, or one array twice."""
    owners = [ctx.memory.owner(v) for v in operands if has_memory(v)]
    for result in filter(has_memory, results):
        ctx.memory.relate(result, owners)
        owners.append(result)


def _names(ctx: Context, node: ast.AST, gate: _Lowered, name: str | None) -> list[str | None]:
    """What the results are called: as the user calls them."""
    count = sum(map(is_operand, leaves(gate.result)))
    unpacked = ctx.unpacked.get(node, ())
    if len(unpacked) == count > 1:
        return list(unpacked)
    if name is None or is_operand(gate.result):
        return [name] * count
    named = zip(leaves(gate.result), leaf_names(gate.result, name), strict=True)
    return [one for leaf, one in named if is_operand(leaf)]


def _argument(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], name: str, item: Item
) -> Item:
    """An argument with what its arrays hold now; numbers are operands, unless they are settings."""

    def leaf(one: Item) -> Item:
        if type(one) in (int, bool) and name in gate.nondiff:
            return one
        return ctx.settled(one, node)

    return rebuild(item, leaf)


def _key(item: Item) -> Any:
    """What of an argument a gate is lowered for."""
    skeleton = rebuild(item, lambda leaf: None)
    found = [
        leaf.type if is_operand(leaf) else (type(leaf), leaf if _is_hashable(leaf) else id(leaf))
        for leaf in leaves(item)
    ]
    return (_structure(skeleton), *found)


def _structure(item: Item) -> Any:
    match item:
        case tuple() | list():
            return (type(item), *map(_structure, item))
        case dict():
            return (dict, *((key, _structure(part)) for key, part in item.items()))
    fields = getattr(item, "fields", None)
    return None if fields is None else (item.cls, _structure(fields))


def _is_hashable(item: Item) -> bool:
    try:
        hash(item)
    except TypeError:
        return False
    return True


def _lower_gate(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, given: Given, within: bool
) -> _Lowered:
    """`within`: it is called in its own functions, which no rule of its own looks at."""
    inside = _parameters_for(ctx, given)
    made = (_opaque if "function" in gate.opaque else _read)(ctx, node, gate, path, inside)
    attributes, own, saved = made.attributes, [*made.outside], None
    records: dict[str, Any] = {}
    if gate.recording is not None and not within:
        again = _parameters_for(ctx, given)
        record = recording(ctx, node, gate, path, again, made.result)
        made.outside.extend(v for v in record.outside if v not in own)
        arity, saved, records = attributes["arity"], record.saved, record.attributes
        chosen = [arity + made.outside.index(v) for v in record.outside]
        records["chosen"] = (*range(arity), *chosen)
        attributes["recording"] = records
        _close(ctx, records, record.outside)
    if within:
        attributes |= {"differentiable": (), "received": (), "moved": ()}
    else:
        add_rules(ctx, node, gate, path, inside, made.result, saved, attributes)
    _close(ctx, attributes, made.outside)
    return made


def _close(ctx: Context, attributes: dict[str, Any], outside: list[Value]) -> None:
    """What a gate's function reads from outside are parameters behind its own; no two functions
    have the same name."""
    function = attributes.get("primal")
    if function is None:
        return
    name, body = function.name, function.body
    name = name if name.isidentifier() else "gate"  # a lambda's isn't
    while name in ctx.gate_names:
        name += "_"
    ctx.gate_names.add(name)
    block = Block((*body.parameters, *outside), body.operations, body.results)
    attributes["primal"] = Function(name, block)


def _read(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given
) -> _Lowered:
    """A gate whose function is read: it becomes a function of the emitted module."""
    primal, result = _primal(ctx, node, gate, inside, path)
    attributes = {
        "gate": gate,
        "types": tuple(v.type for v in primal.results),
        "primal": primal,
        "arity": len(primal.parameters),
    }
    return _Lowered("call", attributes, outside_values(ctx, primal.body), result)


def _opaque(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given
) -> _Lowered:
    """A gate whose function is called: the emitted text takes it as an argument."""
    apart = next((call for call in ctx.instances.active if call.instance is not None), None)
    if apart is not None and apart.instance is not None:
        ctx.refuse(
            node, "opaque-gate", f"the opaque gate `{gate.name}` is called in a function"
            f" {apart.instance.callee.told.replace('which', 'that')}.",
            "call it outside of that function, and pass in what it gives.",
        )  # fmt: skip
    operands = [v for item in inside.values() for v in leaves(item) if is_operand(v)]
    parts = declared_result(ctx, node, gate, inside)
    writing = Calling(ctx, node, gate, operands)
    template = writing.call_of_gate(gate, path, inside, parts)
    results = [Value(part.type, "y") for part in parts]
    attributes = {
        "gate": gate,
        "types": tuple(v.type for v in results),
        "template": template,
        "arity": len(operands),
    }
    result = tuple(results) if isinstance(gate.result, tuple) else results[0]
    return _Lowered("opaque", attributes, writing.operands[len(operands) :], result)


def _parameters_for(ctx: Context, given: Given) -> dict[str, Item]:
    """The arguments as the gate's own function sees them, each value as a parameter of its own."""
    taken: set[str] = set()
    inside = {}
    for name, item in given.items():
        names = iter(leaf_names(item, name))
        inside[name] = rebuild(item, functools.partial(_parameter, ctx, names, taken))
    return inside


def _parameter(ctx: Context, names: Iterator[str], taken: set[str], leaf: Item) -> Item:
    name = next(names)
    if not isinstance(leaf, Value):
        return leaf
    while name in taken:
        name += "_"
    taken.add(name)
    made = Value(leaf.type, name)
    if leaf in ctx.origins:  # so that it may become static
        ctx.origins[made] = ctx.origins[leaf]
    return made


def _primal(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], inside: Given, path: Path
) -> tuple[Function, Item]:
    if not isinstance(gate.function, types.FunctionType):
        ctx.refuse(
            node, "opaque-gate", f"the gate `{gate.name}` is no Python function.",
            "make the gate with @primitive on a def, or with @primitive(opaque=True, result=...).",
        )  # fmt: skip
    builder, item = lower_apart(ctx, node, gate.function, path, list(inside.values()), inside)
    outer, ctx.builder = ctx.builder, builder
    result = rebuild(item, lambda leaf: ctx.settled(leaf, node))
    ctx.builder = outer
    results = [leaf for leaf in leaves(result) if is_operand(leaf)]
    if not results:
        ctx.refuse_item(item, node)
    parameters = [v for item in inside.values() for v in leaves(item) if is_operand(v)]
    return Function(gate.name, builder.block(parameters, results)), result
