"""What users may write, described from the tables: `adcompiler ops` and docs/operations.md.

    np.tanh(x)                  grad_x = grad_y * (1 - y * y)
    np.floor(x)                 no gradient: constant between jumps
    np.fliplr(m)                np.fliplr(a) = a[:, ::-1]
    np.load(...)                refused: reads or writes files; ...
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .codegen.text import to_text
from .formulas import expanded, formulas, operand_names
from .frontend import array_calls, builtin_calls, conversion_calls, stores
from .ops import EXPANSIONS, Expansion, Op, Spelling, families, random
from .ops.op import DISCRETE, Emission
from .ops.random import DISTRIBUTIONS
from .ops.refused import REFUSED

__all__ = ["KINDS", "Described", "described", "public_functions"]

KINDS = ("gradient", "made of others", "front end", "no gradient", "refused")

# Where users find functions, and what they call the place.
_PLACES: Mapping[str, Any] = {
    "np": np, "np.linalg": np.linalg, "np.fft": np.fft, "math": math, "": builtins,
}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """One way to write an operation: its form, the family, of which kind it is, what flows."""

    form: str
    family: str
    kind: str
    flows: tuple[str, ...]
    entry: str

    @property
    def name(self) -> str:
        """The form without its arguments."""
        return self.form.partition("(")[0].partition("[")[0]


@cache
def described() -> tuple[Described, ...]:
    """Everything, family by family, sorted by form in each."""
    found: list[Described] = []
    for module, entries in families():
        family = title(module)
        for entry in entries:
            found += _of_op(entry, family) if isinstance(entry, Op) else _of_others(entry, family)
    known = {one.name for one in found}
    found += [one for one in _front_end() if one.name not in known]
    found += _draws()
    found += [
        Described(f"{name}(...)", "Refused", "refused", (f"{one.reason}; {one.advice}",), name)
        for name, one in REFUSED.items()
        if name not in known
    ]
    order = list(dict.fromkeys(one.family for one in found))
    return tuple(sorted(dict.fromkeys(found), key=lambda d: (order.index(d.family), _key(d.form))))


def _key(form: str) -> tuple[str, str]:
    """By the function's own name, wherever it stands."""
    name = form.partition("(")[0]
    return name.rpartition(".")[2].lower(), form


def title(module: types.ModuleType) -> str:
    """A family is called what the first words of its file say."""
    text = (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    for mark in (": ", ". ", "; "):
        text = text.partition(mark)[0]
    return text.rstrip(".")


def _of_op(op: Op, family: str) -> Iterator[Described]:
    for key, spelling in op.spellings.items():
        if key in EXPANSIONS:
            continue  # which users' calls are; the rules of others call the operation itself
        lines = None if op.no_gradient else formulas(op, spelling)
        kind = "no gradient" if lines is None else "gradient"
        flows = (op.no_gradient or DISCRETE,) if lines is None else tuple(lines.values())
        for form in _forms(key, op, spelling):
            yield Described(form, family, kind, flows, op.name)


def _of_others(expansion: Expansion, family: str) -> Iterator[Described]:
    parameters = list(inspect.signature(expansion.build).parameters.values())
    kind, flows = expanded(expansion)
    for key in expansion.spellings:
        own = parameters[1:] if isinstance(key, tuple) else parameters
        for name in _names(key, parameters[0].name):
            form = f"{name}({_signature(own)})"
            yield Described(form, family, kind, flows, expansion.name)


def _front_end() -> Iterator[Described]:
    handled = (builtin_calls.BUILTINS, stores.STORING, array_calls.ARRAY_CALLS)
    for function, handler in (pair for table in handled for pair in table.items()):
        ats = [ufunc for ufunc, at in stores.AT.items() if at is function]
        parameters = list(inspect.signature(handler).parameters.values())[3:]
        for name in (f"{_names(ats[0])[-1]}.at",) if ats else _names(function):
            form = f"{name}({_signature(parameters)})"
            yield Described(form, _FRONT_END, "front end", (), name)
    for name, handler in conversion_calls.CONVERTING_METHODS.items():
        parameters = list(inspect.signature(handler).parameters.values())[4:]
        yield Described(f"x.{name}({_signature(parameters)})", _FRONT_END, "front end", (), name)


_FRONT_END = "Settled by the front end"


def _draws() -> Iterator[Described]:
    """The methods of generators of random numbers."""
    for name, one in DISTRIBUTIONS.items():
        form = f"rng.{name}({', '.join(f'{key}=None' for key in one.signature)})"
        yield Described(form, title(random), "no gradient", (_DRAWN,), "draw")


_DRAWN = "drawn in the forward part, a constant of the call"


def _forms(key: Any, op: Op, spelling: Spelling) -> list[str]:
    """How the operation is written: `np.sum(a, axis=None, *, keepdims=False)`, `a + b`, `x.T`."""
    if getattr(key, "__module__", "") == "_operator":
        return [_operator_form(op, spelling)]
    if isinstance(key, tuple) and key[0] == "subscript":
        return [f"{key[1]}[...]"]
    parameters = list(inspect.signature(spelling.bind).parameters.values())
    if [p.kind for p in parameters] == [inspect.Parameter.VAR_POSITIONAL] and _count(op):
        operands = operand_names(op, spelling, _count(op))
        parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in operands]
    names = _names(key, parameters[0].name)
    if not isinstance(key, tuple):
        return [f"{name}({_signature(parameters)})" for name in names]
    called = "" if key[0] == "attribute" else f"({_signature(parameters[1:])})"
    return [f"{name}{called}" for name in names]


def _count(op: Op) -> int:
    """The number of operands, as far as the samples tell."""
    return len(op.domain) or len(op.samples[0][0] if op.samples else ())


def _operator_form(op: Op, spelling: Spelling) -> str:
    """The operator between its operands, as it is emitted."""
    if op.name == "index":
        return "x[key]"
    names = operand_names(op, spelling, _count(op))
    operands: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    emission = Emission(spelling.preset, [], _NO_TYPE, operands)
    return to_text(op.emit(emission)).replace("$builtin.", "")


_NO_TYPE: Any = None


def _names(key: Any, first: str = "x") -> list[str]:
    """All names that the function has for users: `np.abs` and `np.absolute`."""
    if isinstance(key, tuple):
        return [f"{'x' if first == 'self' else first}.{key[1]}"]
    if not callable(key):
        return [str(key)]
    owner = getattr(key, "__self__", None)
    if isinstance(owner, np.ufunc):
        return [f"np.{owner.__name__}.{key.__name__}"]
    if found := _public().get(id(key)):
        return found
    module = (key.__module__ or key.__self__.__module__).removeprefix("_")
    return [f"{module}.{key.__qualname__}"]


@cache
def _public() -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    for place, module in _PLACES.items():
        for name in public_names(module):
            called = f"{place}.{name}" if place else name
            found.setdefault(id(getattr(module, name)), []).append(called)
    return found


def public_names(module: Any) -> list[str]:
    names: Iterable[str] = getattr(module, "__all__", None) or dir(module)
    return sorted({name for name in names if not name.startswith("_")})


def public_functions() -> Iterator[tuple[str, Any]]:
    """Every public function of NumPy, its linear algebra and Fourier transforms, and `math`."""
    for place, module in _PLACES.items():
        for name in public_names(module) if place else ():
            found = getattr(module, name)
            plain = isinstance(found, type) and issubclass(found, (np.generic, Exception, Warning))
            if callable(found) and not plain and hasattr(found, "__name__"):
                yield f"{place}.{name}", found


def _signature(parameters: Iterable[inspect.Parameter]) -> str:
    bare = [
        p.replace(annotation=p.empty, default=p.default if _is_plain(p.default) else ...)
        for p in parameters
    ]
    text = str(inspect.Signature(bare))[1:-1]
    return text.replace("Ellipsis", "...").removesuffix(", /")


def _is_plain(default: Any) -> bool:
    if isinstance(default, tuple):
        return all(map(_is_plain, default))
    plain = (bool, int, float, str, type(None), type(Ellipsis))
    return default is inspect.Parameter.empty or isinstance(default, plain)
