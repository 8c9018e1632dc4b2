"""What names and attributes stand for: local names, outer ones, `x.shape`, `helpers.scale`.

    x.shape[0]         a size: %n = size[axis=0] %x
    np.pi              constant[spelled=np.pi]
    helpers.SCALE      a capture, found by the path ("helpers", "SCALE")
"""

from __future__ import annotations

import ast
import difflib
import enum
import math
import types
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Array, List, Scalar, dtype_code, kind_of, rank, shape_of
from ..ops import is_known
from ..ops.gates import Primitive
from ..ops.refused import refusal
from . import draws, objects, text_values
from .captures import capture, path_to
from .context import Context, namespace_value
from .items import (
    LOST,
    UNBOUND,
    Ambiguous,
    BoundMethod,
    Instance,
    Item,
    LocalFunction,
    Lost,
    Method,
    Record,
    in_words,
    is_namedtuple,
    is_number,
)
from .plain_expressions import Unevaluated

__all__ = ["attribute", "read_name", "size_item", "value_attribute"]


def read_name(ctx: Context, node: ast.AST, name: str) -> Item:
    """A local name, or one from outside: closure, globals, builtins."""
    try:
        item = ctx.frame.find(name)
    except KeyError:
        return _outer_name(ctx, node, name)
    if item is LOST:
        raise Lost
    if item is UNBOUND:
        ctx.refuse_unbound(node, name)
    if isinstance(item, Ambiguous):
        ctx.refuse_item(item, node)
    if isinstance(item, Value):
        ctx.check_readable(item, node)
    return item


def _outer_name(ctx: Context, node: ast.AST, name: str) -> Item:
    function = ctx.frame.source.function
    try:
        value = namespace_value(function, name)
    except NameError:
        ctx.refuse(
            node, "unknown-name", f"the name `{name}` isn't defined where the function can see it.",
            _meant(ctx, name) or "define or import it before the gradient is compiled.",
        )  # fmt: skip
    return capture(ctx, path_to(ctx, function, name), value, node)


def _meant(ctx: Context, name: str) -> str | None:
    """Advice on a name that isn't there."""
    for module, alias in ((np, "np"), (math, "math")):
        if is_known(getattr(module, name, None)):
            return f"did you mean {alias}.{name}?"
    function = ctx.frame.source.function
    known = {*ctx.frame.names, *function.__globals__, *function.__code__.co_freevars}
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None


def attribute(ctx: Context, node: ast.AST, owner: Item, name: str) -> Item:
    if draws.is_generator(ctx, owner):
        return draws.method_of(ctx, owner, name)
    if text_values.is_text(owner):
        return BoundMethod(owner, name)
    if isinstance(owner, Value):
        return value_attribute(ctx, node, owner, name)
    name = objects.private(ctx, name)
    if isinstance(owner, (Instance, Record)):
        return objects.attribute(ctx, node, owner, name)
    if isinstance(owner, objects.Super):
        return objects.super_attribute(ctx, node, owner, name)
    if is_namedtuple(owner):
        found = objects.namedtuple_attribute(ctx, node, owner, name)
        if not objects.is_missing(found):
            return found
    if isinstance(owner, (dict, list, tuple, str)):
        from .mutation import has_method

        if has_method(owner, name):
            return Method(owner, name)
        ctx.refuse(
            node, "unsupported-attribute", f"`.{name}` of {in_words(owner)} is not in the"
            " subset.", "read elements by index or key.",
        )  # fmt: skip
    if isinstance(owner, (LocalFunction, Ambiguous, BoundMethod)):
        ctx.refuse_item(owner, node)
    return _object_attribute(ctx, node, owner, name)


def _object_attribute(ctx: Context, node: ast.AST, owner: Any, name: str) -> Item:
    if isinstance(owner, Unevaluated):
        return Unevaluated(f"{owner.name}.{name}", owner.span)
    try:
        value = getattr(owner, name)
    except AttributeError:
        close = difflib.get_close_matches(name, dir(owner), n=1)
        ctx.refuse(
            node, "unknown-name", f"{_called(owner)} has no attribute `{name}`.",
            f"did you mean `{close[0]}`?" if close else "check the name.",
        )  # fmt: skip
    if isinstance(owner, types.ModuleType) and owner.__name__.split(".")[0] in ("numpy", "math"):
        if type(value) is float:
            alias = "np" if owner.__name__ == "numpy" else owner.__name__
            spelled = {"value": value, "spelled": f"{alias}.{name}"}
            constant = ctx.emit(node, "constant", (), spelled)
            ctx.constants[constant] = value
            return constant
        return value
    if isinstance(owner, (np.dtype, np.finfo, np.iinfo)):
        if not isinstance(value, np.floating):
            return value
        return ctx.emit(node, "cast", (float(value),), {"type": dtype_code(value.dtype)})
    if isinstance(owner, enum.Enum) and name in ("value", "name"):
        return value
    start = ctx.found.get(id(owner))
    if start is None:
        return value if not is_number(value) and not isinstance(value, np.ndarray) else ctx.refuse(
            node, "unsupported-attribute", f"`{name}` is read from an object made inside.",
            "pass it as an argument.",
        )  # fmt: skip
    plain = not isinstance(owner, (types.FunctionType, Primitive))
    return capture(ctx, (*start, name if plain else f"<attribute {name}>"), value, node)


def _called(owner: Any) -> str:
    return f"module `{owner.__name__}`" if isinstance(owner, types.ModuleType) else repr(owner)


def value_attribute(ctx: Context, node: ast.AST, owner: Value, name: str) -> Item:
    """`x.shape`, `x.T`, `x.ndim`, or a method to be called."""
    match name:
        case "shape" if isinstance(owner.type, Array):
            return tuple(size_item(ctx, node, owner, axis) for axis in range(rank(owner.type)))
        case "ndim" if isinstance(owner.type, Array):
            return rank(owner.type)
        case "dtype" if isinstance(owner.type, Array):
            return np.dtype(owner.type.dtype)
        case "itemsize" if isinstance(owner.type, Array):
            return np.dtype(owner.type.dtype).itemsize
        case "size" if isinstance(owner.type, Array):
            axes = tuple(range(rank(owner.type)))
            return ctx.emit(node, "count", (owner,), {"axis": axes}) if axes else 1
        case "real" if kind_of(owner.type) == "float" and not isinstance(owner.type, List):
            return owner
    attribute = ctx.tracer.spellings.get(("attribute", name))
    if attribute is not None and isinstance(owner.type, (Array, Scalar)):
        entry, spelling = attribute
        return ctx.emit(node, entry.name, (owner,), dict(spelling.preset))
    known = refusal(f"x.{name}")
    if known is not None and not callable(getattr(np.ndarray, name, len)):
        reason = f"`.{name}` of {in_words(owner)} {known.reason}."
        ctx.refuse(node, "unsupported-attribute", reason, f"{known.advice}.")
    if isinstance(owner.type, (Array, Scalar, List)):
        return BoundMethod(owner, name)
    return ctx.refuse(
        node, "unsupported-attribute", f"`.{name}` of {in_words(owner)} is not in the subset.",
        "use a NumPy function instead.",
    )  # fmt: skip


def size_item(ctx: Context, node: ast.AST, owner: Value, axis: int, via: str = "shape") -> Item:
    """One size of an array: an int where it is known."""
    if isinstance(owner.type, List):  # which may change its length
        return ctx.emit(node, "size", (owner,), {"axis": axis, "via": via})
    size = shape_of(owner.type)[axis]
    if isinstance(size, int):
        return size
    return ctx.emit(node, "size", (owner,), {"axis": axis, "via": via})
