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

_SHRINK = 8.0
_MOST = 24
_ROUNDINGS = 16.0  # the rounding errors of a function's value, in units of the last place
_FLOOR = 1e-3  # of the value by the argument: the most that rounding is let excuse

Vector = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Slopes:
    """What differences say of each entry of a function's value: the slope and its error, which is
    infinite where no step gave one; where both sides of a kink disagree, the slopes of these.

    `floor` is an error that rounding excuses. `steps` holds slopes and errors of the single steps.
    """

    slope: Vector
    error: Vector
    kinked: np.ndarray[Any, np.dtype[np.bool_]]
    left: Vector
    right: Vector
    floor: Vector
    steps: tuple[tuple[Vector, Vector], ...] = ()

    def known(self, within: Vector) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where the error is less than this, or no more than rounding."""
        return np.isfinite(self.error) & (self.error <= np.fmax(within, self.floor))

    def confirmed(self, k: int, within: float) -> bool:
        """Whether a second step, where there was one, says the same of an entry."""
        within = max(within, self.floor[k])
        agreeing = sum(
            error[k] <= within and abs(slope[k] - self.slope[k]) <= within
            for slope, error in self.steps
        )
        return bool(agreeing >= min(2, len(self.steps)))


def steps_for(largest: float, smallest: float, precision: float) -> list[float]:
    """Steps for arguments whose magnitudes lie between these."""
    factor = precision**0.2  # balances rounding and truncation of an extrapolated difference
    step, last = factor * max(largest, 1.0), factor * min(smallest, 1.0) / _SHRINK**2
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
    nothing, never = np.full_like(middle, np.nan), np.zeros(middle.shape, bool)
    found = Slopes(
        nothing, np.full(middle.shape, np.inf), never, nothing, nothing, np.zeros(middle.shape)
    )
    rounding = 100 * precision * np.abs(middle) / steps[0]
    most = max(_FLOOR, 100 * precision) * precision**0.2 * np.abs(middle) / steps[0]
    excused = found.floor
    for step in steps:
        found = _better(found, _at(value, middle, step, scale, precision))
        excused = np.fmin(np.fmax(2 * found.floor, _ROUNDINGS * rounding), most)
        if enough(replace(found, floor=excused)):
            break
    return replace(found, floor=excused)


def _at(
    value: Callable[[float], Vector], middle: Vector, step: float, scale: float, precision: float
) -> Slopes:
    half = step / 2
    far, near, back, far_back = (value(t) for t in (step, half, -half, -step))
    with np.errstate(all="ignore"):
        wide, narrow = (far - far_back) / (2 * step), (near - back) / step
        slope = (4 * narrow - wide) / 3
        largest = np.max(np.abs([middle, far, far_back]), 0)
        noise = precision * (_ROUNDINGS * largest + scale * np.abs(narrow)) / step
        bend_wide = np.abs(far - 2 * middle + far_back) / step
        bend = np.abs(near - 2 * middle + back) / half
        # Where the function is smooth, half the step halves the difference between the sides.
        kinked = (bend > 0.75 * bend_wide) & (bend < 1.33 * bend_wide) & (bend > 8 * noise)
        kinked &= np.abs(narrow - wide) < bend / 4  # else a jump: its slope has no bound
        error = np.where(kinked, np.inf, np.abs(slope - narrow) + noise)
        left, right = (middle - back) / half, (near - middle) / half
    error = np.where(np.isfinite(slope) & np.isfinite(error), error, np.inf)
    kinked &= np.isfinite(bend)
    return Slopes(slope, error, kinked, left, right, noise, ((slope, error),))


def _better(old: Slopes, new: Slopes) -> Slopes:
    """Of each entry the slope with the smaller error, but what a smaller step contradicts is gone;
    and the kink seen at the smaller step."""
    with np.errstate(invalid="ignore"):
        contradicted = np.abs(new.slope - old.slope) > 4 * (new.error + old.error)
    better, kinked = contradicted | (new.error < old.error), new.kinked
    return Slopes(
        np.where(better, new.slope, old.slope), np.where(better, new.error, old.error),
        old.kinked | kinked, np.where(kinked, new.left, old.left),
        np.where(kinked, new.right, old.right), np.where(better, new.floor, old.floor),
        old.steps + new.steps,
    )  # fmt: skip
