"""Move changes of sign on to where they cost nothing: into sums, numbers, fewer elements.

    %0 = neg %g                                %1 = mul %g, %y
    %1 = mul %0, %y                 gives      %2 = sum %g
    %grad_x = accumulate %a, %1                %3 = neg %1
    %2 = sum %0                                %grad_x = accumulate %a, %3      grad_x -= g * y
    %grad_b = accumulate %b, %2                %4 = neg %2
                                               %grad_b = accumulate %b, %4

Only zeros may come out with the other sign. A value that the user has named is never computed with
the wrong sign, and one that has changed its sign loses the name of a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Block, Function, Operation, Value, is_temporary
from ..ir.rewrite import substitute
from ..ir.types import rank
from ..ops import SPELLINGS, TABLE, Op, Tracer
from .chains import Chains, cost, is_float

__all__ = ["move_signs"]

_NEVER = 1 << 60


def move_signs(function: Function) -> Function:
    """The function with fewer changes of sign."""
    same: dict[Value, Value] = {}
    body = _block(function.body, Chains(function), same)
    return replace(function, body=substitute(body, same) if same else body)


def _block(block: Block, chains: Chains, same: dict[Value, Value]) -> Block:
    operations = tuple(
        replace(op, blocks=tuple(_block(inner, chains, same) for inner in op.blocks))
        if op.blocks else op
        for op in block.operations
    )  # fmt: skip
    block = replace(block, operations=operations)
    if not any(_negates(op) and op.result in chains.free for op in operations):
        return block
    return _Signs(chains, block, same).moved()


def _negates(op: Operation) -> bool:
    entry = TABLE.get(op.opcode)
    return entry is not None and entry.terms == (-1,) and is_float(op.result.type)


@dataclass
class _Signs:
    """One block. `burden` tells what it costs its users if a value comes with the other sign;
    `opposite` has the values that are computed so, with what stands for them; `same` those that
    two changes of sign make another's."""

    chains: Chains
    block: Block
    same: dict[Value, Value]
    users: dict[Value, list[Operation]] = field(default_factory=dict)
    burden: dict[Value, int] = field(default_factory=dict)
    opposite: dict[Value, Value] = field(default_factory=dict)
    builder: Builder = field(default_factory=Builder)

    def moved(self) -> Block:
        for op in self.block.operations:
            for value in dict.fromkeys(op.operands):
                self.users.setdefault(value, []).append(op)
        for op in reversed(self.block.operations):
            for value in op.results:
                self.burden[value] = self._burden(value)
        for op in self.block.operations:
            self._place(op)
        return replace(self.block, operations=tuple(self.builder.operations))

    def _burden(self, value: Value) -> int:
        """What it takes to change the sign behind the value, or in each of its users."""
        if not is_float(value.type):
            return _NEVER
        here, users = cost(value.type), self.users.get(value, [])
        if self.chains.uses[value] > sum(op.operands.count(value) for op in users):
            return here  # in another block, or returned
        return min(here, sum(self._pushed(op, value) for op in users))

    def _pushed(self, op: Operation, value: Value) -> int:
        """What it costs an operation to take the value with the other sign."""
        entry = TABLE.get(op.opcode)
        if entry is None or op.operands.count(value) > 1 or not self._is_open(op):
            return _NEVER
        position = op.operands.index(value)
        if position in entry.signed or _negates(op):
            return 0
        if entry.terms:
            # A sum that is added up in an array's memory keeps its first term there.
            first = position == 0 and not entry.elementwise and bool(rank(op.result.type))
            return self._behind(op) if first or len(entry.terms) < 2 else 0
        if entry.factors:
            return 0 if any(map(self._is_number, op.operands)) else self._behind(op)
        return self._behind(op) if _is_linear(entry, op, position) else _NEVER

    def _is_open(self, op: Operation) -> bool:
        """Whether the operation may be another: one of the backward part's, of real floats."""
        return len(op.results) == 1 and op.result in self.chains.free and is_float(op.result.type)

    def _is_number(self, value: Value) -> bool:
        return type(self.chains.constants.get(value)) in (int, float)

    def _behind(self, op: Operation) -> int:
        """The result's burden, if it may lose its name."""
        return self.burden[op.result] if self._is_nameless(op.result) else cost(op.result.type)

    def _is_nameless(self, value: Value) -> bool:
        """Not what the user has named, unless it is but one term of that gradient."""
        if is_temporary(value):
            return True
        users = self.users.get(value, [])
        if rank(value.type) or len(users) != 1 or self.chains.uses[value] != 1:
            return False
        entry = TABLE.get(users[0].opcode)
        return entry is not None and len(entry.terms) == 2

    def _place(self, op: Operation) -> None:
        """Append the operation, or what stands for it."""
        if self._is_open(op) and _negates(op):
            self._change(op)
            return
        turned = [v in self.opposite for v in op.operands]
        if not any(turned):
            self.builder.append(op)
            return
        operands = tuple(self.opposite.get(v, v) for v in op.operands)
        entry = TABLE[op.opcode]
        if any(turned[k] for k in entry.signed):
            attributes = {**op.attributes, "sign": -op.attributes.get("sign", 1)}
            self.builder.append(replace(op, operands=operands, attributes=attributes))
        elif len(entry.terms) == 2:
            signs = [s * (-1 if t else 1) for s, t in zip(entry.terms, turned, strict=True)]
            self._sum(op, entry, operands, signs)
        else:
            self._product(op, operands, sum(turned) % 2 == 1)

    def _change(self, op: Operation) -> None:
        """A change of sign: gone with another one, moved on, or where it is."""
        (operand,) = op.operands
        if operand in self.opposite:
            other = self.opposite[operand]
            if other.name is None:
                self.same.setdefault(other, Value(other.type, op.result.name))
            self.same[op.result] = self.same.get(other, other)
        elif self._moves(op):
            self.opposite[op.result] = operand
        else:
            self.builder.append(op)

    def _moves(self, op: Operation) -> bool:
        """Whether the sign changes behind the result's users."""
        return self.burden[op.result] < cost(op.result.type) and (
            _negates(op) or self._is_nameless(op.result)
        )

    def _sum(
        self, op: Operation, entry: Op, operands: Sequence[Value], signs: Sequence[int]
    ) -> None:
        """A sum of two terms with these signs; the text of one with a `neg` has a minus."""
        tracer = self._tracer(op)
        a: Any = tracer.var(operands[0])
        b: Any = tracer.var(operands[1])
        turned = False
        if signs == [-1, 1] and (entry.elementwise or not rank(op.result.type)):
            made = b - a
        else:
            turned, positive = signs[0] < 0, signs[0] == signs[1]
            if entry.terms == (1, 1):
                made = tracer.emit(op.opcode, (a, b if positive else -b), op.attributes)
            else:
                made = a + b if positive else a - b
        self._result(op, made, turned)

    def _product(self, op: Operation, operands: Sequence[Value], turned: bool) -> None:
        """What is linear in the operands that have changed their signs; a factor that is a number
        takes a sign that would cost something behind."""
        tracer, own = self._tracer(op), list(operands)
        number = next((k for k, v in enumerate(own) if self._is_number(v)), None)
        free = self._is_nameless(op.result) and not self.burden[op.result]
        if turned and number is not None and TABLE[op.opcode].factors and not free:
            own[number] = tracer.lift(-self.chains.constants[own[number]])
            turned = False
        made = tracer.emit(op.opcode, list(map(tracer.var, own)), op.attributes)
        self._result(op, made, turned)

    def _tracer(self, op: Operation) -> Tracer:
        self.builder.span = op.span
        self.builder.backward, self.builder.repeats = op.backward, op.repeats
        return Tracer(self.builder, TABLE, SPELLINGS)

    def _result(self, op: Operation, made: Any, turned: bool) -> None:
        """Let the value that was made last stand for the operation's result, or its opposite."""
        if turned and self._moves(op):
            self.opposite[op.result] = made.value
            return
        if turned:
            made = -made
        operations = self.builder.operations
        operations[-1] = replace(operations[-1], results=op.results)


def _is_linear(entry: Op, op: Operation, position: int) -> bool:
    """Whether the operation passes on the sign of this operand alone."""
    if entry.linear == "each":
        return True
    return bool(entry.linear) and entry.together(len(op.operands), op.attributes) == (position,)
