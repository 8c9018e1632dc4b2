"""Elementwise functions of NumPy's that look at how floats are made, and kin of theirs.

    m, e = np.frexp(x)         m = np.frexp(x)[0], e = np.frexp(x)[1]
    q, r = np.divmod(a, b)     q = np.floor_divide(a, b), r = np.remainder(a, b)
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, shape_of
from ..runtime import helpers
from .elementwise import _power_base, _power_exponent, elementwise, select
from .emit import call
from .inference import as_array, ufunc_type
from .op import (
    DISCRETE,
    SHAPES,
    STEPWISE,
    Attributes,
    Emission,
    Expansion,
    Op,
    Rule,
    Spelling,
    arguments,
    operands_only,
)
from .stacks import as_it_is

__all__ = ["ENTRIES", "EXPANSIONS"]

_INTEGERS = ((1, 9), (1, 9))


def _copysign(g: Any, a: Any, b: Any, y: Any, via: str) -> Any:
    """As of abs: 0 where `a` is 0."""
    return g * _sign(a) * g.tracer.emit("copysign", (1.0, b), {"via": via})


def _sign(x: Any) -> Any:
    return x.emit("sign", via="helper" if x.is_python else "np")


def _ldexp(g: Any, x: Any, i: Any, y: Any, via: str) -> Any:
    return g.emit("ldexp", i, via=via)


def _without_gradient(name: str, *keys: Any, reason: str = DISCRETE, **more: Any) -> tuple[Op, ...]:
    """An entry for a ufunc that this NumPy may not have."""
    ufunc = getattr(np, name, None)
    if ufunc is None:
        return ()
    return (elementwise(name, ufunc, no_gradient=reason, **more),)


_UFUNCS = (
    elementwise("copysign", np.copysign, _copysign, math_function=math.copysign, masks=True,
                domain=((0.3, 2.0), (-2.0, -0.3))),
    elementwise("nextafter", np.nextafter, lambda g, a, b, y, via: g, None,
                math_function=math.nextafter),
    elementwise("ldexp", np.ldexp, _ldexp, None, math_function=math.ldexp,
                domain=((-2.0, 2.0), (-3, 3))),
    elementwise("heaviside", np.heaviside, None, lambda g, a, b, y, via: select(a == 0, g, 0.0),
                masks=True),
    elementwise("logaddexp2", np.logaddexp2, lambda g, a, b, y, via: g * np.exp2(a - y),
                lambda g, a, b, y, via: g * np.exp2(b - y)),
    *_without_gradient("spacing", reason=STEPWISE),
    *_without_gradient("signbit"),
    *_without_gradient("gcd", domain=_INTEGERS),
    *_without_gradient("lcm", domain=_INTEGERS),
    *_without_gradient("bitwise_count", domain=_INTEGERS[:1]),
)  # fmt: skip


def _float_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """float32 stays, ints become float64."""
    dtype = as_array(types[0]).dtype
    return Array(dtype if dtype[0] in "fc" else "f8", shape_of(types[0]))


def _bool_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Array("b1", shape_of(types[0]))


def _same_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return as_array(types[0])


def _plain(
    name: str, rule: Rule | None, infer: Callable[..., Type] = _float_type, boxes: bool = False,
    **more: Any,
) -> Op:  # fmt: skip
    """A function of one array that isn't a ufunc."""
    function = getattr(np, name)
    return Op(
        name, infer, lambda attributes, operands: function(*operands),
        lambda emission: call(f"np.{name}", emission.operands), batch=as_it_is,
        rules=(rule,) if rule else None,
        spellings={function: Spelling(operands_only(1))}, fresh=True, boxes=boxes,
        samples=tuple(map(arguments, SHAPES)) if rule else (), **more,
    )  # fmt: skip


def _derivatives(name: str, evaluate: Callable[[Any, int], Any], rule: Rule, first: int) -> Op:
    """Derivatives of any order of a function, by a helper of the same name."""
    return Op(
        name, _float_type, lambda attributes, operands: evaluate(operands[0], attributes["order"]),
        lambda emission: _emit_order(name, emission), rules=(rule,), fresh=True,
        samples=tuple(arguments(shape, order=n) for shape in SHAPES for n in (first, first + 1)),
    )  # fmt: skip


def _emit_order(name: str, emission: Emission) -> ast.expr:
    (x,), order = emission.operands, ast.Constant(emission.attributes["order"])
    return call(f"helper.{name}", (order, x) if name == "bessel_i" else (x, order))


def _bessel_rule(g: Any, x: Any, y: Any, order: int) -> Any:
    above = x.emit("bessel_i", order=order + 1)
    if order == 0:
        return g * above
    return g * (x.emit("bessel_i", order=order - 1) + above) / 2


_FUNCTIONS = (
    _plain("sinc", lambda g, x, y: g * x.emit("sinc_derivative", order=1)),
    _plain("i0", lambda g, x, y: g * x.emit("bessel_i", order=1), boxes=True),
    _plain("fix", None, _same_type, no_gradient=STEPWISE),
    _plain("isneginf", None, _bool_type, no_gradient=DISCRETE),
    _plain("isposinf", None, _bool_type, no_gradient=DISCRETE),
    _derivatives("sinc_derivative", helpers.sinc_derivative,
                 lambda g, x, y, order: g * x.emit("sinc_derivative", order=order + 1), 1),
    _derivatives("bessel_i", lambda x, order: helpers.bessel_i(order, x), _bessel_rule, 0),
)  # fmt: skip


def _parts(ufunc: np.ufunc, rule: Rule) -> tuple[Op, ...]:
    """`frexp` and `modf`: an entry for each of the two results."""

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        return ufunc_type(ufunc, types, attributes["part"])

    def emit(emission: Emission) -> ast.expr:
        made = call(f"np.{ufunc.__name__}", emission.operands)
        return ast.Subscript(made, ast.Constant(emission.attributes["part"]), ast.Load())

    def part(name: str, rules: tuple[Rule, ...], **more: Any) -> Op:
        return Op(
            name, infer, lambda attributes, operands: ufunc(*operands)[attributes["part"]], emit,
            rules=rules, fresh=True, **more,
        )  # fmt: skip

    return (
        part(f"{ufunc.__name__}_fraction", (rule,),
             samples=tuple(arguments(shape, part=0) for shape in SHAPES)),
        part(f"{ufunc.__name__}_whole", (), no_gradient=STEPWISE),
    )  # fmt: skip


def _both(name: str) -> Callable[[Any], Any]:
    return lambda x: (x.emit(f"{name}_fraction", part=0), x.emit(f"{name}_whole", part=1))


def _mantissa(g: Any, x: Any, y: Any, part: int) -> Any:
    return g.emit("ldexp", -x.emit("frexp_whole", part=1), via="np")


ENTRIES: tuple[Op, ...] = (
    *_UFUNCS,
    elementwise("float_power", np.float_power, _power_base, _power_exponent,
                domain=((0.3, 2.0), (-2.0, 3.0)), singular=1.0),
    *_FUNCTIONS,
    *_parts(np.frexp, _mantissa),
    *_parts(np.modf, lambda g, x, y, part: g),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("frexp", _both("frexp"), (np.frexp,),
              examples=("np.frexp({})[0]", "np.frexp({2,3})[0]")),
    Expansion("modf", _both("modf"), (np.modf,),
              examples=("np.modf({})[0]", "np.modf({3})")),
    Expansion("divmod", lambda x1, x2, /: (np.floor_divide(x1, x2), np.remainder(x1, x2)),
              (np.divmod,), examples=("np.divmod({3}, 0.7)", "np.divmod({3}, {})")),
)  # fmt: skip
