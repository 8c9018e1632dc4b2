"""Bessel functions, hypergeometric functions and elliptic integrals of SciPy.

    y = special.j1(x)        grad_x = grad_y * 0.5 * (special.j0(x) - special.jv(2, x))

By the recurrences of the orders (DLMF 10.6.1, 10.29.1), which hold at 0 too: none divides by x. The
order itself is a constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .op import Op
from .scipy_special import by_constant, special, special_function

__all__ = ["ENTRIES"]

POSITIVE = (0.5, 3.0)
WIDE = (-2.0, 2.0)
ORDERS = (0, 4)


def _sign(x: Any) -> Any:
    return x.emit("sign", via="helper" if x.is_python else "np")


Rule = Callable[[Any, Any, Any, Any], Any]


def _order(v: Any, step: int) -> Any:
    """The order next to `v`: a number, where it is one."""
    order = v if v.constant is None else v.constant
    return order + step if step > 0 else order - -step


def _raised(*parameters: Any) -> list[Any]:
    return [_order(v, 1) for v in parameters]


def _of_order(
    name: str, rule: Rule, domain: tuple[float, float] = POSITIVE, singular: float | None = None
) -> Op:
    """A function of an order and a number."""
    return special_function(
        name, by_constant(name, "v"), rule, domain=(ORDERS, domain), singular=singular
    )


def _difference(function: str) -> Rule:
    def rule(g: Any, v: Any, x: Any, y: Any) -> Any:
        f = getattr(special, function)
        return g * 0.5 * (f(_order(v, -1), x) - f(_order(v, 1), x))

    return rule


def _total(function: str) -> Callable[[Any, Any], Any]:
    def total(v: Any, x: Any) -> Any:
        f = getattr(special, function)
        return 0.5 * (f(_order(v, -1), x) + f(_order(v, 1), x))

    return total


_FIRST = (
    special_function("j0", lambda g, x, y: -g * special.j1(x)),
    special_function("j1", lambda g, x, y: g * 0.5 * (special.j0(x) - special.jv(2, x))),
    special_function("y0", lambda g, x, y: -g * special.y1(x), domain=(POSITIVE,), singular=1.0),
    special_function("y1", lambda g, x, y: g * 0.5 * (special.y0(x) - special.yv(2, x)),
                     domain=(POSITIVE,), singular=1.0),
    _of_order("jv", _difference("jv")),
    _of_order("yv", _difference("yv"), singular=1.0),
    _of_order("yn", _difference("yv"), singular=1.0),
)  # fmt: skip

_MODIFIED = (
    special_function("i0", lambda g, x, y: g * special.i1(x)),
    special_function("i1", lambda g, x, y: g * 0.5 * (special.i0(x) + special.iv(2, x))),
    special_function("k0", lambda g, x, y: -g * special.k1(x), domain=(POSITIVE,), singular=1.0),
    special_function("k1", lambda g, x, y: -g * 0.5 * (special.k0(x) + special.kv(2, x)),
                     domain=(POSITIVE,), singular=1.0),
    _of_order("iv", lambda g, v, x, y: g * _total("iv")(v, x)),
    _of_order("kv", lambda g, v, x, y: -g * _total("kv")(v, x), singular=1.0),
    _of_order("kn", lambda g, v, x, y: -g * _total("kv")(v, x), singular=1.0),
)  # fmt: skip

# Scaled by exp(-abs(x)), which has a kink at 0, or by exp(x).
_SCALED = (
    special_function("i0e", lambda g, x, y: g * (special.i1e(x) - _sign(x) * y),
                     domain=((0.3, 2.0),)),
    special_function("i1e", lambda g, x, y: g * (
        0.5 * (special.i0e(x) + special.ive(2, x)) - _sign(x) * y), domain=((-2.0, -0.3),)),
    special_function("k0e", lambda g, x, y: g * (y - special.k1e(x)), domain=(POSITIVE,),
                     singular=1.0),
    special_function("k1e", lambda g, x, y: g * (
        y - 0.5 * (special.k0e(x) + special.kve(2, x))), domain=(POSITIVE,), singular=1.0),
    _of_order("ive", lambda g, v, x, y: g * (_total("ive")(v, x) - _sign(x) * y)),
    _of_order("kve", lambda g, v, x, y: g * (y - _total("kve")(v, x)), singular=1.0),
)  # fmt: skip

_HYPERGEOMETRIC = (
    # 13.3.15, 15.5.1, 16.3.1.
    special_function("hyp0f1", by_constant("hyp0f1", "v"),
                     lambda g, v, z, y: g * special.hyp0f1(_order(v, 1), z) / v,
                     domain=((1, 4), WIDE), singular=0.5),
    special_function("hyp1f1", by_constant("hyp1f1", "a"), by_constant("hyp1f1", "b"),
                     lambda g, a, b, x, y: g * (a / b) * special.hyp1f1(*_raised(a, b), x),
                     domain=((1, 4), (1, 4), WIDE), singular=0.5),
    special_function("hyp2f1", by_constant("hyp2f1", "a"), by_constant("hyp2f1", "b"),
                     by_constant("hyp2f1", "c"),
                     lambda g, a, b, c, z, y: (
                         g * (a * b / c) * special.hyp2f1(*_raised(a, b, c), z)),
                     domain=((1, 3), (1, 3), (1, 3), (-0.7, 0.7)), singular=0.5),
)  # fmt: skip

# 19.5.1 and 19.5.2 give K and E as hypergeometric functions, whose derivatives are regular at 0.
_ELLIPTIC = (
    special_function("ellipk", lambda g, m, y: (
        g * (math.pi / 8) * special.hyp2f1(1.5, 1.5, 2, m)), singular=0.5,
        domain=((-0.9, 0.9),)),
    special_function("ellipe", lambda g, m, y: (
        -g * (math.pi / 8) * special.hyp2f1(0.5, 1.5, 2, m)), singular=0.5,
        domain=((-0.9, 0.9),)),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    *_FIRST, *_MODIFIED, *_SCALED, *_HYPERGEOMETRIC, *_ELLIPTIC,
)  # fmt: skip
