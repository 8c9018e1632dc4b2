"""The pipelines that the passes form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..ir.core import Function, on_all, walk
from .branch_results import read_branch_results
from .cancel import cancel_terms
from .choice import DEFAULT, LEVELS, PASSES, Passes, chosen_passes
from .commute import sum_first
from .copies import forward_copies
from .dead_code import drop_dead
from .faster import faster
from .gate_bodies import splice_gates
from .invariants import hoist_invariants
from .inverses import solve_by_inverses
from .late_updates import delay_updates
from .loop_values import read_loop_values
from .pack_tapes import pack_tapes
from .place_stores import store_at_places
from .products import regroup_products
from .quotients import share_quotients
from .row_lists import list_rows
from .shape_sources import share_shapes
from .sigmoids import write_sigmoids
from .signs import move_signs
from .simplify import simplify
from .subexpressions import share_subexpressions
from .sums import shrink_all_sums, shrink_sums

__all__ = [
    "DEFAULT", "LEVELS", "PASSES", "NamedPass", "Pass", "Passes", "after_copies", "after_saves",
    "before_emission", "before_saves", "chosen_passes", "on_primal", "run",
]  # fmt: skip

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
        if swept is function or _count(swept) == _count(function):
            return swept
        function = swept


def _count(function: Function) -> int:
    return sum(1 + len(op.results) + len(op.operands) for op in walk(function.body))


@dataclass(frozen=True)
class NamedPass:
    """A pass of a pipeline by its name; one that can't be switched off by that of its function."""

    name: str
    change: Pass

    def __call__(self, function: Function) -> Function:
        return self.change(function)


# By name, if a pass can be switched off; the rest makes right what others leave.
Step = tuple[str | None, Pass]

_LECTURE_BEFORE_SAVES: Sequence[Step] = (
    (None, read_branch_results), (None, keep_gates_and_sequences),
)  # fmt: skip
_BEFORE_SAVES: Sequence[Step] = (
    ("copies", forward_copies), ("simplify", simplify),
    ("subexpressions", share_subexpressions), ("cancel", cancel_terms),
    ("sigmoids", write_sigmoids), (None, read_branch_results), (None, keep_sequences),
    ("shapes", share_shapes), ("invariants", hoist_invariants),
    ("loop-values", read_loop_values), (None, keep_sequences),
)  # fmt: skip
_LECTURE_AFTER_SAVES: Sequence[Step] = (
    (None, keep_gates_settled), ("late-updates", delay_updates),
)  # fmt: skip


def _after_saves(rounding: bool) -> Sequence[Step]:
    return (
        ("copies", forward_copies), ("simplify", simplify),
        ("powers", faster("powers", rounding)), ("matmul", faster("matmul", rounding)),
        ("subexpressions", share_subexpressions), (None, drop_settled),
        ("inverses", solve_by_inverses),
        ("place-stores", store_at_places),
        ("signs", move_signs), ("commute", sum_first), ("quotients", share_quotients),
        ("sums", shrink_all_sums if rounding else shrink_sums), ("products", regroup_products),
        ("ones", faster("ones")), ("rows", faster("rows")), ("invariants", hoist_invariants),
        ("subexpressions", share_subexpressions), (None, drop_settled),
        ("late-updates", delay_updates),
    )  # fmt: skip


_AFTER_SAVES = _after_saves(rounding=False)
_ROUNDING_AFTER_SAVES = _after_saves(rounding=True)


_ON_PRIMAL: Sequence[Step] = ()


def on_primal(passes: Passes) -> list[NamedPass]:
    """What runs on the function before it is differentiated: it may change how values round."""
    return _chosen(_ON_PRIMAL, passes)


def before_saves(passes: Passes) -> list[NamedPass]:
    """What runs while the backward part still reads the forward part's values as they stand; in
    the lecture form only what no gate of the user's stands behind goes."""
    return _chosen(_BEFORE_SAVES if passes.level else _LECTURE_BEFORE_SAVES, passes)


def after_saves(passes: Passes) -> list[NamedPass]:
    """What runs on the legal form."""
    steps = (_LECTURE_AFTER_SAVES, _AFTER_SAVES, _ROUNDING_AFTER_SAVES)[passes.level]
    return _chosen(steps, passes)


def after_copies(passes: Passes) -> list[NamedPass]:
    """What runs on the text's last form."""
    return _chosen([(None, drop_dead if passes.level else keep_gates)], passes)


def before_emission(passes: Passes) -> list[NamedPass]:
    """What is for the text alone."""
    steps = ("gates", splice_gates), ("row-lists", list_rows), ("tuple-tapes", pack_tapes)
    return _chosen(steps, passes)


def _chosen(steps: Sequence[Step], passes: Passes) -> list[NamedPass]:
    return [
        NamedPass(name or one.__name__.replace("_", "-"), one)
        for name, one in steps if name is None or passes.runs(name)
    ]  # fmt: skip


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
