"""The derivatives that a function may be asked for: what each takes, computes and gives.

    grad             f_grad(x, *, grad_y=1.0)         the gradient of one number, reverse mode
    value_and_grad   f_value_and_grad(...)            the number, too
    vjp              f_vjp(x)                         any result, with what is saved for
                     f_pullback(saved, grad_y)        cotangents pulled back
    jvp              f_jvp(x, *, dot_x)               the value and its tangent, forward mode
    hvp              f_hvp(x, *, dot_x)               forward mode over the gradient
    hessian          f_hessian(x)                     the same along all unit vectors at once

All are made of the lowered function, in SSA, by the transformations; a derivative of a derivative
(`Options.inner`) is one more round of them.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .codegen.signature import Parameter, Whole, replaced_in
from .dense import dense_columns, dense_hessian, dense_rows
from .diagnostics import Diagnostic, SignatureError
from .frontend.derived_calls import tangent_of
from .frontend.items import Item, is_float, leaves, rebuild
from .frontend.lower import Lowered
from .frontend.signature import parts
from .ir.core import Function, Label, Parts, Value, hint
from .ir.types import is_differentiable
from .naming import (
    is_value,
    like,
    names_of,
    taken_parameter,
    with_constant_seed,
    with_free_names,
    with_named_results,
    with_named_seed,
    with_tangents,
)
from .options import Options
from .refusals import (
    check_aux,
    check_complex,
    check_repeatable,
    check_result,
    check_written,
    differentiable_at,
)
from .results import Form, form_of, together
from .targets import check_variables
from .transform.batch import batch
from .transform.forward import forward
from .transform.reverse import reverse
from .wrt import (
    Place,
    gradient_item,
    place_expression,
    select,
    shown,
)

__all__ = [
    "MODES", "Derived", "Options", "Pulled", "chosen_values", "derive", "local_places",
    "plain_derivative", "title_of", "with_values",
]  # fmt: skip

MODES = ("grad", "vjp", "jvp", "hvp", "vjps", "jvps", "hvps", "hessian", "vmap")


@dataclass(frozen=True)
class Derived:
    """A derivative in SSA: the parameters that it takes after the function's own, and the
    structure of what it returns, made of its results. `headed`: it has a forward part and a
    backward part, one after the other. `batched`: the stacks that stand for parameters. `form`: the
    classes among what is returned. `pullback`: the backward part where that becomes a function by
    itself, which takes what was saved and the cotangents."""

    function: Function
    parameters: tuple[Parameter, ...]
    returned: Callable[[Iterator[Value]], Any]
    headed: bool = True
    batched: Mapping[Value, Value] = field(default_factory=dict)
    form: Form | None = None
    pullback: Pulled | None = None


@dataclass(frozen=True)
class Pulled:
    """The backward part as a function: its cotangents, as parameters of the whole and with their
    structure, and the structure of what it returns."""

    label: Label
    seeds: tuple[Value, ...]
    cotangent: Parameter
    returned: Callable[[Iterator[Value]], Any]


def derive(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """The derivative that the options ask for, with its saves still to be made legal."""
    return _BY_MODE[options.mode](lowered, function, wrt, options)


def chosen_values(lowered: Lowered, function: Function, options: Options) -> list[Value]:
    """What is differentiated by, or batched: the floats, or all, of the places that are named."""
    if options.mode == "vmap":
        return [v for place in options.wrt for v in _leaves_at(lowered, place)]
    found = [v for place in options.wrt for v in differentiable_at(lowered, place)]
    check_complex(function, found)
    return found


def _leaves_at(lowered: Lowered, place: Place) -> list[Value]:
    found = [v for v in leaves(select(lowered.arguments, place)) if is_value(v)]
    if len(found) != len(list(parts(select(lowered.structures, place), ""))):
        raise SignatureError(
            Diagnostic(
                "batch", f"`{shown(place)}` is batched, and its value must be known when the"
                " function is compiled.", "give None for it in in_axes.", lowered.function.span,
            )
        )  # fmt: skip
    return found


def local_places(structures: Mapping[str, Any], options: Options) -> tuple[str, ...]:
    """The places that are no parameters: local variables. SignatureError where they can't be."""
    groups = [*(inner.wrt for inner in options.inner), options.wrt]
    check_variables(structures, groups, options.mode)
    asked = [place for group in groups for place in group]
    return tuple(dict.fromkeys(p for p in asked if isinstance(p, str) and p not in structures))


def title_of(options: Options) -> str:
    """What the emitted module's docstring calls it."""
    order = 1 + len(options.inner)
    name = "Value and gradient" if options.value else _TITLES[options.mode]
    return name if order == 1 else f"{name} (order {order})"


_TITLES = {
    "grad": "Gradient", "vjp": "Vector-Jacobian product", "jvp": "Jacobian-vector product",
    "hvp": "Hessian-vector product", "vjps": "Vector-Jacobian products",
    "jvps": "Jacobian-vector products", "hvps": "Hessian-vector products",
    "hessian": "Hessian", "vmap": "Batch",
}  # fmt: skip


def _grad(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """The seed is a parameter, 1.0 unless told; in the lecture form a line."""
    check_result(lowered, function, options.aux)
    kind = "value_and_grad" if options.value else "grad"
    found = reverse(
        function, wrt, f"{function.name}_{kind}", value=options.value or options.aux,
        level=1 + len(options.inner), results=function.results[:1],
    )  # fmt: skip
    if options.aux and not options.value:
        found = replace(found, body=replace(found.body, results=found.results[1:]))
    returned = _gradients(lowered, options)
    aux = form_of(lowered.result[1]) if options.aux else None
    form = together([together([None, aux]), None] if options.value else [None, aux])
    if options.passes.level == 0:
        return Derived(with_constant_seed(found, function), (), returned, form=form)
    if options.seeded:
        return Derived(with_constant_seed(found, function, False), (), returned)
    found = with_named_seed(found, function.results[0], names_of(lowered))
    seed = found.parameters[-1]
    one = Parameter(str(hint(seed)), seed, inspect.Parameter.KEYWORD_ONLY, ast.Constant(1.0))
    return Derived(found, (one,), returned, form=form)


def _gradients(lowered: Lowered, options: Options) -> Callable[[Iterator[Value]], Any]:
    """The gradients in the structures of what they are taken of, after the value if it is asked
    for; with what else the function returns as its author wrote it."""

    def returned(values: Iterator[Value]) -> Any:
        value = next(values) if options.value else None
        aux = None
        if options.aux:
            aux = rebuild(lowered.result[1], lambda v: next(values) if is_value(v) else v)
        items = [
            gradient_item(select(lowered.places, place), place_expression(place), values)
            for place in options.wrt
        ]
        result: Any = items[0] if options.single else tuple(items)
        if options.aux:
            return ((value, aux), result) if options.value else (result, aux)
        return (value, result) if options.value else result

    return returned


def _vjp(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """A cotangent for each float that is returned. The function gives what its backward part reads
    beside its value; the two are parted when saves are legal."""
    out = _differentiated(lowered, function, options)
    function = with_named_results(lowered, function)
    outputs = function.results[: sum(map(is_value, leaves(out)))]
    received = [v for v in outputs if is_differentiable(v.type)]
    found = reverse(function, wrt, f"{function.name}_vjp", value=True, results=received)
    count = len(function.parameters)
    found = with_free_names(lowered, found, count)
    seeds = found.parameters[count:]
    cotangent = taken_parameter(lowered, "grad", "out", like(out, iter(seeds)))
    gradients = _gradients(lowered, replace(options, aux=False))
    others = replaced_in(gradients(iter(found.results[len(function.results) :])))

    def returned(values: Iterator[Value]) -> Any:
        value, saved = _value(lowered, values), next(values)
        return (value, (*map(Whole, others), saved) if others else saved)

    label = _pullback_label(function.name, found.functions)
    parted = replace(found, parts=Parts(count, len(function.results), label))
    cotangent = replace(cotangent, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
    pulled = Pulled(label, seeds, cotangent, gradients)
    form = together([form_of(lowered.result), None])
    return Derived(parted, (), returned, False, form=form, pullback=pulled)


def _pullback_label(name: str, functions: Mapping[Label, Function]) -> Label:
    split = (one.parts for one in functions.values() if one.parts is not None)
    taken = {label.name for label in (*functions, *(parts.backward for parts in split))}
    return Label(f"{name}_vjp_pullback" if f"{name}_pullback" in taken else f"{name}_pullback")


def _value(lowered: Lowered, values: Iterator[Value]) -> Any:
    """What the function returns."""
    return rebuild(lowered.result, lambda leaf: next(values) if is_value(leaf) else leaf)


def _jvp(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """A tangent for each float that is differentiated by."""
    out = _differentiated(lowered, function, options)
    function = with_named_results(lowered, function)
    found = forward(function, wrt, f"{function.name}_jvp")
    wanted = len(function.results) + sum(map(is_float, leaves(out)))
    found = replace(found, body=replace(found.body, results=found.results[:wanted]))
    found, parameters = with_tangents(lowered, options, found, len(function.parameters))

    def returned(values: Iterator[Value]) -> Any:
        value = _value(lowered, values)
        tangent = rebuild(out, lambda leaf: tangent_of(leaf, values))
        return (value[0], tangent, value[1]) if options.aux else (value, tangent)

    forms = [form_of(out), form_of(out)]
    if options.aux:
        forms.append(form_of(lowered.result[1]))
    return Derived(found, parameters, returned, False, form=together(forms))


def _differentiated(lowered: Lowered, function: Function, options: Options) -> Any:
    """Of what the function returns, all that can be handed on, what is differentiated."""
    if not options.aux:
        check_written(lowered.result, function.span)
        return lowered.result
    check_aux(lowered.result, function.span)
    check_written(lowered.result[0], function.span)
    return lowered.result[0]


def _hvp(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """Forward mode over the gradient: a second derivative along one direction. What calls itself
    is taken the other way round, since the two parts of such a gradient have no tangents."""
    check_result(lowered, function, options.aux)
    function = replace(function, body=replace(function.body, results=function.results[:1]))
    found = _hessian_product(function, wrt, 1 + len(options.inner), not options.passes.level)
    found, parameters = with_tangents(lowered, options, found, len(function.parameters))
    gradients = _gradients(lowered, replace(options, aux=False))
    return Derived(found, parameters, gradients, headed=False)


def _hessian(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """The Hessian products along all unit vectors of one array."""
    check_repeatable(function, copied=True)
    product = _hvp(lowered, function, wrt, options).function
    found = dense_hessian(product, wrt)
    return Derived(found, (), lambda values: next(values), headed=False)


def _stacked(one: Callable[..., Derived]) -> Callable[..., Derived]:
    """The same for a whole stack of tangents, or of cotangents."""

    def several(
        lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
    ) -> Derived:
        check_repeatable(function, copied=True)
        derived = one(lowered, function, wrt, options)
        parts, own = derived.function.parts, len(function.parameters)
        old = replace(derived.function, parts=None)
        values = 0 if one is _hvp else len(function.results)
        found = batch(old, old.parameters[own:], f"{old.name}s", whole=old.results[values:])
        found = replace(found, parts=parts)
        mapping = dict(zip(old.parameters, found.parameters, strict=True))
        parameters = tuple(with_values(p, mapping) for p in derived.parameters)
        pulled = derived.pullback
        if pulled is not None:
            cotangent = with_values(pulled.cotangent, mapping)
            seeds = tuple(mapping[v] for v in pulled.seeds)
            pulled = replace(pulled, seeds=seeds, cotangent=cotangent)
        return replace(derived, function=found, parameters=parameters, pullback=pulled)

    return several


def with_values(parameter: Parameter, mapping: Mapping[Value, Value]) -> Parameter:
    """The parameter with other values in its structure."""

    def other(leaf: Item) -> Item:
        return mapping.get(leaf, leaf) if isinstance(leaf, Value) else leaf

    return replace(parameter, item=rebuild(parameter.item, other))


def _vmap(
    lowered: Lowered, function: Function, wrt: Sequence[Value], options: Options
) -> Derived:
    """The function itself, of stacks of these arguments; every result is a stack."""
    found = batch(function, wrt, f"{function.name}_vmap")
    mapping = {
        old: new for old, new in zip(function.parameters, found.parameters, strict=True)
        if old is not new
    }  # fmt: skip

    form = form_of(lowered.result)
    returned = functools.partial(_value, lowered)
    return Derived(found, (), returned, headed=False, batched=mapping, form=form)


_BY_MODE = {
    "grad": _grad, "vjp": _vjp, "jvp": _jvp, "hvp": _hvp,
    "vjps": _stacked(_vjp), "jvps": _stacked(_jvp), "hvps": _stacked(_hvp),
    "hessian": _hessian, "vmap": _vmap,
}  # fmt: skip


def _hessian_product(
    function: Function, wrt: Sequence[Value], level: int, named: bool
) -> Function:
    name = f"{function.name}_hvp"
    if function.functions:
        pushed = forward(function, wrt, f"{function.name}_jvp")
        pushed = replace(pushed, body=replace(pushed.body, results=pushed.results[-1:]))
        found = reverse(pushed, wrt, name, level=level)
        return with_constant_seed(found, pushed, named)
    gradient = reverse(function, wrt, f"{function.name}_grad", level=level)
    gradient = with_constant_seed(gradient, function, named)
    found = forward(gradient, wrt, name)
    return replace(found, body=replace(found.body, results=found.results[len(gradient.results) :]))


def plain_derivative(
    function: Function, wrt: Sequence[Value], mode: str, value: bool = False
) -> Function:
    """The derivative by itself: no seed, tangents as further parameters."""
    if mode == "jvp":
        return forward(function, wrt, f"{function.name}_jvp")
    if mode == "hvp":
        return _hessian_product(function, wrt, 1, False)
    if mode == "hessian":
        return dense_hessian(_hessian_product(function, wrt, 1, False), wrt)
    if mode == "columns":
        pushed = forward(function, wrt, f"{function.name}_jvp")
        return dense_columns(pushed, wrt[0], len(function.results))
    if mode == "rows":
        out = function.results[:1]
        pulled = reverse(function, wrt, f"{function.name}_vjp", value=True, results=out)
        return dense_rows(pulled, out[0], wrt)
    found = reverse(
        function, wrt, f"{function.name}_grad", value=value, results=function.results[:1]
    )
    return with_constant_seed(found, function, False)
