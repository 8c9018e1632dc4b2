"""Sizes of which it isn't known whether they are equal, so that a gradient asks at run time.

    x[1:] * y[1:]    grad_x[1:] += unbroadcast(g * y[1:], x[1:].shape)    x0 and y0, if one is 2

Where both are sizes of arguments, a signature may tell. What a loop carries may change its size
from that of an argument to another's: it has one size if these are equal.

    for t in range(n):
        h = np.tanh(h + b)    grad_h = unbroadcast(..., h.shape)       h0 and b0
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.core import Function, walk
from ..ir.sizes import Affine, Size, Symbol, add, needs_guard, negate
from ..ir.types import shape_of

__all__ = ["in_doubt"]


def in_doubt(function: Function) -> list[tuple[Symbol, Symbol]]:
    """The pairs of sizes that would settle what `Cotangents.sized` left to run time."""
    found: dict[tuple[Symbol, Symbol], None] = {}
    for one in (function, *function.functions.values()):
        for op in walk(one.body):
            if op.opcode == "unbroadcast":
                wide, narrow = shape_of(op.operands[0].type), shape_of(op.result.type)
                for size, own in zip(wide[::-1], narrow[::-1], strict=False):
                    found.update(dict.fromkeys(_settling(size, own)))
    return list(found)


def _settling(size: Size, own: Size) -> Iterator[tuple[Symbol, Symbol]]:
    """The symbols that would have to be one for the sizes to be equal."""
    if not needs_guard(own, size):
        return
    match size:
        case Affine(((Symbol(origin=("with", parts)), 1),), 0):
            for part in sorted(parts, key=lambda part: str(part)):
                yield from _settling(part, own)
            return
    match own:
        case Affine(((Symbol(origin=("carried", first, then)), 1),), 0):
            yield from _equal(first, then)
        case _:
            yield from _equal(size, own)


def _equal(size: Size, own: Size) -> Iterator[tuple[Symbol, Symbol]]:
    """The two symbols, if that is what the sizes differ by."""
    match add(size, negate(own)):
        case Affine(((first, 1), (second, -1)), 0) | Affine(((second, -1), (first, 1)), 0):
            yield (first, second) if str(first.origin) < str(second.origin) else (second, first)
