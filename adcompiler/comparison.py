"""A function's derivatives against differences of its values: argument by argument, entry by entry.

A few entries of an argument are moved one by one; of many, all at once in random directions, and
where that shows a fault, a half of them that shows it, a half of that, down to the entry. What is
found is told by a line each:

    order 1, mode rev: result by x[2]: found 3, expected 2 (by central differences, ± 1.2e-11); ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .differences import Slopes, Vector, slopes, steps_for
from .fitting import flat, kept
from .float_leaves import Results, is_float, leaves, like, normal, with_floats
from .frontend.signature import abstract
from .wrt import is_fit

__all__ = ["Comparison", "Direction", "Subject", "Tolerance"]

_COLUMNS = 32  # entries of an argument that are moved one by one
_RANDOM = 3  # directions in which more are moved
_TOLD = 5
_LOOSE = 100.0  # how much worse than the tolerance a difference may be, and still be the judge


@dataclass(frozen=True)
class Tolerance:
    """`rtol` of the larger number, and `atol`, or a part of the largest partial."""

    rtol: float
    atol: float | None
    eps: float | None
    precision: float
    given: bool

    def around(self, a: Vector, b: Vector, largest: float) -> Vector:
        atol = 0.01 * self.rtol * largest if self.atol is None else self.atol
        with np.errstate(invalid="ignore"):
            return np.asarray(atol + self.rtol * np.fmax(np.abs(a), np.abs(b)))


@dataclass(frozen=True)
class Direction:
    """A way to go from the arguments: `along` has an array for each of their leaves; the entries
    of the leaf that it moves, in their order."""

    text: str
    leaf: int
    along: tuple[Any, ...]
    entries: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Subject:
    """A function to be checked: its results, as a vector of floats, and what the modes say of the
    results' tangent along a direction."""

    order: int
    value: Callable[[Sequence[Any]], Vector]
    results: Results
    modes: dict[str, Callable[[Direction], Vector]]


class Comparison:
    """One call of `check_grads`."""

    def __init__(self, args: tuple[Any, ...], names: list[str], tolerance: Tolerance, seed: int):
        self.args, self.tolerance = args, tolerance
        self.random = np.random.default_rng(seed)
        fit = tuple(k for k, arg in enumerate(args) if is_fit(abstract(arg, names[k])))
        self.wrt = fit
        self.leaves = [
            leaf for k in fit for leaf in leaves(args[k], names[k]) if is_float(leaf.value)
        ]
        self.found: list[str] = []
        self.kinks: set[tuple[int, int]] = set()

    def moved(self, direction: Direction, step: float) -> tuple[Any, ...]:
        """The arguments, a step along the direction."""
        parts = iter(
            [
                like(leaf.value, np.asarray(leaf.value) + step * along)
                for leaf, along in zip(self.leaves, direction.along, strict=True)
            ]
        )
        return self.withleaves(kept(self.args, True), parts)

    def withleaves(self, args: Sequence[Any], parts: Iterator[Any]) -> tuple[Any, ...]:
        """The arguments with others in the places of the floats that are differentiated by."""
        return tuple(
            with_floats(arg, parts) if k in self.wrt else arg for k, arg in enumerate(args)
        )

    def tangents(self, along: Sequence[Any]) -> tuple[Any, ...]:
        """The direction in the structure of what is differentiated by."""
        parts = iter(
            [like(leaf.value, dot) for leaf, dot in zip(self.leaves, along, strict=True)]
        )
        args = self.withleaves(self.args, parts)
        return tuple(args[k] for k in self.wrt)

    def tangents_anywhere(self) -> tuple[Any, ...]:
        """A random direction that moves all of them."""
        return self.tangents(
            [
                normal(self.random, np.shape(leaf.value), np.iscomplexobj(leaf.value))
                for leaf in self.leaves
            ]
        )

    def floats(self, found: Sequence[Any]) -> list[Any]:
        """What belongs to the leaves, of gradients by what is differentiated by."""
        return [leaf for leaf in flat(tuple(found)) if is_float(leaf)]

    def fresh(self) -> tuple[Any, ...]:
        found: tuple[Any, ...] = kept(self.args, True)
        return found

    def directions(self, leaf: int) -> list[Direction]:
        """The entries one by one, or a few random ways to move all of them."""
        count = self.leaves[leaf].size
        smooth = np.array([k for k in range(count) if (leaf, k) not in self.kinks], int)
        if count <= _COLUMNS:
            return [one for k in smooth for one in self.units(leaf, int(k))]
        return [self.random_direction(leaf, smooth) for _ in range(_RANDOM if len(smooth) else 0)]

    def units(self, leaf: int, entry: int) -> Iterator[Direction]:
        text = self.leaves[leaf].entry(entry)
        is_complex = np.iscomplexobj(self.leaves[leaf].value)
        for unit, told in ((1, ""), (1j, " (imaginary part)"))[: 1 + is_complex]:
            yield self.direction(text + told, leaf, np.array([entry]), np.array([unit]))

    def random_direction(self, leaf: int, entries: np.ndarray[Any, Any]) -> Direction:
        along = normal(self.random, len(entries), np.iscomplexobj(self.leaves[leaf].value))
        return self.direction(f"{self.leaves[leaf].text} along a random direction", leaf, entries,
                              along)  # fmt: skip

    def direction(self, text: str, leaf: int, entries: Any, along: Any) -> Direction:
        parts = [np.zeros(np.shape(one.value), np.asarray(along).dtype) for one in self.leaves]
        parts[leaf].reshape(-1)[entries] = along
        return Direction(text, leaf, tuple(parts), entries)

    def run(self, subject: Subject) -> None:
        """Compare what the modes say with the differences, argument by argument."""
        middle = subject.value(self.fresh())
        if not np.array_equal(middle, subject.value(self.fresh()), equal_nan=True):
            self.found.append(
                f"order {subject.order}: two calls with the same arguments give different values;"
                " nothing can be checked."
            )
            return
        for leaf in range(len(self.leaves)):
            for direction in self.directions(leaf):
                told = self.faults(subject, direction)
                if told and len(direction.entries) > 1:
                    told = self.narrowed(subject, direction) or told
                self.found += told
                if told and len(direction.entries) > 1:
                    break  # other directions would only say the same

    def narrowed(self, subject: Subject, direction: Direction) -> list[str]:
        """What is said of a half of the entries that is as wrong, of its half, down to one."""
        entries = direction.entries
        if len(entries) == 1:
            units = self.units(direction.leaf, int(entries[0]))
            return [line for unit in units for line in self.faults(subject, unit)]
        middle = len(entries) // 2
        for half in (entries[:middle], entries[middle:]):
            one = self.random_direction(direction.leaf, half)
            told = self.faults(subject, one)
            if told:
                return self.narrowed(subject, one) or told
        return []

    def faults(self, subject: Subject, direction: Direction) -> list[str]:
        """What is wrong with the derivatives along a direction, a line for each fault."""
        with np.errstate(all="ignore"):
            told = {mode: tangent(direction) for mode, tangent in subject.modes.items()}
        largest = max((float(np.max(np.abs(t), initial=0.0)) for t in told.values()), default=0.0)
        largest = largest if np.isfinite(largest) else 0.0

        def wrong(found: Vector, by: Slopes) -> Any:
            allowed = self.tolerance.around(found, by.slope, largest)
            with np.errstate(invalid="ignore"):
                near = np.abs(found - by.slope) <= allowed + by.error
            return ~(near & by.known(_LOOSE * allowed))

        by = self.slopes(subject, direction, lambda s: not any(
            np.any(wrong(found, s)) for found in told.values()
        ))  # fmt: skip
        lines = []
        for mode, found in told.items():
            for k in map(int, np.flatnonzero(wrong(found, by))):
                allowed = float(self.tolerance.around(found[k], by.slope[k], largest))
                line = _judged(found[k], by, k, allowed)
                if line:
                    lines.append(
                        f"order {subject.order}, mode {mode}: {subject.results.texts[k]} by"
                        f" {direction.text}: {line}"
                    )
        self._note_kinks(direction, by)
        return lines or self.disagreement(subject, direction, told, largest, by)

    def _note_kinks(self, direction: Direction, by: Slopes) -> None:
        """Where the slope jumps, there is no second derivative to be checked."""
        if np.any(by.kinked & ~np.isfinite(by.error)):
            self.kinks |= {(direction.leaf, int(k)) for k in direction.entries}

    def slopes(
        self, subject: Subject, direction: Direction, enough: Callable[[Slopes], bool]
    ) -> Slopes:
        moved = np.abs(np.asarray(self.leaves[direction.leaf].value).reshape(-1))
        moved = moved[direction.entries].astype(float)
        most = float(np.max(moved))
        least = float(np.min(moved[moved > 0], initial=1.0))
        steps = steps_for(most, least, self.tolerance.precision)
        if self.tolerance.eps is not None:
            steps = [self.tolerance.eps]

        def value(step: float) -> Vector:
            args = self.moved(direction, step)
            if not step:
                return subject.results.of(subject.value(args))
            try:
                found = subject.value(args)
            except Exception:  # it isn't defined there
                found = np.empty(0)
            wanted = sum(leaf.size for leaf in subject.results.leaves)
            return subject.results.of(found if len(found) == wanted else np.full(wanted, np.nan))

        with np.errstate(all="ignore"):
            return slopes(value, steps, most, self.tolerance.precision, enough)

    def disagreement(
        self, subject: Subject, direction: Direction, told: dict[str, Vector], largest: float,
        by: Slopes,
    ) -> list[str]:  # fmt: skip
        """<Jv, w> and <v, J^T w> are the same number, to nearly the last place."""
        if len(told) < 2:
            return []
        forward, reverse = told["fwd"], told["rev"]
        most = np.fmax(largest, np.fmax(np.abs(forward), np.abs(reverse)))
        allowed = np.fmax(self.tolerance.precision**0.5 * most, by.floor)
        if self.tolerance.given:
            allowed = np.fmax(allowed, self.tolerance.around(forward, reverse, largest))
        return [
            f"order {subject.order}, fwd against rev: {subject.results.texts[k]} by"
            f" {direction.text}: forward mode gives {_number(forward[k])}, reverse mode"
            f" {_number(reverse[k])}; the tolerance is {allowed[k]:.1e}"
            for k in np.flatnonzero(np.abs(forward - reverse) > allowed)
        ]


def _judged(found: Any, by: Slopes, k: int, allowed: float) -> str | None:
    """What is wrong with a number that isn't the slope; None where it is one of a kink's."""
    told, slope, error = _number(found), by.slope[k], by.error[k]
    if by.known(np.asarray(_LOOSE * allowed))[k] and by.confirmed(k, _LOOSE * allowed):
        return (
            f"found {told}, expected {_number(slope)} (by central differences,"
            f" ± {error:.1e}); the tolerance is {allowed:.1e}"
        )
    if by.kinked[k] and np.isfinite(found):
        left, right = by.left[k], by.right[k]
        if abs(found - (left + right) / 2) <= abs(right - left) / 2 + allowed:
            return None
        return (
            f"found {told} at a kink, where the slopes on the two sides are {_number(left)} and"
            f" {_number(right)}; it isn't between them"
        )
    best = f"{_number(slope)} ± {error:.1e}" if np.isfinite(error) else "no number"
    return (
        f"found {told}, but the differences don't settle ({best} at best): the function jumps, is"
        " noisy or isn't finite around here, so that this can't be checked; the tolerance is"
        f" {allowed:.1e}; choose other arguments, eps or rtol"
    )


def _number(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    return f"{value:.9g}"
