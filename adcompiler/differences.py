"""Central differences that tell how far they can be trusted.

    |x| at 0      slopes 1 and -1 on the two sides, however small the step        a kink
    round(x, 3)   each step says something else                                   not settled
    sin(x) at 1   0.540302306 over h and h/2 alike                                settled

Steps begin large, where rounding matters least, and shrink as long as no answer is good enough:
until they no longer reach across a kink nearby, or out of the function's domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Slopes", "slopes", "steps_for"]

_SHRINK = 7.0  # no power of 2, whose steps would all be rounded alike
_MOST = 24
_ROUNDINGS = 16.0  # the rounding errors of a function's value, in units of the last place
_FLOOR = 1e-3  # of the value by the argument: the most that rounding is let excuse

Vector = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Slopes:
    """What differences say of each entry of a function's value: the slope and its error, which is
    infinite where no step gave one. At a kink: the slopes of the two sides, and their error.

    `floor` is an error that is small anyhow, by rounding or by how much the value changes;
    `largest` is the value's magnitude, `spread` its change by the step; `steps` holds the slopes of
    the single steps.
    """

    slope: Vector
    error: Vector
    kinked: np.ndarray[Any, np.dtype[np.bool_]]
    left: Vector
    right: Vector
    side_error: Vector
    floor: Vector
    largest: Vector
    spread: Vector
    steps: tuple[Vector, ...] = ()

    def known(self, within: Vector) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where the error is less than this, or small anyhow."""
        return np.isfinite(self.error) & (self.error <= np.fmax(within, self.floor))

    def confirmed(self, k: int, other: float) -> bool:
        """Whether two steps, where there are two, agree with each other on an entry, and not with
        another number for it."""
        apart = abs(self.slope[k] - other) / 4
        agreeing = sum(not abs(slope[k] - self.slope[k]) > apart for slope in self.steps)
        return bool(agreeing >= min(2, len(self.steps)))


def steps_for(largest: float, smallest: float, precision: float) -> list[float]:
    """Steps for arguments whose magnitudes lie between these."""
    factor = precision**0.2  # balances rounding and truncation of an extrapolated difference
    step, last = factor * max(largest, 1.0), factor * min(smallest, 1.0) / _SHRINK**4
    found = [step]
    while step > last and len(found) < _MOST:
        step /= _SHRINK
        found.append(step)
    return found


def slopes(
    value: Callable[[float], Vector], steps: Sequence[float], scale: float, precision: float,
    enough: Callable[[Slopes], bool],
) -> Slopes:  # fmt: skip
    """The derivative at 0 of `value`; the steps are tried until it is enough.

    scale: the magnitude of what is moved. precision: the relative rounding error of its dtype.
    """
    middle = value(0.0)
    found = None
    for step in steps:
        new = _at(value, middle, step, scale, precision)
        found = new if found is None else _better(found, new)
        # The magnitude of the value by that of the argument bounds what rounding may excuse.
        natural = precision**0.2 * found.largest / steps[0]
        rounding = 1600 * precision * found.largest / steps[0]
        small = np.fmax(np.fmax(2 * found.floor, rounding), precision**0.4 * found.spread)
        floor = np.fmin(small, max(_FLOOR, 100 * precision) * natural)
        excused = replace(found, floor=floor)
        if enough(excused):
            break
    return excused


def _at(
    value: Callable[[float], Vector], middle: Vector, step: float, scale: float, precision: float
) -> Slopes:
    half = step / 2
    far, near, back, far_back = (value(t) for t in (step, half, -half, -step))
    with np.errstate(all="ignore"):
        wide, narrow = (far - far_back) / (2 * step), (near - back) / step
        slope = (4 * narrow - wide) / 3
        largest = np.fmax(np.abs(middle), np.fmax(np.abs(far), np.abs(far_back)))
        noise = precision * (_ROUNDINGS * largest + scale * np.abs(narrow)) / step
        bend_wide = np.abs(far - 2 * middle + far_back) / step
        bend = np.abs(near - 2 * middle + back) / half
        # Where the function is smooth, half the step halves the difference between the sides.
        kinked = (bend > 0.75 * bend_wide) & (bend < 1.33 * bend_wide) & (bend > 8 * noise)
        kinked &= np.abs(narrow - wide) < bend / 4  # else a jump: its slope has no bound
        error = np.where(kinked, np.inf, np.abs(slope - narrow) + noise)
        error = np.where(np.isfinite(slope) & np.isfinite(error), error, np.inf)
        left = 2 * (middle - back) / half - (middle - far_back) / step
        right = 2 * (near - middle) / half - (far - middle) / step
        side = np.abs(left - (middle - back) / half) + np.abs(right - (near - middle) / half)
        side_error = np.where(kinked & np.isfinite(side), side + noise, np.inf)
        spread = np.fmax(np.abs(far - middle), np.abs(far_back - middle)) / step
    return Slopes(slope, error, kinked, left, right, side_error, noise, largest, spread, (slope,))


def _better(old: Slopes, new: Slopes) -> Slopes:
    """Of each entry the slope with the smaller error, but what a smaller step contradicts is gone;
    and likewise the sides of a kink."""
    with np.errstate(invalid="ignore"):
        contradicted = np.abs(new.slope - old.slope) > 4 * (new.error + old.error)
    better, sides = contradicted | (new.error < old.error), new.side_error < old.side_error
    return Slopes(
        np.where(better, new.slope, old.slope), np.where(better, new.error, old.error),
        old.kinked | new.kinked, np.where(sides, new.left, old.left),
        np.where(sides, new.right, old.right), np.where(sides, new.side_error, old.side_error),
        np.where(better, new.floor, old.floor), np.fmax(old.largest, new.largest),
        np.fmax(old.spread, new.spread),
        old.steps + new.steps,
    )  # fmt: skip
