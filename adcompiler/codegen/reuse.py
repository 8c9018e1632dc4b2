"""Results written over arrays that nobody reads any more, and the layout of the text that follows.

    h = np.tanh(x @ w + b)                 h = x @ w
                                           h += b
                                           np.tanh(h, out=h)
    grad_s1 = grad_h * (1 - h * h)  gives  h *= h
                                           np.subtract(1, h, out=h)
                                           grad_h *= h

Large arrays come from the system a page at a time, each cleared at first touch; an operation that
writes over its operand touches no new ones. So it may where the operand has the very shape and
dtype of the result, where its memory was made in the same block by the function itself, and where
nobody reads that memory any more. What is written over needs a name: steps of an expression become
lines of their own, in the order in which the expression would have run.

An array as large as the result is what counts: numbers, and what is known to be small, stay as they
are. So does a program in which a Python float may stand for a NumPy scalar beside float32s: types
promise too much there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.sizes import is_known, may_be_one
from ..ir.types import Array, rank
from ..ops import TABLE
from ..ops.effects import Template
from ..ops.inference import size_of
from ..optimize.choice import Passes
from .lifetimes import Lifetimes, find_lifetimes
from .memory_steps import Steps, makes_memory
from .nesting import Nesting, plan_nesting
from .ownership import AliveSites, Updates, find_updates

__all__ = ["Layout", "lay_out"]

# Fewer elements than this stay in the processor's nearest cache, whatever memory they are in.
_SMALL = 512


@dataclass(frozen=True)
class Layout:
    """What has a line of its own and what is part of one; `over`: by result, the operand whose
    memory it takes. `function` is the one given, its operations in the order of the text."""

    function: Function
    nesting: Nesting
    lifetimes: Lifetimes
    updates: Updates
    over: Mapping[Value, Value]


def lay_out(function: Function, passes: Passes) -> Layout:
    """The layout of the function's text, with as many results as possible written over operands."""
    nesting = plan_nesting(function, passes)
    wanted: dict[Value, list[Value]] = {}
    if passes.runs("reuse") and not _promises_too_much(function):
        wanted = dict(_candidates(function, nesting))
        nesting = replace(nesting, inlined=nesting.inlined.difference(_added_up(function)))
    if wanted:
        placed = _Placing(function, nesting)
        function = replace(function, body=placed.block(function.body))
    steps = Steps(function)
    while True:
        # All are taken to be written over until one is seen not to be: its operands are then read
        # where the line that it is part of stands, which is later.
        over = {result: operands[0] for result, operands in wanted.items()}
        chosen = Nesting(nesting.inlined.difference(over, over.values()), nesting.definitions)
        lifetimes = find_lifetimes(function, chosen)
        updates = find_updates(function, lifetimes, steps)
        refused = set(_refused(function, updates, over))
        if not refused:
            return Layout(function, chosen, lifetimes, updates, over)
        for result in refused:
            wanted[result] = wanted[result][1:]
        wanted = {result: operands for result, operands in wanted.items() if operands}


def _promises_too_much(function: Function) -> bool:
    types = {v.type for op in walk(function.body) for v in op.results}
    arrays = [t for t in (*types, *(p.type for p in function.parameters)) if isinstance(t, Array)]
    narrow = any(t.dtype in ("f2", "f4", "c8") for t in arrays)
    return narrow and any(t.weak for t in arrays)


def _candidates(function: Function, nesting: Nesting) -> Iterator[tuple[Value, list[Value]]]:
    """Results of elementwise operations, and the operands of their own block that they fit into."""
    for block in _plain_blocks(function.body):
        here = {v for op in block.operations if makes_memory(op) for v in op.results}
        here -= set(_signs(block, nesting))
        for op in block.operations:
            if op.opcode not in TABLE or not TABLE[op.opcode].ufunc(op.attributes):
                continue
            fitting = [v for v in dict.fromkeys(op.operands) if v in here and _fits(v, op.result)]
            if fitting and op.result in here:
                yield op.result, fitting


def _added_up(function: Function) -> Iterator[Value]:
    """Sums of contributions to an array's gradient: on a line of its own one adds in place."""
    for block in _plain_blocks(function.body):
        for op in block.operations:
            if op.opcode == "accumulate" and _fits(op.operands[0], op.result):
                yield op.result


def _signs(block: Block, nesting: Nesting) -> Iterator[Value]:
    """Changes of sign that the text says by the operator of a sum: `grad_x -= g`."""
    for op in block.operations:
        terms = TABLE[op.opcode].terms if op.opcode in TABLE else ()
        if op.opcode == "accumulate" or (op.backward and terms == (1, 1)):
            made = nesting.definitions.get(op.operands[1])
            if made is not None and made.opcode in TABLE and TABLE[made.opcode].terms == (-1,):
                yield from nesting.inlined.intersection(made.results)


def _plain_blocks(block: Block) -> Iterator[Block]:
    """The blocks whose operations may have lines: no part of an expression, no loop's condition."""
    yield block
    for op in block.operations:
        if not op.attributes.get("expression"):
            for inner in op.blocks[-1:] if op.opcode == "while" else op.blocks:
                yield from _plain_blocks(inner)


def _fits(operand: Value, result: Value) -> bool:
    """Whether an operand has its result's dtype and, since only size 1 is stretched, its shape."""
    mine, type_ = operand.type, result.type
    if not (isinstance(mine, Array) and isinstance(type_, Array) and mine.dtype == type_.dtype):
        return False
    if not rank(type_) or rank(mine) != rank(type_):
        return False
    same = all(
        is_known(a) and (a == b or not may_be_one(a))
        for a, b in zip(mine.shape, type_.shape, strict=True)
    )
    size = size_of(mine.shape)
    return same and not (isinstance(size, int) and size < _SMALL)


class _Placing:
    """Puts each operation that is part of a line directly before that line."""

    def __init__(self, function: Function, nesting: Nesting) -> None:
        self.nesting = nesting
        self.uses = Counter[Value](function.results)
        for op in walk(function.body):
            self.uses.update(op.operands)
            for block in op.blocks:
                self.uses.update(block.results)

    def block(self, block: Block) -> Block:
        parts = {
            op.result: op for op in block.operations
            if len(op.results) == 1 and op.result in self.nesting.inlined
            and self.uses[op.result] == 1
        }  # fmt: skip
        used = {v for op in block.operations for v in op.operands}
        operations: list[Operation] = []

        def place(op: Operation) -> None:
            for operand in op.operands:
                if operand in parts:
                    place(parts.pop(operand))
            blocks = tuple(map(self.block, op.blocks))
            operations.append(replace(op, blocks=blocks) if blocks else op)

        for op in block.operations:
            if not (len(op.results) == 1 and op.result in parts and op.result in used):
                if op.results and parts.get(op.results[0]) is op:
                    del parts[op.result]
                place(op)
        return replace(block, operations=tuple(operations))


def _refused(
    function: Function, updates: Updates, over: Mapping[Value, Value]
) -> Iterator[Value]:
    """Of these results, by the operands that they are to be written over, those that somebody
    would see there."""
    sites, lifetimes = updates.sites, updates.lifetimes
    alive = AliveSites(sites, lifetimes)
    elsewhere = sites.kept(function).union(*map(sites.of, _handed(function)))
    home = {
        v: block for block in _blocks(function.body) for op in block.operations for v in op.results
    }
    for op in walk(function.body):
        operand = over.get(op.results[0]) if len(op.results) == 1 else None
        if operand is None:
            continue
        here, mine, at = home[op.result], sites.of(operand), lifetimes.write(op)
        if not sites.ours(operand) or sites.meet(mine, elsewhere) or any(
            site.old or site.inside or home.get(site.value) is not here or alive.at(site, at)
            for site in mine
        ):  # fmt: skip
            yield op.result


def _handed(function: Function) -> Iterator[Value]:
    """What code that isn't the text's own gets to see, and may keep."""
    for op in walk(function.body):
        foreign = isinstance(op.attributes.get("template"), Template)
        if foreign or not {"gate", "callee"}.isdisjoint(op.attributes):
            yield from op.operands


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for op in block.operations:
        for inner in op.blocks:
            yield from _blocks(inner)
