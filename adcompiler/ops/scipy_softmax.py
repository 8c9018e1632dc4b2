"""What SciPy computes over whole axes, stable for large numbers, and its functions in Python.

    y = special.logsumexp(x, axis=-1)

    grad_x = np.expand_dims(grad_y, -1) * special.softmax(x, axis=-1)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, shape_of
from .emit import call, constant, default_call
from .inference import as_array, broadcast_shapes, promote
from .late import Late
from .op import Attributes, Bound, Emission, Expansion, Op, OperationError, Spelling, arguments
from .reducing import reduced_shape, restore
from .scipy_special import special
from .stacks import Stacks, as_it_is, by_axis

__all__ = ["ENTRIES", "EXPANSIONS"]


def _float_type(types: Sequence[Type]) -> str:
    found = promote([as_array(t) for t in types])
    return found if found[0] in "fc" else "f8"


def _bind_logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: Any = False, return_sign: Any = False
) -> Bound:
    if getattr(return_sign, "value", return_sign) is not False:
        raise OperationError(
            "scipy.special.logsumexp with `return_sign=` gives two arrays",
            "leave it out, and take the logarithm of a positive sum",
        )
    operands = (a,) if getattr(b, "value", b) is None else (a, b)
    return arguments(*operands, axis=axis, keepdims=keepdims)


def _logsumexp_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shape = broadcast_shapes(map(shape_of, types))
    if not shape and attributes["keepdims"]:
        raise OperationError("`keepdims=` of a number's logsumexp", "leave `keepdims` out")
    reduced = reduced_shape(shape, attributes["axis"], attributes["keepdims"])
    return Array(_float_type(types), reduced)


def _logsumexp(attributes: Attributes, operands: Sequence[Any]) -> Any:
    a, *b = operands
    return special.logsumexp(a, b=b[0] if b else None, **attributes)


def _emit_logsumexp(emission: Emission) -> Any:
    a, *b = emission.operands
    shown = {k: v for k, v in emission.attributes.items() if v is not None and v is not False}
    return call("special.logsumexp", [a], **shown, **({"b": b[0]} if b else {}))


def _logsumexp_rule(g: Any, a: Any, *rest: Any, axis: Any, keepdims: bool, index: int) -> Any:
    *b, y = rest
    if not b:
        # np.exp(a - y) would have the rounding of y, which may be large.
        return restore(g, a, axis, keepdims) * a.emit("special_softmax", axis=axis)
    whole = a if a.ndim >= b[0].ndim else b[0]
    shares = restore(g, whole, axis, keepdims) * np.exp(a - restore(y, whole, axis, keepdims))
    return shares * b[0] if index == 0 else shares


def _same_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    reduced_shape(array.shape, attributes["axis"], True)
    return Array(_float_type(types), array.shape)


def _softmax_rule(g: Any, x: Any, y: Any, axis: Any) -> Any:
    weighted = g * y
    return weighted - y * np.sum(weighted, axis=axis, keepdims=bool(x.ndim))


def _log_softmax_rule(g: Any, x: Any, y: Any, axis: Any) -> Any:
    return g - np.exp(y) * np.sum(g, axis=axis, keepdims=bool(x.ndim))


def _of_axis(name: str, rule: Any) -> Op:
    return Op(
        f"special_{name}",
        _same_type,
        lambda attributes, operands: getattr(special, name)(operands[0], **attributes),
        default_call(f"special.{name}", axis=None),
        batch=by_axis(least=1),
        rules=(rule,),
        spellings={Late("scipy.special", name): Spelling(_bind_axis)},
        fresh=True,
        needs="scipy",
        samples=tuple(
            arguments(shape, axis=axis)
            for shape, axis in (
                ((), None), ((3,), None), ((1,), 0), ((2, 3), None), ((2, 3), 0), ((2, 3), -1),
                ((2, 1), 1), ((2, 3, 2), (0, 2)),
            )
        ),
        examples=(f"scipy.special.{name}({{3}})", f"scipy.special.{name}({{2,3}}, axis=-1)"),
    )  # fmt: skip


def _bind_axis(x: Any, axis: Any = None) -> Bound:
    return arguments(x, axis=axis)


def _polygamma_bind(n: Any, x: Any) -> Bound:
    return arguments(x, n=n)


def _polygamma_type(types: Sequence[Type], attributes: Attributes) -> Type:
    n = attributes["n"]
    if type(n) is not int or n < 0:
        raise OperationError(
            f"scipy.special.polygamma of the order {n!r}", "give an int from 0 as its order"
        )
    return Array("f8", shape_of(types[0]))


_POSITIVE = (np.float64(1.3), np.array([0.8]), np.array([[0.6, 1.5, 2.5]]), np.zeros((0, 2)))
_POLYGAMMA = Op(
    "special_polygamma",
    _polygamma_type,
    lambda attributes, operands: special.polygamma(attributes["n"], *operands),
    lambda emission: call(
        "special.polygamma", [constant(emission.attributes["n"]), *emission.operands]
    ),
    batch=as_it_is,
    rules=(lambda g, x, y, n: g * x.emit("special_polygamma", n=n + 1),),
    spellings={Late("scipy.special", "polygamma"): Spelling(_polygamma_bind)},
    fresh=True,
    boxes=True,
    needs="scipy",
    samples=tuple(arguments(x, n=n) for x in (0.7, *_POSITIVE) for n in (0, 2)),
    examples=("scipy.special.polygamma(1, np.exp({3}))", "scipy.special.polygamma(0, np.exp({}))"),
)

def _stacked_sum(stacks: Stacks) -> Any:
    """Weights may have more dimensions than what they weigh."""
    return by_axis(least=1)(stacks) if len(stacks.operands) == 1 else None


_AXES = (None, 0, -1, (0, 1))

ENTRIES: tuple[Op, ...] = (
    Op("special_logsumexp", _logsumexp_type, _logsumexp, _emit_logsumexp,
       batch=_stacked_sum, rules=_logsumexp_rule, fresh=True,
       spellings={Late("scipy.special", "logsumexp"): Spelling(_bind_logsumexp)},
       agreeing=lambda types, attributes: list(map(shape_of, types)), needs="scipy",
       samples=(
           arguments((), axis=None, keepdims=False), arguments((1,), axis=0, keepdims=True),
           *(arguments((2, 3, 2), axis=axis, keepdims=keepdims) for axis in _AXES
             for keepdims in (False, True)),
           arguments((2, 3), np.array([0.5, 0.0, 2.0]), axis=-1, keepdims=False),
           arguments((3,), np.array([[0.5], [2.0]]), axis=0, keepdims=True),
           arguments((2, 1), np.array([0.5, 1.0, 2.0]), axis=None, keepdims=False)),
       examples=("scipy.special.logsumexp({3})",
                 "scipy.special.logsumexp({2,3}, axis=-1, keepdims=True)",
                 "scipy.special.logsumexp({2,3}, axis=0, b=np.exp({2,3}))")),
    _of_axis("softmax", _softmax_rule),
    _of_axis("log_softmax", _log_softmax_rule),
    _POLYGAMMA,
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("softplus", lambda x: np.logaddexp(0, x), (Late("scipy.special", "softplus"),),
              examples=("scipy.special.softplus({3})", "scipy.special.softplus({})")),
)  # fmt: skip
