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

from ..ir.types import (
    COMPLEX,
    FLOAT,
    Scalar,
    Type,
    TypeMismatch,
    is_complex,
    is_integer,
    join,
    shape_of,
)
from ..runtime import helpers
from .emit import call, infix, prefix
from .inference import as_array, operator_type, ufunc_type
from .op import (
    DISCRETE,
    STEPWISE,
    Attributes,
    Emission,
    Op,
    OperationError,
    Raises,
    Rule,
    Spelling,
    operands_only,
)

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
    masks: bool | Callable[[Sequence[Type], Attributes], bool] = False,
    raises: Raises | None = None,
    total: Raises | None = None,
    domain: Sequence[tuple[float, float]] = (),
    batch: Callable[..., Any] | None = None,
    terms: tuple[int, ...] = (),
    factors: tuple[int, ...] = (),
    square: Callable[..., bool] | None = None,
    faster: Mapping[str, Rule] | None = None,
    share: Rule | None = None,
    complex: bool = False,
    no_gradient: str = "",
) -> Op:
    """An entry for a ufunc and its counterparts in `math`, `operator` and the builtins."""
    functions = {
        "np": ufunc, "math": math_function, "op": operator_function or builtin, "helper": helper,
    }  # fmt: skip
    spellings: dict[object, Spelling] = {}
    for via, function in functions.items():
        if function is not None and via != "helper":
            spellings[function] = Spelling(operands_only(ufunc.nin), {"via": via})
    emitters = _emitters(name, ufunc, math_function, node, builtin, helper)
    # Python's power of an array takes short cuts that np.power doesn't.
    ways = ("np",) if isinstance(node, ast.Pow) else ("np", "op")
    ufuncs = dict.fromkeys(ways, _numpy_name(name, ufunc))

    def infer(types: Sequence[Type], attributes: Mapping[str, Any]) -> Type:
        return _infer(functions, ufunc, types, attributes["via"])

    return Op(
        name,
        infer,
        lambda attributes, operands: functions[attributes["via"]](*operands),
        lambda emission: emitters[emission.attributes["via"]](emission),
        rules=rules,
        spellings=spellings,
        ufunc=lambda attributes: ufuncs.get(attributes["via"], ""),
        elementwise=True,
        batch=batch,
        terms=terms,
        factors=factors,
        square=square,
        faster=faster or {},
        share=share,
        singular=singular,
        masks=masks,
        raises=raises,
        total=total,
        fresh=True,
        domain=tuple(domain) or ((-2.0, 2.0),) * ufunc.nin,
        complex=complex,
        no_gradient=no_gradient,
    )


def _emitters(
    name: str, ufunc: Any, math_function: Any, node: Node | None, builtin: Any, helper: Any
) -> dict[str, Callable[[Emission], ast.expr]]:
    def by_call(dotted: str) -> Callable[[Emission], ast.expr]:
        return lambda emission: call(dotted, emission.operands)

    emitters = {"np": by_call(_numpy_name(name, ufunc))}
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


def _numpy_name(name: str, ufunc: Any) -> str:
    return f"np.{_NUMPY_NAMES.get(name, ufunc.__name__)}"


def _infer(functions: Mapping[str, Any], ufunc: Any, types: Sequence[Type], via: str) -> Type:
    if via == "math":
        if any(map(is_complex, types)):
            name = functions["math"].__name__
            raise OperationError(
                f"math.{name}() takes real numbers", f"use np.{ufunc.__name__} for complex ones"
            )
        return Scalar(_MATH_KINDS.get(functions["math"], "float"))
    if via == "np":
        return ufunc_type(ufunc, types)
    if functions["op"] in (builtins.max, builtins.min):
        if any(shape_of(t) for t in types):
            raise OperationError(
                f"{functions['op'].__name__}() of whole arrays has no truth value",
                f"use np.{ufunc.__name__} or the array's own method",
            )
        return _either(types, functions["op"].__name__)
    function = functions["op"] or functions[via]
    return operator_type(function, ufunc, types)


def _either(types: Sequence[Type], name: str) -> Type:
    """One of the operands, as it comes."""
    result = types[0]
    for other in types[1:]:
        try:
            result = join(result, other)
        except TypeMismatch:
            raise OperationError(
                f"{name}() of {result} and {other} gives now one type, now the other",
                f"use np.{name}imum, or numbers of one dtype",
            ) from None
    return result


_MATH_KINDS: dict[Any, str] = {
    **dict.fromkeys((math.floor, math.ceil, math.trunc), "int"),
    **dict.fromkeys((math.isnan, math.isinf, math.isfinite), "bool"),
}


def _sigmoid(a: Any, b: Any) -> Any:
    """exp(a) / (exp(a) + exp(b)) of arrays."""
    difference = -a if b.constant == 0 else b - a
    if not difference.ndim or difference.type.dtype[0] != "f":
        return None
    largest = math.floor(math.log(np.finfo(difference.type.dtype).max))
    return 1 / (1 + np.exp(np.minimum(difference, largest)))


def select(condition: Any, chosen: Any, otherwise: Any) -> Any:
    """`chosen if condition else otherwise` for numbers, `np.where` for arrays."""
    tracer = condition.tracer
    return tracer.emit("select", (condition, chosen, otherwise), {})


def _power_base(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    exponent = b.constant
    if exponent is None:
        # The exponent n - 1 is kept away from -1 where n is 0: 0 ** -1 times 0 would be NaN.
        one = 1 if is_integer(b.type) else 1.0
        return g * b * _pow(a, select(b == 0, one, b - 1))
    if exponent in (0, 1):
        return g if exponent else None
    if exponent == 2:
        return g * 2 * a
    return g * exponent * _pow(a, exponent - 1)


def _pow(a: Any, exponent: Any) -> Any:
    """a ** exponent; IEEE where Python floats would raise."""
    constant = exponent if not hasattr(exponent, "tracer") else exponent.constant
    if a.is_python and not _is_at_least(constant, 0):
        return a.emit("pow", exponent, via="helper")
    return a**exponent


def _is_at_least(exponent: Any, bound: int) -> bool:
    """Whether a literal exponent is known, and a real number from the bound on."""
    return exponent is not None and not isinstance(exponent, complex) and exponent >= bound


def _as_products(a: Any, b: Any, via: str) -> Any:
    """x ** 3 of arrays as x * x ** 2: NumPy squares by a product, and takes logarithms for more."""
    exponent = b.constant
    if exponent not in range(3, 9) or not a.ndim or as_array(a.type).dtype[0] != "f":
        return None
    return _whole_power(a, int(exponent))


def _whole_power(x: Any, exponent: int) -> Any:
    if exponent == 1:
        return x
    square = _whole_power(x, exponent // 2) ** 2
    return x * square if exponent % 2 else square


def _power_exponent(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    if is_complex(y.type) and not is_complex(a.type) and not (a.constant and a.constant > 0):
        a = a.emit("cast", type="complex" if a.is_python else as_array(y.type).dtype)
    if a.constant:
        return g * y * np.log(a)
    # At a = 0 the limit of y * log(a) is 0 for every exponent above 0. `math.log` would raise at
    # the negative ones that `math.pow` takes.
    return g * y * select(a == 0, 1.0, a).emit("log", via="np")


def _quotient(g: Any, b: Any) -> Any:
    """g / b where the function itself would have raised at b = 0."""
    return g.tracer.call(operator.truediv, g, b)


def _quotient_dividend(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    """Python has raised at b = 0 if it has divided two of its numbers; NumPy has not."""
    has_raised = via == "op" and isinstance(y.type, Scalar)
    return _quotient(g, b) if has_raised else g / b


def _quotient_divisor(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    """Of 1 / b the result is all that is needed."""
    if a.constant == 1:
        return -g * y * y
    return _quotient_dividend(-g * y, a, b, y, via)


def _whole_quotient(a: Any, b: Any, via: str) -> Any:
    """a // b after a % b: where b is 0 Python has raised, `np.remainder` has not."""
    python = a.is_python and b.is_python
    return np.floor_divide(a, b) if via == "np" and python else a // b


def _over(g: Any, x: Any, via: str) -> Any:
    """g / x after log(x): `math.log` has raised where x is 0, `np.log` has not."""
    return _quotient(g, x) if via == "math" else g / x


def _root_of_square_less_one(x: Any) -> Any:
    """The root of x ** 2 - 1 that is the derivative of arccosh on its principal branch."""
    if is_complex(x.type):
        return np.sqrt(x - 1) * np.sqrt(x + 1)
    return np.sqrt((x - 1) * (x + 1))


def _times_mask(types: Sequence[Type], attributes: Attributes) -> bool:
    """Whether a product is with integers or bools: a mask, whose zeros are exact."""
    return any(map(is_integer, types))


def _power_singular(a: Any, b: Any, y: Any) -> float | None:
    """x ** 2 has no infinite partial, x ** 0.5 has one at 0."""
    return None if _is_at_least(b.constant, 1) else 1.0


def _quotient_singular(a: Any, b: Any, y: Any) -> float | None:
    """Python has raised at b = 0 if it has divided two of its numbers; NumPy has not."""
    return None if b.is_nonzero or isinstance(y.type, Scalar) else 1.0


def _outside_domain(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """`math` raises where NumPy gives NaN."""
    return bool(attributes["via"] == "math")


def _by_zero(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """Python numbers raise on `a % 0`."""
    return all(isinstance(t, Scalar) for t in types) and not known[1]


def _power_of_zero(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """Python numbers raise on `0 ** -1`, `math.pow` on `-1 ** 0.5` as well.

    An exponent that isn't known is taken to be no trap: `x ** i` would keep forward loops alive.
    """
    if attributes["via"] == "math":
        return True
    numbers = all(isinstance(t, Scalar) for t in types)
    return numbers and known[1] is not None and not _is_at_least(known[1], 0)


def _of_numbers(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """Sums and products of Python's floats overflow to an infinity; an int that isn't small may
    not be a float at all."""
    return attributes["via"] == "op" and all(
        t in (FLOAT, COMPLEX) or (type(number) is int and abs(number) < 2**53)
        for t, number in zip(types, known, strict=True)
    )


def _by_number(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """A quotient by a literal other than 0."""
    return bool(known[1]) and _of_numbers(types, attributes, known)


POSITIVE = ((0.3, 3.0),)
UNIT = ((-0.7, 0.7),)

_ARITHMETIC = (
    elementwise("add", np.add, lambda g, a, b, y, via: g, lambda g, a, b, y, via: g,
                operator_function=operator.add, node=ast.Add(), terms=(1, 1), complex=True,
                total=_of_numbers),
    elementwise("sub", np.subtract, lambda g, a, b, y, via: g, lambda g, a, b, y, via: -g,
                operator_function=operator.sub, node=ast.Sub(), terms=(1, -1), complex=True,
                total=_of_numbers),
    elementwise("mul", np.multiply, lambda g, a, b, y, via: g * b, lambda g, a, b, y, via: g * a,
                operator_function=operator.mul, node=ast.Mult(), factors=(1, 1), masks=_times_mask,
                complex=True, total=_of_numbers),
    elementwise("div", np.divide,
                _quotient_dividend, _quotient_divisor,
                operator_function=operator.truediv, node=ast.Div(), helper=helpers.divide,
                factors=(1, -1), singular=_quotient_singular, domain=((-2.0, 2.0), (0.5, 2.0)),
                complex=True, total=_by_number),
    elementwise("pow", np.power, _power_base, _power_exponent, math_function=math.pow,
                operator_function=operator.pow, node=ast.Pow(), helper=helpers.power,
                singular=_power_singular, raises=_power_of_zero, faster={"powers": _as_products},
                square=lambda a, b: bool(b.constant == 2),
                domain=((0.3, 2.0), (-2.0, 3.0)), complex=True),
    elementwise("neg", np.negative, lambda g, x, y, via: -g,
                operator_function=operator.neg, node=ast.USub(), terms=(-1,), complex=True,
                total=_of_numbers),
    elementwise("pos", np.positive, lambda g, x, y, via: g,
                operator_function=operator.pos, node=ast.UAdd(), terms=(1,), complex=True,
                total=_of_numbers),
    elementwise("mod", np.remainder, lambda g, a, b, y, via: g,
                lambda g, a, b, y, via: -g * _whole_quotient(a, b, via),
                operator_function=operator.mod, node=ast.Mod(), raises=_by_zero,
                singular=_quotient_singular, domain=((0.1, 0.9), (1.1, 2.0))),
    elementwise("fmod", np.fmod, lambda g, a, b, y, via: g,
                lambda g, a, b, y, via: -g * (a / b).emit("trunc", via="np"),
                math_function=math.fmod, raises=_outside_domain, singular=_quotient_singular,
                domain=((0.1, 0.9), (1.1, 2.0))),
    elementwise("floordiv", np.floor_divide, operator_function=operator.floordiv,
                node=ast.FloorDiv(), raises=_by_zero,
                domain=((-2.0, 2.0), (0.5, 2.0)), no_gradient=STEPWISE),
)  # fmt: skip

_COMPARISONS = tuple(
    elementwise(name, getattr(np, ufunc), operator_function=getattr(operator, name), node=node,
                no_gradient=DISCRETE)
    for name, ufunc, node in (
        ("lt", "less", ast.Lt()),
        ("le", "less_equal", ast.LtE()),
        ("gt", "greater", ast.Gt()),
        ("ge", "greater_equal", ast.GtE()),
        ("eq", "equal", ast.Eq()),
        ("ne", "not_equal", ast.NotEq()),
    )
)

_INTS = ((0, 7), (0, 7))
_LOGIC = (
    elementwise("and", np.bitwise_and, operator_function=operator.and_, node=ast.BitAnd(),
                domain=_INTS, no_gradient=DISCRETE),
    elementwise("or", np.bitwise_or, operator_function=operator.or_, node=ast.BitOr(),
                domain=_INTS, no_gradient=DISCRETE),
    elementwise("xor", np.bitwise_xor, operator_function=operator.xor, node=ast.BitXor(),
                domain=_INTS, no_gradient=DISCRETE),
    elementwise("invert", np.bitwise_not, operator_function=operator.invert, node=ast.Invert(),
                domain=_INTS[:1], no_gradient=DISCRETE),
    elementwise("lshift", np.left_shift, operator_function=operator.lshift, node=ast.LShift(),
                domain=_INTS, no_gradient=DISCRETE),
    elementwise("rshift", np.right_shift, operator_function=operator.rshift, node=ast.RShift(),
                domain=_INTS, no_gradient=DISCRETE),
    elementwise("logical_and", np.logical_and, no_gradient=DISCRETE),
    elementwise("logical_or", np.logical_or, no_gradient=DISCRETE),
    elementwise("logical_xor", np.logical_xor, no_gradient=DISCRETE),
    elementwise("logical_not", np.logical_not, no_gradient=DISCRETE),
    elementwise("isnan", np.isnan, math_function=math.isnan, no_gradient=DISCRETE),
    elementwise("isinf", np.isinf, math_function=math.isinf, no_gradient=DISCRETE),
    elementwise("isfinite", np.isfinite, math_function=math.isfinite, no_gradient=DISCRETE),
)

_EXPONENTIALS = (
    elementwise("exp", np.exp, lambda g, x, y, via: g * y, math_function=math.exp, complex=True),
    elementwise("exp2", np.exp2, lambda g, x, y, via: g * y * math.log(2),
                math_function=getattr(math, "exp2", None)),
    elementwise("expm1", np.expm1, lambda g, x, y, via: g * (y + 1), math_function=math.expm1,
                complex=True),
    elementwise("log", np.log, lambda g, x, y, via: _over(g, x, via), math_function=math.log,
                singular=1.0, raises=_outside_domain,
                domain=POSITIVE, complex=True),
    elementwise("log2", np.log2, lambda g, x, y, via: _over(g, x, via) / math.log(2),
                math_function=math.log2, singular=1.0, raises=_outside_domain,
                domain=POSITIVE, complex=True),
    elementwise("log10", np.log10, lambda g, x, y, via: _over(g, x, via) / math.log(10),
                math_function=math.log10, singular=1.0, raises=_outside_domain,
                domain=POSITIVE, complex=True),
    elementwise("log1p", np.log1p, lambda g, x, y, via: _over(g, 1 + x, via),
                math_function=math.log1p, singular=1.0, raises=_outside_domain,
                domain=((-0.7, 2.0),), complex=True),
    elementwise("logaddexp", np.logaddexp, lambda g, a, b, y, via: g * np.exp(a - y),
                lambda g, a, b, y, via: g * np.exp(b - y), share=_sigmoid),
    elementwise("sqrt", np.sqrt, lambda g, x, y, via: g / (2 * y), math_function=math.sqrt,
                singular=1.0, raises=_outside_domain,
                domain=POSITIVE, complex=True),
    elementwise("cbrt", np.cbrt, lambda g, x, y, via: g / (3 * y * y), singular=1.0,
                math_function=getattr(math, "cbrt", None), domain=POSITIVE),
    elementwise("square", np.square, lambda g, x, y, via: g * 2 * x, complex=True,
                square=lambda x: True),
    elementwise("reciprocal", np.reciprocal, lambda g, x, y, via: -g * y * y, singular=1.0,
                domain=POSITIVE, complex=True),
)  # fmt: skip

_TRIGONOMETRY = (
    elementwise("sin", np.sin, lambda g, x, y, via: g * np.cos(x), math_function=math.sin,
                complex=True),
    elementwise("cos", np.cos, lambda g, x, y, via: -g * np.sin(x), math_function=math.cos,
                complex=True),
    elementwise("tan", np.tan, lambda g, x, y, via: g * (1 + y * y), math_function=math.tan,
                domain=((-1.2, 1.2),), complex=True),
    elementwise("arcsin", np.arcsin, lambda g, x, y, via: g / np.sqrt((1 - x) * (1 + x)),
                math_function=math.asin, singular=0.5, raises=_outside_domain,
                domain=UNIT, complex=True),
    elementwise("arccos", np.arccos, lambda g, x, y, via: -g / np.sqrt((1 - x) * (1 + x)),
                math_function=math.acos, singular=0.5, raises=_outside_domain,
                domain=UNIT, complex=True),
    elementwise("arctan", np.arctan, lambda g, x, y, via: g / (1 + x * x),
                math_function=math.atan, complex=True),
    elementwise("sinh", np.sinh, lambda g, x, y, via: g * np.cosh(x), math_function=math.sinh,
                complex=True),
    elementwise("cosh", np.cosh, lambda g, x, y, via: g * np.sinh(x), math_function=math.cosh,
                complex=True),
    elementwise("tanh", np.tanh, lambda g, x, y, via: g * (1 - y * y), math_function=math.tanh,
                complex=True),
    elementwise("arcsinh", np.arcsinh, lambda g, x, y, via: g / np.sqrt(x * x + 1),
                math_function=math.asinh, complex=True),
    elementwise("arccosh", np.arccosh, lambda g, x, y, via: g / _root_of_square_less_one(x),
                math_function=math.acosh, singular=2.0, raises=_outside_domain,
                domain=((1.2, 3.0),), complex=True),
    elementwise("arctanh", np.arctanh, lambda g, x, y, via: g / ((1 - x) * (1 + x)),
                math_function=math.atanh, singular=0.5, raises=_outside_domain,
                domain=UNIT, complex=True),
    elementwise("arctan2", np.arctan2, lambda g, a, b, y, via: g * b / (a * a + b * b),
                lambda g, a, b, y, via: -g * a / (a * a + b * b), math_function=math.atan2,
                singular=1.0, domain=((0.3, 2.0), (0.3, 2.0))),
    elementwise("hypot", np.hypot, lambda g, a, b, y, via: g * a / select(y == 0, 1.0, y),
                lambda g, a, b, y, via: g * b / select(y == 0, 1.0, y), math_function=math.hypot,
                domain=((0.3, 2.0), (-2.0, -0.3))),
    elementwise("degrees", np.degrees, lambda g, x, y, via: g * (180 / math.pi),
                math_function=math.degrees),
    elementwise("radians", np.radians, lambda g, x, y, via: g * (math.pi / 180),
                math_function=math.radians),
    elementwise("rad2deg", np.rad2deg, lambda g, x, y, via: g * (180 / math.pi)),
    elementwise("deg2rad", np.deg2rad, lambda g, x, y, via: g * (math.pi / 180)),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    *_ARITHMETIC, *_COMPARISONS, *_LOGIC, *_EXPONENTIALS, *_TRIGONOMETRY,
)  # fmt: skip
