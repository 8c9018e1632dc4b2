"""More products: `tensordot`, `inner`, `vdot`, `kron`, chains of matrices, and the vector products
of the array API.

    y = np.tensordot(a, b, axes=1)      (ranks 3 and 2)     grad_a = grad_y @ b.T
    y = np.kron(a, b)                   (vectors)           grad_a = grad_y.reshape(m, n) @ b
    y = np.linalg.multi_dot([a, b, c])                      grad_b = multi_dot([a.T, grad_y, c.T])
"""

from __future__ import annotations

import ast
import itertools
import string
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.sizes import Size, is_known, multiply
from ..ir.types import Array, Type, is_complex, rank, shape_of
from .contractions import Style, contribution
from .emit import call
from .inference import as_array, broadcast_shapes, constant_axis, differ, promote, size_of
from .linalg import Letters, integer_factor, product
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments, operands_only
from .stack_products import chained, crossed, whole_product
from .stacks import Stacks

__all__ = ["ENTRIES"]


def _inner(a: int, b: int, attributes: Attributes) -> Letters:
    """The last axes of both."""
    left, right = string.ascii_letters[:a], string.ascii_letters[a : a + b]
    if not a or not b:
        return Letters(left, right, left + right, "")
    return Letters(left, right[:-1] + left[-1], left[:-1] + right[:-1], left[-1])


def _first_conjugated(entry: Op) -> Op:
    """The same sum of products, with the conjugate of the first operand."""
    assert isinstance(entry.rules, tuple) and all(entry.rules)
    plain: Any = entry.rules
    plain_stacks: Any = entry.batch

    def first(g: Any, a: Any, b: Any, y: Any, **attributes: Any) -> Any:
        found = plain[0](g, a, b, y, **attributes)
        return np.conj(found) if is_complex(a.type) else found

    def second(g: Any, a: Any, b: Any, y: Any, **attributes: Any) -> Any:
        return plain[1](g, np.conj(a) if is_complex(a.type) else a, b, y, **attributes)

    def stacked(stacks: Stacks) -> Any:
        a, b = stacks.operands
        if is_complex(a.type):
            stacks = replace(stacks, operands=(np.conj(a), b))
        return plain_stacks(stacks)

    return replace(entry, rules=(first, second), batch=stacked)


def _tensordot(a: int, b: int, attributes: Attributes) -> Letters:
    first, second = _summed_axes(attributes["axes"], a, b)
    left = string.ascii_letters[:a]
    right = list(string.ascii_letters[a : a + b])
    for i, k in zip(first, second, strict=True):
        right[k] = left[i]
    core = "".join(left[i] for i in first)
    result = "".join(s for s in (*left, *right) if s not in core)
    return Letters(left, "".join(right), result, core)


def _summed_axes(axes: Any, a: int, b: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which axes of the first operand go with which of the second."""
    if isinstance(axes, int):
        first, second = tuple(range(-axes, 0)), tuple(range(axes))
    elif isinstance(axes, (tuple, list)) and len(axes) == 2:
        first, second = (tuple(x) if isinstance(x, (tuple, list)) else (x,) for x in axes)
    else:
        raise OperationError("np.tensordot sums over a pair of axes", "give one list for each")
    for found, count in ((first, a), (second, b)):
        if not all(-count <= k < count for k in found):
            raise OperationError(
                f"the axes {found} are out of bounds for an array of {count} dimensions",
                "name axes that the array has",
            )
    first, second = tuple(k % a for k in first), tuple(k % b for k in second)
    if not len(first) == len(set(first)) == len(second) == len(set(second)):
        raise OperationError("np.tensordot's axes don't come in pairs", "name each axis once")
    return first, second


def _vecdot(a: int, b: int, attributes: Attributes) -> Letters:
    """One axis of both; the others broadcast."""
    _vectors("np.vecdot", min(a, b))
    stack = string.ascii_lowercase[1 : max(a, b)]
    found = []
    for count in (a, b):
        letters = list(stack[len(stack) - count + 1 :])
        (axis,) = constant_axis((attributes["axis"],), count)
        letters.insert(axis, "a")
        found.append("".join(letters))
    return Letters(found[0], found[1], stack, "a")


def _matvec(a: int, b: int, attributes: Attributes) -> Letters:
    _vectors("np.matvec", min(a - 1, b))
    stack = string.ascii_lowercase[2 : 2 + max(a - 2, b - 1)]
    left, right = stack[len(stack) - a + 2 :] + "ab", stack[len(stack) - b + 1 :] + "b"
    return Letters(left, right, stack + "a", "b")


def _vecmat(a: int, b: int, attributes: Attributes) -> Letters:
    _vectors("np.vecmat", min(a, b - 1))
    stack = string.ascii_lowercase[2 : 2 + max(a - 1, b - 2)]
    left, right = stack[len(stack) - a + 1 :] + "a", stack[len(stack) - b + 2 :] + "ab"
    return Letters(left, right, stack + "b", "a")


def _vectors(name: str, axes: int) -> None:
    if axes < 1:
        raise OperationError(f"{name} of too few dimensions", "pass vectors, matrices, stacks")


def _vdot_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    if differ(size_of(a.shape), size_of(b.shape)):
        raise OperationError(f"np.vdot of {a} and {b}, whose sizes differ", "check the shapes")
    return Array(promote((a, b)), ())


def _vdot_raises(types: Sequence[Type], attributes: Attributes, known: Sequence[Any]) -> bool:
    m, n = (size_of(shape_of(t)) for t in types)
    return m != n and is_known(m) and is_known(n) and not all(rank(t) == 1 for t in types)


def _vdot_first(g: Any, a: Any, b: Any, y: Any) -> Any:
    """np.vdot takes the conjugate of its first operand."""
    found = _vdot_rule(g, a, b)
    return np.conj(found) if is_complex(a.type) else found


def _vdot_second(g: Any, a: Any, b: Any, y: Any) -> Any:
    return _vdot_rule(g, b, np.conj(a) if is_complex(a.type) else a)


def _vdot_rule(g: Any, x: Any, other: Any) -> Any:
    if x.shape == other.shape or x.ndim == other.ndim == 1:
        return g * other
    if not x.ndim:
        single: Any = np.ravel(other)
        return g * single.emit("index", key=(0,))
    flat = g * other
    return flat.emit("reshape_to", x.emit("shape"), type=Array(as_array(flat.type).dtype, x.shape))


def _kron_letters(a: int, b: int) -> tuple[str, str, str]:
    """Of the operands, and of the result taken apart into both sizes of each axis."""
    left, right = string.ascii_lowercase[:a], string.ascii_uppercase[:b]
    first, second = left.rjust(max(a, b)), right.rjust(max(a, b))
    apart = (s for pair in zip(first, second, strict=True) for s in pair if s != " ")
    return left, right, "".join(apart)


def _kron_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    count = max(rank(a), rank(b))
    sizes: list[Size] = [1] * count
    for array in (a, b):
        for k, size in enumerate(array.shape, count - rank(array)):
            sizes[k] = multiply(sizes[k], size)
    return Array(promote((a, b)), tuple(sizes))


def _kron_rule(g: Any, a: Any, b: Any, y: Any, index: int) -> Any:
    left, right, apart = _kron_letters(a.ndim, b.ndim)
    if a.ndim and b.ndim:
        sizes = {s: _length(x, k) for x, t in ((a, left), (b, right)) for k, s in enumerate(t)}
        g = np.reshape(g, tuple(sizes[s] for s in apart))
    return contribution(g, (a, b), (left, right), apart, index, Style())


def _length(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def _cross_type(types: Sequence[Type], attributes: Attributes) -> Type:
    a, b = map(as_array, types)
    if not all(rank(t) and not differ(t.shape[-1], 3) for t in (a, b)):
        raise OperationError(
            f"a cross product of {a} and {b}, which aren't vectors of 3 numbers",
            "write that of two-dimensional vectors out: a[0] * b[1] - a[1] * b[0]",
        )
    return Array(promote((a, b)), (*broadcast_shapes((a.shape[:-1], b.shape[:-1])), 3))


def _cross_agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
    return [*map(shape_of, types), (3,)]


def _chain_type(types: Sequence[Type], attributes: Attributes) -> Type:
    arrays = list(map(as_array, types))
    ends = {0, len(arrays) - 1}
    if len(arrays) < 2 or any(
        rank(t) != 2 and not (rank(t) == 1 and k in ends) for k, t in enumerate(arrays)
    ):
        raise OperationError(
            "np.linalg.multi_dot takes two arrays or more: matrices, vectors at the ends",
            "check the shapes",
        )
    for m, n in _chain_sizes(arrays):
        if differ(m, n):
            raise OperationError(f"np.linalg.multi_dot: {m} is not {n}", "check the shapes")
    return Array(promote(arrays), (*arrays[0].shape[:-1], *arrays[-1].shape[1:]))


def _chain_sizes(arrays: Sequence[Array]) -> list[tuple[Size, Size]]:
    return [(a.shape[-1], b.shape[0]) for a, b in itertools.pairwise(arrays)]


def _chain_agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
    pairs = _chain_sizes(list(map(as_array, types)))
    return [tuple(m for m, _ in pairs), tuple(n for _, n in pairs)]


def _chain_rule(g: Any, *rest: Any, index: int) -> Any:
    """For Y = L X R, Lᵀ G Rᵀ; a vector at an end makes that an outer product."""
    *arrays, _ = rest
    left, right = arrays[:index], arrays[index + 1 :]
    match arrays[0].ndim, arrays[-1].ndim:
        case 2, 2:
            return _chain(*_transposed(left), g, *_transposed(right))
        case 1, 2:
            after = _chain(g, *_transposed(right))
            return np.outer(_chain(*left), after) if left else after
        case 2, 1:
            before = _chain(*_transposed(left), g)
            return np.outer(before, _chain(*right)) if right else before
    if left and right:
        return np.outer(g * _chain(*left), _chain(*right))
    return g * _chain(*left, *right)


def _transposed(arrays: list[Any]) -> list[Any]:
    return [x.T for x in reversed(arrays)]


def _chain(*arrays: Any) -> Any:
    """The product of all."""
    if len(arrays) < 3:
        return arrays[0] if len(arrays) == 1 else arrays[0] @ arrays[1]
    return arrays[0].tracer.emit("multi_dot", arrays, {})


def _bind_tensordot(a: Any, b: Any, axes: Any = 2) -> Bound:
    return arguments(a, b, axes=axes)


def _bind_linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Bound:
    return arguments(x1, x2, axes=axes)


def _bind_vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Bound:
    return arguments(x1, x2, axis=axis)


def _emit_tensordot(emission: Emission) -> ast.expr:
    axes = emission.attributes["axes"]
    return call("np.tensordot", emission.operands, **({} if axes == 2 else {"axes": axes}))


def _samples(*pairs: Any, **attributes: Any) -> tuple[Bound, ...]:
    return tuple(arguments(*shapes, **attributes) for shapes in pairs)


_SUMMED: tuple[tuple[Any, ...], ...] = (
    (1, (3,), (3,)), (1, (2, 3), (3, 4)), (1, (2, 4, 3), (3, 2)), (2, (2, 3), (2, 3)),
    (2, (4, 2, 3), (2, 3, 5)), (0, (2,), (3,)), (0, (2, 3), (2,)), (0, (), (3,)), (0, (), ()),
    (1, (2, 1), (1, 4)), (1, (2, 0), (0, 3)), ((0, 0), (3, 2), (3, 4)), ((1, 1), (2, 3), (4, 3)),
    ([[0, 1], [1, 0]], (2, 3), (3, 2)), (((0,), (2,)), (3, 2), (2, 4, 3)),
    (([2, 0], [0, -1]), (2, 4, 3), (3, 5, 2)), (((), ()), (2,), (3,)),
)  # fmt: skip
_NEWER = {
    name: getattr(np, name) for name in ("matvec", "vecmat") if hasattr(np, name)  # NumPy 2.2
}
_NEWER_ENTRIES = tuple(
    turned(product(name, function, lettering, {function: Spelling(operands_only(2))},
                   _samples(*shapes), examples=tuple(f"np.{name}({call_})" for call_ in calls)))
    for name, turned, lettering, shapes, calls in (
        ("matvec", lambda entry: entry, _matvec,
         (((2, 3), (3,)), ((5, 2, 3), (3,)), ((2, 3), (5, 3)), ((5, 2, 3), (5, 3)),
          ((1, 2, 3), (5, 3)), ((1, 1), (1,))),
         ("{2,3}, {3}", "{5,2,3}, {5,3}")),
        ("vecmat", _first_conjugated, _vecmat, (((3,), (3, 2)), ((5, 3), (3, 2)), ((3,), (5, 3, 2)),
                             ((5, 3), (5, 3, 2)), ((5, 3), (1, 3, 2)), ((1,), (1, 1))),
         ("{3}, {3,2}", "{5,3}, {5,3,2}")),
    )
    if (function := _NEWER.get(name)) is not None
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    product("inner", np.inner, _inner, {np.inner: Spelling(operands_only(2))},
            _samples(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (4, 3)), ((), (3,)),
                     ((2, 3), ()), ((), ()), ((2, 4, 3), (5, 3)), ((2, 1), (1, 1)), ((0,), (0,)),
                     ((2, 3), (2, 4, 3))),
            examples=("np.inner({3}, {3})", "np.inner({2,3}, {4,3})", "np.inner({}, {2})")),
    product("tensordot", np.tensordot, _tensordot,
            {np.tensordot: Spelling(_bind_tensordot),
             np.linalg.tensordot: Spelling(_bind_linalg_tensordot)},
            tuple(arguments(*shapes, axes=axes) for axes, *shapes in _SUMMED),
            _emit_tensordot, boxes=True,
            examples=("np.tensordot({2,3}, {2,3})", "np.tensordot({2,3}, {3,4}, 1)",
                      "np.tensordot({2,3}, {4,3}, (1, 1))", "np.tensordot({2}, {3}, axes=0)",
                      "np.tensordot({2,3,4}, {4,5,2}, axes=([0, 2], [2, 0]))",
                      "np.linalg.tensordot({2,4,3}, {3,2}, axes=1)")),
    _first_conjugated(product(
        "vecdot", np.vecdot, _vecdot,
        {np.vecdot: Spelling(_bind_vecdot), np.linalg.vecdot: Spelling(_bind_vecdot)},
        (*_samples(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1, 3), (4, 3)),
                   ((1, 1), (2, 1)), axis=-1),
         *_samples(((3, 2), (3, 2)), ((3, 2), (3,)), ((3, 1), (3, 4)), axis=0)),
        examples=("np.vecdot({2,3}, {3})", "np.vecdot({3,2}, {3,2}, axis=0)",
                  "np.linalg.vecdot({3}, {3})"))),
    *_NEWER_ENTRIES,
    Op("vdot", _vdot_type, lambda attributes, operands: np.vdot(*operands),
       lambda emission: call("np.vdot", emission.operands),
       linear="each", batch=whole_product, rules=(_vdot_first, _vdot_second), complex=True,
       fresh=True, masks=integer_factor, raises=_vdot_raises,
       agreeing=lambda types, attributes: [t.shape for t in map(as_array, types) if rank(t) == 1],
       samples=_samples(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((6,), (3, 2)), ((), ()),
                        ((1, 1), ()), ((), (1,)), ((0,), (0,)), ((2, 3), (3, 2))),
       spellings={np.vdot: Spelling(operands_only(2))},
       examples=("np.vdot({3}, {3})", "np.vdot({2,3}, {6})", "np.vdot({}, {1})",
                 "np.vdot({2,2}, np.array([0.5, 1.5, 1.0, 2.0]))", "np.vdot({3j}, {3j})",
                 "np.vdot({3}, {3j})")),
    Op("kron", _kron_type, lambda attributes, operands: np.kron(*operands),
       lambda emission: call("np.kron", emission.operands), linear="each",
       rules=_kron_rule, fresh=True,
       complex=True, masks=integer_factor, spellings={np.kron: Spelling(operands_only(2))},
       samples=_samples(((2,), (3,)), ((2, 3), (4, 2)), ((2, 1), (1, 3)), ((2,), (3, 2)),
                        ((2, 3), (4,)), ((), (3,)), ((2, 3), ()), ((), ()), ((2, 1, 2), (3, 2)),
                        ((0, 2), (3, 2))),
       examples=("np.kron({2}, {3})", "np.kron({2,3}, {3,2})", "np.kron({}, {2})",
                 "np.kron({2,1,2}, {3})")),
    Op("cross", _cross_type, lambda attributes, operands: np.linalg.cross(*operands),
       lambda emission: call("np.linalg.cross", emission.operands),
       linear="each", batch=crossed,
       rules=(lambda g, a, b, y: b.emit("cross", g), lambda g, a, b, y: g.emit("cross", a)),
       fresh=True, complex=True, masks=integer_factor, agreeing=_cross_agreeing,
       samples=_samples(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (2, 3)),
                        ((4, 1, 3), (2, 3)), ((1, 3), (2, 3)), ((0, 3), (3,)))),
    Op("multi_dot", _chain_type, lambda attributes, operands: np.linalg.multi_dot(operands),
       lambda emission: call("np.linalg.multi_dot",
                             (ast.List(list(emission.operands), ast.Load()),)),
       linear="each", batch=chained,
       rules=_chain_rule, fresh=True, complex=True, masks=integer_factor, agreeing=_chain_agreeing,
       samples=tuple(arguments(*shapes) for shapes in (
           ((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 5)), ((3,), (3, 4), (4, 2)), ((3,), (3, 4), (4,)),
           ((2, 3), (3, 4), (4,)), ((3,), (3,)), ((2, 3), (3, 1), (1, 4), (4, 2)),
           ((3,), (3, 2), (2, 4), (4,)), ((1, 2), (2, 3), (3, 2), (2, 2), (2, 1)),
       )),
       spellings={np.linalg.multi_dot: Spelling(lambda arrays: (tuple(arrays), {}))},
       examples=("np.linalg.multi_dot([{2,3}, {3,4}, {4,2}])",
                 "np.linalg.multi_dot(({3}, {3,4}, {4,2}, {2}))")),
)  # fmt: skip
