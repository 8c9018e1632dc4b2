"""Order: `sort` and `partition` with their gradients, and where things lie in an order.

    y = np.sort(x)             grad_x[np.argsort(x, kind='stable')] += grad_y
    y = np.partition(x, k)     grad_x[np.argsort(x)] += grad_y[np.argsort(y)]

The elements of a sorted array are those of the array, so that the gradient goes back to their
places. Among equal elements the first in the array is the first in order, on every machine.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, kind_of, rank, shape_of
from .emit import call, default_call
from .gathering import along
from .given import as_var
from .inference import as_array, broadcast_shapes, the_axis
from .op import (
    DISCRETE,
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .stacks import by_axis

__all__ = ["ENTRIES", "EXPANSIONS"]

_STABLE = ("stable", "mergesort")
_KINDS = (None, "quicksort", "heapsort", *_STABLE)


def _checked_kind(kind: Any, stable: Any) -> Any:
    if kind not in _KINDS:
        raise OperationError(f"kind={kind!r}", "the kinds are quicksort, heapsort and stable")
    if stable and kind is not None:
        raise OperationError("`kind` and `stable` at once", "give one of them")
    return "stable" if stable else kind


def _flat(a: Any, axis: Any) -> tuple[Any, Any]:
    """The array that is sorted: over no axis, the flat one."""
    array = as_var(a)
    if axis is None:
        return (np.ravel(array) if array.ndim != 1 else array), -1
    return array, axis


def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    array, axis = _flat(a, axis)
    return array.emit("sort", axis=axis, kind=_checked_kind(kind, stable))


def _argsort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    array, axis = _flat(a, axis)
    return array.emit("argsort", axis=axis, kind=_checked_kind(kind, stable))


def _check_introselect(kind: Any) -> None:
    if kind != "introselect":
        raise OperationError(f"kind={kind!r}", "the one kind is introselect")


def _partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    _check_introselect(kind)
    array, axis = _flat(a, axis)
    return array.emit("partition", as_var(kth, array), axis=axis)


def _argpartition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    _check_introselect(kind)
    array, axis = _flat(a, axis)
    return array.emit("argpartition", as_var(kth, array), axis=axis)


def _sorted_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    the_axis(attributes["axis"], rank(array))
    if len(types) > 1 and kind_of(types[1]) != "int":
        raise OperationError(f"kth is {types[1]}", "give an int, or a list of ints")
    return array


def _order_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("i8", _sorted_type(types, attributes).shape)  # type: ignore[union-attr]


def _order(x: Any, axis: int) -> Any:
    """Where the elements of the sorted array come from."""
    return x.emit("argsort", axis=-1 if axis == x.ndim - 1 else axis, kind="stable")


def _sort_into(acc: Any, g: Any, x: Any, y: Any, axis: int, kind: Any) -> Any:
    axis = the_axis(axis, x.ndim)
    key, operands = along(x, _order(x, axis), axis)
    return acc.emit("add_at", g, *operands, key=key, unique=True)


def _partition_into(acc: Any, g: Any, x: Any, kth: Any, y: Any, axis: int) -> Any:
    """Equal elements of the array and of its partition stand at the same place in the order."""
    axis = the_axis(axis, x.ndim)
    key, operands = along(x, _order(x, axis), axis)
    here = _order(y, axis)
    moved = g[here] if x.ndim == 1 else g.emit("take_along_axis", here, axis=axis)
    return acc.emit("add_at", moved, *operands, key=key, unique=True)


def _bind_lexsort(keys: Any, axis: Any = -1) -> Bound:
    if not isinstance(keys, (tuple, list)):
        raise OperationError("np.lexsort of one array", "give a tuple of keys, the last one first")
    return arguments(*keys, axis=axis)


def _lexsort_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shape = broadcast_shapes(map(shape_of, types))
    the_axis(attributes["axis"], len(shape))
    return Array("i8", shape)


def _emit_lexsort(emission: Emission) -> ast.expr:
    keywords = {k: v for k, v in emission.attributes.items() if v != -1}
    return call("np.lexsort", (ast.Tuple(list(emission.operands), ast.Load()),), **keywords)


def _bind_searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Bound:
    return arguments(a, v, *([] if sorter is None else [sorter]), side=side)


def _search_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if attributes["side"] not in ("left", "right"):
        raise OperationError(f"side={attributes['side']!r}", "the sides are left and right")
    if rank(types[0]) != 1:
        raise OperationError("np.searchsorted in an array that isn't flat", "sort it flat first")
    if len(types) == 3 and kind_of(types[2]) != "int":
        raise OperationError(f"sorter is {types[2]}", "give what np.argsort gives")
    return Array("i8", shape_of(types[1]))


def _search(attributes: Attributes, operands: Sequence[Any]) -> Any:
    a, v, *sorter = operands
    return np.searchsorted(a, v, attributes["side"], *sorter)


def _emit_search(emission: Emission) -> ast.expr:
    a, v, *sorter = emission.operands
    side = emission.attributes["side"]
    keywords: dict[str, Any] = {} if side == "left" else {"side": side}
    keywords |= {"sorter": sorter[0]} if sorter else {}
    return call("np.searchsorted", (a, v), **keywords)


def _bind_digitize(x: Any, bins: Any, right: Any = False) -> Bound:
    return arguments(x, bins, right=right)


def _digitize_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if rank(types[1]) != 1:
        raise OperationError("bins that are no array of 1 dimension", "give the edges of the bins")
    return Array("i8", shape_of(types[0]))


def _unary(name: str, infer: Any, rule: Any = None, **more: Any) -> Op:
    function = getattr(np, name)
    return Op(
        name, infer, lambda attributes, operands: function(operands[0], **attributes),
        default_call(f"np.{name}", axis=-1, kind=None), batch=by_axis(), fresh=True,
        accumulate=rule,
        complex=rule is not None, **more,
    )  # fmt: skip


def _kth(name: str, infer: Any, rule: Any = None, **more: Any) -> Op:
    function = getattr(np, name)
    return Op(
        name, infer, lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.{name}", axis=-1), batch=by_axis(), fresh=True, accumulate=rule,
        complex=rule is not None, **more,
    )  # fmt: skip


_SHAPED = (((3,), -1), ((1,), 0), ((2, 3), -1), ((2, 3), 0), ((3, 1), 1), ((2, 3, 2), 1), ((0,), 0))
_SIDES = (None, "stable")

ENTRIES: tuple[Op, ...] = (
    _unary("sort", _sorted_type, _sort_into,
           samples=tuple(arguments(shape, axis=axis, kind=kind)
                         for shape, axis in _SHAPED for kind in _SIDES)),
    _unary("argsort", _order_type, no_gradient=DISCRETE),
    _kth("partition", _sorted_type, _partition_into,
         samples=(
             arguments((5,), 2, axis=-1), arguments((5,), np.array([1, 3]), axis=0),
             arguments((2, 4), 1, axis=-1), arguments((4, 2), -2, axis=0),
             arguments((1,), 0, axis=0),
         )),
    _kth("argpartition", _order_type, no_gradient=DISCRETE),
    Op("lexsort", _lexsort_type,
       lambda attributes, operands: np.lexsort(operands, **attributes), _emit_lexsort, fresh=True,
       spellings={np.lexsort: Spelling(_bind_lexsort)},
       examples=("{3}[np.lexsort(({3}, {3}))]",), no_gradient=DISCRETE),
    Op("searchsorted", _search_type, _search, _emit_search, fresh=True, boxes=True,
       spellings={np.searchsorted: Spelling(_bind_searchsorted),
                  ("method", "searchsorted"): Spelling(_bind_searchsorted)},
       examples=("{4}[np.searchsorted(np.sort({3}), {5})]",
                 "{4}[np.sort({3}).searchsorted({}, side='right')]",
                 "{4}[np.searchsorted({3}, {2,3}, sorter=np.argsort({3}))]"),
       no_gradient=DISCRETE),
    Op("digitize", _digitize_type,
       lambda attributes, operands: np.digitize(*operands, **attributes),
       default_call("np.digitize", right=False), fresh=True, boxes=True,
       spellings={np.digitize: Spelling(_bind_digitize)},
       examples=("{4}[np.digitize({5}, np.array([-1.0, 0.0, 1.0]))]",
                 "{4}[np.digitize({2,3}, [1.0, 0.0, -1.0], right=True)]"),
       no_gradient=DISCRETE),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("sort", _sort, (np.sort,), static=("axis", "kind", "stable"), complex=True,
              examples=("np.sort({5})", "np.sort({2,3})", "np.sort({3,2}, axis=0)",
                        "np.sort({2,3}, axis=None)", "np.sort({2,3}, 1, 'stable')",
                        "np.sort({2,2,3}, axis=1, kind='heapsort')",
                        "np.sort({4}, stable=True)", "np.sort([{}, 0.5, {}])", "np.sort({4j})")),
    Expansion("argsort", _argsort, (np.argsort, ("method", "argsort")),
              static=("axis", "kind", "stable"), complex=True,
              examples=("{5}[np.argsort({5})]", "{3}[{3,2}.argsort(axis=0)]",
                        "{6}[np.argsort({2,3}, axis=None, stable=True)]")),
    Expansion("partition", _partition, (np.partition,), static=("axis", "kind"), complex=True,
              examples=("np.partition({5}, 2)", "np.partition({3j}, 1)",
                        "np.partition({2,5}, [1, 3], axis=-1)",
                        "np.partition({3,2}, 1, axis=0)", "np.partition({2,3}, 3, axis=None)")),
    Expansion("argpartition", _argpartition, (np.argpartition, ("method", "argpartition")),
              static=("axis", "kind"), complex=True,
              examples=("{5}[np.argpartition({5}, 2)]", "{2,3}[0][{2,3}.argpartition(1, axis=1)]")),
)  # fmt: skip
