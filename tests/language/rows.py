"""Rows of the language's table: an example, its arguments, and what running it tells.

    @row("`a, b = b, a`")
    def swapped(x, y): ...            | `a, b = b, a` | differentiated | `swapped` |

The status is never written down: it is found by compiling the example and holding it to the
oracles of the generator of random programs. Where differences can't tell, at a kink, the example
says which gradient it expects.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from adcompiler import AdcompilerError, value_and_grad
from adcompiler.diagnostics import Diagnostic
from tests.generator.oracles import Verdict, judge_function

__all__ = ["GROUPS", "Row", "Status", "group", "row", "status"]

F = TypeVar("F", bound=Callable[..., Any])
A = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
# What a parameter stands for unless the row says otherwise.
DEFAULTS: dict[str, Any] = {
    "x": 0.7, "y": -0.4, "z": 1.3, "a": A, "b": A[::-1] * 0.8, "m": M, "n": 3, "k": 2,
    "f": np.array([0.5, -0.25, 0.75], dtype=np.float32), "p": {"w": A * 0.5, "c": 0.3},
    "t": (0.6, A * 0.3), "i": np.array([2, 0, 2]), "s": np.float64(0.45),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    construct: str
    function: types.FunctionType
    given: dict[str, Any]
    expected: tuple[Any, ...] | None

    def arguments(self) -> dict[str, Any]:
        """Fresh arguments, by name."""
        code = self.function.__code__
        required = code.co_varnames[: code.co_argcount - len(self.function.__defaults__ or ())]
        return copy.deepcopy({name: self.given.get(name, DEFAULTS.get(name)) for name in required})


@dataclass(frozen=True)
class Status:
    """`kind` is differentiated, inert or refused; `why` the code and the reason of a refusal."""

    kind: str
    why: str = ""
    verdict: Verdict | None = None


GROUPS: dict[str, list[Row]] = {}
_current: list[list[Row]] = []


def group(title: str) -> None:
    """The rows that follow belong to this group."""
    _current[:] = [GROUPS.setdefault(title, [])]


def row(
    construct: str, *, gradient: Sequence[Any] | None = None, **given: Any
) -> Callable[[F], F]:
    """Enter a function as the example of a construct. `gradient`: what is expected at a kink."""

    def enter(function: F) -> F:
        expected = None if gradient is None else tuple(gradient)
        assert isinstance(function, types.FunctionType)
        _current[0].append(Row(construct, function, given, expected))
        return function

    return enter


def status(one: Row) -> Status:
    """What compiling and running the example tells."""
    if one.expected is not None:
        return _expected(one)
    verdict = judge_function(one.function, one.arguments)
    if verdict.kind == "refused":
        return Status("refused", f"`{verdict.what}`: {_reason(verdict.diagnostic)}", verdict)
    if verdict.kind != "passed":
        return Status("wrong", str(verdict), verdict)
    return Status("inert" if not np.any(_gradients(one)) else "differentiated", "", verdict)


def _reason(first: Diagnostic | None) -> str:
    """Reason and advice, without what a table can't hold."""
    assert first is not None
    return f"{first.reason} {first.advice[0].upper()}{first.advice[1:]}".replace("|", "\\|")


def _gradients(one: Row) -> np.ndarray[Any, Any]:
    arguments = one.arguments()
    wrt = tuple(name for name, value in arguments.items() if _is_float(value))
    _, gradients = value_and_grad(one.function, wrt)(**arguments)
    return np.concatenate([np.ravel(leaf) for leaf in _leaves(gradients)])


def _expected(one: Row) -> Status:
    arguments = one.arguments()
    wrt = tuple(name for name, value in arguments.items() if _is_float(value))
    assert one.expected is not None
    for level in (0, 1):
        try:
            with np.errstate(all="ignore"):
                _, found = value_and_grad(one.function, wrt, optimize=level)(**one.arguments())
        except AdcompilerError as error:
            (first, *_) = error.diagnostics
            return Status("refused", f"`{first.code}`: {_reason(first)}")
        for gradient, wanted in zip(found, one.expected, strict=True):
            if not np.array_equal(gradient, wanted, equal_nan=True):
                return Status("wrong", f"{gradient} is not {wanted}")
    return Status("differentiated", f"gradient {', '.join(map(str, one.expected))}")


def _is_float(value: Any) -> bool:
    return any(np.asarray(leaf).dtype.kind == "f" for leaf in _leaves(value))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]
