"""Storing at a place, adding at a place.

    add_at[key=(Slot(0),)] %a, %v, %i                 a[i] += v
    update[key=(Slot(0),)] %a, %v, %i                 a[i] = v

Each gives a new array in the IR; in the text `a` is changed in place where its memory is the
function's own. Reading (see `indexing`) and adding are each other's transpose; what is stored over
gets no gradient:

    grad_v = grad_a[i]
    grad_a[i] = 0.0

`unique` says of an index array that it names no place twice: then `+=` adds, else `np.add.at`, or a
helper that does the same faster (`rows`).
A place is a key, in the view of the array that `views` (see `places`) make.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, List, Type, join, kind_of, shape_of
from ..runtime import helpers
from .emit import attribute, call
from .indexing import INDEX, INDICES, MASK, index_type, subscript
from .keys import may_repeat
from .op import DISCRETE, Attributes, Emission, Op, OperationError, arguments
from .places import (
    Slot,
    Step,
    Views,
    fill,
    look,
    may_be_copy,
    slots,
    source,
    step_operands,
    viewed_type,
)
from .stack_places import added, stored

__all__ = ["ENTRIES"]


def _place_of(g: Any, rest: Sequence[Any], key: tuple[Any, ...], views: Views) -> Any:
    """The view of a gradient that the key then indexes, and the key's operands."""
    own, steps = step_operands(key, views, rest)
    for step, operands in steps:
        g = g.tracer.emit(step.entry.name, (g, *operands), step.attributes)
    return g, own


def _read_back(
    g: Any, rest: Sequence[Any], key: tuple[Any, ...], views: Views, sign: int = 1
) -> Any:
    view, own = _place_of(g, rest, key, views)
    found = view if key == (Ellipsis,) else view.emit("index", *own, key=key)
    return found if sign == 1 else -found


def _add_at_rule(
    g: Any, array: Any, added: Any, *rest: Any, key: tuple[Any, ...], index: int,
    views: Views = (), sign: int = 1, unique: bool = False, rows: bool = False,
) -> Any:  # fmt: skip
    if index == 0:
        return g
    return _read_back(g, rest[:-1], key, views, sign) if index == 1 else None


def _by_rows(
    array: Any, added: Any, *rest: Any, key: tuple[Any, ...], views: Views = (), **more: Any
) -> Any:
    """Rows that an array of ints names, of an array of numbers."""
    if more or views or key != (Slot(0),) or not isinstance(array.type, Array) or array.ndim < 2:
        return None
    if array.type.dtype not in ("f4", "f8") or not may_repeat(key, [v.type for v in rest]):
        return None
    return array.emit("add_at", added, *rest, key=key, rows=True)


def _stored_place(
    attributes: Attributes, operands: Sequence[Any]
) -> tuple[Any, Sequence[Any], Views]:
    views = attributes.get("views", ())
    own, _ = step_operands(attributes["key"], views, operands[2:])
    return attributes["key"], own, views


def _update_rule(
    g: Any, array: Any, stored: Any, *rest: Any, key: tuple[Any, ...], index: int,
    views: Views = (), augmented: bool = False,
) -> Any:  # fmt: skip
    """What is stored over passes nothing on; of what an index repeats, the last is stored."""
    if index == 0:
        if key == (...,) and not views:
            return None
        whole = isinstance(g.type, List) and bool(shape_of(g.type.element))
        zero = stored.emit("shape").emit("zeros_of", type=stored.type) if whole else 0.0
        _, steps = step_operands(key, views, [v.type for v in rest[:-1]])
        if may_be_copy(g.type, steps):
            # The gradient needn't lie in memory as the array does, of which this is a view.
            g = g.emit("ascontiguousarray")
        return g.emit("update", zero, *rest[:-1], key=key, views=views)
    if index > 1:
        return None
    found = _read_back(g, rest[:-1], key, views)
    if not may_repeat(key, [v.type for v in rest[:-1]]):
        return found
    view, own = _place_of(g, rest[:-1], key, views)
    last = view.emit("shape").emit("last_stored", *own, key=key, type=found.type)
    return last.emit("select", found, 0.0)


def _at_place(operands: Sequence[Any], attributes: Attributes) -> tuple[Any, Any, Any]:
    """A copy of the array, the view of it, and the filled key."""
    array, _, *rest = operands
    own, steps = step_operands(attributes["key"], attributes.get("views", ()), rest)
    # In its own memory order, in which sums add up.
    copy = np.array(array) if isinstance(array, np.ndarray) else array.copy()
    return copy, look(copy, steps), fill(attributes["key"], own)


def _evaluate_add_at(attributes: Attributes, operands: Sequence[Any]) -> Any:
    result, view, key = _at_place(operands, attributes)
    added = operands[1] if attributes.get("sign", 1) == 1 else -operands[1]
    if isinstance(view, list):
        view[key[0]] = view[key[0]] + added
    elif not attributes.get("unique") and any(
        isinstance(part, np.ndarray) and part.dtype != bool for part in key
    ):
        np.add.at(view, key, added)
    else:  # not the same: to `np.add.at` a Python float is a float64
        view[key] += added
    return result


def _evaluate_update(attributes: Attributes, operands: Sequence[Any]) -> Any:
    result, view, key = _at_place(operands, attributes)
    view[key[0] if isinstance(view, list) else key] = operands[1]
    return result


def _place_type(types: Sequence[Type], attributes: Attributes) -> Type:
    target, _, *rest = types
    own, steps = step_operands(attributes["key"], attributes.get("views", ()), rest)
    return index_type((viewed_type(target, steps), *own), {"key": attributes["key"]})


def _stretched(types: Sequence[Type], attributes: Attributes) -> tuple[Any, Any]:
    """What is stored takes the shape of its place; as an element of a list it keeps its own."""
    if isinstance(types[0], List):
        return (), ()
    return shape_of(types[1]), shape_of(_place_type(types, attributes))


def _update_type(types: Sequence[Type], attributes: Attributes) -> Type:
    target, value, *_ = types
    place = _place_type(types, attributes)
    if len(shape_of(value)) > len(shape_of(place)):
        raise OperationError(
            f"{_dimensions(value)} can't be stored where {_dimensions(place)} fit",
            "index so that both have the same number of dimensions",
        )
    if kind_of(value) is None or (kind_of(value) == "complex" != kind_of(target)):
        raise OperationError(f"a {value} can't be stored in a {target}", "store real numbers")
    if isinstance(target, List) and not shape_of(target.element):
        # A Python float may become a NumPy scalar.
        return List(join(target.element, value), target.size)
    return target


def _dimensions(type_: Type) -> str:
    count = len(shape_of(type_))
    return "numbers" if not count else "1 dimension" if count == 1 else f"{count} dimensions"


def _no_expression(emission: Emission) -> ast.expr:
    raise AssertionError("stores are statements")


def _target(target: ast.expr, emission: Emission) -> tuple[ast.expr, ast.expr, list[Type]]:
    """The view that is stored into, the key as source, the types of the key's operands."""
    _, _, *rest = emission.operands
    _, _, *types = emission.types
    key, views = emission.attributes["key"], emission.attributes.get("views", ())
    at = len(set(slots(key)))
    view = source(target, emission.types[0], views, rest[at:], types[at:])
    return view, subscript(key, rest[:at]), types[:at]


def _add_at_statement(target: ast.expr, emission: Emission) -> ast.stmt:
    """`target[key] += added`, or `np.add.at` where an index may repeat."""
    key, added = emission.attributes["key"], emission.operands[1]
    view, where, types = _target(target, emission)
    sign = emission.attributes.get("sign", 1)
    operator_: ast.operator = ast.Add() if sign == 1 else ast.Sub()
    if key == (Ellipsis,) and isinstance(view, (ast.Name, ast.Subscript)):
        return ast.AugAssign(_stored(view), operator_, added)
    if isinstance(emission.types[0], List) and shape_of(emission.types[0].element):
        # `+=` would change an array that another place of the list may hold.
        place = ast.Subscript(view, where, ast.Store())
        return ast.Assign([place], ast.BinOp(place, operator_, added))
    if emission.attributes.get("unique") or not may_repeat(key, types):
        return ast.AugAssign(ast.Subscript(view, where, ast.Store()), operator_, added)
    if emission.attributes.get("rows") and key == (Slot(0),):  # in a stack they aren't rows
        return ast.Expr(call("helper.add_rows", (view, where, added)))
    where = _spelled_slices(where)
    function = "np.add.at" if sign == 1 else "np.subtract.at"
    return ast.Expr(call(function, (view, where, added)))


def _stored(view: ast.expr) -> Any:
    match view:
        case ast.Subscript(value, index):
            return ast.Subscript(value, index, ast.Store())
        case ast.Name(name):
            return ast.Name(name, ast.Store())
    return view


def _update_statement(target: ast.expr, emission: Emission) -> ast.stmt:
    """`target[key] = value`; `target[key] *= c` for the user's own `*=`."""
    view, where, _ = _target(target, emission)
    stored = emission.operands[1]
    place = ast.Subscript(view, where, ast.Store())
    if emission.attributes.get("augmented"):
        read = ast.Subscript(view, where, ast.Load())
        match stored:
            case ast.BinOp(left, op, right) if ast.dump(left) == ast.dump(read):
                whole = emission.attributes["key"] == (Ellipsis,)
                short = whole and isinstance(view, (ast.Name, ast.Subscript))
                return ast.AugAssign(_stored(view) if short else place, op, right)
    if emission.attributes["key"] == (Ellipsis,) and isinstance(view, ast.Subscript):
        return ast.Assign([_stored(view)], stored)  # `y[1:] = v` says the same as `y[1:][...] = v`
    return ast.Assign([place], stored)


def _spelled_slices(where: ast.expr) -> ast.expr:
    """Outside a subscript, `1:` is written `slice(1, None)`; np.s_ needs no counting of Nones."""
    parts = where.elts if isinstance(where, ast.Tuple) else [where]
    if not any(isinstance(part, ast.Slice) for part in parts):
        return where
    return ast.Subscript(attribute(ast.Name("$np", ast.Load()), "s_"), where, ast.Load())


def _emit_last_stored(emission: Emission) -> ast.expr:
    shape, *index = emission.operands
    where = subscript(emission.attributes["key"], index)
    where = _spelled_slices(where)
    return call("helper.last_stored", (shape, where))


def _last_stored_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("b1", shape_of(attributes["type"]))

_PLACES: tuple[tuple[Any, ...], ...] = (
    ((1,), (3,)), ((slice(None), 1), (4,)), ((Slot(0),), (4, 3), INDICES),
    ((Slot(0), Slot(1)), (), 2, 1), ((slice(1, None, 2),), (2, 3)), ((Ellipsis,), (4, 3)),
    ((Ellipsis,), ()), ((slice(1, 3),), (3,)), ((slice(1, 3),), (2, 1)), ((Slot(0),), (3,), MASK),
    ((Slot(0),), (), np.ones((4, 3), bool)), ((slice(None), Slot(0)), (4, 3), INDICES[:3]),
)  # fmt: skip

_ROWS = Step(INDEX, {"key": (slice(Slot(0), None),)}, 1)

_COLUMN = Step(INDEX, {"key": (slice(None), 1)}, 0)

_IN_VIEWS = (
    arguments((4, 3), (), 1, 2, key=(Slot(0), 0), views=(_ROWS,)),
    arguments((4, 3), (3,), 1, key=(Ellipsis,), views=(_ROWS, _COLUMN)),
)

_STORES = (*(arguments((4, 3), *rest, key=key) for key, *rest in _PLACES), *_IN_VIEWS)

ENTRIES: tuple[Op, ...] = (
    Op("add_at", _update_type, _evaluate_add_at, _no_expression, linear=(0, 1),
       batch=added, rules=_add_at_rule, view=(0,), signed=(1,),
       place=_stored_place, stores="update", faster={"rows": _by_rows},
       statement=_add_at_statement, complex=True, fits=_stretched,
       samples=(*_STORES, arguments((4, 3), (3,), key=(1,), sign=-1),
                arguments((4, 3), (4, 3), INDICES, key=(Slot(0),), rows=True))),
    Op("update", _update_type, _evaluate_update, _no_expression, linear=(0, 1),
       batch=stored, rules=_update_rule, view=(0,),
       place=_stored_place,
       statement=_update_statement, masks=(0,), complex=True, fits=_stretched,
       samples=_STORES),
    Op("last_stored", _last_stored_type,
       lambda attributes, operands: helpers.last_stored(
           operands[0], fill(attributes["key"], operands[1:])),
       _emit_last_stored, boxes=True, no_gradient=DISCRETE),
)  # fmt: skip
