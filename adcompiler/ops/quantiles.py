"""Median, quantiles and percentiles: the gradient goes to the elements that the value lies between.

    y = np.quantile(x, q)        below = np.quantile(x, q, method="lower", keepdims=True)
                                 above = np.quantile(x, q, method="higher", keepdims=True)

`y = (1 - t) * below + t * above`, where `t` is the fraction of the position `q * (n - 1)`; equal
elements share their part evenly, as those of `max` and `min` do. As a function of `q` it is a
chain of straight pieces, whose slope at an element is that to the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Scalar, Type, shape_of
from .emit import default_call
from .inference import as_array, constant_axis
from .op import Attributes, Bound, Op, OperationError, Spelling, arguments
from .reducing import reduced_shape, restore
from .stacks import Stacks, by_axis

__all__ = ["ENTRIES"]

# Methods whose value is an element of the array, and those that lie between two in a known way.
_ELEMENTS = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")
_BETWEEN = ("linear", "midpoint")


def _share(x: Any, value: Any, axis: Any) -> Any:
    """Which elements are this one, each with an even part."""
    here = x == value
    axes = tuple(k - x.ndim for k in constant_axis(axis, x.ndim))
    if here.ndim == x.ndim == len(axes):
        return here / np.sum(here)
    return here / np.sum(here, axis=axes[0] if len(axes) == 1 else axes, keepdims=True)


def _median_rule(function: Any) -> Any:
    def rule(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
        if not x.ndim:
            return g
        below, above = (
            x.tracer.call(function, x, 0.5, axis=axis, method=method, keepdims=True)
            for method in ("lower", "higher")
        )
        shares = _share(x, below, axis) + _share(x, above, axis)
        return restore(g, x, axis, keepdims) * 0.5 * shares

    return rule


def _expanded(v: Any, x: Any, q: Any, axis: Any, keepdims: bool) -> Any:
    """`v`, of the result's shape, with the reduced axes back behind those of `q`."""
    if keepdims or not v.ndim:
        return v
    axes = tuple(k + q.ndim for k in constant_axis(axis, x.ndim))
    return np.expand_dims(v, axes[0] if len(axes) == 1 else axes)


def _quantile_rule(opcode: str) -> Any:
    def rule(
        g: Any, x: Any, q: Any, y: Any, axis: Any, method: str, keepdims: bool, index: int
    ) -> Any:
        if index == 1:
            return _slope(opcode, g, x, q, axis, method, keepdims)
        if not x.ndim:
            return g
        g = _expanded(g, x, q, axis, keepdims)
        if method in _ELEMENTS:
            return g * _share(x, _expanded(y, x, q, axis, keepdims), axis)
        below, above = (
            x.emit(opcode, q, axis=axis, method=edge, keepdims=True) for edge in ("lower", "higher")
        )
        if method == "midpoint":
            return g * 0.5 * (_share(x, below, axis) + _share(x, above, axis))
        t = _fraction(opcode, x, q, axis)
        return g * ((1 - t) * _share(x, below, axis) + t * _share(x, above, axis))

    return rule


def _slope(
    opcode: str, g: Any, x: Any, q: Any, axis: Any, method: str, keepdims: bool
) -> Any:
    """The contribution to `q`: the difference of the two neighbours, whose ranks are a step of
    1 / (n - 1) apart."""
    if method != "linear" or not x.ndim:
        return None
    if opcode.startswith("nan"):
        raise OperationError(
            f"np.{opcode} has no derivative for `q` here",
            "use the function without `nan`, or make `q` no part of what is differentiated by",
        )
    scale = 100 if opcode.endswith("percentile") else 1
    last = np.maximum(x.emit("count", axis=constant_axis(axis, x.ndim)) - 1, 1)
    rank = np.minimum(np.floor(q * last / scale), last - 1)
    between = (rank + 0.5) / last * scale
    below, above = (
        x.emit(opcode, between, axis=axis, method=edge, keepdims=keepdims)
        for edge in ("lower", "higher")
    )
    found = g * (above - below) * last / scale
    return np.sum(found, axis=tuple(range(q.ndim, found.ndim))) if q.ndim < found.ndim else found


def _fraction(opcode: str, x: Any, q: Any, axis: Any) -> Any:
    """Of the position `q * (n - 1)`, in the precision in which NumPy finds the elements."""
    part: Any = q
    if isinstance(q.type, Scalar) and x.type.dtype in ("f2", "f4"):
        part = q.astype(x.type.dtype)
    if opcode.endswith("percentile"):
        part = part / 100
    if q.ndim:
        part = np.expand_dims(part, tuple(range(q.ndim, q.ndim + x.ndim)))
    if opcode.startswith("nan"):
        last = np.sum(~np.isnan(x), axis=axis, keepdims=True) - 1
    else:
        last = x.emit("count", axis=constant_axis(axis, x.ndim)) - 1
    position = part * last
    return position - np.floor(position)


def _dtype(function: Any, types: Sequence[Type]) -> str:
    """The result's dtype, found by trying."""
    samples = [np.zeros(1, as_array(types[0]).dtype), *map(_tried, types[1:])]
    return str(np.asarray(function(*samples)).dtype.str[1:])


def _tried(type_: Type) -> Any:
    if not isinstance(type_, Array):
        return 0.5
    return np.zeros(1, type_.dtype) if type_.shape else np.zeros((), type_.dtype)[()]


def _median_type(function: Any) -> Any:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        shape = reduced_shape(shape_of(types[0]), attributes["axis"], attributes["keepdims"])
        return Array(_dtype(function, types), shape)

    return infer


def _quantile_type(function: Any) -> Any:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        method = attributes["method"]
        if method not in (*_ELEMENTS, *_BETWEEN):
            raise OperationError(
                f"the method {method!r} of np.{function.__name__} has no derivative here",
                "use 'linear', 'midpoint', 'lower', 'higher' or 'nearest'",
            )
        shape = reduced_shape(shape_of(types[0]), attributes["axis"], attributes["keepdims"])
        return Array(_sampled(function, types, method), (*shape_of(types[1]), *shape))

    return infer


def _sampled(function: Any, types: Sequence[Type], method: str) -> str:
    return _dtype(lambda *samples: function(*samples, method=method), types)


def _no_other(out: Any, overwrite_input: Any, **others: Any) -> None:
    if getattr(overwrite_input, "value", overwrite_input):
        raise OperationError("`overwrite_input=True` leaves the array in no order", "leave it out")
    if out is not None or any(item is not None for item in others.values()):
        raise OperationError(
            "`out=`, `weights=` and `interpolation=` of quantiles are not supported",
            "leave them out",
        )


def _bind_median(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False
) -> Bound:
    _no_other(out, overwrite_input)
    return arguments(a, axis=axis, keepdims=keepdims)


def _bind_quantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False,
    method: Any = "linear", keepdims: Any = False, *, weights: Any = None,
    interpolation: Any = None,
) -> Bound:  # fmt: skip
    _no_other(out, overwrite_input, weights=weights, interpolation=interpolation)
    return arguments(a, q, axis=axis, method=method, keepdims=keepdims)


_TIED = np.array([[0.5, 2.0, -1.5, 1.0], [1.25, 0.75, 1.5, -0.5], [0.0, 3.0, -3.0, 0.25]])
_HOLES = np.where(_TIED == 2.0, np.nan, _TIED)
_CASES = (((4,), None), ((5,), 0), ((1, 3), -1), (_TIED, None), (_TIED, 1), ((2, 2, 3), (0, 2)))


def _cases(name: str) -> tuple[tuple[Any, Any], ...]:
    return (*_CASES, (_HOLES, 0), (_HOLES, None)) if name.startswith("nan") else _CASES


def _median(name: str, quantile: Any) -> Op:
    function = getattr(np, name)
    return Op(
        name, _median_type(function),
        lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.{name}", axis=None, keepdims=False), batch=by_axis(least=1),
        rules=(_median_rule(quantile),), spellings={function: Spelling(_bind_median)},
        fresh=True, masks=True,
        samples=tuple(arguments(x, axis=axis, keepdims=keepdims) for x, axis in _cases(name)
                      for keepdims in (False, True)),
        examples=(f"np.{name}({{5}})", f"np.{name}({{3,4}}, axis=-1, keepdims=True)"),
    )  # fmt: skip


def _of_one(stacks: Stacks) -> Any:
    """Several quantiles would come in front of the stack."""
    return by_axis(least=1)(stacks) if not stacks.rank(1) else None


def _quantile(name: str, scale: float) -> Op:
    function = getattr(np, name)
    return Op(
        name, _quantile_type(function),
        lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.{name}", axis=None, method="linear", keepdims=False),
        batch=_of_one, rules=_quantile_rule(name), spellings={function: Spelling(_bind_quantile)},
        fresh=True, masks=True,
        samples=tuple(
            arguments(x, q if isinstance(q, int) else q * scale, axis=axis, method=method,
                      keepdims=keepdims)
            for x, axis in _cases(name)
            for q, method, keepdims in (
                ((1, "linear", False), (0, "lower", True), (1, "midpoint", False))
                if name.startswith("nan") else
                ((0.3, "linear", False), (1, "lower", True), (0.35, "midpoint", False),
                 (np.array([0.3, 0.65]), "linear", True))
            )
        ),
        examples=(f"np.{name}({{5}}, {0.3 * scale})",
                  f"np.{name}({{3,4}}, [{0.25 * scale}, {0.6 * scale}], axis=0)",
                  f"np.{name}({{3,4}}, np.array([{0.2 * scale}]), 1, keepdims=True)",
                  f"np.{name}({{3,4}}, {0.55 * scale}, method='nearest')"),
    )  # fmt: skip


ENTRIES: tuple[Op, ...] = (
    _median("median", np.quantile),
    _median("nanmedian", np.nanquantile),
    _quantile("quantile", 1.0),
    _quantile("nanquantile", 1.0),
    _quantile("percentile", 100.0),
    _quantile("nanpercentile", 100.0),
)  # fmt: skip
