"""Arrays put together from others: what NumPy itself makes of `concatenate` and `expand_dims`.

    np.vstack((a, b))        np.concatenate((a[None, :], b[None, :]))
    np.append(x, v)          np.concatenate((x, np.ravel(v)))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .given import array
from .op import Expansion

__all__ = ["EXPANSIONS"]


def _at_least(x: Any, rank: int) -> Any:
    """The array with axes of size 1 until it has `rank`: before it, and a last one for 3."""
    if x.ndim >= rank:
        return x
    if rank == 3:
        return np.expand_dims(_at_least(x, 2), -1)
    return np.expand_dims(x, tuple(range(rank - x.ndim)) if rank - x.ndim > 1 else 0)


def _at_least_each(rank: int) -> Any:
    def build(*arrays: Any) -> Any:
        made = tuple(_at_least(array(x), rank) for x in arrays)
        return made[0] if len(made) == 1 else made

    return build


def _hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = [_at_least(x, 1) for x in map(array, tup)]
    axis = 0 if arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


def _vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.concatenate([_at_least(array(x), 2) for x in tup], dtype=dtype, casting=casting)


def _column(x: Any) -> Any:
    """A vector as a column: np.array(x, ndmin=2).T"""
    if x.ndim > 1:
        return x
    return np.expand_dims(x, 1 if x.ndim else (0, 1))


def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    if axis is not None:
        return np.concatenate((array(arr), array(values)), axis)
    return np.concatenate([x if x.ndim == 1 else np.ravel(x) for x in map(array, (arr, values))])


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("atleast_1d", _at_least_each(1), (np.atleast_1d,), complex=True,
              examples=("np.atleast_1d({})", "np.atleast_1d({3})", "np.atleast_1d({}, {2})")),
    Expansion("atleast_2d", _at_least_each(2), (np.atleast_2d,), complex=True,
              examples=("np.atleast_2d({})", "np.atleast_2d({3})", "np.atleast_2d({3,2})")),
    Expansion("atleast_3d", _at_least_each(3), (np.atleast_3d,), complex=True,
              examples=("np.atleast_3d({})", "np.atleast_3d({3})", "np.atleast_3d({3,2})")),
    Expansion("hstack", _hstack, (np.hstack,), complex=True, static=("dtype", "casting"),
              examples=("np.hstack(({3}, {2}))", "np.hstack(({2,3}, {2,1}))",
                        "np.hstack([{}, {3}])")),
    Expansion("vstack", _vstack, (np.vstack,), complex=True, static=("dtype", "casting"),
              examples=("np.vstack(({3}, {3}))", "np.vstack(({2,3}, {3}))",
                        "np.vstack(({}, {}))")),
    Expansion("dstack", lambda tup: np.concatenate([_at_least(array(x), 3) for x in tup], 2),
              (np.dstack,), complex=True,
              examples=("np.dstack(({3}, {3}))", "np.dstack(({2,3}, {2,3}))",
                        "np.dstack([{2,1,3}, {2,1,2}])", "np.dstack(({}, {}))")),
    Expansion("column_stack", lambda tup: np.concatenate([_column(array(x)) for x in tup], 1),
              (np.column_stack,), complex=True,
              examples=("np.column_stack(({3}, {3}))", "np.column_stack(({2,3}, {2}))",
                        "np.column_stack([{}, {}])")),
    Expansion("append", _append, (np.append,), complex=True, static=("axis",),
              examples=("np.append({3}, {2})", "np.append({3}, {})", "np.append({2,3}, {2})",
                        "np.append({2,3}, {1,3}, axis=0)", "np.append({2,3}, {2,2}, axis=-1)",
                        "np.append({3}, [{}, 2.0])")),
)  # fmt: skip
