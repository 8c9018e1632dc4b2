"""Functions that call themselves: what is known of each while it is lowered.

    def power(x, n):                             an instance for (number, number), the types of
        return 1.0 if n == 0 else ...            its parameters, and of what it returns

An instance is a function of its own in the IR. It belongs to the static part of a call's
arguments: functions, ints as literals, the forms of tuples. The numbers and arrays are its
parameters, whose types are found by widening until every call of it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..diagnostics import Span
from ..ir.core import Block, Label
from ..ir.types import Type
from .items import Item, Unfilled

__all__ = [
    "UNKNOWN",
    "WAITS",
    "Active",
    "Callee",
    "Instance",
    "Instances",
    "Recurs",
    "Unsettled",
    "Widened",
    "attempt",
    "settled_side",
]

T = TypeVar("T")


class Unsettled(Exception):
    """A recursive call whose results have no types yet: another path has to tell them first."""

    def __init__(self, instance: Instance, span: Span) -> None:
        self.instance = instance
        self.span = span
        super().__init__(instance)


WAITS = (Unsettled, Unfilled)  # what `attempt` gives back


class Recurs(Exception):
    """The function of an active call calls itself; the leaves in `numbers` differ then."""

    def __init__(self, active: Active, numbers: frozenset[int]) -> None:
        self.active = active
        self.numbers = numbers
        super().__init__(active)


class Widened(Exception):
    """A call of an instance that is being lowered has arguments of wider types."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        super().__init__(instance)


UNKNOWN = object()


@dataclass(frozen=True)
class Callee:
    """A Python function as it is called: what it is told apart by, and how its body is lowered.

    `lasting`: nothing but its arguments and the world outside decides what it does. `again`: its
    calls are made again in the backward part; else it calls itself.
    """

    key: Any
    name: str
    lower: Callable[[dict[str, Item], str | None], Item]
    lasting: bool
    again: bool = False

    @property
    def code(self) -> str:
        """The code of what is refused about it."""
        return "checkpoint" if self.again else "recursion"

    @property
    def told(self) -> str:
        """What makes it a function of its own."""
        return "which is checkpointed" if self.again else "which calls itself"


@dataclass(eq=False)
class Instance:
    """A function of its own: `arguments` are those of its first call, of which the leaves at
    `positions` are parameters; those in `numbers` could be static, but aren't the same in all
    calls.

    `result` is the structure that it returns, with types for leaves, once that is known.
    """

    label: Label
    callee: Callee
    form: tuple[Any, tuple[Any, ...]]
    arguments: Mapping[str, Item]
    positions: tuple[int, ...]
    types: list[Type]
    numbers: frozenset[int]
    result: Item = UNKNOWN
    body: Block | None = None


@dataclass(eq=False)
class Active:
    """A call whose function is being lowered: in place, or as an instance."""

    key: Any
    form: tuple[Any, tuple[Any, ...]]
    instance: Instance | None = None


@dataclass
class Instances:
    """The active calls, outermost first; the instances so far; how often a function was inlined
    into itself; the functions that were, until Python's stack was full."""

    active: list[Active] = field(default_factory=list)
    known: list[Instance] = field(default_factory=list)
    inlined: int = 0
    endless: set[Any] = field(default_factory=set)

    def label(self, name: str) -> Label:
        taken = {instance.label.name for instance in self.known}
        taken |= {a.instance.label.name for a in self.active if a.instance is not None}
        number, found = 0, name
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        return Label(found)


def attempt(ctx: Any, lower: Callable[..., Any], *arguments: Any) -> Any:
    """Lower something; where that waits for a recursive call, or for what is put into a list, what
    was raised, and no trace.

    Whoever calls this goes on as if that path were never taken: what comes of it only serves to
    find the types of a function that is lowered again.
    """
    builder, count, names = ctx.builder, len(ctx.builder.operations), dict(ctx.frame.names)
    state, jumps = ctx.memory.state.copy(), ctx.frame.jumps
    try:
        return lower(ctx, *arguments)
    except (Unsettled, Unfilled) as waits:
        if isinstance(waits, Unfilled):
            ctx.note(waits)
        ctx.builder, ctx.frame.names, ctx.memory.state = builder, names, state
        ctx.frame.jumps = jumps
        del builder.operations[count:]
        return waits


def settled_side(
    ctx: Any, outer: Any, sides: Sequence[tuple[T, Any]], result: Callable[[T], Any]
) -> T:
    """The side of a branch that waits for no recursive call, in place of the branch."""
    ctx.builder = outer
    for side, builder in sides:
        if not isinstance(result(side), WAITS):
            outer.operations += builder.operations
            return side
    raise result(sides[0][0])
