"""Calls of the user's own functions: inlined, unless they go round; then functions of their own.

    def power(x, n):                                       function power(%x: float, %n: int):
        return 1.0 if n == 0 else x * power(x, n - 1)          ...
                                                               %1 = invoke[callee=power] %x, %0

Recursion that is finite when the function is compiled (over a tuple of tuples, down from a
literal int) is inlined like any call; a checkpointed call never is. A call goes round where an
active call of the same function has the same static arguments; numbers and arrays never tell calls
apart.

The types of what a recursive function returns come from the paths that don't call it: at first
every other path is left out (`instances.attempt`), then the body is lowered with the types found
until they settle.
"""

from __future__ import annotations

import ast

from . import own_sizes
from .context import RECURSION, Context, StaticNeeded
from .forms import Form, form_of, is_int, numbers_of
from .instances import Active, Callee, Instance, Recurs
from .items import Item, LocalFunction, leaves, rebuild
from .settling import arguments_of, invoke, settle, type_of

__all__ = ["called"]

# How deep, and how often, a function is inlined into itself before its ints become run-time ones.
_DEPTH = 16
_INLINED = 128


def called(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item], name: str | None
) -> Item:
    """What a call of a function of the user's gives."""
    form = form_of(bound)
    for active in reversed(ctx.instances.active):
        numbers = numbers_of(active, form) if active.key == callee.key else None
        if numbers is not None:
            if active.instance is None or numbers:
                raise Recurs(active, numbers)
            return invoke(ctx, node, active.instance, bound, name)
    for instance in ctx.instances.known:
        if _serves(instance, callee, form, bound):
            return invoke(ctx, node, instance, bound, name)
    if callee.again:
        return _apart(ctx, node, callee, bound, frozenset(), name)
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
            state.endless.add(callee.key)
        if around or callee.key not in state.endless:
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
    ints = {k for k, (a, b) in pairs if a != b and is_int(a) and is_int(b)}
    if first.form[0] == form[0] and differing == ints:
        raise Recurs(first, frozenset(ints))


def _apart(
    ctx: Context, node: ast.AST, callee: Callee, bound: dict[str, Item],
    numbers: frozenset[int], name: str | None,
) -> Item:  # fmt: skip
    """A call of a function of its own, which is lowered first."""
    known = list(ctx.instances.known)
    try:
        instance = settle(ctx, node, callee, bound, numbers)
    except StaticNeeded as need:
        if need.path[:2] != (RECURSION, callee.key):
            raise
        ctx.instances.known[:] = known
        what = f"an argument of `{callee.name}`"
        static = {
            leaf: ctx.static(item, node, what)
            for leaf, item in enumerate(leaves(bound)) if leaf == need.path[2]
        }  # fmt: skip
        counter = iter(range(1 << 30))
        again = rebuild(bound, lambda item: static.get(next(counter), item))
        return called(ctx, node, callee, again, name)
    ctx.instances.known.append(instance)
    return invoke(ctx, node, instance, bound, name)


def _serves(instance: Instance, callee: Callee, form: Form, bound: dict[str, Item]) -> bool:
    """Whether an instance from an earlier call does for this one.

    Not where an inner function is called or passed: it reads the names around it anew.
    """
    inner = any(isinstance(leaf, LocalFunction) for leaf in leaves(bound))
    if inner or not callee.lasting or instance.callee.key != callee.key:
        return False
    active = Active(callee.key, instance.form)
    if numbers_of(active, form) != frozenset():
        return False
    types = [type_of(leaf) for leaf in arguments_of(instance, bound)]
    return own_sizes.binding(instance.types, types) is not None
