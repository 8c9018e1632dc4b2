"""Between a call and an emitted function: arguments are bound, named tuples rebuilt.

>>> signature = inspect.signature(lambda x, *, scale=2.0: x * scale)
>>> arguments = bind(signature, "f", (3.0,), {})
>>> split(signature, arguments)
([3.0], {'scale': 2.0})
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .frontend.records import fields_of
from .options import Options
from .results import Form, rebuilt
from .wrt import select

__all__ = ["bind", "split", "with_classes", "with_gradients"]


def bind(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Mapping[str, Any]:
    """The value of every parameter, in order; TypeError as from a call of the function itself."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}() {error}") from None
    bound.apply_defaults()
    return bound.arguments


def split(
    signature: inspect.Signature, arguments: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What is passed by position, and what by keyword."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for name, value in arguments.items():
        match signature.parameters[name].kind:
            case inspect.Parameter.VAR_POSITIONAL:
                positional += value
            case inspect.Parameter.VAR_KEYWORD:
                keywords |= value
            case inspect.Parameter.KEYWORD_ONLY:
                keywords[name] = value
            case _:
                positional.append(value)
    return positional, keywords


def with_classes(
    call: Callable[..., Any], arguments: Mapping[str, Any], options: Options, form: Form | None
) -> Callable[..., Any]:
    """Emitted text, which can't import the user's classes, returns tuples and dicts in their place.
    `form`: where they stand in what the function returns."""
    if options.mode in ("grad", "hvp", "hvps"):
        both = options.aux and options.mode == "grad"
        call = with_gradients(call, arguments, replace(options, aux=both))
    if form is None:
        return call

    def named(*args: Any, **kwargs: Any) -> Any:
        return rebuilt(form, call(*args, **kwargs))

    return named


def with_gradients(
    call: Callable[..., Any], arguments: Mapping[str, Any], options: Options
) -> Callable[..., Any]:
    """The same for gradients, which have the classes of what they are taken of."""
    forms = [
        None if isinstance(place, str) and place not in arguments
        else _named_form(select(arguments, place))
        for place in options.wrt
    ]  # fmt: skip
    if not any(forms):
        return call
    form: Any = forms[0] if options.single else (tuple, forms)
    if options.value or options.aux:
        form = (tuple, [None, form] if options.value else [form, None])

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
        fields = fields_of(value)
        if fields is None:
            return None
        parts = list(map(_named_form, fields.values()))
        return (tuple(fields), parts) if any(parts) else None
    return (type(value), parts) if any(parts) else None


def _put_into(form: Any, result: Any) -> Any:
    if form is None:
        return result
    make, parts = form
    if isinstance(make, tuple):
        # A dataclass of the emitted text's own making: nobody else has it yet.
        for name, part in zip(make, parts, strict=True):
            object.__setattr__(result, name, _put_into(part, getattr(result, name)))
        return result
    if isinstance(result, dict):
        pairs = zip(parts, result.items(), strict=True)
        return {key: _put_into(part, value) for part, (key, value) in pairs}
    return make([_put_into(part, value) for part, value in zip(parts, result, strict=True)])
