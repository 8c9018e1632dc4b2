"""Cotangents that may hold zeros because nothing flows there: `masked` ones.

    u = y[:2] / y[2:]       grad_y = zeros            masked
                            grad_y[2:] -= ...         masked: nothing has flown to grad_y[:2] yet
                            grad_y[:2] += ...         something flows to all of it

What follows here is how far something flows: to the parts of one array, and round loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..ir.core import Operation, Region, Value
from ..ops.places import Part, cover

__all__ = ["Flow"]


@dataclass(frozen=True)
class Flow:
    """How far something flows to cotangents.

    parts: of masked cotangents, the parts to which something flows.
    carries: of the loops mirrored so far, the positions of masked carries.
    """

    parts: dict[Value, tuple[Part, ...]] = field(default_factory=dict)
    carries: dict[Region, set[int]] = field(default_factory=dict)

    def fills(self, before: Value, after: Value, part: Part) -> bool:
        """Something flows to this part of what was masked; whether it does to the whole by now."""
        parts = self.parts[after] = (*self.parts.get(before, ()), part)
        return cover(parts)

    def enters(
        self, loop: Operation, entering: Sequence[Value], enter: Sequence[Value],
        masked: set[Value], rounds: int = 0,
    ) -> bool:  # fmt: skip
        """A mirrored loop's cotangents are masked in every iteration if those are that enter the
        first one, or come from the one before; gives whether some of those that `enter` weren't.

        Then the body is written again, which may mask more; so before the third time everything
        is taken as masked.
        """
        known = self.carries.setdefault(loop.attributes["region"], set())
        before = len(known)
        known.update(k for k, g in enumerate(entering) if g in masked)
        if rounds > 1 and len(known) > before:
            known.update(range(len(enter)))
        masked.update(enter[k] for k in known)
        return len(known) > before
