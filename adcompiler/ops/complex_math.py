"""`cmath`: functions of one complex number, which give Python's own.

    w = cmath.exp(z)              grad_z = grad_w * w
    r, phi = cmath.polar(z)       abs(z), cmath.phase(z)
    z = cmath.rect(r, phi)        grad_phi = (grad_z * 1j * z).real

Their last bits, and what they raise, aren't those of NumPy's functions of complex numbers.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import BOOL, COMPLEX, FLOAT, Type, is_complex, kind_of, shape_of
from .emit import default_call
from .op import DISCRETE, Attributes, Expansion, Op, OperationError, Spelling, operands_only

__all__ = ["ENTRIES", "EXPANSIONS"]


def _of_numbers(name: str, result: Type) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        if name == "rect" and any(map(is_complex, types)):
            raise OperationError("cmath.rect() takes real numbers", "take their .real")
        if any(shape_of(t) or kind_of(t) is None for t in types):
            raise OperationError(
                f"cmath.{name}() takes single numbers", "use NumPy's function for whole arrays"
            )
        return result

    return infer


def _op(
    function: Callable[..., Any], count: int, result: Type, rules: Any, samples: Any, **more: Any
) -> Op:
    name = function.__name__
    return Op(
        f"cmath_{name}", _of_numbers(name, result),
        lambda attributes, operands: function(*operands), default_call(f"cmath.{name}"),
        rules=rules, complex=True, spellings={function: Spelling(operands_only(count))},
        samples=tuple(operands_only(count)(*one) for one in samples), **more,
    )  # fmt: skip


def _as_complex(x: Any) -> Any:
    """The function goes on into the complex plane where a real number's own would end."""
    return x if is_complex(x.type) else x.emit("cast", type="complex")


_POINTS = ((0.7 + 0.4j,), (-0.3 + 1.2j,), ((),), (0.6,))


def _holomorphic(
    function: Callable[[Any], Any], slope: Callable[[Any, Any], Any], raises: bool = False
) -> Op:
    """`slope`: what the cotangent is multiplied by, of the argument and the result."""
    told = {"raises": lambda types, attributes, known: True} if raises else {}
    return _op(function, 1, COMPLEX, (lambda g, x, y: g * slope(_as_complex(x), y),), _POINTS,
               **told)  # fmt: skip


def _phase(g: Any, x: Any, y: Any) -> Any:
    z = _as_complex(x)
    size: Any = np.abs(z)
    return g * np.conj(z) / (size * size) * -1j


def _radius(g: Any, r: Any, phi: Any, y: Any) -> Any:
    return g * np.exp(1j * phi)


def _turn(g: Any, r: Any, phi: Any, y: Any) -> Any:
    return g * (1j * y)


def _yes_or_no(function: Callable[..., bool]) -> Op:
    return _op(function, 1, BOOL, None, (), no_gradient=DISCRETE)


ENTRIES: tuple[Op, ...] = (
    _holomorphic(cmath.exp, lambda z, w: w),
    _holomorphic(cmath.sqrt, lambda z, w: 0.5 / w),
    _holomorphic(cmath.log, lambda z, w: 1 / z, raises=True),
    _holomorphic(cmath.log10, lambda z, w: 0.4342944819032518 / z, raises=True),
    _holomorphic(cmath.sin, lambda z, w: np.cos(z)),
    _holomorphic(cmath.cos, lambda z, w: -np.sin(z)),
    _op(cmath.tan, 1, COMPLEX, (lambda g, x, y: g * (1 + y * y),), (_POINTS[0], _POINTS[3])),
    _holomorphic(cmath.sinh, lambda z, w: np.cosh(z)),
    _holomorphic(cmath.cosh, lambda z, w: np.sinh(z)),
    _holomorphic(cmath.tanh, lambda z, w: 1 - w * w),
    _holomorphic(cmath.asin, lambda z, w: 1 / np.cos(w)),
    _holomorphic(cmath.acos, lambda z, w: -1 / np.sin(w)),
    _holomorphic(cmath.atan, lambda z, w: 1 / (1 + z * z), raises=True),
    _holomorphic(cmath.asinh, lambda z, w: 1 / np.cosh(w)),
    _holomorphic(cmath.acosh, lambda z, w: 1 / np.sinh(w)),
    _holomorphic(cmath.atanh, lambda z, w: 1 / (1 - z * z), raises=True),
    _op(cmath.phase, 1, FLOAT, (_phase,), ((0.7 + 0.4j,), (-0.3 + 1.2j,), (-0.4 - 1j,), (0.6,))),
    _op(cmath.rect, 2, COMPLEX, (_radius, _turn), (((), ()), (1.5, 0.4), (-0.7, ()))),
    *map(_yes_or_no, (cmath.isnan, cmath.isinf, cmath.isfinite)),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("polar", lambda z: (z.emit("abs", via="op"), z.emit("cmath_phase")),
              (cmath.polar,), complex=True, examples=("cmath.polar({j})",)),
)  # fmt: skip
