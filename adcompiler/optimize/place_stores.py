"""Store at a place instead of clearing it, or making zeros, and then adding there.

    %g.1 = update[key=1:-1] %g, 0.0            %g.1 = update[key=1:-1] %g, %c
    %g.2 = add_at[key=:-2] %g.1, %c            %g.2 = add_at[key=:-2] %g.1, %c
    %g.3 = add_at[key=1:-1] %g.2, %c

    %g.0 = zeros_of %s                         %g.0 = zeros_of %s
    %g.1 = add_at[key=1:] %g.0, %a             %g.1 = update[key=1:] %g.0, %a
    %g.2 = add_at[key=:-1] %g.1, %b            %0 = accumulate %b, %c
    %g.3 = add_at[key=:-1] %g.2, %c            %g.2 = add_at[key=:-1] %g.1, %0

    %g.0 = zeros_of %s                         %g.0 = zeros_of %s
    %g.1 = add_at[key=2:] %g.0, %a             %g.1 = update[key=2:] %g.0, %a
    %g.2 = add_at[key=:2] %g.1, %b             %g.2 = update[key=:2] %g.1, %b

Additions commute, and so does clearing with what is added elsewhere as long as nobody looks in
between. Only what differentiation has added is changed. Two additions at one place become one, and
a place that gets what it holds is left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.rewrite import substitute, uses
from ..ir.types import Array, shape_of
from ..ops import TABLE
from ..ops.keys import may_repeat, part_of
from ..ops.places import Part, are_apart

__all__ = ["store_at_places"]

# Operations of one block by position: an array, and what is added to it one after the other.
Chain = list[tuple[int, Operation]]


def store_at_places(function: Function) -> Function:
    """The function with fewer and cheaper additions at places of arrays."""
    rewriting = _Rewriting({v: op for op in walk(function.body) for v in op.results})
    body = rewriting.block(function.body)
    return replace(function, body=substitute(body, rewriting.same) if rewriting.same else body)


@dataclass(frozen=True)
class _Rewriting:
    """`same`: results that turned out to be what they were made from."""

    definitions: dict[Value, Operation]
    same: dict[Value, Value] = field(default_factory=dict)

    def block(self, block: Block) -> Block:
        operations = [
            replace(op, blocks=tuple(map(self.block, op.blocks))) if op.blocks else op
            for op in block.operations
        ]
        lines = {at: [op] for at, op in enumerate(operations)}
        for chain in _chains(operations, block):
            (_, head), *adds = chain
            found, sums = _added_once(chain)
            if TABLE[head.opcode].zeros:
                found = [found[0], *_stored_apart(found[1:])]
            elif self.is_cleared(head, adds[0][1]):
                found = _at_cleared(found)
            if found == chain:
                continue
            lines |= {at: [] for at, _ in chain}
            for at, op in _threaded(found, chain[-1][1].result):
                lines[at] += [*(s for v in op.operands[1:2] for s in sums.get(v, ())), op]
        kept = (op for at in sorted(lines) for op in lines[at])
        return replace(block, operations=tuple(op for op in kept if not self.is_same(op)))

    def is_cleared(self, head: Operation, add: Operation) -> bool:
        """Whether zeros are stored at a place, before something is added."""
        if head.opcode != TABLE[add.opcode].stores:
            return False
        stored = self.definitions.get(head.operands[1])
        return stored is not None and stored.opcode == "constant" and (
            stored.attributes["value"] == 0
        )  # fmt: skip

    def is_same(self, op: Operation) -> bool:
        """Whether a place gets what it holds."""
        if not (op.backward and op.opcode in _STORES):
            return False
        read = self.definitions.get(op.operands[1])
        entry = None if read is None else TABLE.get(read.opcode)
        if read is None or entry is None or entry.place is None or read.opcode in _STORES:
            return False
        if read.operands[0] is not op.operands[0] or _place(read) != _place(op):
            return False
        self.same[op.result] = self.same.get(op.operands[0], op.operands[0])
        return True


_STORES = frozenset(entry.stores for entry in TABLE.values() if entry.stores)


def _adds(op: Operation) -> bool:
    """Whether the backward part adds at places of an array, each named once."""
    entry = TABLE.get(op.opcode)
    return (
        op.backward and entry is not None and bool(entry.stores)
        and isinstance(op.result.type, Array)
        and not may_repeat(op.attributes["key"], [v.type for v in op.operands[2:]])
    )  # fmt: skip


def _begins(op: Operation) -> bool:
    """Whether the backward part makes zeros, or stores."""
    if not (op.backward and op.opcode in TABLE):
        return False
    return TABLE[op.opcode].zeros or op.opcode in _STORES


def _chains(operations: list[Operation], block: Block) -> list[Chain]:
    """Zeros, or a store, and all the additions to that before anybody looks."""
    heads = [(at, op) for at, op in enumerate(operations) if _begins(op)]
    if not heads:
        return []
    readers: dict[Value, list[int]] = defaultdict(list)
    for at, op in enumerate(operations):
        for value in uses(op):
            readers[value].append(at)
    for value in block.results:
        readers[value].append(len(operations))
    found = []
    for head in heads:
        chain = [head]
        while len(after := readers[chain[-1][1].result]) == 1 and after[0] < len(operations):
            follower = operations[after[0]]
            if not _adds(follower) or follower.operands[0] is not chain[-1][1].result:
                break
            chain.append((after[0], follower))
        if len(chain) > 1:
            found.append(chain)
    return found


def _place(op: Operation) -> Hashable:
    """What an operation reads or changes of its first operand."""
    place = TABLE[op.opcode].place
    assert place is not None
    key, operands, views = place(op.attributes, op.operands)
    return repr(key), tuple(operands), tuple(views)


def _added_once(chain: Chain) -> tuple[Chain, dict[Value, list[Operation]]]:
    """The chain with two additions at one place made one, and the sums to be added."""
    kept: dict[Hashable, tuple[int, Operation]] = {}
    sums: dict[Value, list[Operation]] = {}
    for at, op in chain[1:]:
        key = (_place(op), op.attributes.get("sign"), op.operands[1].type)
        _, before = kept.pop(key, (at, None))
        if before is not None:
            addends = (before.operands[1], op.operands[1])
            total = Value(op.operands[1].type)
            joined = replace(
                op, opcode="accumulate", operands=addends, results=(total,), attributes={}
            )
            sums[total] = [*sums.pop(addends[0], ()), joined]
            op = replace(op, operands=(op.operands[0], total, *op.operands[2:]))
        kept[key] = (at, op)
    return [chain[0], *kept.values()], sums


def _stored_apart(adds: Chain) -> Chain:
    """The additions to zeros, as stores where none before has added at the same place."""
    found: Chain = []
    for step in adds:
        part = _part(step[1])
        parts = [_part(before) for _, before in found]
        if all(p is not None and part is not None and are_apart(p, part) for p in parts):
            step = _stored(step)
        found.append(step)
    return found


def _part(op: Operation) -> Part | None:
    if op.attributes.get("views"):
        return None
    types = [v.type for v in op.operands[2:]]
    return part_of(shape_of(op.result.type), op.attributes["key"], types)


def _stored(step: tuple[int, Operation]) -> tuple[int, Operation]:
    """The addition as a store; a subtraction as it is."""
    at, op = step
    if op.attributes.get("sign", 1) != 1:
        return step
    kept = {key: value for key, value in op.attributes.items() if key in ("key", "views")}
    return at, replace(op, opcode=TABLE[op.opcode].stores, attributes=kept)


def _at_cleared(chain: Chain) -> Chain:
    """What is added at the place that has been cleared, stored there before all else."""
    head, *adds = chain
    for k, step in enumerate(adds):
        if _place(step[1]) == _place(head[1]) and _stored(step) is not step:
            at, store = _stored(step)
            operands = (head[1].operands[0], *store.operands[1:])
            first = (at, replace(store, operands=operands, results=head[1].results))
            return [first, *((at, op) for _, op in adds[:k]), *adds[k + 1 :]]
    return chain


def _threaded(chain: Chain, last: Value) -> Chain:
    """The operations, each of which changes what the one before has left."""
    found: Chain = []
    array = None
    for k, (at, op) in enumerate(chain):
        operands = op.operands if array is None else (array, *op.operands[1:])
        array = last if k == len(chain) - 1 else op.result
        found.append((at, replace(op, operands=operands, results=(array,))))
    return found
