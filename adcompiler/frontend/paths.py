"""Paths: how something outside a function is found again at each call.

    (EQUAL, "x", "<size 0>", "<and>", "y", "<size 1>")   whether two sizes of arguments are equal
    ("layer", "SCALE")                       the global SCALE of the function that f calls layer
    (ARGUMENT, "net", "layers", "[0]", "w")  net.layers[0].w, of an argument
    (ARGUMENT, "self", "<member loss>")      the function behind self.loss, found in self's class

Steps are text, so that they mean the same in another process: the name that a function sees, an
attribute of anything else, an element in brackets, and in angle brackets what Python itself looks
up. Only the first step may be an object: a function or a gate that came in as an argument.

>>> lookup_path(None, (ARGUMENT, "p", "[0]", "real"), {"p": [1.5]})
1.5
"""

from __future__ import annotations

import ast
import builtins
import functools
import operator
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..ops.emit import call
from ..ops.gates import Primitive

__all__ = [
    "ARGUMENT",
    "EQUAL",
    "Path",
    "equal_paths",
    "is_portable",
    "lookup_path",
    "member",
    "namespace_value",
    "path_order",
    "place",
    "step",
    "words",
]

Path = tuple[Any, ...]
ARGUMENT = "<argument>"
EQUAL = "<equal>"


def lookup_path(
    root: types.FunctionType | None, path: Path, arguments: Mapping[str, Any] | None = None
) -> Any:
    """The object that a path leads to now; NameError, AttributeError or LookupError if none."""
    if path[:1] == (EQUAL,):
        first, second = (lookup_path(root, p, arguments) for p in equal_paths(path))
        return bool(first == second)
    found: Any = root
    steps = path
    if path[:1] == (ARGUMENT,):
        found, steps = (arguments or {})[path[1]], path[2:]
    for name in steps:
        found = step(name)(found) if isinstance(name, str) else name
    return found


def equal_paths(path: Path) -> tuple[Path, Path]:
    """Where the two sizes are found that a path compares."""
    at = path.index("<and>")
    return (ARGUMENT, *path[1:at]), (ARGUMENT, *path[at + 1 :])


@functools.cache
def step(name: str) -> Callable[[Any], Any]:
    """One step along a path."""
    if name.startswith("["):
        key = ast.literal_eval(name[1:-1])
        return lambda owner: owner[key]
    word, _, rest = name.strip("<>").partition(" ")
    match word if name.startswith("<") else None:
        case "class":
            return type
        case "size":
            return lambda owner: np.shape(owner)[int(rest)]
        case "rule" | "tangent" | "recording":
            return operator.attrgetter(word)
        case "attribute":
            return lambda owner: getattr(owner, rest)
        case "default":
            return lambda owner: _default(owner, rest)
        case "member":
            return lambda owner: member(owner, rest)
        case "super":
            after, _, wanted = rest.partition(" ")
            return lambda owner: member(owner, wanted, int(after))
    return lambda owner: _named(owner, name)


def _named(owner: Any, name: str) -> Any:
    if isinstance(owner, Primitive):
        owner = owner.function
    if isinstance(owner, types.FunctionType):
        return namespace_value(owner, name)
    return getattr(owner, name)


def namespace_value(function: types.FunctionType, name: str) -> Any:
    """What a free or global name of a function stands for now; raises NameError."""
    code = function.__code__
    if name in code.co_freevars and function.__closure__:
        cell = function.__closure__[code.co_freevars.index(name)]
        try:
            return cell.cell_contents
        except ValueError:
            raise NameError(name) from None
    try:
        return function.__globals__[name]
    except KeyError:
        pass
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise NameError(name) from None


def member(owner: Any, name: str, after: int = -1) -> Any:
    """What a class, or an object's class, holds under a name, as it stands there.

    AttributeError where there is nothing, or where the object has its own in front of it. `after`
    is the place in the order of classes behind which `super()` looks.
    """
    cls = owner if isinstance(owner, type) else type(owner)
    for one in cls.__mro__[after + 1 :]:
        if name in vars(one):
            found = vars(one)[name]
            own = getattr(owner, "__dict__", {}) if owner is not cls and after < 0 else {}
            if name in own and not hasattr(type(found), "__set__"):
                break
            return found
    raise AttributeError(name)


def _default(function: types.FunctionType, name: str) -> Any:
    """The default of a parameter."""
    keyword = function.__kwdefaults__ or {}
    if name in keyword:
        return keyword[name]
    code, values = function.__code__, function.__defaults__ or ()
    return values[code.co_varnames[: code.co_argcount].index(name) - code.co_argcount]


def is_portable(path: Path) -> bool:
    """Whether the path means the same in another process: it is made of names alone."""
    return all(isinstance(name, str) for name in path)


def path_order(path: Path) -> tuple[str, ...]:
    """What paths are sorted by."""
    return tuple(n if isinstance(n, str) else str(getattr(n, "__qualname__", "")) for n in path)


def words(path: Path) -> list[str]:
    """The identifiers along a path, for names in emitted text; an element's key joins its owner's.

    >>> words((ARGUMENT, "net", "layers", "[0]", "w")), words(("f", "<default eps>"))
    (['net', 'layers_0', 'w'], ['f', 'eps'])
    """
    found: list[str] = []
    for name in path:
        text = name if isinstance(name, str) else getattr(name, "__name__", "")
        if text.startswith("["):
            key = "".join(c if f"_{c}".isidentifier() else " " for c in text).split()
            found[-1:] = ["_".join([*found[-1:], *key])]
        elif text != ARGUMENT:
            found.append(text.strip("<>").rpartition(" ")[2])
    return [word for word in found if word.isidentifier() and not word.startswith("__")]


def place(path: Path) -> ast.expr | None:
    """The expression that reads a path below an argument; None where there is no such expression.

    >>> ast.unparse(place((ARGUMENT, "net", "layers", "[0]", "w")))
    'net.layers[0].w'
    """
    if path[:1] != (ARGUMENT,):
        return None
    found: ast.expr = ast.Name(path[1], ast.Load())
    for name in path[2:]:
        if name.startswith("["):
            key = ast.parse(name[1:-1], mode="eval").body
            found = ast.Subscript(found, key, ast.Load())
        elif name == "<class>":
            found = call("builtin.type", [found])
        elif name.isidentifier():
            found = ast.Attribute(found, name, ast.Load())
        else:
            return None
    return found
