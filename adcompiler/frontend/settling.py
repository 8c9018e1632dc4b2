"""A function that calls itself, lowered until the types of its parameters and results settle.

    power(%x: ?, %n: ?) -> ?          the first call gives the types of the parameters
    power(%x: float, %n: int) -> ?    the paths without a recursive call give the result's
    power(%x: float, %n: int) -> float

Whatever doesn't fit yet (a recursive call's arguments, another path's result) widens them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import BOOL, INT, Scalar, Type, TypeMismatch
from . import own_sizes
from .context import RECURSION, Context
from .forms import NUMBER, form_of
from .instances import UNKNOWN, Active, Callee, Instance, Recurs, Unsettled, Widened
from .items import (
    UNBOUND,
    Ambiguous,
    Item,
    Record,
    in_words,
    is_number,
    leaf_names,
    leaves,
    rebuild,
    same_structure,
)  # fmt: skip
from .memory import has_memory
from .merging import sealed

__all__ = ["arguments_of", "invoke", "settle", "type_of"]

_ATTEMPTS = 40


@dataclass(frozen=True)
class _Typed:
    """A leaf of what a function returns."""

    type: Type


def settle(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item], numbers: frozenset[int]
) -> Instance:
    """Lower the function until the types of its parameters and results fit all calls of it."""
    items = list(leaves(bound))
    structure, forms = form_of(bound)
    run_time = [k for k, item in enumerate(items) if forms[k] == NUMBER or k in numbers
                or isinstance(item, Value)]  # fmt: skip
    form = (structure, tuple(NUMBER if k in numbers else f for k, f in enumerate(forms)))
    types = own_sizes.general([type_of(items[k]) for k in run_time])
    instance = Instance(
        ctx.instances.label(callee.name), callee, form, bound, tuple(run_time), types, numbers
    )
    known = list(ctx.instances.known)
    for _ in range(_ATTEMPTS):
        ctx.instances.known[:] = known
        active = Active(callee.key, form, instance)
        try:
            result = _lowered(ctx, node, instance, active)
        except Recurs as found:
            if found.active is not active:
                raise
            ctx.instances.known[:] = known
            return settle(ctx, node, callee, bound, numbers | found.numbers)
        except Widened as found:
            if found.instance is not instance:
                raise
            instance.result = UNKNOWN
            continue
        except Unsettled as waits:
            if waits.instance is not instance:
                raise
            raise UnsupportedError(
                Diagnostic(
                    "recursion", f"every path through `{callee.name}` calls it again.",
                    "let one path return without a recursive call.", waits.span, ctx.frame.trail,
                )
            ) from None  # fmt: skip
        if _fits(ctx, node, instance, result):
            return instance
    return ctx.refuse(
        node, "recursion", f"the types of what `{callee.name}` takes and returns never settle.",
        "give every call, and every path, the same kinds of numbers and arrays.",
    )  # fmt: skip


def _lowered(ctx: Context, node: ast.AST, instance: Instance, active: Active) -> Item:
    """The structure that the body returns, with values for leaves; the block goes to `instance`."""
    outer, ctx.builder = ctx.builder, Builder(ctx.span(node))
    parameters = [
        Value(t, n) for t, n in zip(instance.types, _names(instance), strict=True)
    ]
    given = dict(zip(instance.positions, parameters, strict=True))
    counter = iter(range(1 << 30))
    bound = rebuild(instance.arguments, lambda item: given.get(next(counter), item))
    for k, value in given.items():
        if value.type in (INT, BOOL) and k not in instance.numbers:
            ctx.origins[value] = (RECURSION, instance.callee.key, k)
    ctx.instances.active.append(active)
    try:
        with sealed(ctx, node, f"`{instance.callee.name}`, {instance.callee.told},"):
            ctx.apart = True
            item = instance.callee.lower(bound, None)
            result = rebuild(item, lambda leaf: _lifted(ctx, node, instance, leaf))
        results = [leaf for leaf in leaves(result) if isinstance(leaf, Value)]
        instance.body = ctx.builder.block(parameters, results)
        return result
    finally:
        ctx.instances.active.remove(active)
        ctx.builder = outer


def _names(instance: Instance) -> Iterator[str]:
    """The parameters' names, those of a structure's parts with their position."""
    taken: set[str] = set()
    names: list[str] = []
    for name, item in instance.arguments.items():
        if isinstance(item, Record):
            names += leaf_names(item, name)
            continue
        inner = list(leaves(item))
        whole = not isinstance(item, (tuple, list, dict))
        names += [name if whole else f"{name}_{k}" for k in range(len(inner))]
    for k in instance.positions:
        found = names[k]
        while found in taken:
            found += "_"
        taken.add(found)
        yield found


def _lifted(ctx: Context, node: ast.AST, instance: Instance, leaf: Item) -> Item:
    if isinstance(leaf, Value) or is_number(leaf):
        return ctx.lift(leaf, node)
    if leaf is None or isinstance(leaf, (str, type)):
        return leaf
    if isinstance(leaf, Ambiguous) or leaf is UNBOUND:
        return ctx.refuse_item(leaf, node)
    callee = instance.callee
    return ctx.refuse(
        node, callee.code, f"`{callee.name}`, {callee.told}, returns {in_words(leaf)}.",
        "return numbers, arrays, or tuples of them on every path.",
    )  # fmt: skip


def _fits(ctx: Context, node: ast.AST, instance: Instance, result: Item) -> bool:
    """Whether what the body returns is what its own calls were told; if not, tell them more."""
    seen = rebuild(
        result,
        lambda leaf: _Typed(own_sizes.seen_from_inside(leaf.type, instance.types))
        if isinstance(leaf, Value) else leaf,
    )  # fmt: skip
    told, instance.result = instance.result, seen
    if told is UNKNOWN:
        return False
    if not same_structure(told, seen):
        _refuse_paths(ctx, node, instance, "a structure of another form")
    parts = list(zip(leaves(told), leaves(seen), strict=True))
    if any(isinstance(a, _Typed) != isinstance(b, _Typed) for a, b in parts):
        _refuse_paths(ctx, node, instance, "different kinds of things")
    try:
        wider = [
            _Typed(own_sizes.joined(a.type, b.type)) if isinstance(a, _Typed) else b
            for a, b in parts
        ]
    except TypeMismatch as error:
        _refuse_paths(ctx, node, instance, f"different types ({error})")
    rest = iter(wider)
    instance.result = rebuild(seen, lambda _: next(rest))
    return wider == [a for a, _ in parts]


def _refuse_paths(ctx: Context, node: ast.AST, instance: Instance, what: str) -> None:
    callee = instance.callee
    ctx.refuse(
        node, callee.code, f"`{callee.name}`, {callee.told}, returns {what} on its paths.",
        "return the same kinds of numbers and arrays on every path.",
    )  # fmt: skip


def arguments_of(instance: Instance, bound: dict[str, Item]) -> list[Item]:
    items = list(leaves(bound))
    return [items[k] for k in instance.positions]


def type_of(item: Item) -> Type:
    if not isinstance(item, Value):
        return Scalar(type(item).__name__)
    return Scalar(item.type.kind) if isinstance(item.type, Scalar) else item.type


def invoke(
    ctx: Context, node: ast.AST, instance: Instance, bound: dict[str, Item], name: str | None
) -> Item:
    """Append the call; gives what it returns."""
    arguments = arguments_of(instance, bound)
    types = [type_of(item) for item in arguments]
    binding = own_sizes.binding(instance.types, types)
    if binding is None:
        try:
            instance.types = own_sizes.widened(instance.types, types)
        except TypeMismatch as error:
            ctx.refuse(
                node, "recursion", f"`{instance.callee.name}` calls itself with arguments of other"
                f" types: {error}.", "give every call the same kinds of numbers and arrays.",
            )  # fmt: skip
        raise Widened(instance)
    if instance.result is UNKNOWN:
        raise Unsettled(instance, ctx.span(node))
    operands = [ctx.lift(item, node) for item in arguments]
    single = isinstance(instance.result, _Typed)
    result = rebuild(
        instance.result,
        lambda leaf: Value(own_sizes.returned(leaf.type, binding), name if single else None)
        if isinstance(leaf, _Typed) else leaf,
    )  # fmt: skip
    results = [leaf for leaf in leaves(result) if isinstance(leaf, Value)]
    ctx.builder.span = ctx.span(node)
    attributes: dict[str, Any] = {"callee": instance.label}
    if instance.callee.again:
        attributes["recompute"] = True
    ctx.builder.region("invoke", operands, results, (), attributes)
    for value in filter(has_memory, results):  # which may be an argument, or a view of one
        given = (item for item in arguments if isinstance(item, Value) and has_memory(item))
        ctx.memory.relate(value, map(ctx.memory.owner, given))
    return result
