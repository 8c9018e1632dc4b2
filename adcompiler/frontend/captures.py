"""What stands outside the function that is lowered: captures for data, guards for the rest.

    SCALE = np.array([1.0, 2.0])       a capture: a parameter %SCALE of what is emitted, read anew
    def f(x):                          at each call
        return np.sum(layer(x))        a guard: the text holds as long as `layer` is this function

Whatever a function reads from outside itself is found through a path from the root function:
`("layer", "SCALE")` is the global `SCALE` of the function that the root calls `layer`. Numbers and
arrays met on the way become captures, read anew at each call; functions and modules become guards,
so that compiled code notices when a name is bound to something else. A function that came in as
an argument has no path from the root: the paths within it begin with the function itself.
"""

from __future__ import annotations

import ast
import types
from typing import Any

import numpy as np

from ..diagnostics import SignatureError
from ..ir.core import Value
from ..ir.types import Scalar, rank
from .context import Capture, Context
from .items import Instance, Item, Record, in_words, is_namedtuple, leaves
from .paths import Path, lookup_path, words
from .signature import Static, Structure, abstract, key_of, parameters_of, with_static

__all__ = ["capture", "capture_name", "instance", "originate", "path_to", "rely"]


def path_to(ctx: Context, function: types.FunctionType, name: str) -> Path:
    """The path to an outer name; functions of one module share their module's names."""
    code = function.__code__
    if name in code.co_freevars and function.__closure__:
        home: Any = function.__closure__[code.co_freevars.index(name)]
    else:
        home = function.__globals__
    near = home is ctx.root.__globals__ and name not in ctx.root.__code__.co_freevars
    start = () if near else ctx.frame.path
    return ctx.homes.setdefault((id(home), name), (*start, name))


def capture_name(ctx: Context, path: Path) -> str:
    """The name as it was read, or with its owner in front where another has that name."""
    taken = {c.name for c in ctx.captures.values()} | ctx.parameters
    *owners, name = words(path) or ["value"]
    for owner in reversed(owners):
        if name in taken:
            name = f"{owner}_{name}"
    while name in taken:
        name += "_"
    return name


def capture(ctx: Context, path: Path, value: Any, node: ast.AST) -> Item:
    """What stands outside the function: captures for data, guards for the rest."""
    if path in ctx.captures:
        return ctx.captures[path].item
    try:
        structure = abstract(value, (words(path) or ["value"])[-1], path)
        key_of(value)  # what may change unseen has none
    except SignatureError as error:
        (found,) = error.diagnostics
        if found.code == "argument-kind":
            ctx.refuse(
                node, found.code, f"what {in_words(value)} holds may change without being"
                " seen.", "use a plain tuple, list or dict, or an array.",
            )  # fmt: skip
        ctx.refuse(node, found.code, found.reason, found.advice)
    if _is_constant(structure) or path in ctx.static_paths:
        return rely(ctx, path, value)
    if isinstance(structure, Instance):
        return instance(ctx, path, value)
    for inner in ctx.static_paths:
        if inner[: len(path)] == path:
            steps = inner[len(path) :]
            part = rely(ctx, inner, lookup_path(value, steps))
            structure = with_static(structure, steps, part)
    name = capture_name(ctx, path)
    item = parameters_of(structure, name, path)
    ctx.captures[path] = Capture(path, name, item, structure)
    if not isinstance(value, np.ndarray):  # whose elements may change
        originate(ctx, item, path)
    return item


def _is_constant(structure: Structure) -> bool:
    """Whether the object itself can stand for its content: lists and dicts change in place."""
    if isinstance(structure, tuple):
        return all(map(_is_constant, structure))
    return isinstance(structure, Static)


def rely(ctx: Context, path: Path, value: Any) -> Any:
    """The text holds as long as the path leads to this object."""
    if ctx.guards.setdefault(path, value) is value:  # so that its id stays its own
        ctx.found.setdefault(id(value), path)
    return value


def instance(ctx: Context, path: Path, value: Any) -> Instance:
    """An object that is read attribute by attribute; one item for each path."""
    if path not in ctx.objects:
        rely(ctx, (*path, "<class>"), type(value))
        ctx.objects[path] = Instance(value, path)
    return ctx.objects[path]


def originate(ctx: Context, item: Item, path: Path) -> None:
    """Where parts may become static: numbers, and as a whole tuples of ints and static things."""
    match item:
        case Value():
            if not rank(item.type):
                ctx.origins[item] = path
        case tuple() if _is_settings(item):
            for leaf in leaves(item):
                if isinstance(leaf, Value):
                    ctx.origins[leaf] = path
        case _ if is_namedtuple(item):
            for key, part in item._asdict().items():
                originate(ctx, part, (*path, key))
        case tuple() | list():
            for position, part in enumerate(item):
                originate(ctx, part, (*path, f"[{position}]"))
        case dict():
            for key, part in item.items():
                originate(ctx, part, (*path, f"[{key!r}]"))
        case Record(_, fields):
            for key, part in fields.items():
                originate(ctx, part, (*path, key))


def _is_settings(item: Item) -> bool:
    """A tuple like `(0, (1, None))`, which some programs use as an axis or a shape."""
    if isinstance(item, tuple):
        return all(map(_is_settings, item))
    if not isinstance(item, Value):
        return not isinstance(item, (list, dict))
    return isinstance(item.type, Scalar) and item.type.kind in ("int", "bool")
