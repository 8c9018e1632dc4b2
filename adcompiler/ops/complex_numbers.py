"""Complex numbers: their parts, conjugates and angles.

The cotangent of z = x + iy is dL/dx - i dL/dy, so that dL is the real part of (cotangent * dz). A
holomorphic function's rule is then its derivative times `g`, with no conjugate. What isn't
holomorphic has its rules here, `abs` among the kinks.

    r = z.real              grad_z = grad_r                  (made complex where it is added)
    i = z.imag              grad_z = -grad_i * 1j
    w = np.conj(z)          grad_z = np.conj(grad_w)
    a = np.angle(z)         grad_z = -grad_a * 1j / z
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import (
    COMPLEX,
    FLOAT,
    Array,
    List,
    Scalar,
    Type,
    is_complex,
    kind_of,
    precision,
    rank,
    shape_of,
)
from .emit import attribute, call, default_call, method
from .inference import as_array, ufunc_type
from .op import (
    DISCRETE,
    SHAPES,
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
    operands_only,
)
from .stacks import as_it_is

__all__ = ["ENTRIES", "EXPANSIONS"]


def _part_type(types: Sequence[Type], attributes: Attributes) -> Type:
    match types[0]:
        case Scalar(kind):
            return {"complex": FLOAT, "bool": Scalar("int")}.get(kind, types[0])
        case Array(dtype, shape, weak):
            return Array(precision(dtype), shape, weak)
    raise OperationError(f"the parts of a {types[0]}", "pass a number or an array")


def _real_shares(types: Sequence[Type], attributes: Attributes) -> str:
    return "view"


def _imag_shares(types: Sequence[Type], attributes: Attributes) -> str:
    """A part of the array's memory, but not at a place whose gradient is a part of the array's:
    that of the imaginary part is turned round."""
    return "related" if is_complex(types[0]) else "copy"


def _part(name: str, function: Any, shares: Any, rule: Any) -> Op:
    return Op(
        name,
        _part_type,
        lambda attributes, operands: getattr(operands[0], name),
        lambda emission: attribute(emission.operands[0], name),
        linear="together",
        batch=as_it_is,
        rules=(rule,),
        spellings={function: Spelling(operands_only(1)), ("attribute", name): _ALONE},
        view=(0,),
        shares=shares,
        boxes=True,
        complex=True,
        samples=tuple(arguments(shape) for shape in SHAPES),
        examples=_EXAMPLES[name],
    )


_ALONE = Spelling(operands_only(1))
_EXAMPLES = {
    "real": ("np.real({3} * np.exp(1j * {3}))", "({2,3} * (1 + 2j)).real", "np.real({})"),
    "imag": ("np.imag(np.exp(1j * {3}))", "({2,3} * (1 + 2j)).imag ** 2", "np.imag({3})"),
}


def _imag(g: Any, x: Any, y: Any) -> Any:
    return -g * 1j if is_complex(x.type) else None


def _conj_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if attributes["via"] == "np":
        return ufunc_type(np.conjugate, types)
    if isinstance(types[0], List):
        raise OperationError("a list has no conjugate", "use np.conj")
    if isinstance(types[0], Scalar) and attributes["via"] == "conj":
        raise OperationError("a Python number has no .conj()", "use .conjugate()")
    return types[0]


def _conj_shares(types: Sequence[Type], attributes: Attributes) -> str:
    """The method gives an array of real numbers itself."""
    return "copy" if attributes["via"] == "np" or is_complex(types[0]) else "view"


def _conj(attributes: Attributes, operands: Sequence[Any]) -> Any:
    via = attributes["via"]
    return np.conjugate(operands[0]) if via == "np" else getattr(operands[0], via)()


def _emit_conj(emission: Emission) -> ast.expr:
    via = emission.attributes["via"]
    return (
        call("np.conj", emission.operands) if via == "np" else method(emission.operands[0], via)
    )


def _angle_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    dtype = precision(array.dtype)
    return Array(dtype if dtype[0] == "f" else "f8", array.shape)


def _bind_angle(z: Any, deg: Any = False) -> Bound:
    return arguments(z, via="np", deg=deg)


def _angle(g: Any, x: Any, y: Any, via: str, deg: bool = False) -> Any:
    if not is_complex(x.type):
        return None
    turned = -g * 1j / x
    return turned * (180 / math.pi) if deg else turned


def _emit_angle(emission: Emission) -> ast.expr:
    deg = {"deg": True} if emission.attributes.get("deg") else {}
    return call("np.angle", emission.operands, **deg)


def _complex_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if any(rank(t) or kind_of(t) is None for t in types):
        raise OperationError("complex() of arrays is no number", "write a + 1j * b")
    if any(map(is_complex, types)):
        raise OperationError("complex() of a complex number and another", "write a + 1j * b")
    return COMPLEX


def _test(name: str, function: Any) -> Op:
    return Op(
        name,
        lambda types, attributes: Array("b1", shape_of(types[0])),
        lambda attributes, operands: function(*operands),
        default_call(f"np.{name}"),
        batch=as_it_is,
        fresh=True,
        spellings={function: _ALONE},
        no_gradient=DISCRETE,
    )


ENTRIES: tuple[Op, ...] = (
    _part("real", np.real, _real_shares, lambda g, x, y: g),
    _part("imag", np.imag, _imag_shares, _imag),
    Op("conj", _conj_type, _conj, _emit_conj,
       linear="together", batch=as_it_is,
       rules=(lambda g, x, y, via: np.conj(g) if is_complex(x.type) else g,),
       spellings={np.conjugate: Spelling(operands_only(1), {"via": "np"}),
                  ("method", "conj"): Spelling(operands_only(1), {"via": "conj"}),
                  ("method", "conjugate"): Spelling(operands_only(1), {"via": "conjugate"})},
       view=(0,), shares=_conj_shares, complex=True,
       samples=(*(arguments(shape, via="np") for shape in SHAPES), arguments((3,), via="conj"),
                arguments((2, 3), via="conjugate"), arguments(1.5, via="conjugate")),
       examples=("np.real(np.conj(np.exp(1j * {3})) * (1 + 2j))", "np.conj({2,3j})",
                 "abs(np.exp(1j * {3}).conj() + {3})", "np.imag(({} * 1j).conjugate())")),
    Op("angle", _angle_type,
       lambda attributes, operands: np.angle(operands[0], attributes.get("deg", False)),
       _emit_angle, rules=(_angle,), elementwise=True, singular=1.0, fresh=True, complex=True,
       domain=((0.3, 2.0),), spellings={np.angle: Spelling(_bind_angle, {"via": "np"})},
       examples=("np.angle({3} + 1j * {3})", "np.angle({} * (1 - 2j) + 1j, deg=True)",
                 "np.angle({2,3})")),
    Op("complex", _complex_type, lambda attributes, operands: complex(*operands),
       lambda emission: call("builtin.complex", emission.operands),
       linear="together", rules=(lambda g, a, b, y: g, lambda g, a, b, y: g * 1j), complex=True,
       samples=(arguments((), ()), arguments(0.5, ()), arguments((), 2)),
       examples=("abs(complex({}, {}))", "(complex({}, 2.0) ** 2).real", "complex({}).real")),
    _test("isreal", np.isreal),
    _test("iscomplex", np.iscomplex),
)  # fmt: skip


def _real_if_close(a: Any, tol: Any = 100) -> Any:
    if is_complex(a.type):
        raise OperationError(
            "np.real_if_close of complex numbers, which gives real ones where the values allow it",
            "use .real",
        )
    return a if a.ndim else a.emit("asarray")


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("real_if_close", _real_if_close, (np.real_if_close,), ("tol",), complex=True,
              examples=("np.real_if_close({3})", "np.real_if_close({})")),
)  # fmt: skip
