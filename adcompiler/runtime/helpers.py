"""Helpers that emitted modules may need; their source is copied, so nothing of ours is imported.

Each function stands alone: its only global is `np`.

>>> unbroadcast(np.ones((2, 3)), (3,))
array([2., 2., 2.])
>>> divide(-1.0, 0.0)
-inf
"""

from __future__ import annotations

from typing import Any

import numpy as np


def unbroadcast(g: Any, shape: Any) -> Any:
    """Sum `g` over the axes along which an operand of this shape was broadcast."""
    if np.shape(g) == shape:
        return g
    extra = np.ndim(g) - len(shape)
    ones = [extra + i for i, n in enumerate(shape) if n == 1]
    return np.sum(g, axis=(*range(extra), *ones)).reshape(shape)[()]


def divide(a: Any, b: Any) -> Any:
    """`a / b` as IEEE 754 has it, also where Python would raise for a zero divisor."""
    try:
        return a / b
    except ZeroDivisionError:
        if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
            raise
        if a == 0 or a != a:
            return float("nan")
        return float("inf") if (a > 0) == (np.copysign(1.0, b) > 0) else -float("inf")
