"""Pickling gradients by source: text that has been emitted, never code objects.

A gradient unpickles to the full object where its function can be imported, so that it compiles
for new signatures too; elsewhere (a worker that can't import `__main__`) to one that runs the
signatures it was pickled with, the outside numbers and arrays as they were then.
"""

from __future__ import annotations

import importlib
import types
from typing import TYPE_CHECKING, Any

from .diagnostics import Diagnostic, SignatureError
from .frontend.context import lookup_path
from .frontend.signature import key_of
from .frontend.source import fingerprint
from .runtime.loader import load

if TYPE_CHECKING:
    from .api import Gradient

__all__ = ["FrozenGradient", "reduce_gradient"]


class FrozenGradient:
    """Emitted gradients without the function that they came from."""

    def __init__(self, name: str, parameters: tuple[str, ...], entries: list[Any]) -> None:
        self.__name__ = name
        self.parameters = parameters
        self.entries = entries
        self._loaded: dict[int, Any] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient, for a signature that it was pickled with; SignatureError for others."""
        values = dict(zip(self.parameters, args, strict=False)) | kwargs
        key = tuple(key_of(values[name]) for name in self.parameters if name in values)
        for number, (wanted, static, module, name, outside) in enumerate(self.entries):
            if wanted == key and all(values[n] == v for n, v in static):
                if number not in self._loaded:
                    self._loaded[number] = load(module, self.__name__)[name]
                ordered = [values[n] for n in self.parameters]
                return self._loaded[number](*ordered, **outside)
        raise SignatureError(
            Diagnostic(
                "frozen-gradient",
                f"`{self.__name__}` was pickled without a gradient for such arguments, and its"
                " function can't be imported here to compile one.",
                "call it with such arguments before pickling, or define it in a module.",
            )
        )

    def source(self) -> list[str]:
        """The emitted modules."""
        return [module for _, _, module, _, _ in self.entries]

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.__name__, self.parameters, self.entries)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]


def reduce_gradient(gradient: Gradient) -> tuple[Any, ...]:
    """`__reduce__` of a gradient."""
    function = gradient.function
    entries = [
        (key, found.static_arguments, found.emitted.module, found.emitted.name,
         {name: lookup_path(function, path) for name, path in found.captures})
        for key, specializations in gradient._entries.items() for found in specializations
        if found.check()
    ]  # fmt: skip
    options = gradient.options
    parameters = tuple(gradient.signature.parameters)
    where = (function.__module__, function.__qualname__, fingerprint(function))
    how = (gradient.wrt, options.level, options.value)
    return _rebuild, (where, how, parameters, entries)


def _rebuild(where: tuple[str, str, str], how: Any, parameters: Any, entries: list[Any]) -> Any:
    from .api import Gradient

    module, qualname, print_ = where
    function = _find(module, qualname)
    if function is not None and fingerprint(function) == print_:
        return Gradient(function, *how)
    return FrozenGradient(qualname.split(".")[-1], parameters, entries)


def _find(module: str, qualname: str) -> types.FunctionType | None:
    """The function of that name, also where the name now stands for its gradient."""
    try:
        found: Any = importlib.import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return None
    found = getattr(found, "function", found)
    return found if isinstance(found, types.FunctionType) else None
