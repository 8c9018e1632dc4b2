"""Norms of vectors and matrices, and condition numbers.

    d = np.linalg.norm(x)                 grad_x = grad_d / np.where(d == 0, 1.0, d) * x
    n = np.linalg.norm(a, ord="nuc")      u, s, vt = np.linalg.svd(a, full_matrices=False)
                                          grad_a = (u * (grad_n * np.sign(s))) @ vt

At a kink the rules choose what is even among what is tied: 0 where the norm is 0, 0 for a 0 among
absolute values that are summed, equal shares among those of which the largest is taken.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, is_complex, rank
from .decompositions import scaled
from .elementwise import select
from .emit import call, reference
from .inference import as_array
from .linear_solves import as_matrices, column, conjugate, real, square, transposed
from .op import (
    DISCRETE,
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Regular,
    Spelling,
    arguments,
)
from .reducing import reduced_shape, restore
from .stacks import Stacks, as_it_is, shifted

__all__ = ["ENTRIES", "EXPANSIONS"]

_FROBENIUS = (None, "fro", "f")
_SPECTRAL = ("nuc", 2, -2)
_OF_MATRICES = (*_FROBENIUS, *_SPECTRAL, 1, -1, math.inf, -math.inf)


def _axes(array: Array, ord: Any, axis: Any) -> tuple[int, ...]:
    """The axes of the vectors or matrices; none where all elements are one vector."""
    if axis is None and (ord is None or (ord == 2 and rank(array) == 1)):
        return ()
    if axis is None:
        return tuple(range(rank(array)))
    return tuple(k % rank(array) for k in (axis if isinstance(axis, (tuple, list)) else (axis,)))


def _norm_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, ord, axis = as_array(types[0]), attributes["ord"], attributes["axis"]
    shape = reduced_shape(array.shape, axis, attributes["keepdims"])
    axes = _axes(array, ord, axis)
    if len(axes) > 2 or (axis == () or (axis is None and ord is not None and not rank(array))):
        raise OperationError(
            f"a norm with ord={ord!r} over {len(axes)} axes",
            "use np.linalg.vector_norm, or reshape the array first",
        )
    if len(axes) == 2 and (ord not in _OF_MATRICES or axes[0] == axes[1]):
        raise OperationError(
            f"matrices have no norm with ord={ord!r} and axis={axis!r}",
            "use one of None, 'fro', 'nuc', 1, 2, np.inf, -1, -2, -np.inf",
        )
    if len(axes) == 1 and isinstance(ord, str):
        raise OperationError(f"vectors have no norm with ord={ord!r}", "use None or a number")
    if len(axes) == 2 and ord in _SPECTRAL:
        as_matrices(Array(array.dtype, (1, 1)), "norm")
    return Array(real(array.dtype if array.dtype[0] in "fc" else "f8"), shape)


def _norm(g: Any, x: Any, y: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    axes = _axes(as_array(x.type), ord, axis)
    g, y = restore(g, x, axis, keepdims), restore(y, x, axis, keepdims)
    if len(axes) == 2 and ord in _SPECTRAL:
        return _of_singular_values(g, x, ord, axes)
    if len(axes) == 2 and ord not in _FROBENIUS:
        summed, compared = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        return _shares(g, sums, ord, compared) * _direction(x)
    if not axes or ord in _FROBENIUS or ord == 2:
        return g / select(y == 0, 1.0, y) * conjugate(x)
    if ord == 0:
        return None
    if ord == 1:
        return g * _direction(x)
    if math.isinf(ord):
        return _shares(g, np.abs(x), ord, axes[0]) * _direction(x)
    ratio = select(x == 0, 1.0, np.abs(x)) / select(y == 0, 1.0, y)
    return g * _direction(x) * ratio ** (ord - 1)


def _direction(x: Any) -> Any:
    """The derivative of the absolute value; 0 at 0."""
    if not is_complex(x.type):
        return np.sign(x)
    size = np.abs(x)
    return np.conj(x) / select(size == 0, 1.0, size)


def _shares(g: Any, found: Any, ord: float, axis: int) -> Any:
    """`g` for what is largest, or smallest, in even shares; 0 / 0 where that is NaN."""
    extreme = np.max if ord > 0 else np.min
    along: dict[str, Any] = {} if found.ndim == 1 else {"axis": axis, "keepdims": True}
    ties = found == extreme(found, **along)
    return ties * (g / np.sum(ties, **along))


def _of_singular_values(g: Any, x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    """Where the norm is the largest, the smallest, or the sum of the singular values."""
    order = (*(k for k in range(x.ndim) if k not in axes), *axes)
    turned = order != tuple(range(x.ndim))
    if turned:
        x, g = np.transpose(x, order), np.transpose(g, order) if g.ndim else g
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    g = g[..., 0] if g.ndim else g
    weights = g if ord == "nuc" else _shares(g, s, ord, s.ndim - 1)
    found = conjugate(scaled(u, weights * np.sign(s)) @ vt)
    return np.transpose(found, tuple(map(int, np.argsort(order)))) if turned else found


def _masks(types: Sequence[Type], attributes: Attributes) -> bool:
    """Whether one element, or one row, is chosen among others."""
    ord = attributes["ord"]
    if ord not in (1, -1):
        return ord in (math.inf, -math.inf)
    return len(_axes(as_array(types[0]), ord, attributes["axis"])) == 2


def _emit_norm(emission: Emission) -> ast.expr:
    defaults = {"ord": None, "axis": None, "keepdims": False}
    wanted = {k: v for k, v in emission.attributes.items() if v != defaults[k]}
    keywords = {k: order_source(v) if k == "ord" else v for k, v in wanted.items()}
    return call("np.linalg.norm", emission.operands, **keywords)


def order_source(ord: Any) -> Any:
    """`np.inf`, which has no literal."""
    if not isinstance(ord, float) or not math.isinf(ord):
        return ord
    inf = reference("np.inf")
    return inf if ord > 0 else ast.UnaryOp(ast.USub(), inf)


def _bind_norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Bound:
    return arguments(x, ord=ord, axis=axis, keepdims=keepdims)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    """NumPy lays the axes out as one, the first."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    if not isinstance(axes, tuple):
        return np.linalg.norm(x, axis=axes, ord=ord, keepdims=keepdims)
    axes = tuple(k % max(x.ndim, 1) for k in axes)
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    moved = x if (*axes, *rest) == tuple(range(x.ndim)) else np.transpose(x, (*axes, *rest))
    if rest:
        sizes = [x.emit("size", axis=k) for k in rest]
        moved = np.reshape(moved, (-1, *sizes)) if len(axes) != 1 else moved
    else:
        moved = np.ravel(moved)
    found = np.linalg.norm(moved, axis=0, ord=ord)
    if not keepdims or not axes:
        return found
    return np.expand_dims(found, axes[0] if len(axes) == 1 else axes)


def _matrix_norm(x: Any, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


def _cond_type(types: Sequence[Type], attributes: Attributes) -> Type:
    p = attributes["p"]
    array = as_matrices(types[0], "cond") if p in (None, 2, -2) else square(types[0], "cond")
    if p not in _OF_MATRICES:
        raise OperationError(f"matrices have no norm with p={p!r}", "leave it out, or use 1 or 2")
    # Of complex matrices some versions of NumPy give complex numbers, for some p.
    found = np.linalg.cond(np.ones((1, 1), array.dtype), p)
    return Array(np.asarray(found).dtype.str[1:], array.shape[:-2])


def _cond(g: Any, x: Any, y: Any, p: Any) -> Any:
    if is_complex(g.type):
        g = g.emit("real")
    if p not in (None, 2, -2):
        return _cond_of_norms(g, x, p)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    largest = u[..., :1] @ vt[..., :1, :] / s[..., :1, None]
    smallest = u[..., -1:] @ vt[..., -1:, :] / s[..., -1:, None]
    return column(g * y) * conjugate(smallest - largest if p == -2 else largest - smallest)


def _cond_of_norms(g: Any, x: Any, p: Any) -> Any:
    """The product of the norms of a matrix and of its inverse."""
    inverse = np.linalg.inv(x)
    how = {"ord": p, "axis": (-2, -1), "keepdims": False}
    norms = [np.linalg.norm(v, **how) for v in (x, inverse)]
    direct = _norm(g * norms[1], x, norms[0], **how)
    indirect = _norm(g * norms[0], inverse, norms[1], **how)
    return direct - transposed(inverse) @ indirect @ transposed(inverse)


def _emit_cond(emission: Emission) -> ast.expr:
    p = emission.attributes["p"]
    keywords = {} if p is None else {"p": order_source(p)}
    return call("np.linalg.cond", emission.operands, **keywords)


def _stacked_norm(stacks: Stacks) -> Any:
    """Over the axes by name; of all elements as one vector, over the one of the array made flat."""
    count = stacks.rank(0)
    ord, axis = stacks.attributes["ord"], stacks.attributes["axis"]
    if axis is None and not _axes(as_array(stacks.types[0]), ord, axis) and count != 1:
        if stacks.attributes["keepdims"]:
            return None
        return stacks.again((stacks.flat(0),), axis=1)
    if not isinstance(axis, (tuple, list)):
        return stacks.again(axis=shifted(axis, count))
    return stacks.again(axis=tuple(k % count + 1 for k in axis))


def _samples() -> tuple[Bound, ...]:
    vectors: list[Any] = [(shape, None, None) for shape in ((), (3,), (2, 3, 2), (1,), (0,))]
    vectors += [((3,), 2, None), ((1,), 1, None)]
    vectors += [((2, 3), ord, 1) for ord in (None, 0, 1, 2, 3, 2.5, -1, math.inf, -math.inf)]
    vectors += [((2, 3, 2), ord, axis) for ord, axis in ((1, 0), (3, -1), (math.inf, 1))]
    matrices: list[Any] = [((3, 2), ord, None) for ord in _OF_MATRICES]
    matrices += [((2, 2, 3), ord, axis) for ord in _OF_MATRICES for axis in ((0, 1), (-1, 0))]
    matrices += [((1, 3), ord, (0, 1)) for ord in _OF_MATRICES]
    return tuple(
        arguments(shape, ord=ord, axis=axis, keepdims=keepdims)
        for shape, ord, axis in vectors + matrices
        for keepdims in (False, True)
    )


ENTRIES: tuple[Op, ...] = (
    Op("norm", _norm_type,
       lambda attributes, operands: np.linalg.norm(operands[0], **attributes), _emit_norm,
       batch=_stacked_norm, rules=(_norm,), spellings={np.linalg.norm: Spelling(_bind_norm)},
       fresh=True, boxes=True, complex=True, masks=_masks, samples=_samples(),
       examples=("np.linalg.norm({3})", "np.linalg.norm({2,3}, axis=1)",
                 "np.linalg.norm({3}, np.inf)", "np.linalg.norm({2,3}, 'nuc', keepdims=True)")),
    Op("cond", _cond_type, lambda attributes, operands: np.linalg.cond(operands[0], **attributes),
       _emit_cond, batch=as_it_is, rules=(_cond,), fresh=True, complex=True,
       spellings={np.linalg.cond: Spelling(lambda x, p=None: arguments(x, p=p))},
       samples=tuple(
           arguments(Regular(shape), p=p) for p in _OF_MATRICES for shape in ((2, 2), (2, 3, 3))
       ) + (arguments(Regular((3, 2)), p=None), arguments(Regular((2, 3)), p=-2)),
       examples=("np.linalg.cond({3,3!})", "np.linalg.cond({3,3!}, p=1)")),
    Op("matrix_rank", lambda types, attributes: Array("i8", as_matrices(types[0], "r").shape[:-2]),
       lambda attributes, operands: np.linalg.matrix_rank(operands[0], **attributes),
       lambda emission: call("np.linalg.matrix_rank", emission.operands, **{
           k: v for k, v in emission.attributes.items() if v is not None}),
       spellings={np.linalg.matrix_rank: Spelling(
           lambda A, tol=None, *, rtol=None: arguments(A, tol=tol, rtol=rtol))},
       no_gradient=DISCRETE),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("vector_norm", _vector_norm, (np.linalg.vector_norm,),
              static=("axis", "keepdims", "ord"), complex=True,
              examples=("np.linalg.vector_norm({2,3})", "np.linalg.vector_norm({2,3}, axis=-1)",
                        "np.linalg.vector_norm({2,3,2}, axis=(2, 0), ord=3)",
                        "np.linalg.vector_norm({2,3}, keepdims=True, ord=1)",
                        "np.linalg.vector_norm({})")),
    Expansion("matrix_norm", _matrix_norm, (np.linalg.matrix_norm,), static=("keepdims", "ord"),
              complex=True,
              examples=("np.linalg.matrix_norm({2,3})", "np.linalg.matrix_norm({2,2,3}, ord=1)",
                        "np.linalg.matrix_norm({2,3}, ord='nuc', keepdims=True)")),
)  # fmt: skip
