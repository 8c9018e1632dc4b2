"""Types of a function that is compiled apart: sizes of its own, which each call binds.

    total(x: f8[n])              calls itself with x[:m], x[m:]: the size may be anything
    total(%x: f8[?])             each call binds ?, and learns of the result what ? stands for

A function's own size stands for at least 2 as long as all calls give it that; two that are always
equal stay one.

>>> from adcompiler.ir.sizes import add, symbol
>>> n = symbol("n", unit=False)
>>> own = general([Array("f8", (n, n)), Array("f8", (n, 3))])
>>> own[0].shape[0] == own[0].shape[1] == own[1].shape[0], own[1].shape[1]
(True, 3)
>>> half = [Array("f8", (n, n)), Array("f8", (add(n, -1), 3))]
>>> binding(own, half) is None, binding(widened(own, half), half) is None
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..ir.sizes import Affine, Size, Symbol, is_known, may_be_one, unknown
from ..ir.types import Array, List, Scalar, Type, fits, join, shape_of

__all__ = ["binding", "general", "joined", "returned", "seen_from_inside", "widened"]

Binding = dict[Size, Size]

# What is known of a size that a function decides itself: nothing.
ANY = unknown()


def _own(unit: bool) -> Affine:
    return Affine(((Symbol("?", unit, object()), 1),))


def general(types: Sequence[Type]) -> list[Type]:
    """The types of parameters for arguments of these types."""
    own: dict[Size, Size] = {}
    return [_with_sizes(t, [_kept(n, own) for n in shape_of(t)]) for t in types]


def _kept(size: Size, own: dict[Size, Size]) -> Size:
    if isinstance(size, int):
        return size
    return own.setdefault(size, _own(may_be_one(size)))


def _with_sizes(type_: Type, sizes: Sequence[Size]) -> Type:
    match type_:
        case Array():
            return replace(type_, shape=tuple(sizes))
        case List():
            return replace(type_, size=sizes[0])
        case Scalar():
            return Scalar(type_.kind)
    return type_


def binding(parameters: Sequence[Type], arguments: Sequence[Type]) -> Binding | None:
    """What the parameters' own sizes stand for in a call; None where an argument doesn't fit."""
    bound: Binding = {}
    for parameter, argument in zip(parameters, arguments, strict=True):
        if not fits(argument, parameter):
            return None
        for own, size in zip(shape_of(parameter), shape_of(argument), strict=True):
            if isinstance(own, int):
                if own != size:
                    return None
            elif bound.setdefault(own, size) != size or not _may_stand(own, size):
                return None
    return bound


def _may_stand(own: Affine, size: Size) -> bool:
    return may_be_one(own) or (size > 1 if isinstance(size, int) else not may_be_one(size))


def widened(parameters: Sequence[Type], arguments: Sequence[Type]) -> list[Type]:
    """Types of parameters for the calls so far and one more; raises TypeMismatch."""
    own: dict[tuple[Size, Size], Size] = {}
    units: dict[tuple[Size, Size], bool] = {}
    for old, size in _pairs(parameters, arguments):
        if isinstance(old, Affine) or old != size:
            units[old, size] = not (_above_one(old) and _above_one(size))
    for pair, unit in units.items():
        own[pair] = pair[0] if not _splits(pair, units) and _keeps(pair, unit) else _own(unit)
    result = []
    for parameter, argument in zip(parameters, arguments, strict=True):
        pairs = zip(shape_of(parameter), shape_of(argument), strict=True)
        sizes = [own.get((old, size), old) for old, size in pairs]
        either = join(parameter, argument)
        result.append(_with_sizes(either, sizes))
    return result


def _pairs(
    parameters: Sequence[Type], arguments: Sequence[Type]
) -> Iterable[tuple[Size, Size]]:
    for parameter, argument in zip(parameters, arguments, strict=True):
        yield from zip(shape_of(parameter), shape_of(argument), strict=True)


def _splits(pair: tuple[Size, Size], pairs: Iterable[tuple[Size, Size]]) -> bool:
    """Whether another argument has the same old size, and a new one that differs."""
    return any(old == pair[0] and new != pair[1] for old, new in pairs)


def _keeps(pair: tuple[Size, Size], unit: bool) -> bool:
    return isinstance(pair[0], Affine) and may_be_one(pair[0]) == unit


def _above_one(size: Size) -> bool:
    return size > 1 if isinstance(size, int) else not may_be_one(size)


def seen_from_inside(result: Type, parameters: Sequence[Type]) -> Type:
    """What is promised of a result: sizes that no parameter tells are anything."""
    own = {size for p in parameters for size in shape_of(p)}
    return _with_sizes(result, [n if n in own or is_known(n) else ANY for n in shape_of(result)])


def joined(a: Type, b: Type) -> Type:
    """Either of two results; raises TypeMismatch."""
    both = join(a, b)
    sizes = zip(shape_of(a), shape_of(b), strict=False)
    return _with_sizes(both, [m if m == n else ANY for m, n in sizes])


def returned(result: Type, bound: Binding) -> Type:
    """A result as the caller sees it."""
    sizes = [unknown() if n == ANY else bound.get(n, n) for n in shape_of(result)]
    return _with_sizes(result, sizes)
