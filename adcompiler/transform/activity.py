"""Which values carry a gradient: they depend on what is differentiated, and the result on them.

    def f(x, k):             wrt x:   varied {x, a, y}    (k, and b = k * k, don't depend on x)
        a, b = x * k, k * k
        y = a + b            useful {y, a, b, x, k}       active {x, a, y}
        return y
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..ir.core import Block, Function, Operation, Value
from ..ir.types import is_differentiable
from ..ops import TABLE

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
    varied = set(wrt)
    _vary(function.body, varied)
    useful = {value for value in results if value in varied}
    _use(function.body, varied, useful)
    return frozenset(useful)


def _flows(op: Operation) -> list[tuple[Value, Value]]:
    """(from, to) pairs along which a region operation hands values on."""
    match op.opcode:
        case "if":
            return [
                (inner, result)
                for block in op.blocks
                for inner, result in zip(block.results, op.results, strict=True)
            ]
        case "for" | "while":
            return _loop_flows(op)
    return []


def _loop_flows(op: Operation) -> list[tuple[Value, Value]]:
    body, count = op.blocks[-1], op.attributes["carry"]
    pairs: list[tuple[Value, Value]] = []
    for initial, parameter, following, result in zip(
        op.operands[:count], body.parameters[:count], body.results[:count], op.results[:count],
        strict=True,
    ):  # fmt: skip
        pairs += [(initial, parameter), (following, parameter), (parameter, result)]
        pairs += [(initial, result), (following, result)]
    sequences = zip(op.operands[count:], body.parameters[count:], strict=True)
    return [*pairs, *sequences, *zip(body.results[count:], op.results[count:], strict=False)]


def _vary(block: Block, varied: set[Value]) -> None:
    for op in block.operations:
        if not op.blocks:
            if any(op.operands[k] in varied for k in differentiable_operands(op)):
                varied.update(r for r in op.results if is_differentiable(r.type))
            continue
        flows = _flows(op)
        before = -1
        while before != len(varied):
            before = len(varied)
            for source, target in flows:
                if source in varied and is_differentiable(target.type):
                    varied.add(target)
            for inner in op.blocks:
                _vary(inner, varied)
            if op.opcode == "if":
                varied.update(t for s, t in flows if s in varied and is_differentiable(t.type))
                break


def _use(block: Block, varied: set[Value], useful: set[Value]) -> None:
    for op in reversed(block.operations):
        if not op.blocks:
            if any(r in useful for r in op.results):
                useful.update(
                    op.operands[k] for k in differentiable_operands(op) if op.operands[k] in varied
                )
            continue
        flows = _flows(op)
        before = -1
        while before != len(useful):
            before = len(useful)
            for source, target in flows:
                if target in useful and source in varied:
                    useful.add(source)
            for inner in op.blocks:
                _use(inner, varied, useful)
            if op.opcode == "if":
                break
