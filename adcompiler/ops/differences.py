"""`np.gradient`: central differences, one-sided ones at the ends, as in NumPy's own source.

np.gradient(x, h)        np.concatenate(((x[1:2] - x[:1]) / h,
                                         (x[2:] - x[:-2]) / (2.0 * h),
                                         (x[-1:] - x[-2:-1]) / h))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import is_integer
from .inference import as_array, constant_axis
from .op import Expansion, OperationError

__all__ = ["EXPANSIONS"]


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    if edge_order not in (1, 2):
        raise OperationError(f"edge_order={edge_order!r} of np.gradient", "use 1 or 2")
    if any(getattr(h, "ndim", 0) for h in varargs):
        raise OperationError(
            "np.gradient over coordinates, which computes otherwise where they lie evenly",
            "give the spacing as a number, or write the differences out",
        )
    if is_integer(f.type):
        f = f.astype("f8")
    axes = _axes(axis, f.ndim)
    spacings = list(varargs) if len(varargs) == len(axes) else [*varargs, 1.0][:1] * len(axes)
    if len(varargs) not in (0, 1, len(axes)):
        raise OperationError("spacings of np.gradient for other axes than there are", "give one")
    made = tuple(_along(f, one, h, edge_order) for one, h in zip(axes, spacings, strict=True))
    return made[0] if len(made) == 1 else made


def _axes(axis: Any, rank: int) -> Sequence[int]:
    if axis is None:
        return range(rank)
    return [constant_axis(one, rank)[0] for one in (axis if isinstance(axis, tuple) else (axis,))]


def _along(f: Any, axis: int, h: Any, edge_order: int) -> Any:
    size = f.shape[axis]
    if isinstance(size, int) and size < edge_order + 1:
        raise OperationError(
            f"np.gradient along an axis of {size}", f"give at least {edge_order + 1} elements"
        )

    def row(k: int) -> Any:
        key = (*[slice(None)] * axis, k)
        return f[key]

    def part(start: int | None, stop: int | None) -> Any:
        key = (*[slice(None)] * axis, slice(start, stop))
        return f[key]

    inside = (part(2, None) - part(None, -2)) / (2.0 * h)
    if edge_order == 1:
        first, last = (row(1) - row(0)) / h, (row(-1) - row(-2)) / h
    else:
        first = (-1.5 / h) * row(0) + (2.0 / h) * row(1) + (-0.5 / h) * row(2)
        last = (0.5 / h) * row(-3) + (-2.0 / h) * row(-2) + (1.5 / h) * row(-1)
    dtype = as_array(f.type).dtype
    first, inside, last = (
        p if as_array(p.type).dtype == dtype else p.astype(dtype) for p in (first, inside, last)
    )
    ends = (np.expand_dims(first, axis), np.expand_dims(last, axis))
    return np.concatenate((ends[0], inside, ends[1]), axis)


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("gradient", _gradient, (np.gradient,), static=("axis", "edge_order"), complex=True,
              examples=("np.gradient({5})", "np.gradient({5}, 0.3)", "np.gradient({4}, {})",
                        "np.gradient({3,4})", "np.gradient({3,4}, 0.5, {})",
                        "np.gradient({3,4}, axis=-1, edge_order=2)",
                        "np.gradient({3,3,4}, 0.2, axis=(0, 2))", "np.gradient({2})")),
)  # fmt: skip
