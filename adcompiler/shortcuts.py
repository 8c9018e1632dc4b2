"""Calls like those before go straight to what was compiled for them.

The general way binds a call's arguments, makes a key of them, looks it up, and asks each text that
is found whether it still holds. Once the same text has been called twice in the same form (so many
by position, these by keyword), one function is compiled that asks the same of a call, and says in
what form the text takes it:

    loss(params, scale=2.0)        def ready(args, kwargs):
    params: {"w": f8[n]}               try:
    reading a global RATE                  if not (len(args) == 1 and len(kwargs) == 1 and c0() ...
                                           v0, = args
                                           v1 = kwargs['scale']
                                           if not (type(v0) is c3 and [*v0] == c4): return None
                                           v2, = v0.values()
                                           if not (type(v2) is c5 and v2.dtype == c6 and ...
                                           if not (type(v1) is c7): return None
                                           v3 = c8['RATE']
                                           if not (type(v3) is c7): return None
                                           return entry, (v0, v1), {'RATE': v3}
                                       except Exception:
                                           return None

Where it says None, the general way decides, and tells what is wrong.
"""

from __future__ import annotations

import inspect
import keyword
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .arguments import split
from .frontend.conditions import Conditions, TooLong, require_key
from .frontend.paths import ARGUMENT, EQUAL, Path, equal_paths, lookup_path, step
from .ops.gates import Primitive
from .specialize import Specialization, same
from .wrt import Place, select

__all__ = ["Prepared", "Ready", "Shortcuts", "shortcut"]

# What is compiled for a call, what its text takes by position, what by keyword, and what takes
# tangents among the arguments.
Prepared = tuple[Specialization, Sequence[Any], dict[str, Any], Sequence[Any]]
Ready = Callable[[types.FunctionType, tuple[Any, ...], dict[str, Any]], Prepared | None]
_KEPT, _NOTED = 4, 256


class Shortcuts:
    """The shortcuts of a gradient, the newest first.

    Where more kinds of calls take turns than are kept, each that is made anew has to wait twice as
    long as the one before, so that making them never takes more time than they save.
    """

    def __init__(self) -> None:
        self.ready: tuple[Ready, ...] = ()
        self._calls: dict[Any, int] = {}
        self._wanted = 2

    def note(
        self, entry: Specialization, function: types.FunctionType, args: tuple[Any, ...],
        kwargs: dict[str, Any], make: Callable[[], Ready | None],
    ) -> None:  # fmt: skip
        """A call has gone the general way; the time may have come to make a shortcut."""
        if len(self._calls) > _NOTED:
            self._calls.clear()
        form = (entry, len(args), tuple(kwargs))
        calls = self._calls[form] = self._calls.get(form, 0) + 1
        if calls != self._wanted:
            return
        made = make()
        if made is None or made(function, args, kwargs) is None:
            return
        if len(self.ready) == _KEPT:
            self._wanted *= 2
        self._calls.clear()
        self.ready = (made, *self.ready)[:_KEPT]


def shortcut(
    entry: Specialization, function: types.FunctionType, signature: inspect.Signature,
    arguments: Mapping[str, Any], form: tuple[int, Sequence[str]], chosen: Sequence[Place] = (),
) -> Ready | None:  # fmt: skip
    """The function for calls like the one that has these arguments; None where it would be long.

    form: the number of arguments by position, and the names of those by keyword. The function takes
    the function that runs and all that it is called with, and gives None, or the entry with what
    its text takes by position, what by keyword, and what is `chosen` of the arguments.
    """
    test = Conditions()
    try:
        places = _bind(test, function, signature, form)
        test.require(f"{test.constant(entry.check)}()")
        for name, value in arguments.items():
            _require_argument(test, places[name], value)
        outside = _require_outside(test, entry, function, arguments, places)
        positional, keywords = split(signature, places)
        taken = "args" if len(positional) == form[0] and not form[1] else _tuple(positional)
        more = _dict({**keywords, **outside})
        picked = _tuple([_text(select(places, place)) for place in chosen])
        test.line(f"return {test.constant(entry)}, {taken}, {more}, {picked}")
    except TooLong:
        return None
    return _compiled(test)


def _compiled(test: Conditions) -> Ready:
    lines = [
        "def ready(function, args, kwargs):", "    try:", *[f"        {x}" for x in test.lines],
        "    except Exception:", "        return None",
    ]  # fmt: skip
    space = dict(test.names)
    exec(compile("\n".join(lines), "<adcompiler shortcut>", "exec"), space)
    made: Ready = space["ready"]
    return made


def _bind(
    test: Conditions, function: types.FunctionType, signature: inspect.Signature,
    form: tuple[int, Sequence[str]],
) -> dict[str, Any]:  # fmt: skip
    """The variable that holds each parameter's argument; a tuple, a dict of them for `*`, `**`."""
    count, words = form
    positions, named = [test.local() for _ in range(count)], {w: test.local() for w in words}
    starred = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    test.require(
        f"function is {test.constant(function)}",
        f"function.__defaults__ is {test.constant(function.__defaults__)}",
        f"len(args) == {count}",
        f"[*kwargs] == {test.constant([*words])}" if starred else f"len(kwargs) == {len(words)}",
    )
    if positions:
        test.line(f"{', '.join(positions)}, = args")
    for word, variable in named.items():
        test.line(f"{variable} = kwargs[{word!r}]")
    bound = signature.bind(*positions, **named).arguments
    for name, parameter in signature.parameters.items():
        if name in bound:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            bound[name] = () if parameter.kind is parameter.VAR_POSITIONAL else {}
            continue
        bound[name] = default = test.constant(parameter.default)
        if parameter.kind is parameter.KEYWORD_ONLY:
            test.require(f"function.__kwdefaults__[{name!r}] is {default}")
    return {name: bound[name] for name in signature.parameters}


def _require_argument(test: Conditions, place: Any, value: Any) -> None:
    if isinstance(place, tuple):
        pairs = list(zip(place, value, strict=True))
    elif isinstance(place, dict):
        pairs = [(variable, value[word]) for word, variable in place.items()]
    else:
        pairs = [(place, value)]
    for variable, part in pairs:
        if not (variable in test.names and type(part) in _FIXED):
            require_key(test, variable, part)


_FIXED = (float, int, bool, complex, str, bytes, type(None))


def _require_outside(
    test: Conditions, entry: Specialization, function: types.FunctionType,
    arguments: Mapping[str, Any], places: Mapping[str, Any],
) -> dict[str, str]:  # fmt: skip
    """Require what `fits` asks for; the variables that hold what is passed from outside."""
    known = {(ARGUMENT, name): (_text(places[name]), v) for name, v in arguments.items()}
    for path, wanted in entry.static_arguments:
        found, _ = _read(test, known, function, path)
        told = test.constant(wanted)
        test.require(f"({found} is {told} or {test.constant(same)}({found}, {told}))")
    outside = {}
    for (name, path), key in zip(entry.captures, entry.capture_keys, strict=True):
        found, value = _read(test, known, function, path)
        if isinstance(key, tuple) and key[:1] == ("shown",):
            test.require(f"type({found}) is {test.constant(type(value))}")
        else:
            require_key(test, found, value)
        if name is not None:
            outside[name] = found
    return outside


def _read(
    test: Conditions, known: dict[Path, tuple[str, Any]], function: types.FunctionType, path: Path
) -> tuple[str, Any]:
    """The variable that holds what a path leads to, and what that is now; see `lookup_path`."""
    if path not in known:
        if path[0] == EQUAL:
            (a, m), (b, n) = (_read(test, known, function, p) for p in equal_paths(path))
            text, value = f"{a} == {b}", m == n
        elif len(path) == 1:
            text, value = _first(test, function, path[0]), lookup_path(function, path)
        else:
            owner, live = _read(test, known, function, path[:-1])
            name = path[-1]
            value = step(name)(live) if isinstance(name, str) else name
            text = _next(test, owner, live, name, value)
        known[path] = (test.local(text), value)
    return known[path]


def _first(test: Conditions, function: types.FunctionType, name: Any) -> str:
    """A step from the function itself."""
    if not isinstance(name, str):
        return test.constant(name)
    free = function.__code__.co_freevars
    if name in free and function.__closure__:
        return f"{test.constant(function.__closure__[free.index(name)])}.cell_contents"
    if name in function.__globals__:
        return f"{test.constant(function.__globals__)}[{name!r}]"
    return f"{test.constant(step(name))}({test.constant(function)})"


def _next(test: Conditions, owner: str, live: Any, name: Any, value: Any) -> str:
    """A step from what a variable holds, which is this object now."""
    if not isinstance(name, str):
        return test.constant(name)
    if name.startswith("["):
        return f"{owner}{name}"
    if name.startswith("<size ") and isinstance(live, np.ndarray):
        return f"{owner}.shape[{name[6:-1]}]"
    cls = type(live)
    word = name.removeprefix("<member ").removesuffix(">")
    if name != word and type(cls) is type and getattr(cls, word, None) is value:
        # As Python looks a method up: in the class, unless the object has its own in front.
        test.require(f"type({owner}) is {test.constant(cls)}")
        if hasattr(live, "__dict__") and not hasattr(type(value), "__set__"):
            test.require(f"{word!r} not in {owner}.__dict__")
        return f"{test.constant(cls)}.{word}"
    if name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and not isinstance(
        live, (types.FunctionType, Primitive)
    ):  # fmt: skip
        return f"{owner}.{name}"
    return f"{test.constant(step(name))}({owner})"


def _text(place: Any) -> str:
    if isinstance(place, str):
        return place
    return _dict(place) if isinstance(place, dict) else _tuple(place)


def _tuple(texts: Iterable[str]) -> str:
    return f"({''.join(f'{text}, ' for text in texts)})"


def _dict(texts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name!r}: {text}' for name, text in texts.items())}}}"
