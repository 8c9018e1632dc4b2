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
    live = _Live(function, sequences, forward)
    sweep = _Sweep(live.values, sequences)
    body = sweep.block(function.body)
    return replace(function, body=_retargeted(body, sweep.gone) if sweep.gone else body)


# What a reader wouldn't call a step of the computation.
_NO_GATES = {"constant", "undefined", "filler", "range", "length", "size", "shape", "count", "copy"}


class _Live:
    """Marks backwards from the results. What lives needs its sources; what stands in a region
    needs the region, that is, what the region needs to run."""

    def __init__(self, function: Function, sequences: bool, forward: bool) -> None:
        self.sequences = sequences
        self.sources: dict[Value | Operation, list[Value | Operation]] = {}
        self._survey(function.body, [])
        found: set[Value | Operation] = set()
        pending: list[Value | Operation] = list(function.results)
        if forward:
            pending += [
                v for op in walk(function.body) if not op.backward and not op.blocks
                and op.opcode not in _NO_GATES for v in op.results
            ]  # fmt: skip
        while pending:
            one = pending.pop()
            if one not in found:
                found.add(one)
                pending += self.sources.get(one, ())
        self.values = {one for one in found if isinstance(one, Value)}

    def _survey(self, block: Block, around: list[Value | Operation]) -> None:
        """Record what each value needs; `around` holds the enclosing region."""
        for op in block.operations:
            if not op.blocks:
                for result in op.results:
                    self.sources[result] = [*op.operands, *around]
                continue
            self.sources[op] = [*self._control(op), *around]
            for inner in op.blocks:
                for parameter in inner.parameters:
                    self.sources[parameter] = [op]
                self._survey(inner, [op])
            self._flows(op)

    def _control(self, op: Operation) -> list[Value]:
        """What a region needs to run: of a loop's sequences, one counts the iterations."""
        match op.opcode:
            case "if":
                return [op.operands[0]]
            case "for":
                count = op.attributes["carry"]
                return list(op.operands[count : count + 1 if self.sequences else None])
            case "while":
                return [op.blocks[0].results[0]]
        return []

    def _flows(self, op: Operation) -> None:
        if op.opcode == "if":
            for k, result in enumerate(op.results):
                self.sources[result] = [op, *(block.results[k] for block in op.blocks)]
            return
        count, body = op.attributes["carry"], op.blocks[-1]
        for k in range(count):
            flow = [op.operands[k], body.results[k]]
            for block in op.blocks:
                self.sources[block.parameters[k]] += flow
            self.sources[op.results[k]] = [op, *flow]
        for k, result in enumerate(op.results[count:], count):
            self.sources[result] = [op, *body.results[k : k + 1]]
        for sequence, element in zip(op.operands[count:], body.parameters[count:], strict=True):
            self.sources[element].append(sequence)


class _Sweep:
    def __init__(self, live: set[Value], sequences: bool) -> None:
        self.live = live
        self.sequences = sequences
        # Mirrors that went: what is their mirror mirrors what they mirrored.
        self.gone: dict[object, object] = {}

    def block(self, block: Block) -> Block:
        kept = []
        for op in block.operations:
            swept = self.operation(op)
            if self.needed(op, swept):
                kept.append(swept)
            elif "mirrors" in op.attributes:
                self.gone[op.attributes["region"]] = op.attributes["mirrors"]
        return replace(block, operations=tuple(kept))

    def needed(self, op: Operation, swept: Operation) -> bool:
        """Whether a result lives, or, in a region, anything that is left."""
        if any(v in self.live for v in op.results):
            return True
        return any(block.operations for block in swept.blocks) or any(
            v in self.live for block in op.blocks for v in block.parameters
        )

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


def _retargeted(block: Block, gone: dict[object, object]) -> Block:
    """The block with the mirrors of what went mirroring what that had mirrored."""
    operations = []
    for op in block.operations:
        if op.blocks:
            target = op.attributes.get("mirrors")
            while target in gone:
                target = gone[target]
            attributes = op.attributes if target is None else {**op.attributes, "mirrors": target}
            blocks = tuple(_retargeted(inner, gone) for inner in op.blocks)
            op = replace(op, attributes=attributes, blocks=blocks)
        operations.append(op)
    return replace(block, operations=tuple(operations))
