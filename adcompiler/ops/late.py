"""Functions of packages that may not be there, and that nobody imports for the table's sake.

    Late("scipy.special", "erf")        stands in a table for scipy.special.erf
    SPELLINGS[scipy.special.erf]        finds the entry, by identity, as SciPy is loaded by then

A function that a user calls has been imported by the user. So a look-up asks `sys.modules` alone:
where a package isn't loaded, nothing is one of its functions.

>>> import math
>>> table = Spelled({Late("math", "exp"): "exp", max: "max"})
>>> table[math.exp], table[max], math.log in table
('exp', 'max', False)
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import numpy as np

__all__ = ["Late", "Package", "Spelled", "is_installed", "public_name"]

T = TypeVar("T")

_KINDS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc)


@dataclass(frozen=True)
class Late:
    """A function by its module and its name there, which may have dots: `norm.pdf`."""

    module: str
    name: str

    def found(self) -> Any:
        """The function, if its module has been imported and has it; else None."""
        found: Any = sys.modules.get(self.module)
        for part in self.name.split("."):
            found = getattr(found, part, None)
        return found

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Spelled(Mapping[object, T], Generic[T]):
    """A mapping from functions, which finds the ones behind `Late` keys as well."""

    def __init__(self, entries: Mapping[object, T]) -> None:
        self.entries = dict(entries)
        self.late: dict[str, list[Late]] = {}
        for key in entries:
            if isinstance(key, Late):
                self.late.setdefault(key.name.rpartition(".")[2], []).append(key)

    def key(self, function: object) -> object:
        """What the function stands under: itself, or its `Late`; None where it isn't known."""
        try:
            if function in self.entries:
                return function
        except TypeError:  # not hashable
            return None
        if not isinstance(function, _KINDS):
            return None
        named = self.late.get(function.__name__, ())
        return next((late for late in named if late.found() == function), None)

    def __getitem__(self, function: object) -> T:
        key = self.key(function)
        if key is None:
            raise KeyError(function)
        return self.entries[key]

    def __iter__(self) -> Iterator[object]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def is_installed(keys: Iterable[object]) -> bool:
    """Whether the functions among these that are looked up late are there to be imported: their
    package, and in it a version that has them."""
    late = [key for key in keys if isinstance(key, Late)]
    if not all(find_spec(key.module.partition(".")[0]) for key in late):
        return False
    for key in late:
        importlib.import_module(key.module)
    return all(key.found() is not None for key in late)


def public_name(function: Any) -> str | None:
    """Where users find a function of SciPy: `scipy.integrate.quad`, wherever it is written."""
    name, module = getattr(function, "__name__", None), getattr(function, "__module__", None)
    if isinstance(function, np.ufunc):
        module = "scipy.special"  # ufuncs don't say where they come from
    if not isinstance(name, str) or not isinstance(module, str):
        return None
    place = ".".join(module.split(".")[:2])
    found = getattr(sys.modules.get(place), name, None)
    return f"{place}.{name}" if place.startswith("scipy.") and found is function else None


@dataclass(frozen=True)
class Package:
    """A module as rules name it: imported when one of its functions is first asked for."""

    name: str

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.name), attribute)
