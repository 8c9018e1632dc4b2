"""Polynomials by their coefficients, the highest power first.

    y = np.polyval(p, x)     grad_x = grad_y * np.polyval(np.polyder(p), x)
                             grad_p = np.sum(grad_y * x ** [n - 1, ..., 0], over x)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import unknown
from ..ir.types import Array, Type, shape_of
from .emit import default_call
from .given import as_var
from .inference import as_array, promote, shortened
from .op import Attributes, Expansion, Op, OperationError, Spelling, arguments

__all__ = ["ENTRIES", "EXPANSIONS"]


def _polyval_type(types: Sequence[Type], attributes: Attributes) -> Type:
    p, x = map(as_array, types)
    if len(p.shape) != 1:
        raise OperationError("coefficients that are no array of one dimension", "ravel them")
    return Array(promote((p, x)) if p.shape[0] != 0 else x.dtype, x.shape)


def _polyval_rule(g: Any, p: Any, x: Any, y: Any, index: int) -> Any:
    if index:
        return g * np.polyval(np.polyder(p), x)
    n = p.emit("size", axis=0)
    powers = p.tracer.call(np.arange, n - 1, -1, -1)
    if not x.ndim:
        return g * x**powers
    terms = np.expand_dims(g, -1) * np.expand_dims(x, -1) ** powers if g.ndim else (
        g * np.expand_dims(x, -1) ** powers)  # fmt: skip
    return np.sum(terms, axis=tuple(range(x.ndim)) if x.ndim > 1 else 0)


def _polyder_type(types: Sequence[Type], attributes: Attributes) -> Type:
    p = as_array(types[0])
    if len(p.shape) != 1:
        raise OperationError("coefficients that are no array of one dimension", "ravel them")
    return Array(promote((p, Array("i8", ()))), (shortened(p.shape[0], attributes["m"]),))


def _polyder_rule(g: Any, p: Any, y: Any, m: int) -> Any:
    weights = np.polyder(np.ones_like(p), m)
    return np.concatenate([g * weights, p.tracer.call(np.zeros, m)])


def _polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    if m != 1 or (k is not None and not isinstance(k, (int, float)) and k.ndim):
        raise OperationError("np.polyint more than once at a time", "call it repeatedly")
    n = p.emit("size", axis=0)
    last = as_var([0 if k is None else k], p)
    return np.concatenate((p / p.tracer.call(np.arange, n, 0, -1), last))


def _sum_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if any(len(shape_of(t)) > 1 for t in types):
        raise OperationError("coefficients of more than one dimension", "go row by row")
    sizes = [as_array(t).shape[0] if shape_of(t) else 1 for t in types]
    known = [size for size in sizes if isinstance(size, int)]
    longer = sizes[0] if sizes[0] == sizes[1] else max(known) if len(known) == 2 else unknown()
    return Array(promote(types), (longer,))


def _sum_of_both(name: str, sign: int) -> Op:
    """The shorter one is filled up with zeros in front."""
    function = getattr(np, name)

    def rule(g: Any, a: Any, b: Any, y: Any, index: int) -> Any:
        own = (a, b)[index]
        rest = y.emit("size", axis=0) - own.emit("size", axis=0) if own.ndim else -1
        part = g[rest:] if own.ndim else g[-1]
        return -part if index and sign < 0 else part

    return Op(
        name, _sum_type, lambda attributes, operands: function(*operands),
        default_call(f"np.{name}"), linear="together", rules=rule, fresh=True,
        complex=True, spellings={function: Spelling(lambda a1, a2: arguments(a1, a2))},
        samples=tuple(arguments((n,), (m,)) for n, m in ((3, 3), (2, 4), (3, 1))),
        examples=(f"np.{name}({{3}}, {{2}})", f"np.{name}([1.0, {{}}], {{3}})"),
    )  # fmt: skip


def _product_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """Zeros in front are left out, so that it may be shorter than the sizes say."""
    if any(len(shape_of(t)) != 1 for t in types):
        raise OperationError("coefficients that are no array of one dimension", "ravel them")
    return Array(promote(types), (unknown(),))


def _product_rule(g: Any, a: Any, b: Any, y: Any, index: int) -> Any:
    """The cotangent filled up with zeros in front, correlated with the other factor."""
    count = a.emit("size", axis=0) + b.emit("size", axis=0) - 1
    zeros = g.tracer.call(np.zeros, count - y.emit("size", axis=0))
    return np.correlate(np.concatenate([zeros, g]), a if index else b, mode="valid")


ENTRIES: tuple[Op, ...] = (
    Op("polyval", _polyval_type, lambda attributes, operands: np.polyval(*operands),
       default_call("np.polyval"), rules=_polyval_rule, fresh=True, complex=True,
       spellings={np.polyval: Spelling(lambda p, x: arguments(p, x))},
       samples=tuple(arguments((n,), shape) for n in (1, 3, 4) for shape in ((), (3,), (2, 3))),
       examples=("np.polyval({4}, {3})", "np.polyval([1.0, {}, 0.5], {})")),
    Op("polyder", _polyder_type,
       lambda attributes, operands: np.polyder(operands[0], attributes["m"]),
       default_call("np.polyder", m=1), linear="together",
       rules=(_polyder_rule,), fresh=True, complex=True,
       spellings={np.polyder: Spelling(lambda p, m=1: arguments(p, m=m))},
       samples=tuple(arguments((n,), m=m) for n, m in ((4, 1), (4, 2), (2, 1))),
       examples=("np.polyder({4})", "np.polyder({5}, 2)")),
    Op("polymul", _product_type, lambda attributes, operands: np.polymul(*operands),
       default_call("np.polymul"), rules=_product_rule, fresh=True,
       spellings={np.polymul: Spelling(lambda a1, a2: arguments(a1, a2))},
       samples=tuple(arguments((n,), (m,)) for n, m in ((3, 3), (2, 4), (3, 1), (1, 1))),
       examples=("np.polymul({3}, {2})", "np.polymul([0.0, 1.0, {}], {3})")),
    _sum_of_both("polyadd", 1),
    _sum_of_both("polysub", -1),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("polyint", _polyint, (np.polyint,), ("m",), complex=True,
              examples=("np.polyint({3})", "np.polyint({3}, k={})")),
)  # fmt: skip
