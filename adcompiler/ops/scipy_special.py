"""Special functions of SciPy that are ufuncs: error functions, gamma functions, logarithms.

    y = special.erf(x)        grad_x = grad_y * (2 / np.sqrt(np.pi)) * np.exp(-x * x)

A rule is a line of calculus, as in `elementwise`; sections named are those of the NIST Digital
Library of Mathematical Functions (dlmf.nist.gov). SciPy is imported when a user's function has
imported it, and never by this table (see `late`).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Type
from .elementwise import select
from .emit import call, constant
from .inference import ufunc_type
from .late import Late, Package
from .op import SHAPES, STEPWISE, Op, OperationError, Rule, Spelling, arguments, operands_only

__all__ = ["ENTRIES", "by_constant", "special", "special_function"]

special = Package("scipy.special")

Domain = Sequence[tuple[float, float]]
POSITIVE = (0.3, 3.0)
UNIT = (0.1, 0.9)
WIDE = (-2.0, 2.0)


def special_function(
    name: str,
    *rules: Rule | None,
    domain: Domain = (WIDE,),
    singular: float | Callable[..., float | None] | None = None,
    masks: bool = False,
    also: str | None = None,
    no_gradient: str = "",
) -> Op:
    """An entry for the ufunc of this name in scipy.special, and for another name of it there."""
    spelling = Spelling(operands_only(len(domain)), {"via": "scipy"})

    def infer(types: Sequence[Type], attributes: Any) -> Type:
        return ufunc_type(getattr(special, name), types)

    return Op(
        f"special_{name}",
        infer,
        lambda attributes, operands: getattr(special, name)(*operands),
        lambda emission: call(f"special.{name}", emission.operands),
        rules=tuple(map(_without_via, rules)),
        spellings={Late("scipy.special", one): spelling for one in (name, also) if one},
        ufunc=lambda attributes: f"special.{name}",
        elementwise=True,
        singular=singular,
        masks=masks,
        fresh=True,
        domain=tuple(domain),
        no_gradient=no_gradient,
        needs="scipy",
    )


def _without_via(rule: Rule | None) -> Rule | None:
    if rule is None:
        return None
    return lambda *operands, via: rule(*operands)


def by_constant(name: str, parameter: str) -> Rule:
    """The rule of a parameter by which there is no derivative in closed form."""

    def rule(*operands: Any) -> Any:
        raise OperationError(
            f"scipy.special.{name} has no derivative in closed form by its parameter `{parameter}`",
            f"compute `{parameter}` from nothing that is differentiated",
        )

    return rule


def _normal(x: Any) -> Any:
    """The density of the standard normal distribution."""
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _unless_zero(x: Any, y: Any, z: Any) -> Any:
    """x / y, and 0 where x is 0: x * log(y) is 0 there for every y."""
    if y.is_python and getattr(x.type, "dtype", "f8") != "f8":
        y = y.astype(z.type.dtype)  # else the choice between two Python floats would be a float64
    return x / select(x == 0, 1.0, y)


_TWO = 2 / math.sqrt(math.pi)
_HALF = math.sqrt(math.pi) / 2

_ERRORS = (
    # 7.2, 7.7, 7.17.
    special_function("erf", lambda g, x, y: g * _TWO * np.exp(-x * x)),
    special_function("erfc", lambda g, x, y: -g * _TWO * np.exp(-x * x)),
    special_function("erfcx", lambda g, x, y: g * (2 * x * y - _TWO)),
    special_function("erfi", lambda g, x, y: g * _TWO * np.exp(x * x)),
    special_function("erfinv", lambda g, x, y: g * _HALF * np.exp(y * y), singular=0.0,
                     domain=((-0.8, 0.8),)),
    special_function("erfcinv", lambda g, x, y: -g * _HALF * np.exp(y * y), singular=1.0,
                     domain=((0.2, 1.8),)),
    special_function("dawsn", lambda g, x, y: g * (1 - 2 * x * y)),
    special_function("ndtr", lambda g, x, y: g * _normal(x)),
    special_function("log_ndtr", lambda g, x, y: g * x.emit("special_mills")),
    special_function("ndtri", lambda g, x, y: g * math.sqrt(2 * math.pi) * np.exp(y * y / 2),
                     singular=0.5, domain=(UNIT,)),
)  # fmt: skip



def _mills(x: ast.expr) -> ast.expr:
    below = ast.BinOp(ast.UnaryOp(ast.USub(), x), ast.Div(), constant(math.sqrt(2)))
    scaled = call("special.erfcx", (below,))
    return ast.BinOp(constant(math.sqrt(2 / math.pi)), ast.Div(), scaled)


# The normal density over ndtr(x), by 7.8.1: neither is computed where it would vanish.
_MILLS = Op(
    "special_mills",
    lambda types, attributes: ufunc_type(special.erfcx, types),
    lambda attributes, operands: (
        math.sqrt(2 / math.pi) / special.erfcx(-operands[0] / math.sqrt(2))
    ),
    lambda emission: _mills(emission.operands[0]),
    rules=(lambda g, x, y: -g * y * (x + y),),
    fresh=True,
    samples=tuple(arguments(shape) for shape in SHAPES),
    needs="scipy",
)

_GAMMAS = (
    # 5.2, 5.12, 5.15, 8.2, 8.17.
    special_function("gamma", lambda g, x, y: g * y * special.psi(x), domain=(POSITIVE,),
                     singular=1.0),
    special_function("gammaln", lambda g, x, y: g * special.psi(x), domain=(POSITIVE,),
                     singular=1.0),
    special_function("loggamma", lambda g, x, y: g * special.psi(x), domain=(POSITIVE,),
                     singular=1.0),
    special_function("rgamma", lambda g, x, y: -g * y * special.psi(x), domain=(POSITIVE,),
                     singular=1.0),
    special_function("gammasgn", no_gradient=STEPWISE),
    special_function("psi", lambda g, x, y: g * x.emit("special_polygamma", n=1), also="digamma",
                     domain=(POSITIVE,), singular=1.0),
    special_function("beta",
                     lambda g, a, b, y: g * y * (special.psi(a) - special.psi(a + b)),
                     lambda g, a, b, y: g * y * (special.psi(b) - special.psi(a + b)),
                     domain=(POSITIVE, POSITIVE), singular=1.0),
    special_function("betaln", lambda g, a, b, y: g * (special.psi(a) - special.psi(a + b)),
                     lambda g, a, b, y: g * (special.psi(b) - special.psi(a + b)),
                     domain=(POSITIVE, POSITIVE), singular=1.0),
    special_function("binom",
                     lambda g, n, k, y: g * y * (special.psi(n + 1) - special.psi(n - k + 1)),
                     lambda g, n, k, y: g * y * (special.psi(n - k + 1) - special.psi(k + 1)),
                     domain=((3.2, 4.8), (1.2, 2.8)), singular=1.0),
    special_function("poch",
                     lambda g, z, m, y: g * y * (special.psi(z + m) - special.psi(z)),
                     lambda g, z, m, y: g * y * special.psi(z + m),
                     domain=(POSITIVE, POSITIVE), singular=1.0),
    special_function("gammainc", by_constant("gammainc", "a"),
                     lambda g, a, x, y: g * _gamma_density(a, x),
                     domain=((1, 4), POSITIVE), singular=1.0),
    special_function("gammaincc", by_constant("gammaincc", "a"),
                     lambda g, a, x, y: -g * _gamma_density(a, x),
                     domain=((1, 4), POSITIVE), singular=1.0),
    special_function("gammaincinv", by_constant("gammaincinv", "a"),
                     lambda g, a, p, y: g / _gamma_density(a, y),
                     domain=((1, 4), UNIT), singular=0.5),
    special_function("betainc", by_constant("betainc", "a"), by_constant("betainc", "b"),
                     lambda g, a, b, x, y: g * _beta_density(a, b, x),
                     domain=((1, 4), (1, 4), UNIT), singular=0.5),
    special_function("betaincinv", by_constant("betaincinv", "a"), by_constant("betaincinv", "b"),
                     lambda g, a, b, p, y: g / _beta_density(a, b, y),
                     domain=((1, 4), (1, 4), UNIT), singular=0.5),
)  # fmt: skip


def _gamma_density(a: Any, x: Any) -> Any:
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    powers = special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x)
    return np.exp(powers - special.betaln(a, b))


_LOGISTIC = (
    # 1 - y would lose all digits where y is nearly 1.
    special_function("expit", lambda g, x, y: g * y * special.expit(-x)),
    special_function("log_expit", lambda g, x, y: g * special.expit(-x)),
    special_function("logit", lambda g, x, y: g / (x * (1 - x)), singular=0.5, domain=(UNIT,)),
)

_LOGARITHMS = (
    special_function("xlogy", lambda g, x, y, z: g * np.log(y),
                     lambda g, x, y, z: g * _unless_zero(x, y, z), singular=1.0,
                     domain=(WIDE, POSITIVE)),
    special_function("xlog1py", lambda g, x, y, z: g * np.log1p(y),
                     lambda g, x, y, z: g * _unless_zero(x, 1 + y, z), singular=1.0,
                     domain=(WIDE, (-0.7, 2.0))),
    special_function("entr", lambda g, x, y: -g * (np.log(x) + 1), singular=1.0,
                     domain=(POSITIVE,)),
    special_function("rel_entr", lambda g, x, y, z: g * (np.log(x / y) + 1),
                     lambda g, x, y, z: -g * _unless_zero(x, y, z), singular=1.0,
                     domain=(POSITIVE, POSITIVE)),
    special_function("kl_div", lambda g, x, y, z: g * np.log(x / y),
                     lambda g, x, y, z: g * (1 - _unless_zero(x, y, z)), singular=1.0,
                     domain=(POSITIVE, POSITIVE)),
    special_function("log1p", lambda g, x, y: g / (1 + x), singular=1.0, domain=((-0.7, 2.0),)),
    special_function("boxcox", lambda g, x, k, y: g * np.power(x, k - 1),
                     by_constant("boxcox", "lmbda"), singular=1.0,
                     domain=(POSITIVE, (1, 4))),
    special_function("inv_boxcox", lambda g, y, k, x: g * np.power(x, 1 - k),
                     by_constant("inv_boxcox", "lmbda"), domain=(POSITIVE, (1, 4)), singular=1.0),
)  # fmt: skip

_DEGREE = math.pi / 180
_EXPONENTIALS = (
    special_function("expm1", lambda g, x, y: g * (y + 1)),
    special_function("exp2", lambda g, x, y: g * y * math.log(2)),
    special_function("exp10", lambda g, x, y: g * y * math.log(10)),
    special_function("cbrt", lambda g, x, y: g / (3 * y * y), singular=1.0, domain=(POSITIVE,)),
    special_function("cosm1", lambda g, x, y: -g * np.sin(x)),
    special_function("sindg", lambda g, x, y: g * _DEGREE * special.cosdg(x)),
    special_function("cosdg", lambda g, x, y: -g * _DEGREE * special.sindg(x)),
    # 13.2, 13.3.15: exprel(x) is M(1, 2, x), whose derivative is M(2, 3, x) / 2.
    special_function("exprel", lambda g, x, y: g * 0.5 * special.hyp1f1(2, 3, x)),
    special_function("expi", lambda g, x, y: g * np.exp(x) / x, singular=1.0, domain=(POSITIVE,)),
    special_function("exp1", lambda g, x, y: -g * np.exp(-x) / x, singular=1.0,
                     domain=(POSITIVE,)),
)  # fmt: skip


def _sign(x: Any) -> Any:
    return x.emit("sign", via="helper" if x.is_python else "np")


def _inside(delta: Any, r: Any) -> Any:
    return np.abs(r) <= delta


_LOSSES = (
    special_function("huber",
                     lambda g, d, r, y: select(_inside(d, r), 0.0, g * (np.abs(r) - d)),
                     lambda g, d, r, y: g * select(_inside(d, r), r, d * _sign(r)),
                     masks=True, domain=((0.9, 1.1), WIDE)),
    special_function("pseudo_huber",
                     lambda g, d, r, y: g * (2 * y / d - r * r / np.hypot(d, r)),
                     lambda g, d, r, y: g * r * d / np.hypot(d, r), singular=1.0,
                     domain=((0.5, 2.0), WIDE)),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    *_ERRORS, _MILLS, *_GAMMAS, *_LOGISTIC, *_LOGARITHMS, *_EXPONENTIALS, *_LOSSES,
)  # fmt: skip
