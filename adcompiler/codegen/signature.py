"""The Python signature of an emitted function: parameters, what is taken out of structures, result.

    def loss_grad(params, x, *, SCALE, grad_L=1.0):
        w, b = params["w"], params["b"]
        ...
        return {"w": grad_w, "b": grad_b}
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ir.core import Function, Value, hint
from ..ir.types import rank
from ..ops.emit import call, constant

if TYPE_CHECKING:
    from .statements import Emitter

__all__ = ["FunctionShape", "Parameter", "Replaced", "Whole", "replaced_in"]

_P = inspect.Parameter


def is_namedtuple(item: Any) -> bool:
    return isinstance(item, tuple) and hasattr(item, "_fields")


@dataclass(frozen=True)
class Parameter:
    """A parameter by name, the item it holds, and its default as a Python number or None.

    `reads` is what is read of an object that has no fixed parts: items, and where they are.
    """

    name: str
    item: Any
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    default: ast.expr | None = None
    reads: Sequence[tuple[Any, ast.expr]] = ()

    @property
    def is_keyword(self) -> bool:
        return self.kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)

    @property
    def is_starred(self) -> bool:
        return self.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class Replaced:
    """`dataclasses.replace(params, w=grad_w)`: the argument's own class, its floats replaced."""

    at: ast.expr
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Whole:
    """A parameter as it came in, among what is returned."""

    name: str


@dataclass(frozen=True)
class FunctionShape:
    """Parameters in order, the structure of what is returned, and which arrays among the
    parameters the user's function stores into. `handed`: names of parameters of the forward part
    that stand in the first parameter, before what else the backward part takes."""

    parameters: Sequence[Parameter]
    result: Any
    stored: tuple[Value, ...] = ()
    handed: tuple[str, ...] = ()

    @staticmethod
    def plain(function: Function) -> FunctionShape:
        """The IR's own parameters and results."""
        parameters = [Parameter(str(hint(v)), v) for v in function.parameters]
        results = function.results
        return FunctionShape(parameters, results[0] if len(results) == 1 else tuple(results))

    @property
    def names(self) -> set[str]:
        """Parameters that are structures, and so no value's name."""
        return {*self.handed, *(p.name for p in self.parameters if not isinstance(p.item, Value))}

    @property
    def unpacked(self) -> set[Value]:
        """Values that are taken out of structures and objects."""
        return {
            value
            for p in self.parameters
            for item in (p.item, *(read for read, _ in p.reads))
            for value, _ in places(item, _name(p.name))
            if value is not p.item
        }

    @property
    def arguments(self) -> ast.arguments:
        def of(kind: Any) -> list[Parameter]:
            return [p for p in self.parameters if p.kind is kind]

        first, plain = of(_P.POSITIONAL_ONLY), of(_P.POSITIONAL_OR_KEYWORD)
        keyword = of(_P.KEYWORD_ONLY)
        return ast.arguments(
            posonlyargs=[ast.arg(p.name) for p in first],
            args=[ast.arg(p.name) for p in plain],
            vararg=next((ast.arg(p.name) for p in of(_P.VAR_POSITIONAL)), None),
            kwonlyargs=[ast.arg(p.name) for p in keyword],
            kw_defaults=[p.default for p in keyword],
            kwarg=next((ast.arg(p.name) for p in of(_P.VAR_KEYWORD)), None),
            defaults=[p.default for p in (*first, *plain) if p.default is not None],
        )

    def unpacking(self, emitter: Emitter) -> list[ast.stmt]:
        """One line for each structured parameter: what of it is read, by name."""
        lines: list[ast.stmt] = []
        if self.handed:
            whole = self.parameters[0].name
            names: list[ast.expr] = [
                ast.Name(name, ast.Store()) for name in (*self.handed, whole)
            ]
            lines.append(ast.Assign([ast.Tuple(names, ast.Store())], _name(whole)))
        for parameter in self.parameters:
            own = [] if isinstance(parameter.item, Value) else [parameter.item]
            items = [*((item, _name(parameter.name)) for item in own), *parameter.reads]
            found = [
                pair for item, at in items for pair in places(item, at) if pair[0] in emitter.read
            ]
            targets: list[ast.expr] = [
                ast.Name(emitter.names[value], ast.Store()) for value, _ in found
            ]
            if len(found) == 1:
                lines.append(ast.Assign([targets[0]], found[0][1]))
            elif found:
                lines += _several(targets, [place for _, place in found])
        return lines

    def checks(self) -> list[ast.stmt]:
        """`require_apart(y, (x,))`: a store through one parameter isn't seen through another."""
        if not self.stored:
            return []
        arrays = [
            pair for p in self.parameters for item, at in ((p.item, _name(p.name)), *p.reads)
            for pair in places(item, at) if rank(pair[0].type)
        ]  # fmt: skip
        lines: list[ast.stmt] = []
        done: list[Value] = []
        for stored, place in arrays:
            if stored in self.stored:
                done.append(stored)
                others = [at for value, at in arrays if value not in done]
                if others:
                    given = (place, ast.Tuple(others, ast.Load()))
                    lines.append(ast.Expr(call("helper.require_apart", given)))
        return lines

    def returned(self, emitter: Emitter) -> ast.stmt:
        return ast.Return(_structure(self.result, emitter))


def _several(targets: list[ast.expr], sources: list[ast.expr]) -> list[ast.stmt]:
    """One tuple assignment while that reads well, else a line each."""
    if len(targets) <= 4:
        target = ast.Tuple(targets, ast.Store())
        return [ast.Assign([target], ast.Tuple(sources, ast.Load()))]
    return [ast.Assign([t], s) for t, s in zip(targets, sources, strict=True)]


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def places(item: Any, at: ast.expr) -> list[tuple[Value, ast.expr]]:
    """The values of a structure with the expressions that take them out of it."""
    match item:
        case Value():
            return [(item, at)]
        case _ if is_namedtuple(item):
            named = item._asdict().items()
            return [p for k, v in named for p in places(v, ast.Attribute(at, k, ast.Load()))]
        case tuple() | list():
            indexed = enumerate(item)
            return [p for k, v in indexed for p in places(v, _subscript(at, k))]
        case dict():
            return [p for k, v in item.items() for p in places(v, _subscript(at, k))]
    found = fields_of(item)
    if found is not None:
        named = found.items()
        return [p for k, v in named for p in places(v, ast.Attribute(at, k, ast.Load()))]
    return []


def fields_of(item: Any) -> Mapping[str, Any] | None:
    """The fields of an object that is taken apart."""
    found = getattr(item, "fields", None)
    return found if isinstance(found, Mapping) else None


def replaced_in(item: Any) -> list[str]:
    """The parameters that a result is made of by exchanging some of their fields, by name."""
    match item:
        case Replaced(at, fields):
            names = [n.id for n in ast.walk(at) if isinstance(n, ast.Name)]
            return [*names, *(name for part in fields.values() for name in replaced_in(part))]
        case tuple() | list():
            return list(dict.fromkeys(name for part in item for name in replaced_in(part)))
        case dict():
            return replaced_in(list(item.values()))
    return []


def _subscript(at: ast.expr, key: Any) -> ast.expr:
    return ast.Subscript(at, constant(key), ast.Load())


def _structure(item: Any, emitter: Emitter) -> ast.expr:
    match item:
        case Value():
            return emitter.expression(item)
        case tuple() if hasattr(item, "_fields"):
            return ast.Tuple([_structure(part, emitter) for part in item], ast.Load())
        case tuple():
            return ast.Tuple([_structure(part, emitter) for part in item], ast.Load())
        case list():
            return ast.List([_structure(part, emitter) for part in item], ast.Load())
        case dict():
            keys: list[ast.expr | None] = [constant(key) for key in item]
            return ast.Dict(keys, [_structure(part, emitter) for part in item.values()])
        case Whole(name):
            return _name(name)
        case Replaced(at, fields):
            keywords = {key: _structure(part, emitter) for key, part in fields.items()}
            return call("dataclasses.replace", [at], **keywords)
    parts = fields_of(item)
    if parts is not None:
        return _structure(dict(parts), emitter)
    return ast.Constant(item)
