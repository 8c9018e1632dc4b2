"""Which item each parameter of a called function gets, by Python's own rules.

    def layer(x, *more, k=2.0, **rest)    layer(a, b, c, flag=True)
    x: a, more: (b, c), k: 2.0, rest: {"flag": True}
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Mapping, Sequence
from typing import Any

from .captures import capture
from .context import Context, Path
from .items import Item, LocalFunction
from .parameters import signature_of

__all__ = ["arguments_for", "bind", "local_signature"]

_P = inspect.Parameter


def local_signature(spec: ast.arguments, defaults: Mapping[str, Item]) -> inspect.Signature:
    """The parameters of a function that is defined inside, its defaults as items."""

    def made(nodes: Sequence[ast.arg | None], kind: Any) -> list[inspect.Parameter]:
        names = [node.arg for node in nodes if node is not None]
        return [_P(name, kind, default=defaults.get(name, _P.empty)) for name in names]

    return inspect.Signature(
        [
            *made(spec.posonlyargs, _P.POSITIONAL_ONLY),
            *made(spec.args, _P.POSITIONAL_OR_KEYWORD),
            *made([spec.vararg], _P.VAR_POSITIONAL),
            *made(spec.kwonlyargs, _P.KEYWORD_ONLY),
            *made([spec.kwarg], _P.VAR_KEYWORD),
        ]
    )


def bind(
    ctx: Context, node: ast.AST, name: str, signature: inspect.Signature, args: Sequence[Item],
    keywords: Mapping[str, Item],
) -> dict[str, Item]:  # fmt: skip
    """The items of the parameters in order, defaults included."""
    try:
        bound = signature.bind(*args, **keywords)
    except TypeError as error:
        ctx.refuse(
            node, "arguments", f"the call of `{name}` doesn't fit: {error}.",
            "give the arguments that the function takes.",
        )  # fmt: skip
    bound.apply_defaults()
    return dict(bound.arguments)


def arguments_for(
    ctx: Context, node: ast.AST, function: types.FunctionType, path: Path, args: Sequence[Item],
    keywords: Mapping[str, Item],
) -> dict[str, Item]:  # fmt: skip
    """`bind`, with defaults that hold data read at each call, since they may change in place."""
    signature = signature_of(function)
    bound = bind(ctx, node, function.__name__, signature, args, keywords)
    given = bind_names(signature, args, keywords)
    for name, parameter in signature.parameters.items():
        if name not in given and parameter.default is not parameter.empty:
            bound[name] = _default(ctx, node, path, name, parameter.default)
    return bound


def bind_names(
    signature: inspect.Signature, args: Sequence[Item], keywords: Mapping[str, Item]
) -> set[str]:
    """The parameters that a call gives values to."""
    return {*signature.bind(*args, **keywords).arguments}


def _default(ctx: Context, node: ast.AST, path: Path, name: str, value: Any) -> Item:
    if value is None or type(value) in (int, float, bool, complex, str):
        return value
    return capture(ctx, (*path, f"<default {name}>"), value, node)


def local_function(ctx: Context, node: ast.FunctionDef | ast.Lambda) -> LocalFunction:
    """A function defined inside: its defaults have the values that they have here."""
    from .expressions import expression

    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    defaults = {a.arg: expression(ctx, d) for a, d in pairs if d is not None}
    return LocalFunction(node, ctx.frame, defaults)
