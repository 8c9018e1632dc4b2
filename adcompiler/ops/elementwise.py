"""Elementwise operations: operators, ufuncs and `math`, one entry each.

A rule is linear in the incoming gradient `g` and diagonal, so the same line serves forward mode,
with a tangent in `g`'s place. Formulas not obvious on sight: Abramowitz & Stegun, ch. 4.

`via` says how the user spelled it, because the forward value must stay bit for bit: `op` (an
operator or builtin), `np`, `math`, or `helper` (IEEE arithmetic for Python floats, in rules).
"""

from __future__ import annotations

import ast
import builtins
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Scalar, Type, is_integer, join, shape_of
from ..runtime import helpers
from .emit import call, infix, prefix
from .inference import broadcast_shapes, operator_type, promote, ufunc_type
from .op import Emission, Op, OperationError, Rule, Spelling, arguments

__all__ = ["ENTRIES", "elementwise", "select"]

Node = ast.operator | ast.cmpop | ast.unaryop


def elementwise(
    name: str,
    ufunc: Any,
    *rules: Rule | None,
    math_function: Any = None,
    operator_function: Any = None,
    node: Node | None = None,
    builtin: Any = None,
    helper: Any = None,
    singular: float | Callable[..., float | None] | None = None,
    masks: bool | Callable[[Sequence[Type]], bool] = False,
    domain: Sequence[tuple[float, float]] = (),
) -> Op:
    """An entry for a ufunc and its counterparts in `math`, `operator` and the builtins."""
    functions = {
        "np": ufunc, "math": math_function, "op": operator_function or builtin, "helper": helper,
    }  # fmt: skip
    spellings: dict[object, Spelling] = {}
    for via, function in functions.items():
        if function is not None and via != "helper":
            spellings[function] = Spelling(arguments, {"via": via})
    emitters = _emitters(name, ufunc, math_function, node, builtin, helper)

    def infer(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
        return _infer(functions, ufunc, types, attributes["via"])

    return Op(
        name,
        infer,
        lambda attributes, operands: functions[attributes["via"]](*operands),
        lambda emission: emitters[emission.attributes["via"]](emission),
        rules=rules,
        spellings=spellings,
        elementwise=True,
        singular=singular,
        masks=masks,
        fresh=True,
        samples=tuple(domain) or ((-2.0, 2.0),) * ufunc.nin,
    )


def _emitters(
    name: str, ufunc: Any, math_function: Any, node: Node | None, builtin: Any, helper: Any
) -> dict[str, Callable[[Emission], ast.expr]]:
    def by_call(dotted: str) -> Callable[[Emission], ast.expr]:
        return lambda emission: call(dotted, emission.operands)

    emitters = {"np": by_call(f"np.{_NUMPY_NAMES.get(name, ufunc.__name__)}")}
    if math_function is not None:
        emitters["math"] = by_call(f"math.{math_function.__name__}")
    if helper is not None:
        emitters["helper"] = by_call(f"helper.{helper.__name__}")
    if node is not None:
        emitters["op"] = prefix(node) if isinstance(node, ast.unaryop) else infix(node)
    elif builtin is not None:
        emitters["op"] = by_call(f"builtin.{builtin.__name__}")
    return emitters


_NUMPY_NAMES = {"abs": "abs", "div": "divide"}


def _infer(functions: Mapping[str, Any], ufunc: Any, types: Sequence[Type], via: str) -> Type:
    if via == "math":
        return Scalar("int" if functions["math"] in _MATH_INTEGER else "float")
    if via == "np":
        return ufunc_type(ufunc, types)
    if functions["op"] in (builtins.max, builtins.min):
        if any(shape_of(t) for t in types):
            raise OperationError(
                f"{functions['op'].__name__}() of whole arrays has no truth value",
                f"use np.{ufunc.__name__} or the array's own method",
            )
        result = types[0]
        for other in types[1:]:
            result = join(result, other)
        return result
    function = functions["op"] or functions[via]
    return operator_type(function, ufunc, types)


_MATH_INTEGER = {math.floor, math.ceil, math.trunc}


def select(condition: Any, chosen: Any, otherwise: Any) -> Any:
    """`chosen if condition else otherwise` for numbers, `np.where` for arrays."""
    tracer = condition.tracer
    return tracer.emit("select", (condition, chosen, otherwise), {})


def _power_base(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    exponent = b.constant
    if exponent is None:
        # The exponent n - 1 is kept away from -1 where n is 0: 0 ** -1 times 0 would be NaN.
        return g * b * _pow(a, select(b == 0, 1, b - 1))
    if exponent in (0, 1):
        return g if exponent else None
    if exponent == 2:
        return g * 2 * a
    return g * exponent * _pow(a, exponent - 1)


def _pow(a: Any, exponent: Any) -> Any:
    """a ** exponent; IEEE where Python floats would raise."""
    constant = exponent if not hasattr(exponent, "tracer") else exponent.constant
    if a.is_python and (constant is None or constant < 0):
        return a.emit("pow", exponent, via="helper")
    return a**exponent


def _power_exponent(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    if a.constant:
        return g * y * np.log(a)
    # At a = 0 the limit of y * log(a) is 0 for every exponent above 0.
    return g * y * np.log(select(a == 0, 1, a))


def _larger(g: Any, a: Any, b: Any) -> Any:
    return select(a > b, g, select(a == b, g * 0.5, 0))


def _smaller(g: Any, a: Any, b: Any) -> Any:
    return select(a < b, g, select(a == b, g * 0.5, 0))


def _quotient(g: Any, b: Any) -> Any:
    """g / b where the function itself has divided by b, or would have raised at b = 0."""
    return g.tracer.call(operator.truediv, g, b)


def _over(g: Any, x: Any, via: str) -> Any:
    """g / x after log(x): `math.log` has raised where x is 0, `np.log` has not."""
    return _quotient(g, x) if via == "math" else g / x


def _times_mask(types: Sequence[Type]) -> bool:
    """Whether a product is with integers or bools: a mask, whose zeros are exact."""
    return any(map(is_integer, types))


def _power_singular(a: Any, b: Any) -> float | None:
    """x ** 2 has no infinite partial, x ** 0.5 has one at 0."""
    return 1.0 if b.constant is None or b.constant < 1 else None


def _quotient_singular(a: Any, b: Any) -> float | None:
    """Python numbers raise at 0 in the function itself."""
    return None if b.constant or isinstance(b.type, Scalar) else 1.0


POSITIVE = ((0.3, 3.0),)
UNIT = ((-0.9, 0.9),)

_ARITHMETIC = (
    elementwise("add", np.add, lambda g, a, b, y, via: g, lambda g, a, b, y, via: g,
                operator_function=operator.add, node=ast.Add()),
    elementwise("sub", np.subtract, lambda g, a, b, y, via: g, lambda g, a, b, y, via: -g,
                operator_function=operator.sub, node=ast.Sub()),
    elementwise("mul", np.multiply, lambda g, a, b, y, via: g * b, lambda g, a, b, y, via: g * a,
                operator_function=operator.mul, node=ast.Mult(), masks=_times_mask),
    elementwise("div", np.divide,
                lambda g, a, b, y, via: g / b if via == "helper" else _quotient(g, b),
                lambda g, a, b, y, via: -g * y / b if via == "helper" else _quotient(-g * y, b),
                operator_function=operator.truediv, node=ast.Div(), helper=helpers.divide,
                singular=_quotient_singular, domain=((-2.0, 2.0), (0.5, 2.0))),
    elementwise("pow", np.power, _power_base, _power_exponent, math_function=math.pow,
                operator_function=operator.pow, node=ast.Pow(), helper=helpers.power,
                singular=_power_singular, domain=((0.3, 2.0), (-2.0, 3.0))),
    elementwise("neg", np.negative, lambda g, x, y, via: -g,
                operator_function=operator.neg, node=ast.USub()),
    elementwise("pos", np.positive, lambda g, x, y, via: g,
                operator_function=operator.pos, node=ast.UAdd()),
    elementwise("mod", np.remainder, lambda g, a, b, y, via: g,
                lambda g, a, b, y, via: -g * (a // b), operator_function=operator.mod,
                node=ast.Mod(), domain=((0.1, 0.9), (1.1, 2.0))),
    elementwise("fmod", np.fmod, lambda g, a, b, y, via: g,
                lambda g, a, b, y, via: -g * np.trunc(a / b), math_function=math.fmod,
                domain=((0.1, 0.9), (1.1, 2.0))),
    elementwise("floordiv", np.floor_divide, operator_function=operator.floordiv,
                node=ast.FloorDiv(), domain=((-2.0, 2.0), (0.5, 2.0))),
)  # fmt: skip

_COMPARISONS = tuple(
    elementwise(name, getattr(np, ufunc), operator_function=getattr(operator, name), node=node)
    for name, ufunc, node in (
        ("lt", "less", ast.Lt()),
        ("le", "less_equal", ast.LtE()),
        ("gt", "greater", ast.Gt()),
        ("ge", "greater_equal", ast.GtE()),
        ("eq", "equal", ast.Eq()),
        ("ne", "not_equal", ast.NotEq()),
    )
)

_LOGIC = (
    elementwise("and", np.bitwise_and, operator_function=operator.and_, node=ast.BitAnd()),
    elementwise("or", np.bitwise_or, operator_function=operator.or_, node=ast.BitOr()),
    elementwise("xor", np.bitwise_xor, operator_function=operator.xor, node=ast.BitXor()),
    elementwise("invert", np.bitwise_not, operator_function=operator.invert, node=ast.Invert()),
    elementwise("lshift", np.left_shift, operator_function=operator.lshift, node=ast.LShift()),
    elementwise("rshift", np.right_shift, operator_function=operator.rshift, node=ast.RShift()),
    elementwise("logical_and", np.logical_and),
    elementwise("logical_or", np.logical_or),
    elementwise("logical_xor", np.logical_xor),
    elementwise("logical_not", np.logical_not),
    elementwise("isnan", np.isnan, math_function=math.isnan),
    elementwise("isinf", np.isinf, math_function=math.isinf),
    elementwise("isfinite", np.isfinite, math_function=math.isfinite),
)

_EXPONENTIALS = (
    elementwise("exp", np.exp, lambda g, x, y, via: g * y, math_function=math.exp),
    elementwise("exp2", np.exp2, lambda g, x, y, via: g * y * math.log(2)),
    elementwise("expm1", np.expm1, lambda g, x, y, via: g * (y + 1), math_function=math.expm1),
    elementwise("log", np.log, lambda g, x, y, via: _over(g, x, via), math_function=math.log,
                singular=1.0, domain=POSITIVE),
    elementwise("log2", np.log2, lambda g, x, y, via: _over(g, x, via) / math.log(2),
                math_function=math.log2, singular=1.0, domain=POSITIVE),
    elementwise("log10", np.log10, lambda g, x, y, via: _over(g, x, via) / math.log(10),
                math_function=math.log10, singular=1.0, domain=POSITIVE),
    elementwise("log1p", np.log1p, lambda g, x, y, via: _over(g, 1 + x, via),
                math_function=math.log1p, singular=1.0, domain=((-0.7, 2.0),)),
    elementwise("logaddexp", np.logaddexp, lambda g, a, b, y, via: g * np.exp(a - y),
                lambda g, a, b, y, via: g * np.exp(b - y)),
    elementwise("sqrt", np.sqrt, lambda g, x, y, via: g / (2 * y), math_function=math.sqrt,
                singular=1.0, domain=POSITIVE),
    elementwise("cbrt", np.cbrt, lambda g, x, y, via: g / (3 * y * y), singular=1.0,
                domain=POSITIVE),
    elementwise("square", np.square, lambda g, x, y, via: g * 2 * x),
    elementwise("reciprocal", np.reciprocal, lambda g, x, y, via: -g * y * y, singular=1.0,
                domain=POSITIVE),
)  # fmt: skip

_TRIGONOMETRY = (
    elementwise("sin", np.sin, lambda g, x, y, via: g * np.cos(x), math_function=math.sin),
    elementwise("cos", np.cos, lambda g, x, y, via: -g * np.sin(x), math_function=math.cos),
    elementwise("tan", np.tan, lambda g, x, y, via: g * (1 + y * y), math_function=math.tan,
                domain=((-1.2, 1.2),)),
    elementwise("arcsin", np.arcsin, lambda g, x, y, via: g / np.sqrt((1 - x) * (1 + x)),
                math_function=math.asin, singular=0.5, domain=UNIT),
    elementwise("arccos", np.arccos, lambda g, x, y, via: -g / np.sqrt((1 - x) * (1 + x)),
                math_function=math.acos, singular=0.5, domain=UNIT),
    elementwise("arctan", np.arctan, lambda g, x, y, via: g / (1 + x * x),
                math_function=math.atan),
    elementwise("sinh", np.sinh, lambda g, x, y, via: g * np.cosh(x), math_function=math.sinh),
    elementwise("cosh", np.cosh, lambda g, x, y, via: g * np.sinh(x), math_function=math.cosh),
    elementwise("tanh", np.tanh, lambda g, x, y, via: g * (1 - y * y), math_function=math.tanh),
    elementwise("arcsinh", np.arcsinh, lambda g, x, y, via: g / np.sqrt(x * x + 1),
                math_function=math.asinh),
    elementwise("arccosh", np.arccosh, lambda g, x, y, via: g / np.sqrt((x - 1) * (x + 1)),
                math_function=math.acosh, singular=2.0, domain=((1.2, 3.0),)),
    elementwise("arctanh", np.arctanh, lambda g, x, y, via: g / ((1 - x) * (1 + x)),
                math_function=math.atanh, singular=0.5, domain=UNIT),
    elementwise("arctan2", np.arctan2, lambda g, a, b, y, via: g * b / (a * a + b * b),
                lambda g, a, b, y, via: -g * a / (a * a + b * b), math_function=math.atan2,
                singular=1.0, domain=((0.3, 2.0), (0.3, 2.0))),
    elementwise("hypot", np.hypot, lambda g, a, b, y, via: g * a / select(y == 0, 1, y),
                lambda g, a, b, y, via: g * b / select(y == 0, 1, y), math_function=math.hypot,
                domain=((0.3, 2.0), (-2.0, -0.3))),
    elementwise("degrees", np.degrees, lambda g, x, y, via: g * (180 / math.pi),
                math_function=math.degrees),
    elementwise("radians", np.radians, lambda g, x, y, via: g * (math.pi / 180),
                math_function=math.radians),
    elementwise("rad2deg", np.rad2deg, lambda g, x, y, via: g * (180 / math.pi)),
    elementwise("deg2rad", np.deg2rad, lambda g, x, y, via: g * (math.pi / 180)),
)  # fmt: skip


def _sign(x: Any) -> Any:
    return x.emit("sign", via="helper" if x.is_python else "np")


_KINKS = (
    elementwise("abs", np.abs, lambda g, x, y, via: g * _sign(x), math_function=math.fabs,
                operator_function=abs, builtin=abs, masks=True, domain=((0.3, 2.0),)),
    elementwise("fabs", np.fabs, lambda g, x, y, via: g * _sign(x), masks=True,
                domain=((-2.0, -0.3),)),
    elementwise("maximum", np.maximum, lambda g, a, b, y, via: _larger(g, a, b),
                lambda g, a, b, y, via: _larger(g, b, a), builtin=max, masks=True),
    elementwise("minimum", np.minimum, lambda g, a, b, y, via: _smaller(g, a, b),
                lambda g, a, b, y, via: _smaller(g, b, a), builtin=min, masks=True),
    elementwise("fmax", np.fmax, lambda g, a, b, y, via: _larger(g, a, b),
                lambda g, a, b, y, via: _larger(g, b, a), masks=True),
    elementwise("fmin", np.fmin, lambda g, a, b, y, via: _smaller(g, a, b),
                lambda g, a, b, y, via: _smaller(g, b, a), masks=True),
    elementwise("sign", np.sign, helper=helpers.sign),
    elementwise("floor", np.floor, math_function=math.floor),
    elementwise("ceil", np.ceil, math_function=math.ceil),
    elementwise("trunc", np.trunc, math_function=math.trunc),
    elementwise("rint", np.rint),
)  # fmt: skip


def _select_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    condition, a, b = types
    if isinstance(condition, Scalar) and not isinstance(a, Array) and not isinstance(b, Array):
        return join(a, b)
    shape = broadcast_shapes(shape_of(t) for t in types)
    return Array(promote((a, b)), shape, weak=not shape)


def _where_type(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
    _, a, b = types
    return Array(promote((a, b)), broadcast_shapes(shape_of(t) for t in types))


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
    return select(c, g, 0)


def _otherwise(g: Any, c: Any, a: Any, b: Any, y: Any) -> Any:
    return select(c, 0, g)


_CHOICE = (
    Op("select", _select_type, _evaluate_select, _emit_select,
       rules=(None, _chosen, _otherwise), masks=True, view=(1, 2)),
    Op("where", _where_type, lambda attributes, operands: np.where(*operands),
       lambda emission: call("np.where", emission.operands),
       rules=(None, _chosen, _otherwise), masks=True, fresh=True, boxes=True,
       spellings={np.where: Spelling(lambda condition, x, y: arguments(condition, x, y))}),
)  # fmt: skip


def _clip_bind(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    lower, upper = (a_min if min is None else min), (a_max if max is None else max)
    bounds = [b for b in (lower, upper) if not _absent(b)]
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
    *limits, _ = rest
    if index:
        beyond = x < limits[0] if index == 1 and bounds != "upper" else x > limits[index - 1]
        return select(beyond, g, 0)
    if bounds == "both":
        return select((x >= limits[0]) & (x <= limits[1]), g, 0)
    return select(x >= limits[0] if bounds == "lower" else x <= limits[0], g, 0)


_CLIP = Op(
    "clip",
    lambda types, attributes: Array(
        promote(types), broadcast_shapes(shape_of(t) for t in types)
    ),
    _clip_numpy,
    _clip_emit,
    rules=_clip_rule,
    masks=True,
    fresh=True,
    spellings={np.clip: Spelling(_clip_bind), ("method", "clip"): Spelling(_clip_bind)},
)

ENTRIES: tuple[Op, ...] = (
    *_ARITHMETIC, *_COMPARISONS, *_LOGIC, *_EXPONENTIALS, *_TRIGONOMETRY, *_KINKS, *_CHOICE, _CLIP,
)  # fmt: skip
