"""Weighted averages, ranges, covariances and correlations.

    y = np.average(x, weights=w)    grad_x = grad_y * w / np.sum(w)
                                    grad_w = grad_y * (x - y) / np.sum(w)
    c = np.cov(x)                   grad_x = (grad_c + grad_c.T) @ centred / (n - 1)
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add
from ..ir.types import Array, Type, is_complex
from .emit import call, default_call
from .given import as_var
from .inference import as_array, constant_axis, promote
from .linear_solves import adjoint, conjugate
from .op import Attributes, Bound, Emission, Expansion, Op, OperationError, Spelling, arguments
from .reducing import averaged, reduced_shape, restore

__all__ = ["ENTRIES", "EXPANSIONS"]


def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if out is not None:
        raise OperationError("`out=` of np.ptp", "store the result with c[...] = ...")
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _average_type(types: Sequence[Type], attributes: Attributes) -> Type:
    x, w = map(as_array, types)
    axis = attributes["axis"]
    alike = len(w.shape) == len(x.shape)
    if not alike and (len(w.shape) != 1 or not isinstance(axis, int)):
        raise OperationError(
            "the weights of np.average have neither the array's shape nor one dimension and an"
            " axis", "broadcast them first",
        )  # fmt: skip
    shape = reduced_shape(x.shape, axis, attributes["keepdims"])
    return Array(averaged(promote((x, w))), shape)


def _spread_weights(x: Any, w: Any, axis: Any) -> Any:
    """The weights with as many dimensions as the array has."""
    if w.ndim == x.ndim:
        return w
    (along,) = constant_axis(axis, x.ndim)
    others = tuple(k for k in range(x.ndim) if k != along)
    return np.expand_dims(w, others[0] if len(others) == 1 else others)


def _average_rule(
    g: Any, x: Any, w: Any, y: Any, axis: Any, keepdims: bool, index: int
) -> Any:
    if not x.ndim:
        return g if index == 0 else None
    spread = _spread_weights(x, w, axis)
    total = np.sum(spread, axis=axis, keepdims=axis is not None)
    g = restore(g, x, axis, keepdims)
    if index == 0:
        return g * spread / total
    found = g * (x - restore(y, x, axis, keepdims)) / total
    if w.ndim == x.ndim:
        return found
    (along,) = constant_axis(axis, x.ndim)
    others = tuple(k for k in range(x.ndim) if k != along)
    return np.sum(found, axis=others[0] if len(others) == 1 else others)


def _emit_average(emission: Emission) -> ast.expr:
    x, w = emission.operands
    axis, keepdims = emission.attributes["axis"], emission.attributes["keepdims"]
    before = {} if axis is None else {"axis": axis}
    behind = {"keepdims": True} if keepdims else {}
    return call("np.average", (x,), **before, weights=w, **behind)


def _build_average(
    a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False
) -> Any:
    if weights is None:
        found = np.mean(a, axis=axis, keepdims=keepdims)
        total = a.emit("count", axis=constant_axis(axis, a.ndim)) if a.ndim and returned else 1
    else:
        weights = as_var(weights, a)
        found = a.emit("average", weights, axis=axis, keepdims=keepdims)
        spread = _spread_weights(a, weights, axis)
        total = np.sum(spread, axis=axis, keepdims=keepdims) if returned else 1
    if not returned:
        return found
    number = found.tracer.var(found.tracer.lift(total))
    if number.type != found.type:
        number = number.astype(found.type.dtype)
    if number.ndim < found.ndim or number.shape != found.shape:
        shape = found.emit("shape")
        number = number.emit("broadcast", shape, type=Array(number.type.dtype, found.shape))
    return found, number


def _rows(x: Any, rowvar: bool) -> Any:
    """The variables as rows."""
    if x.ndim < 2:
        return np.expand_dims(x, 0)
    return x if rowvar else x.T


def _row_count(type_: Array, rowvar: bool) -> Size:
    if len(type_.shape) > 2 or not type_.shape:
        raise OperationError("a covariance of more than two dimensions", "give one or two")
    if len(type_.shape) == 2 and not rowvar and type_.shape[0] == 1:
        raise OperationError(
            "`rowvar=False` for one observation is read differently by NumPy's versions",
            "turn the array round, and leave `rowvar` out",
        )
    return type_.shape[0 if rowvar else 1] if len(type_.shape) == 2 else 1


def _cov_type(types: Sequence[Type], attributes: Attributes) -> Type:
    counts = [_row_count(as_array(t), attributes["rowvar"]) for t in types]
    total = counts[0] if len(counts) == 1 else add(counts[0], counts[1])
    shape = () if total == 1 else (total, total)
    return Array(promote([*types, Array("f8", ())]), shape)


def _bind_cov(
    m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Bound:  # fmt: skip
    if fweights is not None or aweights is not None or dtype is not None:
        raise OperationError(
            "`fweights=`, `aweights=` and `dtype=` of np.cov are not supported",
            "write the weighted covariance out with np.average and @",
        )
    free = ddof if ddof is not None else 0 if getattr(bias, "value", bias) is True else 1
    return arguments(m, *(() if y is None else (y,)), rowvar=rowvar, ddof=free)


def _bind_corrcoef(x: Any, y: Any = None, rowvar: Any = True) -> Bound:
    return arguments(x, *(() if y is None else (y,)), rowvar=rowvar)


def _centred(operands: Sequence[Any], rowvar: bool) -> Any:
    rows = [_rows(x, rowvar) for x in operands]
    joined: Any = rows[0] if len(rows) == 1 else np.concatenate(rows)
    return joined - np.mean(joined, axis=1, keepdims=True)


def _own_part(found: Any, operands: Sequence[Any], rowvar: bool, index: int) -> Any:
    """Of a gradient for all rows, the operand's own, as the operand lies."""
    if len(operands) > 1:
        count = _rows(operands[0], rowvar).emit("size", axis=0)
        found = found[count:] if index else found[:count]
    if operands[index].ndim == 1:
        return found[0]
    return found if rowvar else found.T


def _both_ways(g: Any) -> Any:
    return g + adjoint(g) if g.ndim else 2 * (g.emit("real") if is_complex(g.type) else g)


def _times(g: Any, rows: Any) -> Any:
    return g @ rows if g.ndim else g * rows


def _cov_rule(g: Any, *rest: Any, rowvar: bool, ddof: int, index: int) -> Any:
    *operands, _ = rest
    centred = _centred(operands, rowvar)
    free = centred.emit("size", axis=1)
    free = free - ddof if ddof else free
    found = _times(_both_ways(g), conjugate(centred))
    return _own_part(found / free, operands, rowvar, index)


def _corrcoef_rule(g: Any, *rest: Any, rowvar: bool, index: int) -> Any:
    """A variable has the correlation 1 with itself, whatever it is."""
    *operands, _ = rest
    if not g.ndim:
        return None
    centred = _centred(operands, rowvar)
    length = np.sqrt(np.sum(centred * centred, axis=1, keepdims=True))
    unit = centred / length
    found = _times(_both_ways(g), unit)
    found = (found - unit * np.sum(found * unit, axis=1, keepdims=True)) / length
    return _own_part(found, operands, rowvar, index)


def _evaluate_cov(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.cov(*operands, **attributes)


_PAIRS = (((5,),), ((3, 5),), ((5,), (5,)), ((2, 5), (3, 5)), ((2, 5), (5,)))

ENTRIES: tuple[Op, ...] = (
    Op("average", _average_type,
       lambda attributes, operands: np.average(operands[0], weights=operands[1], **attributes),
       _emit_average, rules=_average_rule, fresh=True, complex=True,
       raises=lambda types, attributes, known: True,
       samples=tuple(arguments(x, w, axis=axis, keepdims=keepdims)
                     for x, w, axis in (((3,), np.array([0.5, 1.0, 2.0]), None),
                                        ((2, 3), np.array([0.5, 1.0, 2.0]), 1),
                                        ((2, 3), np.array([0.5, 1.5]), 0),
                                        ((2, 3), np.array([[0.5, 1.0, 2.0]] * 2), None))
                     for keepdims in (False, True))),
    Op("cov", _cov_type, _evaluate_cov, default_call("np.cov", rowvar=True, ddof=1),
       rules=_cov_rule, fresh=True, boxes=True, complex=True,
       spellings={np.cov: Spelling(_bind_cov)},
       samples=(*(arguments(*shapes, rowvar=True, ddof=1) for shapes in _PAIRS),
                arguments((5, 3), (5, 2), rowvar=False, ddof=0)),
       examples=("np.cov({3,5})", "np.cov({5}, {5}, bias=True)",
                 "np.cov({5,2}, rowvar=False, ddof=0)")),
    Op("corrcoef", _cov_type, lambda attributes, operands: np.corrcoef(*operands, **attributes),
       default_call("np.corrcoef", rowvar=True), rules=_corrcoef_rule, fresh=True,
       spellings={np.corrcoef: Spelling(_bind_corrcoef)},
       samples=(*(arguments(*shapes, rowvar=True) for shapes in _PAIRS),
                arguments((5, 3), rowvar=False)),
       examples=("np.corrcoef({3,5})", "np.corrcoef({5}, {5})[0, 1]")),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("ptp", _ptp, (np.ptp,), ("axis", "out", "keepdims"),
              examples=("np.ptp({4})", "np.ptp({2,3}, axis=1, keepdims=True)")),
    Expansion("average", _build_average, (np.average,), ("axis", "returned", "keepdims"),
              complex=True,
              examples=("np.average({3})", "np.average({2,3}, 1, [0.5, 1.0, 2.0])",
                        "np.average({2,3}, weights={2,3} ** 2 + 1)",
                        "np.average({2,3}, axis=0, weights={2} ** 2 + 1, returned=True)",
                        "np.average({2,3}, axis=0, returned=True)")),
)  # fmt: skip
