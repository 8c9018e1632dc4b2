"""Chains of products: what an expression multiplies and divides by, and what its text costs.

    %0 = mul %g, 2                     number 6.0, factors %g, %n to the power of -1, %x
    %1 = div %0, %n
    %2 = mul %1, %x
    %y = mul %2, 3.0

A step belongs to the chain if nothing else uses its result, and the user gave it no name.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from ..ir.builder import Builder
from ..ir.core import Function, Operation, Value, is_temporary, walk
from ..ir.rewrite import constants_of
from ..ir.sizes import is_positive
from ..ir.types import Array, Scalar, Type, alike, is_complex, shape_of
from ..ops import SPELLINGS, TABLE, Tracer
from ..ops.inference import as_array
from .rounding import free_to_round

__all__ = [
    "Chain", "Chains", "Factor", "cost", "is_float", "price",
]  # fmt: skip

# More factors than these are left as they stand.
_LONGEST = 24


@dataclass(frozen=True)
class Factor:
    """A value that is multiplied by, or (exponent -1) divided by."""

    value: Value
    exponent: int


@dataclass
class Chain:
    """The product of a number, above / below, and of factors in their order; the operations that
    compute it as they stand have this price. `leads`: a number stands first."""

    above: float = 1
    below: float = 1
    factors: list[Factor] = field(default_factory=list)
    price: int = 0
    leads: bool = False

    def number(self, dtype: str) -> tuple[float, float] | None:
        """Above and below as they are to be written, which is exact, or rounds once; None where
        the number leaves the middle of the dtype's range."""
        above, below = self.above, self.below
        if below < 0:
            above, below = -above, -below
        if below != 1 and Fraction(above / below) * Fraction(below) == Fraction(above):
            above, below = above / below, 1
        limits = np.finfo(dtype)
        largest, smallest = math.sqrt(float(limits.max)), math.sqrt(float(limits.tiny))
        if all(smallest < abs(x) < largest for x in (above, below)):
            return above, below
        return None


@dataclass
class Chains:
    """The chains of one function.

    forward: those of the forward part, too, but for what is computed once more.
    """

    function: Function
    forward: bool = False

    def __post_init__(self) -> None:
        self.definitions: dict[Value, Operation] = {}
        self.constants = constants_of(self.function)
        self.free = set(free_to_round(self.function))
        if self.forward:
            self.free |= _unrepeated(self.function)
        self.uses: Counter[Value] = Counter(self.function.results)
        users: dict[Value, Operation] = {}
        for op in walk(self.function.body):
            self.definitions.update(dict.fromkeys(op.results, op))
            self.uses.update(op.operands)
            users.update(dict.fromkeys(op.operands, op))
            for inner in op.blocks:
                self.uses.update(inner.results)
        # Signs that the text shows as a minus between two terms.
        self.minus = {
            op.operands[1] for op in walk(self.function.body)
            if op.backward and op.opcode in TABLE and TABLE[op.opcode].terms == (1, 1)
            and self.uses[op.operands[1]] == 1
        }  # fmt: skip
        # What some other product takes as a step of its own chain.
        self.steps = {v for v, user in users.items() if self.is_product(user) and self.is_step(v)}

    def is_product(self, op: Operation) -> bool:
        """Whether it is a product, a quotient or a change of sign of real floats."""
        entry = TABLE.get(op.opcode)
        if entry is None or not (entry.factors or entry.terms == (-1,)):
            return False
        if entry.terms and op.result in self.minus:
            return False
        if not is_float(op.result.type):
            return False
        if min(entry.factors, default=1) > 0 or shape_of(op.result.type):
            return True
        return self.is_safe_divisor(op.operands[-1])

    def is_safe_divisor(self, value: Value) -> bool:
        """Whether Python numbers may be divided by it, with no thought of 0: a literal, a NumPy
        scalar, a size of at least 1."""
        match value.type:
            case Array(weak=weak):
                return not weak
            case Scalar(size=size):
                return bool(self.constants.get(value)) or (size is not None and is_positive(size))
        return False

    def is_step(self, value: Value) -> bool:
        """Whether the value is a product that its only user may compute in another way."""
        op = self.definitions.get(value)
        return op is not None and self.is_product(op) and self.is_passing(value)

    def is_passing(self, value: Value) -> bool:
        """Whether its only user may do without the value."""
        return value in self.free and self.uses[value] == 1 and is_temporary(value)

    def root(self, value: Value) -> Value | None:
        """The array that the value is the square of, if its only user may do without it."""
        op = self.definitions.get(value)
        rule = TABLE[op.opcode].square if op is not None and op.opcode in TABLE else None
        if op is None or rule is None or not self.is_passing(value):
            return None
        tracer = Tracer(Builder(), TABLE, SPELLINGS, constants=self.constants)
        found = op.operands[0]
        same = shape_of(value.type) and alike(found.type, value.type)
        return found if same and rule(*map(tracer.var, op.operands)) else None

    def of(self, op: Operation) -> Chain | None:
        """The chain that ends in the operation; None where there is nothing to be moved."""
        chain = Chain()
        pending = [(op.result, 1, True)]
        while pending:
            value, exponent, root = pending.pop()
            if root or self.is_step(value):
                step = self.definitions[value]
                entry = TABLE[step.opcode]
                if not (entry.terms and step.operands[0] in self.constants):
                    chain.price += price(step)  # -2 costs nothing
                if entry.terms:
                    chain.above = -chain.above
                exponents = entry.factors or (1,)
                pairs = zip(step.operands, exponents, strict=True)
                pending += reversed([(v, exponent * e, False) for v, e in pairs])
            elif not self._number(chain, value, exponent):
                chain.factors.append(Factor(value, exponent))
            if len(chain.factors) > _LONGEST:
                return None
        return chain if chain.factors and _may_move(chain, op.result.type) else None

    def _number(self, chain: Chain, value: Value, exponent: int) -> bool:
        """Take up a number that is written out."""
        found = self.constants.get(value)
        if type(found) not in (int, float) or not found or abs(found) > 2**53:
            return False
        if self.definitions[value].attributes.get("spelled"):
            return False  # np.pi says more than its digits
        if exponent > 0:
            chain.above *= found
            chain.leads |= not chain.factors
        else:
            chain.below *= found
        return True


def _unrepeated(function: Function) -> set[Value]:
    """What is computed by operations of which none is computed once more."""
    again = {op.opcode for op in walk(function.body) if op.repeats}
    return {
        v for op in walk(function.body) for v in op.results
        if not op.repeats and op.opcode not in again
    }  # fmt: skip


def is_float(type_: Type) -> bool:
    if isinstance(type_, Scalar):
        return type_.kind == "float"
    return isinstance(type_, Array) and type_.dtype[0] == "f" and not is_complex(type_)


def cost(type_: Type) -> int:
    """What an operation with this result costs; an axis is longer than any number of steps."""
    return int(100 ** sum(size != 1 for size in shape_of(type_)))


def price(op: Operation) -> int:
    """What a step of a chain costs: a quotient is twice as slow as a product."""
    entry = TABLE[op.opcode]
    if not (entry.factors or entry.terms):
        return 0
    return cost(op.result.type) * (2 if min(entry.factors, default=1) < 0 else 1)


def _may_move(chain: Chain, type_: Type) -> bool:
    """Whether any order of the factors has one dtype, and none overflows as integers may."""
    dtype = as_array(type_).dtype
    masks = 0
    for factor in chain.factors:
        match factor.value.type:
            case Scalar("float" | "int"):
                pass
            case Array(found) if found == dtype:
                pass
            case Array(found, shape, False) if shape and found[0] in "bi" and dtype == "f8":
                masks += 1
            case _:
                return False
    return masks < 2
