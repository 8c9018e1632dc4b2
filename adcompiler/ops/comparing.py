"""Comparing arrays: is one close to another, are they equal, is it among these; and what isn't
finite, replaced.

    np.allclose(a, b)              a Python bool
    y = np.nan_to_num(x)           grad_x = np.where(np.isfinite(x), grad_y, 0.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.types import BOOL, Array, Type, shape_of
from .elementwise import select
from .emit import default_call
from .inference import as_array, broadcast_shapes
from .op import DISCRETE, SHAPES, Attributes, Bound, Op, OperationError, Spelling, arguments
from .reducing import bind_position, reduction

__all__ = ["ENTRIES"]


def _comparing(
    function: Callable[..., Any], whole: bool, bind: Callable[..., Bound], **defaults: Any
) -> Op:
    """An entry for a comparison of two arrays: of each element, or of all at once."""
    name = function.__name__

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        for type_ in types:
            as_array(type_)
        if whole:
            return BOOL
        if name == "isin":
            return Array("b1", shape_of(types[0]))
        return Array("b1", broadcast_shapes(map(shape_of, types)))

    shown = {
        "isclose": "np.where(np.isclose({3}, {3}, atol=1.0), {3}, 0.0)",
        "allclose": "{} if np.allclose({3}, {3}, rtol=5.0) else {}",
        "array_equal": "{} if np.array_equal({3}, {3}) else {}",
        "array_equiv": "{} if np.array_equiv({3}, {2,3}) else {}",
        "isin": "np.where(np.isin(np.arange(3), [0, 2], invert=True), {3}, {})",
    }
    return Op(
        name, infer, lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.{name}", **defaults), fresh=True, boxes=not whole,
        spellings={function: Spelling(bind)}, examples=(shown[name],), no_gradient=DISCRETE,
    )  # fmt: skip


def _bind_close(
    a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False
) -> Bound:
    return arguments(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


def _bind_equal(a1: Any, a2: Any, equal_nan: Any = False) -> Bound:
    return arguments(a1, a2, equal_nan=equal_nan)


def _bind_among(
    element: Any, test_elements: Any, assume_unique: Any = False, invert: Any = False, *,
    kind: Any = None,
) -> Bound:  # fmt: skip
    return arguments(
        element, test_elements, assume_unique=assume_unique, invert=invert, kind=kind
    )


def _bind_replacing(
    x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Bound:
    if copy is not True:
        raise OperationError(
            "np.nan_to_num with copy=False stores into its argument",
            "write x[...] = np.nan_to_num(x)",
        )
    return arguments(x, nan=nan, posinf=posinf, neginf=neginf)


def _replaced_rule(g: Any, x: Any, y: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    return select(np.isfinite(x), g, 0.0)


def _position(name: str) -> Op:
    """`np.nanargmax`, which is no method."""
    function = getattr(np, name)
    entry = reduction(
        name, function, None, lambda _: "i8", bind_position, method=False, no_gradient=DISCRETE
    )
    return replace(
        entry, spellings={function: entry.spellings[function]},
        examples=(f"{{5}}[np.{name}({{5}})]", f"{{3}}[np.{name}({{2,3}}, axis=1)]"),
    )  # fmt: skip


_CLOSE = {"rtol": 1e-05, "atol": 1e-08, "equal_nan": False}

ENTRIES: tuple[Op, ...] = (
    _comparing(np.isclose, False, _bind_close, **_CLOSE),
    _comparing(np.allclose, True, _bind_close, **_CLOSE),
    _comparing(np.array_equal, True, _bind_equal, equal_nan=False),
    _comparing(np.array_equiv, True, lambda a1, a2: arguments(a1, a2)),
    _comparing(np.isin, False, _bind_among, assume_unique=False, invert=False, kind=None),
    _position("nanargmax"),
    _position("nanargmin"),
    Op("nan_to_num", lambda types, attributes: as_array(types[0]),
       lambda attributes, operands: np.nan_to_num(operands[0], **attributes),
       default_call("np.nan_to_num", nan=0.0, posinf=None, neginf=None), rules=(_replaced_rule,),
       masks=True, fresh=True, boxes=True,
       samples=tuple(arguments(shape, nan=0.0, posinf=None, neginf=None) for shape in SHAPES),
       spellings={np.nan_to_num: Spelling(_bind_replacing)},
       examples=("np.nan_to_num({2,3})",
                 "np.nan_to_num({2} + np.array([0.0, np.nan]), nan=2)",
                 "np.nan_to_num({3} - np.array([0, -np.inf, np.inf]), posinf=3.0, neginf=-1.0)")),
)  # fmt: skip
