"""Jumps: `break`, `continue` and `return` as flags among the names, which branches merge.

    for i in range(n):                 for[exits=True] %r (%i: int):
        if c:                              %stop = if %c: yield True
            break                                  else: yield False
        rest                               if[guard=True] %stop: yield
                                           else: rest; yield
                                           yield %stop

A flag is an item like any other: where it is known when the function is compiled it costs nothing,
where it isn't, the statements that the jump passes by are lowered as the other side of an `if`.

    <skip>      the rest of this iteration doesn't run (kept in loops that have a `continue`)
    <stop>      nor does another iteration
    <stopped>   it has stopped in one of its segments (see `segments`)
    <broke>     the loop has ended by `break`: its `else` doesn't run
    <returned>  the function has returned, and `return` is what
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..ir.core import Value
from .assigned import Syntax
from .items import UNBOUND, Item, rebuild

__all__ = [
    "BROKE",
    "FLAGS",
    "RAISED",
    "RESULT",
    "RETURNED",
    "SKIP",
    "STOP",
    "STOPPED",
    "Jumps",
    "flag",
    "jump",
    "results_alike",
    "shown",
]

SKIP, STOP, STOPPED = "<skip>", "<stop>", "<stopped>"
BROKE, RETURNED, RESULT = "<broke>", "<returned>", "return"
RAISED = "<raised>"  # what follows never runs; always known when the function is compiled
FLAGS = (SKIP, STOP, STOPPED, BROKE, RETURNED, RESULT)

_SHOWN = {name: name.strip("<>") for name in FLAGS} | {RESULT: "result"}


@dataclass(frozen=True)
class Jumps:
    """What the statements that are lowered now are in: a function's body, or a loop's."""

    loop: bool = False
    skips: bool = False
    stops: bool = False
    returns: bool = False
    otherwise: bool = False
    segments: bool = False

    @classmethod
    def of_loop(cls, node: ast.For | ast.While, syntax: Syntax) -> Jumps:
        """The jumps out of a loop's body."""
        returns = any(map(syntax.may_return, node.body))
        broken = syntax.breaks(node.body)
        return cls(
            True, syntax.continues(node.body), broken or returns, returns,
            broken and bool(node.orelse),
        )

    @property
    def pending(self) -> str:
        """The flag that says whether the statements that follow are passed by."""
        if not self.loop:
            return RETURNED
        return SKIP if self.skips else STOP

    @property
    def carried(self) -> list[str]:
        """What a loop hands on from one iteration to the next, and out."""
        names = [BROKE] if self.otherwise else []
        names += [STOPPED] if self.segments and self.stops else []
        return [*names, RETURNED, RESULT] if self.returns else names


def flag(names: dict[str, Item], name: str) -> Item:
    """A flag as an item: False unless a jump has set it."""
    item = names.get(name, False)
    return False if item is UNBOUND else item


def jump(names: dict[str, Item], jumps: Jumps, node: ast.stmt, result: Item = None) -> None:
    """Set the flags that a `break`, `continue` or `return` sets."""
    if isinstance(node, ast.Return):
        names[RETURNED], names[RESULT] = True, result
    if jumps.loop and not isinstance(node, ast.Continue):
        names[STOP] = True
        if jumps.segments:
            names[STOPPED] = True
    if jumps.otherwise and isinstance(node, ast.Break):
        names[BROKE] = True
    if jumps.skips:
        names[SKIP] = True


def results_alike(a: Item, b: Item) -> tuple[Item, Item]:
    """What two paths return, in one form: where only one of them returns, its numbers and static
    parts stand for both, since nobody reads them on the other path."""
    if a is UNBOUND:
        return _missing(b), b
    if b is UNBOUND:
        return a, _missing(a)
    return a, b


def _missing(item: Item) -> Item:
    return rebuild(item, lambda leaf: UNBOUND if isinstance(leaf, Value) else leaf)


def shown(name: str) -> str:
    """The name of a flag's variable in the text."""
    return _SHOWN.get(name, name)
