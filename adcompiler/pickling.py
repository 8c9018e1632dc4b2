"""Pickling gradients by source: text that has been emitted, never code objects.

A gradient unpickles to the full object where its function can be imported, so that it compiles
for new signatures too; elsewhere (a worker that can't import `__main__`) to one that runs the
signatures it was pickled with, the outside numbers and arrays as they were then.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .arguments import bind, split, with_classes
from .codegen.emitted import Emitted
from .diagnostics import Diagnostic, SignatureError
from .frontend.paths import lookup_path
from .frontend.signature import keys_of
from .frontend.source import fingerprint
from .options import Options
from .results import Form, described, restored
from .runtime.loader import load
from .specialize import same
from .tracebacks import name_lines

if TYPE_CHECKING:
    from .gradient import Gradient

__all__ = ["FrozenGradient", "reduce_gradient"]


@dataclass(frozen=True)
class FrozenEntry:
    """One compiled signature: its key, its static arguments, its text, what is outside, and the
    classes among its results by name."""

    key: Hashable
    static_arguments: tuple[tuple[Any, Any], ...]
    emitted: Emitted
    outside: dict[str, Any]
    form: Any = None


class FrozenGradient:
    """Emitted gradients without the function that they came from."""

    def __init__(
        self, name: str, signature: inspect.Signature, options: Options, entries: list[FrozenEntry]
    ) -> None:
        self.__name__ = name
        self.signature = signature
        self.options = options
        self.entries = entries
        self._loaded: dict[int, Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient, for a signature that it was pickled with; SignatureError for others."""
        arguments = bind(self.signature, self.__name__, args, kwargs)
        key = keys_of(arguments)
        for number, entry in enumerate(self.entries):
            if entry.key == key and all(
                same(lookup_path(None, path, arguments), v) for path, v in entry.static_arguments
            ):
                positional, keywords = split(self.signature, arguments)
                call = self._function(number, arguments)
                try:
                    return call(*positional, **keywords, **entry.outside)
                except BaseException as error:
                    name_lines(error)
                    raise
        raise SignatureError(
            Diagnostic(
                "frozen-gradient",
                f"`{self.__name__}` was pickled without a gradient for such arguments, and its"
                " function can't be imported here to compile one.",
                "call it with such arguments before pickling, or define it in a module.",
            )
        )

    def _function(self, number: int, arguments: Mapping[str, Any]) -> Callable[..., Any]:
        if number not in self._loaded:
            emitted = self.entries[number].emitted
            function = load(emitted.module, self.__name__, emitted)[emitted.name]
            form = _form(self.entries[number].form)
            self._loaded[number] = with_classes(function, arguments, self.options, form)
        return self._loaded[number]

    def source(self) -> list[str]:
        """The emitted modules."""
        return [entry.emitted.module for entry in self.entries]

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.__name__, self.signature, self.options, self.entries)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]


def reduce_gradient(gradient: Gradient) -> tuple[Any, ...]:
    """`__reduce__` of a gradient."""
    function = gradient.function
    how = (gradient.wrt, gradient._passes, gradient._value, gradient._mode, gradient._inner,
           gradient._aux)
    if gradient.target is not function:
        return _remade, (gradient.target, how)
    simple = all(isinstance(place, str) for place in gradient._places)
    entries = [
        FrozenEntry(
            key, found.static_arguments, found.emitted, found.outside(function, {}),
            _told(found.form),
        )
        for key, specializations in gradient._entries.items() for found in specializations
        if simple and found.check() and not found.reads_objects
    ]  # fmt: skip
    where = (function.__module__, function.__qualname__, fingerprint(function))
    names = tuple(place for place in gradient._places if isinstance(place, str))
    options = replace(gradient.options, wrt=names)
    frozen = (_bare(gradient.signature), options, entries)
    return _rebuild, (where, how, frozen)


def _told(form: Form | None) -> Any:
    try:
        return described(form)
    except LookupError:
        return None


def _form(told: Any) -> Form | None:
    """The classes among results, where they can be found here."""
    try:
        return restored(told)
    except LookupError:
        return None


def _remade(target: Any, how: Any) -> Any:
    """The gradient of a method, a partial or an object, which were pickled themselves."""
    from .gradient import Gradient

    return target if isinstance(target, Gradient) else Gradient(target, *how)


def _bare(signature: inspect.Signature) -> inspect.Signature:
    """Without annotations, which may name anything."""
    empty = inspect.Signature.empty
    parameters = [p.replace(annotation=empty) for p in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=empty)


def _rebuild(where: tuple[str, str, str], how: Any, frozen: Any) -> Any:
    from .gradient import Gradient

    module, qualname, print_ = where
    function = _find(module, qualname)
    if function is not None and fingerprint(function) == print_:
        return Gradient(function, *how)
    return FrozenGradient(qualname.rpartition(".")[2], *frozen)


def _find(module: str, qualname: str) -> types.FunctionType | None:
    """The function of that name, also where the name now stands for its gradient."""
    try:
        found: Any = importlib.import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)
    except Exception:  # whatever the module's own code raises: then there is no function here
        return None
    found = getattr(found, "function", found)
    return found if isinstance(found, types.FunctionType) else None
