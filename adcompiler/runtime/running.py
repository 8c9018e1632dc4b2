"""Helpers that go along an axis; like all helpers, each stands alone: its only global is `np`.

>>> recurrence(np.ones(3), np.array([5.0, 2.0, 3.0]), 0, False)
array([ 1.,  3., 10.])
"""

from __future__ import annotations

from typing import Any

import numpy as np


def shifted(x: Any, axis: Any, by: Any, fill: Any) -> Any:
    """`x` moved by one place along an axis, forward (1) or back (-1); `fill` where nothing was."""
    y = np.full_like(x, fill)
    inner, outer = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    inner[axis], outer[axis] = slice(None, -1), slice(1, None)
    into, source = (outer, inner) if by == 1 else (inner, outer)
    y[tuple(into)] = x[tuple(source)]
    return y


def recurrence(b: Any, a: Any, axis: Any, reverse: Any) -> Any:
    """`y[k] = b[k] + a[k] * y[k - 1]` along an axis; `reverse` is its transpose."""
    dtype = np.result_type(b, a)
    y = np.array(np.moveaxis(b, axis, 0), dtype)
    a = np.moveaxis(np.broadcast_to(a, np.shape(b)), axis, 0)
    if y.ndim == 1:  # Python's numbers are faster one by one
        y, a = y.tolist(), a.tolist()
    if reverse:
        for k in range(len(y) - 2, -1, -1):
            y[k] += a[k + 1] * y[k + 1]
    else:
        for k in range(1, len(y)):
            y[k] += a[k] * y[k - 1]
    return np.moveaxis(np.array(y, dtype), 0, axis)


def overlapped(g: Any, a: Any, v: Any, mode: Any, flipped: Any, back: Any) -> Any:
    """What np.convolve (or, `flipped`, np.correlate) keeps, among all overlaps; `back`: of all."""
    n, m = len(a), len(v)
    length = max(n, m) if mode == "same" else abs(n - m) + 1
    before = min(n, m) - 1 if mode == "valid" else (min(n, m) - 1) // 2
    if flipped and n < m:
        before = n + m - 1 - length - before
    if back:
        return g[before : before + length]
    y = np.zeros(n + m - 1, g.dtype)
    y[before : before + length] = g
    return y


def cells(x: Any, xp: Any) -> Any:
    """For each x the index of the knot to its left; the first or last but one outside."""
    return np.clip(np.searchsorted(xp, x, "right") - 1, 0, len(xp) - 2)
