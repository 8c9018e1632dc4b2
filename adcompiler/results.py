"""Named tuples and dataclasses among results: emitted text, which can't import the user's classes,
returns tuples and dicts in their place.

>>> import collections
>>> Point = collections.namedtuple("Point", "x y")
>>> form = form_of([Point(1.0, 2.0), 3.0])
>>> rebuilt(form, [(10.0, 20.0), 30.0])
[Point(x=10.0, y=20.0), 30.0]
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .frontend.items import Item, Record, is_namedtuple

__all__ = ["Form", "described", "form_of", "rebuilt", "restored", "together"]


@dataclass(frozen=True)
class Form:
    """What a container is made of: its parts, of which those without classes are None; `cls` is
    the class of a named tuple or dataclass, None for a plain tuple, list or dict."""

    parts: tuple[Form | None, ...]
    cls: type | None = None


def form_of(item: Item) -> Form | None:
    """Where named tuples and dataclasses stand in a structure; None where there are none."""
    match item:
        case Record(cls, fields):
            return Form(tuple(map(form_of, fields.values())), cls)
        case _ if is_namedtuple(item):
            return Form(tuple(map(form_of, item)), type(item))
        case tuple() | list():
            return together(map(form_of, item))
        case dict():
            return together(map(form_of, item.values()))
    return None


def together(parts: Any) -> Form | None:
    """The form of a plain container of these."""
    parts = tuple(parts)
    return Form(parts) if any(parts) else None


def rebuilt(form: Form | None, found: Any) -> Any:
    """What emitted text has returned, with objects of their classes where the form has them."""
    if form is None:
        return found
    if isinstance(found, dict):
        pairs = zip(form.parts, found.items(), strict=True)
        inside = {key: rebuilt(part, value) for part, (key, value) in pairs}
        return inside if form.cls is None else _object(form.cls, inside)
    parts = [rebuilt(part, value) for part, value in zip(form.parts, found, strict=True)]
    if form.cls is not None:
        make: Any = form.cls
        return make._make(parts)
    return type(found)(parts)


def _object(cls: type, fields: dict[str, Any]) -> Any:
    made: Any = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def described(form: Form | None) -> Any:
    """The form as JSON, which another process reads; LookupError for a class that has no place."""
    if form is None:
        return None
    name = None
    if form.cls is not None:
        name = [form.cls.__module__, form.cls.__qualname__]
        if _found(name) is not form.cls:
            raise LookupError(name)
    return [name, *map(described, form.parts)]


def restored(told: Any) -> Form | None:
    """The form from JSON; LookupError where a class isn't there."""
    if told is None:
        return None
    name, *parts = told
    return Form(tuple(map(restored, parts)), None if name is None else _found(name))


def _found(name: Sequence[str]) -> type:
    module, path = name
    try:
        found: Any = functools.reduce(getattr, path.split("."), sys.modules[module])
    except AttributeError:
        raise LookupError(name) from None
    if not isinstance(found, type):
        raise LookupError(name)
    return found
