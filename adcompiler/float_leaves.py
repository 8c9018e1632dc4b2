"""The floats among arguments and results: how they are written, and all of them as one vector.

    {"w": f8[2], "n": 3} as `p`      p['w'][0], p['w'][1]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .fitting import fields_of, flat, is_record, put_back

__all__ = ["Leaf", "Results", "is_float", "leaves", "like", "normal", "vector", "with_floats"]

_MOST = 64  # results that are looked at one by one
_RANDOM = 3  # projections of more

Vector = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Leaf:
    """A number or an array of floats among the arguments or results, and how it is written."""

    text: str
    value: Any

    @property
    def size(self) -> int:
        return int(np.size(self.value))

    def entry(self, index: int) -> str:
        if np.ndim(self.value) == 0:
            return self.text
        at = np.unravel_index(index, np.shape(self.value))
        return f"{self.text}[{', '.join(map(str, at))}]"


class Results:
    """What is looked at of a function's results: each float by itself (of complex numbers both
    parts), or where there are many a few random projections."""

    def __init__(self, value: Any, name: str, random: np.random.Generator) -> None:
        self.value = value
        self.leaves = [leaf for leaf in leaves(value, name) if is_float(leaf.value)]
        count = sum(leaf.size for leaf in self.leaves)
        self.is_complex = np.iscomplexobj(vector(value))
        self.weights: Vector | None = None
        if count > _MOST:
            self.weights = normal(random, (_RANDOM, count), self.is_complex)
            self.texts = [f"a random projection of the {name}"] * _RANDOM
        else:
            self.texts = self._entries()

    def _entries(self) -> list[str]:
        entries = [leaf.entry(k) for leaf in self.leaves for k in range(leaf.size)]
        return entries + [f"{text} (imaginary part)" for text in entries if self.is_complex]

    def of(self, found: Vector) -> Vector:
        """The numbers that are compared, all of them real."""
        if self.weights is not None:
            return np.asarray(np.real(self.weights @ found))
        return np.concatenate([found.real, found.imag]) if self.is_complex else found

    def named(self, names: Sequence[str]) -> None:
        """Gradients are told by what they are taken by."""
        if self.weights is None:
            self.leaves = [
                Leaf(f"the gradient by {name}", leaf.value)
                for name, leaf in zip(names, self.leaves, strict=True)
            ]
            self.texts = self._entries()

    def random_cotangent(self, random: np.random.Generator) -> Any:
        """One in the structure of the results; None for what is no float."""
        count = sum(leaf.size for leaf in self.leaves)
        return self._put(normal(random, count, self.is_complex))

    def cotangents(self) -> Iterator[Any]:
        """The cotangent of each of these numbers, in the structure of the results."""
        rows = self.weights
        if rows is None:
            count = sum(leaf.size for leaf in self.leaves)
            rows = np.eye(count)
            rows = np.concatenate([rows, -1j * rows]) if self.is_complex else rows
        for row in rows:
            yield self._put(row)

    def _put(self, row: Vector) -> Any:
        at = iter(np.split(row, np.cumsum([leaf.size for leaf in self.leaves])[:-1]))
        parts = [
            like(leaf, next(at).reshape(np.shape(leaf))) if is_float(leaf) else None
            for leaf in flat(self.value)
        ]
        return put_back(self.value, iter(parts))


def normal(random: np.random.Generator, count: Any, is_complex: bool) -> Vector:
    found: Vector = np.asarray(random.normal(size=count))
    return found + 1j * random.normal(size=count) if is_complex else found


def is_float(value: Any) -> bool:
    return isinstance(value, (float, complex, np.inexact)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    )


def like(value: Any, new: Any) -> Any:
    """The new numbers in the type of the old."""
    if isinstance(value, np.ndarray):
        new = new if np.iscomplexobj(value) else np.real(new)
        return np.asarray(new, value.dtype)
    number = np.asarray(new).item()
    return type(value)(number if isinstance(value, (complex, np.complexfloating)) else number.real)


def leaves(value: Any, text: str) -> Iterator[Leaf]:
    """All leaves, in the order of `flat`."""
    match value:
        case tuple() | list():
            parts = [(f"{text}[{k}]", part) for k, part in enumerate(value)]
        case dict():
            parts = [(f"{text}[{key!r}]", part) for key, part in value.items()]
        case _ if is_record(value):
            parts = [(f"{text}.{name}", part) for name, part in fields_of(value)]
        case _:
            yield Leaf(text, value)
            return
    for inner, part in parts:
        yield from leaves(part, inner)


def with_floats(value: Any, parts: Iterator[Any]) -> Any:
    leaves = [next(parts) if is_float(leaf) else leaf for leaf in flat(value)]
    return put_back(value, iter(leaves))


def vector(value: Any) -> Vector:
    """The floats of a structure, as one vector."""
    found = [np.asarray(leaf).reshape(-1) for leaf in flat(value) if is_float(leaf)]
    if not found:
        return np.zeros(0)
    joined = np.concatenate(found)
    return np.asarray(joined, complex if np.iscomplexobj(joined) else float)
