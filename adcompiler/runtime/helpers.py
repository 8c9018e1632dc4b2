"""Helpers that emitted modules may need; their source is copied, so nothing of ours is imported.

Each function stands alone: its only global is `np`.

>>> unbroadcast(np.ones((2, 3)), (3,))
array([2., 2., 2.])
>>> divide(-1.0, 0.0)
-inf
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .running import cells, overlapped, recurrence, shifted
from .special import bessel_i, polygamma, sinc_derivative

__all__ = [
    "add_lists", "add_rows", "bessel_i", "cells", "declared", "divide", "last_stored", "overlapped",
    "own_all", "polygamma", "power", "prod_others", "recurrence", "require_apart",
    "require_shape", "shifted", "sign", "sinc_derivative", "unbroadcast",
]  # fmt: skip


def unbroadcast(g: Any, shape: Any) -> Any:
    """Sum `g` over the axes along which an operand of this shape was broadcast."""
    if np.shape(g) == shape:
        return g
    if np.ndim(g) and (*g.shape[:-1], 1) == shape:  # for short axes np.sum is slow
        return g @ np.ones((g.shape[-1], 1), g.dtype)
    extra = np.ndim(g) - len(shape)
    ones = [extra + i for i, n in enumerate(shape) if n == 1]
    return np.sum(g, axis=(*range(extra), *ones)).reshape(shape)[()]


def divide(a: Any, b: Any) -> Any:
    """`a / b` as IEEE 754 has it, also where Python would raise for a zero divisor."""
    try:
        return a / b
    except ZeroDivisionError:
        if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
            return complex(np.divide(a, b))
        if a == 0 or a != a:
            return float("nan")
        return float("inf") if (a > 0) == (np.copysign(1.0, b) > 0) else -float("inf")


def power(a: Any, b: Any) -> Any:
    """`a ** b` as IEEE 754 has it, also where Python would raise for `0.0 ** -1`."""
    try:
        return a**b
    except ZeroDivisionError:
        if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
            return complex(np.power(a, b))
        odd = b == int(b) and int(b) % 2 == 1
        return float(np.copysign(float("inf"), a)) if odd else float("inf")


def sign(x: Any) -> Any:
    """-1, 0 or 1; NaN for NaN."""
    return x if x != x else 1 if x > 0 else -1 if x < 0 else 0


def equal_parts(size: Any, count: Any) -> Any:
    """The size of each of `count` equal parts; NumPy's error where something remains."""
    part, rest = divmod(size, count)
    if rest:
        raise ValueError("array split does not result in an equal division")
    return part


def declared(value: Any, name: Any, *kinds: Any) -> Any:
    """What a function that can't be read has returned, if each part is of the declared kind."""
    parts = (value,) if len(kinds) == 1 else value
    if len(kinds) > 1 and not (isinstance(value, (tuple, list)) and len(value) == len(kinds)):
        raise TypeError(f"{name} returned {type(value).__name__}, not {len(kinds)} values")
    for part, (kind, shape) in zip(parts, kinds, strict=True):
        if kind is None:
            continue
        found, sizes = type(part).__name__, np.shape(part)
        if isinstance(part, (np.ndarray, np.generic)):
            found = part.dtype.kind + str(part.dtype.itemsize)
        known = {"f8": "float", "c16": "complex"} if sizes == () else {}
        fits = kind in (found, known.get(found)) and len(sizes) == len(shape)
        if not fits or any(n is not None and n != m for n, m in zip(shape, sizes, strict=True)):
            wanted = ", ".join("?" if n is None else str(n) for n in shape)
            raise TypeError(
                f"{name} returned {found}[{', '.join(map(str, sizes))}], not {kind}[{wanted}]"
            )
    return value


def own_all(value: Any) -> Any:
    """A copy of what is on a tape: of its arrays, too, down to the innermost."""
    if isinstance(value, (list, tuple)):
        return type(value)(own_all(part) for part in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def require_apart(changed: Any, others: Any) -> None:
    """Nothing else that came in shares memory with what the function stores into."""
    for other in others:
        if changed is other or np.may_share_memory(changed, other):
            raise ValueError(
                "the function stores into an array that shares memory with another argument: "
                "pass a copy of one of them"
            )


def require_shape(gradient: Any, argument: Any) -> None:
    """The gradient has its argument's shape, as it has where all that the function stores fits."""
    if np.shape(gradient) != argument.shape:
        raise ValueError(
            f"shapes don't match: the function stores or adds an argument of shape "
            f"{argument.shape} where {np.shape(gradient)} fits"
        )


def add_lists(a: Any, b: Any) -> Any:
    """The sum of two lists, element by element."""
    pairs = zip(a, b, strict=True)
    return [add_lists(p, q) if isinstance(p, list) else p + q for p, q in pairs]


def add_rows(target: Any, index: Any, values: Any) -> None:
    """`np.add.at(target, index, values)`, element by element where that is faster than by rows."""
    row = target.shape[1:]
    if index.size * np.prod(row) < 500 or not target.flags.c_contiguous:
        np.add.at(target, index, values)
        return
    width = np.prod(row, dtype=np.intp)
    places = index.astype(np.intp)[..., None] * width + np.arange(width)
    spread = np.broadcast_to(values, index.shape + row)
    np.add.at(target.reshape(-1), places.ravel(), spread.ravel())


def last_stored(shape: Any, key: Any) -> Any:
    """Which of the values stored at `key` of an array stay: the last one at each place."""
    order = np.zeros(shape, int)
    ranks = np.arange(order[key].size).reshape(order[key].shape)
    order[key] = ranks
    return order[key] == ranks


def cofactors(a: Any) -> Any:
    """The derivative of det(a): det(a) * inv(a).T, also where there is no inverse."""
    u, s, vt = np.linalg.svd(a)
    same = np.eye(a.shape[-1], dtype=bool)
    others = np.prod(np.where(same, 1, s[..., None, :]), axis=-1)
    signs = np.linalg.det(u) * np.linalg.det(vt)
    return (u.conj() * (signs[..., None] * others)[..., None, :]) @ vt.conj()


def prod_others(x: Any, axis: Any) -> Any:
    """For each element, the product of all others along an axis; exact where some are zero."""
    x = np.moveaxis(np.asarray(x), axis, -1)
    ones = np.ones_like(x[..., :1])
    before = np.cumprod(np.concatenate((ones, x[..., :-1]), axis=-1), axis=-1)
    after = np.cumprod(np.concatenate((ones, x[..., :0:-1]), axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis(before * after, -1, axis)


def inner_doubled(spectrum: Any, n: Any, axis: Any) -> Any:
    """Half the spectrum of `n` real numbers with those bins doubled that stand for two."""
    result = spectrum.copy()
    result[(slice(None),) * axis + (slice(1, (n + 1) // 2),)] *= 2
    return result


def resized(x: Any, size: Any, axis: Any) -> Any:
    """The array cut off, or filled up with zeros, to this size along an axis."""
    result = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
    kept = (slice(None),) * axis + (slice(min(size, x.shape[axis])),)
    result[kept] = x[kept]
    return result
