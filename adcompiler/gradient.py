"""The object that stands for a derivative of a function: it compiles, remembers, and calls.

    f(w, x)    key of the arguments -> a compiled text that still holds -> its function, called
"""

from __future__ import annotations

import copy
import functools
import threading
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from .arguments import bind, split
from .diagnostics import AdcompilerError, Diagnostic, UnsupportedError
from .frontend.parameters import signature_of
from .frontend.paths import lookup_path
from .frontend.signature import abstract, keys_of
from .notebook import Shown, described
from .optimize import Passes, chosen_passes
from .options import Options
from .plain import has_insides, insides, literal_defaults, python_function
from .shortcuts import Prepared, Shortcuts, shortcut
from .specialize import Specialization, specialize
from .targets import Wrt, check_variables, filled_in, places, settled, unfold
from .tracebacks import name_lines
from .wrapping import plain_function
from .wrt import Place, check_wrt, select

__all__ = ["Gradient", "Wrt", "without_our_frames"]

_KEPT = 64  # compiled texts of one signature that differ in what they rely on


# One derivative of those inside another: by what, with the value, with what else is returned.
Step = tuple[Wrt, bool, bool]

F = TypeVar("F", bound=Callable[..., Any])


def without_our_frames(function: F) -> F:
    """A refusal's message has the user's line; the compiler's frames would only hide it."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except AdcompilerError as error:
            raise error.with_traceback(None) from None

    return cast(F, call)


class Gradient(Shown):
    """The gradient of a function: calling it gives the gradient, its methods the rest.

    Compiled once for each abstract signature of arguments (kinds, dtypes, ranks, and which sizes
    are 0 or 1); safe to call from many threads; pickles by the source that it has compiled.
    """

    def __init__(
        self, function: Callable[..., Any], wrt: Wrt = 0, optimize: int | Passes = 1,
        value: bool = False, mode: str = "grad", inner: tuple[Step, ...] = (), aux: bool = False,
    ) -> None:  # fmt: skip
        self._of = function
        self.target: Any
        self.wrt: Wrt
        self._inner: tuple[Step, ...]
        self._aux: bool
        self._value: bool
        if isinstance(function, Gradient):
            # What has been differentiated is differentiated again: first things first.
            _check_plain(function)
            inner = (*function._inner, (function.wrt, function._value, function._aux), *inner)
            function = function.target
        elif hasattr(type(function), "__adcompiler_derivation__"):
            derived: Any = function
            function = plain_function(derived, derived.__adcompiler_derivation__()[1][-1][0])
        plain, filled, _ = unfold(function)
        plain = python_function(plain)
        self.named_after(plain)
        vars(self).update(vars(plain))
        self.target = function
        self.wrt = wrt
        self._passes = chosen_passes(optimize)
        self._value, self._mode, self._inner, self._aux = value, mode, inner, aux
        self._read_signature(plain, len(filled))
        alone = mode == "grad" and not (value or aux or isinstance(wrt, tuple))
        self.shows_signature(function, (wrt,) if alone else ())
        self._entries: dict[Any, list[Specialization]] = {}
        self._shortcuts = Shortcuts()
        self._lock = threading.Lock()
        self._unbound: Gradient | None = None
        if mode == "grad" and not inner:
            self.__doc__ = described(plain, repr(self).rpartition(" to ")[2][:-1], value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient at these arguments; after `value_and_grad`, the value and the gradient.

        It has the structure, shapes and dtypes of the parameters that it is taken of. Raises
        UnsupportedError, SourceError or SignatureError where the function can't be differentiated,
        and whatever the function itself raises.
        """
        found = self._shortcut(args, kwargs)
        if found is None:
            try:
                found = self._looked_up(args, kwargs)
            except AdcompilerError as error:
                raise error.with_traceback(None) from None
        # Here, and not in a method: a traceback from the emitted text has one frame of ours.
        try:
            return found[0].call(*found[1], **found[2])
        except BaseException as error:
            name_lines(error)
            raise

    def prepared(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Prepared:
        """What is compiled for a call, compiling it if need be, and what the text takes."""
        return self._shortcut(args, kwargs) or self._looked_up(args, kwargs)

    def _shortcut(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Prepared | None:
        function, target = self.function, self.target
        if target is not function:
            function, args, kwargs = filled_in(target, args, kwargs)
        for ready in self._shortcuts.ready:
            found = ready(function, args, kwargs)
            if found is not None:
                return found
        return None

    def _looked_up(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Prepared:
        arguments = self._bind(args, kwargs)
        compiled = self._specialization(arguments)
        positional, keywords = split(self.signature, arguments)
        keywords |= compiled.outside(self.function, arguments)
        places_: tuple[Place, ...] = ()
        if compiled.taken:
            places_ = settled(self._places, self.signature, arguments)
        function, args, kwargs = filled_in(self.target, args, kwargs)
        self._shortcuts.note(compiled, function, args, kwargs, lambda: shortcut(
            compiled, function, self.signature, arguments, (len(args), tuple(kwargs)), places_
        ))  # fmt: skip
        return compiled, positional, keywords, [select(arguments, place) for place in places_]

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself."""
        return self._of(*args, **kwargs)

    @functools.cached_property
    def value_and_grad(self) -> Gradient:
        """The same with the function's value in front: `value, gradient`."""
        if self._value:
            return self
        if self._unbound is not None:
            bound: Gradient = self._unbound.value_and_grad.__get__(unfold(self.target)[1][0])
            return bound
        return Gradient(
            self._of, self.wrt, self._passes, True, self._mode, self._own_inner, self._aux
        )

    @property
    def _own_inner(self) -> tuple[Step, ...]:
        """The derivatives inside that `_of` doesn't stand for."""
        return () if isinstance(self._of, Gradient) else self._inner

    @without_our_frames
    def source(self, *args: Any, **kwargs: Any) -> str:
        """The emitted function for these arguments, as text."""
        return self._specialization(self._bind(args, kwargs)).emitted.function

    @without_our_frames
    def module(self, *args: Any, **kwargs: Any) -> str:
        """The whole emitted module for these arguments: it runs with NumPy alone."""
        return self._specialization(self._bind(args, kwargs)).emitted.module

    @without_our_frames
    def ir(self, *args: Any, **kwargs: Any) -> str:
        """The gradient's SSA for these arguments, as text."""
        from .ir.printer import print_function
        from .pipeline import derivative

        arguments = self._bind(args, kwargs)
        structures = {name: abstract(value, name) for name, value in arguments.items()}
        options = self._options(arguments)
        if options.mode != "vmap":
            check_wrt(self.function, structures, options.wrt)
        _, found, _, _ = derivative(
            self.function, structures, options,
            lambda path: lookup_path(self.function, path, arguments),
        )  # fmt: skip
        return print_function(found)

    def compiled_last(self) -> Specialization | None:
        """What was compiled last."""
        entries = list(self._entries.values())
        return entries[-1][0] if entries else None

    def __repr__(self) -> str:
        kind = "value_and_grad" if self._value else self._mode
        kind = " of ".join([kind, *("value_and_grad" if v else "grad" for _, v, _ in self._inner)])
        chosen = self.wrt if isinstance(self.wrt, tuple) else (self.wrt,)
        wrt = ", ".join(
            p if isinstance(p, str) else str(w) for p, w in zip(self._places, chosen, strict=True)
        )
        return f"<{kind} of {self.function.__qualname__} with respect to {wrt}>"

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
        function, whole, keywords = filled_in(self.target, args, kwargs)
        if function is not self.function or not has_insides(function, self._insides):
            # Tools that reload edited modules exchange the insides of functions.
            self._read_signature(python_function(function), len(whole) - len(args))
        return bind(self.signature, function.__qualname__, whole, keywords)

    def _read_signature(self, function: types.FunctionType, filled: int) -> None:
        self.function = function
        self._insides = insides(function)
        self.signature = signature_of(function)
        self._places = places(function, self.target, self.wrt, filled)
        self._inner_places = [places(function, self.target, w, filled) for w, _, _ in self._inner]
        groups = [*self._inner_places, self._places]
        check_variables(self.signature.parameters, groups, self._mode)
        # The places, if there are some that depend on the call.
        every = tuple(place for group in groups for place in group)
        self._by_call = () if all(isinstance(place, str) for place in every) else every

    @property
    def options(self) -> Options:
        """What is asked for; places that depend on the call as they were given."""
        return self._asked(lambda chosen: chosen)

    def chosen(self, arguments: Mapping[str, Any]) -> list[Any]:
        """What it is taken by, among the arguments of a call."""
        places_ = settled(self._places, self.signature, arguments)
        return [select(arguments, place) for place in places_]

    def _options(self, arguments: Mapping[str, Any]) -> Options:
        return self._asked(lambda chosen: settled(chosen, self.signature, arguments))

    def _asked(self, settle: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Options:
        inner: tuple[Options, ...] = ()
        for chosen, (given, value, aux) in zip(self._inner_places, self._inner, strict=True):
            single = not isinstance(given, tuple)
            inner += (
                Options(settle(chosen), single, value, self._passes, "grad", inner, aux=aux),
            )
        single = not isinstance(self.wrt, tuple)
        return Options(
            settle(self._places), single, self._value, self._passes, self._mode, inner,
            aux=self._aux,
        )  # fmt: skip

    def _specialization(self, arguments: Mapping[str, Any]) -> Specialization:
        key = self._key(arguments)
        for found in self._entries.get(key, ()):
            if found.fits(self.function, arguments):
                return found
        return self._compile(key, arguments)

    def _key(self, arguments: Mapping[str, Any]) -> Any:
        key = keys_of(arguments)
        if not self._by_call:
            return key
        return (key, settled(self._by_call, self.signature, arguments))

    def _compile(self, key: Any, arguments: Mapping[str, Any]) -> Specialization:
        with self._lock:
            for found in self._entries.get(key, ()):
                if found.fits(self.function, arguments):
                    return found
            structures = {name: abstract(value, name) for name, value in arguments.items()}
            made = specialize(
                self.function, arguments, structures, self._options(arguments),
                literal_defaults(self.signature),
            )  # fmt: skip
            # Those that no longer hold would only be tried in vain.
            kept = [e for e in self._entries.get(key, ()) if e.check()]
            self._entries[key] = [made, *kept][:_KEPT]
            return made

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As an attribute of a class, a method; `wrt` counts from the argument after `self`."""
        if instance is None or isinstance(self.target, (staticmethod, types.MethodType)):
            return self
        made = object.__new__(Gradient)
        vars(made).update(self._as_method)
        made._of = made.target = types.MethodType(self.target, instance)
        if isinstance(self._of, Gradient):
            made._of = self._of.__get__(instance, owner)
        return made

    @functools.cached_property
    def _as_method(self) -> dict[str, Any]:
        """What this gradient is as a method, whatever the instance, which a call of `m.g(x)` makes
        anew: it holds all that is compiled, too."""
        made = Gradient(
            types.MethodType(self.target, object()), self.wrt, self._passes, self._value,
            self._mode, self._inner, self._aux,
        )  # fmt: skip
        made._lock, made._unbound = self._lock, self
        return vars(made)

    def __adcompiler_derivation__(self) -> tuple[Any, list[tuple[Any, ...]]]:
        """What a call of it is inside a function that is differentiated."""
        steps: list[tuple[Any, ...]] = [("grad", *step) for step in self._inner]
        return self.target, [*steps, (self._mode, self.wrt, self._value, self._aux)]

    def __copy__(self) -> Gradient:
        """Like a function, a gradient has nothing that a copy could change apart."""
        return self

    def __deepcopy__(self, memo: Any) -> Gradient:
        if self.target is self.function:
            return self
        target = copy.deepcopy(self.target, memo)
        return Gradient(
            target, self.wrt, self._passes, self._value, self._mode, self._inner, self._aux
        )

    def __reduce__(self) -> tuple[Any, ...]:
        from .pickling import reduce_gradient

        return reduce_gradient(self)


def _check_plain(function: Gradient) -> None:
    """Only what gives gradients is differentiated again by itself; the rest in a function."""
    if function._mode != "grad":
        raise UnsupportedError(
            Diagnostic(
                "derivative", f"{function!r} takes tangents or cotangents beside its arguments.",
                "call it in a function of your own, and differentiate that.",
            )
        )  # fmt: skip
