"""Arrays put together from others, and turned round: what NumPy itself makes of `concatenate`,
of indexing and of `expand_dims`.

    np.vstack((a, b))        np.concatenate((a[None, :], b[None, :]))
    np.fliplr(x)             x[:, ::-1]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import Expansion, OperationError

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
        made = tuple(_at_least(x, rank) for x in arrays)
        return made[0] if len(made) == 1 else made

    return build


def _hstack(tup: Any) -> Any:
    arrays = [_at_least(x, 1) for x in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


def _flip(m: Any, axis: Any = None) -> Any:
    axes = range(m.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    wanted = {k % m.ndim for k in axes if -m.ndim <= k < m.ndim}
    if len(wanted) != len(tuple(axes)):
        raise OperationError("np.flip along an axis that isn't there", "name an axis of the array")
    return m[tuple(slice(None, None, -1 if k in wanted else None) for k in range(m.ndim))]


def _flipped(axis: int) -> Any:
    def build(m: Any) -> Any:
        return _flip(m, axis)

    return build


EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("atleast_1d", _at_least_each(1), (np.atleast_1d,), complex=True,
              examples=("np.atleast_1d({})", "np.atleast_1d({3})", "np.atleast_1d({}, {2})")),
    Expansion("atleast_2d", _at_least_each(2), (np.atleast_2d,), complex=True,
              examples=("np.atleast_2d({})", "np.atleast_2d({3})", "np.atleast_2d({3,2})")),
    Expansion("atleast_3d", _at_least_each(3), (np.atleast_3d,), complex=True,
              examples=("np.atleast_3d({})", "np.atleast_3d({3})", "np.atleast_3d({3,2})")),
    Expansion("hstack", _hstack, (np.hstack,), complex=True,
              examples=("np.hstack(({3}, {2}))", "np.hstack(({2,3}, {2,1}))",
                        "np.hstack([{}, {3}])")),
    Expansion("vstack", lambda tup: np.concatenate([_at_least(x, 2) for x in tup]), (np.vstack,),
              complex=True, examples=("np.vstack(({3}, {3}))", "np.vstack(({2,3}, {3}))",
                        "np.vstack(({}, {}))")),
    Expansion("flip", _flip, (np.flip,), complex=True, static=("axis",),
              examples=("np.flip({3})", "np.flip({2,3})", "np.flip({2,3}, axis=-1)",
                        "np.flip({2,1,3}, axis=(0, 2))")),
    Expansion("fliplr", _flipped(1), (np.fliplr,), complex=True, examples=("np.fliplr({2,3})",)),
    Expansion("flipud", _flipped(0), (np.flipud,), complex=True,
              examples=("np.flipud({2,3})", "np.flipud({3})")),
)  # fmt: skip
