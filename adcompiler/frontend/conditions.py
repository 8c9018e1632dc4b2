"""`key_of`, turned round: the test that another value has the key that this one has, as text.

    {"w": f8[n, d], "b": 1.0}      if not (type(v0) is dict and [*v0] == c0): return None
                                   v1, v2, = v0.values()
                                   if not (type(v1) is ndarray and v1.dtype == c1): return None
                                   v3 = v1.shape
                                   if not (len(v3) == 2 and v3[0] > 1 and v3[1] > 1): return None
                                   if not (type(v2) is float): return None

Where a test says yes, the keys are equal; where it says no, they may be: it asks for the same type
where `key_of` knows several with one key, and for the same object where it compares.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from typing import Any

import numpy as np

from .items import is_namedtuple
from .records import fields_of, is_instance

__all__ = ["Conditions", "TooLong", "require_key"]

_NUMBERS = (float, int, bool, complex)
_BY_VALUE = (str, bytes)
_MOST = 200


class TooLong(Exception):
    """There is no short test for such a value."""


class Conditions:
    """The lines of a function that returns None unless all of them hold; and what they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._known: dict[int, str] = {}
        self._locals = 0

    def constant(self, value: Any) -> str:
        """A name for an object, one for each."""
        if id(value) not in self._known:
            name = f"c{len(self.names)}"
            self._known[id(value)], self.names[name] = name, value
        return self._known[id(value)]

    def local(self, text: str = "") -> str:
        """A new variable, assigned if told what."""
        name = f"v{self._locals}"
        self._locals += 1
        if text:
            self.line(f"{name} = {text}")
        return name

    def line(self, text: str) -> None:
        if len(self.lines) == _MOST:
            raise TooLong
        self.lines.append(text)

    def require(self, *conditions: str) -> None:
        self.line(f"if not ({' and '.join(conditions)}): return None")


def require_key(test: Conditions, name: str, value: Any) -> None:
    """Require of a variable that its value has the key of this one; TooLong where that takes more.

    The cases stand in the order of `key_of`.
    """
    kind = type(value)
    same_type = f"type({name}) is {test.constant(kind)}"
    if kind in _NUMBERS:
        test.require(same_type)
    elif isinstance(value, np.ndarray):
        _require_array(test, name, value, same_type)
    elif isinstance(value, np.generic):
        test.require(same_type)
    elif kind is list and value and all(type(v) in _NUMBERS for v in value):
        kinds = test.constant({*map(type, value)})
        many = "== 1" if len(value) == 1 else "> 1"
        test.require(same_type, f"len({name}) {many}", f"{{*map(type, {name})}} == {kinds}")
    elif kind in (tuple, list) or is_namedtuple(value):
        test.require(same_type, f"len({name}) == {len(value)}")
        _require_parts(test, name, list(value))
    elif kind is dict:
        test.require(same_type, f"[*{name}] == {test.constant([*value])}")
        _require_parts(test, f"{name}.values()", list(value.values()))
    elif (fields := fields_of(value)) is not None:
        test.require(same_type, *_plain_fields(test, kind, list(fields)))
        for field, part in fields.items():
            require_key(test, test.local(f"{name}.{field}"), part)
    elif is_instance(value):
        if dataclasses.is_dataclass(kind) or _has_own_class(kind):
            raise TooLong
        made_dataclass = f"hasattr({test.constant(kind)}, '__dataclass_fields__')"
        test.require(same_type, f"not {made_dataclass}")
    elif kind is slice:
        test.require(same_type)
        for field in ("start", "stop", "step"):
            require_key(test, test.local(f"{name}.{field}"), getattr(value, field))
    elif kind in _BY_VALUE:
        test.require(same_type, f"{name} == {test.constant(value)}")
    else:
        test.require(f"{name} is {test.constant(value)}")


def _require_array(
    test: Conditions, name: str, value: np.ndarray[Any, Any], same_type: str
) -> None:
    same_dtype = f"{name}.dtype == {test.constant(value.dtype)}"
    sizes = [f"== {size}" if size < 2 else "> 1" for size in value.shape]
    if len(sizes) < 2:
        length = [f"len({name}) {size}" for size in sizes]
        test.require(same_type, same_dtype, f"{name}.ndim == {len(sizes)}", *length)
        return
    test.require(same_type, same_dtype)
    shape = test.local(f"{name}.shape")
    each = [f"{shape}[{axis}] {size}" for axis, size in enumerate(sizes)]
    test.require(f"len({shape}) == {len(sizes)}", *each)


def _require_parts(test: Conditions, text: str, parts: list[Any]) -> None:
    if not parts:
        return
    names = [test.local() for _ in parts]
    test.line(f"{', '.join(names)}, = {text}")
    for name, part in zip(names, parts, strict=True):
        require_key(test, name, part)


def _plain_fields(test: Conditions, cls: type, fields: list[str]) -> list[str]:
    """That the class still has these fields, as plain attributes; see `is_record_class`."""
    if cls in (functools.partial, types.MethodType):
        return []
    name = test.constant(cls)
    names = test.constant(cls.__dataclass_fields__)  # type: ignore[attr-defined]
    absent = test.constant(_ABSENT)
    spaces = [(test.constant(vars(one)), vars(one)) for one in cls.__mro__[:-1]]
    own = [
        f"{space}.get({field!r}, {absent}) is {test.constant(held.get(field, _ABSENT))}"
        for space, held in spaces for field in fields
    ]  # fmt: skip
    return [
        f"{name}.__mro__ is {test.constant(cls.__mro__)}",
        f"{name}.__dataclass_fields__ is {names}",
        f"{name}.__getattribute__ is {test.constant(object.__getattribute__)}",
        *own,
    ]


_ABSENT = object()


def _has_own_class(cls: type) -> bool:
    """Whether its objects may pass for those of another class."""
    return any("__class__" in vars(one) for one in cls.__mro__[:-1])
