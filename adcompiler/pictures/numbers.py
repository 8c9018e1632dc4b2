"""What a run knows of a value: which gate or parameter it stands for at a place, and the numbers.

A loop's carry in iteration k stands for what iteration k - 1 handed on; a branch's result for what
the side that was taken did. `place`: the numbers of the iterations of the loops around.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import Gate, Graph
from ..ir.core import Block, Function, Operation, Value
from ..ir.loops import Loop
from ..transform.probes import is_look

__all__ = ["Numbers", "short", "whole"]

Place = tuple[int, ...]


class Numbers:
    """The numbers of a graph's last run, forwards and, where there is one, backwards."""

    def __init__(self, graph: Graph, function: Function) -> None:
        program = graph._program
        assert program is not None
        self._found = graph._found
        self._parameters = {v: graph.parameters[name] for v, name in program.names.items()}
        gradients = graph._leaf_gradients()
        self._gradients = {v: gradients.get(name) for v, name in program.names.items()}
        self._maker: dict[Value, Operation] = {}
        self._carries: dict[Value, tuple[Loop, int]] = {}
        self._loops: dict[Value, tuple[Operation, ...]] = {}
        self._counts: dict[tuple[Operation, Place], int] = {}
        for op, around in _walk(function.body, ()):
            for v in op.results:
                self._maker[v], self._loops[v] = op, around
            if op.opcode in ("for", "while"):
                loop = Loop(op)
                for part in op.blocks:
                    for j, v in enumerate(part.parameters[: loop.carry]):
                        self._carries[v], self._loops[v] = (loop, j), (*around, op)
        for v, place in self._found:
            for depth, op in enumerate(self._loops[v]):
                at = (op, place[:depth])
                if not (op.opcode == "while" and depth == len(place) - 1 and _asks(op, v)):
                    self._counts[at] = max(self._counts.get(at, 0), place[depth] + 1)

    def count(self, loop: Operation, place: Place) -> int:
        """How many iterations of the loop have run gates."""
        return self._counts.get((loop, place), 0)

    def at(self, value: Value, place: Place) -> Gate | Value | None:
        """The gate, or the parameter, that the value stands for; None for constants."""
        if value in self._parameters:
            return value
        place = place[: len(self._loops.get(value, ()))]
        if (value, place) in self._found:
            return self._found[value, place]
        if value in self._carries:
            loop, j = self._carries[value]
            if place[-1] == 0:
                return self.at(loop.starts[j], place[:-1])
            return self.at(loop.following[j], (*place[:-1], place[-1] - 1))
        op = self._maker.get(value)
        if op is None:
            return None
        if is_look(op):
            return self.at(op.operands[0], place)
        if op.opcode == "if":
            side = self.truth(op.operands[0], place)
            if side is None:
                return None
            return self.at(op.blocks[not side].results[op.results.index(value)], place)
        if op.opcode in ("for", "while"):
            loop, j = Loop(op), op.results.index(value)
            count = self.count(op, place)
            if j >= len(loop.starts):
                return None
            return self.at(loop.following[j], (*place, count - 1)) if count else self.at(
                loop.starts[j], place)  # fmt: skip
        return None

    def truth(self, condition: Value, place: Place) -> bool | None:
        """Whether the condition held; None where that isn't known."""
        found = self.pair(condition, place)
        return None if found is None else bool(found[0])

    def pair(self, value: Value, place: Place) -> tuple[Any, Any] | None:
        """Its number and its gradient; None where it has not run, or stands for a constant."""
        found = self.at(value, place)
        if isinstance(found, Gate):
            return found.value, found.gradient
        return None if found is None else (self._parameters[found], self._gradients[found])


def _walk(
    block: Block, around: tuple[Operation, ...]
) -> Iterator[tuple[Operation, tuple[Operation, ...]]]:
    for op in block.operations:
        yield op, around
        inner = (*around, op) if op.opcode in ("for", "while") else around
        for part in op.blocks:
            yield from _walk(part, inner)


def _asks(loop: Operation, value: Value) -> bool:
    """Whether it belongs to the condition of a `while`, which is asked once more than it runs."""
    return any(value in op.results for op, _ in _walk(loop.blocks[0], ()))


def whole(value: Any) -> str:
    """Of whole numbers the first ones; of truth values how many are true."""
    if value.dtype.kind == "b":
        return f"{np.count_nonzero(value)} true"
    first = " ".join(map(str, value.ravel()[:3]))
    return f"[{first} …]" if value.size > 3 else f"[{first}]"


def short(value: Any, digits: int = 4) -> str:
    """A number with 4 digits; of more than three numbers the shape and the Euclidean norm."""
    if value is None:
        return ""
    if isinstance(value, (float, np.floating)):
        return f"{value + 0.0:.{digits}g}"  # -0.0 is 0
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.size <= 3:
            return f"[{', '.join(short(x, 3) for x in value)}]"
        sizes = "×".join(map(str, value.shape))
        if value.dtype.kind in "biu":
            return f"{sizes}: {whole(value)}"
        return f"{sizes} ‖{np.linalg.norm(value.astype(complex)):.3g}‖"
    text = str(value)
    return text if len(text) <= 16 else f"{text[:15]}…"
