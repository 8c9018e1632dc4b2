"""The passes, each in a file named by what it does, and the pipelines they form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir.core import Function, on_all, walk
from .branch_results import read_branch_results
from .copies import forward_copies
from .dead_code import drop_dead
from .late_updates import delay_updates
from .shape_sources import share_shapes
from .simplify import simplify
from .subexpressions import share_subexpressions

__all__ = ["AFTER_COPIES", "AFTER_SAVES", "BEFORE_SAVES", "Pass", "run"]

Pass = Callable[[Function], Function]


def keep_gates(function: Function) -> Function:
    """`drop_dead` for the lecture form: every gate of the user's stays."""
    return drop_dead(function, forward=True)


def keep_gates_and_sequences(function: Function) -> Function:
    """The same before saves are legalised."""
    return drop_dead(function, sequences=False, forward=True)


def keep_sequences(function: Function) -> Function:
    """`drop_dead` while mirror loops are still matched with their originals by position."""
    return drop_dead(function, sequences=False)


def drop_settled(function: Function) -> Function:
    """`drop_dead` until nothing goes: a loop over a tape may have been all that needed another."""
    return _settled(function, drop_dead)


def keep_gates_settled(function: Function) -> Function:
    """`keep_gates` until nothing goes."""
    return _settled(function, keep_gates)


def _settled(function: Function, drop: Pass) -> Function:
    while True:
        swept = drop(function)
        if _count(swept) == _count(function):
            return swept
        function = swept


def _count(function: Function) -> int:
    return sum(1 + len(op.results) + len(op.operands) for op in walk(function.body))


# By level; at 0 only what no gate of the user's stands behind goes.
BEFORE_SAVES: Sequence[Sequence[Pass]] = (
    (read_branch_results, keep_gates_and_sequences),
    (
        forward_copies, simplify, share_subexpressions, read_branch_results, keep_sequences,
        share_shapes, keep_sequences,
    ),
)
AFTER_SAVES: Sequence[Sequence[Pass]] = (
    (keep_gates_settled, delay_updates),
    (forward_copies, simplify, share_subexpressions, drop_settled, delay_updates),
)


AFTER_COPIES: Sequence[Sequence[Pass]] = ((keep_gates,), (drop_dead,))


def run(
    function: Function, passes: Sequence[Pass], check: Callable[[Function], None] | None = None
) -> Function:
    """Apply the passes in order, to the function and to all that come with it; `check` (the
    verifier, in tests) sees every result."""
    for one in passes:
        function = on_all(one, function)
        if check is not None:
            check(function)
    return function
