"""`np.einsum`: subscripts read as NumPy reads them, the derivative in `contractions`.

    y = np.einsum('ij,jk->ik', a, b)        grad_a = grad_y @ b.T
                                            grad_b = a.T @ grad_y
    t = np.einsum('ii', a)                  grad_a = np.zeros(a.shape)
                                            np.einsum('ii->i', grad_a)[...] += grad_t

Of one operand without a sum, the result is a view: an entry of its own.
"""

from __future__ import annotations

import ast
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, may_be_one
from ..ir.types import Array, Type, is_integer, rank, shape_of
from .contractions import Style, Term, contract, contribution
from .emit import call, constant
from .given import array
from .inference import as_array, broadcast_shapes, differ
from .op import Attributes, Emission, Expansion, Op, OperationError, arguments
from .places import Step
from .stack_products import summed

__all__ = ["ENTRIES", "EXPANSIONS", "diagonal"]


def read(subscripts: str, ranks: Sequence[int]) -> tuple[tuple[str, ...], str]:
    """A letter for each axis of each operand, and of the result.

    >>> read("...i,ij", (2, 2))
    (('ai', 'ij'), 'aj')
    """
    text, arrow, given = subscripts.replace(" ", "").partition("->")
    free = [s for s in string.ascii_letters if s not in text]
    written = text.split(",")
    extra = [n - len(t.replace("...", "")) for t, n in zip(written, ranks, strict=True)]
    stacked = "".join(free[: max((n for n, t in zip(extra, written, strict=True) if "..." in t),
                                 default=0)])  # fmt: skip
    inputs = tuple(
        t.replace("...", stacked[len(stacked) - n :]) for t, n in zip(written, extra, strict=True)
    )
    if arrow:
        return inputs, given.replace("...", stacked)
    counts = Counter(text)
    once = (s for s in sorted(counts) if counts[s] == 1 and s.isalpha())
    return inputs, stacked + "".join(once)


def _letters(types: Sequence[Type], attributes: Attributes) -> tuple[tuple[str, ...], str]:
    return read(attributes["subscripts"], list(map(rank, types)))


def _checked(types: Sequence[Type], attributes: Attributes) -> str:
    """The result's dtype; whether the subscripts are right is asked of NumPy itself."""
    small = [np.zeros((1,) * rank(t), as_array(t).dtype) for t in types]
    try:
        found = np.asarray(_evaluate(attributes, small)).dtype
    except Exception as error:
        raise OperationError(
            f"np.einsum: {str(error).rstrip('.')}", "write the subscripts so that they fit"
        ) from None
    return f"{found.kind}{found.itemsize}"


def _infer(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = _checked(types, attributes)
    inputs, out = _letters(types, attributes)
    sizes: dict[str, Size] = {}
    for type_, letters in zip(types, inputs, strict=True):
        own: dict[str, Size] = {}
        for letter, size in zip(letters, shape_of(type_), strict=True):
            if differ(own.setdefault(letter, size), size):
                raise OperationError(
                    f"the sizes along '{letter}' are {own[letter]} and {size} in one operand",
                    "a diagonal needs equal sizes",
                )
            sizes[letter] = broadcast_shapes([(sizes.get(letter, 1),), (size,)])[0]
    return Array(dtype, tuple(sizes[s] for s in out))


def _agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
    """The sizes of each letter that two operands, or two axes of one, have."""
    inputs, _ = _letters(types, attributes)
    found: dict[str, list[Size]] = {}
    for type_, letters in zip(types, inputs, strict=True):
        for letter, size in zip(letters, shape_of(type_), strict=True):
            found.setdefault(letter, []).append(size)
    met = [sizes for sizes in found.values() if len(set(sizes) - {1}) > 1]
    count = max(map(len, met), default=0)
    return [tuple(sizes[k] if k < len(sizes) else 1 for sizes in met) for k in range(count)]


def _raises(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    """A diagonal of axes of which one may have size 1, another not."""
    inputs, _ = _letters(types, attributes)
    for type_, letters in zip(types, inputs, strict=True):
        own: dict[str, Size] = {}
        for letter, size in zip(letters, shape_of(type_), strict=True):
            before = own.setdefault(letter, size)
            if before != size and (may_be_one(before) or may_be_one(size)):
                return True
    return False


def _evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.einsum(attributes["subscripts"], *operands, optimize=attributes["optimize"])


def _emit(emission: Emission) -> ast.expr:
    optimize = emission.attributes["optimize"]
    named = {} if optimize is False else {"optimize": optimize}
    subscripts = constant(emission.attributes["subscripts"])
    return call("np.einsum", (subscripts, *emission.operands), **named)


def _rule(g: Any, *rest: Any, subscripts: str, optimize: Any, index: int) -> Any:
    *operands, _ = rest
    inputs, out = read(subscripts, [v.ndim for v in operands])
    return contribution(g, operands, inputs, out, index, Style(optimize=optimize))


def _as_products(*operands: Any, subscripts: str, optimize: Any) -> Any:
    """Of two operands by `@`, where one says it: einsum's own loops know no blocks."""
    inputs, out = read(subscripts, [v.ndim for v in operands])
    if len(operands) != 2 or any(len(set(s)) < len(s) for s in inputs):
        return None
    terms = [Term(v, s) for v, s in zip(operands, inputs, strict=True)]
    found = contract(terms, out, Style(stacks=True))
    return None if found.tracer.builder.operations[-1].opcode == "einsum" else found


def _masks(types: Sequence[Type], attributes: Attributes) -> bool:
    """A diagonal selects, and so does an array of bools or ints."""
    inputs, _ = _letters(types, attributes)
    return any(len(set(s)) < len(s) for s in inputs) or any(map(is_integer, types))


def _shares(types: Sequence[Type], attributes: Attributes) -> str:
    return "maybe" if attributes["optimize"] else "view"


def _build(*operands: Any, optimize: Any = False) -> Any:
    subscripts, arrays = _separated(operands)
    if not arrays:
        raise OperationError("np.einsum without arrays", "pass arrays after the subscripts")
    attributes = {"subscripts": subscripts, "optimize": optimize}
    name = "einsum_view" if len(arrays) == 1 and _is_view(subscripts, arrays[0]) else "einsum"
    return arrays[0].tracer.emit(name, arrays, attributes)


def _is_view(subscripts: str, operand: Any) -> bool:
    if "," in subscripts:
        return False
    (letters,), out = read(subscripts, (operand.ndim,))
    return set(letters) == set(out)


def _separated(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """The subscripts as a string, and the arrays."""
    if operands and isinstance(operands[0], str):
        return operands[0], [array(v) for v in operands[1:]]
    pairs, out = operands, ""
    if len(operands) % 2:
        pairs, out = operands[:-1], f"->{_listed(operands[-1])}"
    return ",".join(map(_listed, pairs[1::2])) + out, [array(v) for v in pairs[::2]]


def _listed(labels: Any) -> str:
    """[0, 2] is 'ac', since the order among letters is all that matters."""
    given = labels if isinstance(labels, (list, tuple)) else []
    known: list[Any] = [getattr(s, "constant", s) for s in given]
    letters = string.ascii_lowercase
    if not isinstance(labels, (list, tuple)) or any(
        s is not Ellipsis and not (type(s) is int and 0 <= s < len(letters)) for s in known
    ):
        raise OperationError(
            "np.einsum's labels aren't known when the function is compiled",
            "write the subscripts as a string: np.einsum('ij,jk->ik', a, b)",
        )
    return "".join("..." if s is Ellipsis else letters[s] for s in known)


def diagonal(subscripts: str) -> Step:
    """The view that a repeated letter looks at, as a place to store."""
    return Step(_VIEW, {"subscripts": subscripts, "optimize": False}, 0)


def _sample(subscripts: str, *shapes: tuple[int, ...], optimize: Any = False) -> Any:
    return arguments(*shapes, subscripts=subscripts, optimize=optimize)


_VIEW = Op(
    "einsum_view", _infer, _evaluate, _emit, linear="each", batch=summed(read),
    rules=_rule, view=(0,), shares=_shares, boxes=True,
    agreeing=_agreeing, raises=_raises, masks=_masks, complex=True,
    samples=(
        _sample("ij->ji", (2, 3)), _sample("ij", (2, 3)), _sample("ba", (2, 3)),
        _sample("ii->i", (3, 3)), _sample("iij->ji", (2, 2, 3)), _sample("iii->i", (2, 2, 2)),
        _sample("i...->...i", (2, 3, 1)), _sample("ii->i", (1, 1)), _sample("", ()),
        _sample("ijk->kij", (2, 1, 3), optimize=True), _sample("ijij->ij", (2, 3, 2, 3)),
    ),
)  # fmt: skip

_SUMS = (
    _sample("i->", (3,)), _sample("ij->", (2, 3)), _sample("ij->j", (2, 3)), _sample("ii", (3, 3)),
    _sample("ii->", (1, 1)), _sample("iij->j", (2, 2, 3)), _sample("ijji->i", (2, 3, 3, 2)),
    _sample("ij->j", (2, 0)), _sample("ijk->ki", (2, 3, 4)),
)  # fmt: skip
_PRODUCTS = (
    _sample("i,i", (3,), (3,)), _sample("i,i->i", (3,), (3,)), _sample("i,j", (3,), (2,)),
    _sample("i,j->ji", (3,), (2,)), _sample("ij,j", (2, 3), (3,)), _sample("i,ij", (2,), (2, 3)),
    _sample("ij,jk", (2, 3), (3, 4)), _sample("ij,jk->ki", (2, 3), (3, 4)),
    _sample("ij,kj->ik", (2, 3), (4, 3)), _sample("ji,jk->ik", (3, 2), (3, 4)),
    _sample("ji,kj", (3, 2), (4, 3)), _sample("ij,ij->", (2, 3), (2, 3)),
    _sample("ij,ji->", (2, 3), (3, 2)), _sample("ij,ij->i", (2, 3), (2, 3)),
    _sample("ij,ji->ij", (2, 3), (3, 2)), _sample("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    _sample("bij,jk->bik", (5, 2, 3), (3, 4)), _sample("bij,bkj->bik", (5, 2, 3), (5, 4, 3)),
    _sample("bij,bj->bi", (5, 2, 3), (5, 3)), _sample("bi,bj->bij", (5, 2), (5, 3)),
    _sample("ijk,ijl->kl", (2, 3, 4), (2, 3, 2)), _sample("ijk,kj->i", (2, 3, 4), (4, 3)),
    _sample("i,ij->ij", (2,), (2, 3)), _sample("ij,j->ij", (2, 3), (3,)),
    _sample(",ij->ij", (), (2, 3)), _sample(",i->", (), (3,)), _sample(",", (), ()),
    # A letter that one operand alone has, summed over; repeated ones; both.
    _sample("ij,k->i", (2, 3), (4,)), _sample("ij,jk->", (2, 3), (3, 4)),
    _sample("ii,i->i", (3, 3), (3,)), _sample("ii,ij->j", (3, 3), (3, 2)),
    _sample("iij,k->ik", (2, 2, 3), (4,)), _sample("ii,jj", (2, 2), (3, 3)),
    # Sizes 1 and n.
    _sample("ij,jk", (2, 1), (3, 4)), _sample("ij,jk", (2, 3), (1, 4)),
    _sample("i,i->i", (1,), (3,)), _sample("i,i", (3,), (1,)), _sample("ij,ij->i", (2, 3), (1, 3)),
    _sample("ij,ij->ij", (1, 3), (2, 1)), _sample("ii,i->", (1, 1), (3,)),
    _sample("ii,i->i", (1, 1), (3,)), _sample("ii,i->i", (3, 3), (1,)),
    _sample("bij,bjk->bik", (1, 2, 3), (5, 3, 4)), _sample("ij,jk", (1, 1), (1, 4)),
    # Ellipses.
    _sample("...i,...i", (2, 3), (2, 3)), _sample("...i,...i->...", (2, 3), (3,)),
    _sample("...ij,...jk", (5, 2, 3), (1, 3, 4)), _sample("...ij,jk->...ik", (2, 3), (3, 4)),
    _sample("i...,j...->ij...", (2, 3), (4, 1)), _sample("...,...", (2, 3), (3,)),
    _sample("...ij,...jk->...ik", (4, 1, 2, 3), (5, 3, 2)), _sample("ij...,...->i", (2, 3), ()),
    # Sizes 0; several operands; optimize.
    _sample("ij,jk", (2, 0), (0, 3)), _sample("ij,jk", (0, 3), (3, 2)),
    _sample("ij,jk,kl", (2, 3), (3, 4), (4, 2)), _sample("i,ij,j", (2,), (2, 3), (3,)),
    _sample("i,i,i", (3,), (3,), (1,)), _sample("i,ij,j->", (2,), (2, 3), (3,), optimize=True),
    _sample("ij,jk", (2, 3), (3, 4), optimize="optimal"),
    _sample("ijk,jl,kl->il", (2, 3, 4), (3, 2), (4, 2), optimize="greedy"),
    _sample("ij,jk,kl->il", (2, 3), (3, 4), (4, 2), optimize=["einsum_path", (1, 2), (0, 1)]),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    _VIEW,
    Op("einsum", _infer, _evaluate, _emit, linear="each", batch=summed(read),
       rules=_rule, fresh=True, boxes=True, agreeing=_agreeing, faster={"matmul": _as_products},
       raises=_raises, masks=_masks, complex=True, samples=(*_SUMS, *_PRODUCTS)),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("einsum", _build, (np.einsum,), static=("optimize",), complex=True, examples=(
        "np.einsum('ij,ij->i', {2,3j}, {2,3})", "np.einsum('ii', {2,2j})",
        "np.einsum('ij,jk->ik', {2,3}, {3,4})", "np.einsum('ij,jk', {2,3}, {3,1})",
        "np.einsum('ii', {3,3})", "np.einsum('ii->i', {3,3})", "np.einsum('ij->ji', {2,3})",
        "np.einsum('...ij,...j->...i', {4,2,3}, {3})", "np.einsum('i,j,k->jik', {2}, {3}, {2})",
        "np.einsum('ij,jk,kl->il', {2,3}, {3,4}, {4,2}, optimize=True)",
        "np.einsum({2,3}, [0, 1], {3,4}, [1, 2], [2, 0])", "np.einsum({2,3}, [1, 0])",
        "np.einsum({2,3}, [..., 0], {3}, [0])", "np.einsum('ij,ij', [[{}, {}]], {2,2})",
        "np.einsum(' i , j -> j i', {2}, {3})",
    )),
)  # fmt: skip
