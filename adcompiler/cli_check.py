"""`adcompiler check`: the derivatives of the function behind FILE:FUNC against differences.

    w: f8[n, d], x: f8[d], rate: float     arrays of 2 x 3 and 3 entries, and a number, at random

Where types are given and no values, numbers between 0.2 and 0.9 stand for floats: most functions
are defined and smooth there.
"""

from __future__ import annotations

import inspect
from typing import Any, NoReturn

import numpy as np

from .arguments import split
from .checking import check_grads
from .cli_target import Arguments
from .diagnostics import AdcompilerError, Diagnostic, SignatureError
from .frontend.signature import Static, Structure
from .ir.sizes import Affine, Size
from .ir.types import Array, List, Scalar
from .transformations import jvp
from .wrt import check_some_float

__all__ = ["check"]

_LOW, _HIGH = 0.2, 0.9
_LENGTH = 3
_KINDS = {"float": float, "complex": complex}


def check(
    arguments: Arguments, order: int, seed: int, rtol: float | None, atol: float | None
) -> str | None:
    """What is wrong with the derivatives, in words, or None; AdcompilerError for a refusal."""
    function = arguments.target.function
    check_some_float(function, arguments.structures)
    args, keywords = split(inspect.signature(function), _values(arguments, seed))

    def checked(*args: Any) -> Any:
        return function(*args, **keywords)

    checked.__qualname__ = function.__qualname__
    target = checked if keywords else function
    try:
        jvp(target).source(*args)  # what is refused is refused before the function is called
        check_grads(target, tuple(args), order, rtol=rtol, atol=atol, seed=seed)
    except AdcompilerError:
        raise
    except AssertionError as error:
        return str(error)
    except Exception as error:  # the user's own
        return f"{arguments.target.name} raises {type(error).__name__}: {error}"
    return None


def _values(arguments: Arguments, seed: int) -> dict[str, Any]:
    """The values that there are, and samples of the types of the others."""
    sample = _Sample(seed)
    return {
        name: arguments.values[name] if name in arguments.values else sample.of(structure, name)
        for name, structure in arguments.structures.items()
    }


class _Sample:
    """Values of given types; one symbol is one size, from 2 on."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.sizes: dict[Any, int] = {}

    def of(self, structure: Structure, name: str) -> Any:
        match structure:
            case Static(value):
                return value
            case tuple():
                return tuple([self.of(part, name) for part in structure])
            case list():
                return [self.of(part, name) for part in structure]
            case dict():
                return {key: self.of(part, name) for key, part in structure.items()}
            case List(element):
                return [self.of(element, name) for _ in range(_LENGTH)]
            case Scalar(kind) if kind in _KINDS:
                return _KINDS[kind](self.floats("c" if kind == "complex" else "f", ()))
            case Array(dtype, shape) if dtype[0] in "fc":
                found = self.floats(dtype[0], tuple(map(self.size, shape)))
                return np.asarray(found, dtype) if shape else np.dtype(dtype).type(found)
        return _refuse(name, structure)

    def floats(self, kind: str, shape: tuple[int, ...]) -> Any:
        found = self.random.uniform(_LOW, _HIGH, shape)
        return found + 1j * self.random.uniform(_LOW, _HIGH, shape) if kind == "c" else found

    def size(self, size: Size) -> int:
        if isinstance(size, Affine):
            return self.sizes.setdefault(size, 2 + len(self.sizes))
        return size


def _refuse(name: str, structure: Structure) -> NoReturn:
    raise SignatureError(
        Diagnostic(
            "value-needed", f"`{name}` is {structure}, of which no value can be made up.",
            f"give one: `--arg {name}=3`, or all of them in `--call`.",
        )
    )  # fmt: skip
