"""What identifies outside objects in another process: by name and content, as plain data.

>>> describe(2.5), describe([1.0])
(['float', '2.5'], None)
"""

from __future__ import annotations

import dataclasses
import json
import types
from typing import Any

import numpy as np

from .frontend.items import Instance, Record
from .frontend.records import is_generated
from .frontend.signature import Static, Structure
from .frontend.source import fingerprint
from .ops.gates import Primitive

__all__ = ["as_json", "describe", "describe_key", "describe_structure"]


def describe(value: Any, around: tuple[Any, ...] = ()) -> Any:
    """What identifies an outside object in another process; None where nothing does. `around` are
    the functions whose closures it was found in: one that calls itself is in its own."""
    match value:
        case types.FunctionType() if value in around:
            return ["around", around.index(value)]
        case types.FunctionType():
            inner = (*around, value)
            closed = [describe(_content(cell), inner) for cell in value.__closure__ or ()]
            defaults = [describe(v) for v in value.__defaults__ or ()]
            keyword = {k: describe(v) for k, v in sorted((value.__kwdefaults__ or {}).items())}
            outside = repr([closed, defaults, keyword])
            return ["function", value.__qualname__, fingerprint(value), outside]
        case types.ModuleType():
            return ["module", value.__name__]
        case Primitive():
            rules = [describe(rule) for rule in (value.rule, value.recording, value.tangent)]
            told = [list(value.nondiff), sorted(value.opaque), repr(value.result)]
            return ["primitive", describe(value.function), *told, *rules]
        case None | bool() | int() | float() | str():
            return [type(value).__name__, repr(value)]
        case np.generic():
            return ["number", value.dtype.str, repr(value)]
        case tuple():
            described = [*map(describe, value)]
            return None if None in described else ["tuple", type(value).__name__, *described]
    if isinstance(value, type):
        return ["class", value.__module__, value.__qualname__, _fields(value)]
    qualified = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    module = getattr(value, "__module__", None)
    if qualified and module and callable(value):
        return ["object", module, qualified]
    if isinstance(value, np.ufunc):
        return ["ufunc", value.__name__]
    return None


def _fields(cls: type) -> Any:
    """What making an object of the class fills in."""
    if dataclasses.is_dataclass(cls):
        return [
            [f.name, f.init, f.kw_only, describe(f.default), describe(f.default_factory)]
            for f in dataclasses.fields(cls)
        ]
    defaults = getattr(cls, "_field_defaults", {})
    return [[name, describe(defaults.get(name))] for name in getattr(cls, "_fields", ())]


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return object()  # nothing has been assigned yet


def describe_structure(structure: Structure) -> Any:
    """A structure with its containers, as data with a stable `repr`."""
    match structure:
        case Static():
            return "static"
        case tuple() if hasattr(structure, "_fields"):
            return ("named", structure._fields, *map(describe_structure, structure))
        case tuple() | list():
            return (type(structure).__name__, *map(describe_structure, structure))
        case dict():
            parts = [(repr(key), describe_structure(part)) for key, part in structure.items()]
            return ("dict", *parts)
        case Instance(value):
            return ("object", describe(type(value)))
        case Record(cls, fields):
            shown = [(key, describe_structure(part)) for key, part in fields.items()]
            return ("record", describe(cls), is_generated(cls), *shown)
    return repr(structure)


def describe_key(key: Any) -> str | None:
    """The key of something outside as text; None where it means something here alone."""
    match key:
        case ("static", kind, value):
            described = describe(value)
            return None if described is None else repr((kind.__qualname__, described))
        case tuple():
            inner = [describe_key(part) for part in key]
            return None if None in inner else repr(inner)
        case type():
            return repr(describe(key))
    return repr(key)


def as_json(description: Any) -> Any:
    """A description as JSON gives it back."""
    return json.loads(json.dumps(description))
