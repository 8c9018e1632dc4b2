"""Reverse mode across calls: which functions take part, and what their two parts exchange.

    %y = invoke[callee=power] %x, %n         %y, %saved = invoke[callee=power_forward] %x, %n
                                   gives     ...
                                             %grad_x = invoke[callee=power_pullback] %saved, %grad_y

A function that is called with active arguments is differentiated once, for all calls of it: with
respect to every argument that is active in one of them, and for every result that is. So it is
with the masks: a cotangent that one call may hand in with zeros put there by a selection is taken
to hold them always.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Block, Function, Label, Operation, Value, callee_of, is_temporary, walk
from ..ir.rewrite import substitute
from ..ir.types import SAVED
from .activity import Dependences, active_values, dependences
from .gates import recorded
from .recompute import is_recomputed

__all__ = ["Adjoint", "Adjoints", "plan_adjoints"]


@dataclass
class Adjoint:
    """A function's two parts, the positions of parameters with a gradient and of results with a
    cotangent, and of those the masked ones. `again`: its calls are made again, so that the backward
    part holds both."""

    function: Function
    forward: Label
    backward: Label
    again: bool = False
    active: frozenset[Value] = frozenset()
    parameters: tuple[int, ...] = ()
    results: tuple[int, ...] = ()
    masked_gradients: set[int] = field(default_factory=set)
    masked_seeds: set[int] = field(default_factory=set)

    @property
    def label(self) -> Label:
        """The function that holds both parts, until they are split."""
        return self.backward if self.again else self.forward


@dataclass
class Adjoints:
    """What takes part in the derivative of one function: its own active values, and those
    functions that it calls with active arguments, by their label and by that of their forward
    part."""

    active: frozenset[Value]
    called: dict[Label, Adjoint]
    recorded: dict[Label, Adjoint] = field(default_factory=dict)

    def masks(self) -> list[tuple[frozenset[int], frozenset[int]]]:
        """What is known of masks so far; it only grows."""
        return [
            (frozenset(a.masked_gradients), frozenset(a.masked_seeds)) for a in self.called.values()
        ]

    def record(self, block: Block, active: Collection[Value]) -> Block:
        """The block with active calls going to forward parts, and gates to their recordings, which
        give what they save; not where the run that is mirrored is another."""

        def operation(op: Operation) -> Operation:
            if is_recomputed(op):
                return op
            if op.blocks:
                return replace(op, blocks=tuple(self.record(b, active) for b in op.blocks))
            label = callee_of(op)
            adjoint = self.called.get(label) if label is not None else None
            if not any(v in active for v in op.results):
                return op
            if adjoint is None:
                return recorded(op)
            return replace(
                op,
                results=(*op.results, Value(SAVED, "saved")),
                attributes={**op.attributes, "callee": adjoint.forward},
            )

        return replace(block, operations=tuple(map(operation, block.operations)))


def plan_adjoints(
    function: Function, wrt: Iterable[Value], results: Collection[Value], name: str,
    parts: Sequence[str] = ("forward", "pullback"),
) -> Adjoints:  # fmt: skip
    """Follow the active values through all calls, until nothing new becomes active.

    `parts` names what a called function becomes: its forward part and its pullback, or one
    function for both.
    """
    _refuse_split(function)
    depends = dependences(function.functions)
    active = active_values(function, wrt, results, depends)
    called: dict[Label, Adjoint] = {}
    labels = {label.name for label in function.functions} | {name}
    pending = [(function.body, active)]
    while pending:
        body, values = pending.pop()
        for op in walk(body):
            label = callee_of(op)
            if label is None:
                continue
            pairs = [
                (i, j) for i, j in depends[label]
                if op.operands[i] in values and op.results[j] in values
            ]  # fmt: skip
            if not pairs:
                continue
            if label not in called:
                one = _adjoint(function.functions[label], parts, labels, is_recomputed(op))
                called[label] = one
            if _activate(called[label], pairs, depends):
                pending.append((called[label].function.body, called[label].active))
    return Adjoints(active, called, {a.forward: a for a in called.values() if not a.again})


def _adjoint(
    function: Function, parts: Sequence[str], taken: set[str], again: bool
) -> Adjoint:
    labels = [_label(f"{function.name}_{part}", taken) for part in parts]
    return Adjoint(_with_named_results(function), labels[0], labels[-1], again)


def _label(name: str, taken: set[str]) -> Label:
    while name in taken:
        name += "_"
    taken.add(name)
    return Label(name)


def _with_named_results(function: Function) -> Function:
    """A result that the user gave no name is called `out`; its cotangent is a parameter."""
    named = {
        v: Value(v.type, "out") for v in function.results
        if is_temporary(v) and v not in function.parameters
    }  # fmt: skip
    return replace(function, body=substitute(function.body, named))


def _activate(
    adjoint: Adjoint, pairs: Sequence[tuple[int, int]], depends: Dependences
) -> bool:
    """Make parameters and results active; gives whether that is news."""
    parameters = tuple(sorted({*adjoint.parameters, *(i for i, _ in pairs)}))
    results = tuple(sorted({*adjoint.results, *(j for _, j in pairs)}))
    if (parameters, results) == (adjoint.parameters, adjoint.results):
        return False
    adjoint.parameters, adjoint.results = parameters, results
    function = adjoint.function
    adjoint.active = active_values(
        function,
        [function.parameters[i] for i in parameters],
        [function.results[j] for j in results],
        depends,
    )
    return True


def _refuse_split(function: Function) -> None:
    """The tuples that two parts exchange have no cotangents yet."""
    for one in (function, *function.functions.values()):
        if any(v.type == SAVED for op in walk(one.body) for v in op.results):
            raise UnsupportedError(
                Diagnostic(
                    "recursion", "the gradient of a function that calls itself is differentiated"
                    " again.", "write the recursion as a loop.", function.span, (),
                )
            )  # fmt: skip
