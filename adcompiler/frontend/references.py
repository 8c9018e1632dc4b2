"""How emitted text names what an effect shows: run-time values, literals, objects from outside.

    print("loss", x, file=sys.stderr)     print("loss", $0, file=$sys.stderr)      operands: %x
    logger.info("%d", n)                  $0.info("%d", $1)                 operands: %logger, %n

Builtins, modules of the standard library and NumPy are imported by the emitted module. Any other
object (a logger, an exception class of the user's) becomes a keyword-only parameter.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import logging
import sys
import types
from typing import Any

import numpy as np

from ..ir.core import Value
from ..ir.types import Static
from ..ops.effects import hole
from .captures import capture_name
from .context import ARGUMENT, Capture, Context, Path, lookup_path
from .items import (
    UNBOUND,
    Ambiguous,
    BoundMethod,
    Instance,
    Item,
    LocalFunction,
    RangeItem,
    is_namedtuple,
)  # fmt: skip

__all__ = ["Written", "handed", "is_plain"]

_LITERALS = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis))
_NUMBERS = ("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64")


def is_plain(item: Item) -> bool:
    """Whether the item's text is always the same: of numbers, strings, and tuples of these."""
    if isinstance(item, (tuple, list)) and not is_namedtuple(item):
        return all(map(is_plain, item))
    return type(item) in _LITERALS


class Written:
    """Writes items as expressions with holes; `operands` are the values that go there."""

    def __init__(self, ctx: Context, node: ast.AST) -> None:
        self.ctx = ctx
        self.node = node
        self.operands: list[Value] = []

    def hole(self, value: Value) -> ast.expr:
        self.operands.append(value)
        return hole(len(self.operands) - 1)

    def call(
        self, callee: ast.expr, node: ast.AST, args: list[Item], keywords: dict[str, Item]
    ) -> ast.expr:
        """A call with the items that its arguments stand for."""
        written = node.args if isinstance(node, ast.Call) else []
        plain = len(args) == len(written) and not any(
            isinstance(a, ast.Starred) for a in written
        )
        nodes: list[ast.expr | None] = [*written] if plain else [None] * len(args)
        words = node.keywords if isinstance(node, ast.Call) else []
        named = {k.arg: k.value for k in words if k.arg is not None}
        shown = [self.item(item, one) for item, one in zip(args, nodes, strict=True)]
        return ast.Call(
            callee, shown,
            [ast.keyword(key, self.item(item, named.get(key))) for key, item in keywords.items()],
        )  # fmt: skip

    def item(self, item: Item, node: ast.expr | None = None) -> ast.expr:
        """An item as an expression; `node` is where the user wrote it."""
        match item:
            case Value():
                return self.hole(item)
            case _ if is_namedtuple(item):
                return ast.Call(self.outside(type(item), None), [self.item(p) for p in item], [])
            case tuple():
                return ast.Tuple([self.item(part) for part in item], ast.Load())
            case list():
                return ast.List([self.item(part) for part in item], ast.Load())
            case dict():
                keys: list[ast.expr | None] = [self.item(key) for key in item]
                return ast.Dict(keys, [self.item(part) for part in item.values()])
            case RangeItem(start, stop, step):
                return _call("$builtin.range", *map(self.item, (start, stop, step)))
            case Ambiguous() | BoundMethod() | LocalFunction():
                self.ctx.refuse_item(item, node or self.node)
            case np.dtype():
                return _call("$np.dtype", ast.Constant(item.name))
            case np.generic() if item.dtype.name in _NUMBERS:
                return _call(f"$np.{item.dtype.name}", ast.Constant(item.item()))
        if item is UNBOUND:
            self.ctx.refuse_item(item, node or self.node)
        if type(item) in _LITERALS:
            return ast.Constant(item)
        return self.outside(item, node)

    def held(self, path: Path) -> Value:
        """An object that an argument holds, as it is; the text reads it at each call."""
        shown = ("<shown>", *path)
        if shown not in self.ctx.captures:
            name = capture_name(self.ctx, path)
            self.ctx.captures[shown] = Capture(path, name, Value(Static(), name), Static())
        found: Value = self.ctx.captures[shown].item
        return found

    def outside(self, item: Any, node: ast.expr | None) -> ast.expr:
        """An object from outside: by its import, or as a parameter."""
        path: Path | None = None
        if isinstance(item, Instance):
            path, item = item.path, item.value
            if path[:1] == (ARGUMENT,):
                return self.hole(self.argument(path))
        elif node is not None:
            path = _path(self.ctx, node, item)
        found = _imported(item) or (path and _imported_attribute(self.ctx, path))
        if found:
            return found
        if path is None and isinstance(item, logging.Logger):
            return _call("$logging.getLogger", ast.Constant(item.name))
        return self.hole(_parameter(self.ctx, node or self.node, item, path))


    def argument(self, path: Path) -> Value:
        """An argument that is an object, as it was passed."""
        if len(path) > 2:
            self.ctx.refuse(
                self.node, "outside-object", "an object inside of an argument is shown here.",
                "show its numbers, or pass it as an argument of its own.",
            )  # fmt: skip
        return self.ctx.live.setdefault(path[1], Value(Static(), path[1]))


def _call(dotted: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(_dotted(dotted), list(arguments), [])


def _dotted(name: str) -> ast.expr:
    if name.startswith("$builtin."):
        return ast.Name(name, ast.Load())
    first, *rest = name.split(".")
    made: ast.expr = ast.Name(first, ast.Load())
    for part in rest:
        made = ast.Attribute(made, part, ast.Load())
    return made


def _module(name: str) -> str | None:
    """How templates name a module that emitted text may import."""
    if name.split(".")[0] == "numpy":
        return name.replace("numpy", "$np", 1)
    return f"${name}" if name in sys.stdlib_module_names and name != "builtins" else None


def _imported(item: Any) -> ast.expr | None:
    """A builtin, a module, or what a module names as its own."""
    if isinstance(item, types.ModuleType):
        alias = _module(item.__name__)
        return _dotted(alias) if alias else None
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    if vars(builtins).get(name) is item:
        return _dotted(f"$builtin.{name}")
    for home in (module.lstrip("_"), module):
        alias = _module(home)
        if alias and getattr(sys.modules.get(home), name, None) is item:
            return _dotted(f"{alias}.{name}")
    return None


def _imported_attribute(ctx: Context, path: Path) -> ast.expr | None:
    """`sys.stderr`: what the attribute stands for when the text runs."""
    if len(path) < 2 or not isinstance(path[-1], str):
        return None
    owner = lookup_path(ctx.root, path[:-1])
    alias = _module(owner.__name__) if isinstance(owner, types.ModuleType) else None
    return _dotted(f"{alias}.{path[-1]}") if alias else None


def _path(ctx: Context, node: ast.expr, item: Any) -> Path | None:
    """The path to an object, if it can be found by one."""
    live = (path for path, one in ctx.objects.items() if one.value is item)
    path = ctx.found.get(id(item), next(live, None))
    try:
        return path if path is not None and lookup_path(ctx.root, path) is item else None
    except (NameError, AttributeError):
        return None


def _parameter(ctx: Context, node: ast.AST, item: Any, path: Path | None) -> Value:
    """The parameter by which an object comes in: the function's own, or one more."""
    for name, given in ctx.given.items():
        if given is item:
            return ctx.live.setdefault(name, Value(Static(), name))
    if path is None:
        try:
            hash(item)
        except TypeError:
            ctx.refuse(
                node, "outside-object", f"the {type(item).__name__} shown here has no name outside"
                " the function.", "give it a name in the module.",
            )  # fmt: skip
        path = (item,)
    shown = ("<shown>", *path)
    if shown not in ctx.captures:
        name = capture_name(ctx, path if isinstance(path[-1], str) else (_word(node, item),))
        ctx.captures[shown] = Capture(path, name, Value(Static(), name), Static())
    found: Value = ctx.captures[shown].item
    return found


def handed(ctx: Context, item: Any, path: Path, name: str) -> Value:
    """The parameter by which a function comes in that the emitted text calls."""
    for given, value in ctx.given.items():
        if value is item:
            return ctx.live.setdefault(given, Value(Static(), given))
    shown = ("<shown>", *path)
    if shown not in ctx.captures:
        usable = name.isidentifier() and not keyword.iskeyword(name)
        word = capture_name(ctx, (name if usable else "function",))
        ctx.captures[shown] = Capture(path, word, Value(Static(), word), Static())
    found: Value = ctx.captures[shown].item
    return found


def _word(node: ast.AST, item: Any) -> str:
    """A name for an object that is found under none."""
    name = node.id if isinstance(node, ast.Name) else getattr(item, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else type(item).__name__.lower()
