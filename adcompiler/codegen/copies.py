"""Copies that let updates happen in place.

    for i in range(n):                       A = np.array(A)
        A_1 = np.array(A)                    for i in range(n):
        A_1[i] = ...            gives            A[i] = ...
        A = A_1

An update copies its array where somebody else may see the change. Where that is only the caller,
or what was there before a loop, one copy before the loop serves all iterations: before the
outermost loop that this is so of; where it is a part
of the array that is read or saved, a copy of that part is smaller. Results that would share memory
with an argument, a view or each other become copies, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..ir.builder import Builder
from ..ir.core import Block, Function, Name, Operation, Value, walk
from ..ir.loops import Loop, is_loop, loops_of
from ..ir.rewrite import defined_in
from ..ir.types import SAVED, Array, List, Static, rank
from ..ops import TABLE
from ..optimize.choice import Passes
from .lifetimes import find_lifetimes
from .memory_steps import Site
from .nesting import plan_nesting
from .ownership import Updates, find_updates, shared_results
from .sites import Sites
from .unset import handed_on

__all__ = ["own_memory", "own_results", "own_saved"]

_ROUNDS = 6
_DEPTH = 4


def own_memory(function: Function, passes: Passes) -> Function:
    """The function with copies placed so that as many updates as possible need none."""
    if not any(map(_is_update, walk(function.body))):
        return function
    done: set[tuple[object, int]] = set()
    for _ in range(_ROUNDS):
        lifetimes = find_lifetimes(function, plan_nesting(function, passes))
        updates = find_updates(function, lifetimes)
        plan = next(filter(_Plan.is_news, _plans(function, updates, done)), None)
        if plan is None:
            break
        function = replace(function, body=plan.applied(function.body))
    return function


def _plans(
    function: Function, updates: Updates, done: set[tuple[object, int]]
) -> Iterator[_Plan]:
    """Copies before the outermost loops, if these do; else before those inside of them."""
    for depth in range(_DEPTH):
        plan = _Plan(function, updates, done, depth)
        plan.block(function.body, ())
        yield plan


def _is_update(op: Operation) -> bool:
    return op.opcode in TABLE and TABLE[op.opcode].statement is not None


@dataclass
class _Plan:
    """`starts`: carries, by loop, that begin with a copy; `parts`: views that become copies.
    `depth`: how many loops there are around those that copies are placed before."""

    function: Function
    updates: Updates
    done: set[tuple[object, int]]
    depth: int = 0
    starts: dict[object, set[int]] = field(default_factory=dict)
    parts: set[Value] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.definitions = {v: op for op in walk(self.function.body) for v in op.results}
        self.collected = dict(_collected(self.function))
        self.unset = _maybe_unset(self.function)

    def is_news(self) -> bool:
        return bool(self.starts or self.parts)

    def block(self, block: Block, loops: tuple[Operation, ...]) -> None:
        for op in block.operations:
            if _is_update(op) and op.result not in self.updates.in_place:
                self.update(op, loops)
            inner = (*loops, op) if is_loop(op) else loops
            for one in op.blocks:
                self.block(one, inner)

    def update(self, op: Operation, loops: tuple[Operation, ...]) -> None:
        """Plan what would let this update happen in place, if anything does."""
        if self.depth and len(loops) <= self.depth:
            return
        loops = loops[self.depth :]
        sites = self.updates.sites
        mine = sites.closure(sites.of(op.operands[0]))
        blocked = {s for s in mine if s.foreign or s.fixed}
        parts = set()
        for holder in self.updates.holders(op):
            copied = self._parts(holder)
            if copied is not None:
                parts |= copied
            elif loops and _is_outside(holder, loops[0]):
                blocked |= sites.of(holder) & mine
            else:
                return
        starts = {
            k: sites.closure(sites.of(v)) & blocked for k, v in enumerate(_starts(loops))
        }
        if blocked - set[Site]().union(*starts.values()):
            return
        if any(found and _starts(loops)[k] in self.unset for k, found in starts.items()):
            return  # there is nothing to copy on some path
        for k, found in starts.items():
            region = loops[0].attributes["region"]
            if found and (region, k) not in self.done:
                self.starts.setdefault(region, set()).add(k)
                self.done.add((region, k))
        self.parts |= parts

    def _parts(self, holder: Value) -> set[Value] | None:
        """The views, or elements of a tape or of a tape's tapes, that would have to be copies."""
        value = holder
        while value in self.collected:
            value = self.collected[value]
        made = self.definitions.get(value)
        if made is None:
            return None
        if made.opcode == "if":
            position = made.results.index(value)
            sides = [self._parts(block.results[position]) for block in made.blocks]
            return None if None in sides else set().union(*filter(None, sides))
        if made.opcode in ("undefined", "filler"):
            return set()
        if made.blocks or made.opcode not in TABLE:
            return None
        entry = TABLE[made.opcode]
        if entry.statement is not None or not entry.view or not rank(value.type):
            return None
        return {value}

    def applied(self, block: Block) -> Block:
        """The block with the copies in place."""
        builder = Builder()
        for op in block.operations:
            op = replace(op, blocks=tuple(map(self.applied, op.blocks))) if op.blocks else op
            wanted = self.starts.get(op.attributes.get("region"), ())
            if wanted:
                operands = list(op.operands)
                builder.span, builder.backward = op.span, op.backward
                for k in sorted(wanted):
                    name = op.results[k].name
                    operands[k] = owned(builder, operands[k], self.definitions, name)
                op = replace(op, operands=tuple(operands))
            if len(op.results) == 1 and op.results[0] in self.parts:
                view = Value(op.result.type)
                builder.append(replace(op, results=(view,)))
                op = Operation("own", (view,), op.results, {}, (), op.span, op.backward, op.repeats)
            builder.append(op)
        return replace(block, operations=tuple(builder.operations))


def _starts(loops: tuple[Operation, ...]) -> Sequence[Value]:
    """What the outermost loop's carries begin with."""
    return Loop(loops[0]).starts if loops else ()


def _is_outside(value: Value, loop: Operation) -> bool:
    return value not in loop.results and not any(value in defined_in(b) for b in loop.blocks)


def _maybe_unset(function: Function) -> set[Value]:
    """The values that some path leaves without a value."""
    found = {op.result for op in walk(function.body) if op.opcode in ("undefined", "filler")}
    pairs = [pair for op in walk(function.body) for pair in handed_on(op)] if found else []
    news = bool(found)
    while news:
        reached = {target for source, target in pairs if source in found} - found
        found |= reached
        news = bool(reached)
    return found


def owned(
    builder: Builder, value: Value, definitions: Mapping[Value, Operation], name: Name,
    like: Value | None = None,
) -> Value:  # fmt: skip
    """A copy of an array or list; of one number spread over a shape, an array filled with it.

    `like`: the argument whose gradient this is; its shape is asked for, since sizes that are taken
    to agree may not if nothing computes with them here.
    """
    if isinstance(value.type, List):
        return builder.emit("list_copy", (value,), value.type, name)
    made = definitions.get(value)
    if made is None or made.opcode != "broadcast" or rank(made.operands[0].type):
        return builder.emit("own", (value,), value.type, name)
    operands = made.operands
    if like is not None:
        operands = (operands[0], builder.emit("shape", (like,), Static()))
    return builder.emit("filled", operands, value.type, name, made.attributes)


def own_results(function: Function, wrt: Sequence[Value] = ()) -> Function:
    """The function with results that are memory of their own, each."""
    shared = shared_results(function)
    if not shared:
        return function
    definitions = {v: op for op in walk(function.body) for v in op.results}
    builder = Builder(backward=True)
    builder.operations += function.body.operations
    results = list(function.results)
    for position in shared:
        value, of = results[position], position - len(results) + len(wrt)
        like = wrt[of] if 0 <= of < len(wrt) and wrt[of] in function.parameters else None
        results[position] = owned(builder, value, definitions, value.name, like)
    return replace(function, body=builder.block(function.parameters, results))


def own_saved(function: Function) -> Function:
    """The forward part, with all that it hands over in memory that nobody else has: what callers do
    to their arguments, or to the results, changes nothing of it."""
    sites = Sites(function)
    given = [v for v in function.results if v.type != SAVED]
    unset = _maybe_unset(function)
    known = sites.kept(function).union(*map(sites.of, given))
    builder = Builder()
    for op in function.body.operations:
        if op.opcode == "pack":
            op = replace(op, operands=tuple(
                _copied(builder, v, unset) if sites.is_known(v, known) else v for v in op.operands
            ))  # fmt: skip
        builder.append(op)
    return replace(function, body=builder.block(function.parameters, function.results))


def _copied(builder: Builder, value: Value, unset: set[Value]) -> Value:
    plain = isinstance(value.type, Array) and value not in unset
    if plain and rank(value.type):
        return builder.emit("own", (value,), value.type)
    if plain and isinstance(value.type, Array) and not value.type.weak:
        return builder.emit("index", (value,), value.type, attributes={"key": ()})
    return builder.emit("own_all", (value,), value.type)


def _collected(function: Function) -> Iterator[tuple[Value, Value]]:
    """Each tape with the value that goes on it."""
    for loop in loops_of(function):
        yield from zip(loop.tapes, loop.collected, strict=True)
