"""Jacobians and batches inside a function: `jacobian(f)(x)`, `vmap(f)(x)`.

    J = jacobian(model)(w)       by columns: forward mode of model(w), along all unit vectors
    s = np.linalg.solve(J, r)    by rows: reverse mode; the same operations in either case

As of other derivatives inside (`derived_calls`), what is called is lowered apart and put in place.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.sizes import is_known, may_be_one
from ..ir.types import Array, is_complex, rank, shape_of
from ..ops import SPELLINGS, TABLE, Tracer
from . import derived_calls
from .context import Context
from .items import Item, in_words, is_float, leaves, rebuild

__all__ = ["batch", "jacobian"]


def jacobian(
    ctx: Context, node: ast.AST, derivation: Any, args: list[Item], keywords: dict[str, Item]
) -> Item:
    """The partials of each float that is returned by each that it is differentiated by."""
    apart = derived_calls.lowered_apart(ctx, node, derivation, args, keywords)
    out, aux = apart.result, None
    if derivation.aux:
        if not isinstance(out, tuple) or len(out) != 2:
            ctx.refuse(
                node, "non-scalar-result", f"the function returns {in_words(out)}; with"
                " has_aux=True it has to be a tuple of two.", "return (out, something else).",
            )  # fmt: skip
        out, aux = out
    outputs = [v for v in leaves(out) if is_float(v)]
    more = [v for v in leaves(aux) if isinstance(v, Value)]
    mode = _mode(ctx, node, derivation.how, apart.wrt, outputs)
    body = replace(apart.function.body, results=(*outputs, *more))
    found = ctx.derive(replace(apart.function, body=body), apart.wrt, mode, False)
    values = list(apart.spliced(ctx, found, {}))
    others = iter(values[len(outputs) : len(outputs) + len(more)])
    blocks = iter(values[len(outputs) + len(more) :])

    def row(leaf: Item) -> Item:
        if is_float(leaf):
            return derived_calls.shown(derivation, apart.inside, lambda: next(blocks))
        return derived_calls.shown(derivation, apart.inside, lambda: None)

    matrix = rebuild(out, row)
    if not derivation.aux:
        return matrix
    return (matrix, rebuild(aux, lambda v: next(others) if isinstance(v, Value) else v))


def _mode(
    ctx: Context, node: ast.AST, how: Any, wrt: Sequence[Value], outputs: Sequence[Value]
) -> str:
    """By columns, where there is one thing to differentiate by, or by rows, where there is one
    result; the fewer, where that is known."""
    given, found = ({is_complex(v.type) for v in values} for values in (wrt, outputs))
    possible = {
        "forward": len(wrt) == 1 and not (True in given and False in found),
        "reverse": len(outputs) == 1 and not (True in found and False in given),
    }
    if how == "auto":
        columns, rows = _count(wrt), _count(outputs)
        numbers = not any(rank(v.type) for v in outputs)
        known = columns is not None and rows is not None
        first = "forward" if (columns <= rows if known else not numbers) else "reverse"
        second = "reverse" if first == "forward" else "forward"
        how = first if possible[first] else second
    if not possible.get(how, False):
        ctx.refuse(
            node, "derivative", f"a Jacobian of {len(outputs)} results by {len(wrt)} arrays or"
            f" numbers, mode={how!r}, inside of a function.",
            "take it by one array (mode='forward'), or of one result (mode='reverse'); of complex"
            " numbers, of their real and imaginary parts.",
        )  # fmt: skip
    return "columns" if how == "forward" else "rows"


def _count(values: Sequence[Value]) -> Any:
    """How many numbers there are; None where that isn't known."""
    sizes = [n for v in values for n in shape_of(v.type)]
    if not all(isinstance(n, int) for n in sizes):
        return None
    return sum(math.prod(shape_of(v.type)) for v in values)  # type: ignore[arg-type]


def batch(
    ctx: Context, node: ast.AST, derivation: Any, args: list[Item], keywords: dict[str, Item]
) -> Item:
    """The results of a call for each element of stacks, as stacks."""
    axes = derivation.how if isinstance(derivation.how, tuple) else (derivation.how,) * len(args)
    if len(axes) != len(args) or all(axis is None for axis in axes):
        ctx.refuse(
            node, "batch", f"there are {len(axes)} in_axes for {len(args)} arguments.",
            "give one for each argument by position; None for what all have in common.",
        )  # fmt: skip
    tracer = Tracer(ctx.builder, TABLE, SPELLINGS)

    def moved(leaf: Item, axis: int) -> Item:
        count = rank(leaf.type) if isinstance(leaf, Value) else 0
        if not -count <= axis < count or not isinstance(leaf.type, Array):
            ctx.refuse(
                node, "batch", f"{in_words(leaf)} has no axis {axis} to be batched along.",
                "give arrays, or None in in_axes for what all calls have in common.",
            )  # fmt: skip
        value = ctx.lift(leaf, node)
        if not axis % count:
            return value
        order = (axis % count, *(k for k in range(count) if k != axis % count))
        var: Any = tracer.var(value)
        return np.transpose(var, order).value  # type: ignore[attr-defined]

    given = [
        item if axis is None else rebuild(item, functools.partial(moved, axis=axis))
        for item, axis in zip(args, axes, strict=True)
    ]
    sizes = {shape_of(v.type)[0] for item, axis in zip(given, axes, strict=True)
             if axis is not None for v in leaves(item)}  # fmt: skip
    numbers = [n for n in sizes if isinstance(n, int)]
    if 0 in sizes or len(numbers) > 1 or (len(sizes) > 1 and any(map(may_be_one, sizes))):
        shown = " and ".join(sorted(map(str, sizes)))
        ctx.refuse(node, "batch", f"a batch of {shown}.", "give stacks of one size, of 1 at least.")
    stacks = [k for k, axis in enumerate(axes) if axis is not None]
    types: dict[Any, Callable[[Value], Any]] = dict.fromkeys(stacks, _one)
    apart = derived_calls.lowered_apart(ctx, node, derivation, given, keywords, types)
    size = min(sizes, key=lambda n: (not isinstance(n, int), not is_known(n), str(n)))
    found = ctx.derive(apart.function, apart.wrt, "vmap", False, size)
    mapping = dict(zip(found.parameters, apart.actual, strict=False))
    values = apart.spliced(ctx, found, mapping)
    return rebuild(apart.result, lambda leaf: next(values) if isinstance(leaf, Value) else leaf)


def _one(stack: Value) -> Any:
    assert isinstance(stack.type, Array)
    return replace(stack.type, shape=stack.type.shape[1:])
