"""Where elements lie: what `nonzero` finds, the indices of diagonals and triangles, flat indices.

    rows, columns = np.nonzero(x)        %rows, %columns = nonzero %x

How many there are is known only at run time. No gradient flows through ints.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import Array, Type, kind_of, rank, shape_of
from .emit import call
from .given import as_var
from .inference import broadcast_shapes
from .op import (
    DISCRETE,
    NO_FLOATS,
    Attributes,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    operands_only,
)
from .places import fill
from .shapes import shape_template, template_source

__all__ = ["ENTRIES", "EXPANSIONS"]


def _indices(count: int, shape: tuple[Size, ...]) -> Any:
    """An index array for each axis, all of one shape."""
    return (Array("i8", shape),) * count


def _nonzero_type(types: Sequence[Type], attributes: Attributes) -> Any:
    if not rank(types[0]):
        raise OperationError("np.nonzero of a number", "compare it with 0")
    return _indices(rank(types[0]), (unknown(),))


def _nonzero(a: Any) -> Any:
    array = as_var(a)
    return array.tracer.emit_all("nonzero", (array,), {})


def _found(indices: Any) -> Any:
    """A tuple's only part, or all of it."""
    return indices[0] if len(indices) == 1 else tuple(indices)


def _emit_nonzero(emission: Emission) -> ast.expr:
    if rank(emission.types[0]) == 1:
        return call("np.flatnonzero", emission.operands)
    return call("np.nonzero", emission.operands)


def _flatnonzero_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("i8", (unknown(),))


def _argwhere_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("i8", (unknown(), rank(types[0])))


def _check_ints(types: Sequence[Type], name: str) -> None:
    for type_ in types:
        if kind_of(type_) != "int":
            raise OperationError(f"np.{name} of {type_}", "give ints")


def _unravelled_type(types: Sequence[Type], attributes: Attributes) -> Any:
    """Of one index a tuple of numbers, of several a tuple of arrays."""
    _check_ints(types, "unravel_index")
    return _indices(len(attributes["shape"]), shape_of(types[0]))


def _unravel(indices: Any, shape: Any, *, order: Any = "C") -> Any:
    _check_order(order)
    template, operands = shape_template(shape)
    found = as_var(indices)
    return found.tracer.emit_all("unravel_index", (found, *operands), {"shape": template})


def _ravel_multi(multi_index: Any, dims: Any, mode: Any = "raise", *, order: Any = "C") -> Any:
    _check_order(order)
    if not isinstance(multi_index, (tuple, list)):
        raise OperationError("np.ravel_multi_index of one array", "give a tuple of index arrays")
    first, *rest = (as_var(part) for part in multi_index)
    template, operands = shape_template(dims)
    if len(template) != len(multi_index):
        raise OperationError("more or fewer sizes than index arrays", "give one size for each")
    modes = mode if isinstance(mode, (tuple, list)) else (mode,)
    if any(one not in ("raise", "wrap", "clip") for one in modes):
        raise OperationError(f"mode={mode!r}", "the modes are raise, wrap and clip")
    return first.emit("ravel_multi_index", *rest, *operands, shape=template, mode=mode)


def _check_order(order: Any) -> None:
    if order != "C":
        raise OperationError(f"order={order!r}", "leave it out: the order is C")


def _with_shape(emission: Emission, count: int) -> tuple[list[ast.expr], ast.expr]:
    operands = list(emission.operands)
    return operands[:count], template_source(emission.attributes["shape"], operands[count:])


def _emit_unravel(emission: Emission) -> ast.expr:
    own, shape = _with_shape(emission, 1)
    found = call("np.unravel_index", (*own, shape))
    if len(emission.attributes["shape"]) > 1:
        return found
    return ast.Subscript(found, ast.Constant(0), ast.Load())


def _flat_type(types: Sequence[Type], attributes: Attributes) -> Type:
    own = types[: len(attributes["shape"])]
    _check_ints(own, "ravel_multi_index")
    return Array("i8", broadcast_shapes(map(shape_of, own)))


def _flat_index(attributes: Attributes, operands: Sequence[Any]) -> Any:
    count = len(attributes["shape"])
    dims = fill(attributes["shape"], operands[count:])
    return np.ravel_multi_index(tuple(operands[:count]), dims, mode=attributes["mode"])


def _emit_flat_index(emission: Emission) -> ast.expr:
    own, shape = _with_shape(emission, len(emission.attributes["shape"]))
    mode = emission.attributes["mode"]
    keywords = {} if mode == "raise" else {"mode": mode}
    return call("np.ravel_multi_index", (ast.Tuple(own, ast.Load()), shape), **keywords)


def _open_mesh(*args: Any) -> Any:
    """np.ix_: masks stand for the places where they hold."""
    vectors = [_places(one) for one in args]
    if any(v.ndim != 1 for v in vectors):
        raise OperationError("np.ix_ of an array that isn't flat", "give arrays of 1 dimension")
    return tuple(_on_axis(v, k, len(vectors)) for k, v in enumerate(vectors))


def _places(one: Any) -> Any:
    vector = as_var(one)
    return np.flatnonzero(vector) if kind_of(vector.type) == "bool" else vector


def _on_axis(vector: Any, axis: int, count: int) -> Any:
    others = tuple(k for k in range(count) if k != axis)
    return np.expand_dims(vector, others if len(others) > 1 else others[0]) if others else vector


def _triangle_indices(name: str) -> Callable[..., Any]:
    def build(n: Any, k: Any = 0, m: Any = None) -> Any:
        return _of_triangle(n, (n, k, *([] if m is None else [m])), name)

    return build


def _triangle_from(name: str) -> Callable[..., Any]:
    def build(arr: Any, k: Any = 0) -> Any:
        if arr.ndim != 2:
            raise OperationError(f"np.{name}_from of an array that is no matrix", "index it first")
        n, m = (arr.emit("size", axis=axis) for axis in (0, 1))
        return _of_triangle(n, (n, k, m), name)

    return build


def _of_triangle(like: Any, operands: Any, name: str) -> Any:
    return like.tracer.emit_all("triangle", operands, {"which": name})


def _triangle_type(types: Sequence[Type], attributes: Attributes) -> Any:
    _check_ints(types, attributes["which"])
    return _indices(2, (unknown(),))


def _emit_triangle(emission: Emission) -> ast.expr:
    n, k, *m = emission.operands
    shift = [] if isinstance(k, ast.Constant) and k.value == 0 and not m else [k]
    return call(f"np.{emission.attributes['which']}", (n, *shift, *m))


def _diagonal_indices(n: Any, ndim: Any = 2) -> Any:
    return (n.tracer.call(np.arange, n),) * ndim


def _diagonal_from(arr: Any) -> Any:
    if arr.ndim < 2:
        raise OperationError("a vector has no diagonal", "give an array of 2 dimensions or more")
    return (arr.tracer.call(np.arange, arr.emit("size", axis=0)),) * arr.ndim


ENTRIES: tuple[Op, ...] = (
    Op("nonzero", _nonzero_type, lambda attributes, operands: _found(np.nonzero(operands[0])),
       _emit_nonzero, fresh=True, no_gradient=DISCRETE),
    Op("flatnonzero", _flatnonzero_type, lambda attributes, operands: np.flatnonzero(operands[0]),
       lambda emission: call("np.flatnonzero", emission.operands), fresh=True,
       spellings={np.flatnonzero: Spelling(operands_only(1))},
       examples=("{4}[np.flatnonzero({4} > 0)]", "{6}[np.flatnonzero({2,3} > 0)]"),
       no_gradient=DISCRETE),
    Op("argwhere", _argwhere_type, lambda attributes, operands: np.argwhere(operands[0]),
       lambda emission: call("np.argwhere", emission.operands), fresh=True,
       spellings={np.argwhere: Spelling(operands_only(1))},
       examples=("{3}[np.argwhere({2,3} > 0)]",), no_gradient=DISCRETE),
    Op("unravel_index", _unravelled_type,
       lambda attributes, operands: _found(np.unravel_index(
           operands[0], fill(attributes["shape"], operands[1:]))),
       _emit_unravel, fresh=True, no_gradient=DISCRETE),
    Op("ravel_multi_index", _flat_type, _flat_index, _emit_flat_index, fresh=True, boxes=True,
       no_gradient=DISCRETE),
    Op("triangle", _triangle_type,
       lambda attributes, operands: getattr(np, attributes["which"])(*operands),
       _emit_triangle, fresh=True, no_gradient=NO_FLOATS),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("nonzero", _nonzero, (np.nonzero, ("method", "nonzero")), complex=True,
              examples=("{4}[np.nonzero({4} > 0)]", "{2,3}[({2,3} > 0).nonzero()]",
                        "{2,3}[np.nonzero({2,3} > 0)[1] - 1, 0]")),
    Expansion("unravel_index", _unravel, (np.unravel_index,), static=("order",),
              examples=("{2,3}[np.unravel_index(4, (2, 3))]",
                        "{2,3}[np.unravel_index(np.argmax({2,3}), (2, 3))]",
                        "{2,3}[np.unravel_index(np.array([4, 0, 4]), (2, 3))]")),
    Expansion("ravel_multi_index", _ravel_multi, (np.ravel_multi_index,), static=("mode", "order"),
              examples=("{6}[np.ravel_multi_index((1, 2), (2, 3))]",
                        "{6}[np.ravel_multi_index((np.array([0, 5]), np.array([2, 1])), (2, 3),"
                        " mode='clip')]")),
    Expansion("ix_", _open_mesh, (np.ix_,),
              examples=("{3,4}[np.ix_([0, 2, 0], [1, 3])]",
                        "{3,4}[np.ix_({3} > 0, np.array([1, 1]))]", "{4}[np.ix_([3, 0])]")),
    Expansion("tril_indices", _triangle_indices("tril_indices"), (np.tril_indices,),
              examples=("{3,3}[np.tril_indices(3)]", "{3,4}[np.tril_indices(3, -1, 4)]")),
    Expansion("triu_indices", _triangle_indices("triu_indices"), (np.triu_indices,),
              examples=("{3,3}[np.triu_indices(3, k=1)]", "{2,3}[np.triu_indices(2, m=3)]")),
    Expansion("tril_indices_from", _triangle_from("tril_indices"), (np.tril_indices_from,),
              examples=("{3,3}[np.tril_indices_from({3,3}, k=1)]",)),
    Expansion("triu_indices_from", _triangle_from("triu_indices"), (np.triu_indices_from,),
              examples=("{2,3}[np.triu_indices_from({2,3})]",)),
    Expansion("diag_indices", _diagonal_indices, (np.diag_indices,), static=("ndim",),
              examples=("{3,3}[np.diag_indices(3)]", "{2,2,2}[np.diag_indices(2, 3)]")),
    Expansion("diag_indices_from", _diagonal_from, (np.diag_indices_from,),
              examples=("{3,3}[np.diag_indices_from({3,3})]",)),
)  # fmt: skip
