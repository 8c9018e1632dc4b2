"""Legalise saves: what the backward part still needs of a forward loop's body is made visible.

    for i in range(n):                       y_tape = []
        y = y * x                            for i in range(n):
    # backward, per iteration:                   y_tape.append(y)
    grad_x += grad_y * y          gives          y = y * x
                                             for y in reversed(y_tape):
                                                 grad_x += grad_y * y

Each value is brought across by the cheapest of: the mirror loop's own element; recomputing it from
what is visible; collecting it on a tape. Values of a branch need nothing where the mirrored branch
stands beside it (Python's function scope keeps them); inside a loop they leave the branch as an
extra result and go on the loop's tape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..ir.core import Block, Derived, Function, Operation, Value, on_all, walk
from ..ir.loops import Loop, is_loop
from ..ir.rewrite import defined_in
from ..ir.sizes import Affine
from ..ir.types import Tape, is_integer, rank, shape_of
from ..ops import TABLE, is_arithmetic
from .edits import Edits, Rebuilder
from .fillers import fill_taped
from .paths import maybe_undefined
from .settled_reads import settled_in

__all__ = ["FLOAT_STEPS", "is_free", "is_recomputable", "legalise_saves"]

# How many steps of scalar arithmetic are cheaper again than saved.
FLOAT_STEPS = 2


def legalise_saves(function: Function) -> Function:
    """The function, and those that come with it, with every use visible from where it stands."""
    return on_all(_legalised, function)


def _legalised(function: Function) -> Function:
    plan = _Plan(function)
    plan.needs(function.body)
    rebuilder = Rebuilder(plan.edits, plan.gone, plan.moved)
    return fill_taped(replace(function, body=rebuilder.block(function.body, {})))


@dataclass
class _Mirror:
    """A loop and its image: where recomputed steps may stand, and what stands for what so far."""

    original: Operation
    image: Operation
    edits: Edits
    inside: set[Value]
    branches: dict[object, list[Operation]]
    known: dict[Value, Value]
    steps: list[Operation] = field(default_factory=list)


class _Plan:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.regions = {
            op.attributes["region"]: op for op in walk(function.body) if "region" in op.attributes
        }
        self.edits: dict[object, Edits] = {}
        self.definitions: dict[Value, Operation] = {}
        self.order: dict[Value, int] = {}
        self.owner: dict[Value, tuple[object, int]] = {}
        self.parent: dict[object, tuple[object, int]] = {}
        self.tapes: dict[object, dict[Value, Value]] = {}
        self.moved: dict[Value, list[Operation]] = {}
        self.gone: set[Value] = set()
        self.settled: set[Value] = set()
        self.undefined = maybe_undefined(function)
        self._survey(function.body, (None, 0))

    def _survey(self, block: Block, owner: tuple[object, int]) -> None:
        for value in block.parameters:
            self._note(value, owner)
        for op in block.operations:
            if op.blocks:
                self.parent[op.attributes["region"]] = owner
            for index, inner in enumerate(op.blocks):
                self._survey(inner, (op.attributes["region"], index))
            for value in op.results:
                self.definitions[value] = op
                self._note(value, owner)

    def _note(self, value: Value, owner: tuple[object, int]) -> None:
        self.order[value] = len(self.order)
        self.owner[value] = owner

    def edit(self, region: object) -> Edits:
        return self.edits.setdefault(region, Edits())

    def needs(self, block: Block) -> dict[Value, None]:
        """What the block reads from outside, once the loops inside it are legal."""
        found: dict[Value, None] = {}
        for op in block.operations:
            found.update(dict.fromkeys(_read(op)))
            if is_loop(op) and op.attributes.get("mirrors") in self.regions:
                found.update(self.mirror(op))
            else:
                for inner in op.blocks:
                    found.update(self.needs(inner))
        found.update(dict.fromkeys(block.results))
        inside = _directly_defined(block)
        return {value: None for value in found if value not in inside}

    def mirror(self, image: Operation) -> dict[Value, None]:
        """Make the body of a mirror loop legal; gives what it then reads from outside."""
        original = self.regions[image.attributes["mirrors"]]
        body = original.blocks[-1]
        edits = self.edit(image.attributes["region"])
        inside = defined_in(body)
        self._own_elements(original, image, edits)
        found = self.needs(image.blocks[0])
        inside.update(v for v in found if self._within(v, original))
        known = dict(edits.mapping)
        pair = _Mirror(original, image, edits, inside, _branches(image), known)
        wanted = [v for v in found if v in inside and v not in known]
        for value in sorted(wanted, key=self.order.__getitem__):
            self._bring(value, pair)
        self._bring_shapes(image.blocks[0], pair)
        outside = {v: None for v in found if v not in inside}
        outside.update(dict.fromkeys(tape for tape, _ in edits.over))
        made = set(known.values())
        for op in pair.steps:
            outside.update((v, None) for v in op.operands if v not in made)
        return outside

    def _bring(self, value: Value, pair: _Mirror) -> None:
        if value not in pair.known and not self._recompute(value, pair):
            self._tape(value, pair)

    def _within(self, value: Value, original: Operation) -> bool:
        """Whether a value (a tape made here, say) belongs to the loop's body or a region in it."""
        region = self.owner[value][0]
        while region is not None and region is not original.attributes["region"]:
            region = self.parent[region][0]
        return region is not None

    def _own_elements(self, original: Operation, image: Operation, edits: Edits) -> None:
        if original.opcode != "for":
            return
        here = Loop(image).elements
        edits.mapping.update(zip(Loop(original).elements, here, strict=False))

    def _bring_shapes(self, block: Block, pair: _Mirror) -> None:
        """`shape %v` of a value of the forward body that isn't here is asked there: v isn't saved
        for its shape."""
        for op in walk(block):
            if not _asks_shape(op) or op.operands[0] not in pair.inside:
                continue
            if op.result in self.settled:
                continue
            self.settled.add(op.result)
            (operand,) = op.operands
            if operand in pair.edits.mapping:
                continue
            stand_in = self._same_shape(operand)
            if stand_in is not None:
                self._replace_operand(op, stand_in)
                continue
            self.gone.add(op.result)
            if operand in self.undefined:
                # Where it is asked now, the path may have given the operand no value.
                op = replace(op, attributes={**op.attributes, "lenient": True})
                self.definitions[op.result] = op
            self.moved.setdefault(operand, []).append(op)
            self.owner[op.result] = self.owner[operand]
            self.order[op.result] = self.order[operand]
            pair.inside.add(op.result)
            self._bring(op.result, pair)

    def _same_shape(self, value: Value) -> Value | None:
        """A parameter of the function that is known to have the value's shape."""
        shape = shape_of(value.type)
        if any(isinstance(n, Affine) and any(s.token for s, _ in n.terms) for n in shape):
            return None
        same = (p for p in self.function.parameters if shape_of(p.type) == shape and shape)
        return next((p for p in same if type(p.type) is type(value.type)), None)

    def _replace_operand(self, op: Operation, stand_in: Value) -> None:
        self.edits.setdefault(op.result, Edits()).mapping[op.operands[0]] = stand_in

    def _recompute(self, value: Value, pair: _Mirror) -> bool:
        """Recompute the value in the mirror, if that is cheap; gives whether it did."""
        steps: list[Operation] = []
        if not self._cheap(value, pair, steps, set()):
            return False
        if sum(not is_free(op) for op in steps) > FLOAT_STEPS:
            return False
        for op in steps:
            (old,) = op.results
            fresh = Value(old.type, old.name)
            operands = tuple(pair.known.get(v, v) for v in op.operands)
            site = self._site(old, pair)
            assert site is not None
            again = replace(
                op, operands=operands, results=(fresh,), backward=True,
                repeats=op.repeats or not op.backward,
            )  # fmt: skip
            site.prelude.append(again)
            site.mapping[old] = pair.known[old] = fresh
            pair.steps.append(again)
        return True

    def _site(self, value: Value, pair: _Mirror) -> Edits | None:
        """Where in the mirror the value can be recomputed: what a branch computes, on the same
        side of that branch's mirror, since elsewhere it might not even be defined."""
        region, side = self.owner[value]
        if region is pair.original.attributes["region"]:
            return pair.edits
        images = pair.branches.get(region, [])
        if len(images) != 1:
            return None
        return self.edit(images[0].attributes["region"]).sides.setdefault(side, Edits())

    def _cheap(
        self, value: Value, pair: _Mirror, steps: list[Operation], seen: set[Value]
    ) -> bool:
        if value not in pair.inside or value in pair.known or value in seen:
            return True
        op = self._read_later(self._asked_elsewhere(self.definitions.get(value)), pair)
        if op is None or op.blocks or len(op.results) != 1 or not is_recomputable(op):
            return False
        if self._site(value, pair) is None:
            return False
        if not all(self._cheap(v, pair, steps, seen) for v in op.operands):
            return False
        seen.add(value)
        steps.append(op)
        return True

    def _asked_elsewhere(self, op: Operation | None) -> Operation | None:
        """A question for a shape, asked of a parameter that has the same."""
        if op is None or not _asks_shape(op):
            return op
        same = self._same_shape(op.operands[0])
        return op if same is None else replace(op, operands=(same, *op.operands[1:]))

    def _read_later(self, op: Operation | None, pair: _Mirror) -> Operation | None:
        """A read of an array that the loop has still as it was, when it has ended."""
        outermost = self.parent[pair.original.attributes["region"]][0] is None
        if op is None or len(op.results) != 1 or not outermost or not rank(op.result.type):
            return op
        final = settled_in(op, pair.original, self.definitions)
        return op if final is None else replace(op, operands=(final, *op.operands[1:]))

    def _tape(self, value: Value, pair: _Mirror) -> None:
        """Collect the value in the original loop, read it back in the mirror."""
        original = pair.original
        saved = self._at_loop_level(value, original)
        tapes = self._tapes(original)
        tape = tapes.get(saved)
        if tape is None:
            tape = tapes[saved] = Value(Tape(saved.type), _tape_name(value))
            self.edit(original.attributes["region"]).collect.append((saved, tape))
            self._place(tape, original)
        element = Value(value.type, value.name)
        pair.edits.over.append((tape, element))
        pair.edits.mapping[value] = pair.known[value] = element

    def _tapes(self, original: Operation) -> dict[Value, Value]:
        """The tapes of a loop so far, by the value saved."""
        region = original.attributes["region"]
        if region not in self.tapes:
            loop = Loop(original)
            self.tapes[region] = dict(zip(loop.collected, loop.tapes, strict=True))
        return self.tapes[region]

    def _place(self, tape: Value, original: Operation) -> None:
        self.owner[tape] = self.parent[original.attributes["region"]]
        self.order[tape] = self.order[original.results[-1]] if original.results else 0

    def _at_loop_level(self, value: Value, original: Operation) -> Value:
        """The value as it leaves the branches between it and the loop's body."""
        region, index = self.owner[value]
        while region is not original.attributes["region"]:
            lifted = [out for v, k, out in self.edit(region).lift if v is value and k == index]
            if lifted:
                out = lifted[0]
            else:
                out = Value(value.type, value.name)
                self.edit(region).lift.append((value, index, out))
                self.owner[out] = self.parent[region]
                self.order[out] = self.order[value]
            value, (region, index) = out, self.owner[out]
        return value

def _branches(image: Operation) -> dict[object, list[Operation]]:
    """The mirrors of branches inside a mirror loop, by the region that they mirror."""
    found: dict[object, list[Operation]] = {}
    for op in walk(image.blocks[0]):
        if op.opcode == "if" and op.attributes.get("mirrors") is not None:
            found.setdefault(op.attributes["mirrors"], []).append(op)
    return found


def _tape_name(value: Value) -> Derived | str:
    if isinstance(value.name, str):
        return f"{value.name}_tape"
    return Derived("tape", value)


def _asks_shape(op: Operation) -> bool:
    return op.opcode in TABLE and 0 in TABLE[op.opcode].shape_only


def _read(op: Operation) -> Iterable[Value]:
    """The operands; what is only asked for its shape is dealt with apart."""
    return op.operands[1:] if _asks_shape(op) else op.operands


def _directly_defined(block: Block) -> set[Value]:
    found = set(block.parameters)
    for op in block.operations:
        found.update(op.results)
    return found


def is_free(op: Operation) -> bool:
    """Steps that cost next to nothing, or that a tape would cost more than."""
    return not op.results or is_integer(op.result.type) or op.opcode not in TABLE or not (
        TABLE[op.opcode].elementwise
    )  # fmt: skip


def is_recomputable(op: Operation) -> bool:
    """Scalar arithmetic, loads, views, constants: cheaper again than saved."""
    entry = TABLE[op.opcode]
    if op.opcode == "undefined" or "gate" in op.attributes or "callee" in op.attributes:
        return False
    if entry.elementwise:
        return is_arithmetic(op)
    if entry.view:
        return True
    return not entry.fresh
