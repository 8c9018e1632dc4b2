"""Lists and dicts that the function makes and then changes.

    ys = []                 ys is an `OwnList`, a structure of items, of known length: the Python
    ys.append(a)            object behind all names and structures that hold it, which changes as
    zs[0] = b               Python's would

What a loop or branch at run time changes has to be a value: see `growing`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..ir.core import Value
from ..ir.types import UNDEFINED, rank
from . import arithmetic, expressions, growing
from .computing import computed
from .context import Context, Growth
from .items import Item, OwnDict, OwnList, dict_view, in_words
from .iteration import known

__all__ = [
    "call_method",
    "change_element",
    "delete",
    "extend",
    "has_method",
    "own_dict",
    "own_list",
    "store",
]


def own_list(
    ctx: Context, node: ast.AST, items: Sequence[Item], name: str | None = None
) -> Item:
    """A list made here: a structure, or a value if it is changed at run time."""
    place = _place(ctx, node)
    if place not in ctx.growing:
        return OwnList(items, ctx.builder, place)
    element = ctx.growing[place]
    for item in items:
        element = growing.with_room(ctx, node, place, element, ctx.lift(item, node))
    made = ctx.emit(node, "list_of", items, {"element": element}, name)
    ctx.lists[made] = place
    return made


def own_dict(ctx: Context, items: dict[Any, Item]) -> OwnDict:
    return OwnDict(items, ctx.builder)


def _place(ctx: Context, node: Any) -> tuple[Any, ...]:
    source, kind = ctx.frame.source, type(node).__name__
    begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return (source.filename, source.function.__qualname__, kind, *begin, *end)


def _methods(owner: Item) -> dict[str, Callable[..., Item]]:
    if isinstance(owner, Value):
        return _OF_VALUES
    if isinstance(owner, dict):
        return _OF_DICTS
    return _OF_LISTS if isinstance(owner, list) else {}


def has_method(owner: Item, name: str) -> bool:
    """Whether this is a method of structures that is known here."""
    return name in _methods(owner)


def call_method(
    ctx: Context, node: ast.AST, owner: Item, name: str, args: list[Item],
    keywords: dict[str, Item],
) -> Item:  # fmt: skip
    """`owner.name(...)` of a list or dict."""
    handler = _methods(owner).get(name)
    if handler is None:
        ctx.refuse(
            node, "unsupported-call", f"`.{name}` of {in_words(owner)} is not in the subset.",
            "build a new list or dict.",
        )  # fmt: skip
    try:
        return handler(ctx, node, owner, *args, **keywords)
    except TypeError as error:
        return ctx.refuse(
            node, "unsupported-argument", f"these arguments of `.{name}` are not supported.",
            f"call it as Python's documentation shows ({type(error).__name__}).",
        )  # fmt: skip


def _changing(ctx: Context, node: ast.AST, owner: Any) -> None:
    """Make sure that the structure may be changed here."""
    if not isinstance(owner, (OwnList, OwnDict)):
        ctx.refuse(
            node, "in-place-store", f"this changes {in_words(owner)} that the function hasn't made,"
            " or that a loop or branch hands on.", "change a copy of it: list(...) or dict(...).",
        )  # fmt: skip
    if owner.home is ctx.builder:
        ctx.changes += 1
        owner.changes += 1
        return
    if isinstance(owner, OwnList) and growing.may_grow(owner):
        raise Growth(owner.place, UNDEFINED)
    ctx.refuse(
        node, "in-place-store", f"{in_words(owner)} changes in a loop or branch that is settled at"
        " run time.", "use a list of numbers or arrays, or give the parts names of their own.",
    )  # fmt: skip


def _append(ctx: Context, node: ast.AST, owner: Any, item: Item) -> None:
    _changing(ctx, node, owner)
    owner.append(item)


def extend(ctx: Context, node: ast.AST, owner: Item, item: Item) -> None:
    """`owner += item`."""
    for part in known(ctx, node, item, "the length of what a list is extended by"):
        if isinstance(owner, Value):
            growing.append(ctx, node, owner, part)
        else:
            _append(ctx, node, owner, part)


def _extend(ctx: Context, node: ast.AST, owner: Item, item: Item) -> None:
    extend(ctx, node, owner, item)


def _changed(name: str, *kinds: type) -> Callable[..., Item]:
    """A method that changes a structure, with arguments that are static where `kinds` says int."""

    def handler(ctx: Context, node: ast.AST, owner: Any, *args: Item) -> Item:
        _changing(ctx, node, owner)
        given = [
            ctx.static(arg, node, "a place in a list") if kind is int else arg
            for arg, kind in zip(args, kinds, strict=False)
        ]
        if len(args) > len(kinds):
            raise TypeError(name)
        return computed(ctx, node, lambda: getattr(owner, name)(*given))

    return handler


def _copy(ctx: Context, node: ast.AST, owner: Any) -> Item:
    return own_dict(ctx, owner) if isinstance(owner, dict) else own_list(ctx, node, owner)


def _place_of(name: str) -> Callable[..., Item]:
    """`index` and `count` of static things."""

    def handler(ctx: Context, node: ast.AST, owner: Any, item: Item) -> Item:
        if isinstance(item, Value) or any(isinstance(part, Value) for part in owner):
            ctx.refuse(
                node, "unsupported-call", f"`.{name}` looks for a value known only at run time.",
                "compare with ==.",
            )  # fmt: skip
        return computed(ctx, node, lambda: getattr(list(owner), name)(item))

    return handler


_OF_VALUES: dict[str, Callable[..., Item]] = {**growing.METHODS, "extend": _extend}
_OF_LISTS: dict[str, Callable[..., Item]] = {
    "append": _append,
    "extend": _extend,
    "insert": _changed("insert", int, object),
    "pop": _changed("pop", int),
    "reverse": _changed("reverse"),
    "clear": _changed("clear"),
    "copy": _copy,
    "index": _place_of("index"),
    "count": _place_of("count"),
}


def _key(ctx: Context, node: ast.AST, key: Item) -> Any:
    return ctx.static(key, node, "a dict's key")


def _get(ctx: Context, node: ast.AST, owner: Any, key: Item, default: Item = None) -> Item:
    return owner.get(_key(ctx, node, key), default)


def _setdefault(ctx: Context, node: ast.AST, owner: Any, key: Item, default: Item = None) -> Item:
    found = _key(ctx, node, key)
    if found not in owner:
        _changing(ctx, node, owner)
    return owner.setdefault(found, default)


def _update(ctx: Context, node: ast.AST, owner: Any, other: Item = (), **named: Item) -> None:
    _changing(ctx, node, owner)
    if not isinstance(other, dict):
        pairs = known(ctx, node, other, "the length of what a dict is updated with")
        other = {_key(ctx, node, key): value for key, value in pairs}
    owner.update({**other, **named})


def _pop_key(ctx: Context, node: ast.AST, owner: Any, key: Item, *default: Item) -> Item:
    _changing(ctx, node, owner)
    return computed(ctx, node, lambda: owner.pop(_key(ctx, node, key), *default))


def _view(kind: str) -> Callable[..., Item]:
    return lambda ctx, node, owner: dict_view(owner, kind)


_OF_DICTS: dict[str, Callable[..., Item]] = {
    "get": _get,
    "setdefault": _setdefault,
    "update": _update,
    "pop": _pop_key,
    "clear": _changed("clear"),
    "copy": _copy,
    **{kind: _view(kind) for kind in ("items", "keys", "values")},
}


def _position(ctx: Context, node: ast.Subscript, owner: Any) -> Any:
    """The static place in a structure that a subscript names."""
    if isinstance(node.slice, ast.Slice):
        ctx.refuse(
            node, "in-place-store", "a slice of a list is changed.", "change elements one by one."
        )
    what = "the place in a list or dict that changes"
    return ctx.static(expressions.expression(ctx, node.slice), node.slice, what)


def store(ctx: Context, target: ast.Subscript, owner: Any, item: Item) -> None:
    """`lst[i] = item`, `d["k"] = item`."""
    position = _position(ctx, target, owner)
    if isinstance(owner, tuple):
        _refuse_tuple(ctx, target)
    _changing(ctx, target, owner)
    computed(ctx, target, lambda: owner.__setitem__(position, item))


def _refuse_tuple(ctx: Context, node: ast.AST) -> NoReturn:
    ctx.refuse(
        node, "static-error", "a tuple's elements can't be assigned.", "use a list."
    )


def change_element(ctx: Context, node: ast.AugAssign, target: ast.Subscript, owner: Any) -> None:
    """`lst[i] += v`: arrays change in place, numbers are replaced."""
    from .stores import augmented

    position = _position(ctx, target, owner)
    element = computed(ctx, target, lambda: owner[position])
    if isinstance(element, Value) and rank(element.type):
        augmented(ctx, node, element, None)
        return
    if isinstance(element, list):
        extend(ctx, node, element, expressions.expression(ctx, node.value))
        return
    value = expressions.expression(ctx, node.value)
    changed = arithmetic.binary(ctx, node, node.op, element, value)
    _changing(ctx, target, owner)
    owner[position] = changed


def delete(ctx: Context, target: ast.Subscript, owner: Any) -> None:
    """`del d["k"]`, `del lst[i]`."""
    position = _position(ctx, target, owner)
    _changing(ctx, target, owner)
    computed(ctx, target, lambda: owner.__delitem__(position))
