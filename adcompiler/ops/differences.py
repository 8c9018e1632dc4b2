"""`np.gradient`: central differences, one-sided ones at the ends, along one axis at a time.

    y = np.gradient(x, h)        t = 0.5 * (grad_y[1:] + grad_y[:-1])
                                 t[0] += 0.5 * grad_y[0]
                                 t[-1] += 0.5 * grad_y[-1]
                                 grad_x = -np.diff(t, prepend=0, append=0) / h

Each slope is a weighted mean of those of the pieces at its left and right, d = np.diff(x) / h:
evenly spaced, of half of each; over coordinates, of w and 1 - w of them, where w is the right
piece's part of the width of both. At the ends it is the outer piece's slope; with `edge_order=2`
that, plus what it differs from the next by, times the part of the outer piece in both widths. NumPy
computes evenly spaced coordinates by the formula for a number, which in the neighbourhood is the
same function.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import Array, Type, is_integer, kind_of, rank, shape_of
from .calculus import padded_diff
from .emit import call
from .given import as_var
from .inference import as_array, constant_axis, differ
from .op import Attributes, Emission, Expansion, Op, OperationError, arguments

__all__ = ["ENTRIES", "EXPANSIONS"]


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    if edge_order not in (1, 2):
        raise OperationError(f"edge_order={edge_order!r} of np.gradient", "use 1 or 2")
    f = as_var(f)
    axes = _axes(axis, f.ndim)
    if not axes:
        raise OperationError("np.gradient of a number, or along no axis", "give an array")
    steps = [as_var(h, f) for h in varargs]
    if len(steps) == 1 and not rank(steps[0].type):
        steps = steps * len(axes)
    if len(steps) not in (0, len(axes)):
        raise OperationError("spacings of np.gradient for other axes than there are", "give one")
    made = tuple(
        f.emit("gradient", *steps[k : k + 1], axis=one, edge_order=edge_order)
        for k, one in enumerate(axes)
    )
    return made[0] if len(made) == 1 else made


def _axes(axis: Any, ndim: int) -> Sequence[int]:
    if axis is None:
        return range(ndim)
    return [constant_axis(one, ndim)[0] for one in (axis if isinstance(axis, tuple) else (axis,))]


def _gradient_type(types: Sequence[Type], attributes: Attributes) -> Type:
    f, least = as_array(types[0]), attributes["edge_order"] + 1
    size = f.shape[attributes["axis"]]
    if isinstance(size, int) and size < least:
        raise OperationError(
            f"np.gradient along an axis of {size}", f"give at least {least} elements"
        )
    if len(types) > 1 and shape_of(types[1]):
        count, *others = shape_of(types[1])
        if others or differ(count, size):
            raise OperationError(
                f"np.gradient over {types[1]}, along an axis of {size}",
                "give a number, or a coordinate for each element along the axis",
            )
    return f if kind_of(f) in ("float", "complex") else Array("f8", f.shape)


def _agreeing(types: Sequence[Type], attributes: Attributes) -> Sequence[tuple[Size, ...]]:
    if len(types) < 2 or not shape_of(types[1]):
        return ()
    return [shape_of(types[1]), (shape_of(types[0])[attributes["axis"]],)]


def _evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.gradient(*operands, **attributes)


def _emit(emission: Emission) -> ast.expr:
    keywords = {} if rank(emission.types[0]) == 1 else {"axis": emission.attributes["axis"]}
    if emission.attributes["edge_order"] != 1:
        keywords["edge_order"] = emission.attributes["edge_order"]
    return call("np.gradient", emission.operands, **keywords)


def _gradient_rule(g: Any, f: Any, *rest: Any, axis: int, edge_order: int, index: int) -> Any:
    *steps, y = rest
    spaced = bool(steps) and bool(steps[0].ndim)
    if index == 0 and not spaced:
        whole = -padded_diff(_to_pieces(g, axis, edge_order), axis)
        return whole / steps[0] if steps else whole
    if index == 0:
        width, weight, _ = _pieces(steps[0], axis, f.ndim)
        return -padded_diff(_weighted(g, weight, axis, edge_order) / width, axis)
    return _to_places(g, f, steps[0], axis, edge_order) if spaced else -(g * y) / steps[0]


def _part(v: Any, axis: int, part: Any) -> Any:
    """The elements along an axis."""
    key = (*[slice(None)] * axis, part)
    return v[key]


def _added(v: Any, axis: int, part: int | slice, more: Any) -> Any:
    """`v[part] += more` along an axis."""
    return v.emit("add_at", more, key=(*[slice(None)] * axis, part))


def _to_pieces(g: Any, axis: int, edge_order: int) -> Any:
    """What the slopes of evenly spaced pieces get."""
    first, last = (_part(g, axis, k) for k in (0, -1))
    both = 0.5 * (_part(g, axis, slice(1, None)) + _part(g, axis, slice(None, -1)))
    outer = 0.5 if edge_order == 1 else 1.0
    both = _added(both, axis, 0, outer * first)
    both = _added(both, axis, -1, outer * last)
    if edge_order == 1:
        return both
    both = _added(both, axis, 1, -0.5 * first)
    return _added(both, axis, -2, -0.5 * last)


def _pieces(x: Any, axis: int, ndim: int) -> tuple[Any, Any, Any]:
    """The widths of the pieces, and inside of the ends the weight of the left one's slope; both
    along the axis. Last the widths of two pieces together, which are along no other."""
    x = x.astype("f8") if is_integer(x.type) else x
    width = x.emit("diff", n=1, axis=0, padded=False)
    both = width[1:] + width[:-1]
    after = tuple(range(1, ndim - axis))

    def along(v: Any) -> Any:
        return np.expand_dims(v, after if len(after) > 1 else 1) if after else v

    return along(width), along(width[1:] / both), both


def _weighted(g: Any, weight: Any, axis: int, edge_order: int) -> Any:
    """What the slopes of the pieces get."""
    first, inside, last = (_part(g, axis, part) for part in (0, slice(1, -1), -1))
    pieces = _part(g, axis, slice(1, None))
    to = pieces.emit("shape").emit("zeros_of", type=pieces.type)
    to = _added(to, axis, slice(None, -1), weight * inside)
    to = _added(to, axis, slice(1, None), (1 - weight) * inside)
    if edge_order == 2:
        outer = (1 - _part(weight, 0, 0)) * first, _part(weight, 0, -1) * last
        to = _added(to, axis, 1, -outer[0])
        to = _added(to, axis, -2, -outer[1])
        first, last = first + outer[0], last + outer[1]
    to = _added(to, axis, 0, first)
    return _added(to, axis, -1, last)


def _to_places(g: Any, f: Any, x: Any, axis: int, edge_order: int) -> Any:
    """What the coordinates get: through the widths that differences are divided by, and through
    the weights."""
    width, weight, both = _pieces(x, axis, f.ndim)
    slope = f.emit("diff", n=1, axis=axis, padded=False) / width
    others = tuple(k for k in range(f.ndim) if k != axis)

    def alone(v: Any) -> Any:
        return np.sum(v, axis=others if len(others) > 1 else others[0]) if others else v

    to = -alone(_weighted(g, weight, axis, edge_order) * slope / width)
    less = _part(slope, axis, slice(None, -1)) - _part(slope, axis, slice(1, None))
    pulled = _part(g, axis, slice(1, -1)) * less
    if edge_order == 2:
        pulled = _added(pulled, axis, 0, -_part(g, axis, 0) * _part(less, axis, 0))
        pulled = _added(pulled, axis, -1, -_part(g, axis, -1) * _part(less, axis, -1))
    narrow = x.emit("diff", n=1, axis=0, padded=False)
    pulled = alone(pulled) / (both * both)
    to = _added(to, 0, slice(1, None), pulled * narrow[:-1])
    return -padded_diff(_added(to, 0, slice(None, -1), -pulled * narrow[1:]), 0)


_X = np.array([0.0, 0.3, 1.1, 1.4, 2.5])

ENTRIES: tuple[Op, ...] = (
    Op("gradient", _gradient_type, _evaluate, _emit, rules=_gradient_rule, fresh=True,
       complex=True, agreeing=_agreeing,
       samples=(
           *(arguments((5,), *step, axis=0, edge_order=order)
             for order in (1, 2) for step in ((), (0.5,), (_X,))),
           arguments((2,), axis=0, edge_order=1), arguments((2, 3), 0.5, axis=1, edge_order=2),
           arguments((2,), _X[:2], axis=0, edge_order=1),
           arguments((3, 4), _X[:4], axis=1, edge_order=1),
           arguments((2, 3, 2), _X[:3], axis=1, edge_order=2),
           arguments((3,), np.array([3, 1, 0]), axis=0, edge_order=2),
           arguments((3,), (3,), axis=0, edge_order=2), arguments((3, 1), (), axis=0, edge_order=1),
       )),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("gradient", _gradient, (np.gradient,), static=("axis", "edge_order"), complex=True,
              examples=("np.gradient({5})", "np.gradient({5}, 0.3)", "np.gradient({4}, {})",
                        "np.gradient({3,4})", "np.gradient({3,4}, 0.5, {})",
                        "np.gradient({3,4}, axis=-1, edge_order=2)",
                        "np.gradient({3,3,4}, 0.2, axis=(0, 2))", "np.gradient({2})",
                        "np.gradient({5}, {5} ** 3 + np.arange(5) * 20)",
                        "np.gradient({3,4}, [0.0, 0.5, 1.5], 2, edge_order=2)",
                        "np.gradient({2,4}, [0.1, 0.2, 0.3, 0.5], axis=1)",
                        "np.gradient({4}, np.arange(4.0))",
                        "np.gradient({4j}, {4} + 4 * np.arange(4))",
                        "np.gradient(np.array([1, 3, 9]), {3} + 9 * np.arange(3))")),
)  # fmt: skip
