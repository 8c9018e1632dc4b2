"""Arrays turned round: their axes in another order, their elements along an axis the other way.

    np.fliplr(x)                x[:, ::-1]
    np.rot90(x)                 x[:, ::-1].T
    np.moveaxis(x, 0, -1)       np.transpose(x, (1, 2, 0))
    np.roll(x, 1)               roll[shift=1] %x                  grad_x = np.roll(grad_y, -1)
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Scalar, Type, kind_of, rank
from . import stack_rules
from .emit import call, constant
from .given import array
from .indexing import Slot, fill
from .inference import as_array, constant_axis
from .op import Attributes, Bound, Emission, Expansion, Op, OperationError, Spelling, arguments
from .shapes import template_source

__all__ = ["ENTRIES", "EXPANSIONS", "moved"]


def _listed(axis: Any) -> tuple[Any, ...]:
    return tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)


def _named(axis: Any, rank: int, called: str) -> list[int]:
    """Axes in the order given, from 0; named once each."""
    found = [constant_axis(one, rank)[0] for one in _listed(axis)]
    if len(set(found)) != len(found):
        raise OperationError(f"{called} names an axis twice", "name each axis once")
    return found


def _flip(m: Any, axis: Any = None) -> Any:
    m = array(m)
    axes = range(m.ndim) if axis is None else _named(axis, m.ndim, "np.flip")
    if not m.ndim:
        return m[...]
    return m[tuple(slice(None, None, -1 if k in axes else None) for k in range(m.ndim))]


def _flipped(axis: int) -> Any:
    def build(m: Any) -> Any:
        return _flip(m, axis)

    return build


def _rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    """Counter-clockwise by right angles, in the plane of the axes."""
    m = array(m)
    first, second = _plane(axes, m.ndim)
    turned = list(range(m.ndim))
    turned[first], turned[second] = second, first
    match _quarters(k):
        case 0:
            return m[(slice(None),)]
        case 1:
            return np.transpose(_flip(m, second), tuple(turned))
        case 2:
            return _flip(_flip(m, first), second)
    return _flip(np.transpose(m, tuple(turned)), second)


def _quarters(k: Any) -> int:
    if type(k) is not int:
        raise OperationError(f"np.rot90 by {k!r}", "give the number of right angles, an int")
    return k % 4


def _plane(axes: Any, rank: int) -> tuple[int, int]:
    found = _named(tuple(axes), rank, "np.rot90")
    if len(found) != 2:
        raise OperationError("np.rot90 in something else than a plane", "name two axes")
    return found[0], found[1]


def moved(a: Any, source: Any, destination: Any) -> Any:
    """np.moveaxis: the axes named go to their places, the others keep their order."""
    a = array(a)
    origins = _named(source, a.ndim, "np.moveaxis")
    places = _named(destination, a.ndim, "np.moveaxis")
    if len(origins) != len(places):
        raise OperationError(
            "np.moveaxis from and to different numbers of axes", "name as many places as axes"
        )
    order = [k for k in range(a.ndim) if k not in origins]
    for place, origin in sorted(zip(places, origins, strict=True)):
        order.insert(place, origin)
    return np.transpose(a, tuple(order))


def _rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    a = array(a)
    (origin,) = _named(axis, a.ndim, "np.rollaxis")
    if type(start) is not int or not -a.ndim <= start <= a.ndim:
        raise OperationError(
            f"np.rollaxis to {start!r}", "give the place as an int; np.moveaxis is clearer"
        )
    place = start + a.ndim if start < 0 else start
    order = [k for k in range(a.ndim) if k != origin]
    order.insert(place - (origin < place), origin)
    if place - (origin < place) == origin:
        return a[...]
    return np.transpose(a, tuple(order))


def _bind_roll(a: Any, shift: Any, axis: Any = None) -> Bound:
    operands: list[Any] = []

    def entered(part: Any) -> Any:
        if type(part) is int:
            return part
        operands.append(part)
        return Slot(len(operands) - 1)

    listed = isinstance(shift, (tuple, list))
    template = tuple(map(entered, shift)) if listed else entered(shift)
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else axis
    return arguments(a, *operands, shift=template, axis=axes)


def _roll_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shift, axis = attributes["shift"], attributes["axis"]
    for type_ in types[1:]:
        if kind_of(type_) not in ("int", "bool") or rank(type_) or not isinstance(type_, Scalar):
            raise OperationError(f"np.roll by {type_}", "roll by an int, or a tuple of ints")
    if axis is None:
        if isinstance(shift, tuple) and len(shift) != 1:
            raise OperationError("np.roll by several shifts over no axis", "name the axes")
    else:
        constant_axis(axis, rank(types[0]))
        if isinstance(shift, tuple) and len(shift) not in (1, len(_listed(axis))) and (
            len(_listed(axis)) != 1
        ):
            raise OperationError("np.roll by shifts that don't fit the axes", "give one per axis")
    return as_array(types[0])


def _roll_rule(g: Any, x: Any, *rest: Any, shift: Any, axis: Any) -> Any:
    given = fill(shift, rest[:-1])
    back = tuple(-one for one in given) if isinstance(given, tuple) else -given
    return np.roll(g, back, axis)


def _emit_roll(emission: Emission) -> ast.expr:
    axis = emission.attributes["axis"]
    named = {} if axis is None else {"axis": constant(axis)}
    shift = template_source(emission.attributes["shift"], emission.operands[1:])
    return call("np.roll", (emission.operands[0], shift), **named)


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("flip", _flip, (np.flip,), complex=True, static=("axis",),
              examples=("np.flip({3})", "np.flip({2,3})", "np.flip({2,3}, axis=-1)",
                        "np.flip({2,1,3}, axis=(0, 2))")),
    Expansion("fliplr", _flipped(1), (np.fliplr,), complex=True, examples=("np.fliplr({2,3})",)),
    Expansion("flipud", _flipped(0), (np.flipud,), complex=True,
              examples=("np.flipud({2,3})", "np.flipud({3})")),
    Expansion("rot90", _rot90, (np.rot90,), complex=True, static=("k", "axes"),
              examples=("np.rot90({2,3})", "np.rot90({2,3}, 2)", "np.rot90({2,3}, k=-1)",
                        "np.rot90({2,3}, 4)", "np.rot90({2,1,3}, axes=(2, 1))",
                        "np.rot90({2,1,3}, 3, axes=(0, -1))")),
    Expansion("moveaxis", moved, (np.moveaxis,), complex=True, static=("source", "destination"),
              examples=("np.moveaxis({2,1,3}, 0, -1)", "np.moveaxis({2,4,3}, (0, 1), (-1, 0))",
                        "np.moveaxis({2,4,3}, [2], [0])")),
    Expansion("rollaxis", _rollaxis, (np.rollaxis,), complex=True, static=("axis", "start"),
              examples=("np.rollaxis({2,1,3}, 2)", "np.rollaxis({2,4,3}, 0, 3)",
                        "np.rollaxis({2,4,3}, 1, -1)", "np.rollaxis({2,3}, 1, 2)")),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    Op("roll", _roll_type,
       lambda attributes, operands: np.roll(
           operands[0], fill(attributes["shift"], operands[1:]), attributes["axis"]),
       _emit_roll, linear="together", batch=stack_rules.rolled, rules=(_roll_rule,),
       fresh=True, complex=True, boxes=True,
       spellings={np.roll: Spelling(_bind_roll)},
       samples=(
           *(arguments(shape, shift=1, axis=None) for shape in ((), (1,), (3,), (2, 3), (0,))),
           arguments((2, 3), 2, shift=Slot(0), axis=1), arguments((3,), 5, shift=Slot(0), axis=-1),
           arguments((2, 3), shift=(1, -1), axis=(0, 1)), arguments((2, 3), shift=1, axis=(0, 1)),
           arguments((2, 3), 1, shift=(Slot(0), 2), axis=(0, 0)),
       ),
       examples=("np.roll({3}, 1)", "np.roll({2,3}, -1)", "np.roll({2,3}, 1, axis=0)",
                 "np.roll({2,3}, (1, 2), axis=(0, 1))")),
)  # fmt: skip
