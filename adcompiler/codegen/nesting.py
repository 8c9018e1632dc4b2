"""Which values become part of the expression that uses them, and which get a line of their own.

    %0 = mul %w, %x
    %1 = add %0, %b              y = np.tanh(w * x + b)
    %y = tanh %1

At level 0 every gate of the user's has its line, and only the inner steps of a derivative rule
nest. From level 1 on, so does what is used once and was given no name by the user; from level 2 on,
so do a few products of numbers that are returned (`return g * x, g * w`). Nothing passes
an effect on its way into an expression: it might raise before or after what was said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.core import Block, Function, Operation, Value, hint, is_temporary, walk
from ..ir.loops import loops_of
from ..ir.types import INT, rank
from ..ops import TABLE, changes, has_effect
from ..ops.effects import Template
from ..optimize.choice import Passes

__all__ = ["Nesting", "plan_nesting"]

# Beyond this many operations an expression is no longer read in one go.
_LARGEST = 12

# More results than these are handed back by their names.
_FEW = 6

# What costs nothing to ask again, as long as what it is asked of has a name.
_ASKED = {"constant", "range", "taken", "length", "size", "shape", "count"}
_STATEMENTS = {"undefined", "zeros_of", "unpack"}


@dataclass(frozen=True)
class Nesting:
    """`inlined` values have no name; `definitions` says what each value is computed by."""

    inlined: frozenset[Value]
    definitions: Mapping[Value, Operation]

    def leaves(self, value: Value) -> list[Value]:
        """The named values that an expression for `value` reads."""
        if value not in self.inlined:
            return [value]
        found: list[Value] = []
        op = self.definitions[value]
        for operand in op.operands:
            found += self.leaves(operand)
        for block in op.blocks:
            for result in block.results:
                found += self.leaves(result)
        return found


def plan_nesting(function: Function, passes: Passes) -> Nesting:
    """Decide for every value."""
    uses: Counter[Value] = Counter(function.results)
    definitions: dict[Value, Operation] = {}
    home: dict[Value, Block] = {}
    user: dict[Value, Block] = {}
    blocks = [function.body]
    repeated: set[Block] = set()
    for op in walk(function.body):
        for value in op.results:
            definitions[value] = op
        uses.update(op.operands)
        template = op.attributes.get("template")
        if isinstance(template, Template):
            uses.update(op.operands[k] for k in template.repeated)
        for block in op.blocks:
            shown = [v for v in block.results if not _repeats(op, block, v)]
            uses.update(shown)
            blocks.append(block)
            if len(shown) < len(block.results):
                repeated.add(block)
    for loop in loops_of(function):
        if loop.exits:
            # What an iteration hands on is written at each of its ends.
            uses.update(loop.following)
    for block in blocks:
        for op in block.operations:
            home.update(dict.fromkeys(op.results, block))
            user.update(dict.fromkeys(op.operands, block))
        if block not in repeated:
            user.update(dict.fromkeys(block.results, block))
    plan = _Plan(uses, definitions, home, user, _collected(function), _carried(function),
                 function.results, passes)  # fmt: skip
    _effectful(function.body, plan.effectful)
    plan.block(function.body)
    return Nesting(frozenset(plan.inlined), definitions)


def _repeats(op: Operation, block: Block, value: Value) -> bool:
    """`a and b` is an `if` that yields its own condition on one side; the text has it once."""
    return bool(op.attributes.get("expression")) and not block.operations and (
        value is op.operands[0]
    )  # fmt: skip


def _collected(function: Function) -> set[Value]:
    """Values that go on a tape; they are read back by name."""
    return {v for loop in loops_of(function) for v in loop.collected}


def _carried(function: Function) -> set[Value]:
    """Values that become a loop's carry under the name that they have anyway."""
    pairs = (
        pair
        for loop in loops_of(function)
        for pair in zip(loop.following, loop.parameters, strict=True)
    )
    return {v for v, p in pairs if hint(v) == hint(p)}


def _effectful(block: Block, found: set[Operation]) -> bool:
    """Whether the block has effects; `found` gains the operations that have, regions among them."""
    before = len(found)
    for op in block.operations:
        inside = [_effectful(inner, found) for inner in op.blocks]
        if any(inside) or (not op.blocks and has_effect(op)):
            found.add(op)
    return len(found) > before


def _parted(block: Block, effectful: set[Operation]) -> set[Value]:
    """Values of the block that are used in it after an effect that follows their definition."""
    found: set[Value] = set()
    waiting: set[Value] = set()  # defined before the last effect
    fresh: set[Value] = set()
    for op in block.operations:
        found.update(v for v in op.operands if v in waiting)
        if op in effectful:
            waiting |= fresh
            fresh = set()
        fresh.update(op.results)
    found.update(v for v in block.results if v in waiting)
    return found


class _Plan:
    def __init__(
        self, uses: Counter[Value], definitions: dict[Value, Operation], home: dict[Value, Block],
        user: dict[Value, Block], collected: set[Value], carried: set[Value],
        returned: tuple[Value, ...], passes: Passes,
    ) -> None:  # fmt: skip
        self.carried = carried
        self.consumer: dict[Value, Operation] = {}
        # The function's own value is computed in the forward part, not on the way out.
        backward = any(op.backward for op in definitions.values())
        self.returned = {
            v for v in returned if backward and v in definitions and not definitions[v].backward
        }
        self.results = returned
        self.uses = uses
        self.definitions = definitions
        self.home = home
        self.user = user
        self.collected = collected
        self.level = passes.level
        self.nests = passes.runs("nest")
        self.inlined: set[Value] = set()
        self.weight: dict[Value, int] = {}
        self.position: dict[Operation, int] = {}
        self.changes: dict[Value, list[int]] = {}
        self.roots: dict[Value, Value] = {}
        self.effectful: set[Operation] = set()
        # Values with an effect between their definition and their use.
        self.parted: set[Value] = set()

    def block(self, block: Block) -> None:
        """Inner regions first: an `if` nests if what it contains does."""
        self.survey(block)
        self.parted |= _parted(block, self.effectful)
        for op in block.operations:
            self.consumer.update(dict.fromkeys(op.operands, op))
        for op in block.operations:
            for inner in op.blocks:
                self.block(inner)
            self.consider(op)

    def survey(self, block: Block) -> None:
        """Where the block changes arrays, and which values look at them."""
        for position, op in enumerate(block.operations):
            self.position[op] = position
            entry = TABLE.get(op.opcode)
            if entry is None or not op.operands:
                continue
            first = op.operands[0]
            root = self.roots.get(first, first)
            if changes(op):
                self.changes.setdefault(root, []).append(position)
            elif 0 in entry.view:
                self.roots.update(dict.fromkeys(op.results, root))

    def meets_change(self, op: Operation, value: Value) -> bool:
        """Whether what the expression reads is changed before the place where it is used."""
        if not self.changes:
            return False
        user = self.consumer.get(value)
        here, there = self.position[op], self.position.get(user, 1 << 60) if user else 1 << 60
        leaves = Nesting(frozenset({*self.inlined, value}), self.definitions).leaves(value)
        return any(
            here < at < there
            for leaf in leaves
            for at in self.changes.get(self.roots.get(leaf, leaf), ())
        )

    def consider(self, op: Operation) -> None:
        if len(op.results) != 1 or op.opcode in _STATEMENTS:
            return
        if op.opcode in TABLE and TABLE[op.opcode].statement is not None:
            return
        value = op.results[0]
        if op.opcode in ("constant", "filler"):
            if op.opcode == "constant" and self._keeps_line(value):
                return
            self.inlined.add(value)
            self.weight[value] = 0
            return
        if self._asked(op) and value not in self.collected:
            once = self.uses[value] == 1 and self._is_near(value)
            if is_temporary(value) and (once or all(self._stays(v) for v in op.operands)):
                self.inlined.add(value)
                self.weight[value] = 1
            return
        if op.blocks and not self._is_expression(op):
            return
        weight = 1 + sum(self.weight.get(v, 0) for v in op.operands)
        if self._nests(value) and weight <= _LARGEST and not self.meets_change(op, value):
            self.inlined.add(value)
            self.weight[value] = weight

    def _asked(self, op: Operation) -> bool:
        """What costs next to nothing: sizes, ranges, from level 1 on `min(len(x), len(y))` too."""
        if op.opcode in _ASKED:
            return True
        if not self.level or op.result.type != INT or op.blocks:
            return False
        if not TABLE[op.opcode].elementwise:
            return False
        return all(v in self.inlined and self.weight[v] <= 1 for v in op.operands)

    def _stays(self, value: Value) -> bool:
        """Whether a shape may be asked again anywhere: its array has a name."""
        if value not in self.inlined:
            return True
        op = self.definitions[value]
        return self._asked(op) and all(map(self._stays, op.operands))

    def _is_near(self, value: Value) -> bool:
        """Whether the value is used in the block that computes it."""
        return self.home[value] is self.user.get(value, self.home[value])

    def _keeps_line(self, value: Value) -> bool:
        """A literal that the user has named is shown where it was, if it is more than a number."""
        if self.level or value.name is None:
            return False
        return self.definitions[value].backward or not is_temporary(value)

    def _nests(self, value: Value) -> bool:
        if self.uses[value] != 1 or value in self.collected or value in self.returned:
            return False
        if value in self.parted or self._is_drawn_for_backward(value):
            return False
        if not self._is_near(value):
            return False
        if value in self.carried and self.definitions[value].backward:
            # An array's accumulation stays a line of its own, so that it can happen in place.
            return not rank(value.type) or self.definitions[value].opcode != "accumulate"
        if not self.nests:
            return value.name is None
        return is_temporary(value) or self._continues(value) or self._is_handed_back(value)

    def _is_handed_back(self, value: Value) -> bool:
        """From level 2 on, whether one step computes a number for the `return`, and little else is
        handed back with it: one line says it all."""
        if self.level < 2 or value not in self.results or len(self.results) > _FEW:
            return False
        op = self.definitions[value]
        number = op.backward and not op.blocks and not rank(value.type)
        return number and not any(self.weight.get(v) for v in op.operands)

    def _is_drawn_for_backward(self, value: Value) -> bool:
        """What has an effect besides its result happens in the forward part."""
        op, user = self.definitions[value], self.consumer.get(value)
        return has_effect(op) and not op.backward and user is not None and user.backward

    def _continues(self, value: Value) -> bool:
        """Whether the only use computes a new value for the same name, in the backward part."""
        user = self.consumer.get(value)
        if user is None or not (user.backward and self.definitions[value].backward):
            return False
        return user.opcode != "accumulate" and [hint(r) for r in user.results] == [hint(value)]

    def _is_expression(self, op: Operation) -> bool:
        """Whether an `if` prints as `a if c else b`."""
        if op.opcode != "if" or not op.attributes.get("expression"):
            return False
        return all(
            inner.results and inner.results[0] in self.inlined
            for block in op.blocks
            for inner in block.operations
        )
