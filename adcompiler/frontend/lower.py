"""A Python function and the structure of its arguments in, its SSA out.

    def f(w, x):                 function f(%w: float, %x: float):
        return np.tanh(w * x)        %0 = mul %w, %x
                                     %1 = tanh %0
                                     return %1
"""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ir.core import Function, Value
from ..ir.types import Type
from .called_effects import with_called_effects
from .captures import originate
from .closing import closed
from .context import ARGUMENT, Capture, Context, Frame, Growth, Path
from .instances import Callee
from .items import Item, is_number, leaves, rebuild
from .list_contents import check_contents
from .opaque import check_untouched
from .parameters import signature_of
from .paths import place
from .problems import report
from .recursion import called
from .signature import Static, Structure, parameters_of
from .source import FunctionSource, read_function
from .statements import body
from .variables import last_changes, marked

__all__ = ["Lowered", "lower", "parameter_names"]


@dataclass(frozen=True)
class Lowered:
    """A lowered function, and how its leaves stand to the arguments and to what is outside.

    `arguments` has an item for each parameter of the Python function, in order; `captures` the
    numbers and arrays read from outside; `guards` the other objects found outside, by path;
    `result` the item returned; `functions` everything inlined; `variables` what the local variables
    hold that are differentiated by.
    """

    source: FunctionSource
    function: Function
    structures: Mapping[str, Structure]
    arguments: Mapping[str, Item]
    captures: tuple[Capture, ...]
    guards: Mapping[Path, Any]
    result: Item
    functions: tuple[types.FunctionType, ...]
    variables: Mapping[str, Item] = field(default_factory=dict)

    @property
    def places(self) -> Mapping[str, Item]:
        """What can be differentiated by."""
        return {**self.variables, **self.arguments}

    @property
    def reads(self) -> list[tuple[Capture, ast.expr]]:
        """What the emitted text itself reads of the arguments, and how."""
        return [(c, at) for c in self.captures if (at := place(c.path)) is not None]

    @property
    def passed(self) -> list[Capture]:
        """What is passed by keyword; a structure without numbers need not be."""
        return [c for c in self.captures if place(c.path) is None and _has_values(c.item)]


def _has_values(item: Item) -> bool:
    return any(isinstance(leaf, Value) for leaf in leaves(item))


def parameter_names(
    structures: Mapping[str, Structure], function: types.FunctionType
) -> set[str]:
    """Names that a call may use: the parameters', and those of the arguments in **kwargs."""
    found = {*structures}
    for name, parameter in signature_of(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= {*structures.get(name, ())}
    return found


def lower(
    function: types.FunctionType,
    structures: Mapping[str, Structure],
    static_paths: frozenset[Path] = frozenset(),
    derive: Any = None,
    variables: Sequence[str] = (),
) -> Lowered:
    """Lower `function` for arguments of the given structures.

    Raises UnsupportedError for what is outside the subset, SourceError where the text can't be
    read, and StaticNeeded where an int must enter the signature by value. `derive` differentiates
    what the function itself differentiates. `variables` are local ones to differentiate by.
    """
    growing: dict[tuple[Any, ...], Type] = {}
    while True:
        try:
            return _lower(function, structures, static_paths, growing, derive, variables)
        except Growth as growth:
            growing[growth.place] = growth.element


def _lower(
    function: types.FunctionType, structures: Mapping[str, Structure],
    static_paths: frozenset[Path], growing: Mapping[tuple[Any, ...], Type], derive: Any,
    variables: Sequence[str],
) -> Lowered:  # fmt: skip
    source = read_function(function)
    names = frozenset(parameter_names(structures, function))
    ctx = Context(function, static_paths, names, growing=dict(growing), derive=derive)
    ctx.functions.append(function)
    ctx.last_changes = last_changes(source, variables)
    arguments = {
        name: parameters_of(s, name, (ARGUMENT, name)) for name, s in structures.items()
    }
    for name, item in arguments.items():
        originate(ctx, item, (ARGUMENT, name))
        if isinstance(item, type):
            ctx.found[id(item)] = (ARGUMENT, name)
    ctx.given = {n: s.value for n, s in structures.items() if isinstance(s, Static)}
    frame = Frame(source, (), dict(arguments))
    with ctx.within(frame):
        item = report(ctx, lambda: _called(ctx, source, dict(arguments)))
    check_untouched(ctx)
    with ctx.within(frame):
        result = _lifted(ctx, source, item)
    arguments |= ctx.live
    inputs = [v for item in arguments.values() for v in leaves(item) if isinstance(v, Value)]
    captured = [
        v for c in ctx.captures.values() for v in leaves(c.item) if isinstance(v, Value)
    ]
    outputs = [v for v in leaves(result) if isinstance(v, Value)]
    block = ctx.builder.block((*inputs, *captured), outputs)
    with ctx.within(frame):
        block, found = marked(ctx, source.node, variables, block)
    bodies = {i.label: i.body for i in ctx.instances.known if i.body}
    callees = {i.label: i.callee.name for i in ctx.instances.known}
    block, functions = closed(*with_called_effects(block, bodies), callees)
    made = Function(_name(function), block, source.span(source.node), functions)
    check_contents(made)
    return Lowered(
        source, made, structures, arguments,
        tuple(ctx.captures.values()), ctx.guards, result, tuple(ctx.functions), found,
    )  # fmt: skip


def _called(ctx: Context, source: FunctionSource, arguments: dict[str, Item]) -> Item:
    """What the function returns; one that calls itself becomes a call of a function of its own."""

    def lower(bound: dict[str, Item], name: str | None) -> Item:
        ctx.apart = False
        frame = Frame(source, (), bound)
        with ctx.within(frame):
            return body(ctx)

    callee = Callee(source.function, _name(source.function), lower, True)
    return called(ctx, source.node, callee, arguments, None)


def _name(function: types.FunctionType) -> str:
    return "function" if function.__name__ == "<lambda>" else function.__name__


def _lifted(ctx: Context, source: FunctionSource, item: Item) -> Item:
    """What the function returns as values: numbers become constants, arrays what they hold now."""

    def lifted(leaf: Item) -> Item:
        return ctx.lift(leaf, source.node) if is_number(leaf) or isinstance(leaf, Value) else leaf

    return rebuild(item, lifted)
