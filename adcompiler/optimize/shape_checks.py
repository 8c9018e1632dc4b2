"""Check the shapes that operations would have checked which nobody needs any more.

    function f(%x: f8[n], %y: f8[m]):        function f_grad(%x, %y, %grad_out):
        %s = add %x, %y                          effect[np.broadcast_shapes(x.shape, y.shape)]
        %out = sum %s                            ...
        return %out                              return (filled ...), (filled ...)

The user's function raises where x and y don't broadcast; so its gradient has to, though it adds
nothing. Only what every call computes is checked (no loops, no branches), as far as the sizes are
known from the arguments'.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..ir.core import Function, Operation, Value
from ..ir.sizes import Size, is_known
from ..ir.types import shape_of
from ..ops import TABLE
from ..ops.effects import Template, hole
from ..ops.emit import attribute, call
from ..ops.structural import sum_of_sizes
from .shape_sources import Shape, Sizes, sizes_of_parameters, template

__all__ = ["check_shapes"]

Pairs = frozenset[frozenset[Size]]


@dataclass(frozen=True)
class _Check:
    """Shapes that have to broadcast, and the pairs of sizes for which that isn't settled."""

    shapes: tuple[Shape, ...]
    pairs: Pairs
    operation: Operation


def check_shapes(gradient: Function, function: Function) -> Function:
    """The gradient with the checks that it has lost of those that `function` makes."""
    wanted = list(_checks(function))
    if not wanted:
        return gradient
    made: set[frozenset[Size]] = set().union(*(check.pairs for check in _checks(gradient)))
    sizes = sizes_of_parameters(gradient)
    added = []
    for check in wanted:
        effect = None if check.pairs <= made else _effect(check, sizes, gradient.parameters)
        if effect is not None:
            added.append(effect)
            made |= check.pairs
    body = replace(gradient.body, operations=(*added, *gradient.body.operations))
    return replace(gradient, body=body)


def _checks(function: Function) -> Iterator[_Check]:
    for op in function.body.operations:
        entry = TABLE.get(op.opcode)
        if entry is None:
            continue
        types = [v.type for v in op.operands]
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
    statement = ast.Expr(call("np.broadcast_shapes", arguments))
    attributes = {"template": Template(statement)}
    return Operation("effect", tuple(operands), (), attributes, (), check.operation.span)


def _hole(value: Value, operands: dict[Value, int]) -> ast.expr:
    return hole(operands.setdefault(value, len(operands)))
