"""Put several numbers that a loop saves on one tape, as a tuple.

    %c_tape, %s_tape = while[...] ...:               %tape = while[...] ...:
        ...                                              %p = pack %c, %s
        yield ..., %c, %s                                yield ..., %p
    for ... %c_tape, %s_tape (%c.1, %s.1):   gives   for ... %tape (%p.1):
        ...                                              %c.1, %s.1 = unpack %p.1
                                                         ...
    tape_c.append(c); tape_s.append(s)               tape.append((c, s))
    for c, s in zip(reversed(tape_c), ...):          for c, s in reversed(tape):

Lists are slower to make and to read together; tuples are slower the more of them there are, because
the garbage collector looks at each. So a loop that runs until it has converged has tuples from two
numbers on, and a loop over a range from six on: there they are as fast in 10,000 iterations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..ir.core import Block, Function, Operation, Value, hint, walk
from ..ir.loops import Loop, counts_trips, is_loop
from ..ir.types import SAVED, Array, Scalar, Tape, rank

__all__ = ["pack_tapes"]

_FEW, _MANY = 2, 6


def pack_tapes(function: Function) -> Function:
    """The function with one tape for the numbers that one loop saves and one other reads."""
    packing = _Packing(function)
    return replace(function, body=packing.block(function.body)) if packing.packs else function


@dataclass(frozen=True)
class _Pack:
    """Tapes of one loop that become one."""

    values: tuple[Value, ...]
    tapes: tuple[Value, ...]
    tape: Value = field(default_factory=lambda: Value(Tape(SAVED), "tape"))


class _Packing:
    """`packs` has the tapes to be joined, by the loop that makes them, and `reads` by the loop
    that reads them."""

    def __init__(self, function: Function) -> None:
        self.packs: dict[object, _Pack] = {}
        self.reads: dict[object, list[_Pack]] = defaultdict(list)
        operations = list(walk(function.body))
        self.whole = all(op.opcode != "undefined" for op in operations)
        uses: Counter[Value] = Counter(function.results)
        readers: dict[Value, Operation] = {}
        for op in operations:
            uses.update(op.operands)
            for inner in op.blocks:
                uses.update(inner.results)
            if op.opcode == "for":
                readers.update(dict.fromkeys(Loop(op).sequences, op))
        for op in operations:
            if is_loop(op):
                loop = Loop(op)
                alone = [t for t in loop.tapes if uses[t] == 1 and t in readers]
                for reader in dict.fromkeys(readers[t] for t in alone):
                    self.plan(loop, reader, [t for t in alone if readers[t] is reader])

    def plan(self, loop: Loop, reader: Operation, tapes: Sequence[Value]) -> None:
        """Join those of the tapes that one loop reads, if they are enough."""
        ready = _ready(loop.body)
        saved = dict(zip(loop.tapes, loop.collected, strict=True))
        kept = [t for t in tapes if self.may_pack(saved[t], loop)]
        last = max((ready.get(saved[t], -1) for t in kept), default=-1)
        kept = [t for t in kept if not _changes(saved[t], loop, ready, last)]
        least = _FEW if counts_trips(loop.op) else _MANY
        region = loop.op.attributes["region"]
        if len(kept) < least or region in self.packs:
            return
        self.packs[region] = pack = _Pack(tuple(saved[t] for t in kept), tuple(kept))
        self.reads[reader.attributes["region"]].append(pack)

    def may_pack(self, value: Value, loop: Loop) -> bool:
        """A number, which has been computed on every path."""
        if not isinstance(value.type, Scalar | Array) or rank(value.type):
            return False
        plain = (v for op in loop.body.operations if not op.blocks for v in op.results)
        return self.whole or value in loop.elements or value in plain

    def block(self, block: Block) -> Block:
        return replace(block, operations=tuple(map(self.operation, block.operations)))

    def operation(self, op: Operation) -> Operation:
        if not op.blocks:
            return op
        op = replace(op, blocks=tuple(map(self.block, op.blocks)))
        region = op.attributes["region"]
        if region in self.packs:
            op = _packed(Loop(op), self.packs[region])
        for pack in self.reads.get(region, ()):
            op = _unpacked(Loop(op), pack)
        return op


def _ready(block: Block) -> dict[Value, int]:
    """By which of the block's operations each value is there."""
    return {v: at for at, op in enumerate(block.operations) for v in op.results}


def _changes(value: Value, loop: Loop, ready: dict[Value, int], last: int) -> bool:
    """Whether its variable has another value by the time when the tuple is made."""
    later = {v for v, at in ready.items() if ready.get(value, -1) < at <= last}
    following = dict(zip(loop.parameters, loop.following, strict=True)).get(value)
    return following in later or any(hint(v) == hint(value) for v in later if v.name is not None)


def _packed(loop: Loop, pack: _Pack) -> Operation:
    """The loop with the tuple saved, as soon as all that is in it is there."""
    ready = _ready(loop.body)
    made = Value(SAVED, "taped")
    at = max(ready.get(v, -1) for v in pack.values) + 1
    operations = list(loop.body.operations)
    operations.insert(at, Operation("pack", pack.values, (made,)))
    body = replace(loop.body, operations=tuple(operations))
    op = replace(loop.op, blocks=(*loop.op.blocks[:-1], body))
    others = [k for k, tape in enumerate(loop.tapes) if tape not in pack.tapes]
    carries, sequences = range(loop.carry), range(len(loop.sequences))
    return Loop(Loop(op).keeping(carries, sequences, others)).with_tapes([made], [pack.tape])


def _unpacked(loop: Loop, pack: _Pack) -> Operation:
    """The loop that reads the tuples."""
    elements = dict(zip(loop.sequences, loop.elements, strict=True))
    read = Value(SAVED, "taped")
    first = Operation("unpack", (read,), tuple(elements[t] for t in pack.tapes), backward=True)
    others = [k for k, tape in enumerate(loop.sequences) if tape not in pack.tapes]
    op = loop.keeping(range(loop.carry), others, range(len(loop.tapes)))
    (body,) = op.blocks
    body = replace(
        body, parameters=(*body.parameters, read), operations=(first, *body.operations)
    )
    return replace(op, operands=(*op.operands, pack.tape), blocks=(body,))
