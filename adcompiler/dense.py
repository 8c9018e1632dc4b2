"""A dense Hessian: the Hessian products along all unit vectors, at once.

    function f_hvps(%x: f8[n], %dot_x: f8[n, n]):      function f_hessian(%x: f8[n]):
        ...                                                %0 = size %x
        return %grad_x                                     %dot_x = eye %0
                                                           ...
                                                           return %grad_x
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .diagnostics import Diagnostic, UnsupportedError
from .ir.builder import Builder
from .ir.core import Function, Value
from .ir.rewrite import substitute
from .ir.sizes import Size, multiply
from .ir.types import shape_of
from .ops import SPELLINGS, TABLE, Tracer, Var
from .ops.inference import as_array
from .ops.places import Slot
from .transform.batch import batch

__all__ = ["dense_hessian"]


def dense_hessian(product: Function, wrt: Sequence[Value], count: int) -> Function:
    """The Hessian by one number or array, of its Hessian product.

    `count`: how many parameters of the product are the function's own; behind them stands the
    direction. Raises UnsupportedError where there are several arrays to differentiate by.
    """
    name = f"{product.name.removesuffix('_hvp')}_hessian"
    if len(wrt) != 1:
        raise UnsupportedError(
            Diagnostic(
                "derivative", f"there is one dense Hessian by one array, and these are {len(wrt)}.",
                "name one array with wrt, or call adcompiler.hessian, which gives blocks.",
            )
        )  # fmt: skip
    (x,), (direction,) = wrt, product.parameters[count:]
    builder = Builder()
    tracer = Tracer(builder, TABLE, SPELLINGS)
    if not shape_of(x.type):
        one = builder.constant(1.0)
        body = substitute(product.body, {direction: one})
        operations = (*builder.operations, *body.operations)
        body = replace(body, parameters=product.parameters[:count], operations=operations)
        return replace(product, name=name, body=body)
    vectors = Value(_unit_vectors(tracer.var(x)).type, direction.name)
    builder.operations[-1] = replace(builder.operations[-1], results=(vectors,))
    found = batch(product, [direction], name, size=_count(x), whole=product.results)
    body = substitute(found.body, {found.parameters[-1]: vectors})
    builder.operations += body.operations
    (columns,) = (tracer.var(v) for v in body.results)
    builder.backward = True
    results = [_square(columns, tracer.var(x)).value]
    return replace(found, body=builder.block(product.parameters[:count], results))


def _count(x: Value) -> Size:
    count: Size = 1
    for size in shape_of(x.type):
        count = multiply(count, size)
    return count


def _unit_vectors(x: Var) -> Var:
    """A stack of arrays like x, each with a one at another place."""
    dtype = np.dtype(as_array(x.type).dtype)
    count = x.emit("size", axis=0) if x.ndim == 1 else x.emit("count", axis=tuple(range(x.ndim)))
    eye = x.tracer.call(np.eye, count, dtype=None if dtype == np.float64 else dtype)
    if x.ndim == 1:
        return eye
    return eye.emit("reshape", count, *_sizes(x), shape=tuple(map(Slot, range(1 + x.ndim))))


def _square(columns: Var, x: Var) -> Var:
    """The stack of columns with the axes of x for its first one."""
    if x.ndim == 1:
        return columns
    axes = tuple(map(Slot, range(x.ndim)))
    return columns.emit("reshape", *_sizes(x), shape=(*axes, *axes))


def _sizes(x: Var) -> list[Var]:
    return [x.emit("size", axis=k) for k in range(x.ndim)]
