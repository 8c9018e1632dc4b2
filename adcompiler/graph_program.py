"""What a graph runs: the function, and what reverse mode has made of it, in SSA.

    forward    %s.0 = mul %w, %x;  %s = hooked %s.0;  ...          as reverse mode needs it
    backward   effect[probe=%s.0] %grad_s;  %grad_w = ...          with a probe at each gate
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .codegen.signature import places
from .codegen.sites import stored_parameters
from .diagnostics import UnsupportedError
from .frontend.items import Item, Record, leaves, rebuild
from .frontend.lower import Lowered
from .frontend.paths import lookup_path
from .frontend.signature import abstract
from .gradient import Gradient
from .ir.core import Function, Operation, Region, Value, hint, on_all, walk
from .ir.interpreter import Run
from .ir.types import Array, Scalar, is_differentiable
from .naming import with_temporaries
from .ops.effects import Template
from .optimize import Passes
from .pipeline import legalised, lower_settled
from .refusals import check_complex, check_result
from .transform.probes import is_look, probed
from .transform.reverse import reverse
from .wrt import check_some_float

__all__ = [
    "Program", "gradients_of", "inputs_of", "is_probed", "leaves_of", "names_of",
    "program_of",
]


@dataclass(frozen=True)
class Program:
    """The function and its gradient in SSA: operations of the forward part and of the backward
    part, which gives the gradients of `wrt`. `names`: of what it is given. `stored`: the arguments
    that the function stores into. `refused`: why it has no gradient."""

    lowered: Lowered
    names: Mapping[Value, str]
    function: Function
    made: Function
    forward: Sequence[Operation]
    backward: Sequence[Operation]
    wrt: Sequence[Value]
    stored: Sequence[Value]
    refused: UnsupportedError | None


def program_of(of: Gradient, arguments: Mapping[str, Any]) -> Program:
    structures = {name: abstract(value, name) for name, value in arguments.items()}
    check_some_float(of.function, structures)
    lowered, _ = lower_settled(
        of.function, structures, lambda path: lookup_path(of.function, path, arguments)
    )
    function = on_all(with_temporaries, lowered.function)
    wrt = [v for v in function.parameters if is_differentiable(v.type)]
    stored = stored_parameters(function)
    try:
        check_result(lowered, function)
        check_complex(function, wrt)
        return _with_backward(lowered, function, wrt, stored)
    except UnsupportedError as refused:
        body = function.body.operations
        names = names_of(lowered)
        return Program(lowered, names, function, function, body, (), wrt, stored, refused)


def _with_backward(
    lowered: Lowered, function: Function, wrt: Sequence[Value], stored: Sequence[Value]
) -> Program:
    """The function with its gradient, and a probe at every gate."""
    steps = [op for op in walk(function.body) if not op.blocks and not is_look(op)]
    gates = {v for op in steps for v in op.results if is_probed(v)}
    instrumented = probed(function, gates)
    found = reverse(instrumented, wrt, f"{function.name}_grad", value=True, seen=gates)
    made = legalised(found, Passes(0))
    own = {key for op in instrumented.body.operations for key in _identities(op)}
    operations = made.body.operations
    last = [
        k for k, op in enumerate(operations)
        if not (op.backward or own.isdisjoint(_identities(op)))
    ]  # fmt: skip
    count = max(last, default=-1) + 1
    return Program(
        lowered, names_of(lowered), function, made, operations[:count], operations[count:], wrt,
        stored, None,
    )


def _identities(op: Operation) -> Iterator[object]:
    """What of an operation survives rebuilding; effects have no results to go by."""
    yield from op.results
    for name in ("region", "template"):
        found = op.attributes.get(name)
        if isinstance(found, (Region, Template)):  # an array's display has a template, too: a list
            yield found


def names_of(lowered: Lowered) -> dict[Value, str]:
    """`x`, `params['w']`, for all that the function is given, and that it reads from outside."""
    items = [*lowered.arguments.items(), *((c.name, c.item) for c in lowered.captures)]
    return {
        v: ast.unparse(at) for name, item in items
        for v, at in places(item, ast.Name(name, ast.Load()))
    }  # fmt: skip


def is_probed(value: Value) -> bool:
    named = hint(value) is not None
    return named and is_differentiable(value.type) and isinstance(value.type, (Scalar, Array))


def inputs_of(
    lowered: Lowered, of: Gradient, arguments: Mapping[str, Any]
) -> Iterator[tuple[Value, Any]]:
    """What the function's parameters in SSA stand for: parts of arguments, and what is outside."""
    for name, item in lowered.arguments.items():
        yield from leaves_of(item, arguments[name])
    for capture in lowered.captures:
        yield from leaves_of(capture.item, lookup_path(of.function, capture.path, arguments))


def leaves_of(item: Item, value: Any) -> Iterator[tuple[Value, Any]]:
    match item:
        case Value():
            yield item, value
        case tuple() | list():
            for part, inner in zip(item, value, strict=True):
                yield from leaves_of(part, inner)
        case dict():
            for key, part in item.items():
                yield from leaves_of(part, value[key])
        case Record(_, fields):
            for key, part in fields.items():
                yield from leaves_of(part, getattr(value, key))


def gradients_of(program: Program, run: Run) -> dict[str, Any]:
    """By parameter: the structure of its floats' gradients, None for what is no float."""
    count = len(program.function.results)
    found = program.made.results[count : count + len(program.wrt)]
    by_value = {v: run.values[g] for v, g in zip(program.wrt, found, strict=True)}
    by_name = {}
    for name, item in program.lowered.arguments.items():
        if any(leaf in by_value for leaf in leaves(item) if isinstance(leaf, Value)):
            by_name[name] = rebuild(
                item, lambda leaf: by_value.get(leaf) if isinstance(leaf, Value) else None
            )
    return by_name
