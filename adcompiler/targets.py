"""What `grad` may be given: functions, and what stands before one with some arguments filled in.

    model.loss                        Model.loss, with model in front
    functools.partial(f, 2.0, k=1)    f, with 2.0 in front and k=1
    model                             type(model).__call__, with model in front

What is filled in is read at each call, and becomes arguments like the others.

>>> import functools
>>> def f(a, x): return a * x
>>> function, args, keywords = unfold(functools.partial(f, 2.0))
>>> function.__name__, args, keywords
('f', (2.0,), {})
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import types
from collections.abc import Container, Mapping, Sequence
from typing import Any

from .diagnostics import Diagnostic, SignatureError, SourceError
from .frontend.assigned import Syntax
from .frontend.parameters import signature_of
from .frontend.paths import member
from .frontend.records import is_instance
from .frontend.source import read_function
from .wrt import Place

__all__ = ["Wrt", "check_variables", "filled_in", "places", "settled", "unfold", "variables_of"]

Wrt = int | str | tuple[int | str, ...]
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VISIBLE = "<visible>"


def unfold(target: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The function that runs, or what is none; and the arguments that are filled in."""
    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while True:
        match target:
            case types.FunctionType():
                return target, args, keywords
            case functools.partial():
                args, keywords = (*target.args, *args), {**target.keywords, **keywords}
                target = target.func
            case types.MethodType():
                args, target = (target.__self__, *args), target.__func__
            case staticmethod():
                target = target.__func__
            case _ if is_instance(target) and _call_of(target) is not None:
                args, target = (target, *args), _call_of(target)
            case _:
                return target, args, keywords


def filled_in(
    target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The function that runs, and all that it is called with."""
    if type(target) is types.MethodType and type(target.__func__) is types.FunctionType:
        return target.__func__, (target.__self__, *args), kwargs
    function, filled, keywords = unfold(target)
    return function, (*filled, *args), {**keywords, **kwargs}


def _call_of(target: Any) -> types.FunctionType | None:
    try:
        found = member(type(target), "__call__")
    except AttributeError:
        return None
    return found if isinstance(found, types.FunctionType) else None


def places(
    function: types.FunctionType, target: Any, wrt: Wrt, before: int
) -> tuple[Place, ...]:
    """Where each of `wrt` stands: positions count what a caller passes, `before` is filled in."""
    chosen = wrt if isinstance(wrt, tuple) else (wrt,)
    return tuple(_place(function, target, one, before) for one in chosen)


def _place(
    function: types.FunctionType, target: Any, wrt: int | str, before: int
) -> Any:
    parameters = list(signature_of(function).parameters.values())
    positional = [p.name for p in parameters if p.kind in _BY_POSITION]
    starred = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    free = [p.name for p in parameters][min(before, len(positional)) :]
    if isinstance(wrt, str):
        if any(p.name == wrt for p in parameters):
            return wrt
        visible = _visible(target)
        keyword = [p.name for p in parameters if p.kind is p.VAR_KEYWORD]
        if wrt in visible and (starred or keyword):
            return (_VISIBLE, (wrt, visible.index(wrt) + before - len(positional)))
        if keyword:
            return (keyword[0], wrt)
        if wrt in variables_of(function):
            return wrt
    elif type(wrt) is int and starred and wrt >= 0:
        index = wrt + before
        return positional[index] if index < len(positional) else (
            starred[0], index - len(positional)
        )  # fmt: skip
    elif type(wrt) is int and not starred and -len(free) <= wrt < len(free):
        return free[wrt]
    advice = f"its parameters are: {', '.join(free) or 'none'}."
    if isinstance(wrt, str):
        advice = _names_of(function, free, wrt)
    elif isinstance(wrt, list):
        advice = "give several in a tuple."
    elif type(wrt) is int and starred:
        advice = "count from the first argument: there may be any number."
    raise SignatureError(
        Diagnostic("unknown-wrt", f"wrt={wrt!r} names no parameter of the function.", advice)
    )


def _names_of(function: types.FunctionType, parameters: list[str], wanted: str) -> str:
    """What could be meant."""
    variables = variables_of(function)
    advice = f"its parameters are: {', '.join(parameters) or 'none'}."
    if variables:
        advice = f"{advice[:-1]}; its local variables: {', '.join(variables)}."
    close = difflib.get_close_matches(wanted, [*parameters, *variables], n=1)
    return f"did you mean {close[0]!r}? {advice}" if close else advice


def variables_of(function: types.FunctionType) -> list[str]:
    """The local variables, apart from parameters, in order of their first assignment."""
    try:
        node = read_function(function).node
    except SourceError:
        return []  # which the first call tells
    body = node.body if isinstance(node, ast.FunctionDef) else []
    taken = signature_of(function).parameters
    outside = {n for part in body for one in ast.walk(part)
               if isinstance(one, (ast.Global, ast.Nonlocal)) for n in one.names}  # fmt: skip
    return [n for n in Syntax().assigned_names(body) if n not in taken and n not in outside]


def check_variables(
    parameters: Container[str], groups: Sequence[tuple[Any, ...]], mode: str
) -> None:
    """Refuse local variables where only parameters will do; `groups` of places, first derivative
    first."""
    allowed = 0 if mode not in ("grad", "vjp") and len(groups) == 1 else 1
    for place in (p for group in groups[allowed:] for p in group):
        if isinstance(place, str) and place not in parameters:
            what = "a second derivative" if allowed else f"`{mode.removesuffix('s')}`"
            raise SignatureError(
                Diagnostic(
                    "local-wrt", f"{what} can't be taken by `{place}`, a local variable.",
                    "take it by a parameter: make what follows on the variable a function of its"
                    " own.",
                )
            )  # fmt: skip


def _visible(target: Any) -> list[str]:
    """The parameters that a wrapper says it has: those of what it wraps."""
    try:
        return list(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return []


def settled(
    chosen: tuple[Any, ...], signature: inspect.Signature, arguments: Mapping[str, Any]
) -> tuple[Place, ...]:
    """The places in this call; SignatureError where the call has no such argument."""
    return tuple(_settled(place, signature, arguments) for place in chosen)


def _settled(place: Any, signature: inspect.Signature, arguments: Mapping[str, Any]) -> Place:
    if isinstance(place, str):
        return place
    name, key = place
    if name == _VISIBLE:
        word, index = key
        for parameter in signature.parameters.values():
            found = arguments[parameter.name]
            if parameter.kind is parameter.VAR_KEYWORD and word in found:
                return (parameter.name, word)
            if parameter.kind is parameter.VAR_POSITIONAL and 0 <= index < len(found):
                return (parameter.name, index)
        key = word
    elif (name in arguments) and (
        key in arguments[name] if isinstance(key, str) else key < len(arguments[name])
    ):
        found_place: Place = (name, key)
        return found_place
    raise SignatureError(
        Diagnostic(
            "unknown-wrt", f"this call has no argument for wrt={key!r}.",
            "pass it, or differentiate by another.",
        )
    )  # fmt: skip
