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
from .given import as_var
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


def _even_type(types: Sequence[Type], attributes: Attributes) -> Any:
    """Bins of equal width: the counts and the edges, in floats of the array's kind."""
    bins, limits = attributes["bins"], attributes["range"]
    if type(bins) is not int or bins < 1:
        raise OperationError(f"np.histogram with bins={bins!r}", "give an int, or the edges")
    if limits is not None and (not isinstance(limits, (tuple, list)) or len(limits) != 2):
        raise OperationError(f"range={limits!r}", "give the lowest and the highest edge")
    array = as_array(types[0])
    code = array.dtype if array.dtype[0] == "f" else "f8"
    counted = as_array(types[1]).dtype if len(types) > 1 else "i8"
    return Array(counted, (bins,)), Array(code, (bins + 1,))


def _even_value(attributes: Attributes, operands: Sequence[Any]) -> Any:
    a, *weights = operands
    return np.histogram(a, weights=weights[0] if weights else None, **attributes)


def _emit_even(emission: Emission) -> ast.expr:
    a, *weights = emission.operands
    shown = {k: v for k, v in emission.attributes.items() if v is not None}
    return call("np.histogram", (a,), **shown, **({"weights": weights[0]} if weights else {}))


def _even_rule(g: Any, *rest: Any, index: int, bins: int, range: Any) -> Any:
    """The counts are constant; the weights' sums aren't, nor are edges that follow the array."""
    counts, edges = g
    if index == 0:
        if edges is None or range is not None:
            return None
        raise OperationError(
            "the edges that np.histogram finds are differentiated",
            "give them: np.linspace(np.min(a), np.max(a), n + 1)",
        )
    a, weights, (_, found) = rest
    return None if counts is None else _weights_rule(counts, a, found, weights, None)


def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    a = as_var(a)
    given = [] if weights is None else [as_var(weights)]
    count = bins.constant if getattr(bins, "ndim", 1) == 0 else bins
    if isinstance(count, int):
        limits = None if range is None else tuple(_number(end) for end in range)
        counts, edges = a.tracer.emit_all(
            "even_histogram", (a, *given), {"bins": count, "range": limits}
        )
        return (_density(counts, edges) if density else counts), edges
    edges = as_var(bins, a)
    if edges.ndim != 1 or range is not None:
        raise OperationError(
            "np.histogram with a number of bins known only at run time, or edges and a range",
            "give the edges: np.linspace(low, high, n + 1)",
        )
    counts = a.emit("histogram", edges, *given)
    return (_density(counts, edges) if density else counts), edges


def _number(end: Any) -> Any:
    found = end.constant if hasattr(end, "constant") else end
    if found is None:
        raise OperationError(
            "range= of np.histogram known only at run time",
            "give the edges: np.linspace(low, high, n + 1)",
        )
    return found


def _density(counts: Any, edges: Any) -> Any:
    widths = (edges[1:] - edges[:-1]).astype("f8")
    return counts / widths / np.sum(counts)


_PARTS = ("values", "index", "inverse", "counts")


def _unique(
    ar: Any, return_index: Any = False, return_inverse: Any = False, return_counts: Any = False
) -> Any:
    ar = as_var(ar)
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
    Op("even_histogram", _even_type, _even_value, _emit_even, rules=_even_rule, fresh=True,
       masks=True, results=("counts", "edges"),
       samples=(arguments(np.array([0.6, -3.0, 1.4, 0.0]), (4,), bins=3, range=(-2.0, 2.0)),)),
    Op("unique", _unique_type, _unique_value, _emit_unique, accumulate=_unique_into, masks=True,
       fresh=True, complex=True,
       samples=(arguments((4,), asked=()), arguments((3,), asked=("inverse",)),
                arguments((3,), asked=("index", "counts")))),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("histogram", _histogram, (np.histogram,), static=("density",),
              examples=("np.histogram({5}, [-1.0, 0.0, 1.5])[0] * {2}",
                        "np.histogram({4}, np.array([-1.0, 0.0, 1.0]), weights={4})[0]",
                        "np.histogram({5}, 4, (-3.0, 3.0))[0] * {4}",
                        "np.histogram({5}, bins=3)[0] * {3}",
                        "np.histogram({4}, 2, (-2, 2), True, {4})[0]",
                        "np.histogram({2,3}, np.array([-1.0, 0.5, 2.0]), weights={2,3},"
                        " density=True)[0]")),
    Expansion("unique", _unique, (np.unique,), complex=True,
              static=("return_index", "return_inverse", "return_counts"),
              examples=("np.unique({4})", "np.unique({2,3})",
                        "np.unique({4}, return_inverse=True)[0]",
                        "{3}[np.unique(np.array([2, 0, 2]), return_inverse=True)[1]]",
                        "np.unique({3}, return_counts=True)[1] * {3}")),
)  # fmt: skip
