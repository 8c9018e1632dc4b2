"""Derivatives inside a function: calls of `grad(f)`, `jvp`, `hvp`, `hessian(f)`, of what they are
told to be; Jacobians and batches are in `matrix_calls`.

    g = grad(energy)(x)          the operations of energy(x), lowered apart,
    loss = np.sum(g * g)         differentiated, and put in place of the call

What is differentiated by enters the function as new values, so that what the function reads from
around it, be it the same array, is a constant to it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

from ..ir.builder import Builder
from ..ir.core import Block, Function, Value, callee_of, hint, walk
from ..ir.rewrite import free_values, substitute
from ..ir.sizes import Size
from ..ir.types import kind_of, rank
from . import calls, matrix_calls
from .context import Context
from .items import Item, LocalFunction, in_words, is_constant, is_float, leaves, rebuild
from .merging import sealed

__all__ = [
    "Derivation", "Derive", "call", "derivation_of", "lowered_apart", "make", "maker_of", "shown",
    "tangent_of",
]  # fmt: skip


class Derive(Protocol):
    """The derivative of a function in SSA, ready to stand for itself: its results, for the
    tangents that follow its parameters where the mode takes any. `size`: of a batch."""

    def __call__(
        self, function: Function, wrt: Sequence[Value], mode: str, value: bool,
        size: Size | None = None,
    ) -> Function: ...  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Derivation:
    """What `grad(f, wrt)` is inside a function: `f` to be differentiated when it is called."""

    target: Any
    mode: str
    wrt: Any = 0
    value: bool = False
    aux: bool = False
    how: Any = "auto"  # of a Jacobian: by columns or by rows; of a batch: in_axes

    @property
    def of_a_number(self) -> bool:
        """Whether only functions of one number have it."""
        return self.mode in ("grad", "hvp", "hessian")


def maker_of(callee: Any) -> str | None:
    """The name of the derivative that a function of ours makes, if it is one."""
    found = getattr(callee, "__adcompiler_derivative__", None)
    return found if isinstance(callee, types.FunctionType) else None


def derivation_of(callee: Any) -> Derivation | None:
    """What a gradient from outside stands for."""
    told = getattr(type(callee), "__adcompiler_derivation__", None)
    if told is None:
        return None
    target, steps = told(callee)
    for step in steps:
        target = Derivation(target, *step)
    found: Derivation = target
    return found


def make(
    ctx: Context, node: ast.AST, kind: str, args: list[Item], keywords: dict[str, Item]
) -> Item:
    """`grad(f)`, which is called later, or `jvp(f, primals, tangents)`, which is called at once."""
    keywords = {**keywords}
    keywords.pop("optimize", None)
    if kind not in (*_LATER, "jvp", "hvp") or not args:
        ctx.refuse(
            node, "derivative", f"`{kind}` inside of a function that is differentiated.",
            "use grad, value_and_grad, jvp, hvp, jacobian, hessian or vmap there.",
        )  # fmt: skip
    target, *rest = args
    aux: Item = False
    wrt = keywords.pop("wrt", None if kind == "jvp" else 0)
    how = keywords.pop("mode", "auto") if kind == "jacobian" else keywords.pop("in_axes", 0)
    if kind in _LATER:
        wrt = rest.pop(0) if rest else wrt
        how = wrt if kind == "vmap" and wrt != 0 else how
        aux = keywords.pop("has_aux", False) if kind != "vmap" else False
    told = (*leaves(wrt), *leaves(how))
    if keywords or not isinstance(aux, bool) or not all(map(is_constant, told)):
        ctx.refuse(
            node, "derivative", f"an argument of `{kind}` that isn't known when the gradient is"
            " compiled.", "give it the function, and wrt by position or name.",
        )  # fmt: skip
    mode, value = "grad" if "grad" in kind else kind, kind == "value_and_grad"
    derivation = Derivation(target, mode, wrt, value, aux, how)
    if kind in _LATER:
        return derivation
    if kind == "jvp":
        primals, tangents = (_sequence(ctx, node, part) for part in rest)
        return _along(ctx, node, derivation, primals, tangents)
    *primals, v = rest
    several = isinstance(wrt, tuple)
    return _along(ctx, node, derivation, primals, _sequence(ctx, node, v) if several else [v])


_LATER = ("grad", "value_and_grad", "jacobian", "hessian", "vmap")


def _sequence(ctx: Context, node: ast.AST, item: Item) -> list[Item]:
    if not isinstance(item, (tuple, list)):
        ctx.refuse(
            node, "derivative", f"{in_words(item)} where a tuple has to be, one for each argument.",
            "write (x,) for one.",
        )  # fmt: skip
    return list(item)


def call(
    ctx: Context, node: ast.AST, derivation: Derivation, args: list[Item],
    keywords: dict[str, Item],
) -> Item:  # fmt: skip
    """What `grad(f)(x)` gives."""
    if derivation.mode == "hessian" and derivation.aux:
        ctx.refuse(
            node, "derivative", "`hessian` with has_aux inside of a function.",
            "leave has_aux out, and call the function for what else it returns.",
        )  # fmt: skip
    if derivation.mode == "jacobian":
        return matrix_calls.jacobian(ctx, node, derivation, args, keywords)
    if derivation.mode == "vmap":
        return matrix_calls.batch(ctx, node, derivation, args, keywords)
    return _derived(ctx, node, derivation, args, keywords, [])


def _along(
    ctx: Context, node: ast.AST, derivation: Derivation, args: list[Item], tangents: list[Item]
) -> Item:
    if derivation.wrt is None:
        wrt = tuple(k for k, tangent in enumerate(tangents) if tangent is not None)
        derivation = Derivation(derivation.target, derivation.mode, wrt)
        tangents = [tangent for tangent in tangents if tangent is not None]
    return _derived(ctx, node, derivation, args, {}, tangents)


def _derived(
    ctx: Context, node: ast.AST, derivation: Derivation, args: list[Item],
    keywords: dict[str, Item], tangents: list[Item],
) -> Item:  # fmt: skip
    apart = lowered_apart(ctx, node, derivation, args, keywords)
    function = apart.function
    if derivation.mode == "hessian" and len(apart.wrt) != 1:
        ctx.refuse(
            node, "derivative", f"a Hessian by {len(apart.wrt)} arrays or numbers inside of a"
            " function.", "take it by one of them, or use hvp.",
        )  # fmt: skip
    assert ctx.derive is not None
    found = ctx.derive(
        function, apart.wrt, derivation.mode, derivation.value or derivation.aux
    )
    seeds = _seeds(ctx, node, derivation, apart.given, tangents)
    mapping = dict(zip(found.parameters[len(function.parameters) :], seeds, strict=True))
    values = apart.spliced(ctx, found, mapping)
    return _result(derivation, apart.result, apart.inside, values)


@dataclass(frozen=True)
class Apart:
    """A call, lowered apart: the function of what it is differentiated by, which `actual` stands
    for, and of what it reads from around it; what it returns; and the arguments that it is
    differentiated by, as they are given and inside."""

    function: Function
    result: Item
    wrt: list[Value]
    actual: list[Item]
    given: list[Item]
    inside: list[Item]

    def spliced(
        self, ctx: Context, found: Function, mapping: dict[Value, Any]
    ) -> Iterator[Value]:
        """The results of what has been derived, put in place of the call."""
        mapping = {**dict(zip(self.wrt, self.actual, strict=True)), **mapping}
        body = substitute(Block((), found.body.operations, found.body.results), mapping)
        ctx.builder.operations += body.operations
        return iter(body.results)


def lowered_apart(
    ctx: Context, node: ast.AST, derivation: Derivation, args: list[Item],
    keywords: dict[str, Item], types: dict[Any, Callable[[Value], Any]] | None = None,
) -> Apart:  # fmt: skip
    """The call of what is to be derived; `types` are those that values have inside, by argument,
    where they have others: then all of them enter, and not the floats alone."""
    places = _places(ctx, node, derivation, args, keywords) if types is None else list(types)
    given: dict[Any, Item] = {**dict(enumerate(args)), **keywords}
    actual: list[Item] = []

    wrt: list[Value] = []

    def enter(key: Any, leaf: Item) -> Item:
        if types is None and not _is_float(leaf):
            return leaf
        actual.append(ctx.lift(leaf, node))
        type_ = actual[-1].type if types is None else types[key](actual[-1])
        wrt.append(Value(type_, hint(actual[-1])))
        return wrt[-1]

    inside = dict(given)
    for key in places:
        inside[key] = rebuild(given[key], functools.partial(enter, key))
    args = [inside[k] for k in range(len(args))]
    keywords = {key: item for key, item in inside.items() if isinstance(key, str)}
    builder, result = _apart(ctx, node, derivation.target, args, keywords)
    function = _closed(ctx, node, builder, wrt, result, derivation)
    if any(callee_of(op) is not None for op in walk(function.body)):
        ctx.refuse(
            node, "recursion", "the function that is differentiated here calls a function that"
            " calls itself, or checkpoints a call.",
            "write the recursion as a loop, and leave checkpoint() out.",
        )  # fmt: skip
    outside, within = ([of[key] for key in places] for of in (given, inside))
    return Apart(function, result, wrt, actual, outside, within)


def _is_float(leaf: Item) -> bool:
    return isinstance(leaf, float) or is_float(leaf)


def _places(
    ctx: Context, node: ast.AST, derivation: Derivation, args: list[Item], keywords: dict[str, Item]
) -> list[Any]:
    """The arguments that it is taken by, by position or keyword."""
    wrt = derivation.wrt if isinstance(derivation.wrt, tuple) else (derivation.wrt,)
    names = _names(derivation.target)
    found: list[Any] = []
    for one in wrt:
        place = one
        if isinstance(one, int) and one < 0:
            place = one + (len(names) or len(args))
        if isinstance(one, str) and one not in keywords and one in names:
            place = names.index(one)
        elif isinstance(place, int) and place >= len(args) and names[place : place + 1]:
            place = names[place]
        if not (place in keywords or (isinstance(place, int) and 0 <= place < len(args))):
            ctx.refuse(
                node, "unknown-wrt", f"wrt={one!r} names no argument of the call.",
                "count the arguments from 0, or name a parameter.",
            )  # fmt: skip
        found.append(place)
    return found


def _names(target: Any) -> list[str]:
    match target:
        case LocalFunction():
            arguments = target.node.args
            return [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        case Derivation():
            return _names(target.target)
    function = getattr(target, "function", target)
    if isinstance(function, types.FunctionType):
        return list(inspect.signature(function).parameters)
    return []


def _apart(
    ctx: Context, node: ast.AST, target: Any, args: list[Item], keywords: dict[str, Item]
) -> tuple[Builder, Item]:
    """The call of what is differentiated, lowered into a builder of its own."""
    outer, ctx.builder = ctx.builder, Builder(ctx.span(node))
    try:
        with sealed(ctx, node, "the function that is differentiated here"):
            item = calls.invoke(ctx, node, target, args, keywords, None)
            item = rebuild(item, lambda leaf: _settled(ctx, node, leaf))
        return ctx.builder, item
    finally:
        ctx.builder = outer


def _settled(ctx: Context, node: ast.AST, leaf: Item) -> Item:
    """A number as a value, an array as what it holds when the function returns."""
    return ctx.lift(leaf, node) if isinstance(leaf, (Value, float)) else leaf


def _closed(
    ctx: Context, node: ast.AST, builder: Builder, wrt: list[Value], result: Item,
    derivation: Derivation,
) -> Function:  # fmt: skip
    """A function of what it is differentiated by, and of what it reads from around it."""
    outputs = [v for v in leaves(result) if isinstance(v, Value)]
    number = result
    if derivation.aux:
        number = result[0] if isinstance(result, tuple) and len(result) == 2 else None
    if derivation.of_a_number and not _is_number(number):
        ctx.refuse(
            node, "non-scalar-result",
            f"the function that is differentiated returns {in_words(result)}, not one real number.",
            "return a single number, for example the loss.",
        )  # fmt: skip
    body = builder.block((), outputs)
    free = [v for v in free_values(body) if v not in wrt]
    name = getattr(derivation.target, "__name__", "function")
    return Function(name, builder.block((*wrt, *free), outputs), ctx.span(node))


def _is_number(result: Item) -> bool:
    """Whether it is one real number, which has a gradient."""
    if not isinstance(result, Value) or rank(result.type):
        return False
    return kind_of(result.type) in ("float", "int")


def _seeds(
    ctx: Context, node: ast.AST, derivation: Derivation, given: list[Item], tangents: list[Item]
) -> list[Value]:
    """The tangents, a value for each float that is differentiated by."""
    if derivation.mode not in ("jvp", "hvp"):
        return []
    found = []
    for item, tangent in zip(given, tangents, strict=True):
        wanted, told = list(leaves(item)), list(leaves(tangent))
        if len(wanted) != len(told):
            ctx.refuse(
                node, "tangents", "a tangent has another structure than its argument.",
                "give it the argument's structure.",
            )  # fmt: skip
        found += [
            ctx.lift(dot, node) for leaf, dot in zip(wanted, told, strict=True) if _is_float(leaf)
        ]
    return found


def _result(
    derivation: Derivation, result: Item, inside: list[Item], values: Iterator[Value]
) -> Item:
    """The structure of what the call gives."""
    if derivation.mode == "jvp":
        value = rebuild(result, lambda leaf: next(values) if isinstance(leaf, Value) else leaf)
        return (value, rebuild(result, lambda leaf: tangent_of(leaf, values)))
    value = next(values) if derivation.value or derivation.aux else None
    if derivation.aux:
        value = (value, rebuild(result[1], lambda v: next(values) if _is_value(v) else v))
    if derivation.mode == "hessian":
        return shown(derivation, inside, lambda: shown(derivation, inside, lambda: next(values)))
    parts = tuple(
        rebuild(item, lambda leaf: next(values) if _is_float(leaf) else leaf) for item in inside
    )
    gradient = parts if isinstance(derivation.wrt, tuple) else parts[0]
    if derivation.aux and not derivation.value:
        return (gradient, value[1])
    return (value, gradient) if derivation.value else gradient


def shown(derivation: Derivation, inside: list[Item], one: Callable[[], Item]) -> Item:
    """The structure of what it is differentiated by, with something for each float; None for what
    is no float."""
    parts = tuple(rebuild(item, lambda leaf: one() if _is_float(leaf) else None) for item in inside)
    return parts if isinstance(derivation.wrt, tuple) else parts[0]


def _is_value(leaf: Item) -> bool:
    return isinstance(leaf, Value)


def tangent_of(leaf: Item, values: Iterator[Value]) -> Item:
    """What isn't a float has no direction to go in: 0 for numbers."""
    if is_float(leaf):
        return next(values)
    return 0 if isinstance(leaf, (Value, int)) else leaf
