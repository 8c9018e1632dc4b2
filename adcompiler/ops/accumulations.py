"""Running sums, products and extremes, and the reductions and accumulations of ufuncs.

    y = np.cumsum(x)         grad_x = np.cumsum(grad_y[::-1])[::-1]
    y = np.cumprod(x)        grad_x = shifted(y, 0, 1, 1.0) * recurrence(grad_y, x, 0, True)

The gradient of a running product is never a quotient: it is the product of all before, times what
all after add, `s[k] = grad_y[k] + x[k + 1] * s[k + 1]`. A running extreme is `maximum` of the one
before and the next element: at a tie each has half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, is_integer, shape_of
from ..runtime import helpers
from . import stack_rules
from .casting import dtype_argument
from .elementwise import select
from .emit import default_call
from .inference import as_array, constant_axis, promote, size_of
from .op import Attributes, Bound, Expansion, Op, OperationError, Rule, Spelling, arguments
from .reducing import summed
from .stacks import by_axis

__all__ = ["ENTRIES", "EXPANSIONS"]


def _accumulated(dtype: Callable[[str], str]) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array, axis = as_array(types[0]), attributes["axis"]
        shape = array.shape if array.shape else (1,)
        constant_axis(axis, len(shape))
        code = attributes.get("dtype") or dtype(array.dtype)
        return Array(code, (size_of(shape),) if axis is None else shape)

    return infer


def _bind(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Bound:
    if out is not None:
        raise TypeError("`out` is given by keyword")
    dtype = getattr(dtype, "value", dtype)
    return arguments(a, axis=axis, **({} if dtype is None else {"dtype": dtype_argument(dtype)}))


def _bind_ufunc(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Bound:
    return _bind(array, axis, dtype, out)


def _along(rule: Callable[[Any, Any, Any, int], Any]) -> Rule:
    """A rule for one axis; without an axis it is that of the array made flat. With `dtype=` it is
    that of the array in this dtype: a running extreme is then one of its elements."""

    def wrapped(g: Any, x: Any, y: Any, axis: Any, dtype: Any = None) -> Any:
        if not x.ndim:
            return g[0]
        if dtype is not None and isinstance(x.type, Array):
            x = x.astype(dtype)
        if axis is not None:
            return rule(g, x, y, axis % x.ndim)
        if x.ndim == 1:
            return rule(g, x, y, 0)
        found = rule(g, np.ravel(x), y, 0)
        return found.emit("reshape_to", x.emit("shape"), type=Array(found.type.dtype, x.shape))

    return wrapped


def _from_the_end(x: Any, axis: int) -> Any:
    step = slice(None, None, -1)
    return x[tuple(step if k == axis else slice(None) for k in range(axis + 1))]


def _cumsum(g: Any, x: Any, y: Any, axis: int) -> Any:
    return _from_the_end(np.cumsum(_from_the_end(g, axis), axis=axis), axis)


def _cumprod(g: Any, x: Any, y: Any, axis: int) -> Any:
    before = y.emit("shifted", axis=axis, by=1, fill=1.0)
    return before * g.emit("recurrence", x, axis=axis, reverse=True)


def _extreme(g: Any, x: Any, y: Any, axis: int) -> Any:
    """`weight`: the part of y[k]'s gradient that y[k - 1] has; NaN where a NaN was chosen."""
    before = y.emit("shifted", axis=axis, by=1, fill=float("nan"))
    stays = before == y
    weight = select(x == y, select(stays, 0.5, 0.0), select(stays, 1.0, float("nan")))
    return g.emit("recurrence", weight, axis=axis, reverse=True) * (1 - weight)


def _shifted_rule(g: Any, x: Any, y: Any, axis: int, by: int, fill: float) -> Any:
    return g.emit("shifted", axis=axis, by=-by, fill=0.0)


def _recurrence_rule(
    g: Any, b: Any, a: Any, y: Any, axis: int, reverse: bool, index: int
) -> Any:
    back = g.emit("recurrence", a, axis=axis, reverse=not reverse)
    if index == 0:
        return back
    if reverse:
        return back.emit("shifted", axis=axis, by=1, fill=0.0) * y
    return back * y.emit("shifted", axis=axis, by=1, fill=0.0)


def accumulation(
    name: str, function: Any, rule: Callable[[Any, Any, Any, int], Any],
    dtype: Callable[[str], str], spellings: dict[object, Spelling], dotted: str,
    examples: tuple[str, ...], fixed: Any = None, linear: str = "", complex: bool = False,
) -> Op:  # fmt: skip
    """An entry for a function that keeps each step of a reduction; `fixed`: its default axis."""
    emit = default_call(f"np.{dotted}", axis=fixed)

    def emitted(emission: Any) -> Any:
        attributes = dict(emission.attributes)
        if "dtype" in attributes:
            attributes["dtype"] = np.dtype(attributes["dtype"]).type
        return emit(type(emission)(attributes, emission.types, emission.result, emission.operands))

    axes = ((), None), ((3,), None), ((3,), 0), ((1,), 0), ((0,), 0), ((2, 3), 0), ((2, 3), -1)
    return Op(
        name, _accumulated(dtype),
        lambda attributes, operands: function(operands[0], **attributes), emitted,
        linear=linear, batch=by_axis(flat=True), rules=(_along(rule),), spellings=spellings,
        fresh=True, examples=examples, complex=complex, samples=tuple(
            arguments(shape, axis=axis)
            for shape, axis in (*axes, ((2, 1, 3), 1), ((2, 3), None))
            if fixed is None or (axis is not None and 0 not in shape)
        ),
    )  # fmt: skip


def _of_ufunc(extreme: str) -> Op:
    ufunc = getattr(np, extreme)
    return accumulation(
        f"running_{extreme}", ufunc.accumulate, _extreme, lambda code: code,
        {ufunc.accumulate: Spelling(_bind_ufunc)}, f"{extreme}.accumulate",
        (f"np.{extreme}.accumulate({{4}})", f"np.{extreme}.accumulate({{3,4}}, axis=1)"), 0,
    )  # fmt: skip


def _reduced(ufunc: str, function: Any, dtyped: bool) -> Expansion:
    """`np.add.reduce` is np.sum along the first axis."""

    def build(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False,
        initial: Any = None, where: Any = True,
    ) -> Any:  # fmt: skip
        if out is not None or (dtype is not None and not dtyped):
            raise OperationError(f"`dtype=` or `out=` of np.{ufunc}.reduce", "cast apart")
        given = {} if dtype is None else {"dtype": dtype}
        given |= {} if initial is None else {"initial": initial}
        given |= {} if where is True else {"where": where}
        return function(array, axis=axis, keepdims=keepdims, **given)

    return Expansion(
        f"{ufunc}.reduce", build, (getattr(np, ufunc).reduce,),
        static=("axis", "dtype", "out", "keepdims"), complex=dtyped,
        examples=(f"np.{ufunc}.reduce({{3}})", f"np.{ufunc}.reduce({{3,4}}, keepdims=True)",
                  f"np.{ufunc}.reduce({{3,4}}, axis=None)"),
    )  # fmt: skip


def _cumulative(function: Any, unit: float) -> Callable[..., Any]:
    """`np.cumulative_sum`, which can begin with the sum of nothing."""

    def build(
        x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: Any = False
    ) -> Any:
        if axis is None and x.ndim != 1:
            raise OperationError("no `axis=`, and not one dimension", "give an axis")
        given = {} if dtype is None else {"dtype": dtype}
        along = 0 if axis is None else axis % x.ndim
        made = function(x, axis=along, **given)
        if not include_initial:
            return made
        first = made[tuple(slice(0, 1 if k == along else None) for k in range(along + 1))]
        return np.concatenate((np.ones_like(first) * unit, made), axis=along)

    return build


def _without_nan(function: Any, unit: float) -> Callable[..., Any]:
    def build(a: Any, axis: Any = None, dtype: Any = None) -> Any:
        given = {} if dtype is None else {"dtype": dtype}
        kept = a if is_integer(a.type) else np.where(np.isnan(a), unit, a)
        return function(kept, axis=axis, **given)

    return build


ENTRIES: tuple[Op, ...] = (
    accumulation(
        "cumsum", np.cumsum, _cumsum, summed,
        {np.cumsum: Spelling(_bind), ("method", "cumsum"): Spelling(_bind),
         np.add.accumulate: Spelling(_bind_ufunc)}, "cumsum",
        ("np.cumsum({3})", "{2,3}.cumsum()", "np.cumsum({2,3}, axis=-1)",
         "np.add.accumulate({2,3})", "np.cumsum({3}, dtype=np.float64)"), complex=True,
        linear="together"),
    accumulation(
        "cumprod", np.cumprod, _cumprod, summed,
        {np.cumprod: Spelling(_bind), ("method", "cumprod"): Spelling(_bind),
         np.multiply.accumulate: Spelling(_bind_ufunc)}, "cumprod",
        ("np.cumprod({3})", "{2,3}.cumprod()", "np.cumprod({2,3} * [1, 0, 1], axis=-1)",
         "np.multiply.accumulate({2,3})", "np.cumprod({4} * np.array([1, 0, 2, 0]))"),
        complex=True),
    _of_ufunc("maximum"),
    _of_ufunc("minimum"),
    Op("shifted", lambda types, attributes: types[0],
       lambda attributes, operands: helpers.shifted(operands[0], **attributes),
       default_call("helper.shifted"), batch=by_axis(), rules=(_shifted_rule,), fresh=True,
       complex=True, samples=tuple(arguments(shape, axis=axis, by=by, fill=0.5) for by in (1, -1)
                     for shape, axis in (((3,), 0), ((1,), 0), ((2, 3), 1)))),
    Op("recurrence", lambda types, attributes: Array(promote(types), shape_of(types[0])),
       lambda attributes, operands: helpers.recurrence(*operands, **attributes),
       default_call("helper.recurrence"), batch=stack_rules.joined, rules=_recurrence_rule,
       fresh=True, complex=True, samples=tuple(arguments(shape, shape, axis=axis, reverse=reverse)
                     for reverse in (False, True)
                     for shape, axis in (((3,), 0), ((1,), 0), ((2, 3), 1)))),
)  # fmt: skip

_SINCE_2_1 = (
    (("cumulative_sum", np.cumsum, 0.0), ("cumulative_prod", np.cumprod, 1.0))
    if hasattr(np, "cumulative_sum") else ()
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    _reduced("add", np.sum, True),
    _reduced("multiply", np.prod, True),
    _reduced("maximum", np.max, False),
    _reduced("minimum", np.min, False),
    Expansion("nancumsum", _without_nan(np.cumsum, 0.0), (np.nancumsum,), ("axis", "dtype"),
              complex=True,
              examples=("np.nancumsum({2,3})", "np.nancumsum({2,3}, axis=1)")),
    Expansion("nancumprod", _without_nan(np.cumprod, 1.0), (np.nancumprod,), ("axis", "dtype"),
              complex=True,
              examples=("np.nancumprod({2,3})", "np.nancumprod({2,3}, axis=1)")),
    *(Expansion(name, _cumulative(function, unit), (getattr(np, name),),
                ("axis", "dtype", "include_initial"), complex=True,
                examples=(f"np.{name}({{3}})", f"np.{name}({{2,3}}, axis=1)",
                          f"np.{name}({{3}}, include_initial=True)"))
      for name, function, unit in _SINCE_2_1),
)  # fmt: skip
