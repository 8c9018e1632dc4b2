"""A gate's rules as IR: what its author says of its derivatives, for operands of given types.

    @scaled.backward                     pullback: function (%g, %x, %k, %y):
    def scaled_backward(g, x, k, y):         %0 = mul %g, %k
        return g * k, g @ x                  %1 = dot %g, %x
                                             return %0, %1
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ir.builder import Builder
from ..ir.core import Function, Value
from ..ir.sizes import SizeError, broadcast
from ..ir.types import Array, List, Type, kind_of, rank, shape_of
from ..ops.gates import Primitive
from .apart import lower_apart
from .context import Context, Path
from .items import Item, in_words, is_float, is_number, leaves, rebuild, same_structure
from .opaque_gates import Calling, Declared, like

__all__ = ["add_rules"]

Given = Mapping[str, Item]


def add_rules(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given, result: Item,
    saved: Item, attributes: dict[str, Any],
) -> None:  # fmt: skip
    """Lower the gate's rules, and hang them on the attributes of its calls.

    `saved`: the residuals, where the gate has a recording.
    """
    if gate.rule is None and gate.tangent is None:
        ctx.refuse(
            node, "gate-rule", f"the gate `{gate.name}` has no derivative.",
            f"give it one with @{gate.name}.backward.",
        )  # fmt: skip
    rules = _Rules(ctx, node, gate, path, inside, result, saved)
    attributes["received"] = tuple(k for k, v in enumerate(rules.results) if is_float(v))
    attributes["differentiable"] = attributes["moved"] = rules.floats()
    if not rules.floats():  # a rule may count on a gradient
        return
    if gate.rule is not None:
        attributes["differentiable"], attributes["pullback"] = rules.pullback(gate.rule)
    if gate.tangent is not None:
        attributes["pushforward"] = rules.pushforward(gate.tangent)


class _Rules:
    """The rules of one gate for arguments and a result of these structures."""

    def __init__(
        self, ctx: Context, node: ast.AST, gate: Primitive[..., Any], path: Path, inside: Given,
        result: Item, saved: Item,
    ) -> None:  # fmt: skip
        self.saved = saved
        self.ctx, self.node, self.gate, self.path = ctx, node, gate, path
        self.inside, self.result = inside, result
        self.operands = [
            v for item in inside.values() for v in leaves(item) if isinstance(v, Value)
        ]
        self.results = [v for v in leaves(result) if isinstance(v, Value)]
        self.own = {name: item for name, item in inside.items() if name not in gate.nondiff}

    def floats(self) -> tuple[int, ...]:
        """The positions of the operands that may have a gradient."""
        wanted = {v for item in self.own.values() for v in leaves(item) if is_float(v)}
        return tuple(k for k, v in enumerate(self.operands) if v in wanted)

    def pullback(self, rule: Any) -> tuple[tuple[int, ...], Function]:
        """The operands that it gives contributions to, and the rule itself."""
        arguments, result = _again(self.inside), _again(self.result)
        g = rebuild(result, lambda leaf: _like(leaf, "g"))
        if self.gate.recording is None:
            given = [g, *arguments.values(), result]
            parameters = _values(given)
        else:
            saved = _again(self.saved)
            given = [g, saved]
            parameters = _values([g, *arguments.values(), saved])
        path = (*self.path, "<rule>")
        if "rule" in self.gate.opaque:
            wanted = [self.alone(name, arguments[name]) for name in self.own]
            made = self.called(rule, path, given, parameters, list(map(like, wanted)))
            return tuple(map(_values(list(arguments.values())).index, wanted)), made
        builder, item = lower_apart(self.ctx, self.node, rule, path, given)
        parts = self.parts(item)
        found: dict[Value, Value] = {}
        for (name, argument), part in zip(self.own.items(), parts, strict=True):
            self.match(f"`{name}`", argument, part, builder, found)
        wanted = [v for v in self.operands if v in found]
        body = builder.block(parameters, [found[v] for v in wanted])
        positions = tuple(k for k, v in enumerate(self.operands) if v in found)
        return positions, Function(f"{self.gate.name}_backward", body)

    def pushforward(self, rule: Any) -> Function:
        """The tangent rule; its results are the tangents of the results that are floats."""
        arguments, result = _again(self.inside), _again(self.result)
        own = [item for name, item in arguments.items() if name in self.own]
        dots = [rebuild(item, lambda leaf: _like(leaf, "dot")) for item in own]
        given = [*dots, *arguments.values(), result]
        if "tangent" in self.gate.opaque:
            floats = [like(v) for v in _values([result]) if is_float(v)]
            path = (*self.path, "<tangent>")
            return self.called(rule, path, given, _values(given), floats)
        builder, item = lower_apart(self.ctx, self.node, rule, (*self.path, "<tangent>"), given)
        found: dict[Value, Value] = {}
        self.match("the result", self.result, item, builder, found, "forward")
        wanted = [v for v in self.results if is_float(v)]
        if len(found) < len(wanted):
            self.wrong("forward", "gives no tangent for a part of the result", "0.0 is one")
        body = builder.block(_values(given), [found[v] for v in wanted])
        return Function(f"{self.gate.name}_forward", body)

    def alone(self, name: str, item: Item) -> Value:
        """An argument to which a rule that is called gives a contribution."""
        if not is_float(item):
            self.wrong(
                "backward", f"is called, not read, and `{name}` is {in_words(item)}",
                f'pass floats for it, or write @primitive(nondiff="{name}")',
            )
        found: Value = item
        return found

    def called(
        self, rule: Any, path: Path, given: list[Item], parameters: list[Value],
        parts: list[Declared],
    ) -> Function:  # fmt: skip
        """A rule that is called: one operation, whose results are as declared."""
        name = getattr(rule, "__name__", type(rule).__name__)
        writing = Calling(self.ctx, self.node, self.gate, _values(given))
        writing.builder = Builder(self.ctx.span(self.node))
        template = writing.template(rule, path, name, given, {}, parts)
        types_ = tuple(part.type for part in parts)
        results = [Value(type_) for type_ in types_]
        attributes = {
            "gate": self.gate, "template": template,
            "types": types_,
        }  # fmt: skip
        writing.builder.region("opaque_rule", writing.operands, results, (), attributes)
        return Function(name, writing.builder.block(parameters, results))

    def parts(self, item: Item) -> list[Item]:
        """The contributions that a rule returns for each argument: alone where there is one."""
        own = list(self.own.values())
        if len(own) == 1 and not (isinstance(item, tuple) and isinstance(own[0], Value)):
            return [item]
        if not isinstance(item, (tuple, list)) or len(item) != len(own):
            given = len(item) if isinstance(item, (tuple, list)) else 1
            told = ", ".join(f"`{name}`" for name in self.own) or "no argument"
            self.wrong(
                "backward",
                f"returns {_counted(given)}; there has to be one for each of {told}",
                "return None where there is no gradient; what never has one is named in"
                " @primitive(nondiff=...)",
            )
        return list(item)

    def match(
        self, told: str, wanted: Item, found: Item, builder: Builder, into: dict[Value, Value],
        kind: str = "backward",
    ) -> None:  # fmt: skip
        """Enter what a rule gives for each float of a structure; None stands for nothing."""
        if found is None:
            return
        if isinstance(wanted, Value):
            if is_float(wanted):
                into[wanted] = self.fitting(told, wanted, found, builder, kind)
            return
        if not same_structure(rebuild(wanted, _leaf), rebuild(found, _leaf)):
            self.wrong(
                kind, f"returns {in_words(found)} for {told}, which is {in_words(wanted)}",
                "return a structure like it, with None where there is no gradient",
            )
        for a, b in zip(_parts(wanted), _parts(found), strict=True):
            self.match(told, a, b, builder, into, kind)

    def fitting(
        self, told: str, wanted: Value, found: Item, builder: Builder, kind: str
    ) -> Value:  # fmt: skip
        """A number or array that can be a contribution to the value, or its tangent."""
        if not (isinstance(found, (Value, np.generic)) or is_number(found)):
            self.wrong(
                kind, f"returns {in_words(found)} for {told}, which is {in_words(wanted)}",
                "return a number or an array",
            )
        outer, self.ctx.builder = self.ctx.builder, builder
        value = self.ctx.lift(found, self.node)
        self.ctx.builder = outer
        number = kind_of(value.type)
        if number in (None, "bool"):
            self.wrong(
                kind, f"returns {in_words(value)} for {told}, which is {in_words(wanted)}",
                "return floats: a product with the incoming one",
            )
        if not _broadcasts(value.type, wanted.type):
            self.wrong(
                kind, f"returns {in_words(value)} for {told}, which is {in_words(wanted)}",
                "return an array of that shape",
            )
        return value

    def wrong(self, kind: str, reason: str, advice: str) -> None:
        self.ctx.refuse(
            self.node, "gate-rule", f"the {kind} rule of `{self.gate.name}` {reason}.",
            f"{advice}.",
        )  # fmt: skip


def _again(item: Any) -> Any:
    """The structure with fresh values: parameters of a function of its own."""
    if isinstance(item, Mapping) and not isinstance(item, dict):
        item = dict(item)
    return rebuild(item, lambda leaf: Value(leaf.type, leaf.name) if _is_value(leaf) else leaf)


def _is_value(leaf: Item) -> bool:
    return isinstance(leaf, Value)


def _counted(number: int) -> str:
    return "1 contribution" if number == 1 else f"{number} contributions"


def _leaf(leaf: Item) -> None:
    """All leaves are alike."""


def _values(items: list[Item]) -> list[Value]:
    return [v for item in items for v in leaves(item) if isinstance(v, Value)]


def _parts(item: Item) -> list[Item]:
    match item:
        case dict():
            return list(item.values())
        case tuple() | list():
            return list(item)
    return list(item.fields.values()) if hasattr(item, "fields") else [item]


def _like(leaf: Item, name: str) -> Value | None:
    """The cotangent or tangent of a float; of rank 0, a Python float or a NumPy scalar."""
    if not is_float(leaf):
        return None
    type_: Type = leaf.type
    if isinstance(type_, Array) and not rank(type_):
        type_ = Array(type_.dtype, (), weak=True)
    return Value(type_, name)


def _broadcasts(found: Type, wanted: Type) -> bool:
    if isinstance(found, List) or isinstance(wanted, List):
        return rank(found) <= 1 or isinstance(wanted, List)
    pairs = zip(reversed(shape_of(found)), reversed(shape_of(wanted)), strict=False)
    try:
        for a, b in pairs:
            broadcast(a, b)
    except SizeError:
        return False
    return True
