"""What values are when they are multiplied out: sums of products, in which equals cancel.

    %s = sum %e                              e summed, alone
    %0 = div %g, %s                          g / sum(e)
    %1 = mul %0, %e                          g * e / sum(e)
    %2 = sum %1                              g: what is the same along an axis leaves the sum
    %3 = neg %2                              -g
    %y = accumulate %g, %3                   nothing

Nothing here is computed; a pass asks what a value is, in mathematics. Of the user's own sums of
two, and of an author's rule, nothing is known: they may be there for how they round.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Any

from ..ir.core import Function, Operation, Value, walk
from ..ir.rewrite import constants_of
from ..ir.sizes import may_be_one
from ..ir.types import Type, shape_of
from ..ops import TABLE, Op
from .chains import is_float

__all__ = ["Expanded", "Polynomial"]

# A factor is an atom, the axes of the whole that its own axes are (but those of size 1), and the
# power that it is taken to; a product has its factors in order.
Atom = tuple[int, tuple[int, ...]]
Product = tuple[tuple[Atom, int], ...]
Polynomial = dict[Product, Fraction]

_MOST_TERMS, _MOST_FACTORS = 8, 16


class Expanded:
    """The values of one function, multiplied out."""

    def __init__(self, function: Function) -> None:
        self._found: dict[Value, Polynomial] = {}
        self._numbers: dict[Hashable, int] = {}
        self._constants = constants_of(function)
        self._definitions: dict[Value, Operation] = {}
        for op in walk(function.body):
            self._definitions.update(dict.fromkeys(op.results, op))
            if len(op.results) == 1 and not op.blocks:
                found = self._of(op)
                if found is not None and _is_small(found):
                    self._found[op.result] = found

    def __getitem__(self, value: Value) -> Polynomial:
        found = self._found.get(value)
        if found is None:
            axes = tuple(k for k, size in enumerate(shape_of(value.type)) if size != 1)
            self._found[value] = found = {self._factor(value, axes): Fraction(1)}
        return found

    def is_zero(self, value: Value) -> bool:
        """Whether nothing is left of the value."""
        return self._found.get(value) == {}

    def _factor(self, what: Hashable, axes: tuple[int, ...]) -> Product:
        return (((self._numbers.setdefault(what, len(self._numbers)), axes), 1),)

    def _of(self, op: Operation) -> Polynomial | None:
        """The operation's result, where anything is known of it."""
        if op.result in self._constants:
            return _number(self._constants[op.result])
        entry = TABLE.get(op.opcode)
        if entry is None or op.repeats or not is_float(op.result.type):
            return None
        if entry.zeros:
            return {}
        if entry.terms and (op.backward or len(entry.terms) == 1):
            return self._sum(op, entry)
        if entry.factors:
            return self._product(op, entry)
        if entry.axes is not None:
            return self._turned(op, entry)
        return {} if op.backward and self._is_of_zeros(op, entry) else None

    def _is_of_zeros(self, op: Operation, entry: Op) -> bool:
        """Whether the operation is linear in what is zero."""
        if entry.linear == "each":
            return any(map(self.is_zero, op.operands))
        linear = entry.together(len(op.operands), op.attributes) if entry.linear else ()
        return bool(linear) and all(
            self.is_zero(op.operands[k]) or self._constants.get(op.operands[k]) == 0
            for k in linear
        )

    def _sum(self, op: Operation, entry: Op) -> Polynomial | None:
        total: Polynomial = {}
        for value, sign in zip(op.operands, entry.terms, strict=True):
            term = self._stretched(value, op.result.type)
            if term is None:
                return None
            _add(total, term, sign)
        return total

    def _product(self, op: Operation, entry: Op) -> Polynomial | None:
        total: Polynomial = {(): Fraction(1)}
        for value, exponent in zip(op.operands, entry.factors, strict=True):
            if exponent < 0:
                value = self._unguarded(value, op.operands[0])
            factor = self._stretched(value, op.result.type)
            if factor is not None and exponent < 0:
                factor = _inverse(factor) or self._inverse_of(value, op.result.type)
            if factor is None:
                return None
            total = _times(total, factor)
            if not _is_small(total):
                return None
        return total

    def _inverse_of(self, value: Value, type_: Type) -> Polynomial | None:
        """One over a value of several terms, or of none."""
        shape = shape_of(value.type)
        before = len(shape_of(type_)) - len(shape)
        axes = tuple(k + before for k, size in enumerate(shape) if size != 1)
        ((atom, _),) = self._factor(value, axes)
        return {((atom, -1),): Fraction(1)}

    def _unguarded(self, value: Value, by: Value) -> Value:
        """What `by` is divided by, be it but where `by` isn't zero."""
        op = self._definitions.get(value)
        if op is None or op.opcode != "select":
            return value
        condition = self._definitions.get(op.operands[0])
        if condition is None or condition.opcode != "ne" or condition.operands[0] is not by:
            return value
        return op.operands[1] if self._constants.get(condition.operands[1]) == 0 else value

    def _stretched(self, value: Value, type_: Type) -> Polynomial | None:
        """The value as an operand that broadcasts; None where it may, but isn't known to."""
        own, whole = shape_of(value.type), shape_of(type_)
        before = len(whole) - len(own)
        if before < 0 or any(
            m not in (n, 1) and may_be_one(m) for m, n in zip(own, whole[before:], strict=True)
        ):
            return None
        if not before:
            return self[value]
        return _moved(self[value], {k: k + before for k in range(len(own))})

    def _turned(self, op: Operation, entry: Op) -> Polynomial | None:
        """What moves axes, adds some, or sums over them."""
        assert entry.axes is not None
        value, own = op.operands[0], shape_of(op.operands[0].type)
        places = entry.axes([v.type for v in op.operands], op.attributes)
        whole = shape_of(op.result.type)
        if places is None or any(
            k is not None and own[k] not in (n, 1) and may_be_one(own[k])
            for k, n in zip(places, whole, strict=True)
        ):
            return None
        summed = [k for k, size in enumerate(own) if k not in places and size != 1]
        found: Polynomial = {}
        for product, number in self[value].items():
            for axis in summed:
                if not any(axis in axes for (_, axes), _ in product):
                    product = _joined(product, self._factor(("size", own[axis]), ()))
            _add(found, {self._sum_of(product, set(summed)): number}, 1)
        return _moved(found, {k: j for j, k in enumerate(places) if k is not None})

    def _sum_of(self, product: Product, summed: set[int]) -> Product:
        """A product summed over axes: the factors that share axes stay together, in a sum."""
        outside, groups = [], list[tuple[set[int], list[tuple[Atom, int]]]]()
        for factor in product:
            (_, axes), _ = factor
            mine = summed.intersection(axes)
            if not mine:
                outside.append(factor)
                continue
            inside, apart = [factor], []
            for group in groups:
                if group[0] & mine:
                    mine, inside = mine | group[0], group[1] + inside
                else:
                    apart.append(group)
            groups = [*apart, (mine, inside)]
        total: Product = tuple(outside)
        for bound, inside in groups:
            free = sorted({axis for (_, axes), _ in inside for axis in axes} - bound)
            places = {axis: k for k, axis in enumerate([*free, *sorted(bound)])}
            key = (len(free), _renamed(inside, places))
            total = _joined(total, self._factor(key, tuple(free)))
        return total


def _number(value: Any) -> Polynomial | None:
    if type(value) not in (int, float) or not math.isfinite(value):
        return None
    return {(): Fraction(value)} if value else {}


def _is_small(found: Polynomial) -> bool:
    return len(found) <= _MOST_TERMS and all(len(p) <= _MOST_FACTORS for p in found)


def _add(total: Polynomial, term: Polynomial, sign: int) -> None:
    for product, number in term.items():
        total[product] = total.get(product, Fraction(0)) + sign * number
        if not total[product]:
            del total[product]


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for p, m in a.items():
        for q, n in b.items():
            _add(found, {_joined(p, q): m * n}, 1)
    return found


def _joined(p: Product, q: Product) -> Product:
    powers = dict(p)
    for atom, exponent in q:
        powers[atom] = powers.get(atom, 0) + exponent
    return tuple(sorted((atom, e) for atom, e in powers.items() if e))


def _inverse(a: Polynomial) -> Polynomial | None:
    if len(a) != 1:
        return None
    ((product, number),) = a.items()
    return {tuple((atom, -exponent) for atom, exponent in product): 1 / number}


def _renamed(product: Iterable[tuple[Atom, int]], places: dict[int, int]) -> Product:
    renamed = (((n, tuple(places[k] for k in axes)), e) for (n, axes), e in product)
    return tuple(sorted(renamed))


def _moved(a: Polynomial, places: dict[int, int]) -> Polynomial:
    return {_renamed(product, places): number for product, number in a.items()}
