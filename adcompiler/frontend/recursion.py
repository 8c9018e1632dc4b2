"""Calls of the user's own functions: inlined, unless they go round; then functions of their own.

    def power(x, n):                                       function power(%x: float, %n: int):
        return 1.0 if n == 0 else x * power(x, n - 1)          ...
                                                               %1 = invoke[callee=power] %x, %0

Recursion that is finite when the function is compiled (over a tuple of tuples, down from a
literal int) is inlined like any call. A call goes round where an active call of the same function
has the same static arguments; numbers and arrays never tell calls apart.

The types of what a recursive function returns come from the paths that don't call it: at first
every other path is left out (`instances.attempt`), then the body is lowered with the types found
until they settle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import BOOL, INT, Array, Scalar, Type, TypeMismatch, kind_of, rank
from . import own_sizes
from .context import RECURSION, Context, StaticNeeded
from .instances import UNKNOWN, Active, Callee, Instance, Recurs, Unsettled, Widened
from .items import Item, LocalFunction, in_words, is_number, leaves, rebuild, same_structure

__all__ = ["called"]

_ATTEMPTS = 40
# How deep, and how often, a function is inlined into itself before its ints become run-time ones.
_DEPTH = 16
_INLINED = 128

Form = tuple[Any, tuple[Any, ...]]
NUMBER = "number"


def called(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item], name: str | None
) -> Item:
    """What a call of a function of the user's gives."""
    form = _form(bound)
    for active in reversed(ctx.instances.active):
        numbers = _numbers(active, form) if active.key == callee.key else None
        if numbers is not None:
            if active.instance is None or numbers:
                raise Recurs(active, numbers)
            return _invoke(ctx, node, active.instance, bound, name)
    for instance in ctx.instances.known:
        if _serves(instance, callee, form, bound):
            return _invoke(ctx, node, instance, bound, name)
    return _inlined(ctx, node, callee, bound, form, name)


def _inlined(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item], form: Form,
    name: str | None,
) -> Item:  # fmt: skip
    """Lower the function in place; if it turns out to call itself, give it a function."""
    state = ctx.instances
    around = [a for a in state.active if a.key == callee.key]
    if len(around) >= _DEPTH or (around and state.inlined >= _INLINED):
        _check_end(around[0], form)
    active, before = Active(callee.key, form), state.inlined
    builder, count, known = ctx.builder, len(ctx.builder.operations), list(state.known)
    state.inlined = state.inlined + 1 if around else 0
    state.active.append(active)
    try:
        return callee.lower(dict(bound), name)
    except Recurs as found:
        if found.active is not active:
            raise
        numbers = found.numbers
    except RecursionError:
        if around:
            raise
        ctx.refuse(
            node, "recursion", f"`{callee.name}` calls itself too deep, with arguments of another"
            " form each time.", "give every call the same kinds of arguments, or write the"
            " recursion as a loop.",
        )  # fmt: skip
    finally:
        state.active.remove(active)
        if not around:
            state.inlined = before
    ctx.builder, state.known[:] = builder, known
    del builder.operations[count:]
    return _apart(ctx, node, callee, bound, numbers, name)


def _check_end(first: Active, form: Form) -> None:
    """Static recursion that doesn't end soon: ints that differ become numbers at run time."""
    pairs = list(enumerate(zip(first.form[1], form[1], strict=False)))
    differing = {k for k, (a, b) in pairs if a != b}
    ints = {k for k, (a, b) in pairs if a != b and _is_int(a) and _is_int(b)}
    if first.form[0] == form[0] and differing == ints:
        raise Recurs(first, frozenset(ints))


def _apart(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item],
    numbers: frozenset[int], name: str | None,
) -> Item:  # fmt: skip
    """A call of a function of its own, which is lowered first."""
    try:
        instance = _settle(ctx, node, callee, bound, numbers)
    except StaticNeeded as need:
        if need.path[:2] != (RECURSION, callee.key):
            raise
        what = f"an argument of `{callee.name}`"
        static = {
            leaf: ctx.static(item, node, what)
            for leaf, item in enumerate(leaves(bound)) if leaf == need.path[2]
        }  # fmt: skip
        counter = iter(range(1 << 30))
        again = rebuild(bound, lambda item: static.get(next(counter), item))
        return called(ctx, node, callee, again, name)
    ctx.instances.known.append(instance)
    return _invoke(ctx, node, instance, bound, name)


# Telling calls apart.


def _form(bound: Mapping[str, Item]) -> Form:
    """What of a call's arguments is static: the structure, and what is known of each leaf."""
    return _structure(bound), tuple(map(_leaf, leaves(bound)))


def _structure(item: Item) -> Any:
    match item:
        case tuple() | list():
            return (type(item), *map(_structure, item))
        case dict():
            return (dict, *((key, _structure(part)) for key, part in item.items()))
    return None


def _leaf(item: Item) -> Any:
    if isinstance(item, Value):
        if not rank(item.type):
            return NUMBER
        kind = item.type.dtype if isinstance(item.type, Array) else kind_of(item.type)
        return (type(item.type), kind, rank(item.type))
    if type(item) in (float, complex):
        return NUMBER
    try:
        hash(item)
    except TypeError:
        return (id(item),)
    return (type(item), item)


def _is_int(leaf: Any) -> bool:
    return isinstance(leaf, tuple) and leaf[0] in (int, bool)


def _numbers(active: Active, form: Form) -> frozenset[int] | None:
    """The static ints of an active call that are other numbers in this one; None where the two
    calls differ in more than numbers."""
    if active.form[0] != form[0]:
        return None
    numbers = set()
    for k, (old, new) in enumerate(zip(active.form[1], form[1], strict=True)):
        if old == new or (old == NUMBER and _is_int(new)):
            continue
        if not (_is_int(old) and new == NUMBER):
            return None
        numbers.add(k)
    return frozenset(numbers)


def _serves(instance: Instance, callee: Callee, form: Form, bound: dict[str, Item]) -> bool:
    """Whether an instance from an earlier call does for this one.

    Not where an inner function is called or passed: it reads the names around it anew.
    """
    inner = any(isinstance(leaf, LocalFunction) for leaf in leaves(bound))
    if inner or not callee.lasting or instance.callee.key != callee.key:
        return False
    active = Active(callee.key, instance.form)
    if _numbers(active, form) != frozenset():
        return False
    types = [_type(leaf) for leaf in _arguments(instance, bound)]
    return own_sizes.binding(instance.types, types) is not None


# A function of its own.


@dataclass(frozen=True)
class _Typed:
    """A leaf of what a function returns."""

    type: Type


def _settle(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item], numbers: frozenset[int]
) -> Instance:
    """Lower the function until the types of its parameters and results fit all calls of it."""
    items = list(leaves(bound))
    structure, forms = _form(bound)
    run_time = [k for k, item in enumerate(items) if forms[k] == NUMBER or k in numbers
                or isinstance(item, Value)]  # fmt: skip
    form = (structure, tuple(NUMBER if k in numbers else f for k, f in enumerate(forms)))
    types = own_sizes.general([_type(items[k]) for k in run_time])
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
            return _settle(ctx, node, callee, bound, numbers | found.numbers)
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
    names = []
    for name, item in instance.arguments.items():
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
    return ctx.refuse(
        node, "recursion", f"`{instance.callee.name}`, which calls itself, returns"
        f" {in_words(leaf)}.", "return numbers, arrays, or tuples of them on every path.",
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
    ctx.refuse(
        node, "recursion", f"`{instance.callee.name}`, which calls itself, returns {what} on its"
        " paths.", "return the same kinds of numbers and arrays on every path.",
    )  # fmt: skip


# Calling it.


def _arguments(instance: Instance, bound: dict[str, Item]) -> list[Item]:
    items = list(leaves(bound))
    return [items[k] for k in instance.positions]


def _type(item: Item) -> Type:
    if not isinstance(item, Value):
        return Scalar(type(item).__name__)
    return Scalar(item.type.kind) if isinstance(item.type, Scalar) else item.type


def _invoke(
    ctx: Context, node: ast.AST, instance: Instance, bound: dict[str, Item], name: str | None
) -> Item:
    """Append the call; gives what it returns."""
    arguments = _arguments(instance, bound)
    types = [_type(item) for item in arguments]
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
    ctx.builder.region("invoke", operands, results, (), {"callee": instance.label})
    return result
