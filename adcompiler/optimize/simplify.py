"""Arithmetic that changes nothing goes: only rewrites that are exact in floating point.

    %0 = mul %g, 1.0              %g
    %1 = broadcast %g, %s         mul %g, %x   (x has the shape that g would be stretched to)
    %2 = mul %1, %x
    %0 = accumulate %a, %a        %0 = mul %a, 2
    %0 = mul 1.0, 4               4.0
    x.T.T                         x
    %3 = broadcast %g, %s         %0 = mul %g, 2
    %4 = mul %3, 2                %4 = broadcast %0, %s
    %0 = sum[axis=1, keepdims=True] %x            %1 = sum[axis=1] %x
    %1 = reshape_to %0, %s

A rewrite needs the result type to stay what it was; `x + 0`, `x * 0` and the like are not exact
(signed zeros, NaN), and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..ir.builder import Builder
from ..ir.core import Function, Operation, Value, walk
from ..ir.rewrite import Mapped, rebuild_block, rebuilt
from ..ir.sizes import Size, is_positive
from ..ir.types import Array, List, Scalar, is_complex, rank, shape_of
from ..ops import TABLE, OperationError
from ..ops.inference import as_array

__all__ = ["simplify"]


def simplify(function: Function) -> Function:
    """The function without arithmetic that changes nothing."""
    definitions = {v: op for op in walk(function.body) for v in op.results}
    mapping: Mapped = {}

    def visit(op: Operation, builder: Builder, mapping: Mapped) -> None:
        if op.blocks:
            builder.append(rebuilt(op, visit, mapping))
            return
        same = _unchanged(op, definitions)
        if same is not None:
            mapping[op.result] = same
            return
        op = _folded(_doubled(op, builder), definitions)
        op = _without_units(op, definitions)
        op = _without_broadcast(op, definitions)
        if _sink_broadcast(op, definitions, builder):
            return
        definitions.update(dict.fromkeys(op.results, op))
        builder.append(op)

    body = rebuild_block(function.body, visit, mapping)
    return function if body is function.body else replace(function, body=body)


def _constant(value: Value, definitions: dict[Value, Operation]) -> Any:
    op = definitions.get(value)
    return op.attributes["value"] if op is not None and op.opcode == "constant" else None


def _unchanged(op: Operation, definitions: dict[Value, Operation]) -> Value | None:
    """The operand that the result equals, if there is one of the same type. Of complex numbers,
    1 makes 1 + 0j: infinite parts then give NaN."""
    if op.opcode == "transpose":
        return _turned_back(op, definitions)
    if any(is_complex(v.type) for v in op.results) and op.opcode != "neg":
        return None
    if len(op.operands) == 2 and op.opcode in ("mul", "div", "pow"):
        a, b = op.operands
        one = _constant(b, definitions)
        if one is not None and one == 1 and _keeps_type(a, op.result):
            return a
        one = _constant(a, definitions)
        if op.opcode == "mul" and one is not None and one == 1 and _keeps_type(b, op.result):
            return b
    if op.opcode == "neg":
        inner = definitions.get(op.operands[0])
        if inner is not None and inner.opcode == "neg":
            return inner.operands[0]
    return None


def _turned_back(op: Operation, definitions: dict[Value, Operation]) -> Value | None:
    """x of `x.T.T`."""
    inner = definitions.get(op.operands[0])
    if inner is None or inner.opcode != "transpose":
        return None
    (x,) = inner.operands
    if not isinstance(x.type, Array):
        return None
    first, second = (
        range(rank(x.type))[::-1] if o.attributes["axes"] is None else o.attributes["axes"]
        for o in (inner, op)
    )
    return x if [first[k] for k in second] == list(range(rank(x.type))) else None


def _keeps_type(operand: Value, result: Value) -> bool:
    a, b = operand.type, result.type
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        return a.kind == b.kind
    both = isinstance(a, Array) and isinstance(b, Array)
    return both and (a.dtype, a.shape) == (b.dtype, b.shape)  # type: ignore[union-attr]


def _doubled(op: Operation, builder: Builder) -> Operation:
    """a + a is a * 2, exactly."""
    if op.opcode != "accumulate" or op.operands[0] is not op.operands[1]:
        return op
    if not isinstance(op.result.type, (Array, Scalar)) or is_complex(op.result.type):
        return op
    two = builder.constant(2)
    return replace(op, opcode="mul", operands=(op.operands[0], two), attributes={"via": "op"})


def _folded(op: Operation, definitions: dict[Value, Operation]) -> Operation:
    """The product of two numbers that differentiation has brought together."""
    if op.opcode != "mul" or not op.backward or not isinstance(op.result.type, Scalar):
        return op
    a, b = (_constant(v, definitions) for v in op.operands)
    if type(a) not in (float, int) or type(b) not in (float, int):
        return op
    return replace(op, opcode="constant", operands=(), attributes={"value": a * b})


def _without_units(op: Operation, definitions: dict[Value, Operation]) -> Operation:
    """A reduction that keeps its axes only for a reshape to drop them."""
    inner = definitions.get(op.operands[0]) if op.opcode == "reshape_to" else None
    if inner is None or not inner.attributes.get("keepdims"):
        return op
    attributes = {**inner.attributes, "keepdims": False}
    try:
        found = TABLE[inner.opcode].infer([v.type for v in inner.operands], attributes)
    except OperationError:
        return op
    if not _of_one_shape(shape_of(found), shape_of(op.result.type)):
        return op
    return replace(op, opcode=inner.opcode, operands=inner.operands, attributes=attributes)


def _of_one_shape(a: Sequence[Size], b: Sequence[Size]) -> bool:
    """Whether arrays of as many elements have one shape: where sizes differ at one place only."""
    if len(a) != len(b):
        return False
    return all(m == n for m, n in zip(a, b, strict=True)) or (
        sum(m != n for m, n in zip(a, b, strict=True)) == 1
        and all(is_positive(m) for m, n in zip(a, b, strict=True) if m == n)
    )


def _stretching(value: Value, definitions: dict[Value, Operation]) -> list[Operation]:
    """The operations that stretch a smaller value to this one: a broadcast, and what only gives
    a broadcast number more axes."""
    op = definitions.get(value)
    if op is None:
        return []
    if op.opcode == "broadcast":
        return [op]
    if op.opcode in ("expand_dims", "reshape_to"):
        before = _stretching(op.operands[0], definitions)
        if before and not rank(before[0].operands[0].type):
            return [*before, op]
    return []


def _without_broadcast(op: Operation, definitions: dict[Value, Operation]) -> Operation:
    """An elementwise operation stretches its operands itself, if another has the full shape; so
    does an addition at a place."""
    entry = TABLE.get(op.opcode)
    if op.opcode == "add_at" and not isinstance(op.result.type, List):
        stretching = _stretching(op.operands[1], definitions)
        if stretching:
            source = stretching[0].operands[0]
            return replace(op, operands=(op.operands[0], source, *op.operands[2:]))
    if op.opcode == "accumulate" and isinstance(op.result.type, Array):
        return _sum_without_broadcast(op, definitions)
    if entry is None or not (entry.elementwise or op.opcode in ("select", "where")):
        return op
    operands = list(op.operands)
    for k, value in enumerate(operands):
        stretching = _stretching(value, definitions)
        if not stretching:
            continue
        trial = [*operands[:k], stretching[0].operands[0], *operands[k + 1 :]]
        try:
            types = entry.types([v.type for v in trial], op.attributes)
        except OperationError:
            continue
        if types == tuple(v.type for v in op.results):
            operands = trial
    return op if operands == list(op.operands) else replace(op, operands=tuple(operands))


def _sum_without_broadcast(op: Operation, definitions: dict[Value, Operation]) -> Operation:
    """The sum of an array and what is stretched to its shape, the array first."""
    a, b = op.operands
    first, second = (_stretching(v, definitions) for v in op.operands)
    if second and not first:
        return replace(op, operands=(a, second[0].operands[0]))
    if first and not second and _is_whole(shape_of(b.type), shape_of(op.result.type)):
        return replace(op, operands=(b, first[0].operands[0]))
    return op


def _is_whole(own: Sequence[Size], result: Sequence[Size]) -> bool:
    """Whether one of two parts of a sum, which are alike, hasn't been left unstretched."""
    return len(own) == len(result) and all(
        m == n or m != 1 for m, n in zip(own, result, strict=True)
    )


def _sink_broadcast(
    op: Operation, definitions: dict[Value, Operation], builder: Builder
) -> bool:
    """Compute with numbers before stretching, not after; gives whether it did.

    Not where a partial may be infinite: among Python numbers that raises, among arrays it doesn't.
    Of complex numbers NumPy rounds a product in another way than those in arrays.
    """
    entry = TABLE.get(op.opcode)
    if entry is None or not entry.elementwise or entry.singular is not None:
        return False
    if len(op.results) > 1 or (is_complex(op.result.type) and not op.backward):
        return False
    found = {k: _stretching(v, definitions) for k, v in enumerate(op.operands)}
    wide = {k: steps for k, steps in found.items() if steps}
    if len(wide) != 1 or any(rank(v.type) for k, v in enumerate(op.operands) if k not in wide):
        return False
    ((position, steps),) = wide.items()
    operands = list(op.operands)
    operands[position] = steps[0].operands[0]
    type_ = entry.infer([v.type for v in operands], op.attributes)
    if as_array(type_).dtype != as_array(op.result.type).dtype:
        return False
    current = Value(type_)
    made = [replace(op, operands=tuple(operands), results=(current,))]
    for step in steps:
        wider = Array(as_array(type_).dtype, shape_of(step.result.type))
        result = op.result if step is steps[-1] else Value(wider)
        typed = {"type": wider} if "type" in step.attributes else {}
        made.append(
            replace(
                step,
                operands=(current, *step.operands[1:]),
                results=(result,),
                attributes={**step.attributes, **typed},
            )
        )
        current = result
    definitions.update((step.results[0], step) for step in made)
    builder.operations += made
    return True
