"""Operations with kinks and choices: absolute values, extremes, rounding, `where`, `clip`.

At a tie of `maximum` or `minimum` each operand has half of the gradient; `abs` has none at 0.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import FLOAT, INT, Array, Scalar, Type, is_complex, join, kind_of, shape_of
from ..runtime import helpers
from . import stack_rules
from .elementwise import elementwise, select
from .emit import call, constant, default_call
from .inference import as_array, broadcast_shapes, promote
from .op import SHAPES, STEPWISE, Emission, Op, OperationError, Spelling, arguments
from .stacks import as_it_is

__all__ = ["ENTRIES"]


def _abs(g: Any, x: Any, y: Any, via: str) -> Any:
    """0 at 0."""
    if is_complex(x.type):
        return g * np.conj(x) / select(y == 0, 1.0, y)
    return g * _sign(x)


def _sign_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    if is_complex(types[0]):
        raise OperationError("the sign of a complex number is z / abs(z)", "write it so")
    found: Type = _STEPS.infer(types, attributes)
    return found


def _sign(x: Any) -> Any:
    return x.emit("sign", via="helper" if x.is_python else "np")


def _unless(other: Any, g: Any, a: Any, b: Any) -> Any:
    """`g` unless the other operand was chosen, half of it at a tie; NaN operands hide nothing."""
    return select(other, 0.0, select(a == b, g * 0.5, g))


_STEPS = elementwise("sign", np.sign, helper=helpers.sign, no_gradient=STEPWISE)
_KINKS = (
    elementwise("abs", np.abs, _abs, math_function=math.fabs, operator_function=abs, builtin=abs,
                masks=True, domain=((0.3, 2.0),), complex=True),
    elementwise("fabs", np.fabs, lambda g, x, y, via: g * _sign(x), masks=True,
                domain=((-2.0, -0.3),)),
    elementwise("maximum", np.maximum, lambda g, a, b, y, via: _unless(a < b, g, a, b),
                lambda g, a, b, y, via: _unless(b < a, g, a, b), builtin=max, masks=True,
                batch=stack_rules.extreme(operator.gt)),
    elementwise("minimum", np.minimum, lambda g, a, b, y, via: _unless(a > b, g, a, b),
                lambda g, a, b, y, via: _unless(b > a, g, a, b), builtin=min, masks=True,
                batch=stack_rules.extreme(operator.lt)),
    elementwise("fmax", np.fmax, lambda g, a, b, y, via: _unless(a != y, g, a, b),
                lambda g, a, b, y, via: _unless(b != y, g, a, b), masks=True),
    elementwise("fmin", np.fmin, lambda g, a, b, y, via: _unless(a != y, g, a, b),
                lambda g, a, b, y, via: _unless(b != y, g, a, b), masks=True),
    replace(_STEPS, infer=_sign_type),
    elementwise("floor", np.floor, math_function=math.floor, no_gradient=STEPWISE),
    elementwise("ceil", np.ceil, math_function=math.ceil, no_gradient=STEPWISE),
    elementwise("trunc", np.trunc, math_function=math.trunc, no_gradient=STEPWISE),
    elementwise("rint", np.rint, no_gradient=STEPWISE),
)  # fmt: skip


def _round_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    """The builtin `round`: an int without digits."""
    (type_,) = types
    if shape_of(type_):
        raise OperationError("round() of a whole array", "use np.round")
    if is_complex(type_):
        raise OperationError("round() of a complex number", "round its .real and its .imag")
    if attributes["digits"] is None:
        return INT
    return type_ if kind_of(type_) != "bool" else INT


def _emit_round(emission: Emission) -> ast.expr:
    digits = emission.attributes["digits"]
    shown = [] if digits is None else [constant(digits)]
    return call("builtin.round", (*emission.operands, *shown))


def _around_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    array = as_array(types[0])
    return Array("f2" if array.dtype == "b1" else array.dtype, array.shape)


def _bind_around(a: Any, decimals: Any = 0) -> Any:
    return arguments(a, decimals=decimals)


_AROUND = Spelling(_bind_around)
_ROUNDING = (
    Op("round", _round_type, lambda attributes, operands: round(operands[0], attributes["digits"]),
       _emit_round, no_gradient=STEPWISE),
    Op("around", _around_type, lambda attributes, operands: np.round(operands[0], **attributes),
       default_call("np.round", decimals=0), batch=as_it_is, fresh=True,
       spellings={np.round: _AROUND, np.around: _AROUND, ("method", "round"): _AROUND},
       no_gradient=STEPWISE),
)  # fmt: skip


def _select_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    condition, a, b = types
    if isinstance(condition, Scalar) and not isinstance(a, Array) and not isinstance(b, Array):
        return join(a, b)
    shape = broadcast_shapes(shape_of(t) for t in types)
    return Array(_chosen_dtype(a, b) if shape else promote((a, b)), shape, weak=not shape)


def _chosen_dtype(a: Type, b: Type) -> str:
    """Of two Python numbers, or what may be, NumPy makes the widest array of their kind."""
    if all(isinstance(t, Scalar) or (isinstance(t, Array) and t.weak) for t in (a, b)):
        return promote([as_array(FLOAT) if kind_of(t) == "float" else as_array(t) for t in (a, b)])
    return promote((a, b))


def _shapes(
    types: Sequence[Type], attributes: Mapping[str, Any]
) -> Sequence[tuple[Size, ...]]:
    return [shape_of(t) for t in types]


def _where_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    _, a, b = types
    return Array(_chosen_dtype(a, b), broadcast_shapes(shape_of(t) for t in types))


def _emit_select(emission: Emission) -> ast.expr:
    condition, a, b = emission.operands
    if not shape_of(emission.result):
        return ast.IfExp(condition, a, b)
    return call("np.where", emission.operands)


def _evaluate_select(attributes: Mapping[str, Any], operands: Sequence[Any]) -> Any:
    condition, a, b = operands
    if np.ndim(condition) == 0 and np.ndim(a) == 0 and np.ndim(b) == 0:
        return a if condition else b
    return np.where(condition, a, b)


def _chosen(g: Any, c: Any, a: Any, b: Any, y: Any) -> Any:
    return select(c, g, 0.0)


def _otherwise(g: Any, c: Any, a: Any, b: Any, y: Any) -> Any:
    return select(c, 0.0, g)


_MASK = np.array([True, False, True])
_CHOICES = (
    arguments(True, (), ()), arguments(False, 1.5, ()), arguments(_MASK, (3,), (3,)),
    arguments(_MASK, (), (3,)), arguments(_MASK[:2], (3, 1), (2,)),
    arguments(_MASK[:2], (2, 1), 0.0),
    arguments(True, (2, 3), (1, 3)),
)  # fmt: skip
_CHOICE = (
    Op("select", _select_type, _evaluate_select, _emit_select,
       linear="together", batch=stack_rules.chosen, rules=(None, _chosen, _otherwise), masks=True,
       view=(1, 2), fresh=True,
       samples=_CHOICES, complex=True),
    Op("where", _where_type, lambda attributes, operands: np.where(*operands),
       lambda emission: call("np.where", emission.operands),
       linear="together", batch=stack_rules.chosen,
       rules=(None, _chosen, _otherwise), masks=True, fresh=True, boxes=True, samples=_CHOICES,
       agreeing=_shapes, complex=True,
       spellings={np.where: Spelling(lambda condition, x, y: arguments(condition, x, y))}),
)  # fmt: skip


def _clip_bind(
    a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    lower, upper = (a_min if min is None else min), (a_max if max is None else max)
    bounds = [b for b in (lower, upper) if not _absent(b)]
    if not bounds:
        raise OperationError("np.clip without bounds", "leave the call out, or give a bound")
    which = "both" if len(bounds) == 2 else "upper" if _absent(lower) else "lower"
    return arguments(a, *bounds, bounds=which)


def _absent(item: Any) -> bool:
    return item is None or getattr(item, "value", item) is None


def _clip_numpy(attributes: Mapping[str, Any], operands: Sequence[Any]) -> Any:
    array, *bounds = operands
    lower = bounds[0] if attributes["bounds"] != "upper" else None
    upper = bounds[-1] if attributes["bounds"] != "lower" else None
    return np.clip(array, lower, upper)


def _clip_emit(emission: Emission) -> ast.expr:
    array, *bounds = emission.operands
    nothing = ast.Constant(None)
    lower = bounds[0] if emission.attributes["bounds"] != "upper" else nothing
    upper = bounds[-1] if emission.attributes["bounds"] != "lower" else nothing
    return call("np.clip", (array, lower, upper))


def _clip_rule(g: Any, x: Any, *rest: Any, bounds: str, index: int) -> Any:
    """np.clip is minimum(maximum(x, lower), upper): the upper bound has the last word."""
    *limits, _ = rest
    lower = limits[0] if bounds != "upper" else None
    upper = limits[-1] if bounds != "lower" else None
    if index == 0:
        below = None if lower is None else x < lower
        above = None if upper is None else x > upper
        outside = above if below is None else below if above is None else below | above
        return select(outside, 0.0, g)
    if index == 1 and lower is not None:
        below = x < lower
        return select(below if upper is None else below & (lower < upper), g, 0.0)
    reached = x if lower is None else np.maximum(x, lower)
    return select(reached > upper, g, 0.0)


_CLIP = Op(
    "clip",
    lambda types, attributes: Array(
        promote(types), broadcast_shapes(shape_of(t) for t in types)
    ),
    _clip_numpy,
    _clip_emit,
    batch=stack_rules.together(),
    rules=_clip_rule,
    masks=True,
    fresh=True,
    agreeing=_shapes,
    spellings={np.clip: Spelling(_clip_bind), ("method", "clip"): Spelling(_clip_bind)},
    samples=(
        *(arguments(shape, -0.9, 1.1, bounds="both") for shape in SHAPES),
        arguments((3, 4), (4,), (3, 1), bounds="both"), arguments((3,), 0.1, bounds="lower"),
        arguments((3,), 0.1, bounds="upper"), arguments((3,), (3,), bounds="upper"),
    ),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (*_KINKS, *_ROUNDING, *_CHOICE, _CLIP)
