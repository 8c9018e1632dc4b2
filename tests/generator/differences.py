"""Sharp differences: the derivative along a direction in each argument, or why there is none.

Five-point central differences at two step sizes: where they disagree, or where the second
difference grows as the step shrinks, the point lies next to a kink or a jump, or the function
bends too sharply for its differences to say anything.

>>> import math
>>> abs(along(math.sin, 0.5).derivative - math.cos(0.5)) < 1e-11
True
>>> along(abs, 1e-4).trouble
'ill-conditioned'
>>> along(lambda t: abs(t) - t * t, 0.0).trouble
'kink'
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Slope", "along"]

STEP = 5e-4


@dataclass(frozen=True)
class Slope:
    """`scale`: how large an error of the derivative is counted as one, to be multiplied by a
    tolerance; a function of small values has small errors."""

    derivative: float
    trouble: str = ""
    scale: float = 1.0


def along(function: Callable[[float], float], at: float = 0.0, sharp: bool = True) -> Slope:
    """The derivative of a function of one number; `sharp` is off where it computes in float32."""
    h = STEP if sharp else 8 * STEP
    values = {k: function(at + k * h) for k in (-4, -2, -1, 0, 1, 2, 4)}
    if not all(map(math.isfinite, values.values())):
        return Slope(math.nan, "not finite")
    fine, coarse = (_five_points(values, k, h) for k in (1, 2))
    tolerance = 1e-7 if sharp else 2e-3
    size = min(1.0, max(map(abs, values.values())))
    scale = size + abs(fine)
    if abs(fine - coarse) > tolerance * scale:
        return Slope(fine, "ill-conditioned")
    bends = [(values[k] - 2 * values[0] + values[-k]) / (k * h) ** 2 for k in (1, 2, 4)]
    if sharp and max(bends) - min(bends) > 1e-3 * (size + max(map(abs, bends))):
        return Slope(fine, "kink")
    return Slope(fine, scale=scale)


def _five_points(values: dict[int, float], k: int, h: float) -> float:
    near, far = values[k] - values[-k], values[2 * k] - values[-2 * k]
    return (8 * near - far) / (12 * k * h)
