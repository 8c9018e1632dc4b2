"""What is asked of the compiler, and what it answers with."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .codegen.emitted import Emitted
from .frontend.paths import Path
from .optimize import DEFAULT, Passes
from .results import Form
from .wrt import Place

__all__ = ["Compiled", "Options"]


@dataclass(frozen=True)
class Options:
    """What is asked for, apart from the function and its arguments: `inner` is differentiated
    before, first things first. `seeded`: the cotangent of a gradient's number is 1.0, no parameter.
    `aux`: the function returns the number and something else, which is handed on.
    """

    wrt: tuple[Place, ...]
    single: bool = True
    value: bool = False
    passes: Passes = DEFAULT
    mode: str = "grad"
    inner: tuple[Options, ...] = ()
    seeded: bool = False
    aux: bool = False


@dataclass(frozen=True)
class Compiled:
    """An emitted module, and what a call of it needs to know.

    `captures` are the paths of what is read from outside, in order, with the names of those that
    are passed by keyword; `guards` the objects that the text relies on, by path; `static_paths`
    the ints that entered the signature by value; `form` the classes among what is returned.
    """

    emitted: Emitted
    captures: tuple[tuple[str | None, Path], ...]
    guards: Mapping[Path, Any]
    static_paths: frozenset[Path]
    functions: tuple[types.FunctionType, ...]
    form: Form | None = None
