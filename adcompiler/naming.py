"""What a derivative takes and makes, under names that people read: seeds, tangents, temporaries.

    f_grad(x, *, grad_y=1.0)      the cotangent of y, a parameter
    f_jvp(x, *, dot_x)            the tangent of x
    grad_L = 1.0                  in the lecture form a line
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace

from .codegen.signature import Parameter
from .frontend.items import Item, is_float, leaf_names, leaves, rebuild
from .frontend.lower import Lowered, parameter_names
from .ir.builder import Builder
from .ir.core import Function, Operation, Temporary, Value, hint, is_temporary, walk
from .ir.rewrite import substitute
from .ir.types import Scalar
from .ir.types import Static as StaticType
from .options import Options
from .wrt import Place, select

__all__ = [
    "is_value", "like", "names_of", "taken_parameter", "with_constant_seed", "with_free_names",
    "with_named_results", "with_named_seed", "with_tangents", "with_temporaries",
]  # fmt: skip


def with_tangents(
    lowered: Lowered, options: Options, found: Function, count: int
) -> tuple[Function, tuple[Parameter, ...]]:
    """Keyword-only parameters for the tangents, `dot_x` in the structure of `x`."""
    found = with_free_names(lowered, found, count)
    values = iter(found.parameters[count:])
    return found, tuple(
        taken_parameter(lowered, "dot", place, like(select(lowered.arguments, place), values))
        for place in options.wrt
    )


def with_free_names(lowered: Lowered, found: Function, count: int) -> Function:
    """The parameters from the position on under names that none before them has."""
    taken = names_of(lowered)
    mapping = {v: Value(v.type, free_name(str(hint(v)), taken)) for v in found.parameters[count:]}
    return replace(found, body=substitute(found.body, mapping))


def names_of(lowered: Lowered) -> set[str]:
    own = parameter_names(lowered.structures, lowered.source.function)
    return {*own, *(c.name for c in lowered.captures)}


def free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def like(item: Item, values: Iterator[Value]) -> Item:
    """The structure with these values in the places of its floats."""
    return rebuild(item, lambda leaf: next(values) if is_float(leaf) else None)


def taken_parameter(lowered: Lowered, prefix: str, place: Place, item: Item) -> Parameter:
    whole = place if isinstance(place, str) else f"{place[0]}_{place[1]}"
    name = hint(item) if isinstance(item, Value) else None
    name = name or free_name(f"{prefix}_{whole}", names_of(lowered))
    return Parameter(str(name), item, inspect.Parameter.KEYWORD_ONLY)


def is_value(leaf: Item) -> bool:
    return isinstance(leaf, Value)


def with_named_results(lowered: Lowered, function: Function) -> Function:
    """Results without a name are `out`, or `out_0`, by their places."""
    mapping: dict[Value, Value] = {}
    names = leaf_names(lowered.result, "out")
    values = iter(function.results)
    for leaf, name in zip(leaves(lowered.result), names, strict=True):
        if is_value(leaf):
            value = next(values)
            if is_temporary(value) and value not in function.parameters:
                mapping.setdefault(value, Value(value.type, name))
    return replace(function, body=substitute(function.body, mapping))


def with_temporaries(function: Function) -> Function:
    """Number the results that the user gave no name: s0, s1, ..., in program order."""
    taken = {v.name for op in walk(function.body) for v in op.results}
    mapping: dict[Value, Value] = {}
    number = 0
    for op in walk(function.body):
        for value in op.results:
            if value.name is None and op.opcode not in _UNNUMBERED and value.type != StaticType():
                while f"s{number}" in taken:
                    number += 1
                mapping[value] = Value(value.type, Temporary(number))
                number += 1
    return replace(function, body=substitute(function.body, mapping))


_UNNUMBERED = {"constant", "range", "length", "undefined", "size", "shape", "count", "stop"}


def with_named_seed(gradient: Function, result: Value, taken: set[str]) -> Function:
    """The seed is a parameter that people read: `grad_out` where the result has no name, which
    is then `out`."""
    seed = gradient.parameters[-1]
    name = free_name("grad_out" if is_temporary(seed) else str(hint(seed)), taken)
    named = {seed: Value(seed.type, name)}
    if is_temporary(result) and result not in gradient.parameters:
        named[result] = Value(result.type, "out")
    return replace(gradient, body=substitute(gradient.body, named))


def with_constant_seed(gradient: Function, function: Function, named: bool = True) -> Function:
    """The seed as a constant, after the forward part; in the lecture form as the line
    `grad_L = 1.0`."""
    *parameters, seed = gradient.parameters
    builder = Builder(backward=True)
    one = Value(Scalar("float"), seed.name if named else None)
    line = Operation("constant", (), (one,), {"value": 1.0}, (), None, True)
    count = len(function.body.operations)
    body = substitute(gradient.body, {seed: one})
    builder.operations += [*body.operations[:count], line, *body.operations[count:]]
    return replace(gradient, body=builder.block(parameters, body.results))
