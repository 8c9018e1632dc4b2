"""Which values carry a gradient: they depend on what is differentiated, and the result on them.

    def f(x, k):             wrt x:   varied {x, a, y}    (k, and b = k * k, don't depend on x)
        a, b = x * k, k * k
        y = a + b            useful {y, a, b, x, k}       active {x, a, y}
        return y
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..ir.core import Function, Label, Operation, Value, callee_of, walk
from ..ir.types import is_differentiable
from ..ops import TABLE
from .flows import handed_on, reachable

__all__ = ["Dependences", "active_values", "dependences", "differentiable_operands"]

Dependences = Mapping[Label, Sequence[tuple[int, int]]]
_NONE: Dependences = {}


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
    function: Function, wrt: Iterable[Value], results: Collection[Value],
    depends: Dependences = _NONE,
) -> frozenset[Value]:  # fmt: skip
    """The values whose cotangents the gradient of `results` with respect to `wrt` needs.

    `depends` tells which results of the functions that are called depend on which arguments.
    """
    forwards: dict[Value, list[Value]] = {}
    backwards: dict[Value, list[Value]] = {}
    for source, target in _flows(function, depends):
        forwards.setdefault(source, []).append(target)
        backwards.setdefault(target, []).append(source)
    varied = reachable(tuple(wrt), forwards.get)
    useful = reachable([v for v in results if v in varied], backwards.get)
    return frozenset(useful & varied)


def dependences(functions: Mapping[Label, Function]) -> dict[Label, list[tuple[int, int]]]:
    """For each function the pairs (parameter, result) with a derivative that may differ from 0;
    found by going round until no function gives another more."""
    found: dict[Label, list[tuple[int, int]]] = {label: [] for label in functions}
    while True:
        before = {label: list(pairs) for label, pairs in found.items()}
        for label, function in functions.items():
            found[label] = list(_depending(function, found))
        if found == before:
            return found


def _depending(function: Function, depends: Dependences) -> Iterator[tuple[int, int]]:
    forwards: dict[Value, list[Value]] = {}
    for source, target in _flows(function, depends):
        forwards.setdefault(source, []).append(target)
    for i, parameter in enumerate(function.parameters):
        if is_differentiable(parameter.type):
            reached = reachable((parameter,), forwards.get)
            yield from ((i, j) for j, v in enumerate(function.results) if v in reached)


def _flows(function: Function, depends: Dependences) -> Iterator[tuple[Value, Value]]:
    for op in walk(function.body):
        for source, target in _differentiable_pairs(op, depends):
            if is_differentiable(target.type):
                yield source, target


def _differentiable_pairs(op: Operation, depends: Dependences) -> Iterator[tuple[Value, Value]]:
    """(from, to) pairs with a derivative that may differ from 0."""
    if op.blocks:
        yield from handed_on(op)
        return
    label = callee_of(op)
    if label is not None:
        for i, j in depends.get(label, ()):
            yield op.operands[i], op.results[j]
        return
    for position in differentiable_operands(op):
        for result in op.results:
            yield op.operands[position], result
