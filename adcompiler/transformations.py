"""`jvp`, `vjp`, `hvp`: derivatives that take a tangent or a cotangent.

>>> def f(x, y):
...     return x * y, x + y
>>> jvp(f, (2.0, 3.0), (1.0, 0.0))
((6.0, 5.0), (3.0, 1.0))
>>> value, pullback = vjp(f, 2.0, 3.0)
>>> value, pullback((1.0, 0.0))
((6.0, 5.0), (3.0, 2.0))
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Literal, overload

import numpy as np

from .diagnostics import Diagnostic, SignatureError
from .fitting import fitted
from .frontend.signature import abstract
from .gradient import Gradient, without_our_frames
from .notebook import Shown
from .optimize import Passes
from .shortcuts import Prepared
from .specialize import Specialization
from .targets import Wrt
from .tracebacks import name_lines
from .wrt import is_fit

if TYPE_CHECKING:
    from .typed import A, ProductOf, PullbackOf, PushforwardOf, R, X

__all__ = [
    "Derivative", "along", "hvp", "jvp", "made_once", "pulling", "run_with", "vjp",
]  # fmt: skip


class Derivative(Shown):
    """A derivative of `f` that takes tangents or cotangents beside the arguments.

    `source`, `module` and `ir` show what is compiled for these arguments, as those of `grad` do.
    """

    def __init__(
        self, f: Callable[..., Any], wrt: Wrt | None, optimize: int | Passes, mode: str,
        aux: bool = False,
    ) -> None:  # fmt: skip
        self.function, self.wrt, self.optimize, self.mode = f, wrt, optimize, mode
        self.aux = aux
        self._made: dict[Wrt, Gradient] = {}
        self.named_after(f)
        self.shows_signature(f)

    def of(self, wrt: Wrt) -> Gradient:
        """What is compiled for these places."""
        if wrt not in self._made:
            self._made[wrt] = Gradient(
                self.function, wrt, self.optimize, mode=self.mode, aux=self.aux
            )
        return self._made[wrt]

    def compiled_last(self) -> Specialization | None:
        """What was compiled last."""
        return next((g.compiled_last() for g in reversed(self._made.values())), None)

    def at(self, args: Sequence[Any]) -> Gradient:
        """What is compiled for these arguments: by all floats among them, unless told."""
        return self.of(_floats(args) if self.wrt is None else self.wrt)

    @without_our_frames
    def source(self, *args: Any) -> str:
        """The emitted function for these arguments, as text."""
        return self.at(args).source(*args)

    @without_our_frames
    def module(self, *args: Any) -> str:
        """The whole emitted module for these arguments."""
        return self.at(args).module(*args)

    @without_our_frames
    def ir(self, *args: Any) -> str:
        """The derivative's SSA for these arguments, as text."""
        return self.at(args).ir(*args)

    def __repr__(self) -> str:
        name = getattr(self.function, "__qualname__", repr(self.function))
        return f"<{self.mode} of {name}>"


class Pushforward(Derivative):
    """`pushforward(primals, tangents)` gives the value and its tangent, and aux if told."""

    def shows_signature(self, function: Callable[..., Any], like: tuple[Any, ...] = ()) -> None:
        """Whatever the function takes, in two tuples."""
        super().shows_signature(lambda primals, tangents: None)

    @without_our_frames
    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        wrt, given = self.wrt, tuple(tangents)
        if wrt is None:
            _same_number(primals, given, "primals")
            wrt = tuple(k for k, tangent in enumerate(given) if tangent is not None)
            given = tuple(tangent for tangent in given if tangent is not None)
        found: tuple[Any, ...] = along(self.of(wrt), primals, given)
        return found


class HessianProduct(Derivative):
    """`product(*args, v)`: the Hessian times `v`, in the structure of what it is taken of."""

    def shows_signature(self, function: Callable[..., Any], like: tuple[Any, ...] = ()) -> None:
        """All by position, with `v` behind."""
        super().shows_signature(function)
        if "__signature__" in vars(self):
            kind = inspect.Parameter.POSITIONAL_ONLY
            parameters = [
                p.replace(kind=kind, default=p.empty)
                for p in self.__signature__.parameters.values()
                if p.kind in (kind, p.POSITIONAL_OR_KEYWORD)
            ]
            name = "v"
            while name in {p.name for p in parameters}:
                name += "_"
            parameters.append(inspect.Parameter(name, kind))
            self.__signature__ = self.__signature__.replace(parameters=parameters)

    @without_our_frames
    def __call__(self, *args: Any) -> Any:
        *arguments, v = args
        assert self.wrt is not None
        several = isinstance(self.wrt, tuple)
        return along(self.of(self.wrt), arguments, tuple(v) if several else (v,))


class Pullback:
    """`pullback(cotangent)` gives the cotangents of the arguments, as often as it is called.

    `value`: what the function returned, which cotangents are like; `saved`: what the backward part
    `call` reads of the forward part, memory that nobody else has. `places`: which of so many
    arguments it is taken by, None for what `wrt` names.
    """

    def __init__(
        self, compiled: Specialization, value: Any, saved: Any,
        places: tuple[tuple[int, ...], int] | None = None,
    ) -> None:  # fmt: skip
        self.compiled, self.value, self.saved, self.places = compiled, value, saved, places

    @without_our_frames
    def __call__(self, cotangent: Any) -> Any:
        return self.at(fitted(cotangent, self.value, "cotangent"))

    def at(self, cotangent: Any) -> Any:
        """The same for a cotangent that fits, or a stack of these."""
        assert self.compiled.pullback is not None
        try:
            found = self.compiled.pullback(self.saved, cotangent)
        except BaseException as error:
            name_lines(error)
            raise
        if self.places is None:
            return found
        wanted, count = self.places
        parts = iter(found)
        return tuple(next(parts) if k in wanted else None for k in range(count))

    def source(self) -> str:
        """The emitted functions, the forward part and the backward part, as text."""
        return self.compiled.emitted.function


def pulling(gradient: Gradient, args: Sequence[Any]) -> Pullback:
    """Run the forward part of a pullback."""
    compiled, positional, keywords, _ = gradient.prepared(tuple(args), {})
    try:
        value, saved = compiled.call(*positional, **keywords)
    except BaseException as error:
        name_lines(error)
        raise
    return Pullback(compiled, value, saved)


def along(gradient: Gradient, args: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Run what takes a tangent for each place that it is compiled for."""
    call = gradient.prepared(tuple(args), {})
    return _run(call, tangents, call[3])


def run_with(
    gradient: Gradient, args: Sequence[Any], given: Sequence[Any],
    like: Sequence[Any] | None = None,
) -> Any:  # fmt: skip
    """Run what takes tangents or cotangents, fitted to what they are `like` if that is told."""
    return _run(gradient.prepared(tuple(args), {}), given, like)


def _run(call: Prepared, given: Sequence[Any], like: Sequence[Any] | None) -> Any:
    compiled, positional, keywords, _ = call
    if like is not None:
        _same_number(like, given, "wrt")
        triples = zip(given, like, compiled.taken, strict=True)
        given = [fitted(one, other, name) for one, other, name in triples]
    taken = zip(compiled.taken, given, strict=True)
    try:
        return compiled.call(*positional, **keywords, **dict(taken))
    except BaseException as error:
        name_lines(error)
        raise


def _same_number(wanted: Sequence[Any], given: Sequence[Any], what: str) -> None:
    if len(wanted) != len(given):
        raise SignatureError(
            Diagnostic(
                "tangents", f"there are {len(given)} tangents for {len(wanted)} {what}.",
                "give one for each; None for what is no float.",
            )
        )  # fmt: skip


def _floats(args: Sequence[Any]) -> tuple[int, ...]:
    """The positions of the arguments that have a gradient."""
    return tuple(
        k for k, value in enumerate(args)
        if _are_floats(value) or is_fit(abstract(value, "argument"))
    )


def _are_floats(value: Any) -> bool:
    """Whether it is plainly made of floats; there are other things that have a gradient."""
    kind = type(value)
    if kind is np.ndarray:
        return value.dtype.kind in "fc"
    if kind is tuple or kind is list:
        return all(map(_are_floats, value))
    if kind is dict:
        return all(map(_are_floats, value.values()))
    return kind is float or kind is complex


def made_once(make: Any, f: Callable[..., Any], *how: Any) -> Any:
    """What was made of the same function before, so that it compiles once; it hangs on the
    function, and goes with it."""
    if not isinstance(f, (types.FunctionType, Gradient)):
        return make(f, *how)
    owner, made = vars(f).get("__adcompiler__", (None, {}))
    if owner is not f:  # functools.wraps hands the attributes of one function on to another
        made = {}
        vars(f)["__adcompiler__"] = (f, made)
    key = (make.__name__, *how)
    if key not in made:
        made[key] = make(f, *how)
    return made[key]


@overload
def jvp(
    f: Callable[..., R], primals: Sequence[Any], tangents: Sequence[Any], *,
    wrt: Wrt | None = None, has_aux: Literal[False] = False, optimize: int | Passes = 1,
) -> tuple[R, R]: ...
@overload
def jvp(
    f: Callable[..., tuple[R, X]], primals: Sequence[Any], tangents: Sequence[Any], *,
    wrt: Wrt | None = None, has_aux: Literal[True], optimize: int | Passes = 1,
) -> tuple[R, R, X]: ...
@overload
def jvp(
    f: Callable[..., R], *, wrt: Wrt | None = None, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> PushforwardOf[tuple[R, R]]: ...
@overload
def jvp(
    f: Callable[..., tuple[R, X]], *, wrt: Wrt | None = None, has_aux: Literal[True],
    optimize: int | Passes = 1,
) -> PushforwardOf[tuple[R, R, X]]: ...
@without_our_frames
def jvp(
    f: Callable[..., Any], primals: Sequence[Any] | None = None,
    tangents: Sequence[Any] | None = None, *, wrt: Wrt | None = None, has_aux: bool = False,
    optimize: int | Passes = 1,
) -> Any:  # fmt: skip
    """The value at `primals` and its derivative along `tangents`, by forward mode.

    primals: the arguments, a tuple. tangents: as many, each with the structure, shapes and dtypes
    of its argument, or None where it is no float; with `wrt` one for each of that. Gives
    `(value, tangent)`, the tangent with the value's structure, and 0 for what is no float.
    Without primals: the function that takes both, which has `source`, `module` and `ir`. has_aux: f
    returns `(out, aux)`, and a call gives `(out, tangent, aux)`.

    Raises SignatureError where the tangents don't fit, and what `grad` raises.
    """
    made = made_once(Pushforward, f, wrt, optimize, "jvp", bool(has_aux))
    return made if primals is None else made(primals, tangents)


@overload
def vjp(
    f: Callable[..., R], *primals: Any, wrt: Wrt | None = None, has_aux: Literal[False] = False,
    optimize: int | Passes = 1,
) -> tuple[R, PullbackOf]: ...
@overload
def vjp(
    f: Callable[..., tuple[R, X]], *primals: Any, wrt: Wrt | None = None, has_aux: Literal[True],
    optimize: int | Passes = 1,
) -> tuple[R, PullbackOf, X]: ...
@without_our_frames
def vjp(
    f: Callable[..., Any], *primals: Any, wrt: Wrt | None = None, has_aux: bool = False,
    optimize: int | Passes = 1,
) -> Any:  # fmt: skip
    """The value at `primals`, and the pullback there, by reverse mode.

    `pullback(cotangent)` takes a cotangent with the value's structure, shapes and dtypes (None for
    what is no float) and gives a tuple of the arguments' cotangents, None for what is no float;
    with `wrt` what `grad` would give. The function runs once; the pullback, which may be called any
    number of times, reads what that run has saved, whatever becomes of the arguments and the value.
    No argument is changed. has_aux: f returns `(out, aux)`, and the call gives
    `(out, pullback, aux)`; cotangents are those of out.
    """
    derivative = made_once(Derivative, f, wrt, optimize, "vjp", bool(has_aux))
    places = _floats(primals) if wrt is None else None
    pullback = pulling(derivative.of(wrt if places is None else places), primals)
    if places is not None:
        pullback.places = (places, len(primals))
    if has_aux:
        pullback.value, aux = pullback.value
        return pullback.value, pullback, aux
    return pullback.value, pullback


@overload
def hvp(
    f: Callable[Concatenate[A, ...], Any], *, wrt: Literal[0] = 0, optimize: int | Passes = 1
) -> ProductOf[A]: ...
@overload
def hvp(
    f: Callable[..., Any], *, wrt: Wrt, optimize: int | Passes = 1
) -> ProductOf[Any]: ...
@overload
def hvp(
    f: Callable[Concatenate[A, ...], Any], first: Any, /, *args: Any, wrt: Literal[0] = 0,
    optimize: int | Passes = 1,
) -> A: ...
@overload
def hvp(
    f: Callable[..., Any], first: Any, /, *args: Any, wrt: Wrt, optimize: int | Passes = 1
) -> Any: ...
@without_our_frames
def hvp(
    f: Callable[..., Any], *args: Any, wrt: Wrt = 0, optimize: int | Passes = 1
) -> Any:
    """The Hessian of a function of one number times a vector: `hvp(f, x, v)`, forward over reverse.

    args: the function's arguments, and then `v`, with the structure of what `wrt` names (a tuple
    where that is one). Gives what `grad` gives. Without args: the function that takes them.
    """
    made = made_once(HessianProduct, f, wrt, optimize, "hvp")
    return made(*args) if args else made


jvp.__adcompiler_derivative__ = "jvp"  # type: ignore[attr-defined]
vjp.__adcompiler_derivative__ = "vjp"  # type: ignore[attr-defined]
hvp.__adcompiler_derivative__ = "hvp"  # type: ignore[attr-defined]
