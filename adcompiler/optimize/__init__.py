"""The passes, each in a file named by what it does, and the pipelines they form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir.core import Function, on_all
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


# By level; at 0 only what no gate of the user's stands behind goes.
BEFORE_SAVES: Sequence[Sequence[Pass]] = (
    (read_branch_results, keep_gates_and_sequences),
    (
        forward_copies, simplify, share_subexpressions, read_branch_results, keep_sequences,
        share_shapes, keep_sequences,
    ),
)
AFTER_SAVES: Sequence[Sequence[Pass]] = (
    (keep_gates, keep_gates, delay_updates),
    (forward_copies, simplify, share_subexpressions, drop_dead, drop_dead, delay_updates),
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
