"""Array sizes: a known integer, or an affine expression of symbols such as `n - 2`.

Sizes settle at compile time what broadcasting does. A symbol stands for one number per call; an
argument's symbol is known not to be 1, because size-1 dimensions are part of the signature.

>>> n = symbol("n", unit=False)
>>> print(add(n, -2), add(add(n, -2), 2), may_be_one(n), may_be_one(add(n, -1)))
n - 2 n False True
>>> is_known(add(n, -2)), is_known(unknown())
(True, False)
>>> broadcast(n, 1) == n, needs_guard(n, n), needs_guard(add(n, -1), n)
(True, False, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Affine",
    "Size",
    "SizeError",
    "Symbol",
    "add",
    "broadcast",
    "divide",
    "is_known",
    "is_positive",
    "may_be_one",
    "meeting",
    "multiply",
    "needs_guard",
    "negate",
    "replaced",
    "sliced",
    "symbol",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Symbol:
    """An unknown size; it is above 1, or, where `unit` says so, may be anything.

    Symbols of one name and one `origin` are one size: where it is found, or what it is made of. A
    `token`, any fresh object, makes it equal to no other.
    """

    name: str
    unit: bool = True
    token: object = None
    origin: Any = None


@dataclass(frozen=True, slots=True)
class Affine:
    """`sum(factor * symbol) + constant`, terms sorted by name, no factor 0."""

    terms: tuple[tuple[Symbol, int], ...]
    constant: int = 0

    def __str__(self) -> str:
        text = ""
        for variable, factor in self.terms:
            sign = (" - " if text else "-") if factor < 0 else " + " if text else ""
            times = "" if abs(factor) == 1 else f"{abs(factor)}*"
            text += f"{sign}{times}{variable.name}"
        if self.constant:
            text += f" {'-' if self.constant < 0 else '+'} {abs(self.constant)}"
        return text.strip()


Size = int | Affine


class SizeError(ValueError):
    """Two sizes that can never broadcast."""


def symbol(name: str, unit: bool = True, origin: Any = None) -> Affine:
    """The size that is one symbol."""
    return Affine(((Symbol(name, unit, origin=origin), 1),))


def unknown(origin: Any = None) -> Affine:
    """A size that nothing is known of but where it comes from, equal to no other."""
    return Affine(((Symbol("?", token=object(), origin=origin), 1),))


def is_known(size: Size) -> bool:
    """Whether no unknown size takes part, so that equal sizes can be told to be equal."""
    return isinstance(size, int) or all(variable.token is None for variable, _ in size.terms)


def _make(terms: dict[Symbol, int], constant: int) -> Size:
    kept = tuple(sorted(((s, f) for s, f in terms.items() if f), key=lambda t: t[0].name))
    return Affine(kept, constant) if kept else constant


def _parts(size: Size) -> tuple[dict[Symbol, int], int]:
    return ({}, size) if isinstance(size, int) else (dict(size.terms), size.constant)


def add(a: Size, b: Size) -> Size:
    """a + b."""
    terms, constant = _parts(a)
    other, offset = _parts(b)
    for variable, factor in other.items():
        terms[variable] = terms.get(variable, 0) + factor
    return _make(terms, constant + offset)


def negate(a: Size) -> Size:
    """-a."""
    terms, constant = _parts(a)
    return _make({s: -f for s, f in terms.items()}, -constant)


def multiply(a: Size, b: Size) -> Size:
    """a * b; a product of two unknowns is a symbol named after its factors."""
    if isinstance(a, int):
        a, b = b, a
    if isinstance(b, int):
        terms, constant = _parts(a)
        return _make({s: f * b for s, f in terms.items()}, constant * b)
    first, second = sorted((str(a), str(b)))
    if "?" in first + second:
        return unknown()
    above = is_positive(a) and is_positive(b) and not (may_be_one(a) and may_be_one(b))
    return symbol(f"({first})*({second})", not above, ("*", frozenset((a, b))))


def replaced(size: Size, same: Mapping[Symbol, Symbol]) -> Size:
    """The size with symbols in the places of those that they are equal to.

    >>> n, m = Symbol("n", False), Symbol("m", False)
    >>> print(replaced(add(symbol("m", False), -1), {m: n}))
    n - 1
    """
    terms, constant = _parts(size)
    found: Size = constant
    for variable, factor in terms.items():
        found = add(found, Affine(((same.get(variable, variable), factor),)))
    return found


def divide(a: Size, count: int) -> tuple[Size, bool]:
    """a / count, and whether it is known that nothing remains.

    >>> n = symbol("n", unit=False)
    >>> divide(multiply(n, 6), 2)[0] == multiply(n, 3), divide(n, 2)[1]
    (True, False)
    """
    terms, constant = _parts(a)
    if not constant % count and not any(f % count for f in terms.values()):
        return _make({s: f // count for s, f in terms.items()}, constant // count), True
    quotient = symbol(f"({a})/{count}", origin=("/", a, count))
    return (quotient if is_known(a) else unknown()), False


def may_be_one(size: Size) -> bool:
    """Whether the size can be 1 when the function runs."""
    if isinstance(size, int):
        return size == 1
    match size:
        case Affine(((variable, 1),), 0):
            return variable.unit
    return True


def is_positive(size: Size) -> bool:
    """Whether the size is known to be at least 1: `n` and `n - 1`, where n is not 0 or 1."""
    match size:
        case int():
            return size > 0
        case Affine(((variable, 1),), constant):
            return not variable.unit and constant > -2
    return False


def broadcast(a: Size, b: Size) -> Size | None:
    """The broadcast size; None where it is one of the two but which one is unknown.

    Raises SizeError where two known sizes differ and neither is 1.
    """
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        raise SizeError(f"sizes {a} and {b} don't broadcast")
    if not may_be_one(b):
        return b
    if not may_be_one(a):
        return a
    return None


def meeting(a: Size, b: Size) -> Size:
    """What two sizes broadcast to where either may be 1: the same for the same two.

    >>> n, m = symbol("n", unit=False), symbol("m", unit=False)
    >>> print(meeting(add(n, -1), add(m, -1)))
    (m - 1) with (n - 1)
    """
    if not (is_known(a) and is_known(b)):
        return unknown()
    first, second = sorted((str(a), str(b)))
    return symbol(f"({first}) with ({second})", origin=("with", frozenset((a, b))))


def sliced(size: Size, start: Size | None, stop: Size | None, step: int | None) -> Size:
    """How many elements a slice takes that may end beyond the axis.

    >>> n, d = symbol("n", unit=False), symbol("d", unit=False)
    >>> may_be_one(sliced(n, None, d, None)), may_be_one(sliced(n, None, None, 2))
    (False, True)
    """
    bounds = [b for b in (start, stop) if b is not None]
    if not all(map(is_known, [size, *bounds])):
        return unknown()
    first, last, stride = ("" if b is None else str(b) for b in (start, stop, step))
    above = not start and step in (None, 1) and all(map(_is_above_one, (size, stop or 0)))
    origin = ("slice", size, start, stop, step)
    return symbol(f"({size})[{first}:{last}:{stride}]", not above, origin)


def _is_above_one(size: Size) -> bool:
    return is_positive(size) and not may_be_one(size)


def needs_guard(size: Size, result: Size) -> bool:
    """Whether an operand of `size` may or may not have been stretched to `result`."""
    return size != result and size != 1 and may_be_one(size)
