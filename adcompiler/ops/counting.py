"""Counting: how often, into which bins, which values there are.

    n = np.bincount(k, weights=w)           grad_w = grad_n[k]
    v = np.unique(x)                        grad_x[np.unique(x, return_index=True)[1]] += grad_v

Counts are constant between jumps; weights have a gradient. Of equal values `np.unique` takes the
first.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import add, unknown
from ..ir.types import Array, Type, kind_of, rank, shape_of
from .elementwise import select
from .emit import call
from .gathering import as_var
from .inference import as_array, size_of
from .op import (
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .places import Slot

__all__ = ["ENTRIES", "EXPANSIONS"]


def _bind_bincount(x: Any, weights: Any = None, minlength: Any = 0) -> Bound:
    more = [] if weights is None else [weights]
    return arguments(x, minlength, *more)


def _bincount_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if kind_of(types[0]) not in ("int", "bool") or rank(types[0]) != 1:
        raise OperationError(f"np.bincount of {types[0]}", "count the ints of a flat array")
    if len(types) == 3 and rank(types[2]) != 1:
        raise OperationError("weights of another shape", "give a weight for each element")
    weighted = len(types) == 3 and shape_of(types[0]) != (0,)  # of nothing NumPy counts ints
    return Array("f8" if weighted else "i8", (unknown(),))


def _bincount(attributes: Attributes, operands: Sequence[Any]) -> Any:
    x, least, *weights = operands
    return np.bincount(x, weights[0] if weights else None, least)


def _emit_bincount(emission: Emission) -> ast.expr:
    x, least, *weights = emission.operands
    none = isinstance(least, ast.Constant) and least.value == 0
    return call("np.bincount", (x, *weights), **({} if none else {"minlength": least}))


def _bins(a: Any, edges: Any) -> Any:
    """The bin of each element, as np.histogram has it; -1 where it lies in none."""
    count = edges.emit("size", axis=0) - 1
    found = np.searchsorted(edges, a, side="right") - 1
    found = select(a == edges[-1], count - 1, found)
    return select(found < count, found, -1)


def _weights_rule(g: Any, a: Any, edges: Any, weights: Any, y: Any) -> Any:
    found = _bins(a, edges)
    return select(found < 0, 0.0, g[found])


def _histogram_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size = add(shape_of(types[1])[0], -1)
    if len(types) < 3:
        return Array("i8", (size,))
    if shape_of(types[0]) != shape_of(types[2]) and rank(types[0]) != rank(types[2]):
        raise OperationError("weights of another shape", "give a weight for each element")
    code = as_array(types[2]).dtype
    return Array(code, (size,))


def _histogram_value(attributes: Attributes, operands: Sequence[Any]) -> Any:
    a, edges, *weights = operands
    return np.histogram(a, edges, weights=weights[0] if weights else None)[0]


def _emit_histogram(emission: Emission) -> ast.expr:
    a, edges, *weights = emission.operands
    keywords = {"weights": weights[0]} if weights else {}
    found = call("np.histogram", (a, edges), **keywords)
    return ast.Subscript(found, ast.Constant(0), ast.Load())


def _histogram(a: Any, bins: Any = 10, *, weights: Any = None, density: Any = None) -> Any:
    edges = as_var(bins, a)
    if not hasattr(edges, "ndim") or edges.ndim != 1:
        raise OperationError(
            "np.histogram with a number of bins", "give the edges: np.linspace(low, high, n + 1)"
        )
    given = [] if weights is None else [weights]
    counts = a.emit("histogram", edges, *given)
    if density:
        widths = (edges[1:] - edges[:-1]).astype("f8")
        counts = counts / widths / np.sum(counts)
    return counts, edges


_PARTS = ("values", "index", "inverse", "counts")


def _unique(
    ar: Any, return_index: Any = False, return_inverse: Any = False, return_counts: Any = False
) -> Any:
    flat: Any = ar if ar.ndim == 1 else np.ravel(ar)
    flags = (return_index, return_inverse, return_counts)
    asked = tuple(name for name, flag in zip(_PARTS[1:], flags, strict=True) if flag)
    if return_inverse and ar.ndim != 1:
        raise OperationError(
            "np.unique with return_inverse= of an array that isn't flat", "ravel it first"
        )
    found = flat.tracer.emit_all("unique", (flat,), {"asked": asked})
    return found if asked else found[0]


def _unique_type(types: Sequence[Type], attributes: Attributes) -> Any:
    array, count = as_array(types[0]), unknown()
    sizes = {"index": count, "inverse": size_of(array.shape), "counts": count}
    asked = tuple(Array("i8", (sizes[name],)) for name in attributes["asked"])
    values = Array(array.dtype, (count,))
    return (values, *asked) if asked else values


def _flags(attributes: Attributes) -> dict[str, Any]:
    return {f"return_{name}": True for name in attributes["asked"]}


def _unique_value(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.unique(operands[0], **_flags(attributes))


def _emit_unique(emission: Emission) -> ast.expr:
    return call("np.unique", emission.operands, **_flags(emission.attributes))


def _unique_into(acc: Any, g: Any, x: Any, y: Any, asked: tuple[str, ...]) -> Any:
    if "index" in asked:
        first = y[1 + asked.index("index")]
    else:
        _, first = x.tracer.emit_all("unique", (x,), {"asked": ("index",)})
    return acc.emit("add_at", g[0] if asked else g, first, key=(Slot(0),), unique=True)


_K = np.array([1, 0, 3, 1])
_EDGES = np.array([-1.0, -0.2, 0.5, 1.5])

ENTRIES: tuple[Op, ...] = (
    Op("bincount", _bincount_type, _bincount, _emit_bincount,
       rules=(None, None, lambda g, x, least, weights, y: g[x]), fresh=True,
       samples=(arguments(_K, 0, (4,)), arguments(_K, 6, (4,)), arguments(_K[:0], 0, (0,))),
       spellings={np.bincount: Spelling(_bind_bincount)},
       examples=("np.bincount(np.array([0, 2, 2]), weights={3})",
                 "np.bincount([1, 0, 1], {3}, minlength=4)",
                 "np.bincount(np.array([0, 2, 2])) * {3}")),
    Op("histogram", _histogram_type, _histogram_value, _emit_histogram,
       rules=(None, None, _weights_rule), fresh=True, masks=True,
       samples=(arguments(np.array([0.6, -3.0, 1.4, 0.0]), _EDGES, (4,)),
                arguments(np.array([[0.7, -0.9], [2.0, 0.2]]), _EDGES, (2, 2)))),
    Op("unique", _unique_type, _unique_value, _emit_unique, accumulate=_unique_into, masks=True,
       fresh=True,
       samples=(arguments((4,), asked=()), arguments((3,), asked=("inverse",)),
                arguments((3,), asked=("index", "counts")))),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("histogram", _histogram, (np.histogram,), static=("density",),
              examples=("np.histogram({5}, [-1.0, 0.0, 1.5])[0] * {2}",
                        "np.histogram({4}, np.array([-1.0, 0.0, 1.0]), weights={4})[0]",
                        "np.histogram({2,3}, np.array([-1.0, 0.5, 2.0]), weights={2,3},"
                        " density=True)[0]")),
    Expansion("unique", _unique, (np.unique,),
              static=("return_index", "return_inverse", "return_counts"),
              examples=("np.unique({4})", "np.unique({2,3})",
                        "np.unique({4}, return_inverse=True)[0]",
                        "{3}[np.unique(np.array([2, 0, 2]), return_inverse=True)[1]]",
                        "np.unique({3}, return_counts=True)[1] * {3}")),
)  # fmt: skip
