"""Which values carry a gradient: they depend on what is differentiated, and the result on them.

    def f(x, k):             wrt x:   varied {x, a, y}    (k, and b = k * k, don't depend on x)
        a, b = x * k, k * k
        y = a + b            useful {y, a, b, x, k}       active {x, a, y}
        return y
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..ir.core import Function, Operation, Value, walk
from ..ir.types import is_differentiable
from ..ops import TABLE
from .flows import handed_on, reachable

__all__ = ["active_values", "differentiable_operands"]


def differentiable_operands(op: Operation) -> tuple[int, ...]:
    """The positions of a plain operation's operands through which gradients flow."""
    given = op.attributes.get("differentiable")
    if given is not None:
        return tuple(given)
    entry = TABLE[op.opcode]
    return tuple(
        k
        for k, value in enumerate(op.operands)
        if is_differentiable(value.type)
        and (entry.rule(k) is not None or (k == 0 and entry.accumulate is not None))
    )


def active_values(
    function: Function, wrt: Iterable[Value], results: Collection[Value]
) -> frozenset[Value]:
    """The values whose cotangents the gradient of `results` with respect to `wrt` needs."""
    forwards: dict[Value, list[Value]] = {}
    backwards: dict[Value, list[Value]] = {}
    for op in walk(function.body):
        for source, target in _differentiable_pairs(op):
            if is_differentiable(target.type):
                forwards.setdefault(source, []).append(target)
                backwards.setdefault(target, []).append(source)
    varied = reachable(tuple(wrt), forwards.get)
    useful = reachable([v for v in results if v in varied], backwards.get)
    return frozenset(useful & varied)


def _differentiable_pairs(op: Operation) -> Iterator[tuple[Value, Value]]:
    """(from, to) pairs with a derivative that may differ from 0."""
    if op.blocks:
        yield from handed_on(op)
        return
    for position in differentiable_operands(op):
        for result in op.results:
            yield op.operands[position], result
