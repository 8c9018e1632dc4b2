"""Lists whose length is known only at run time: values, which are stored into as arrays are.

    ys = []                        %ys = list_of
    for i in range(n):             %ys.1 = for %ys (%ys.2, %i):
        ys.append(x[i])                %v = index %x, %i
                                       %ys.3 = append %ys.2, %v

That a list is such a value turns out where it is changed, read or handed on: lowering then starts
again with that list, told by its place in the source, as a value from its beginning (`Growth`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..ir.core import Value
from ..ir.types import UNDEFINED, List, Scalar, Type, TypeMismatch
from ..ops.lists import joined_element
from .context import Context, Growth
from .items import Item, OwnList, in_words, is_number

__all__ = [
    "METHODS",
    "append",
    "check_element",
    "copied",
    "may_grow",
    "meet",
    "runs",
    "with_room",
]


def with_room(
    ctx: Context, node: ast.AST, place: tuple[Any, ...] | None, element: Type, value: Value
) -> Type:
    """The list's element type with room for the value; news start lowering again."""
    if isinstance(value.type, List):
        ctx.refuse(
            node, "type-mismatch", "a list whose length is known only at run time is put into"
            " another.", "put arrays into it: np.array([...]).",
        )  # fmt: skip
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
        with_room(ctx, node, ctx.lists.get(owner), owner.type.element, element)


def may_grow(owner: Item) -> bool:
    """Whether the list may become a value: it holds numbers and arrays."""
    return isinstance(owner, OwnList) and all(
        is_number(item) or (isinstance(item, Value) and not isinstance(item.type, List))
        for item in owner
    )


def meet(ctx: Context, a: Item, b: Item) -> None:
    """Two lists for one name: where their lengths may differ, both are values."""
    lists = [item for item in (a, b) if may_grow(item)]
    values = [i for i in (a, b) if isinstance(i, Value) and isinstance(i.type, List)]
    if len(lists) + len(values) == 2 and (values or len(a) != len(b)):
        for one in lists:
            raise Growth(one.place, UNDEFINED)


def runs(ctx: Context, owner: Item, index: Value) -> None:
    """A list that is read at a place known at run time is a value, if its elements are alike;
    unless the loop that the place belongs to can be written out."""
    if ctx.origins.get(index) not in ctx.short and owner and may_grow(owner):
        types = [Scalar(type(i).__name__) if is_number(i) else i.type for i in owner]
        if all(_alike(types[0], type_) for type_ in types):
            raise Growth(owner.place, UNDEFINED)


def _alike(a: Type, b: Type) -> bool:
    """Whether two types are one up to sizes known of ints."""
    return a == b or (isinstance(a, Scalar) and isinstance(b, Scalar) and a.kind == b.kind)


def append(ctx: Context, node: ast.AST, owner: Value, item: Item) -> None:
    """`append` at run time."""
    current = ctx.read(owner, node)
    assert isinstance(current.type, List)
    if isinstance(item, (tuple, list, dict)):
        ctx.refuse(
            node, "type-mismatch", f"{in_words(item)} is appended at run time.",
            "append the parts to lists of their own.",
        )  # fmt: skip
    value = ctx.lift(item, node)
    with_room(ctx, node, ctx.lists.get(ctx.memory.owner(owner)), current.type.element, value)
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


METHODS: dict[str, Callable[..., Item]] = {
    "append": append,
    "pop": _pop,
    "clear": _clear,
    "copy": copied,
}
