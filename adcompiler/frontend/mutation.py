"""Lists and dicts that the function makes and then changes.

    ys = []                        ys is an `OwnList`: of known length, a structure of items
    ys.append(a)

    ys = []                        %ys = list_of
    for i in range(n):             %ys.1 = for %ys (%ys.2, %i):
        ys.append(x[i])                %v = index %x, %i
                                       %ys.3 = append %ys.2, %v

An `OwnList` is the Python object behind all names and structures that hold it, and changes as
Python's would. What a loop or branch at run time changes has to be a value: where that turns out,
lowering starts again with that list, told by its place in the source, as a value from its
beginning (`Growth`). Such a value is an object that is stored into, as arrays are.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..ir.core import Value
from ..ir.types import UNDEFINED, List, Scalar, Type, TypeMismatch, rank
from ..ops.lists import joined_element
from . import arithmetic, expressions
from .context import Context, Growth
from .items import Item, OwnDict, OwnList, dict_view, in_words, is_number
from .iteration import known

__all__ = [
    "call_method",
    "change_element",
    "check_element",
    "copied",
    "delete",
    "extend",
    "has_method",
    "meet",
    "own_dict",
    "own_list",
    "runs",
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
        element = _joined(ctx, node, place, element, ctx.lift(item, node))
    made = ctx.emit(node, "list_of", items, {"element": element}, name)
    ctx.lists[made] = place
    return made


def own_dict(ctx: Context, items: dict[Any, Item]) -> OwnDict:
    return OwnDict(items, ctx.builder)


def _place(ctx: Context, node: Any) -> tuple[Any, ...]:
    source, kind = ctx.frame.source, type(node).__name__
    begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return (source.filename, source.function.__qualname__, kind, *begin, *end)


def _joined(
    ctx: Context, node: ast.AST, place: tuple[Any, ...] | None, element: Type, value: Value
) -> Type:
    """The list's element type with room for the value; news start lowering again."""
    try:
        joined = joined_element(element, value.type)
    except TypeMismatch as error:
        ctx.refuse(
            node, "type-mismatch", f"this list holds different kinds of things: {error}.",
            "keep things of one kind, dtype and number of dimensions in it.",
        )  # fmt: skip
    if joined != element:
        if place is None:
            ctx.refuse(
                node, "type-mismatch", f"{in_words(value)} is put into a list of {element}.",
                "keep things of one kind, dtype and number of dimensions in it.",
            )  # fmt: skip
        raise Growth(place, joined)
    return element


def check_element(ctx: Context, node: ast.AST, owner: Value, result: Value) -> None:
    """A store into a list leaves its elements' type as it was, or lowering starts again."""
    if isinstance(owner.type, List) and isinstance(result.type, List):
        element = Value(result.type.element)
        _joined(ctx, node, ctx.lists.get(owner), owner.type.element, element)


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


def _tried(ctx: Context, node: ast.AST, compute: Callable[[], Any]) -> Any:
    """What fails now would fail at run time."""
    try:
        return compute()
    except Exception as error:
        return ctx.refuse(
            node, "static-error", f"this fails: {type(error).__name__}: {error}.",
            "correct what it is given.",
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
        return
    if isinstance(owner, OwnList) and _may_grow(owner):
        raise Growth(owner.place, UNDEFINED)
    ctx.refuse(
        node, "in-place-store", f"{in_words(owner)} changes in a loop or branch that is settled at"
        " run time.", "use a list of numbers or arrays, or give the parts names of their own.",
    )  # fmt: skip


def _may_grow(owner: Item) -> bool:
    """Whether the list may become a value: it holds numbers and arrays."""
    return isinstance(owner, OwnList) and all(
        is_number(item) or (isinstance(item, Value) and not isinstance(item.type, List))
        for item in owner
    )


def meet(ctx: Context, a: Item, b: Item) -> None:
    """Two lists for one name: where their lengths may differ, both are values."""
    lists = [item for item in (a, b) if _may_grow(item)]
    values = [i for i in (a, b) if isinstance(i, Value) and isinstance(i.type, List)]
    if len(lists) + len(values) == 2 and (values or len(a) != len(b)):
        for one in lists:
            raise Growth(one.place, UNDEFINED)


def runs(ctx: Context, owner: Item, index: Value) -> None:
    """A list that is read at a place known at run time is a value, if its elements are alike;
    unless the loop that the place belongs to can be written out."""
    if ctx.origins.get(index) not in ctx.short and owner and _may_grow(owner):
        types = [Scalar(type(i).__name__) if is_number(i) else i.type for i in owner]
        if all(joined_alike(types[0], type_) for type_ in types):
            raise Growth(owner.place, UNDEFINED)


def joined_alike(a: Type, b: Type) -> bool:
    """Whether two types are one up to sizes known of ints."""
    return a == b or (isinstance(a, Scalar) and isinstance(b, Scalar) and a.kind == b.kind)


def _append(ctx: Context, node: ast.AST, owner: Any, item: Item) -> None:
    _changing(ctx, node, owner)
    owner.append(item)


def extend(ctx: Context, node: ast.AST, owner: Item, item: Item) -> None:
    """`owner += item`."""
    for part in known(ctx, node, item, "the length of what a list is extended by"):
        if isinstance(owner, Value):
            _grow(ctx, node, owner, part)
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
        return _tried(ctx, node, lambda: getattr(owner, name)(*given))

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
        return _tried(ctx, node, lambda: getattr(list(owner), name)(item))

    return handler


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
    return _tried(ctx, node, lambda: owner.pop(_key(ctx, node, key), *default))


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


def _grow(ctx: Context, node: ast.AST, owner: Value, item: Item) -> None:
    """`append` at run time."""
    current = ctx.read(owner, node)
    assert isinstance(current.type, List)
    if isinstance(item, (tuple, list, dict)):
        ctx.refuse(
            node, "type-mismatch", f"{in_words(item)} is appended at run time.",
            "append the parts to lists of their own.",
        )  # fmt: skip
    value = ctx.lift(item, node)
    _joined(ctx, node, ctx.lists.get(ctx.memory.owner(owner)), current.type.element, value)
    _replaced(ctx, node, owner, ctx.emit(node, "append", (owner, value), {}, _name(owner)))


def _name(owner: Value) -> str | None:
    return owner.name if isinstance(owner.name, str) else None


def _replaced(ctx: Context, node: ast.AST, owner: Value, result: Value) -> None:
    if ctx.memory.owner(owner) in ctx.running:
        ctx.refuse(
            node, "unsupported-iteration", "the length of a list changes while a loop runs over"
            " it.", "loop over a copy: list(...).",
        )  # fmt: skip
    ctx.memory.store(ctx.memory.owner(owner), result)


def _pop(ctx: Context, node: ast.AST, owner: Value, position: Item = -1) -> Item:
    if position != -1:
        ctx.refuse(
            node, "unsupported-call", "only the last element of a list whose length is known at run"
            " time can be taken off.", "index the list, or build another one.",
        )  # fmt: skip
    found = ctx.emit(node, "last", (owner,), {})
    _replaced(ctx, node, owner, ctx.emit(node, "without_last", (owner,), {}, _name(owner)))
    return found


def _clear(ctx: Context, node: ast.AST, owner: Value) -> None:
    current = ctx.read(owner, node)
    assert isinstance(current.type, List)
    element = {"element": current.type.element}
    _replaced(ctx, node, owner, ctx.emit(node, "list_of", (), element, _name(owner)))


def copied(ctx: Context, node: ast.AST, owner: Value) -> Value:
    """`ys.copy()`, `list(ys)`."""
    made = ctx.emit(node, "list_copy", (owner,), {})
    place = ctx.lists.get(ctx.memory.owner(owner))
    if place is not None:
        ctx.lists[made] = place
    return made


_OF_VALUES: dict[str, Callable[..., Item]] = {
    "append": _grow,
    "extend": _extend,
    "pop": _pop,
    "clear": _clear,
    "copy": copied,
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
    _tried(ctx, target, lambda: owner.__setitem__(position, item))


def _refuse_tuple(ctx: Context, node: ast.AST) -> NoReturn:
    ctx.refuse(
        node, "static-error", "a tuple's elements can't be assigned.", "use a list."
    )


def change_element(ctx: Context, node: ast.AugAssign, target: ast.Subscript, owner: Any) -> None:
    """`lst[i] += v`: arrays change in place, numbers are replaced."""
    from .stores import augmented

    position = _position(ctx, target, owner)
    element = _tried(ctx, target, lambda: owner[position])
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
    _tried(ctx, target, lambda: owner.__delitem__(position))
