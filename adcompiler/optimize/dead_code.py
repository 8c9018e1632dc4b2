"""Drop what nothing needs: operations, loop carries, tapes, results of branches.

    %a = exp %x                           (nothing reads %a)
    %y.1, %t.1 = for[carry=2] %y.0, %t.0, %r (%y.2, %t.2, %i):
        %t.3 = mul %t.2, %i                              %y.1 = for[carry=1] %y.0, %r (%y.2, %i):
        %y.3 = mul %y.2, %x                  gives           %y.3 = mul %y.2, %x
        yield %y.3, %t.3                                     yield %y.3
    return %y.1                                          return %y.1

A value is live if a result needs it, or an effect; a region is kept if anything inside it is, since
the backward part may still refer into it. What may raise, where the derivative would not, is kept.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.loops import Loop
from ..ir.rewrite import same
from ..ops import TABLE, has_effect, may_raise

__all__ = ["drop_dead"]


def drop_dead(function: Function, sequences: bool = True, forward: bool = False) -> Function:
    """The function without dead code. `sequences`: drop unread sequences of loops too, if others
    remain to count the iterations. `forward`: keep all that the user's own operations compute."""
    live = _Live(function, sequences, forward)
    sweep = _Sweep(live.found, sequences)
    body = sweep.block(function.body)
    if body is function.body:
        return function
    return replace(function, body=_retargeted(body, sweep.gone) if sweep.gone else body)


# What a reader wouldn't call a step of the computation.
_NO_GATES = {
    *("constant", "undefined", "filler", "range", "length", "size", "shape", "count", "copy"),
    *("stop", "hooked", "taken"),
}


class _Live:
    """Marks backwards from the results. What lives needs its sources; what stands in a region
    needs the region, that is, what the region needs to run."""

    def __init__(self, function: Function, sequences: bool, forward: bool) -> None:
        self.sequences = sequences
        self.sources: dict[Value | Operation, list[Value | Operation]] = {}
        self._survey(function.body, [])
        found: set[Value | Operation] = set()
        pending: list[Value | Operation] = list(function.results)
        constants = {
            op.result: op.attributes["value"] for op in walk(function.body)
            if op.opcode == "constant"
        }  # fmt: skip
        for op in walk(function.body):
            if not op.blocks and (has_effect(op) or may_raise(op, constants)):
                pending += op.results or [op]
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
        self.found = found

    def _survey(self, block: Block, around: list[Value | Operation]) -> None:
        """Record what each value needs; `around` holds the enclosing region."""
        for op in block.operations:
            if not op.blocks:
                for made in op.results or (op,):
                    self.sources[made] = [*op.operands, *around]
                continue
            self.sources[op] = [*self._control(op), *around]
            for inner in op.blocks:
                for parameter in inner.parameters:
                    self.sources[parameter] = [op]
                self._survey(inner, [op])
            self._flows(op)

    def _control(self, op: Operation) -> list[Value]:
        """What a region needs to run: of a loop's sequences, one counts the iterations."""
        if op.opcode == "if":
            return [op.operands[0]]
        loop = Loop(op)
        control = list(loop.sequences[: 1 if self.sequences else None])
        if op.opcode == "while":
            control.append(op.blocks[0].results[0])
        return control if loop.stop is None else [*control, loop.stop]

    def _flows(self, op: Operation) -> None:
        if op.opcode == "if":
            for k, result in enumerate(op.results):
                self.sources[result] = [op, *(block.results[k] for block in op.blocks)]
            return
        for result in op.results:
            self.sources[result] = [op]
        for source, target in Loop(op).handed_on():
            self.sources[target].append(source)


def _undoes(op: Operation, before: Operation) -> bool:
    """Whether a context is left that was only just entered."""
    if op.backward is not before.backward:
        return False
    entered = TABLE[before.opcode].mirrored if before.opcode in TABLE else None
    mine = op.attributes.get("template")
    return entered == op.opcode and mine is not None and mine is before.attributes.get("template")


class _Sweep:
    def __init__(self, live: set[Value | Operation], sequences: bool) -> None:
        self.live = live
        self.sequences = sequences
        # Mirrors that went: what is their mirror mirrors what they mirrored.
        self.gone: dict[object, object] = {}

    def block(self, block: Block) -> Block:
        kept: list[Operation] = []
        for op in block.operations:
            swept = self.operation(op)
            if self.needed(op, swept):
                if kept and _undoes(op, kept[-1]):
                    kept.pop()
                else:
                    kept.append(swept)
            elif "mirrors" in op.attributes:
                self.gone[op.attributes["region"]] = op.attributes["mirrors"]
        return block if same(kept, block.operations) else replace(block, operations=tuple(kept))

    def needed(self, op: Operation, swept: Operation) -> bool:
        """Whether a result lives, or, in a region, anything that is left."""
        if any(v in self.live for v in op.results) or (not op.blocks and op in self.live):
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
        if len(kept) == len(op.results):
            return self.swept(op)
        blocks = []
        for block in op.blocks:
            swept = self.block(block)
            blocks.append(replace(swept, results=tuple(block.results[k] for k in kept)))
        return replace(op, results=tuple(op.results[k] for k in kept), blocks=tuple(blocks))

    def loop(self, op: Operation) -> Operation:
        loop = Loop(op)
        carries = [
            k for k, final in enumerate(loop.finals)
            if final in self.live or any(b.parameters[k] in self.live for b in op.blocks)
        ]  # fmt: skip
        tapes = [k for k, tape in enumerate(loop.tapes) if tape in self.live]
        sequences = list(range(len(loop.sequences)))
        if self.sequences:
            read = [k for k in sequences if loop.elements[k] in self.live]
            sequences = read or sequences[:1]
        swept = self.swept(op)
        kept = (len(carries), len(sequences), len(tapes))
        if kept == (loop.carry, len(loop.sequences), len(loop.tapes)):
            return swept
        return Loop(swept).keeping(carries, sequences, tapes)

    def swept(self, op: Operation) -> Operation:
        blocks = tuple(map(self.block, op.blocks))
        return op if same(blocks, op.blocks) else replace(op, blocks=blocks)


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
