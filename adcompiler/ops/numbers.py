"""Numbers: what only `math` has, what takes a float apart, and integers' functions.

    y = math.lgamma(x)             grad_x = grad_y * polygamma(0, x)
    m, e = math.frexp(x)           m = math.frexp(x)[0], e = math.frexp(x)[1]
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Scalar, Type, rank
from ..runtime import helpers
from .emit import call
from .op import (
    DISCRETE,
    STEPWISE,
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Rule,
    Spelling,
    arguments,
)

__all__ = ["ENTRIES", "EXPANSIONS"]


def _number(kind: str) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        if any(rank(t) for t in types):
            raise OperationError("`math` takes numbers, no arrays", "use the NumPy function")
        return Scalar(kind)

    return infer


def of_math(
    name: str,
    *rules: Rule | None,
    kind: str = "float",
    domain: Sequence[tuple[float, float]] = ((-2.0, 2.0),),
    raises: bool = False,
    masks: bool = False,
    no_gradient: str = "",
) -> tuple[Op, ...]:
    """An entry for a function that `math` alone has; none where this Python is older than it."""
    function = getattr(math, name, None)
    if function is None:
        return ()

    def bind(*operands: Any) -> Bound:
        if domain and len(operands) != len(domain):
            raise TypeError(f"{len(domain)} arguments are supported, not {len(operands)}")
        return operands, {}

    entry = Op(
        name if domain else f"math_{name}", _number(kind),
        lambda attributes, operands: function(*operands),
        lambda emission: call(f"math.{name}", emission.operands), rules=rules, masks=masks,
        spellings={function: Spelling(bind, {"via": "math"})},
        elementwise=0 < len(domain) < 3, domain=tuple(domain) if len(domain) < 3 else (),
        samples=(arguments((), (), 1.5, via="math"),) if len(domain) == 3 else (),
        raises=(lambda types, attributes, known: True) if raises else None,
        no_gradient=no_gradient,
    )  # fmt: skip
    return (entry,)


def _digamma(x: Any) -> Any:
    return x.emit("polygamma", order=0)


_ROOT = 2 / math.sqrt(math.pi)
_INTEGERS = ((1, 9), (1, 9))

_OF_MATH = (
    *of_math("gamma", lambda g, x, y, via: g * y * _digamma(x), raises=True, domain=((0.5, 4.0),)),
    *of_math("lgamma", lambda g, x, y, via: g * _digamma(x), raises=True, domain=((-0.9, -0.1),)),
    *of_math("erf", lambda g, x, y, via: g * _ROOT * np.exp(-x * x)),
    *of_math("erfc", lambda g, x, y, via: -g * _ROOT * np.exp(-x * x)),
    *of_math("remainder", lambda g, a, b, y, via: g,
             lambda g, a, b, y, via: -g * ((a - y) / b).emit("rint", via="np"), raises=True,
             domain=((2.6, 2.9), (1.1, 1.2))),
    *of_math("ulp", no_gradient=STEPWISE),
    *of_math("isqrt", kind="int", domain=_INTEGERS[:1], raises=True, no_gradient=DISCRETE),
    *of_math("factorial", kind="int", domain=_INTEGERS[:1], raises=True, no_gradient=DISCRETE),
    *of_math("comb", kind="int", domain=_INTEGERS, raises=True, no_gradient=DISCRETE),
    *(one for name in ("perm", "gcd", "lcm")
      for one in of_math(name, kind="int", domain=(), raises=True, no_gradient=DISCRETE)),
    *of_math("fma", lambda g, a, b, c, y, via: g * b, lambda g, a, b, c, y, via: g * a,
             lambda g, a, b, c, y, via: g, domain=((-2.0, 2.0),) * 3, raises=True),
)  # fmt: skip


def _bind_isclose(a: Any, b: Any, *, rel_tol: Any = 1e-9, abs_tol: Any = 0.0) -> Bound:
    return arguments(a, b, rel_tol, abs_tol)


def _emit_isclose(emission: Emission) -> ast.expr:
    a, b, relative, absolute = emission.operands
    return call("math.isclose", (a, b), rel_tol=relative, abs_tol=absolute)


def _parts(name: str, rule: Rule | None, second: str) -> tuple[Op, ...]:
    """`math.frexp` and `math.modf`: an entry for each of the two results."""
    function = getattr(math, name)

    def part(index: int, kind: str, rules: tuple[Rule, ...]) -> Op:
        return Op(
            f"math_{name}_{index}", _number(kind),
            lambda attributes, operands: function(*operands)[index],
            lambda emission: ast.Subscript(
                call(f"math.{name}", emission.operands), ast.Constant(index), ast.Load()),
            rules=rules, samples=(arguments(()), arguments(0.7)) if rules else (),
            no_gradient="" if rules else STEPWISE,
        )  # fmt: skip

    return (part(0, "float", (rule,) if rule else ()), part(1, second, ()))


def _both(name: str) -> Callable[[Any], Any]:
    return lambda x: (x.emit(f"math_{name}_0"), x.emit(f"math_{name}_1"))


def _mantissa(g: Any, x: Any, y: Any) -> Any:
    return g.tracer.call(math.ldexp, g, -x.emit("math_frexp_1"))


ENTRIES: tuple[Op, ...] = (
    *_OF_MATH,
    *_parts("frexp", _mantissa, "int"),
    *_parts("modf", lambda g, x, y: g, "float"),
    Op("isclose_numbers", _number("bool"),
       lambda attributes, operands: math.isclose(
           *operands[:2], rel_tol=operands[2], abs_tol=operands[3]),
       _emit_isclose, spellings={math.isclose: Spelling(_bind_isclose)}, no_gradient=DISCRETE),
    Op("polygamma", _number("float"),
       lambda attributes, operands: helpers.polygamma(attributes["order"], operands[0]),
       lambda emission: call(
           "helper.polygamma", (ast.Constant(emission.attributes["order"]), *emission.operands)),
       rules=(lambda g, x, y, order: g * x.emit("polygamma", order=order + 1),),
       samples=tuple(arguments(x, order=n) for x in (0.7, 3.5, -0.6) for n in (0, 1, 2))),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("math.frexp", _both("frexp"), (math.frexp,), examples=("math.frexp({})[0]",)),
    Expansion("math.modf", _both("modf"), (math.modf,),
              examples=("math.modf({})[0]",)),
)  # fmt: skip
