"""Drop what nothing needs: operations, loop carries, tapes, results of branches.

    %a = exp %x                           (nothing reads %a)
    %y.1, %t.1 = for[carry=2] %y.0, %t.0, %r (%y.2, %t.2, %i):
        %t.3 = mul %t.2, %i                              %y.1 = for[carry=1] %y.0, %r (%y.2, %i):
        %y.3 = mul %y.2, %x                  gives           %y.3 = mul %y.2, %x
        yield %y.3, %t.3                                     yield %y.3
    return %y.1                                          return %y.1

A value is live if a result needs it; a region is kept if anything inside it is, since the backward
part may still refer into it.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value, walk

__all__ = ["drop_dead"]


def drop_dead(function: Function, sequences: bool = True, forward: bool = False) -> Function:
    """The function without dead code. `sequences`: drop unread sequences of loops too, if others
    remain to count the iterations. `forward`: keep all that the user's own operations compute."""
    live = _Live(function, forward)
    body = _Sweep(live.values, sequences).block(function.body)
    return replace(function, body=body)


# What a reader wouldn't call a step of the computation.
_NO_GATES = {"constant", "undefined", "filler", "range", "size", "shape", "count", "copy"}


class _Live:
    """Marks backwards from the results."""

    def __init__(self, function: Function, forward: bool) -> None:
        self.values: set[Value] = set()
        self.sources: dict[Value, list[Value]] = {}
        self._survey(function.body, [])
        pending = list(function.results)
        if forward:
            pending += [
                v for op in walk(function.body) if not op.backward and not op.blocks
                and op.opcode not in _NO_GATES for v in op.results
            ]  # fmt: skip
        while pending:
            value = pending.pop()
            if value not in self.values:
                self.values.add(value)
                pending += self.sources.get(value, ())

    def _survey(self, block: Block, around: list[Value]) -> None:
        """Record what each value needs; `around` is what the enclosing regions need to run."""
        for op in block.operations:
            control = around + self._control(op)
            for inner in op.blocks:
                for parameter in inner.parameters:
                    self.sources[parameter] = list(control)
                self._survey(inner, control)
            if op.blocks:
                self._flows(op, around)
            else:
                for result in op.results:
                    self.sources[result] = [*op.operands, *around]

    @staticmethod
    def _control(op: Operation) -> list[Value]:
        match op.opcode:
            case "if":
                return [op.operands[0]]
            case "for":
                return list(op.operands[op.attributes["carry"] :])
            case "while":
                return [op.blocks[0].results[0]]
        return []

    def _flows(self, op: Operation, around: list[Value]) -> None:
        control = around + self._control(op)
        if op.opcode == "if":
            for k, result in enumerate(op.results):
                self.sources[result] = [*control, *(block.results[k] for block in op.blocks)]
            return
        count, body = op.attributes["carry"], op.blocks[-1]
        for k in range(count):
            flow = [op.operands[k], body.results[k]]
            for block in op.blocks:
                self.sources[block.parameters[k]] += flow
            self.sources[op.results[k]] = [*control, *flow]
        for k, result in enumerate(op.results[count:], count):
            saved = body.results[k : k + 1]
            self.sources[result] = [*control, *saved]
        for sequence, element in zip(op.operands[count:], body.parameters[count:], strict=True):
            self.sources[element].append(sequence)


class _Sweep:
    def __init__(self, live: set[Value], sequences: bool) -> None:
        self.live = live
        self.sequences = sequences

    def block(self, block: Block) -> Block:
        kept = [self.operation(op) for op in block.operations if self.needed(op)]
        return replace(block, operations=tuple(kept))

    def needed(self, op: Operation) -> bool:
        if any(v in self.live for v in op.results):
            return True
        return any(
            any(v in self.live for v in inner.results)
            or any(v in self.live for b in inner.blocks for v in b.parameters)
            for block in op.blocks
            for inner in walk(block)
        ) or any(v in self.live for block in op.blocks for v in block.parameters)

    def operation(self, op: Operation) -> Operation:
        match op.opcode:
            case "if":
                return self.branch(op)
            case "for" | "while":
                return self.loop(op)
        return op

    def branch(self, op: Operation) -> Operation:
        kept = [k for k, v in enumerate(op.results) if v in self.live]
        blocks = []
        for block in op.blocks:
            swept = self.block(block)
            blocks.append(replace(swept, results=tuple(block.results[k] for k in kept)))
        return replace(op, results=tuple(op.results[k] for k in kept), blocks=tuple(blocks))

    def loop(self, op: Operation) -> Operation:
        count, body = op.attributes["carry"], op.blocks[-1]
        carries = [
            k for k in range(count)
            if op.results[k] in self.live or any(b.parameters[k] in self.live for b in op.blocks)
        ]  # fmt: skip
        tapes = [
            k for k in range(count, len(body.results)) if op.results[k] in self.live
        ]
        elements = list(range(count, len(body.parameters)))
        if self.sequences:
            elements = [k for k in elements if body.parameters[k] in self.live] or elements[:1]
        trips = [len(op.results) - 1] if op.opcode == "while" else []
        parameters = [*carries, *elements]
        blocks = [
            replace(self.block(b), parameters=tuple(b.parameters[k] for k in parameters))
            for b in op.blocks
        ]
        results = tuple(body.results[k] for k in [*carries, *tapes])
        blocks[-1] = replace(blocks[-1], results=results)
        return replace(
            op,
            operands=tuple(op.operands[k] for k in parameters),
            results=tuple(op.results[k] for k in [*carries, *tapes, *trips]),
            attributes={**op.attributes, "carry": len(carries)},
            blocks=tuple(blocks),
        )
