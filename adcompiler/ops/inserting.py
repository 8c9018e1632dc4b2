"""Elements taken out of arrays and put into them: `np.delete`, `np.insert`.

    y = np.delete(x, i)              grad_x[np.delete(np.arange(x.shape[0]), i)] += grad_y
    y = np.insert(x, 2, v)           grad_x = np.delete(grad_y, 2)
                                     grad_v = grad_y[2]

Where several are put in, numbering them tells what has gone where:

    y = np.insert(x, i, v)           places = np.argsort(np.insert(np.full(n, m), i, np.arange(m)))
                                     grad_v = grad_y[places[:m]]
                                     grad_x = grad_y[places[m:]]
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, may_be_one, unknown
from ..ir.types import Array, Type, kind_of, rank, shape_of
from .emit import call, constant
from .given import array as made_array
from .given import as_var
from .inference import as_array, differ, shortened, the_axis
from .keys import slice_size
from .op import Attributes, Emission, Expansion, Op, OperationError, arguments
from .places import Slot
from .turning import moved

__all__ = ["ENTRIES", "EXPANSIONS"]


def _line(arr: Any, obj: Any, axis: Any) -> tuple[Any, int, Any, list[Any]]:
    """The array and the axis, over none the raveled one; which places, known or as an operand."""
    arr = made_array(arr)
    if axis is None:
        arr, axis = np.ravel(arr) if arr.ndim != 1 else arr, 0
    else:
        axis = the_axis(axis, arr.ndim)
    if isinstance(obj, slice):
        return arr, axis, obj, []
    places = as_var(obj, arr)
    if type(places.constant) is int:
        return arr, axis, places.constant, []
    if kind_of(places.type) not in ("int", "bool") or places.ndim > 1:
        raise OperationError(
            f"places that are {places.type}", "give an int, a slice, or an array of ints or bools"
        )
    if kind_of(places.type) == "bool" and not places.ndim:
        raise OperationError("a bool as a place", "give an int, or an array of bools")
    return arr, axis, None, [places]


def _key(axis: int, part: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * axis, part)


def _places(emission: Emission, given: int) -> ast.expr:
    """`2`, `np.s_[::2]`, or the operand behind those that are `given`."""
    where = emission.attributes["obj"]
    if isinstance(where, slice):
        bounds = [
            None if part is None else constant(part)
            for part in (where.start, where.stop, where.step)
        ]
        return ast.Subscript(
            ast.Attribute(ast.Name("$np", ast.Load()), "s_", ast.Load()), ast.Slice(*bounds),
            ast.Load(),
        )  # fmt: skip
    return emission.operands[given] if where is None else constant(where)


def _axis_shown(emission: Emission) -> dict[str, Any]:
    return {} if rank(emission.types[0]) == 1 else {"axis": emission.attributes["axis"]}


def _with_size(array: Array, axis: int, size: Size) -> Array:
    return Array(array.dtype, (*array.shape[:axis], size, *array.shape[axis + 1 :]))


def _delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    arr, axis, where, operands = _line(arr, obj, axis)
    return arr.emit("delete", *operands, obj=where, axis=axis)


def _delete_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, axis, where = as_array(types[0]), attributes["axis"], attributes["obj"]
    size = array.shape[axis]
    if isinstance(where, slice):
        return _with_size(array, axis, _less(size, slice_size(size, where, ())))
    if type(where) is int and isinstance(size, int) and not -size <= where < size:
        raise OperationError(
            f"np.delete of element {where} of {size}", "delete an element that is there"
        )
    one = where is not None or (kind_of(types[1]) == "int" and shape_of(types[1]) in ((), (1,)))
    return _with_size(array, axis, shortened(size, 1) if one else unknown())


def _less(size: Size, count: Size) -> Size:
    if isinstance(size, int) and isinstance(count, int):
        return size - count
    if count == size:
        return 0
    return add(size, -count) if isinstance(count, int) else unknown()


def _evaluate_delete(attributes: Attributes, operands: Sequence[Any]) -> Any:
    array, *places = operands
    (where,) = places or (attributes["obj"],)
    return np.delete(array, where, attributes["axis"])


def _delete_into(acc: Any, g: Any, x: Any, *rest: Any, obj: Any, axis: int) -> Any:
    """To those that are kept."""
    *places, _ = rest
    if places and kind_of(places[0].type) == "bool":
        return acc.emit("add_at", g, ~places[0], key=_key(axis, Slot(0)))
    every = x.tracer.call(np.arange, x.emit("size", axis=axis))
    kept = every.emit("delete", *places, obj=obj, axis=0)
    return acc.emit("add_at", g, kept, key=_key(axis, Slot(0)), unique=True)


def _insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    arr, axis, where, operands = _line(arr, obj, axis)
    return arr.emit("insert", made_array(as_var(values, arr)), *operands, obj=where, axis=axis)


def _insert_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, values = as_array(types[0]), as_array(types[1])
    axis, size = attributes["axis"], array.shape[attributes["axis"]]
    if kind_of(values) == "complex" and kind_of(array) != "complex":
        raise OperationError("np.insert of complex numbers among real ones", "take their .real")
    if rank(values) > rank(array):
        raise OperationError(
            f"np.insert of values of {rank(values)} dimensions into an array of {rank(array)}",
            "index the values so that they have no more dimensions than the array",
        )
    for m, n in zip(*_others(types, attributes), strict=True):
        if m != 1 and (n == 1 or differ(m, n)):
            raise OperationError(
                f"np.insert of values of size {m} where the array has {n}",
                "give values that broadcast to the array's other axes",
            )
    return _with_size(array, axis, add(size, _count(types, attributes)))


def _first(types: Sequence[Type], attributes: Attributes) -> int:
    """The axis of the padded values that goes along the array's: for a single place the first."""
    single = type(attributes["obj"]) is int or (len(types) > 2 and not shape_of(types[2]))
    axis: int = attributes["axis"]
    return 0 if single else axis


def _padded(types: Sequence[Type]) -> tuple[Size, ...]:
    return (1,) * (rank(types[0]) - rank(types[1])) + shape_of(types[1])


def _others(types: Sequence[Type], attributes: Attributes) -> tuple[list[Size], list[Size]]:
    """The sizes of the values' other axes, and those of the array's."""
    values, array = list(_padded(types)), list(shape_of(types[0]))
    del values[_first(types, attributes)], array[attributes["axis"]]
    return values, array


def _agreeing(types: Sequence[Type], attributes: Attributes) -> Sequence[tuple[Size, ...]]:
    values, array = _others(types, attributes)
    return [tuple(values), tuple(array)]


def _count(types: Sequence[Type], attributes: Attributes) -> Size:
    """How many are put in: as many as there are values, but a single one goes to every place."""
    where, along = attributes["obj"], _padded(types)[_first(types, attributes)]
    if type(where) is int or (len(types) > 2 and shape_of(types[2]) in ((), (1,))):
        return along
    if isinstance(where, slice):
        places = slice_size(shape_of(types[0])[attributes["axis"]], where, ())
    else:
        places = unknown() if kind_of(types[2]) == "bool" else shape_of(types[2])[0]
    if along == 1 or along == places:
        return places
    return unknown() if may_be_one(along) else along


def _evaluate_insert(attributes: Attributes, operands: Sequence[Any]) -> Any:
    array, values, *places = operands
    (where,) = places or (attributes["obj"],)
    return np.insert(array, where, values, attributes["axis"])


def _emit_insert(emission: Emission) -> ast.expr:
    array, values, *_ = emission.operands
    return call("np.insert", (array, _places(emission, 2), values), **_axis_shown(emission))


def _insert_rule(
    g: Any, x: Any, values: Any, *rest: Any, obj: Any, axis: int, index: int
) -> Any:
    *operands, y = rest
    if index > 1:
        return None
    types = [x.type, values.type, *(v.type for v in operands)]
    attributes = {"obj": obj, "axis": axis}
    count, first = _count(types, attributes), _first(types, attributes)
    if type(obj) is int and count == 1:
        at = obj if obj >= 0 else obj - 1
        if index == 0:
            return g.emit("delete", obj=at, axis=axis)
        part = g[_key(axis, at)]
        return np.expand_dims(part, 0) if values.ndim == x.ndim else part
    places, number = _numbered(g, x, operands, obj, axis, count, y)
    where = places[number:] if index == 0 else places[:number]
    part = g.emit("index", where, key=_key(axis, Slot(0)))
    if index == 0:
        return part
    return part if first == axis else moved(part, axis, first)


def _numbered(
    g: Any, x: Any, operands: Sequence[Any], obj: Any, axis: int, count: Size, y: Any
) -> tuple[Any, Any]:
    """Where the values are, in their order, then those that were there; and how many values."""
    size = x.emit("size", axis=axis)
    number: Any = count if isinstance(count, int) else y.emit("size", axis=axis) - size
    others = g.tracer.call(np.full, size, number)
    new = g.tracer.call(np.arange, number)
    source = others.emit("insert", new, *operands, obj=obj, axis=0)
    return source.emit("argsort", axis=-1, kind="stable"), number


_INTS = np.array([2, 0, 2])
_MASK = np.array([True, False, True])

ENTRIES: tuple[Op, ...] = (
    Op("delete", _delete_type, _evaluate_delete,
       lambda emission: call("np.delete", (emission.operands[0], _places(emission, 1)),
                             **_axis_shown(emission)),
       linear="each", accumulate=_delete_into, masks=True, fresh=True, complex=True,
       samples=(
           arguments((4,), obj=1, axis=0), arguments((3, 2), obj=-1, axis=1),
           arguments((5,), obj=slice(None, None, 2), axis=0),
           arguments((2, 3), obj=slice(2, 0, -1), axis=1), arguments((1,), obj=0, axis=0),
           arguments((4,), 2, obj=None, axis=0), arguments((4, 2), _INTS, obj=None, axis=0),
           arguments((4,), _INTS[:0], obj=None, axis=0), arguments((2, 3), _MASK, obj=None, axis=1),
       )),
    Op("insert", _insert_type, _evaluate_insert, _emit_insert, linear=(0, 1),
       rules=_insert_rule, fresh=True, complex=True, agreeing=_agreeing,
       samples=(
           arguments((4,), (), obj=1, axis=0), arguments((3, 2), (2,), obj=-1, axis=0),
           arguments((3, 2), (3,), obj=0, axis=1), arguments((3,), (2,), obj=2, axis=0),
           arguments((2, 3), (2, 3), obj=-2, axis=0), arguments((0,), (), obj=0, axis=0),
           arguments((4,), (), 2, obj=None, axis=0), arguments((3,), 0.5, _INTS, obj=None, axis=0),
           arguments((4, 2), (3, 2), _INTS, obj=None, axis=0),
           arguments((2, 3), (2, 3), _INTS, obj=None, axis=1),
           arguments((3,), (2,), _INTS[:1], obj=None, axis=0),
           arguments((2, 3), (2, 1), _INTS[:1], obj=None, axis=1),
           arguments((2, 3), (), _MASK, obj=None, axis=1),
           arguments((5,), (3,), obj=slice(None, None, 2), axis=0),
       )),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("delete", _delete, (np.delete,), static=("axis",), complex=True,
              examples=("np.delete({4}, 1)", "np.delete({4}, [0, -1])", "np.delete({2,3}, 4)",
                        "np.delete({2,3}, {3} > 0, axis=1)", "np.delete({5}, slice(None, None, 2))",
                        "np.delete({3j}, -1)", "np.delete({2,3,2}, np.s_[1:], axis=-2)")),
    Expansion("insert", _insert, (np.insert,), static=("axis",), complex=True,
              examples=("np.insert({4}, 1, {})", "np.insert({4}, [3, 1, 1], {3})",
                        "np.insert({2,3}, -1, {2}, axis=1)", "np.insert({2,3}, 2, 0.5)",
                        "np.insert({2,3}, [1, 0], {2,2}, axis=-1)",
                        "np.insert({3}, [0, 2], [{}, 1.5])", "np.insert([{}, 1.0], -1, {2})",
                        "np.insert({3j}, 0, {})")),
)  # fmt: skip
