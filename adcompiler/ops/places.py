"""Places in arrays: what a store changes, and what a view of an array looks at.

    a[1:].T[0] = v          views=(Step(index, 1:), Step(transpose)), key=(0,)

A key holds static parts as they are, and a `Slot(k)` for the k-th operand of its own, so that one
template serves result types, emission and evaluation. A `Step` is one operation that makes a view;
its operands follow those of the key, in order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from ..ir.core import Operation, Value
from ..ir.sizes import Affine, Size, add, is_positive, negate
from ..ir.types import Type, is_integer
from .op import Emission, Op

__all__ = [
    "Part",
    "Slot",
    "Step",
    "are_apart",
    "at_most",
    "cover",
    "fill",
    "look",
    "may_be_copy",
    "offset",
    "slots",
    "source",
    "step_operands",
    "viewed_type",
]


@final
@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a run-time operand in a template."""

    position: int

    def __str__(self) -> str:
        return f"Slot({self.position})"


@final
@dataclass(frozen=True)
class Step:
    """One view of an array: the entry that makes it, its attributes, how many operands it has
    besides the array."""

    entry: Op
    attributes: Mapping[str, Any]
    arity: int

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self.attributes.items() if v is not None)
        return f"{self.entry.name}[{shown}]" if shown else self.entry.name

    def __hash__(self) -> int:
        return hash((self.entry, repr(self.attributes), self.arity))


Views = tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True)
class Part:
    """The part of an array from `start` to `stop` (None: its end) along one axis."""

    axis: int
    start: Size
    stop: Size | None


def cover(parts: Iterable[Part]) -> bool:
    """Whether the parts are known to make up the whole array.

    >>> cover([Part(1, 2, None), Part(1, 0, 2)]), cover([Part(1, 2, None), Part(0, 0, 2)])
    (True, False)
    """
    along: dict[int, list[Part]] = {}
    for part in parts:
        along.setdefault(part.axis, []).append(part)
    return any(map(_reach_the_end, along.values()))


def are_apart(first: Part, second: Part) -> bool:
    """Whether no element is known to be in both.

    >>> are_apart(Part(1, 2, None), Part(1, 0, 2)), are_apart(Part(1, 2, None), Part(0, 0, 2))
    (True, False)
    """
    pairs = ((first, second), (second, first))
    return first.axis == second.axis and any(
        one.stop is not None and at_most(one.stop, other.start) for one, other in pairs
    )


def _reach_the_end(parts: Sequence[Part]) -> bool:
    """Whether each part begins, at the latest, where those before it end."""
    reached: Size = 0
    rest = list(parts)
    while rest:
        part = next((p for p in rest if at_most(p.start, reached)), None)
        if part is None:
            return False
        if part.stop is None:
            return True
        rest.remove(part)
        if at_most(reached, part.stop):
            reached = part.stop
    return False


def at_most(first: Size, second: Size) -> bool:
    """Whether one place in an array is known not to lie behind another: sizes aren't negative."""
    match add(second, negate(first)):
        case Affine(terms, constant) as between:
            grows = constant >= 0 and all(factor > 0 for _, factor in terms)
            return grows or is_positive(add(between, 1))
        case between:
            return between >= 0


def fill(template: Any, operands: Sequence[Any]) -> Any:
    """The template with its slots replaced by operands."""
    match template:
        case Slot(position):
            return operands[position]
        case tuple():
            return tuple(fill(part, operands) for part in template)
        case list():
            return [fill(part, operands) for part in template]
        case slice():
            parts = (template.start, template.stop, template.step)
            return slice(*(fill(part, operands) for part in parts))
    return template


def slots(template: Any) -> Iterator[int]:
    """The positions of the operands that the template names, in order."""
    match template:
        case Slot(position):
            yield position
        case tuple() | list():
            for part in template:
                yield from slots(part)
        case slice():
            yield from slots((template.start, template.stop, template.step))


def offset(value: Value, definitions: Mapping[Value, Operation]) -> tuple[Value, int]:
    """An int as another one and what is added to it: `i + 1` is (i, 1)."""
    op = definitions.get(value)
    if op is None or op.opcode not in ("add", "sub") or not is_integer(value.type):
        return value, 0
    a, b = op.operands
    right = definitions.get(b)
    if right is None or right.opcode != "constant" or type(right.attributes["value"]) is not int:
        return value, 0
    base, before = offset(a, definitions)
    return base, before + right.attributes["value"] * (1 if op.opcode == "add" else -1)


def step_operands(
    key: tuple[Any, ...], views: Views, operands: Sequence[Any]
) -> tuple[Sequence[Any], list[tuple[Step, Sequence[Any]]]]:
    """The key's operands, and each view's."""
    at = len(set(slots(key)))
    own, steps = operands[:at], []
    for step in views:
        steps.append((step, operands[at : at + step.arity]))
        at += step.arity
    return own, steps


def look(array: Any, steps: Sequence[tuple[Step, Sequence[Any]]]) -> Any:
    """The view of an array that the steps make, one after the other."""
    for step, operands in steps:
        array = step.entry.evaluate(step.attributes, (array, *operands))
    return array


def viewed_type(array: Type, steps: Sequence[tuple[Step, Sequence[Type]]]) -> Type:
    """The type of that view."""
    for step, types in steps:
        array = step.entry.infer((array, *types), step.attributes)
    return array


def may_be_copy(array: Type, steps: Sequence[tuple[Step, Sequence[Type]]]) -> bool:
    """Whether it depends on the array's memory order if the steps give a view of it."""
    for step, types in steps:
        if step.entry.sharing((array, *types), step.attributes) != "view":
            return True
        array = step.entry.infer((array, *types), step.attributes)
    return False


def source(
    array: ast.expr, type_: Type, views: Views, operands: Sequence[ast.expr], types: Sequence[Type]
) -> ast.expr:
    """That view as an expression; `operands` and `types` are those of the views alone."""
    at = 0
    for step in views:
        own, own_types = operands[at : at + step.arity], types[at : at + step.arity]
        at += step.arity
        following = step.entry.infer((type_, *own_types), step.attributes)
        emission = Emission(step.attributes, (type_, *own_types), following, (array, *own))
        array, type_ = step.entry.emit(emission), following
    return array
