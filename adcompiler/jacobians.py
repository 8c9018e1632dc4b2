"""`jacobian` and `hessian`: all partials at once, an axis for each of the two things' axes.

>>> def f(x):
...     return x * x
>>> jacobian(f)(np.array([1.0, 2.0]))
array([[2., 0.],
       [0., 4.]])
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .api import without_our_frames
from .diagnostics import Diagnostic, SignatureError
from .fitting import flat, put_back
from .targets import Wrt
from .transformations import Derivative, Pullback, along, kept
from .wrt import select

__all__ = ["hessian", "jacobian"]

_MODES = ("auto", "forward", "reverse")


class _Matrix:
    """A function of `f`'s arguments that gives partials by arguments and results."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, optimize: int) -> None:
        self.function, self.wrt, self.optimize = f, wrt, optimize
        functools.update_wrapper(self, f, updated=())  # type: ignore[arg-type]

    @property
    def several(self) -> bool:
        return isinstance(self.wrt, tuple)

    def chosen(self, derivative: Derivative, args: Sequence[Any]) -> list[Any]:
        """The arguments that it is taken by: numbers and arrays."""
        gradient = derivative.of(self.wrt)
        arguments = gradient._bind(tuple(args), {})
        found = [select(arguments, place) for place in gradient._options(arguments).wrt]
        for value in found:
            if isinstance(value, (tuple, list, dict)):
                raise SignatureError(
                    Diagnostic(
                        "jacobian", "the partials by a structure of arrays have no one form.",
                        "pass its parts as arguments, and name them in wrt.",
                    )
                )  # fmt: skip
        return found


class Jacobian(_Matrix):
    """`jacobian(f)(*args)`: see `jacobian`."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, mode: str, optimize: int) -> None:
        super().__init__(f, wrt, optimize)
        self.mode = mode
        self.forward = Derivative(f, wrt, optimize, "jvp")
        self.reverse = Derivative(f, wrt, optimize, "vjp")

    @without_our_frames
    def __call__(self, *args: Any) -> Any:
        chosen = self.chosen(self.forward, args)
        value = self.function(*args)
        mode = self.mode
        if mode == "auto":
            given, found = (sum(map(np.size, v)) for v in (chosen, list(flat(value))))
            mode = "forward" if given <= found else "reverse"
        by = self._by_columns if mode == "forward" else self._by_rows
        blocks = by(args, chosen, value)
        parts = iter(
            [tuple(row) if self.several else row[0] for row in blocks]
        )
        return put_back(value, parts)

    def _by_columns(self, args: Any, chosen: list[Any], value: Any) -> list[list[Any]]:
        gradient = self.forward.of(self.wrt)
        columns = [
            [list(flat(along(gradient, args, basis)[1])) for basis in _directions(chosen, k)]
            for k in range(len(chosen))
        ]
        return [
            [
                _block([column[j] for column in columns[k]], leaf, x, True)
                for k, x in enumerate(chosen)
            ]
            for j, leaf in enumerate(flat(value))
        ]

    def _by_rows(self, args: Any, chosen: list[Any], value: Any) -> list[list[Any]]:
        pullback = Pullback(self.reverse, args, value)
        outputs = list(flat(value))
        found = []
        for j, leaf in enumerate(outputs):
            rows = [
                pullback(put_back(value, iter(basis))) for basis in _directions(outputs, j)
            ]
            rows = rows if self.several else [(row,) for row in rows]
            found.append(
                [_block([row[k] for row in rows], leaf, x, False) for k, x in enumerate(chosen)]
            )
        return found

    def source(self, *args: Any) -> str:
        """The emitted function that gives one column, or one row."""
        derivative = self.reverse if self.mode == "reverse" else self.forward
        return derivative.source(*args)


class Hessian(_Matrix):
    """`hessian(f)(*args)`: see `hessian`."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, optimize: int) -> None:
        super().__init__(f, wrt, optimize)
        self.product = Derivative(f, wrt, optimize, "hvp")

    @without_our_frames
    def __call__(self, *args: Any) -> Any:
        gradient, chosen = self.product.of(self.wrt), self.chosen(self.product, args)
        columns = []
        for k in range(len(chosen)):
            found = [along(gradient, args, basis) for basis in _directions(chosen, k)]
            columns.append(found if self.several else [(one,) for one in found])
        blocks = tuple(
            tuple(
                _block([column[i] for column in columns[k]], x, y, True)
                for k, y in enumerate(chosen)
            )
            for i, x in enumerate(chosen)
        )
        return blocks if self.several else blocks[0][0]

    def source(self, *args: Any) -> str:
        """The emitted function that gives one column."""
        return self.product.source(*args)


def _directions(values: Sequence[Any], position: int) -> Iterator[list[Any]]:
    """The unit vectors of one of the values, zeros for the others."""
    zeros = [_zero(value) for value in values]
    value = values[position]
    if np.ndim(value) == 0:
        yield [*zeros[:position], _one(value), *zeros[position + 1 :]]
        return
    for index in np.ndindex(np.shape(value)):
        basis = np.zeros(np.shape(value), np.asarray(value).dtype)
        basis[index] = 1
        yield [*zeros[:position], basis, *zeros[position + 1 :]]


def _zero(value: Any) -> Any:
    array = np.zeros_like(np.asarray(value))
    return array if np.ndim(value) else type(value)(0)


def _one(value: Any) -> Any:
    return type(value)(1)


def _block(parts: Sequence[Any], of: Any, by: Any, columns: bool) -> Any:
    """The partials of one thing by another: an axis for each axis of the first, then of the
    second. `parts` are its columns, or its rows."""
    if np.ndim(of) == np.ndim(by) == 0:
        return parts[0]
    first, second = np.shape(of), np.shape(by)
    dtype = np.result_type(*map(np.asarray, parts)) if parts else np.asarray(by).dtype
    found = np.array(parts, dtype).reshape(len(parts), -1) if parts else np.zeros((0, 0), dtype)
    if not parts or not found.size:
        return np.zeros((*first, *second), dtype)
    matrix = found.T if columns else found
    return matrix.reshape(math.prod(first), math.prod(second)).reshape(*first, *second)


def jacobian(
    f: Callable[..., Any], wrt: Wrt = 0, *, mode: str = "auto", optimize: int = 1
) -> Jacobian:
    """The Jacobian of a function of numbers and arrays.

    Calling the result with arguments gives, in the structure of what `f` returns, for each number
    or array of shape `s` the partials by an argument of shape `t`: an array of shape `s + t`; by a
    tuple of arguments a tuple of these. mode: "forward" (a column at a time), "reverse" (a row at a
    time), or "auto", the one that takes fewer. Raises what `grad` raises.
    """
    if mode not in _MODES:
        raise SignatureError(
            Diagnostic(
                "jacobian", f"there is no mode {mode!r}.", f"use one of {', '.join(_MODES)}."
            )
        )
    made: Jacobian = kept(Jacobian, f, wrt, mode, optimize)
    return made


def hessian(f: Callable[..., Any], wrt: Wrt = 0, *, optimize: int = 1) -> Hessian:
    """The Hessian of a function of one number.

    Calling the result gives the second partials by an argument of shape `s`: an array of shape
    `s + s`; by a tuple of arguments a tuple of tuples of blocks. Forward over reverse.
    """
    made: Hessian = kept(Hessian, f, wrt, optimize)
    return made


jacobian.__adcompiler_derivative__ = "jacobian"  # type: ignore[attr-defined]
hessian.__adcompiler_derivative__ = "hessian"  # type: ignore[attr-defined]
