"""Calls: table operations, builtins, gates, and the user's own functions, which are inlined.

    def layer(w, x):             h = layer(w, x)        %0 = matmul %w, %x
        return np.tanh(w @ x)                           %h = tanh %0
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import re
import types
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from ..diagnostics import AdcompilerError
from ..ir.core import Value
from ..ir.types import List
from ..ops import EXPANSIONS, SPELLINGS, Expansion, OperationError, is_known, late_name, lookup
from ..ops.gates import Primitive
from ..ops.late import public_name
from ..ops.refused import refusal
from . import (
    array_calls,
    binding,
    builtin_calls,
    construction,
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
from .context import Context, Frame, Path
from .expanding import expand
from .instances import Callee
from .items import (
    Ambiguous,
    BoundMethod,
    Instance,
    Item,
    LocalFunction,
    Method,
    Record,
    in_words,
    is_namedtuple,
)  # fmt: skip
from .recursion import called
from .source import FunctionSource, read_function
from .ufunc_calls import call_ufunc, check_same_kind

__all__ = ["call", "inline", "invoke"]


def call(ctx: Context, node: ast.Call, name: str | None) -> Item:
    """The item that a call gives."""
    callee = _ufunc_at(ctx, node) or expressions.expression(ctx, node.func)
    args = expressions._elements(ctx, node.args)
    keywords = _keywords(ctx, node)
    storing = stores.storing(callee)
    if storing is not None:
        return _settled(ctx, node, name, callee, storing, args, keywords)
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
        return _settled(ctx, node, name, callee, handler, args, keywords)
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
    ctx: Context, node: ast.AST, name: str | None, callee: Any, handler: Any, args: list[Item],
    keywords: dict[str, Item],
) -> Item:  # fmt: skip
    """A call that is settled at compile time, if it has arguments that this is done for."""
    try:
        inspect.signature(handler).bind(ctx, node, name, *args, **keywords)
    except TypeError as error:
        known = list(inspect.signature(handler).parameters.items())[3:]
        _refuse_arguments(ctx, node, spelled(callee), dict(known), keywords, error)
    try:
        return handler(ctx, node, name, *args, **keywords)
    except OperationError as error:
        ctx.refuse(node, "operation", f"{error.reason}.", f"{error.advice}.")


def _handler(callee: Any) -> Any:
    tables = (
        builtin_calls.BUILTINS, stores.STORING, array_calls.ARRAY_CALLS, objects.HANDLERS,
        construction.HANDLERS, stopping.HANDLERS,
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


def operation(
    ctx: Context, node: ast.AST, callee: Any, args: list[Item], keywords: dict[str, Item],
    name: str | None,
) -> Item:  # fmt: skip
    """A call that the table knows."""
    computed = _of_ints(callee, args, keywords)
    if computed is not None:
        return computed
    if not is_known(callee):
        return _unknown(ctx, node, callee)
    expansion, found = EXPANSIONS.get(callee), lookup(callee)
    if expansion is not None:
        return _expand(ctx, node, expansion, args, keywords, name, spelled(callee))
    return _apply(ctx, node, found, args, keywords, name, spelled(callee))


def _of_ints(callee: Any, args: list[Item], keywords: Mapping[str, Item]) -> int | None:
    """What `math` makes of ints that are known: `range(math.comb(4, 2))` is `range(6)`."""
    if getattr(callee, "__module__", None) != "math" or keywords or not args:
        return None
    if any(type(item) is not int for item in args):
        return None
    try:
        found = callee(*args)
    except Exception:
        return None  # raised when the emitted text runs, as in the function itself
    return found if type(found) is int else None


def _expand(
    ctx: Context, node: ast.AST, expansion: Expansion, args: list[Item],
    keywords: dict[str, Item], name: str | None, called: str,
) -> Item:  # fmt: skip
    signature = inspect.signature(expansion.build)
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        known = dict(signature.parameters)
        if called.startswith("."):
            known.pop(next(iter(known)))
        _refuse_arguments(ctx, node, called, known, keywords, error)
    return expand(ctx, node, expansion, args, keywords, called, name)


_MODULES = (np.linalg, np.fft, np.random)


def spelled(callee: Any) -> str:
    """A callable's name as users write it."""
    module = getattr(callee, "__module__", None) or ""
    name = getattr(callee, "__name__", type(callee).__name__)
    owner = getattr(callee, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{name}"
    late = late_name(callee) or public_name(callee)
    if late is not None:
        return late
    if getattr(np, name, None) is callee or module.split(".")[0] == "numpy":
        public = (one for one in _MODULES if getattr(one, name, None) is callee)
        inner = next(public, np).__name__
        return f"{inner.replace('numpy', 'np')}.{name}"
    return f"math.{name}" if module == "math" else name


def _apply(
    ctx: Context, node: ast.AST, found: Any, args: list[Item], keywords: dict[str, Item],
    name: str | None, called: str,
) -> Item:  # fmt: skip
    entry, spelling = found
    try:
        operands, attributes = spelling.bind(*args, **keywords)
    except TypeError as error:
        known = dict(inspect.signature(spelling.bind).parameters)
        if called.startswith("."):
            known.pop(next(iter(known)))
        _refuse_arguments(ctx, node, called, known, keywords, error)
    except OperationError as error:
        ctx.refuse(node, "operation", f"{error.reason}.", f"{error.advice}.")
    operands = tuple(_as_array(ctx, node, operand) for operand in operands)
    attributes = {
        key: ctx.static(value, node, f"`{key}=` of {called}") for key, value in attributes.items()
    }
    _check_axes(ctx, node, attributes, called)
    found = ctx.emit_all(node, entry.name, operands, {**spelling.preset, **attributes}, name)
    return found[0] if len(found) == 1 else entry.structure(found)


def _as_array(ctx: Context, node: ast.AST, operand: Item) -> Item:
    """NumPy's functions make an array of a list first; so that its derivative finds one."""
    if isinstance(operand, Value) and isinstance(operand.type, List):
        return ctx.emit(node, "asarray", (operand,), {})
    return operand


def _check_axes(
    ctx: Context, node: ast.AST, attributes: dict[str, Any], called: str
) -> None:  # fmt: skip
    """Whatever the operation: an axis is an int, several are a tuple of ints."""
    for key, value in attributes.items():
        axes = value if isinstance(value, (tuple, list)) else (value,)
        if key == "axes":  # those of several operands, perhaps
            axes = [k for x in axes for k in (x if isinstance(x, (tuple, list)) else (x,))]
        if key in _AXES and value is not None and any(type(one) is not int for one in axes):
            ctx.refuse(
                node, "operation", f"`{key}={value!r}` of {called} is no axis.",
                "name an axis by its number, from 0.",
            )  # fmt: skip


_AXES = ("axis", "axes", "axis1", "axis2")


def _refuse_arguments(
    ctx: Context, node: ast.AST, called: str, known: Mapping[str, inspect.Parameter],
    keywords: dict[str, Item], error: TypeError,
) -> NoReturn:  # fmt: skip
    strange = [key for key in keywords if key not in known]
    advice = "leave it out, or compute its effect apart."
    if strange:
        reason = f"the argument `{strange[0]}=` of {called} is not supported."
    elif any(p.kind is p.VAR_POSITIONAL for p in known.values()):
        told = re.sub(r"^\S*\(\) ", "it ", str(error))  # the name of a function of ours
        reason = f"these arguments of {called} are not supported: {told}."
    else:
        reason = f"these arguments of {called} are not supported."
        advice = f"the supported form is {called}({_form(known)})."
    ctx.refuse(node, "unsupported-argument", reason, advice)


def _form(parameters: Mapping[str, inspect.Parameter]) -> str:
    """`a, axis=None, *, keepdims=False`."""
    bare = [
        p.replace(annotation=p.empty, default=_shown(p.default)) for p in parameters.values()
    ]
    return str(inspect.Signature(bare))[1:-1]


class _NoValue:
    """Stands for a default that has no text."""

    def __repr__(self) -> str:
        return "..."


def _shown(default: Any) -> Any:
    return _NoValue() if repr(default).startswith("<object") else default


def _unknown(ctx: Context, node: ast.AST, callee: Any) -> Any:
    called = spelled(callee)
    if hasattr(callee, "__wrapped__") and type(callee).__module__ == "functools":
        ctx.refuse(
            node, "wrapped-function", f"`{called}` is a wrapper without Python text, such as"
            " functools.lru_cache makes: what it returns may come from an earlier call.",
            f"call `{called}.__wrapped__`, or leave the decorator out.",
        )  # fmt: skip
    known = refusal(called)
    if known is not None:
        ctx.refuse(node, "unknown-function", f"{called} {known.reason}.", f"{known.advice}.")
    names = {spelled(key) for key in (*SPELLINGS, *EXPANSIONS) if callable(key)}
    close = difflib.get_close_matches(called, sorted(names), n=1)
    kind = "class" if isinstance(callee, type) else "function"
    ctx.refuse(
        node, "unknown-function", f"the {kind} `{called}` has no derivative in the table.",
        f"did you mean {close[0]}?" if close else "make it a gate with @adcompiler.primitive.",
    )  # fmt: skip


def _method(
    ctx: Context, node: ast.AST, value: Value, method: str, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    if text_values.is_text(value):
        return text_values.method(ctx, node, value, method, args, keywords, name)
    if method == "copy" and not args and not keywords:
        return ctx.emit(node, "own", (value,), {"method": True}, name)
    if method == "fill" and len(args) == 1 and not keywords:
        stores.store_whole(ctx, node, value, *args)
        return None
    if method == "put":
        handler = array_calls.ARRAY_CALLS[np.put]
        return _settled(ctx, node, name, np.put, handler, [value, *args], keywords)
    if method in array_calls.IN_PLACE:
        return array_calls.in_place(ctx, node, value, method, args, keywords)
    found = SPELLINGS.get(("method", method))
    expansion = EXPANSIONS.get(("method", method))
    if expansion is not None:
        return _expand(ctx, node, expansion, [value, *args], keywords, name, f".{method}")
    if found is None:
        known = refusal(f"x.{method}")
        if known is not None:
            reason = f"`.{method}` of {in_words(value)} {known.reason}."
            ctx.refuse(node, "unknown-function", reason, f"{known.advice}.")
        keys = (*SPELLINGS, *EXPANSIONS)
        names = [key[1] for key in keys if isinstance(key, tuple) and key[0] == "method"]
        close = difflib.get_close_matches(method, names, n=1)
        ctx.refuse(
            node, "unknown-function", f"the method `.{method}` of {in_words(value)} is not in the"
            " table.", f"did you mean .{close[0]}?" if close else "use a NumPy function.",
        )  # fmt: skip
    return _apply(ctx, node, found, [value, *args], keywords, name, f".{method}")


def _gate(
    ctx: Context, node: ast.AST, gate: Primitive[..., Any], args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    from .gate_calls import gate_call

    path = path_of_callee(ctx, gate)
    if isinstance(gate.function, types.FunctionType):
        bound = binding.arguments_for(ctx, node, gate.function, path, args, keywords)
    else:
        bound = binding.bind(ctx, node, gate.name, _own_signature(gate), args, keywords)
    return gate_call(ctx, node, gate, list(bound.values()), name)


def _own_signature(gate: Primitive[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(gate.function)
    except (TypeError, ValueError):
        return inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)])


def path_of_callee(ctx: Context, callee: Any) -> Path:
    """Where a function or gate was found; its own outer names are looked up from there."""
    if id(callee) not in ctx.found:
        ctx.rely((callee,), callee)
    return ctx.found[id(callee)]


def _inline_global(
    ctx: Context, node: ast.AST, function: types.FunctionType, args: list[Item],
    keywords: dict[str, Item], name: str | None,
) -> Item:  # fmt: skip
    try:
        source = read_function(function)
    except AdcompilerError as error:
        reason = error.diagnostics[0]
        ctx.refuse(node, reason.code, f"`{function.__name__}` can't be inlined: {reason.reason}",
                   reason.advice)  # fmt: skip
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

    trail = (ctx.span(node), *ctx.frame.trail)
    if source.function not in ctx.functions:
        ctx.functions.append(source.function)
    return ctx.within(Frame(source, path, bound, parent, trail, name), functools.partial(body, ctx))
