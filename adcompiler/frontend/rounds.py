"""What a loop's body turned out to need, for when it is lowered again.

    for i in range(n):           round 1: `j` has no value before the inner loop; that one is
        for j in range(n):       lowered twice, the second time with `j` among its carries
            y = y * x            round 2 (y is a float): it begins with `j` among its carries

A loop is lowered until its types settle, and with it all loops inside. Each of these begins with
what it needed in the round before; else nesting would cost a power of its depth.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..diagnostics import Span
from ..ir.types import Type

__all__ = ["Needs", "Rounds"]

Key = tuple[ast.AST, tuple[Span, ...]]
Found = dict[Key, list["Needs"]]


@dataclass(frozen=True)
class Needs:
    """Of one loop: the types of numbers that have no value before it, the names of the arrays that
    it stores into (if all have one), and what the loops inside need."""

    types: Mapping[str, Type]
    stored: tuple[str, ...]
    inside: Found


@dataclass
class Rounds:
    """The loops inside of one that is being lowered: in the round before, and so far in this one.

    A loop is known by its node and the calls that lead to it; what unrolls around it has it more
    than once, in order.
    """

    before: Found = field(default_factory=dict)
    now: Found = field(default_factory=dict)

    def needed(self, key: Key) -> Needs | None:
        """What the loop that is lowered next needed in the round before."""
        found, count = self.before.get(key, []), len(self.now.get(key, ()))
        return found[count] if count < len(found) else None

    def note(self, key: Key, needs: Needs) -> None:
        self.now.setdefault(key, []).append(needs)
