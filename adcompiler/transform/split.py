"""A function and its backward part become two functions; the first hands over what the second
reads.

    function (%x, %n, %grad_y):                function power_forward(%x, %n):
        %y = ...                                   %y = ...
        %grad_x = ...  (reads %x, %y)              %0 = pack %x, %y
        return %y, %grad_x              gives      return %y, %0

                                               function power_pullback(%saved, %grad_y):
                                                   %x, %y = unpack %saved
                                                   %grad_x = ...
                                                   return %grad_x

It comes after saves are legalised. What one side of a branch has defined for the same side of the
branch's mirror leaves the branch first; on the other side a filler stands for it, which nobody
reads. Constants are written again instead of being handed over, and so is what a few cheap steps
compute from the rest. Of an array that the second asks for its shape alone, the first asks that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import replace

from ..ir.core import Block, Function, Operation, Value, hint, walk
from ..ir.rewrite import free_values, substitute
from ..ir.types import SAVED
from ..ops import TABLE
from ..ops.op import SHAPE_ALONE
from .edits import Edits, Rebuilder
from .fillers import fill_taped
from .paths import maybe_undefined
from .saves import FLOAT_STEPS, is_free, is_recomputable

__all__ = ["named_apart", "split", "split_in_two", "turned"]


def split(function: Function) -> Function:
    """The function and all that come with it, split where they are still to be; the backward part
    of each is among those that come with it."""
    functions = {}
    for label, one in function.functions.items():
        if one.parts is None:
            functions[label] = one
        else:
            functions[label], functions[one.parts.backward] = split_in_two(one)
    if function.parts is not None:
        label = function.parts.backward
        function, functions[label] = split_in_two(function)
    return replace(function, functions=functions)


def split_in_two(function: Function) -> tuple[Function, Function]:
    """The forward part, whose last result is a tuple, and the backward part, which takes that."""
    parts = function.parts
    assert parts is not None
    body = function.body
    seeds, gradients = body.parameters[parts.parameters :], body.results[parts.results :]
    forward, backward = _parted(body, body.results[: parts.results], seeds)
    inputs = body.parameters[: parts.parameters]
    there = {*inputs, *(v for op in forward for v in op.results)} - maybe_undefined(function)
    forward, backward = _asked_before(there, forward, backward, gradients)
    both = replace(body, operations=(*forward, *backward))
    read = _in_order(both, free_values(Block(seeds, tuple(backward), gradients)))
    kept, again = _kept(inputs, forward, read)
    handed = _Handed(forward)
    saved = {value: handed.out(value) for value in kept}
    first = _first(function, forward, handed.edits, list(saved.values()))
    second = _second(kept, again, backward, seeds, gradients)
    return first, Function(str(parts.backward), second, function.span)


def _parted(
    body: Block, results: Iterable[Value], seeds: Iterable[Value]
) -> tuple[list[Operation], list[Operation]]:
    """The operations of the two parts; what both need belongs to the first."""
    needed = set(results)
    seeded, late = set(seeds), set[Operation]()
    for op in body.operations:
        if not seeded.isdisjoint(_reads(op)):
            seeded.update(op.results)
            late.add(op)
        elif op.backward:
            late.add(op)
    forward: list[Operation] = []
    backward: list[Operation] = []
    for op in reversed(body.operations):
        if op in late and not any(v in needed for v in op.results):
            backward.append(op)
            continue
        forward.append(op)
        needed.update(_reads(op))
    return forward[::-1], backward[::-1]


def _reads(op: Operation) -> Iterator[Value]:
    yield from op.operands
    for block in op.blocks:
        yield from free_values(block)


def _asked_before(
    there: set[Value], forward: list[Operation], backward: list[Operation],
    gradients: Iterable[Value],
) -> tuple[list[Operation], list[Operation]]:  # fmt: skip
    """The two parts, with questions for shapes asked in the first, where the second reads nothing
    else of what they ask, and what they ask is `there` on every path."""
    questions: list[Operation] = []
    known: dict[object, Value] = {}
    own: dict[Value, Value] = {}
    for op in walk(Block((), tuple(backward), ())):
        operands = tuple(own.get(v, v) for v in op.operands)
        if _asks_shape(op) and there.issuperset(operands):
            fresh = Value(op.result.type, op.result.name)
            own[op.result] = known.setdefault((op.opcode, operands, repr(op.attributes)), fresh)
            if own[op.result] is fresh:
                questions.append(replace(op, operands=operands, results=(fresh,)))
                there.add(fresh)
    read = {*gradients}
    for op in walk(Block((), tuple(backward), ())):
        read.update(v for block in op.blocks for v in block.results)
        if own.keys().isdisjoint(op.results):
            read.update(op.operands)
    before: list[Operation] = []
    moved: set[Value] = set()
    for op in reversed(questions):
        if op.result in moved or not read.issuperset(op.operands):
            before.insert(0, op)
            moved.update((op.result, *op.operands))
    own = {old: new for old, new in own.items() if new in moved}
    if not own:
        return forward, backward
    kept = substitute(_without(Block((), tuple(backward), ()), own.keys()), own)
    return _placed(forward, before), [*kept.operations]


def _placed(forward: list[Operation], questions: Iterable[Operation]) -> list[Operation]:
    """The operations with each question as soon as it can be asked: what it asks may then be
    overwritten."""
    operations = list(forward)
    for question in questions:
        asked = {*question.operands}
        places = [k for k, op in enumerate(operations, 1) if not asked.isdisjoint(op.results)]
        operations.insert(max(places, default=0), question)
    return operations


def _asks_shape(op: Operation) -> bool:
    entry = TABLE.get(op.opcode)
    return entry is not None and bool(op.operands) and (
        entry.no_gradient == SHAPE_ALONE and not entry.fresh
    )


def _without(block: Block, gone: Set[Value]) -> Block:
    kept = tuple(
        replace(op, blocks=tuple(_without(inner, gone) for inner in op.blocks))
        for op in block.operations if gone.isdisjoint(op.results)
    )  # fmt: skip
    return replace(block, operations=kept)


def _in_order(body: Block, values: Iterable[Value]) -> list[Value]:
    """The values in the order in which the function comes by them."""
    wanted = set(values)
    made = [*body.parameters, *(v for op in walk(body) for v in op.results)]
    return [v for v in made if v in wanted]


def _kept(
    inputs: Iterable[Value], forward: list[Operation], read: list[Value]
) -> tuple[list[Value], list[Operation]]:
    """Of the values that the backward part reads, those to hand over; the rest is computed again
    from them by these operations."""
    made = {v: op for op in forward for v in op.results} | dict.fromkeys(inputs)
    inner = {op.result: op for op in walk(Block((), tuple(forward), ())) if _is_constant(op)}
    kept: list[Value] = []
    again: dict[Value, Operation] = {}
    for value in read:
        steps: list[Operation] = []
        if value in inner:
            again[value] = inner[value]
        elif value in made and _computed(value, made, {*kept, *again}, steps):
            again |= {op.result: op for op in steps}
        else:
            kept.append(value)
    return kept, list(again.values())


def _is_constant(op: Operation) -> bool:
    return not op.operands and not op.blocks and len(op.results) == 1


def _computed(
    value: Value, made: Mapping[Value, Operation | None], there: Collection[Value],
    steps: list[Operation],
) -> bool:  # fmt: skip
    """Collect the few cheap steps from values that are there to this one; False if none lead."""
    if value in there or any(value in op.results for op in steps):
        return True
    op = made.get(value)
    if op is None or op.blocks or len(op.results) != 1 or not is_recomputable(op):
        return False
    if not all(_computed(v, made, there, steps) for v in op.operands):
        return False
    steps.append(op)
    return sum(not is_free(step) for step in steps) <= FLOAT_STEPS


class _Handed:
    """Brings values out of the branches of the forward part."""

    def __init__(self, forward: list[Operation]) -> None:
        self.edits: dict[object, Edits] = {}
        self.owner: dict[Value, tuple[object, int]] = {}
        self.parent: dict[object, tuple[object, int] | None] = {}
        self._survey(forward, None)

    def _survey(self, operations: Iterable[Operation], owner: tuple[object, int] | None) -> None:
        for op in operations:
            if owner is not None:
                self.owner.update(dict.fromkeys(op.results, owner))
            for side, block in enumerate(op.blocks):
                region = op.attributes["region"]
                self.parent[region] = owner
                self._survey(block.operations, (region, side))

    def out(self, value: Value) -> Value:
        """The value as it leaves the branches around it."""
        place = self.owner.get(value)
        while place is not None:
            region, side = place
            outer = Value(value.type, value.name)
            self.edits.setdefault(region, Edits()).lift.append((value, side, outer))
            value, place = outer, self.parent[region]
        return value


def _first(
    function: Function, forward: list[Operation], edits: dict[object, Edits], saved: list[Value]
) -> Function:
    """The forward part: what is to be handed over leaves branches, and is packed at the end."""
    assert function.parts is not None
    parameters = function.parameters[: function.parts.parameters]
    results = function.results[: function.parts.results]
    block = Rebuilder(edits, set(), {}).block(Block((), tuple(forward), ()), {})
    packed = Value(SAVED)
    pack = Operation("pack", tuple(saved), (packed,))
    body = Block(parameters, (*block.operations, pack), (*results, packed))
    return fill_taped(
        Function(function.name, turned(body, backward=False), function.span), saved
    )


def _second(
    saved: list[Value], again: list[Operation], backward: list[Operation],
    seeds: tuple[Value, ...], gradients: tuple[Value, ...],
) -> Block:  # fmt: skip
    """The backward part: what was handed over is unpacked at the beginning."""
    packed, *parameters = named_apart([Value(SAVED, "saved"), *seeds])
    own = {v: Value(v.type, v.name) for v in saved}
    own |= {op.result: Value(op.result.type, op.result.name) for op in again}
    unpack = Operation("unpack", (packed,), tuple(own[v] for v in saved))
    own |= zip(seeds, parameters, strict=True)
    body = substitute(Block((), (*again, *backward), gradients), own)
    operations = (unpack, *body.operations) if saved else body.operations
    return turned(Block((packed, *parameters), operations, body.results), backward=True)


def named_apart(parameters: Iterable[Value]) -> list[Value]:
    """Parameters with names that tell them apart."""
    taken: set[str] = set()
    made = []
    for value in parameters:
        name = base = str(hint(value))
        number = 0
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        made.append(Value(value.type, name))
    return made


def turned(block: Block, backward: bool) -> Block:
    """The block with all its operations marked as the user's own, or as a derivative's."""
    operations = tuple(
        replace(
            op, backward=backward, repeats=backward and (op.repeats or not op.backward),
            blocks=tuple(turned(inner, backward) for inner in op.blocks),
        )
        for op in block.operations
    )  # fmt: skip
    return replace(block, operations=operations)
