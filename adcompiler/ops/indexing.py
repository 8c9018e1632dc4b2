"""Reading by index.

    index[key=(Slot(0), slice(1, None))] %x, %i       x[i, 1:]

The gradient is added to at the same place, by `add_at` (see `storing`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, List, Type, rank, shape_of
from .inference import as_array
from .keys import is_basic, kept_axes, part_of, result_shape
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .places import (
    Part,
    Slot,
    Step,
    fill,
    slots,
)
from .stack_places import read

__all__ = [
    "ENTRIES",
    "INDEX",
    "INDICES",
    "MASK",
    "Slot",
    "Step",
    "fill",
    "index_type",
    "slots",
    "subscript",
]


def subscript(key: tuple[Any, ...], operands: Sequence[ast.expr]) -> ast.expr:
    """The key as source."""
    parts = [_part(item, operands) for item in key]
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())


def _part(item: Any, operands: Sequence[ast.expr]) -> ast.expr:
    match item:
        case Slot(position):
            return operands[position]
        case slice():
            bounds = [
                None if bound is None else _part(bound, operands)
                for bound in (item.start, item.stop, item.step)
            ]
            return ast.Slice(*bounds)
    return ast.Constant(item)


def index_type(types: Sequence[Type], attributes: Attributes) -> Type:
    source, key = types[0], attributes["key"]
    if isinstance(source, List):
        if len(key) != 1 or isinstance(key[0], slice) or not is_basic(key, types[1:]):
            raise OperationError(
                "a list of numbers is read one element at a time", "make an array: np.array(...)"
            )
        return source.element
    if not isinstance(source, Array):
        raise OperationError(f"a {source} can't be indexed", "index arrays, lists and tuples")
    return Array(source.dtype, result_shape(source.shape, key, types[1:]))


def _shares(types: Sequence[Type], attributes: Attributes) -> str:
    """Slices look at the array; single elements are numbers, unless `...` makes them arrays."""
    key = attributes["key"]
    if isinstance(types[0], List) or not is_basic(key, types[1:]):
        return "copy"
    axes = any(item is None or item is Ellipsis or isinstance(item, slice) for item in key)
    return "view" if axes or len(key) < rank(types[0]) else "copy"


def _evaluate_index(attributes: Attributes, operands: Sequence[Any]) -> Any:
    source, *rest = operands
    key = fill(attributes["key"], rest)
    return source[key[0]] if isinstance(source, list) else source[key]


def _emit_index(emission: Emission) -> ast.expr:
    source, *rest = emission.operands
    return ast.Subscript(source, subscript(emission.attributes["key"], rest), ast.Load())


def _add_into(acc: Any, g: Any, x: Any, *rest: Any, key: tuple[Any, ...]) -> Any:
    *index, _ = rest
    if not isinstance(x.type, List) and not x.ndim:  # `y[()]` of what may be a Python number
        return acc.emit("accumulate", np.sum(g) if g.ndim else g)
    return acc.emit("add_at", g, *index, key=key)


def _reads_all(types: Sequence[Type], attributes: Attributes) -> bool:
    """Whether all elements are read, and only axes of size 1 come or go: `x[:, 0]` of a column."""
    return index_axes(types, attributes) is not None


def index_axes(types: Sequence[Type], attributes: Attributes) -> tuple[int | None, ...] | None:
    """`Op.axes` of reading all of an array."""
    if isinstance(types[0], List):
        return None
    return kept_axes(shape_of(types[0]), attributes["key"], types[1:]) or None


def _put_back(g: Any, x: Any, *rest: Any, key: tuple[Any, ...]) -> Any:
    kept = kept_axes(x.shape, key, [v.type for v in rest])
    dropped = tuple(k for k in range(x.ndim) if k not in (kept or ()))
    if None in (kept or ()):
        return g.emit("reshape_to", x.emit("shape"), type=as_array(x.type))
    return np.expand_dims(g, dropped[0] if len(dropped) == 1 else dropped) if dropped else g


def _part_read(types: Sequence[Type], attributes: Attributes) -> Part | None:
    source, *rest = types
    return part_of(source.shape, attributes["key"], rest) if isinstance(source, Array) else None


INDICES = np.array([2, 0, 2, -1])
MASK = np.array([True, False, True, True])
_KEYS: tuple[tuple[Any, ...], ...] = (
    ((4,), (2,)), ((4,), (-1,)), ((4,), (Slot(0),), 1), ((4,), (slice(1, None),)),
    ((4,), (slice(None, -1),)), ((4,), (slice(None, None, -1),)), ((4,), (slice(3, 0, -2),)),
    ((4,), (slice(Slot(0), None),), 1), ((4,), (slice(Slot(0), Slot(1)),), 1, 3), ((4,), (None,)),
    ((4,), (Ellipsis,)), ((4,), (Slot(0),), INDICES), ((4,), (Slot(0),), MASK),
    ((4,), (Slot(0),), INDICES.reshape(2, 2)), ((4, 3), (1,)), ((4, 3), (slice(None), 1)),
    ((4, 3), (Slot(0), Slot(1)), 2, 1), ((4, 3), (Slot(0), slice(None)), INDICES),
    ((4, 3), (slice(1, 3), Slot(0)), np.array([0, 2, 2])), ((4, 3), (Slot(0),), MASK),
    ((4, 3), (Slot(0), Slot(1)), INDICES, np.array([0, 1, 0, 2])), ((4, 3), ()),
    ((4, 3), (Slot(0), 1), INDICES), ((4, 3), (Ellipsis, 0)), ((4, 3), (slice(None), None)),
    ((4, 3), (Slot(0), None, slice(None)), INDICES), ((4, 3), (Slot(0),), np.ones((4, 3), bool)),
    ((2, 4, 3), (0, slice(None), Slot(0)), INDICES[:2]), ((4,), (slice(2, 2),)),
    ((2, 4, 3), (slice(None), Slot(0)), INDICES), ((2, 4, 3), (Ellipsis, slice(1, None), 0)),
    ((2, 4, 3), (Slot(0), slice(None), Slot(1)), np.array([0, 1]), np.array([2, 2])),
    ((4, 1), (slice(None), 0)), ((1, 3), (0,)),
)  # fmt: skip
_READS = tuple(arguments(shape, *rest, key=key) for shape, key, *rest in _KEYS)


def _bind_key(array: Any, key: Any) -> Bound:
    """`array[key]`, written in a rule."""
    operands: list[Any] = []

    def part(item: Any) -> Any:
        if isinstance(item, slice):
            return slice(part(item.start), part(item.stop), part(item.step))
        if item is None or item is Ellipsis or type(item) is int:
            return item
        operands.append(item)
        return Slot(len(operands) - 1)

    parts = tuple(map(part, key if isinstance(key, tuple) else (key,)))
    return arguments(array, *operands, key=parts)


INDEX = Op(
    "index", index_type, _evaluate_index, _emit_index, linear="together",
    axes=index_axes, batch=read, rules=(_put_back,), accumulate=_add_into,
    accumulates=lambda types, attributes: not _reads_all(types, attributes),
    masks=lambda types, attributes: not _reads_all(types, attributes),
    view=(0,), shares=_shares, boxes=True, element=True, complex=True,
    place=lambda attributes, operands: (attributes["key"], operands[1:], ()),
    part=_part_read,
    spellings={operator.getitem: Spelling(_bind_key)},
    samples=(*_READS, arguments([0.5, 1.5, 2.5], 1, key=(Slot(0),))),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (INDEX,)
