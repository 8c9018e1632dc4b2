"""The gates of a run for the page: each with the first and the last of its numbers.

    y   y * x   10 times   iteration 0: 2.0, gradient 512.0   ...   iteration 9: 1024.0, 1.0

The interpreter runs the function, as for `adcompiler trace`. Its SSA is lowered apart from the one
that is differentiated; the two are the same, operation by operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..diagnostics import Span
from ..graph import Gate as Ran
from ..graph import Graph
from ..graph_text import shown
from ..ir.core import Function, Operation, Value, walk
from ..ir.loops import Loop, is_loop
from ..pictures.numbers import short, whole
from ..transform.probes import is_look
from .model import Gate, Sample
from .sources import Sources

__all__ = ["FIRST", "LAST", "brief", "gates_of"]

# Of what runs more often, so many first and last numbers are kept.
FIRST, LAST = 4, 4


def gates_of(
    graph: Graph, function: Function, sources: Sources
) -> tuple[list[Gate], Mapping[Value, int]]:
    """The parameters and gates of the graph's last run, and the indexes of those that values of
    `function` stand for."""
    assert graph._program is not None
    gradients = graph._leaf_gradients()
    head = sources.places[sources.head].row
    found = [
        Gate(name, "", head, 1, (_sample("", value, gradients.get(name)),))
        for name, value in graph.parameters.items()
    ]
    ran: dict[Value, list[Ran]] = {}
    for (value, _), gate in graph._found.items():
        ran.setdefault(value, []).append(gate)
    ours = _paired(graph._program.function, function)
    last = {value: k for k, (value, _) in enumerate(graph._found)}
    calls = _given_by(graph._program.function, last)
    numbers = {}
    for value, gates in ran.items():
        first = gates[0]
        place = sources.place(first.span)
        row = sources.places[place].row if place >= 0 else -1
        samples = _sampled(gates, lambda k, gate: _sample(
            ", ".join(map(str, gate.iteration)), gate.value, gate.gradient))  # fmt: skip
        if value in ours:
            numbers[ours[value]] = len(found)
        given = {sources.places[p].row for p in map(sources.place, calls.get(value, ())) if p >= 0}
        around = tuple(sorted(given - {row}))
        found.append(Gate(first.name, first.expression, row, len(gates), samples, around))
    return found, numbers


def _given_by(
    function: Function, last: Mapping[Value, int]
) -> dict[Value, dict[Span, None]]:
    """By value, the calls that give it: it is computed inside of them and read outside. Of what may
    give it, as the sides of a branch, the one that ran last: `last` tells when."""
    makers = {v: op for op in walk(function.body) for v in op.results}
    found: dict[Value, dict[Span, None]] = {}

    def read(value: Value, reader: Span | None) -> None:
        maker = makers.get(value)
        if maker is not None:
            left = [call for call in _calls(maker.span) if call not in _calls(reader)]
            steps = [one for one in _computed(value, makers) if one in last] if left else []
            if steps:
                one = max(steps, key=last.__getitem__)
                found.setdefault(one, {}).update(dict.fromkeys(left))

    for op in walk(function.body):
        for value in () if is_look(op) else op.operands:
            read(value, op.span)
        for block in op.blocks:
            for value in block.results:
                read(value, op.span)
    for value in function.body.results:
        read(value, None)
    return found


def _calls(span: Span | None) -> list[Span]:
    """The calls that led to a place, the innermost first."""
    caller = None if span is None else span.caller
    return [] if caller is None else [caller, *_calls(caller)]


def _computed(value: Value, makers: Mapping[Value, Operation]) -> Iterator[Value]:
    """The steps that a value stands for: of a loop or branch, what its blocks hand on."""
    op = makers.get(value)
    if op is None:
        return
    if is_look(op):
        yield from _computed(op.operands[0], makers)
    elif not op.blocks:
        yield value
    else:
        position = op.results.index(value)
        if is_loop(op) and position < len(Loop(op).starts):
            yield from _computed(Loop(op).starts[position], makers)
        for block in op.blocks[-1:] if is_loop(op) else op.blocks:
            if position < len(block.results):
                yield from _computed(block.results[position], makers)


def _sampled(things: Sequence[Any], sample: Callable[[int, Any], Sample]) -> tuple[Sample, ...]:
    """The first and the last of them."""
    places = [k for k in range(len(things)) if k < FIRST or k >= len(things) - LAST]
    return tuple(sample(k, things[k]) for k in places)


def _sample(iteration: str, value: Any, gradient: Any) -> Sample:
    return Sample(iteration, brief(value), brief(gradient), shown(value), shown(gradient))


def brief(value: Any) -> str:
    """A number with 4 digits, of an array its Euclidean norm; nothing of what has parts."""
    match value:
        case np.ndarray() if value.dtype.kind in "biu":
            return whole(value)
        case np.ndarray():
            return f"‖{np.linalg.norm(value.astype(complex)):.3g}‖" if value.size else "‖0‖"
        case tuple() | list() | dict() | str():
            return ""
    return short(value)


def _paired(one: Function, other: Function) -> dict[Value, Value]:
    """The results of the operations of one function with those of the other; none where the two
    aren't the same, operation by operation."""
    pairs: dict[Value, Value] = {}
    first, second = list(walk(one.body)), list(walk(other.body))
    if [(a.opcode, a.span) for a in first] != [(b.opcode, b.span) for b in second]:
        return {}
    for a, b in zip(first, second, strict=True):
        pairs.update(zip(a.results, b.results, strict=True))
    return pairs
