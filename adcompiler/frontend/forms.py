"""What tells calls of one function apart: the static part of the arguments.

    tree((x, (y, 2)))      a tuple of a number and a tuple: not the form of tree((y, 2)), so that
                           the recursion is finite
    power(x, n - 1)        two numbers, like power(x, n): the recursion goes round
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ir.core import Value
from ..ir.types import Array, kind_of, rank
from .instances import Active
from .items import Item, leaves

__all__ = ["NUMBER", "Form", "form_of", "is_int", "numbers_of"]

Form = tuple[Any, tuple[Any, ...]]
NUMBER = "number"


def form_of(bound: Mapping[str, Item]) -> Form:
    """What of a call's arguments is static: the structure, and what is known of each leaf."""
    return _structure(bound), tuple(map(_leaf, leaves(bound)))


def _structure(item: Item) -> Any:
    match item:
        case tuple() | list():
            return (type(item), *map(_structure, item))
        case dict():
            return (dict, *((key, _structure(part)) for key, part in item.items()))
    return None


def _leaf(item: Item) -> Any:
    if isinstance(item, Value):
        if not rank(item.type):
            return NUMBER
        kind = item.type.dtype if isinstance(item.type, Array) else kind_of(item.type)
        return (type(item.type), kind, rank(item.type))
    if type(item) in (float, complex):
        return NUMBER
    try:
        hash(item)
    except TypeError:
        return (id(item),)
    return (type(item), item)


def is_int(leaf: Any) -> bool:
    return isinstance(leaf, tuple) and leaf[0] in (int, bool)


def numbers_of(active: Active, form: Form) -> frozenset[int] | None:
    """The static ints of an active call that are other numbers in this one; None where the two
    calls differ in more than numbers."""
    if active.form[0] != form[0]:
        return None
    numbers = set()
    for k, (old, new) in enumerate(zip(active.form[1], form[1], strict=True)):
        if old == new or (old == NUMBER and is_int(new)):
            continue
        if not (is_int(old) and new == NUMBER):
            return None
        numbers.add(k)
    return frozenset(numbers)
