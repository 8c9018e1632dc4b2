"""What plain operations do with memory, as far as they say it themselves: read once for a function,
since `sites` asks again in every round.

    %b = exp %x                       %b: its own site, whatever %x is       (settled)
    %c = index[key=1:] %b             %c: the sites of %b                    Step(viewed=(%b,))
    %d = add_at[key=0] %a, %g         %d: the sites of %a, or its own        Step(changed=%a)
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from ..ir.core import Block, Function, Operation, Value
from ..ir.rewrite import defined_in
from ..ir.types import Array, List, Saved, Tape, rank
from ..ops import TABLE

__all__ = [
    "SILENT",
    "Found",
    "Site",
    "Step",
    "Steps",
    "changes_operand",
    "has_memory",
    "makes_memory",
]


# What has no line, and so makes nothing.
SILENT = ("constant", "filler", "undefined")


class Site(NamedTuple):
    """Where memory comes from; a tuple, since sites are hashed more than anything else is.

    `foreign`: it isn't ours to change. `fixed`: NumPy doesn't let it be written to. `boxed`: at
    rank 0 it may be an array, which can be changed, and not just a number. `old`: it was made in
    an earlier iteration. `inside`: not the list's own memory, but that of an element.
    """

    value: Value
    foreign: bool = False
    fixed: bool = False
    boxed: bool = True
    old: bool = False
    inside: bool = False

    @property
    def bare(self) -> Site:
        """The memory alone, also of what is found in a list, or seen through a read-only view."""
        plain = not (self.inside or self.fixed)
        return self if plain else self._replace(inside=False, fixed=False)


Found = frozenset[Site]


class Step(NamedTuple):
    """A result that may be memory of something else.

    `own`: the site that the operation itself may make. `viewed`: what the result may look at;
    `views`: if it does, it is no memory of its own. `held`: what it holds as elements. `changed`:
    the operand that it may take over. `fixed`: see `Site`.
    """

    result: Value
    own: Found
    viewed: tuple[Value, ...] = ()
    views: bool = True
    held: tuple[Value, ...] = ()
    changed: Value | None = None
    fixed: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the result is the operation's own site, whatever else is found."""
        return self.changed is None and not self.viewed and not self.held


class Steps:
    """What a function's operations do with memory.

    `settled`: the values that have one site, whatever else is found, parameters among them. `open`:
    by block what has to be gone through in every round, regions among it.
    """

    def __init__(self, function: Function) -> None:
        self.settled: dict[Value, Found] = {
            p: frozenset({Site(p, foreign=True)}) for p in function.parameters if has_memory(p)
        }
        self.open: dict[Block, list[Step | Operation]] = {}
        self._inside: dict[object, set[Value]] = {}
        self._block(function.body)

    def _block(self, block: Block) -> None:
        steps: list[Step | Operation] = []
        for op in block.operations:
            if op.blocks:
                steps.append(op)
                for inner in op.blocks:
                    self._block(inner)
                continue
            for step in steps_of(op):
                if step.is_settled:
                    self.settled[step.result] = step.own
                else:
                    steps.append(step)
        self.open[block] = steps

    def inside(self, loop: Operation) -> set[Value]:
        """The values that the loop's blocks define."""
        region = loop.attributes["region"]
        if region not in self._inside:
            self._inside[region] = {v for block in loop.blocks for v in defined_in(block)}
        return self._inside[region]


def changes_operand(op: Operation) -> bool:
    """Whether the result may take over the first operand's memory."""
    if op.opcode == "accumulate":
        return True
    return op.opcode in TABLE and TABLE[op.opcode].statement is not None


def makes_memory(op: Operation) -> bool:
    """Whether the result of an operation of the tables is no view: memory of its own, or that of
    an operand which the operation changes."""
    if op.opcode not in TABLE or op.opcode in SILENT:
        return False
    entry = TABLE[op.opcode]
    types = [v.type for v in op.operands]
    owns = entry.fresh or not entry.view or entry.sharing(types, op.attributes) == "copy"
    return owns or changes_operand(op)


def has_memory(value: Value) -> bool:
    return isinstance(value.type, (Array, List, Saved, Tape))


def steps_of(op: Operation) -> Iterator[Step]:
    """A step for each result that has memory, of an operation without regions."""
    results = [v for v in op.results if has_memory(v)]
    if not results:
        return
    entry = TABLE[op.opcode]
    if entry.element and isinstance(op.operands[0].type, List):
        for result in results:
            yield Step(result, frozenset({Site(result, foreign=True)}))
        return
    # Another function makes the result, in memory that it may have kept.
    elsewhere = "gate" in op.attributes or "callee" in op.attributes
    copies = bool(entry.view) and (
        entry.sharing([v.type for v in op.operands], op.attributes) == "copy"
    )
    boxed = elsewhere or (entry.boxes and not copies)
    looked_at = () if copies else _having_memory(op, entry.view)
    held = () if entry.fixed else _having_memory(op, entry.holds)
    changed = op.operands[0] if changes_operand(op) and not entry.fixed else None
    for result in results:
        own = Site(result, fixed=True) if entry.fixed else Site(result, elsewhere, boxed=boxed)
        viewed = () if entry.fresh and rank(result.type) else looked_at
        yield Step(
            result, frozenset({own}), viewed, not elsewhere, held, changed, entry.fixed
        )


def _having_memory(op: Operation, places: Container[int]) -> tuple[Value, ...]:
    return tuple(v for k, v in enumerate(op.operands) if k in places and has_memory(v))
