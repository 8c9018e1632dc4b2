"""Dense Hessians and Jacobians: the derivative along all unit vectors, at once.

    function f_hvps(%x: f8[n], %dot_x: f8[n, n]):      function f_hessian(%x: f8[n]):
        ...                                                %0 = size %x
        return %grad_x                                     %dot_x = eye %0
                                                           ...
                                                           return %grad_x

Of a Jacobian these are the columns, where forward mode is batched, or the rows, where reverse mode
is. A number has one direction, 1.0, and nothing is batched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from .diagnostics import Diagnostic, UnsupportedError
from .ir.builder import Builder
from .ir.core import Block, Function, Operation, Value
from .ir.rewrite import substitute, uses
from .ir.sizes import Size, multiply
from .ir.types import shape_of
from .ops import SPELLINGS, TABLE, Tracer, Var
from .ops.inference import as_array
from .ops.places import Slot
from .transform.batch import batch

__all__ = ["dense_columns", "dense_hessian", "dense_rows"]


def dense_hessian(product: Function, wrt: Sequence[Value]) -> Function:
    """The Hessian by one number or array, of its Hessian product.

    The product's last parameter is the direction. Raises UnsupportedError where there are several
    arrays to differentiate by.
    """
    name = f"{product.name.removesuffix('_hvp')}_hessian"
    if len(wrt) != 1:
        raise UnsupportedError(
            Diagnostic(
                "derivative", f"there is one dense Hessian by one array, and these are {len(wrt)}.",
                "name one array with wrt, or call adcompiler.hessian, which gives blocks.",
            )
        )  # fmt: skip
    (x,) = wrt
    found = _along_all(replace(product, name=name), x, 0)
    if not shape_of(x.type):
        return found
    return _finished(found, 0, lambda columns: _square(columns, _of(columns, x)))


def dense_columns(pushed: Function, x: Value, given: int) -> Function:
    """The Jacobian by one number or array, of its Jacobian-vector product, whose last parameter is
    the direction; after so many results that are given as they are."""
    found = _along_all(pushed, x, given)
    if not shape_of(x.type):
        return found

    def turned(columns: Var) -> Var:
        last, stack = columns, cast(Any, columns)
        if columns.ndim > 1:
            order = (*range(1, columns.ndim), 0)
            last = columns.T if columns.ndim == 2 else cast(Var, np.transpose(stack, order))
        one = _of(columns, x)
        if one.ndim == 1:
            return last
        kept = [last.emit("size", axis=k) for k in range(columns.ndim - 1)]
        return _reshaped(last, [*kept, *_sizes(one)])

    return _finished(found, given, turned)


def dense_rows(pulled: Function, out: Value, wrt: Sequence[Value]) -> Function:
    """The Jacobian of one number or array, `out`, of the function that pulls its cotangent, the
    last parameter, back to all of wrt; after the results that are given as they are."""
    given = len(pulled.results) - len(wrt)
    found = _along_all(pulled, out, given)
    if len(shape_of(out.type)) < 2:
        return found

    def turned(rows: Var) -> Var:
        own = [rows.emit("size", axis=k) for k in range(1, rows.ndim)]
        return _reshaped(rows, [*_sizes(_of(rows, out)), *own])

    return _finished(found, given, turned)


def _along_all(derivative: Function, x: Value, given: int) -> Function:
    """The derivative, whose last parameter is a direction like x, along all unit vectors."""
    *parameters, direction = derivative.parameters
    builder = Builder()
    if not shape_of(x.type):
        one = builder.constant(1.0)
        found, mapping = derivative, {direction: one}
    else:
        _unit_vectors(Tracer(builder, TABLE, SPELLINGS).var(x))
        vectors = Value(builder.operations[-1].result.type, direction.name)
        builder.operations[-1] = replace(builder.operations[-1], results=(vectors,))
        found = batch(
            derivative, [direction], derivative.name, size=_count(x),
            whole=derivative.results[given:],
        )  # fmt: skip
        mapping = {found.parameters[-1]: vectors}
    before, after = _apart(found.body.operations, found.parameters[-1])
    body = Block((*parameters,), (*before, *builder.operations, *after), found.results)
    return replace(found, body=substitute(body, mapping))


def _apart(
    operations: Sequence[Operation], direction: Value
) -> tuple[list[Operation], list[Operation]]:
    """What doesn't depend on the direction, and what does."""
    reached = {direction}
    before: list[Operation] = []
    after: list[Operation] = []
    for op in operations:
        depends = not reached.isdisjoint(uses(op))
        reached.update(op.results if depends else ())
        (after if depends else before).append(op)
    return before, after


def _finished(found: Function, given: int, turn: Callable[[Var], Var]) -> Function:
    """The function with all results but the given ones turned into what they are to be."""
    builder = Builder(backward=True)
    builder.operations += found.body.operations
    tracer = Tracer(builder, TABLE, SPELLINGS)
    results = [turn(tracer.var(v)).value for v in found.results[given:]]
    return replace(found, body=builder.block(found.parameters, (*found.results[:given], *results)))


def _of(var: Var, value: Value) -> Var:
    return var.tracer.var(value)


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
    return _reshaped(eye, [count, *_sizes(x)])


def _square(columns: Var, x: Var) -> Var:
    """The stack of columns with the axes of x for its first one."""
    if x.ndim == 1:
        return columns
    return _reshaped(columns, [*_sizes(x), *_sizes(x)])


def _reshaped(x: Var, sizes: Sequence[Var]) -> Var:
    return x.emit("reshape", *sizes, shape=tuple(map(Slot, range(len(sizes)))))


def _sizes(x: Var) -> list[Var]:
    return [x.emit("size", axis=k) for k in range(x.ndim)]
