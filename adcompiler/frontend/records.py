"""Which objects are taken apart into fields, and which are read attribute by attribute.

    State(x=f8[n], v=f8[n])      a dataclass is a structure, like a dict with fixed keys
    functools.partial(f, 2.0)    so is what a call takes from a partial, and a bound method
    model                        any other object of the user's: an `Instance`

>>> from dataclasses import dataclass
>>> @dataclass
... class State:
...     x: float
>>> fields_of(State(1.0)), fields_of("relu"), is_instance("relu")
({'x': 1.0}, None, False)
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = [
    "fields_of", "generators", "is_generated", "is_instance", "is_plain_tuple", "is_record_class",
]  # fmt: skip

_HEAP_TYPE, _IMMUTABLE = 1 << 9, 1 << 8  # what a `class` statement makes is the first alone
_BY_VALUE = (
    type, types.ModuleType, types.FunctionType, enum.Enum, np.generic, np.ndarray, np.dtype,
    tuple, list, dict, set, frozenset, str, bytes, bytearray, int, float, complex, BaseException,
)  # fmt: skip
_LIBRARIES = ("numpy", "functools", "operator", "types", "typing", "re")
_OURS = (
    "adcompiler.batching", "adcompiler.frontend.plain_expressions",
    "adcompiler.gradient", "adcompiler.graph", "adcompiler.jacobians", "adcompiler.ops.gates",
    "adcompiler.transformations",
)  # fmt: skip


def is_instance(value: object) -> bool:
    """An object of a class of the user's own, whose attributes are what counts; or a generator of
    random numbers."""
    kind = type(value)
    if kind is types.SimpleNamespace or kind in generators():
        return True
    made = kind.__flags__ & (_HEAP_TYPE | _IMMUTABLE) == _HEAP_TYPE
    if not made or isinstance(value, _BY_VALUE):
        return False
    module = kind.__module__
    home = module.partition(".")[0]
    return module not in _OURS and home not in _LIBRARIES and not _of_python(home)


def generators() -> tuple[type, ...]:
    """NumPy's classes of what is drawn from at each call; none where nobody has loaded them."""
    module = sys.modules.get("numpy.random")
    found = (getattr(module, name, None) for name in ("Generator", "RandomState"))
    return tuple(cls for cls in found if cls is not None)


def _of_python(home: str) -> bool:
    """The standard library's objects (a logger) are shown or called, not looked into."""
    return home in sys.stdlib_module_names and home != "__main__"


def fields_of(value: object) -> Mapping[str, Any] | None:
    """The fields of what is taken apart, as they are now; None for anything else."""
    kind = type(value)
    if kind is functools.partial:
        return {"func": value.func, "args": value.args, "keywords": value.keywords}  # type: ignore[attr-defined]
    if kind is types.MethodType:
        return {"__func__": value.__func__, "__self__": value.__self__}  # type: ignore[attr-defined]
    if not is_record_class(kind) or kind.__module__ in _OURS:
        return None
    try:
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}  # type: ignore[arg-type]
    except AttributeError:
        return None  # it has lost a field, or has not got it yet


def is_record_class(cls: type) -> bool:
    """A dataclass whose fields are plain attributes."""
    return (
        dataclasses.is_dataclass(cls)
        and cls.__getattribute__ is object.__getattribute__
        and not any(_is_computed(cls, f.name) for f in dataclasses.fields(cls))
    )


def _is_computed(cls: type, name: str) -> bool:
    found = inspect.getattr_static(cls, name, None)
    return hasattr(type(found), "__set__") and not isinstance(found, types.MemberDescriptorType)


def is_generated(cls: type) -> bool:
    """A dataclass that does nothing with its fields when it is made but keep them."""
    init = getattr(inspect.getattr_static(cls, "__init__"), "__code__", None)
    return (
        is_record_class(cls)
        and init is not None
        and init.co_filename == "<string>"
        and inspect.getattr_static(cls, "__new__") is vars(object)["__new__"]
        and not hasattr(cls, "__post_init__")
        and all(f.init for f in dataclasses.fields(cls))
        and {*init.co_varnames[1:]} == {f.name for f in dataclasses.fields(cls)}
    )


def is_plain_tuple(cls: type) -> bool:
    """A named tuple that is made, measured and taken apart as a tuple is."""
    if not hasattr(cls, "_make"):
        return False
    new = getattr(inspect.getattr_static(cls, "__new__"), "__func__", None)
    new = new or inspect.getattr_static(cls, "__new__")
    return getattr(getattr(new, "__code__", None), "co_filename", "<string>").startswith(
        "<string>"
    ) and all(getattr(cls, name) is getattr(tuple, name) for name in _TUPLE)


_TUPLE = (
    "__iter__", "__getitem__", "__len__", "__contains__", "__eq__", "__ne__", "__hash__",
    "__getattribute__",
)  # fmt: skip
