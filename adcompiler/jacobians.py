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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Literal, overload

import numpy as np

from .diagnostics import Diagnostic, SignatureError, UnsupportedError
from .fitting import draws, flat, kept, put_back
from .gradient import Gradient, without_our_frames
from .notebook import Shown
from .optimize import Passes
from .specialize import Specialization
from .targets import Wrt
from .transformations import Derivative, Pullback, along, made_once, pulling, run_with

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .typed import Array, Leaf, MatrixOf

__all__ = ["hessian", "jacobian"]

Mode = Literal["auto", "forward", "reverse"]

_MODES = ("auto", "forward", "reverse")


class _Matrix(Shown):
    """A function of `f`'s arguments that gives partials by arguments and results."""

    def __init__(
        self, f: Callable[..., Any], wrt: Wrt, optimize: int | Passes, aux: bool
    ) -> None:
        self.function, self.wrt, self.optimize, self.aux = f, wrt, optimize, aux
        self.named_after(f)
        self.shows_signature(f)

    @property
    def several(self) -> bool:
        return isinstance(self.wrt, tuple)

    def parts(self, value: Any) -> tuple[Any, Any]:
        """What is differentiated of what the function returns, and the rest."""
        return value if self.aux else (value, None)

    @property
    def emitted(self) -> Derivative:
        """What gives many columns, or many rows, at once."""
        raise NotImplementedError

    def compiled_last(self) -> Specialization | None:
        """What gives columns, or rows: many at once, if that was compiled."""
        return next(filter(None, (made.compiled_last() for made in self.derivatives)), None)

    @property
    def derivatives(self) -> Sequence[Derivative]:
        """All that may be compiled, what people want to see first."""
        raise NotImplementedError

    def source(self, *args: Any) -> str:
        """The emitted function that gives many columns, or many rows, as text."""
        return self.emitted.source(*args)

    def module(self, *args: Any) -> str:
        """The whole emitted module of that function: it runs with NumPy alone."""
        return self.emitted.module(*args)

    def ir(self, *args: Any) -> str:
        """That function's SSA, as text."""
        return self.emitted.ir(*args)

    def __repr__(self) -> str:
        name = getattr(self.function, "__qualname__", repr(self.function))
        return f"<{type(self).__name__.lower()} of {name}>"

    def chosen(self, derivative: Derivative, args: Sequence[Any]) -> _Chosen:
        """The arguments that it is taken by."""
        chosen = derivative.of(self.wrt).prepared(tuple(args), {})[3]
        return _Chosen(tuple(chosen), self.several)


@dataclass(frozen=True)
class _Chosen:
    """What it is taken by: an argument or several, each a number, an array or a structure of
    these."""

    values: tuple[Any, ...]
    several: bool

    @functools.cached_property
    def leaves(self) -> list[Any]:
        """The numbers and arrays, in order."""
        return list(flat(self.values))

    def together(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """Things for the numbers and arrays, in the structures of the arguments."""
        found: tuple[Any, ...] = put_back(self.values, iter(leaves))
        return found

    def shown(self, leaves: Sequence[Any]) -> Any:
        """The same, alone where there is one argument."""
        found = self.together(leaves)
        return found if self.several else found[0]


class Jacobian(_Matrix):
    """`jacobian(f)(*args)`: see `jacobian`."""

    def __init__(
        self, f: Callable[..., Any], wrt: Wrt, mode: str, optimize: int | Passes, aux: bool
    ) -> None:
        super().__init__(f, wrt, optimize, aux)
        self.mode = mode
        self.forward = Derivative(f, wrt, optimize, "jvp", aux)
        self.reverse = Derivative(f, wrt, optimize, "vjp", aux)
        self.forwards = Derivative(f, wrt, optimize, "jvps", aux)
        self.reverses = Derivative(f, wrt, optimize, "vjps", aux)

    @without_our_frames
    def __call__(self, *args: Any) -> Any:
        chosen, before = self.chosen(self.forward, args), kept(args, generators=True)
        value, aux = self.parts(self.function(*kept(args)))
        mode = _possible(self.mode, chosen.leaves, list(flat(value)))
        if mode == "auto":
            given, found = (sum(map(np.size, v)) for v in (chosen.leaves, list(flat(value))))
            mode = "forward" if given <= found else "reverse"
        by = self._by_columns if mode == "forward" else self._by_rows
        blocks = by(before, chosen, value)
        found = put_back(value, iter([chosen.shown(row) for row in blocks]))
        return (found, aux) if self.aux else found

    def _by_columns(self, args: Any, chosen: _Chosen, value: Any) -> list[list[Any]]:
        one, several = self.forward.of(self.wrt), self.forwards.of(self.wrt)

        def alone(basis: list[Any]) -> list[Any]:
            return list(flat(along(one, _drawing(args), chosen.together(basis))[1]))

        def stacked(basis: list[Any]) -> list[Any]:
            return list(flat(run_with(several, _drawing(args), chosen.together(basis))[1]))

        outputs, leaves = list(flat(value)), chosen.leaves
        columns = _all_of(alone, stacked, leaves, len(outputs))
        return [
            [_block(columns[k], j, leaf, x, True) for k, x in enumerate(leaves)]
            for j, leaf in enumerate(outputs)
        ]

    def _by_rows(self, args: Any, chosen: _Chosen, value: Any) -> list[list[Any]]:
        one, several = self.reverse.of(self.wrt), self.reverses.of(self.wrt)

        @functools.cache
        def of(gradient: Gradient) -> Pullback:
            return pulling(gradient, _drawing(args))

        def alone(basis: list[Any]) -> list[Any]:
            return list(flat(of(one).at(put_back(value, iter(basis)))))

        def stacked(basis: list[Any]) -> list[Any]:
            return list(flat(of(several).at(put_back(value, iter(basis)))))

        outputs, leaves = list(flat(value)), chosen.leaves
        rows = _all_of(alone, stacked, outputs, len(leaves))
        return [
            [_block(rows[j], k, leaf, x, False) for k, x in enumerate(leaves)]
            for j, leaf in enumerate(outputs)
        ]

    @property
    def emitted(self) -> Derivative:
        return self.reverses if self.mode == "reverse" else self.forwards

    @property
    def derivatives(self) -> Sequence[Derivative]:
        return self.forwards, self.reverses, self.reverse, self.forward

    def __adcompiler_derivation__(self) -> tuple[Any, list[tuple[Any, ...]]]:
        """What a call of it is inside a function that is differentiated."""
        return self.function, [("jacobian", self.wrt, False, self.aux, self.mode)]


class Hessian(_Matrix):
    """`hessian(f)(*args)`: see `hessian`."""

    def __init__(
        self, f: Callable[..., Any], wrt: Wrt, optimize: int | Passes, aux: bool
    ) -> None:
        super().__init__(f, wrt, optimize, aux)
        self.product = Derivative(f, wrt, optimize, "hvp", aux)
        self.products = Derivative(f, wrt, optimize, "hvps", aux)

    @without_our_frames
    def __call__(self, *args: Any) -> Any:
        one, several = self.product.of(self.wrt), self.products.of(self.wrt)
        chosen, given = self.chosen(self.product, args), args
        if self.aux:
            args = kept(args, generators=True)
            _, aux = self.parts(self.function(*kept(given)))

        def alone(basis: list[Any]) -> list[Any]:
            return list(flat(along(one, _drawing(args), chosen.together(basis))))

        def stacked(basis: list[Any]) -> list[Any]:
            return list(flat(run_with(several, _drawing(args), chosen.together(basis))))

        leaves = chosen.leaves
        columns = _all_of(alone, stacked, leaves, len(leaves))
        found = chosen.shown([
            chosen.shown([_block(columns[k], i, x, y, True) for k, y in enumerate(leaves)])
            for i, x in enumerate(leaves)
        ])  # fmt: skip
        return (found, aux) if self.aux else found

    @property
    def emitted(self) -> Derivative:
        return self.products

    @property
    def derivatives(self) -> Sequence[Derivative]:
        return self.products, self.product

    def __adcompiler_derivation__(self) -> tuple[Any, list[tuple[Any, ...]]]:
        """What a call of it is inside a function that is differentiated."""
        return self.function, [("hessian", self.wrt, False, self.aux)]


def _possible(mode: str, given: Sequence[Any], found: Sequence[Any]) -> str:
    """The mode, where complex numbers leave a choice: real directions see all of a complex result,
    and one cotangent of a real result sees all of a complex argument, but not the other way."""
    complex_given, complex_found = (any(map(np.iscomplexobj, v)) for v in (given, found))
    real_given, real_found = (
        any(_is_float(x) and not np.iscomplexobj(x) for x in v) for v in (given, found)
    )
    needed = {
        name for name, needs in (
            ("forward", complex_found and real_given), ("reverse", complex_given and real_found)
        ) if needs
    }  # fmt: skip
    if len(needed | ({mode} - {"auto"})) > 1:
        raise SignatureError(
            Diagnostic(
                "jacobian", "complex results have columns by real arguments, complex arguments have"
                f" rows of real results, and mode={mode!r} doesn't give what is asked for.",
                "leave mode out, or differentiate the real and the imaginary part.",
            )
        )  # fmt: skip
    return needed.pop() if needed else mode


# So many directions are taken at once: what a function computes is held as often.
_AT_ONCE = 256


def _drawing(args: Sequence[Any]) -> Any:
    """The arguments with generators of their own, so that every part is of the same draws."""
    drawing = any(map(draws, flat(args)))
    return kept(tuple(args), generators=True) if drawing else args


def _all_of(
    alone: Callable[[list[Any]], list[Any]], stacked: Callable[[list[Any]], list[Any]],
    values: Sequence[Any], wanted: int,
) -> list[list[Any] | None]:  # fmt: skip
    """What is found along the unit vectors of each of the values; None for what is no float."""
    return [
        _in_batches(alone, stacked, values, k, wanted) if _is_float(v) else None
        for k, v in enumerate(values)
    ]


def _in_batches(
    alone: Callable[[list[Any]], list[Any]], stacked: Callable[[list[Any]], list[Any]],
    values: Sequence[Any], position: int, wanted: int,
) -> list[Any]:  # fmt: skip
    """What is found along the unit vectors of one of the values: for each of the `wanted` things,
    a row for each vector."""
    count = np.size(values[position])
    rows: list[list[Any]] = []
    try:
        for start in range(0, count if count > 1 else 0, _AT_ONCE):
            chunk = np.arange(start, min(start + _AT_ONCE, count))
            rows.append([
                v if np.ndim(v) else np.full(len(chunk), v)
                for v in stacked(_directions(values, position, chunk))
            ])  # fmt: skip
    except UnsupportedError as error:
        if any(found.code != "batch" for found in error.diagnostics):
            raise
    if rows:
        return [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    found = [alone(_direction(values, position, k)) for k in range(count)]
    return list(zip(*found, strict=True)) if found else [()] * wanted


def _directions(values: Sequence[Any], position: int, chunk: Any) -> list[Any]:
    """Some of the unit vectors of one of the values, as a stack; stacks of zeros for the others."""
    found = [
        np.zeros((len(chunk), *np.shape(v)), np.asarray(v).dtype) if _is_float(v) else v
        for v in values
    ]
    if _is_float(values[position]):
        found[position].reshape(len(chunk), -1)[np.arange(len(chunk)), chunk] = 1
    return found


def _is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fc"


def _direction(values: Sequence[Any], position: int, index: int) -> list[Any]:
    """A unit vector of one of the values, zeros for the others."""
    found = [_zero(value) for value in values]
    if np.ndim(found[position]):
        found[position].flat[index] = 1
    else:
        found[position] = _one(values[position])
    return found


def _zero(value: Any) -> Any:
    if not _is_float(value):
        return value
    array = np.zeros_like(np.asarray(value))
    return array if np.ndim(value) else type(value)(0)


def _one(value: Any) -> Any:
    return type(value)(1)


def _block(found: list[Any] | None, index: int, of: Any, by: Any, columns: bool) -> Any:
    """The partials of one thing by another: an axis for each axis of the first, then of the
    second; None where one of them is no float. `found` has the columns, or the rows, at `index`."""
    if found is None or not (_is_float(of) and _is_float(by)):
        return None
    parts = found[index]
    if np.ndim(of) == np.ndim(by) == 0:
        return parts[0]
    first, second = np.shape(of), np.shape(by)
    made = np.asarray(parts) if len(parts) else np.zeros((0, 0), np.asarray(by).dtype)
    if not made.size:
        return np.zeros((*first, *second), made.dtype)
    matrix = made.reshape(len(made), -1)
    matrix = matrix.T if columns else matrix
    return matrix.reshape(math.prod(first), math.prod(second)).reshape(*first, *second)


@overload
def jacobian(
    f: Callable[Concatenate[NDArray[Leaf], ...], float | Array], wrt: Literal[0] = 0, *,
    mode: Mode = "auto", has_aux: Literal[False] = False, optimize: int | Passes = 1,
) -> MatrixOf[Array]: ...
@overload
def jacobian(
    f: Callable[..., Any], wrt: Wrt = 0, *, mode: Mode = "auto", has_aux: bool = False,
    optimize: int | Passes = 1,
) -> MatrixOf[Any]: ...
def jacobian(
    f: Callable[..., Any], wrt: Wrt = 0, *, mode: Mode = "auto", has_aux: bool = False,
    optimize: int | Passes = 1,
) -> Any:
    """The Jacobian of a function of numbers and arrays.

    Calling the result with arguments gives, in the structure of what `f` returns, for each number
    or array of shape `s` the partials by an argument of shape `t`: an array of shape `s + t`; by a
    structure, or by a tuple of arguments, that structure of these, with None for what is no float.
    mode: "forward" (by columns), "reverse" (by rows), or "auto", the one that takes fewer; complex
    results by real arguments have columns alone, real results by complex arguments rows alone, and
    complex ones by complex ones are taken to be holomorphic. has_aux:
    `f` returns `(out, aux)`, and a call gives the Jacobian of out, and aux. Raises what `grad`
    raises.
    """
    if mode not in _MODES:
        raise SignatureError(
            Diagnostic(
                "jacobian", f"there is no mode {mode!r}.", f"use one of {', '.join(_MODES)}."
            )
        )
    return made_once(Jacobian, f, wrt, mode, optimize, bool(has_aux))


@overload
def hessian(
    f: Callable[Concatenate[NDArray[Leaf], ...], Any], wrt: Literal[0] = 0, *,
    has_aux: Literal[False] = False, optimize: int | Passes = 1,
) -> MatrixOf[Array]: ...
@overload
def hessian(
    f: Callable[..., Any], wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> MatrixOf[Any]: ...
def hessian(
    f: Callable[..., Any], wrt: Wrt = 0, *, has_aux: bool = False, optimize: int | Passes = 1
) -> Any:
    """The Hessian of a function of one number.

    Calling the result gives the second partials by an argument of shape `s`: an array of shape
    `s + s`; by a structure, or by a tuple of arguments, structures of structures of blocks. Forward
    over reverse. has_aux: `f` returns `(loss, aux)`, and a call gives the Hessian, and aux.
    """
    return made_once(Hessian, f, wrt, optimize, bool(has_aux))


jacobian.__adcompiler_derivative__ = "jacobian"  # type: ignore[attr-defined]
hessian.__adcompiler_derivative__ = "hessian"  # type: ignore[attr-defined]
