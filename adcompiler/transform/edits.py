"""Changes to regions, collected first and then applied in one pass over the function.

    Edits(collect=[(%y, %y_tape)])        on a loop: it yields %y and has %y_tape as a result
    Edits(over=[(%y_tape, %y.1)])         on its mirror: it reads %y_tape, element by element
    Edits(lift=[(%s, 0, %s.1)])           on an `if`: %s leaves its first side as %s.1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..ir.core import Block, Operation, Value
from ..ir.loops import Loop
from ..ir.rewrite import substitute
from ..ir.types import UNDEFINED

__all__ = ["Edits", "Rebuilder"]


@dataclass
class Edits:
    """What happens to one region operation.

    `prelude` are steps at the beginning of its body, `mapping` what stands for what in there;
    `sides` holds the same for each side of an `if`.
    """

    collect: list[tuple[Value, Value]] = field(default_factory=list)
    lift: list[tuple[Value, int, Value]] = field(default_factory=list)
    over: list[tuple[Value, Value]] = field(default_factory=list)
    prelude: list[Operation] = field(default_factory=list)
    mapping: dict[Value, Value] = field(default_factory=dict)
    sides: dict[int, Edits] = field(default_factory=dict)


@dataclass(frozen=True)
class Rebuilder:
    """Applies edits, found by region (or, for plain operations, by result).

    Operations whose result is in `gone` go; those in `moved` follow the definition of their value.
    """

    edits: dict[object, Edits]
    gone: set[Value]
    moved: dict[Value, list[Operation]]

    def block(self, block: Block, mapping: dict[Value, Value]) -> Block:
        """The block with all edits applied."""
        operations: list[Operation] = []
        for value in block.parameters:
            operations += self._moved(value)
        for op in block.operations:
            if op.results and op.results[0] in self.gone:
                continue
            operations.append(self._operation(op, mapping))
            for value in op.results:
                operations += self._moved(value)
        results = tuple(mapping.get(v, v) for v in block.results)
        return Block(block.parameters, tuple(operations), results)

    def _moved(self, value: Value) -> Iterable[Operation]:
        return self.moved.get(value, ())

    def _operation(self, op: Operation, mapping: dict[Value, Value]) -> Operation:
        if not op.blocks:
            found = self.edits.get(op.results[0]) if op.results else None
            own = found.mapping if found is not None else {}
            operands = tuple(mapping.get(own.get(v, v), own.get(v, v)) for v in op.operands)
            return op if operands == op.operands else replace(op, operands=operands)
        edits = self.edits.get(op.attributes["region"], Edits())
        operands = tuple(mapping.get(v, v) for v in op.operands)
        inner = {**mapping, **edits.mapping}
        blocks = tuple(
            self._side(block, edits.sides.get(index), inner)
            for index, block in enumerate(op.blocks)
        )
        op = replace(op, operands=operands, blocks=blocks)
        return _apply(op, edits, mapping)

    def _side(self, block: Block, edits: Edits | None, mapping: dict[Value, Value]) -> Block:
        if edits is None:
            return self.block(block, mapping)
        rebuilt = self.block(block, {**mapping, **edits.mapping})
        return _with_prelude(rebuilt, edits.prelude, mapping)


def _with_prelude(block: Block, steps: list[Operation], mapping: dict[Value, Value]) -> Block:
    prelude = substitute(Block((), tuple(steps), ()), mapping).operations
    return replace(block, operations=(*prelude, *block.operations))


def _apply(op: Operation, edits: Edits, mapping: dict[Value, Value]) -> Operation:
    if edits.lift:
        op = _with_lifts(op, edits)
    if edits.collect:
        saved = [mapping.get(v, v) for v, _ in edits.collect]
        op = Loop(op).with_tapes(saved, [tape for _, tape in edits.collect])
    if edits.over or edits.prelude:
        (body,) = op.blocks
        body = _with_prelude(body, edits.prelude, mapping)
        elements = tuple(element for _, element in edits.over)
        body = replace(body, parameters=(*body.parameters, *elements))
        tapes = tuple(mapping.get(tape, tape) for tape, _ in edits.over)
        op = replace(op, operands=(*op.operands, *tapes), blocks=(body,))
    return op


def _with_lifts(op: Operation, edits: Edits) -> Operation:
    """Extra results of an `if`; the side that doesn't define one yields a filler."""
    blocks = []
    for index, block in enumerate(op.blocks):
        operations, results = list(block.operations), list(block.results)
        for value, side, _ in edits.lift:
            if side != index:
                missing = Value(UNDEFINED)
                operations.append(Operation("filler", (), (missing,)))
                value = missing
            results.append(value)
        blocks.append(Block(block.parameters, tuple(operations), tuple(results)))
    outs = tuple(out for _, _, out in edits.lift)
    return replace(op, blocks=tuple(blocks), results=(*op.results, *outs))
