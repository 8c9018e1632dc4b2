"""Check the shapes that operations would have checked which nobody needs any more.

    function f(%x: f8[n], %y: f8[m]):        function f_grad(%x, %y, %grad_out):
        %s = add %x, %y                          effect[np.broadcast_shapes(x.shape, y.shape)]
        %out = sum %s                            ...
        return %out                              return (filled ...), (filled ...)

The user's function raises where x and y don't broadcast; so its gradient has to, though it adds
nothing. What is stored has to take the shape of its place, and may be stretched to it, never the
other way: `effect[np.broadcast_to(np.empty(x.shape), (1,))]` where the place's size may be 1.

Before all else only what every call computes is checked (no loops, no branches), as far as the
sizes are known from the arguments'. Where that leaves something out, the gradient is asked:

    y[mask] = x                              effect[require_shape(grad_x, x)]
    return np.sum(y)                         return %grad_x
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..ir.core import Function, Operation, Value, walk
from ..ir.sizes import Size, is_known, may_be_one
from ..ir.types import Array, shape_of
from ..ops import TABLE
from ..ops.effects import Template, hole
from ..ops.emit import attribute, call
from ..ops.structural import sum_of_sizes
from .shape_sources import Shape, Sizes, sizes_of_parameters, template

__all__ = ["check_shapes"]

# Two sizes that have to be equal or 1; or, of a tuple, the first stretched to the second.
Pair = frozenset[Size] | tuple[Size, Size]
Pairs = frozenset[Pair]


@dataclass(frozen=True)
class _Check:
    """Shapes that have to broadcast, or the first to the second, and the pairs of sizes for
    which that isn't settled."""

    shapes: tuple[Shape, ...]
    pairs: Pairs
    operation: Operation


def check_shapes(
    gradient: Function, function: Function, differentiated: Sequence[Value] = ()
) -> Function:
    """The gradient with the checks that it has lost of those that `function` makes.

    `differentiated`: the values whose cotangents are its results, if it has no other.
    """
    made = _pairs(gradient.body.operations)
    sizes = sizes_of_parameters(gradient)
    added = []
    for check in _checks(function.body.operations):
        effect = None if check.pairs <= made else _effect(check, sizes, gradient.parameters)
        if effect is not None:
            added.append(effect)
            made |= check.pairs
    last = []
    if differentiated and not _pairs(_all(function)) <= made | _pairs(_all(gradient)):
        last = list(_last_looks(gradient, differentiated))
    body = replace(gradient.body, operations=(*added, *gradient.body.operations, *last))
    return replace(gradient, body=body)


def _last_looks(gradient: Function, differentiated: Sequence[Value]) -> Iterator[Operation]:
    """Whether cotangents have the shapes of the arguments that they are of."""
    statement = Template(ast.Expr(call("helper.require_shape", [hole(0), hole(1)])))
    joined = any(map(_joins_shapes, walk(gradient.body)))
    for value, found in zip(differentiated, gradient.body.results, strict=True):
        known = isinstance(value.type, Array) and value in gradient.parameters
        if known and (joined or shape_of(value.type) != shape_of(found.type)):
            attributes = {"template": statement}
            yield Operation("effect", (found, value), (), attributes, (), gradient.span)


def _joins_shapes(op: Operation) -> bool:
    """Whether a branch or loop hands on what on one way has other sizes than on another."""
    pairs = [pair for inner in op.blocks for pair in zip(op.results, inner.results, strict=False)]
    types = [(result.type, own.type) for result, own in pairs]
    return any(isinstance(a, Array) and shape_of(a) != shape_of(b) for a, b in types)


def _all(function: Function) -> Iterator[Operation]:
    for one in (function, *function.functions.values()):
        yield from walk(one.body)


def _pairs(operations: Iterable[Operation]) -> set[Pair]:
    return {pair for check in _checks(operations) for pair in check.pairs}


def _checks(operations: Iterable[Operation]) -> Iterator[_Check]:
    for op in operations:
        entry = TABLE.get(op.opcode)
        if entry is None:
            continue
        types = [v.type for v in op.operands]
        if entry.fits is not None:
            own, wanted = entry.fits(types, op.attributes)
            if stretched := _unstretched(own, wanted):
                yield _Check((own, wanted), stretched, op)
            continue
        shapes: Sequence[Shape] = [shape_of(t) for t in types]
        if not entry.elementwise:
            shapes = entry.agreeing(types, op.attributes)
        pairs = _unsettled(shapes)
        if pairs:
            yield _Check(tuple(s for s in shapes if s), pairs, op)


def _unsettled(shapes: Sequence[Shape]) -> Pairs:
    """The pairs of sizes that meet on an axis, if they have to be the same and may not be."""
    found = set()
    for a, b in itertools.combinations(dict.fromkeys(shapes), 2):
        for m, n in zip(reversed(a), reversed(b), strict=False):
            if m != n and 1 not in (m, n):
                found.add(frozenset((m, n)))
    return frozenset(found)


def _unstretched(own: Shape, wanted: Shape) -> Pairs:
    """The pairs of sizes of which it isn't known that the first is 1, or the second."""
    found: set[Pair] = set()
    for m, n in zip(reversed(own), reversed(wanted), strict=False):
        if m not in (1, n):
            found.add((m, n) if may_be_one(n) else frozenset((m, n)))
    return frozenset(found)


def _effect(check: _Check, sizes: Sizes, parameters: Sequence[Value]) -> Operation | None:
    """The check as a statement; None where the sizes aren't known from the arguments'."""
    operands: dict[Value, int] = {}
    arguments: list[ast.expr] = []
    whole = {shape_of(v.type): v for v in reversed(parameters) if shape_of(v.type)}
    for shape in dict.fromkeys(check.shapes):
        source = whole.get(shape)
        if source is not None and all(map(is_known, shape)):
            arguments.append(attribute(_hole(source, operands), "shape"))
            continue
        found = template(shape, sizes)
        if found is None:
            return None
        asked, computed = found
        holes = [_hole(value, operands) for value in asked]
        parts = [sum_of_sizes(constant, terms, holes) for constant, terms in computed]
        arguments.append(ast.Tuple(parts, ast.Load()))
    if any(isinstance(pair, tuple) for pair in check.pairs):
        own, wanted = arguments
        statement = ast.Expr(call("np.broadcast_to", [call("np.empty", [own]), wanted]))
    else:
        statement = ast.Expr(call("np.broadcast_shapes", arguments))
    attributes = {"template": Template(statement)}
    return Operation("effect", tuple(operands), (), attributes, (), check.operation.span)


def _hole(value: Value, operands: dict[Value, int]) -> ast.expr:
    return hole(operands.setdefault(value, len(operands)))
