"""Between a call and an emitted function: arguments are bound, named tuples rebuilt.

>>> signature = inspect.signature(lambda x, *, scale=2.0: x * scale)
>>> arguments = bind(signature, "f", (3.0,), {})
>>> split(signature, arguments)
([3.0], {'scale': 2.0})
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .diagnostics import Diagnostic, SignatureError
from .pipeline import Options

__all__ = ["bind", "split", "with_named_tuples"]


def bind(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Mapping[str, Any]:
    """The value of every parameter, in order; TypeError as from a call of the function itself."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}() {error}") from None
    bound.apply_defaults()
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SignatureError(
                Diagnostic(
                    "unsupported-signature",
                    f"the parameter `{parameter}` takes any number of arguments.",
                    "name the parameters, or take one tuple or dict.",
                )
            )
    return bound.arguments


def split(
    signature: inspect.Signature, arguments: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What is passed by position, and what by keyword."""
    parameters = signature.parameters
    keywords = {n: v for n, v in arguments.items() if parameters[n].kind is _KEYWORD_ONLY}
    return [v for n, v in arguments.items() if n not in keywords], keywords


_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY


def with_named_tuples(
    call: Callable[..., Any], arguments: Mapping[str, Any], options: Options
) -> Callable[..., Any]:
    """Emitted text, which can't import the user's classes, returns plain tuples in their place."""
    forms = [_named_form(arguments[name]) for name in options.wrt]
    if not any(forms):
        return call
    form: Any = forms[0] if options.single else (tuple, forms)
    if options.value:
        form = (tuple, [None, form])

    def named(*args: Any, **kwargs: Any) -> Any:
        return _put_into(form, call(*args, **kwargs))

    return named


def _named_form(value: Any) -> Any:
    """The containers around the named tuples of a structure; None where it has none."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        make: Any = type(value)
        return make._make, list(map(_named_form, value))
    if isinstance(value, (tuple, list)):
        parts = list(map(_named_form, value))
    elif isinstance(value, dict):
        parts = list(map(_named_form, value.values()))
    else:
        return None
    return (type(value), parts) if any(parts) else None


def _put_into(form: Any, result: Any) -> Any:
    if form is None:
        return result
    make, parts = form
    if isinstance(result, dict):
        pairs = zip(parts, result.items(), strict=True)
        return {key: _put_into(part, value) for part, (key, value) in pairs}
    return make([_put_into(part, value) for part, value in zip(parts, result, strict=True)])
