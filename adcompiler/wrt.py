"""What is differentiated by: parameters, single arguments of `*args` and `**kwargs`, and of
structures the floats.

    "w"  ("args", 0)  ("kwargs", "scale")      places
    Params(w=f8[n], name="relu")               the gradient is a Params again, with the same name
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .codegen.signature import Replaced
from .diagnostics import Diagnostic, SignatureError
from .frontend.items import Instance, Item, Record, in_words, is_namedtuple
from .frontend.records import is_generated
from .frontend.signature import Static, Structure, parts
from .frontend.source import read_function
from .ir.core import Value
from .ir.types import Array, is_differentiable, kind_of
from .ops.emit import constant

__all__ = [
    "Place", "check_some_float", "check_wrt", "differentiable", "gradient_item", "has_floats",
    "is_fit", "place_expression", "select", "shown",
]  # fmt: skip

Place = str | tuple[str, int | str]


def select(of: Mapping[str, Any], place: Place) -> Any:
    """What stands at a place, among things by parameter."""
    if isinstance(place, str):
        return of[place]
    name, key = place
    return of[name][key]


def shown(place: Place) -> str:
    """`w`, `args[0]`."""
    return place if isinstance(place, str) else f"{place[0]}[{place[1]!r}]"


def check_wrt(
    function: types.FunctionType, structures: Mapping[str, Structure], wrt: tuple[Place, ...]
) -> None:
    """Refuse to differentiate with respect to anything but floats."""
    for place in wrt:
        if place not in structures and isinstance(place, str):
            continue  # a local variable, of which lowering will tell
        whole = select(structures, place)
        at_once = [(shown(place), whole)] if isinstance(whole, Static) else []
        for at, found in at_once or _unfit(whole, shown(place)):
            code, reason, advice = _words(at, found, shown(place))
            source = read_function(function)
            raise SignatureError(Diagnostic(code, reason, advice, source.span(source.node)))


def check_some_float(
    function: types.FunctionType, structures: Mapping[str, Structure]
) -> None:
    """Refuse what is given whole numbers and no floats: by nothing of it there is a gradient."""
    if any(map(has_floats, structures.values())):
        return
    whole = [
        name for name, structure in structures.items()
        if any(kind_of(leaf) in ("int", "bool") for leaf in _numbers(structure))
    ]  # fmt: skip
    check_wrt(function, structures, tuple(whole[:1]))


def has_floats(structure: Structure) -> bool:
    """Whether any part of it has a gradient."""
    return any(map(is_differentiable, _numbers(structure)))


def _numbers(structure: Structure) -> list[Any]:
    """The types of its numbers and arrays."""
    found = [leaf for _, leaf in parts(structure, "")]
    return [leaf for leaf in found if not isinstance(leaf, (Static, Instance))]


def _unfit(structure: Structure, path: str) -> Iterator[tuple[str, Any]]:
    """The parts that have no gradient and can't be left as they are."""
    match structure:
        case Static(None):
            return
        case Record(cls, fields):
            if cls in (functools.partial, types.MethodType) or not is_generated(cls):
                yield path, structure
                return
            for key, part in fields.items():
                if not _stays(part):
                    yield from _unfit(part, f"{path}.{key}")
        case _ if is_namedtuple(structure):
            for key, part in structure._asdict().items():
                yield from _unfit(part, f"{path}.{key}")
        case tuple() | list():
            for k, part in enumerate(structure):
                yield from _unfit(part, f"{path}[{k}]")
        case dict():
            for key, part in structure.items():
                yield from _unfit(part, f"{path}[{key!r}]")
        case Static() | Instance():
            yield path, structure
        case _:
            if not is_differentiable(structure):
                yield path, structure


def is_fit(structure: Structure) -> bool:
    """Whether all of it has a gradient, or needs none."""
    return not isinstance(structure, Static) and next(_unfit(structure, ""), None) is None


def _stays(structure: Structure) -> bool:
    """A field with nothing to differentiate, which the gradient has as it was: a string, an int."""
    leaves = [leaf for _, leaf in parts(structure, "")]
    return bool(leaves) and all(
        isinstance(leaf, Instance)
        or (isinstance(leaf, Static) and not isinstance(leaf.value, (float, np.generic)))
        or (not isinstance(leaf, (Static, Array)) and kind_of(leaf) in ("int", "bool"))
        for leaf in leaves
    )


def _words(at: str, found: Any, name: str) -> tuple[str, str, str]:
    asked = f"the gradient is asked for with respect to `{at}`, which is"
    if isinstance(found, Record):
        return (
            "record-wrt",
            f"{asked} {in_words(found)}: only a dataclass that keeps its fields as they are given"
            " can hold a gradient.",
            f"pass what is differentiated as arguments of its own, or leave `{name}` out of wrt.",
        )
    if isinstance(found, Instance):
        return (
            "static-wrt",
            f"{asked} {in_words(found)}: only floats have a gradient.",
            "make its class a dataclass, or pass its numbers and arrays as arguments.",
        )
    static = isinstance(found, Static) or kind_of(found) is None
    code, way_out = _NO_NUMBER if static else _WHOLE
    what = in_words(found.value) if isinstance(found, Static) else str(found)
    return (
        code, f"{asked} {what}: only floats have a gradient.",
        f"{way_out}, or leave `{name}` out of wrt.",
    )  # fmt: skip


_WHOLE = ("integer-wrt", "pass a float (2.0 instead of 2, or x.astype(float))")
_NO_NUMBER = ("static-wrt", "pass a float or an array of floats")


def differentiable(item: Item) -> Iterator[Value]:
    """The floats of a parameter."""
    match item:
        case Value(type):
            if is_differentiable(type):
                yield item
        case tuple() | list():
            for part in item:
                yield from differentiable(part)
        case dict():
            for part in item.values():
                yield from differentiable(part)
        case Record(_, fields):
            yield from differentiable(fields)


def gradient_item(item: Item, at: ast.expr, gradients: Iterator[Value]) -> Any:
    """The structure that holds the gradients, which come in order, in the place of the floats."""
    match item:
        case Value():
            return next(gradients) if is_differentiable(item.type) else item
        case Record(_, fields):
            changed = {
                key: gradient_item(part, ast.Attribute(at, key, ast.Load()), gradients)
                for key, part in fields.items()
                if any(True for _ in differentiable(part))
            }
            return Replaced(at, changed)
        case _ if is_namedtuple(item):
            return type(item)(*[
                gradient_item(part, ast.Attribute(at, key, ast.Load()), gradients)
                for key, part in item._asdict().items()
            ])  # fmt: skip
        case tuple() | list():
            inner = [
                gradient_item(part, ast.Subscript(at, ast.Constant(k), ast.Load()), gradients)
                for k, part in enumerate(item)
            ]
            return tuple(inner) if isinstance(item, tuple) else inner
        case dict():
            return {
                key: gradient_item(part, ast.Subscript(at, constant(key), ast.Load()), gradients)
                for key, part in item.items()
            }
    return item


def place_expression(place: Place) -> ast.expr:
    """`w`, `args[0]` as an expression."""
    if isinstance(place, str):
        return ast.Name(place, ast.Load())
    name = ast.Name(place[0], ast.Load())
    return ast.Subscript(name, ast.Constant(place[1]), ast.Load())
