"""Where emitted lines come from, as the disk cache keeps it: lines of functions found again.

    loss at model.py:12    ->    [[], 0, "5d41..."]           the function itself, its first code
    layer, a global        ->    [["layer"], 0, "9a0c..."]    with a digest of where its lines are

What moved as a whole is found where it is now. A function whose lines are laid out otherwise runs
the same text, which then comes from nowhere.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from .codegen.origins import Home, Origins, Place, codes_of
from .frontend.paths import Path, path_order
from .ops.gates import Primitive

__all__ = ["described_origins", "restored_origins"]

Guards = Mapping[Path, Any]


def described_origins(root: types.FunctionType, guards: Guards, origins: Origins) -> Any:
    """As plain data."""
    known = {
        Home(code.co_filename, code.co_name, code.co_firstlineno): [list(path), k, _layout(code)]
        for path, value in [*_in_order(guards), ((), root)]
        for k, code in enumerate(_codes_in(value))
    }
    homes = [home and known.get(home) for home in origins.homes]
    return [homes, [list(astuple(place)) for place in origins.places], dict(origins.marks)]


def restored_origins(root: types.FunctionType, guards: Guards, told: Any) -> Origins:
    """From plain data, for functions that are where they are now. Raises TypeError, ValueError or
    LookupError where it isn't what `described_origins` gives."""
    homes, places, marks = told
    found = tuple(home and _home(root, guards, *home) for home in homes)
    return Origins(found, tuple(Place(*place) for place in places), dict(marks))


def _home(
    root: types.FunctionType, guards: Guards, path: list[str], number: int, layout: str
) -> Home | None:
    code = list(_codes_in(guards[tuple(path)] if path else root))[number]
    if _layout(code) != layout:
        return None
    return Home(code.co_filename, code.co_name, code.co_firstlineno)


def _in_order(guards: Guards) -> Iterator[tuple[Path, Any]]:
    return ((path, guards[path]) for path in sorted(guards, key=path_order))


def _codes_in(value: Any) -> Iterator[types.CodeType]:
    """The code of a function, or of a gate's functions, with what is nested in it."""
    if isinstance(value, Primitive):
        for part in (value.function, value.rule, value.recording, value.tangent):
            yield from _codes_in(part)
    if isinstance(value, types.FunctionType):
        yield from (code for _, _, code in codes_of(value.__code__))


def _layout(code: types.CodeType) -> str:
    """What changes where a line of the function changes its place within it."""
    return hashlib.sha256(code.co_linetable).hexdigest()[:16]
