"""The parameters of a function, as the code has them that runs.

>>> signature_of(lambda x, /, *more, k=2.0: x)
<Signature (x, /, *more, k=2.0)>
"""

from __future__ import annotations

import inspect
import itertools
import types

__all__ = ["signature_of"]

_P = inspect.Parameter


def signature_of(function: types.FunctionType) -> inspect.Signature:
    """The parameters of the code that runs: not of what a wrapper says that it wraps."""
    code = function.__code__
    names = iter(code.co_varnames)
    kinds = itertools.chain(
        itertools.repeat(_P.POSITIONAL_ONLY, code.co_posonlyargcount),
        itertools.repeat(_P.POSITIONAL_OR_KEYWORD, code.co_argcount - code.co_posonlyargcount),
        itertools.repeat(_P.KEYWORD_ONLY, code.co_kwonlyargcount),
    )
    made = [_P(name, kind) for kind, name in zip(kinds, names, strict=False)]
    positional, keyword = made[: code.co_argcount], made[code.co_argcount :]
    if code.co_flags & inspect.CO_VARARGS:
        positional.append(_P(code.co_varnames[len(made)], _P.VAR_POSITIONAL))
    if code.co_flags & inspect.CO_VARKEYWORDS:
        starred = len(made) + bool(code.co_flags & inspect.CO_VARARGS)
        keyword.append(_P(code.co_varnames[starred], _P.VAR_KEYWORD))
    values = function.__defaults__ or ()
    named = [p.name for p in made[: code.co_argcount]]
    defaults = dict(zip(named[len(named) - len(values) :], values, strict=True))
    defaults |= function.__kwdefaults__ or {}
    return inspect.Signature(
        [p.replace(default=defaults.get(p.name, p.empty)) if p.name in defaults else p
         for p in (*positional, *keyword)]
    )  # fmt: skip
