"""Products of vectors, matrices, stacks of these: sums over an axis that both have.

Each entry says by letters which axes those are, and leaves the rest to `contractions`: for
Y = A B the cotangents are G Bᵀ and Aᵀ G (Giles, 2008, §2.2.1).
"""

from __future__ import annotations

import ast
import operator
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.sizes import Size, is_known, may_be_one
from ..ir.types import Array, Type, is_complex, is_integer, rank
from .contractions import Style, contribution
from .emit import call, infix
from .inference import as_array, broadcast_shapes, differ, promote, size_of
from .op import (
    Attributes,
    Bound,
    Emission,
    Op,
    OperationError,
    Rule,
    Spelling,
    arguments,
    operands_only,
)
from .stack_products import lettered, outer
from .stacks import Stacks

__all__ = ["ENTRIES", "Letters", "integer_factor", "product"]


@dataclass(frozen=True)
class Letters:
    """A letter for each axis of two operands and of the result; those of `core` are summed over,
    and have one size."""

    left: str
    right: str
    result: str
    core: str


# Of the operands' ranks and the attributes.
Lettering = Callable[[int, int, Attributes], Letters]


def product(
    name: str,
    function: Any,
    lettering: Lettering,
    spellings: Mapping[object, Spelling],
    samples: tuple[Bound, ...],
    emit: Callable[[Emission], ast.expr] | None = None,
    boxes: bool = False,
    complex: bool = True,
    examples: tuple[str, ...] = (),
) -> Op:
    """An entry for a function that sums products of two operands' elements."""

    def letters(types: Sequence[Type], attributes: Attributes) -> Letters:
        a, b = map(as_array, types)
        return lettering(rank(a), rank(b), attributes)

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        a, b = map(as_array, types)
        found = letters(types, attributes)
        for m, n in _core(found, a, b):
            if differ(m, n):
                raise OperationError(f"{_said(name)} of {a} and {b}: {m} is not {n}", _SHAPES)
        return Array(promote((a, b)), _shape(found, a, b))

    def agreeing(types: Sequence[Type], attributes: Attributes) -> Sequence[tuple[Size, ...]]:
        a, b = map(as_array, types)
        found = letters(types, attributes)
        pairs = [*_core(found, a, b), *_stacked(found, a, b)]
        pairs = [(m, n) for m, n in pairs if m != n]
        return [tuple(m for m, _ in pairs), tuple(n for _, n in pairs)] if pairs else []

    def raises(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
        """Sizes 1 and n, which would broadcast."""
        a, b = map(as_array, types)
        return any(
            m != n and (may_be_one(m) or may_be_one(n)) and is_known(m) and is_known(n)
            for m, n in _core(letters(types, attributes), a, b)
        )

    def stacked(stacks: Stacks) -> Any:
        """Where the rules don't hold for complex numbers, these aren't just multiplied."""
        if not complex and any(map(is_complex, stacks.types)):
            return None
        found = lettering(stacks.rank(0), stacks.rank(1), stacks.attributes)
        style = Style(core=found.core, tensordot=True)
        return lettered(stacks, (found.left, found.right), found.result, style)

    def rule(index: int) -> Rule:
        def contribute(g: Any, a: Any, b: Any, y: Any, **attributes: Any) -> Any:
            found = lettering(a.ndim, b.ndim, attributes)
            style = Style(core=found.core, tensordot=True)
            inputs = (found.left, found.right)
            return contribution(g, (a, b), inputs, found.result, index, style)

        return contribute

    return Op(
        name, infer, lambda attributes, operands: function(*operands, **_keywords(attributes)),
        emit or (lambda e: call(f"np.{name}", e.operands, **_keywords(e.attributes))),
        linear="each", letters=letters, batch=stacked, rules=(rule(0), rule(1)),
        spellings=spellings,
        masks=integer_factor, fresh=True, boxes=boxes, agreeing=agreeing, raises=raises,
        complex=complex,
        samples=samples, examples=examples,
    )  # fmt: skip


_SHAPES = "check the shapes"


def _said(name: str) -> str:
    return "@" if name == "matmul" else f"np.{name}"


def _keywords(attributes: Attributes) -> dict[str, Any]:
    """The attributes that are the function's own arguments, where they aren't the defaults."""
    return {k: v for k, v in attributes.items() if k != "via" and (k, v) != ("axis", -1)}


def _core(letters: Letters, a: Array, b: Array) -> list[tuple[Size, Size]]:
    return [
        (a.shape[letters.left.index(s)], b.shape[letters.right.index(s)]) for s in letters.core
    ]


def _stacked(letters: Letters, a: Array, b: Array) -> list[tuple[Size, Size]]:
    both = [s for s in letters.left if s in letters.right and s not in letters.core]
    return [(a.shape[letters.left.index(s)], b.shape[letters.right.index(s)]) for s in both]


def _shape(letters: Letters, a: Array, b: Array) -> tuple[Size, ...]:
    sizes = dict(zip(letters.left, a.shape, strict=True))
    for letter, size in zip(letters.right, b.shape, strict=True):
        (sizes[letter],) = broadcast_shapes([(sizes.get(letter, 1),), (size,)])
    return tuple(sizes[s] for s in letters.result)


def integer_factor(types: Sequence[Type], attributes: Attributes) -> bool:
    """Whether an operand is of integers or bools: a mask, whose zeros are exact."""
    return any(map(is_integer, types))


def _matmul(a: int, b: int, attributes: Attributes) -> Letters:
    """Stacks of matrices; a vector is a row on the left, a column on the right."""
    if not a or not b:
        raise OperationError("@ of a number", "use * to scale by a number")
    stack = string.ascii_lowercase[3 : 1 + max(a, b, 2)]
    left = stack[len(stack) - max(a - 2, 0) :] + ("ab" if a > 1 else "b")
    right = stack[len(stack) - max(b - 2, 0) :] + ("bc" if b > 1 else "b")
    return Letters(left, right, stack + "a" * (a > 1) + "c" * (b > 1), "b")


def _dot(a: int, b: int, attributes: Attributes) -> Letters:
    """The last axis of the first with the last but one of the second."""
    left, right = _apart(a, b)
    if not a or not b:
        return Letters(left, right, left + right, "")
    summed = right[-2:][0]
    right = right.replace(summed, left[-1])
    return Letters(left, right, left[:-1] + right.replace(left[-1], ""), left[-1])


def _apart(a: int, b: int) -> tuple[str, str]:
    """Letters of their own for the axes of both."""
    return string.ascii_letters[:a], string.ascii_letters[a : a + b]


def _outer_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    return Array(promote((a, b)), (size_of(a.shape), size_of(b.shape)))


def _flat(x: Any) -> Any:
    return np.ravel(x) if x.ndim != 1 else x


def _shaped(g: Any, x: Any) -> Any:
    if not x.ndim:
        return g.emit("index", key=(0,))
    if x.ndim == 1:
        return g
    return g.emit("reshape_to", x.emit("shape"), type=Array(as_array(g.type).dtype, x.shape))


_DOT = Spelling(operands_only(2))
_PAIRS = (
    ((3,), (3,)), ((1,), (1,)), ((3,), (3, 2)), ((3,), (3, 1)), ((1,), (1, 2)), ((2, 3), (3,)),
    ((1, 3), (3,)), ((2, 1), (1,)), ((2, 3), (3, 4)), ((1, 3), (3, 4)), ((2, 3), (3, 1)),
    ((2, 1), (1, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
)  # fmt: skip
_STACKS = (
    ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((5, 2, 3), (1, 3, 4)), ((4, 1, 2, 3), (5, 3, 2)),
    ((1, 1, 3), (5, 3, 1)), ((5, 1, 3), (3,)), ((1, 2, 3), (3,)), ((3,), (1, 3, 2)),
)  # fmt: skip
_ANY_RANK = (((2, 4, 3), (3,)), ((2, 4, 3), (3, 2)), ((3,), (2, 3, 4)), ((2, 3), (4, 3, 2)),
             ((2, 1, 3), (4, 3, 1)), ((2, 4, 3), (1, 3, 2)))  # fmt: skip
_SCALED = (((), (3,)), ((2, 3), ()), ((), ()))
_OUTER = (((3,), (2,)), ((1,), (2,)), ((3,), (1,)), ((2, 2), (3,)), ((), (3,)), ((2,), ()))


def _emit_matmul(emission: Emission) -> ast.expr:
    if emission.attributes["via"] == "op":
        return infix(ast.MatMult())(emission)
    return call("np.matmul", emission.operands)


ENTRIES: tuple[Op, ...] = (
    product("matmul", np.matmul, _matmul,
            {operator.matmul: Spelling(operands_only(2), {"via": "op"}),
             np.matmul: Spelling(operands_only(2), {"via": "np"}),
             np.linalg.matmul: Spelling(operands_only(2), {"via": "np"})},
            tuple(arguments(*shapes, via="op") for shapes in (*_PAIRS, *_STACKS)), _emit_matmul,
            examples=("{2,3} @ {3,4}", "{2,3} @ {3}", "np.matmul({5,2,3}, {3,1})",
                      "np.linalg.matmul({3}, {5,3,4})")),
    product("dot", np.dot, _dot, {np.dot: _DOT, ("method", "dot"): _DOT},
            tuple(arguments(*shapes) for shapes in (*_PAIRS, *_SCALED, *_ANY_RANK)),
            examples=("np.dot({2,3}, {3})", "{3}.dot({3,2})", "np.dot({}, {2,3})",
                      "np.dot({2,4,3}, {5,3,2})")),
    Op("outer", _outer_type, lambda attributes, operands: np.outer(*operands),
       lambda emission: call("np.outer", emission.operands),
       linear="each", batch=outer,
       rules=(lambda g, a, b, y: _shaped(g @ _flat(b), a),
              lambda g, a, b, y: _shaped(_flat(a) @ g, b)),
       fresh=True, masks=integer_factor, complex=True,
       samples=tuple(arguments(*shapes) for shapes in _OUTER),
       spellings={np.outer: Spelling(operands_only(2))},
       examples=("np.outer({3}, {2})", "np.outer({2,2}, {})",
                 "np.outer({2,2}, np.array([0.5, 1.5]))")),
)  # fmt: skip
