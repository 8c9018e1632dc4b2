"""Elements gathered from arrays: by index, by condition.

    np.take(x, i, axis=1)                %y = take[axis=1] %x, %i
                                         grad_x[:, i] += grad_y       (np.add.at: i may repeat)
    np.compress(keep, x)                 grad_x[np.flatnonzero(keep)] += grad_y

What is gathered twice gets both gradients; what isn't gathered gets none.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import Array, Type, kind_of, rank, shape_of
from . import stack_rules
from .emit import call, default_call
from .given import as_var
from .inference import as_array, broadcast_shapes, the_axis
from .op import (
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .places import Slot
from .stacks import by_axis

__all__ = [
    "ENTRIES",
    "EXPANSIONS",
    "along",
    "check_indices",
    "check_mode",
    "inside",
]

_MODES = ("raise", "wrap", "clip")


def check_indices(type_: Type, name: str) -> None:
    if kind_of(type_) != "int":
        raise OperationError(
            f"np.{name} takes ints to say which elements, not {type_}",
            "index with the mask itself: x[mask]" if kind_of(type_) == "bool"
            else "convert them with .astype(int)",
        )  # fmt: skip


def check_mode(attributes: Attributes) -> None:
    if attributes["mode"] not in _MODES:
        raise OperationError(f"mode={attributes['mode']!r}", f"the modes are {', '.join(_MODES)}")


def inside(indices: Any, size: Any, mode: str) -> Any:
    """The indices that `mode` stands for: -1 is the last one, or 0 where it clips."""
    if mode == "wrap":
        return indices.tracer.call(operator.mod, indices, size)
    return np.clip(indices, 0, size - 1) if mode == "clip" else indices


def along(x: Any, indices: Any, axis: int) -> tuple[tuple[Any, ...], list[Any]]:
    """The key, and its operands, of the elements at `indices` along an axis:
    `x[np.arange(x.shape[0])[:, None], indices]`."""
    operands = []
    for k in range(x.ndim):
        if k == axis:
            operands.append(indices)
            continue
        every = x.tracer.call(np.arange, x.emit("size", axis=k))
        after = tuple(range(1, x.ndim - k))
        wide = np.expand_dims(every, after if len(after) > 1 else 1) if after else every
        operands.append(wide)
    return tuple(map(Slot, range(x.ndim))), operands


def _take(a: Any, indices: Any, axis: Any = None, *, mode: Any = "raise") -> Any:
    a = as_var(a)
    if axis is None:
        a = np.ravel(a) if a.ndim != 1 else a
    return a.emit("take", as_var(indices, a), axis=0 if axis is None else axis, mode=mode)


def _take_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, indices = as_array(types[0]), types[1]
    check_indices(indices, "take")
    check_mode(attributes)
    axis = the_axis(attributes["axis"], rank(array))
    return Array(
        array.dtype, (*array.shape[:axis], *shape_of(indices), *array.shape[axis + 1 :])
    )


def _emit_take(emission: Emission) -> ast.expr:
    axis, mode = emission.attributes["axis"], emission.attributes["mode"]
    keywords = {} if rank(emission.types[0]) == 1 else {"axis": axis}
    keywords |= {} if mode == "raise" else {"mode": mode}
    return call("np.take", emission.operands, **keywords)


def _take_into(acc: Any, g: Any, x: Any, indices: Any, y: Any, axis: int, mode: str) -> Any:
    axis = the_axis(axis, x.ndim)
    size = x.emit("size", axis=axis)
    key = (*[slice(None)] * axis, Slot(0))
    return acc.emit("add_at", g, inside(indices, size, mode), key=key)


def _take_along(arr: Any, indices: Any, axis: Any = -1) -> Any:
    arr = as_var(arr)
    if axis is None:
        arr, axis = np.ravel(arr) if arr.ndim != 1 else arr, 0
    return arr.emit("take_along_axis", as_var(indices, arr), axis=axis)


def _take_along_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, indices = as_array(types[0]), types[1]
    check_indices(indices, "take_along_axis")
    axis = the_axis(attributes["axis"], rank(array))
    if len(shape_of(indices)) != rank(array):
        raise OperationError(
            "np.take_along_axis of an array and indices of different ranks",
            "give both the same number of dimensions",
        )
    around = (*array.shape[:axis], 1, *array.shape[axis + 1 :])
    return Array(array.dtype, broadcast_shapes((around, shape_of(indices))))


def _take_along_into(acc: Any, g: Any, x: Any, indices: Any, y: Any, axis: int) -> Any:
    key, operands = along(x, indices, the_axis(axis, x.ndim))
    return acc.emit("add_at", g, *operands, key=key)


def _compress(condition: Any, a: Any, axis: Any = None) -> Any:
    array = as_var(a)
    if axis is None:
        array = np.ravel(array) if array.ndim != 1 else array
    return array.emit("compress", as_var(condition, array), axis=0 if axis is None else axis)


def _compress_method(a: Any, condition: Any, axis: Any = None) -> Any:
    return _compress(condition, a, axis)


def _compress_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, condition = as_array(types[0]), types[1]
    axis = the_axis(attributes["axis"], rank(array))
    if rank(condition) != 1:
        raise OperationError("the condition of np.compress has 1 dimension", "use x[condition]")
    sizes: list[Size] = list(array.shape)
    sizes[axis] = unknown()
    return Array(array.dtype, tuple(sizes))


def _compress_into(acc: Any, g: Any, x: Any, condition: Any, y: Any, axis: int) -> Any:
    key = (*[slice(None)] * the_axis(axis, x.ndim), Slot(0))
    return acc.emit("add_at", g, np.flatnonzero(condition), key=key, unique=True)


def _emit_compress(emission: Emission) -> ast.expr:
    array, condition = emission.operands
    keywords = {} if rank(emission.types[0]) == 1 else {"axis": emission.attributes["axis"]}
    return call("np.compress", (condition, array), **keywords)


def _bind_extract(condition: Any, arr: Any) -> Bound:
    return arguments(arr, condition)


def _extract_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, condition = as_array(types[0]), as_array(types[1])
    if rank(condition) != rank(array) or not rank(array):
        raise OperationError(
            "np.extract by a condition of another rank than the array", "use x[condition]"
        )
    return Array(array.dtype, (unknown(),))


def _extract_into(acc: Any, g: Any, x: Any, condition: Any, y: Any) -> Any:
    mask = condition if kind_of(condition.type) == "bool" else condition != 0
    return acc.emit("add_at", g, mask, key=(Slot(0),))


_INDICES = np.array([2, 0, 2, -1])
_KEEP = np.array([True, False, True])

ENTRIES: tuple[Op, ...] = (
    Op("take", _take_type, lambda attributes, operands: np.take(*operands, **attributes),
       _emit_take, linear="together", batch=by_axis(),
       accumulate=_take_into, masks=True, fresh=True, boxes=True, complex=True,
       samples=(
           arguments((4,), 1, axis=0, mode="raise"), arguments((4,), _INDICES, axis=0, mode="wrap"),
           arguments((3, 2), _INDICES.reshape(2, 2), axis=0, mode="raise"),
           arguments((2, 3), _INDICES, axis=-1, mode="clip"),
           arguments((2, 1, 3), _INDICES[:2], axis=2, mode="raise"),
           arguments((4,), _INDICES[:0], axis=0, mode="raise"),
       )),
    Op("take_along_axis", _take_along_type,
       lambda attributes, operands: np.take_along_axis(*operands, **attributes),
       default_call("np.take_along_axis"), linear="together", batch=stack_rules.joined,
       accumulate=_take_along_into, masks=True, fresh=True,
       complex=True,
       samples=(
           arguments((3,), _INDICES, axis=0), arguments((2, 3), np.array([[2, 0], [1, 1]]), axis=1),
           arguments((2, 3), np.array([[1, 0, 1]]), axis=0),
           arguments((2, 3, 2), np.array([[[0], [2]]]), axis=1),
           arguments((1, 3), np.array([[2, 0], [1, 1]]), axis=-1),
       )),
    Op("compress", _compress_type,
       lambda attributes, operands: np.compress(operands[1], operands[0], **attributes),
       _emit_compress, linear="together", batch=by_axis(),
       accumulate=_compress_into, masks=True, fresh=True, complex=True,
       samples=(
           arguments((3,), _KEEP, axis=0), arguments((2, 4), _KEEP, axis=1),
           arguments((3, 2), _KEEP.astype(int), axis=-2), arguments((3,), ~_KEEP & _KEEP, axis=0),
       )),
    Op("extract", _extract_type,
       lambda attributes, operands: np.extract(operands[1], operands[0]),
       lambda emission: call("np.extract", (emission.operands[1], emission.operands[0])),
       linear="together", accumulate=_extract_into, masks=True, fresh=True, complex=True,
       samples=(
           arguments((3,), _KEEP), arguments((2, 3), np.array([_KEEP, ~_KEEP])),
           arguments((3,), np.array([0, 2, 1])),
       ),
       spellings={np.extract: Spelling(_bind_extract)},
       examples=("np.extract({3} > 0, {3})", "np.extract({2,3} > 0, {2,3})")),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("take", _take, (np.take, ("method", "take")), static=("axis", "mode"),
              complex=True,
              examples=("np.take({4}, [0, 2, 2])", "np.take({2,3}, np.array([1, -1]), axis=1)",
                        "np.take({2,3}, 4)", "np.take({3j}, [0, 2, 2])",
                        "{2,3}.take([7, -4], 0, mode='wrap')",
                        "np.take({2,3,2}, np.array([[5, 1], [0, -9]]), axis=1, mode='clip')")),
    Expansion("take_along_axis", _take_along, (np.take_along_axis,), static=("axis",),
              complex=True,
              examples=("np.take_along_axis({3}, np.array([2, 2, 0, 1]), 0)",
                        "np.take_along_axis({2,3}, np.array([[0, 2], [1, 1]]), axis=-1)",
                        "np.take_along_axis({2,3}, np.array([5, 0, 0]), axis=None)")),
    Expansion("compress", _compress, (np.compress,), static=("axis",), complex=True,
              examples=("np.compress([True, False, True], {3})", "np.compress({3} > 0, {2,3}, 1)",
                        "np.compress({4} > 0, {2,2})", "np.compress([True, False, True], {3j})",
                         "np.compress({2} > -9, {2,3}, axis=0)")),
    Expansion("compress", _compress_method, (("method", "compress"),), static=("axis",),
              complex=True,
              examples=("{3}.compress({3} > 0)", "{2,3}.compress([False, True], axis=0)")),
)  # fmt: skip
