"""Diagonals and triangles of matrices, and of stacks of matrices.

    d = np.diagonal(A, 1)        %d = diagonal[offset=1, axis1=0, axis2=1] %A
                                 s0 = np.arange(d.size)
                                 grad_A[s0, s0 + 1] += grad_d
    t = np.trace(A)              grad_A[s0, s0] += grad_t
    L = np.tril(A)               grad_A = np.tril(grad_L)
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, is_positive, unknown
from ..ir.types import Array, Type, kind_of, rank
from . import stack_rules
from .casting import dtype_argument
from .emit import call, constant, default_call
from .given import as_var
from .inference import as_array
from .op import (
    SHAPES,
    Attributes,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .places import Slot, Step
from .reductions import summed
from .stacks import by_axis

__all__ = ["ENTRIES", "EXPANSIONS"]


def _planes(attributes: Attributes, ndim: int) -> tuple[int, int]:
    """The two axes that the diagonal runs along."""
    if ndim < 2:
        raise OperationError("the diagonal of a vector", "give a matrix, or use np.diag")
    axes = attributes["axis1"], attributes["axis2"]
    if any(type(axis) is not int or not -ndim <= axis < ndim for axis in axes):
        raise OperationError("a diagonal along an axis that isn't there", "name two axes")
    first, second = (axis % ndim for axis in axes)
    if first == second:
        raise OperationError("a diagonal along one axis", "name two different axes")
    return first, second


def _around(array: Array, attributes: Attributes) -> tuple[Size, ...]:
    planes = _planes(attributes, rank(array))
    return tuple(n for k, n in enumerate(array.shape) if k not in planes)


def _offset(attributes: Attributes) -> int:
    offset = attributes["offset"]
    if type(offset) is not int:
        raise OperationError(f"a diagonal's offset is {offset!r}", "give an int")
    return offset


def _diagonal_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    around = _around(array, attributes)
    rows, columns = (array.shape[k] for k in _planes(attributes, rank(array)))
    return Array(array.dtype, (*around, _length(rows, columns, _offset(attributes))))


def _length(rows: Size, columns: Size, offset: int) -> Size:
    if isinstance(rows, int) and isinstance(columns, int):
        return max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    shorter = add(rows, -abs(offset))
    return shorter if rows == columns and is_positive(shorter) else unknown()


def _add_to_diagonal(
    acc: Any, g: Any, x: Any, count: Any, offset: int, axis1: int, axis2: int
) -> Any:
    """The gradient's diagonal grows; in place, for no element is on it twice."""
    planes = _planes({"axis1": axis1, "axis2": axis2}, x.ndim)
    order = (*(k for k in range(x.ndim) if k not in planes), *planes)
    every = x.tracer.call(np.arange, count)
    rows = every - offset if offset < 0 else every
    columns = every + offset if offset > 0 else every
    same = rows is columns
    key: tuple[Any, ...] = (Slot(0), Slot(0 if same else 1))
    more: dict[str, Any] = {"unique": True}
    if order != tuple(range(x.ndim)):
        more["views"] = (Step(x.tracer.table["transpose"], {"axes": order}, 0),)
    if x.ndim > 2:
        key = (Ellipsis, *key)
    return acc.emit("add_at", g, *((rows,) if same else (rows, columns)), key=key, **more)


def _diagonal_into(
    acc: Any, g: Any, x: Any, y: Any, offset: int, axis1: int, axis2: int
) -> Any:
    count = y.emit("size", axis=y.ndim - 1)
    return _add_to_diagonal(acc, g, x, count, offset, axis1, axis2)


def _trace_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    _offset(attributes)
    return Array(attributes["dtype"] or summed(array.dtype), _around(array, attributes))


def _trace_into(
    acc: Any, g: Any, x: Any, y: Any, offset: int, axis1: int, axis2: int, dtype: Any
) -> Any:
    diagonal = x.emit("diagonal", offset=offset, axis1=axis1, axis2=axis2)
    count = diagonal.emit("size", axis=diagonal.ndim - 1)
    own = np.expand_dims(g, -1) if g.ndim else g
    return _add_to_diagonal(acc, own, x, count, offset, axis1, axis2)


def _emit_trace(emission: Emission) -> ast.expr:
    defaults = {"offset": 0, "axis1": 0, "axis2": 1, "dtype": None}
    keywords = {k: v for k, v in emission.attributes.items() if v != defaults[k]}
    if "dtype" in keywords:
        keywords["dtype"] = constant(np.dtype(keywords["dtype"]).type)
    return call("np.trace", emission.operands, **keywords)


def _bind_linalg_diagonal(x: Any, /, *, offset: Any = 0) -> Any:
    return _bind_diagonal(x, offset, -2, -1)


def _bind_linalg_trace(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Any:
    return _bind_trace(x, offset, -2, -1, dtype)


def _bind_diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    return arguments(a, offset=offset, axis1=axis1, axis2=axis2)


def _bind_trace(
    a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None
) -> Any:
    return arguments(a, offset=offset, axis1=axis1, axis2=axis2, dtype=dtype_argument(dtype))


def _matrix_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    size = add(array.shape[0], abs(_offset(attributes)))
    return Array(array.dtype, (size, size))


def _matrix_rule(g: Any, x: Any, y: Any, offset: int) -> Any:
    return g.emit("diagonal", offset=offset, axis1=0, axis2=1)


def _diag(v: Any, k: Any = 0) -> Any:
    array = as_var(v)
    if array.ndim == 1:
        return array.emit("diagonal_matrix", offset=k)
    if array.ndim != 2:
        raise OperationError("np.diag of an array of this rank", "give a vector or a matrix")
    return array.emit("diagonal", offset=k, axis1=0, axis2=1)


def _diagflat(v: Any, k: Any = 0) -> Any:
    array = as_var(v)
    return _diag(array if array.ndim == 1 else np.ravel(array), k)


def _emit_matrix(emission: Emission) -> ast.expr:
    offset = emission.attributes["offset"]
    return call("np.diag", (*emission.operands, *([constant(offset)] if offset else [])))


def _triangle(name: str) -> Op:
    """`np.tril` and `np.triu`; of a vector, the triangle of a matrix of such rows."""
    function = getattr(np, name)

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        if not rank(array):
            raise OperationError(f"np.{name} of a number", "give a matrix")
        if kind_of(types[1]) != "int" or rank(types[1]):
            raise OperationError(f"np.{name} from diagonal {types[1]}", "give an int")
        shape = array.shape
        return Array(array.dtype, (shape[0], *shape) if rank(array) == 1 else shape)

    def emit(emission: Emission) -> ast.expr:
        x, k = emission.operands
        first = isinstance(k, ast.Constant) and k.value == 0
        return call(f"np.{name}", (x,) if first else (x, k))

    return Op(
        name, infer, lambda attributes, operands: function(*operands), emit,
        linear="together", batch=by_axis(None, least=2),
        rules=(lambda g, x, k, y: function(g, k), None), masks=True, fresh=True,
        complex=True, spellings={function: Spelling(lambda m, k=0: arguments(m, k))},
        samples=(*(arguments(shape, 0) for shape in SHAPES if shape), arguments((3, 3), 1),
                 arguments((2, 3, 4), -1), arguments((3, 2), -5), arguments((0, 2), 0)),
        examples=(f"np.{name}({{3,3}})", f"np.{name}({{2,2j}})", f"np.{name}({{2,3}}, 1)",
                  f"np.{name}({{2,3,3}}, k=-1)"),
    )  # fmt: skip


_FORMS: tuple[tuple[Any, int, int, int], ...] = (
    ((3, 3), 0, 0, 1), ((3, 3), 1, 0, 1), ((2, 4), -1, 0, 1), ((4, 2), 1, 1, 0), ((3, 1), 0, 0, 1),
    ((2, 3, 3), 0, 1, 2), ((3, 2, 3), -1, 0, 2), ((3, 2, 4), 1, -1, 0), ((2, 2), 5, 0, 1),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    _triangle("tril"),
    _triangle("triu"),
    Op("diagonal", _diagonal_type,
       lambda attributes, operands: np.diagonal(operands[0], **attributes),
       default_call("np.diagonal", offset=0, axis1=0, axis2=1), linear="together",
       batch=stack_rules.of_two_axes,
       accumulate=_diagonal_into,
       masks=True, view=(0,), shares="view", fixed=True, complex=True,
       spellings={np.diagonal: Spelling(_bind_diagonal),
                  ("method", "diagonal"): Spelling(_bind_diagonal),
                  np.linalg.diagonal: Spelling(_bind_linalg_diagonal)},
       samples=tuple(arguments(shape, offset=k, axis1=a, axis2=b) for shape, k, a, b in _FORMS),
       examples=("np.diagonal({3,3})", "{3,4}.diagonal(1)",
                 "np.diagonal({2,3,3}, offset=-1, axis1=1, axis2=2)",
                 "np.linalg.diagonal({2,3,3}, offset=1)")),
    Op("trace", _trace_type,
       lambda attributes, operands: np.trace(operands[0], **attributes), _emit_trace,
       linear="together", batch=stack_rules.of_two_axes, accumulate=_trace_into, masks=True,
       fresh=True, boxes=True, complex=True,
       spellings={np.trace: Spelling(_bind_trace), ("method", "trace"): Spelling(_bind_trace),
                  np.linalg.trace: Spelling(_bind_linalg_trace)},
       samples=(*(arguments(shape, offset=k, axis1=a, axis2=b, dtype=None)
                  for shape, k, a, b in _FORMS),
                arguments((3, 3), offset=0, axis1=0, axis2=1, dtype="f4")),
       examples=("np.trace({3,3})", "{3,4}.trace(-1)", "np.trace({2,3,3}, axis1=1, axis2=2)",
                 "np.trace({3,3}, dtype=np.float64)", "np.trace({3,3j})",
                 "np.linalg.trace({2,3,3})")),
    Op("diagonal_matrix", _matrix_type,
       lambda attributes, operands: np.diag(operands[0], attributes["offset"]), _emit_matrix,
       linear="together", rules=(_matrix_rule,), fresh=True, complex=True,
       samples=(arguments((3,), offset=0), arguments((1,), offset=0), arguments((2,), offset=-2),
                arguments((3,), offset=1), arguments((0,), offset=0))),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("diag", _diag, (np.diag,), static=("k",), complex=True,
              examples=("np.diag({3})", "np.diag({3}, k=-1)", "np.diag({3,3})",
                        "np.diag({2,4}, 1)", "np.diag({3j})", "np.diag({3,3j})",
                        "np.diag([{}, {}])")),
    Expansion("diagflat", _diagflat, (np.diagflat,), static=("k",), complex=True,
              examples=("np.diagflat({3})", "np.diagflat({2,2}, 1)")),
)  # fmt: skip
