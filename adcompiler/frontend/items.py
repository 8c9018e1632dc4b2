"""What a name can stand for while a function is lowered.

An item is a `Value` of the IR; a tuple, list or dict of items; or any other Python object, which
is then static: a number, a string, None, a module, a function.

    x = params["w"] @ h       params: {"w": %params_w, "b": %params_b}      h: %h
"""

from __future__ import annotations

import ast
import enum
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from ..diagnostics import UnsupportedError
from ..ir.core import Value
from ..ir.types import is_differentiable

__all__ = [
    "LOST",
    "UNBOUND",
    "Ambiguous",
    "BoundMethod",
    "DictView",
    "Instance",
    "Item",
    "LocalFunction",
    "Lost",
    "Method",
    "OwnDict",
    "OwnList",
    "RangeItem",
    "Record",
    "Unfilled",
    "article",
    "dict_view",
    "freeze",
    "in_words",
    "is_constant",
    "is_float",
    "is_namedtuple",
    "is_number",
    "is_object",
    "leaf_names",
    "leaves",
    "rebuild",
    "same_structure",
]

Item = Any
_CONSTANT = (
    str, bytes, type(None), type(Ellipsis), type, slice, enum.Enum, np.generic, np.ndarray,
    np.dtype, np.ufunc, types.FunctionType, types.ModuleType, types.BuiltinFunctionType,
)  # fmt: skip


class Unbound:
    """No value has been assigned yet."""

    def __repr__(self) -> str:
        return "<unbound>"


UNBOUND = Unbound()


class Lost(Exception):
    """A name is read that a refused statement would have assigned."""


class Unfilled(UnsupportedError):
    """What a list holds is read before anything is known to be put into it."""


LOST = Lost()  # what such a name stands for


@final
@dataclass(frozen=True)
class Ambiguous:
    """A name that stands for different static things, depending on the path taken."""

    reason: str


@final
@dataclass(frozen=True, eq=False)
class LocalFunction:
    """A `def` or `lambda` inside the function: its node, the frame that it closes over, and its
    defaults, which have their values from where it is defined."""

    node: ast.FunctionDef | ast.Lambda
    frame: Any
    defaults: Mapping[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, eq=False)
class BoundMethod:
    """`x.sum`, before the call."""

    value: Value
    name: str


@final
@dataclass(frozen=True, eq=False)
class Instance:
    """An object from outside: what of it is read, is read at each call, by the path that leads to
    it. The text relies on its class, not on its being this very object."""

    value: Any
    path: tuple[Any, ...] = ()


class OwnList(list[Any]):
    """A list made by the function: `home` is the block that it was made in, `place` where;
    `changes` counts how often it has changed."""

    def __init__(self, items: Iterable[Item], home: Any, place: Any) -> None:
        super().__init__(items)
        self.home = home
        self.place = place
        self.changes = 0


class DictView(tuple[Any, ...]):
    """What `d.items()`, `d.keys()` and `d.values()` hold; they follow what becomes of the dict."""

    owner: dict[Any, Any]
    kind: str

    def now(self) -> tuple[Any, ...]:
        return tuple(getattr(self.owner, self.kind)())


def dict_view(owner: dict[Any, Any], kind: str) -> DictView:
    made = DictView(getattr(owner, kind)())
    made.owner, made.kind = owner, kind
    return made


class OwnDict(dict[Any, Any]):
    """A dict made by the function."""

    def __init__(self, items: Mapping[Any, Item], home: Any) -> None:
        super().__init__(items)
        self.home = home
        self.changes = 0


@final
@dataclass(frozen=True, eq=False)
class Record:
    """An object that is its fields: a dataclass, `functools.partial(f, x)`, a bound method.

    `instance` is the object itself where it comes from outside.
    """

    cls: type
    fields: Mapping[str, Any]
    instance: Instance | None = None


@final
@dataclass(frozen=True, eq=False)
class Method:
    """`ys.append`, before the call: a method of a structure."""

    owner: Any
    name: str


@final
@dataclass(frozen=True)
class RangeItem:
    """`range(start, stop, step)`, before a loop uses it."""

    start: Item
    stop: Item
    step: Item


def article(word: str) -> str:
    """`word` with its article, as it is spoken.

    >>> article("int"), article("f8[n]"), article("u1[]"), article("tuple")
    ('an int', 'an f8[n]', 'a u1[]', 'a tuple')
    """
    spelled = word[1:2].isdigit()  # a dtype's letter
    return f"{'an' if word[:1] in ('fi' if spelled else 'aeiouAEIOU') else 'a'} {word}"


def in_words(item: Item) -> str:
    """What an item is, in words for users: `a tuple`, `a function`, `an f8[n]`, `None`."""
    match item:
        case None | True | False:
            return str(item)
        case Value():
            found = str(item.type)
            return "text, or another object," if found == "static" else article(found)
        case BoundMethod(_, name) | Method(_, name):
            return f"the method `{name}`, which isn't called"
        case LocalFunction() | types.FunctionType() | types.BuiltinFunctionType():
            return "a function"
        case Unbound():
            return "a name without a value"
        case Ambiguous():
            return "something that depends on the path taken"
        case str():
            return "a string"
        case type():
            return f"the class `{item.__name__}`"
        case Instance(value):
            return article(type(value).__name__)
        case Record(cls):
            return article(cls.__name__)
    if item is Ellipsis:
        return "`...`"
    if type(item).__name__ == "OneWay":
        return item.name if " " in item.name else f"what {item.name}() gives"
    if type(item).__name__ == "Unevaluated":
        return f"`{item.name}`, which only running the whole file would give,"
    return article(_PLAIN.get(type(item).__name__, type(item).__name__))


# Classes of ours, which users don't know.
_PLAIN = {"RangeItem": "range", "OwnList": "list", "OwnDict": "dict", "Primitive": "gate"}


def is_number(item: Item) -> bool:
    """A Python number that can become a constant."""
    return type(item) in (bool, int, float, complex)


def is_constant(item: Item) -> bool:
    """Something static of which nothing can depend on what is differentiated."""
    return is_number(item) or isinstance(item, _CONSTANT)


def is_object(item: Item) -> bool:
    """An object with attributes, of a class of the user's own."""
    return isinstance(item, (Instance, Record))


def is_namedtuple(item: Item) -> bool:
    """A tuple with names for its elements, whose class takes them one by one."""
    return isinstance(item, tuple) and hasattr(item, "_fields")


def leaves(item: Item) -> Iterator[Item]:
    """The parts of a structure that are no structures themselves."""
    match item:
        case tuple() | list():
            for part in item:
                yield from leaves(part)
        case dict():
            for part in item.values():
                yield from leaves(part)
        case Record(_, fields):
            yield from leaves(fields)
        case _:
            yield item


def is_float(item: Item) -> bool:
    """Whether it is a value that has a tangent and a cotangent."""
    return isinstance(item, Value) and is_differentiable(item.type)


def leaf_names(item: Item, name: str) -> Iterator[str]:
    """A name for each leaf, in the order of `leaves`, made of the ways to it.

    >>> list(leaf_names({"w": 1.0, "b": (2.0, 3.0)}, "p")), list(leaf_names(1.0, "x"))
    (['p_w', 'p_b_0', 'p_b_1'], ['x'])
    """
    match item:
        case _ if is_namedtuple(item):
            parts = item._asdict()
        case tuple() | list():
            parts = dict(enumerate(item))
        case dict():
            parts = item
        case Record(_, fields):
            parts = fields
        case _:
            yield name
            return
    for key, part in parts.items():
        word = f"{name}_{key}"
        yield from leaf_names(part, word if word.isidentifier() else name)


def rebuild(item: Item, replace: Callable[[Item], Item]) -> Item:
    """The structure with each leaf replaced, in the order of `leaves`."""
    match item:
        case _ if is_namedtuple(item):
            return type(item)(*[rebuild(part, replace) for part in item])
        case tuple():
            return tuple(rebuild(part, replace) for part in item)
        case list():
            freeze(item)
            return [rebuild(part, replace) for part in item]
        case dict():
            freeze(item)
            return {key: rebuild(part, replace) for key, part in item.items()}
        case Record(cls, fields, instance):
            return Record(cls, rebuild(fields, replace), instance)
    return replace(item)


def freeze(item: Item) -> None:
    """Lists and dicts that from now on exist in more than one version can't be changed as one."""
    match item:
        case OwnList() | OwnDict():
            item.home = None
    if isinstance(item, Record):
        item = item.fields
    if isinstance(item, (tuple, list)):
        for part in item:
            freeze(part)
    elif isinstance(item, Mapping):
        for part in item.values():
            freeze(part)


def same_structure(a: Item, b: Item) -> bool:
    """Whether two items have their leaves in the same places."""
    match a, b:
        case (tuple(), tuple()) | (list(), list()):
            return len(a) == len(b) and all(map(same_structure, a, b))
        case dict(), dict():
            return list(a) == list(b) and all(same_structure(a[k], b[k]) for k in a)
        case Record(), Record():
            return a.cls is b.cls and same_structure(a.fields, b.fields)
    return not isinstance(a, _STRUCTURES) and not isinstance(b, _STRUCTURES)


_STRUCTURES = (tuple, list, dict, Record)
