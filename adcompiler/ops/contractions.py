"""Sums of products whose axes have letters, and what each of their operands gets.

    y[i, k] = sum over j of a[i, j] * b[j, k]        grad_a = grad_y @ b.T
                                                     grad_b = a.T @ grad_y

A contribution is itself such a sum: of the cotangent times the other operands, over all letters
that the operand hasn't. It is written with `@`, `.T` and `*` where these say it, else as an
einsum.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..ir.sizes import Size, may_be_one, needs_guard
from ..ir.types import Array, is_complex
from .inference import as_array, broadcast_shapes

__all__ = ["Style", "Term", "contract", "contribution", "einsum", "sizes_by_letter"]


@dataclass(frozen=True)
class Term:
    """A factor, a letter for each of its axes."""

    var: Any
    letters: str


@dataclass(frozen=True)
class Style:
    """How a sum of products is written, and which sizes meet in it.

    `core`: letters whose sizes are the same in all operands; along the others an operand of size 1
    is stretched. `tensordot`: that rather than einsum. `stacks`: `@` of stacks of matrices in
    whatever order their axes stand. `optimize`: einsum's.
    """

    core: str = ""
    tensordot: bool = False
    stacks: bool = False
    optimize: Any = False


def contribution(
    g: Any, operands: Sequence[Any], inputs: Sequence[str], out: str, index: int, style: Style
) -> Any:
    """What an operand's gradient gets from `g`, the cotangent of the sum of products."""
    x, letters = operands[index], "".join(dict.fromkeys(inputs[index]))
    terms = [Term(g, out)]
    terms += [
        Term(v, s) for k, (v, s) in enumerate(zip(operands, inputs, strict=True)) if k != index
    ]
    mine, others = sizes_by_letter([Term(x, inputs[index])]), sizes_by_letter(terms)
    stretched = [s for s in letters if s not in style.core]
    guarded = any(s in others and needs_guard(mine[s], others[s]) for s in stretched)
    if any(_is_short(s, mine, others, out, guarded) for s in stretched):
        ones = x.tracer.emit("broadcast", (1.0, x.emit("shape")), {"type": Array("f8", x.shape)})
        terms.append(Term(ones, inputs[index]))
        others = sizes_by_letter(terms)
    kept = "".join(s for s in letters if s in others and not (mine[s] == 1 != others[s]))
    alone = "".join(s for s in out if sum(s in other for other in inputs) == 1)
    found = contract(terms, kept, replace(style, core=style.core + alone))
    found = _with_axes(found, kept, letters)
    if letters == inputs[index]:
        return found
    return _on_diagonal(found, x, inputs[index], letters)


def _is_short(
    letter: str, mine: dict[str, Size], others: dict[str, Size], out: str, guarded: bool
) -> bool:
    """Whether the product of the other operands may not reach the size that this one has; where
    another letter's axis may have to be summed over at run time, it has to."""
    if mine[letter] in (1, others.get(letter)):
        return False
    size = others.get(letter, 1)
    if guarded and size == 1:
        return True
    return size != 1 and letter not in out and may_be_one(size)


def _with_axes(found: Any, kept: str, letters: str) -> Any:
    """Axes of size 1 for the letters that were summed over; leading ones come by themselves."""
    missing = [k for k, s in enumerate(letters) if kept and s not in kept]
    first = next((k for k, s in enumerate(letters) if s in kept), 0)
    return _expanded(found, [k - first for k in missing if k > first])


def _on_diagonal(found: Any, x: Any, repeated: str, letters: str) -> Any:
    """Zeros but for the diagonal that the operand's repeated letters look at."""
    from .einsum import diagonal

    zeros = x.emit("shape").emit("zeros_of", type=x.type)
    step = diagonal(f"{repeated}->{letters}")
    type_ = as_array(step.entry.infer((x.type,), step.attributes))
    sizes = zip(reversed(found.shape), reversed(type_.shape), strict=False)
    if any(s != 1 and needs_guard(t, s) for s, t in sizes):
        found = _expanded(found, list(range(len(type_.shape) - found.ndim)))
        seen = zeros.emit(step.entry.name, **step.attributes)
        found = found.emit("unbroadcast", seen.emit("shape"), type=Array(type_.dtype, type_.shape))
    if is_complex(found.type) and not is_complex(x.type):
        found = found.emit("real")
    return zeros.emit("add_at", found, key=(Ellipsis,), views=(step,))


def sizes_by_letter(terms: Sequence[Term]) -> dict[str, Size]:
    """The size of each letter, broadcast among the terms that have it."""
    found: dict[str, Size] = {}
    for term in terms:
        for letter, size in zip(term.letters, term.var.shape, strict=True):
            before = found.get(letter, size)
            found[letter] = size if before == size else broadcast_shapes([(before,), (size,)])[0]
    return found


def contract(terms: Sequence[Term], out: str, style: Style) -> Any:
    """The product of the terms, summed over the letters that `out` hasn't."""
    counts = [set(term.letters) for term in terms]
    reduced = []
    for k, term in enumerate(terms):
        elsewhere = set(out).union(*counts[:k], *counts[k + 1 :])
        reduced.append(_summed(term, "".join(s for s in term.letters if s in elsewhere)))
    numbers = [term.var for term in reduced if not term.letters]
    arrays = [term for term in reduced if term.letters]
    factors = [*numbers, _of_arrays(arrays, out, style)] if arrays else numbers
    return functools.reduce(operator.mul, factors)


def _summed(term: Term, kept: str) -> Term:
    """The term without the letters that nobody else has, and without repeated ones."""
    kept = "".join(dict.fromkeys(kept))
    if kept == term.letters:
        return term
    if len(set(term.letters)) < len(term.letters):
        return Term(einsum(f"{term.letters}->{kept}", (term.var,)), kept)
    axes = tuple(k for k, s in enumerate(term.letters) if s not in kept)
    axis = None if not kept else axes[0] if len(axes) == 1 else axes
    return Term(np.sum(term.var, axis=axis), kept)


def _of_arrays(terms: list[Term], out: str, style: Style) -> Any:
    if len(terms) == 1:
        return _ordered(terms[0], out)
    found = _of_two(terms[0], terms[1], out, style) if len(terms) == 2 else None
    if found is not None:
        return found
    subscripts = f"{','.join(term.letters for term in terms)}->{out}"
    return einsum(subscripts, [term.var for term in terms], bool(style.optimize))


def einsum(subscripts: str, operands: Sequence[Any], optimize: Any = False) -> Any:
    """np.einsum of explicit subscripts, for rules."""
    inputs, out = subscripts.split("->")
    name = "einsum_view" if len(operands) == 1 and set(inputs) == set(out) else "einsum"
    attributes = {"subscripts": subscripts, "optimize": optimize}
    return operands[0].tracer.emit(name, operands, attributes)


def _ordered(term: Term, out: str) -> Any:
    """The term with its axes in the order of `out`."""
    if term.letters == out:
        return term.var
    if term.letters == out[::-1]:
        return term.var.T
    return np.transpose(term.var, tuple(term.letters.index(s) for s in out))


def _of_two(a: Term, b: Term, out: str, style: Style) -> Any:
    """A product of two as `*`, `@` or a tensordot; None where none of these says it."""
    both = [s for s in a.letters if s in b.letters]
    summed = [s for s in both if s not in out]
    if not summed:
        return _product(a, b, out)
    if not all(s in style.core or _alike(a, b, s) for s in summed):
        return None
    if len(summed) == 1:
        found = _matmul(a, b, out)
        if found is not None:
            return found
        if style.stacks and (found := _stacked(a, b, summed[0], out)) is not None:
            return found
    if a.letters == b.letters and not out and not any(is_complex(t.var.type) for t in (a, b)):
        return np.vdot(a.var, b.var)
    return _tensordot(a, b, out) if style.tensordot and summed == both else None


def _alike(a: Term, b: Term, letter: str) -> bool:
    """Whether neither of the two is stretched along the letter."""
    m, n = (t.var.shape[t.letters.index(letter)] for t in (a, b))
    return bool(m == n) or not (may_be_one(m) or may_be_one(n))


def _product(a: Term, b: Term, out: str) -> Any:
    if len(a.letters) == len(b.letters) == 1 and len(out) == 2:
        return np.outer(a.var, b.var) if out[0] == a.letters else np.outer(b.var, a.var)
    return _aligned(a, out) * _aligned(b, out)


def _aligned(term: Term, out: str) -> Any:
    """The term with axes of size 1 for the letters of `out` that it hasn't."""
    own = "".join(s for s in out if s in term.letters)
    first = out.index(own[0])
    missing = [k for k, s in enumerate(out[first:]) if s not in own]
    return _expanded(_ordered(term, own), missing)


def _expanded(x: Any, axes: list[int]) -> Any:
    return np.expand_dims(x, axes[0] if len(axes) == 1 else tuple(axes)) if axes else x


def _matmul(a: Term, b: Term, out: str) -> Any:
    """`a @ b` with as few matrices transposed as it takes, vectors on the right."""
    found = [
        (left[1] + right[1] + 2 * (len(x.letters) == 1 < len(y.letters)), k, left[0], right[0])
        for k, (x, y) in enumerate(((a, b), (b, a)))
        for left, right in itertools.product(_sides(x), _sides(y))
        if _matmul_letters(left[0], right[0]) == out
    ]
    if not found:
        return None
    _, k, left, right = min(found, key=lambda case: case[:2])
    x, y = (a, b) if k == 0 else (b, a)
    return _turned(x, left) @ _turned(y, right)


def _sides(term: Term) -> Iterator[tuple[str, int]]:
    """A matrix as it is, and transposed; with what that costs."""
    letters = term.letters
    yield letters, 0
    if len(letters) > 1:
        yield letters[:-2] + letters[:-3:-1], 1


def _turned(term: Term, letters: str) -> Any:
    if term.letters == letters:
        return term.var
    return term.var.T if len(letters) == 2 else np.swapaxes(term.var, -1, -2)


def _matmul_letters(a: str, b: str) -> str | None:
    """The letters that `a @ b` has; None where it isn't a sum over one common letter."""
    if a[-1] != (b[-2] if len(b) > 1 else b):
        return None
    stack, other = sorted((a[:-2], b[:-2]), key=len, reverse=True)
    if not stack.endswith(other):
        return None
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ""
    found = stack + rows + columns
    return found if a[-1] not in found and len(set(found)) == len(found) else None


def _stacked(a: Term, b: Term, summed: str, out: str) -> Any:
    """One matrix product for each entry of a stack: 'nki,kij->nkj' is over k of n, i by i, j.

    The result's last axis stays the last, where it can, so that it lies in memory as it is read.
    """
    rows, columns = ("".join(s for s in out if s in x.letters and s not in y.letters)
                     for x, y in ((a, b), (b, a)))  # fmt: skip
    if len(rows) != 1 or len(columns) != 1:
        return None
    if out[-1] == rows:
        a, b, rows, columns = b, a, columns, rows
    stack = "".join(s for s in out if s not in rows + columns)
    left, right = _ordered(a, stack + rows + summed), _ordered(b, stack + summed + columns)
    return _ordered(Term(left @ right, stack + rows + columns), out)


def _tensordot(a: Term, b: Term, out: str) -> Any:
    """Over several axes at once; what remains of the first comes first."""
    if out and out[0] in b.letters:
        a, b = b, a
    summed = [s for s in a.letters if s in b.letters]
    axes: Any = tuple(tuple(t.letters.index(s) for s in summed) for t in (a, b))
    remains = "".join(s for s in a.letters + b.letters if s not in summed)
    return _ordered(Term(np.tensordot(a.var, b.var, axes=axes), remains), out)
