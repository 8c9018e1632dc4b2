"""Calls: table operations, builtins, gates, and the user's own functions, which are inlined.

    def layer(w, x):             h = layer(w, x)        %0 = matmul %w, %x
        return np.tanh(w @ x)                           %h = tanh %0
"""

from __future__ import annotations

import ast
import inspect
import types
from typing import Any

import numpy as np

from ..diagnostics import AdcompilerError
from ..ir.core import Value
from ..ir.types import List
from ..ops import EXPANSIONS, SPELLINGS, OperationError, is_known
from ..ops.gates import Primitive, told_signature
from ..ops.refused import refusal
from . import (
    array_calls,
    binding,
    builtin_calls,
    checkpoints,
    construction,
    derived_calls,
    draws,
    effects,
    expressions,
    mutation,
    objects,
    special_methods,
    stopping,
    stores,
    text_values,
)
from .captures import rely
from .context import Context, Frame, Path
from .conversion_calls import CONVERTING_METHODS
from .instances import Callee
from .items import (
    Ambiguous,
    BoundMethod,
    Instance,
    Item,
    LocalFunction,
    Method,
    Record,
    is_namedtuple,
)  # fmt: skip
from .library_calls import enters_library, from_library
from .recursion import called
from .refused_calls import refuse_arguments, refuse_method, spelled
from .source import FunctionSource, read_function
from .table_calls import apply_entry, apply_expansion, operation
from .ufunc_calls import call_ufunc, check_same_kind

__all__ = ["call", "inline", "invoke"]


def call(ctx: Context, node: ast.Call, name: str | None) -> Item:
    """The item that a call gives."""
    callee = _ufunc_at(ctx, node) or expressions.expression(ctx, node.func)
    args = expressions._elements(ctx, node.args)
    keywords = _keywords(ctx, node)
    storing = stores.storing(callee)
    if storing is not None:
        return _settled(ctx, node, name, spelled(callee), storing, args, keywords)
    drawing = draws.callee_of(callee)
    if drawing is not None:
        return draws.call(ctx, node, drawing, args, keywords, name)
    if not isinstance(callee, Method):
        said = effects.called(ctx, node, callee, args, keywords, name)
        if said is not effects.OTHER:
            return said
    return invoke(ctx, node, callee, args, keywords, name)


def invoke(
    ctx: Context, node: ast.AST, callee: Item, args: list[Item], keywords: dict[str, Item],
    name: str | None,
) -> Item:  # fmt: skip
    """The item that a call of `callee` with these items gives."""
    match callee:
        case Method(owner, method):
            return mutation.call_method(ctx, node, owner, method, args, keywords)
        case BoundMethod(Value(List()) as value, method):
            return mutation.call_method(ctx, node, value, method, args, keywords)
        case BoundMethod() if keywords.get("out") is not None:
            return _into(ctx, node, callee, args, keywords)
        case BoundMethod(value, method):
            return _method(ctx, node, value, method, args, keywords, name)
        case LocalFunction():
            return _inline_local(ctx, node, callee, args, keywords, name)
        case derived_calls.Derivation():
            return derived_calls.call(ctx, node, callee, args, keywords)
        case types.FunctionType() if (kind := derived_calls.maker_of(callee)) is not None:
            return derived_calls.make(ctx, node, kind, args, keywords)
        case _ if (derivation := derived_calls.derivation_of(callee)) is not None:
            return derived_calls.call(ctx, node, derivation, args, keywords)
        case checkpoints.Checkpointed():
            return checkpoints.call_again(ctx, node, callee, args, keywords, name)
        case Primitive():
            return _gate(ctx, node, callee, args, keywords, name)
        case types.FunctionType() if _is_inlined(callee):
            return _inline_global(ctx, node, callee, args, keywords, name)
        case Instance() | Record():
            return special_methods.call_object(ctx, node, callee, args, keywords, name)
        case types.MethodType() if is_namedtuple(callee.__self__):
            return callee(*args, **keywords)
        case type() if construction.is_constructible(callee):
            return construction.construct(ctx, node, callee, args, keywords)
        case Value() | Ambiguous() | tuple() | list() | dict():
            ctx.refuse(
                node, "not-callable", "what is called here is no function.",
                "call functions that are known when the gradient is compiled.",
            )  # fmt: skip
    if _is_elementwise(callee) and (keywords or len(args) > callee.nin) and is_known(callee):
        return call_ufunc(
            ctx, node, callee, args, keywords,
            lambda operands: operation(ctx, node, callee, operands, {}, name),
        )  # fmt: skip
    if keywords.get("out") is not None:
        return _into(ctx, node, callee, args, keywords)
    handler = _handler(callee)
    if handler is not None:
        return _settled(ctx, node, name, spelled(callee), handler, args, keywords)
    return operation(ctx, node, callee, args, keywords, name)


def _is_elementwise(callee: Any) -> bool:
    """A ufunc of whole vectors, as np.matmul is, has keywords of its own."""
    return isinstance(callee, np.ufunc) and callee.signature is None


def _is_inlined(callee: types.FunctionType) -> bool:
    """A function of the user's, or one of a library's that is written in Python."""
    return not is_known(callee) and _handler(callee) is None and not refusal(spelled(callee))


def _ufunc_at(ctx: Context, node: ast.Call) -> Any:
    """The store that `np.add.at(...)` is, if the call is one."""
    match node.func:
        case ast.Attribute(owner, "at"):
            ufunc = expressions.expression(ctx, owner)
            if isinstance(ufunc, np.ufunc):
                return stores.ufunc_at(ctx, node, ufunc)
    return None


def _into(
    ctx: Context, node: ast.AST, callee: Any, args: list[Item], keywords: dict[str, Item]
) -> Item:
    """`np.add(a, b, out=c)` computes and stores; the call gives c."""
    target = keywords.pop("out")
    if isinstance(target, tuple) and len(target) == 1:
        (target,) = target
    if isinstance(callee, BoundMethod):
        value = _method(ctx, node, callee.value, callee.name, args, keywords, None)
    else:
        value = operation(ctx, node, callee, args, keywords, None)
    check_same_kind(ctx, node, value, target)
    return stores.store_whole(ctx, node, target, value)


def _settled(
    ctx: Context, node: ast.AST, name: str | None, called: str, handler: Any, args: list[Item],
    keywords: dict[str, Item],
) -> Item:  # fmt: skip
    """A call that is settled at compile time, if it has arguments that this is done for."""
    try:
        inspect.signature(handler).bind(ctx, node, name, *args, **keywords)
    except TypeError as error:
        known = list(inspect.signature(handler).parameters.items())[3:]
        refuse_arguments(ctx, node, called, dict(known), keywords, error)
    try:
        return handler(ctx, node, name, *args, **keywords)
    except OperationError as error:
        ctx.refuse_operation(node, error)


def _handler(callee: Any) -> Any:
    tables = (
        builtin_calls.BUILTINS, stores.STORING, array_calls.ARRAY_CALLS, objects.HANDLERS,
        construction.HANDLERS, stopping.HANDLERS, checkpoints.HANDLERS,
    )  # fmt: skip
    try:
        return next((table[callee] for table in tables if callee in table), None)
    except TypeError:
        return None


def _keywords(ctx: Context, node: ast.Call) -> dict[str, Item]:
    keywords: dict[str, Item] = {}
    for keyword in node.keywords:
        item = expressions.expression(ctx, keyword.value)
        if keyword.arg is not None:
            item = {keyword.arg: item}
        if isinstance(item, dict):
            for twice in item.keys() & keywords.keys():
                ctx.refuse(
                    keyword.value, "arguments", f"the argument `{twice}` is given twice.",
                    "give it once.",
                )  # fmt: skip
            keywords.update(item)
        else:
            ctx.refuse(
                keyword.value, "unsupported-expression", "`**` of something that is no dict.",
                "write the keyword arguments out.",
            )  # fmt: skip
    return keywords


def _method(
    ctx: Context, node: ast.AST, value: Value, method: str, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    if text_values.is_text(value):
        return text_values.method(ctx, node, value, method, args, keywords, name)
    if method in CONVERTING_METHODS:
        handler = CONVERTING_METHODS[method]
        return _settled(ctx, node, name, f".{method}", handler, [value, *args], keywords)
    if method == "fill" and len(args) == 1 and not keywords:
        stores.store_whole(ctx, node, value, *args)
        return None
    if method == "put":
        handler = array_calls.ARRAY_CALLS[np.put]
        return _settled(ctx, node, name, spelled(np.put), handler, [value, *args], keywords)
    if method in array_calls.IN_PLACE:
        return array_calls.in_place(ctx, node, value, method, args, keywords)
    found = SPELLINGS.get(("method", method))
    expansion = EXPANSIONS.get(("method", method))
    if expansion is not None:
        return apply_expansion(ctx, node, expansion, [value, *args], keywords, name, f".{method}")
    if found is None:
        refuse_method(ctx, node, value, method)
    return apply_entry(ctx, node, found, [value, *args], keywords, name, f".{method}")


def _gate(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    from .gate_calls import gate_call

    path = path_of_callee(ctx, gate)
    match gate.function:
        case types.FunctionType() as function if "function" not in gate.opaque:
            if gate in ctx.gates_within:  # in its own functions a gate is what it was made of
                return _inline_global(ctx, node, function, args, keywords, name)
            bound = binding.arguments_for(ctx, node, function, path, args, keywords)
        case _:
            signature = _own_signature(gate, len(args))
            bound = binding.bind(ctx, node, gate.name, signature, args, keywords)
    return gate_call(ctx, node, gate, path, bound, name)


def _own_signature(gate: Primitive[..., Any], count: int) -> inspect.Signature:
    """The parameters of any callable: one for each argument given, where it doesn't tell."""
    found = told_signature(gate.function)
    if found is not None:
        return found
    kind = inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([inspect.Parameter(f"x{k}", kind) for k in range(count)])


def path_of_callee(ctx: Context, callee: Any) -> Path:
    """Where a function or gate was found; its own outer names are looked up from there."""
    if id(callee) not in ctx.found:
        rely(ctx, (callee,), callee)
    return ctx.found[id(callee)]


def _inline_global(
    ctx: Context, node: ast.AST, function: types.FunctionType, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    try:
        if function not in ctx.sources:
            ctx.sources[function] = read_function(function)
    except AdcompilerError as error:
        reason = error.diagnostics[0]
        ctx.refuse(node, reason.code, f"`{function.__name__}` can't be inlined: {reason.reason}",
                   reason.advice)  # fmt: skip
    source = ctx.sources[function]
    path = path_of_callee(ctx, function)
    bound = binding.arguments_for(ctx, node, function, path, args, keywords)

    def lower(bound: dict[str, Item], name: str | None) -> Item:
        return inline(ctx, node, source, path, bound, None, name)

    known_as = function.__name__ if function.__name__.isidentifier() else "function"
    return called(ctx, node, Callee(function, known_as, lower, True), bound, name)


def _inline_local(
    ctx: Context, node: ast.AST, local: LocalFunction, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    outer = local.frame.source
    source = FunctionSource(outer.function, local.node, outer.filename, outer.lines)
    signature = binding.local_signature(local.node.args, local.defaults)
    known_as = getattr(local.node, "name", "function")
    bound = binding.bind(ctx, node, known_as, signature, args, keywords)

    def lower(bound: dict[str, Item], name: str | None) -> Item:
        return inline(ctx, node, source, local.frame.path, bound, local.frame, name)

    return called(ctx, node, Callee(local, known_as, lower, False), bound, name)


def inline(
    ctx: Context, node: ast.AST, source: FunctionSource, path: Path, bound: dict[str, Item],
    parent: Frame | None, name: str | None,
) -> Item:  # fmt: skip
    """Lower a function's body in place of the call; gives what it returns."""
    from .statements import body

    caller = None if ctx.apart else ctx.span(node)
    ctx.apart = False
    trail = (ctx.span(node), *ctx.frame.trail)
    if source.function not in ctx.functions:
        ctx.functions.append(source.function)
    frame = Frame(source, path, bound, parent, trail, caller, name)

    def lower() -> Item:
        with ctx.within(frame):
            return body(ctx)

    return from_library(ctx, node, lower) if enters_library(ctx, source.function) else lower()
