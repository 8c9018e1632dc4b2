"""`adcompiler trace`: a run as text, the forward pass and then the backward pass, gate by gate.

    forward
    line  iteration  gate  expression  value
                     x                 2.0
       3             y     1.0         1.0
       5  0          y     y * x       2.0
       5  1          y     y * x       4.0
      ... 96 iterations like these
       5  98         y     y * x       6.33825e+29
       5  99         y     y * x       1.26765e+30

Which loop a gate is in is read off the SSA: iteration 0 of one loop may follow iteration 0 of
another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from .graph import Gate, Graph
from .graph_text import aligned, shown
from .ir.core import Block, Operation, Value

__all__ = ["enclosing", "trace"]

# Of a longer loop the first and the last iterations are shown.
_FIRST, _LAST = 2, 2


def trace(graph: Graph, every: bool = False) -> str:
    """The graph's last forward run, and a backward run; `every`: all iterations of long loops.

    Raises UnsupportedError where the function has no gradient."""
    forward, backward = graph.gates, list(graph.backward_steps())
    looped = any(gate.iteration for gate in forward)
    paths = _paths(graph)

    def row(gate: Gate, *numbers: Any) -> list[str]:
        where = [", ".join(map(str, gate.iteration))] if looped else []
        line = "" if gate.line is None else str(gate.line)
        return [line, *where, gate.name, gate.expression, *map(shown, numbers)]

    def shortened(gates: Sequence[Gate]) -> list[Gate | str]:
        return list(gates) if every else list(_shortened(gates, paths, 0))

    head = ["line", *(["iteration"] if looped else []), "gate", "expression", "value"]
    blank = [""] * (len(head) - 3)
    parameters = graph.parameters.items()
    there = [head, *([*blank, name, "", shown(value)] for name, value in parameters)]
    for gate in shortened(forward):
        there.append([gate] if isinstance(gate, str) else row(gate, gate.value))
    back = [[*head, "gradient"]]
    for gate in shortened(backward):
        back.append([gate] if isinstance(gate, str) else row(gate, gate.value, gate.gradient))
    for name, gradient in graph._leaf_gradients().items():
        back.append([*blank, name, "", shown(graph.parameters[name]), shown(gradient)])
    return f"forward\n{aligned(there)}\n\nbackward\n{aligned(back)}"


def enclosing(block: Block, around: tuple[Operation, ...] = ()) -> Iterator[
    tuple[Value, tuple[Operation, ...]]
]:  # fmt: skip
    """What operations define, each with the loops around it, outermost first."""
    for op in block.operations:
        for value in op.results:
            yield value, around
        inner = (*around, op) if op.opcode in ("for", "while") else around
        for part in op.blocks:
            yield from enclosing(part, inner)


# Per gate, the loops around it and the number of its iteration in each.
_Paths = Mapping[Gate, Sequence[tuple[Operation, int]]]


def _paths(graph: Graph) -> _Paths:
    assert graph._program is not None
    loops = dict(enclosing(graph._program.function.body))
    return {
        gate: tuple(zip(loops[value], gate.iteration, strict=True))
        for (value, _), gate in graph._found.items()
    }


def _shortened(gates: Sequence[Gate], paths: _Paths, depth: int) -> Iterator[Gate | str]:
    """The gates, with a line of text for the middle iterations of long loops."""

    def loop_of(gate: Gate) -> Operation | None:
        return paths[gate][depth][0] if len(paths[gate]) > depth else None

    def number_of(gate: Gate) -> int:
        return paths[gate][depth][1]

    for loop, within in groupby(gates, loop_of):
        if loop is None:
            yield from within
            continue
        iterations = [list(part) for _, part in groupby(within, number_of)]
        left_out = len(iterations) - _FIRST - _LAST
        for k, iteration in enumerate(iterations):
            if left_out < 2 or k < _FIRST or k >= len(iterations) - _LAST:
                yield from _shortened(iteration, paths, depth + 1)
            elif k == _FIRST:
                yield f"{'  ' * depth}  ... {left_out} iterations like these"
