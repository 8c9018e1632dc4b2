"""Rules for stacks (see `stacks`) of products and sums: a letter more, for the stack's own axis.

    A @ x      'ij,j->i'        x a stack:  'ij,Zj->Zi'         x @ A.T
                                both:       'Zij,Zj->Zi'        (A @ x[:, :, None])[:, :, 0]
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import is_complex, kind_of
from .contractions import Style, Term, contract, einsum
from .stacks import Stacks

__all__ = ["chained", "crossed", "lettered", "outer", "solved", "summed", "whole_product"]


def lettered(
    stacks: Stacks, inputs: Sequence[str], out: str, style: Style, operands: Sequence[Any] = ()
) -> Any:
    """The sum of products by letters; None for bools, whose sums are no sums."""
    if all(kind_of(t) == "bool" for t in stacks.types):
        return None
    strong = stacks.strong(range(len(stacks.types)))
    given = operands or strong.operands
    own = next(s for s in reversed(string.ascii_letters) if s not in "".join(inputs))
    letters = [own + s if b else s for s, b in zip(inputs, stacks.batched, strict=True)]
    several = any(len(set(s)) < len(s) for s in letters)
    if len(given) != 2 or several or style.optimize:
        subscripts = f"{','.join(letters)}->{own}{out}"
        return einsum(subscripts, given, style.optimize)
    terms = [Term(x, s) for x, s in zip(given, letters, strict=True)]
    matrix = _of_vectors(terms, own, out)
    return contract(terms, own + out, style) if matrix is None else matrix


def _of_vectors(terms: list[Term], own: str, out: str) -> Any:
    """A product of a stack of matrices and one of vectors, by matmul: einsum is slow at it."""
    a, b = sorted(terms, key=lambda term: -len(term.letters))
    if len(a.letters) != 3 or len(b.letters) != 2 or len(out) != 1:
        return None
    common = [s for s in b.letters if s != own]
    if not (a.letters[0] == b.letters[0] == own and common[0] in a.letters and out != common[0]):
        return None
    columns: Any = np.expand_dims(b.var, -1)
    matrices = a.var if a.letters[2] == common[0] else np.swapaxes(a.var, -1, -2)
    return np.squeeze(matrices @ columns, -1)


def outer(stacks: Stacks) -> Any:
    """Of both operands made flat."""
    flat = [stacks.flat(k) for k in range(2)]
    return lettered(stacks, ("a", "b"), "ab", Style(), flat)


def whole_product(stacks: Stacks) -> Any:
    """vdot of real numbers: both made flat."""
    if any(map(is_complex, stacks.types)):
        return None
    flat = [stacks.flat(k) for k in range(2)]
    return lettered(stacks, ("a", "a"), "", Style(core="a"), flat)


def crossed(stacks: Stacks) -> Any:
    """The last axis holds the vectors, the others broadcast."""
    return stacks.again(stacks.all_aligned())


def chained(stacks: Stacks) -> Any:
    """A product of several matrices, one after the other; at the ends there may be vectors."""
    letters = [string.ascii_letters[k : k + 2] for k in range(len(stacks.types))]
    if stacks.rank(0) == 1:
        letters[0] = letters[0][1]
    if stacks.rank(len(letters) - 1) == 1:
        letters[-1] = letters[-1][0]
    own = string.ascii_letters[-1]
    terms = [
        Term(x, own + s if b else s)
        for x, s, b in zip(stacks.operands, letters, stacks.batched, strict=True)
    ]
    first, *rest = terms
    for term in rest:
        both = first.letters + term.letters
        inner = next(s for s in first.letters if s in term.letters and s != own)
        out = own * (own in both) + both.replace(own, "").replace(inner, "")
        first = Term(contract([first, term], out, Style(core=inner)), out)
    return first.var


def summed(
    read: Callable[[str, Sequence[int]], tuple[tuple[str, ...], str]]
) -> Callable[[Stacks], Any]:
    """einsum, of subscripts as they are read."""

    def rule(stacks: Stacks) -> Any:
        ranks = list(map(stacks.rank, range(len(stacks.types))))
        inputs, out = read(stacks.attributes["subscripts"], ranks)
        return lettered(stacks, inputs, out, Style(optimize=stacks.attributes["optimize"]))

    return rule


def solved(stacks: Stacks) -> Any:
    """solve: one matrix for all solves for them as columns, at once; else vectors are columns."""
    a, b = stacks.operands
    if stacks.rank(1) != 1:
        return stacks.again(stacks.all_aligned())
    if stacks.rank(0) != 2:
        return None
    if not stacks.batched[0]:
        return np.linalg.solve(a, b.T).T  # type: ignore[call-overload]
    columns: Any = np.expand_dims(b, -1)  # type: ignore[call-overload]
    return np.squeeze(stacks.again((a, columns)), -1)
