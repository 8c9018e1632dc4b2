"""Ask shapes of values that are there anyway.

    %s = pow %y, 2                          %s = pow %y, 2        (now dead, if nothing reads %s)
    %g = broadcast %0, (shape %s)           %g = broadcast %0, (shape %y)

A value made only for its shape would be computed, or saved, for nothing. Where no such value is
there, a shape whose sizes are known from the arguments' is computed from these:

    shape %s, of sizes A0 - 2, 3            shape_of_sizes, printed (A.shape[0] - 2, 3)
    count %s, of size A0                    size[axis=0] %A, printed A.shape[0]
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ir.core import Block, Function, Operation, Value
from ..ir.sizes import Affine, Size, Symbol
from ..ir.types import Array, shape_of
from ..ops import TABLE

__all__ = ["share_shapes", "sizes_of_parameters", "template"]

Shape = tuple[Size, ...]
Sizes = dict[Symbol, tuple[Value, int]]


def share_shapes(function: Function) -> Function:
    """The function with shapes asked of parameters, or of what the backward part reads itself."""
    read = _read_backward(function.body, set())
    sources: dict[Shape, Value] = {}
    for value in function.parameters:
        _offer(value, sources)
    sizes = sizes_of_parameters(function)
    return replace(function, body=_block(function.body, sources, sizes, read))


def sizes_of_parameters(function: Function) -> Sizes:
    """Where each symbol of a size can be read."""
    found: Sizes = {}
    for value in function.parameters:
        for axis, size in enumerate(shape_of(value.type) if isinstance(value.type, Array) else ()):
            match size:
                case Affine(((symbol, 1),), 0) if symbol.token is None:
                    found.setdefault(symbol, (value, axis))
    return found


def _offer(value: Value, sources: dict[Shape, Value]) -> None:
    shape = shape_of(value.type)
    if isinstance(value.type, Array) and shape and not any(map(_is_unknown, shape)):
        sources.setdefault(shape, value)


def _is_unknown(size: Size) -> bool:
    return isinstance(size, Affine) and any(symbol.token for symbol, _ in size.terms)


def _read_backward(block: Block, found: set[Value]) -> set[Value]:
    """What the backward part reads for more than its shape."""
    for op in block.operations:
        entry = TABLE.get(op.opcode)
        if op.backward:
            found.update(
                v for k, v in enumerate(op.operands) if entry is None or k not in entry.shape_only
            )
        for inner in op.blocks:
            _read_backward(inner, found)
    return found


def _block(
    block: Block, sources: dict[Shape, Value], sizes: Sizes, read: set[Value]
) -> Block:
    operations = []
    for op in block.operations:
        if op.blocks:
            blocks = tuple(_block(inner, dict(sources), sizes, read) for inner in op.blocks)
            # What a branch or a loop hands on may be undefined on the path taken.
            operations.append(replace(op, blocks=blocks))
            continue
        operations.append(_redirected(op, sources, sizes, read))
        for value in op.results:
            # What the backward part makes may be overwritten in place, if nothing reads it later.
            if value in read and not op.backward:
                _offer(value, sources)
    return replace(block, operations=tuple(operations))


def _redirected(
    op: Operation, sources: dict[Shape, Value], sizes: Sizes, read: set[Value]
) -> Operation:
    entry = TABLE.get(op.opcode)
    if entry is None or not op.backward or 0 not in entry.shape_only:
        return op
    (asked,) = op.operands
    source = sources.get(shape_of(asked.type))
    if source is not None:
        return replace(op, operands=(source,))
    if asked in read or not isinstance(asked.type, Array):
        return op
    if "axis" in op.attributes:
        return _of_a_parameter(op, asked.type.shape, sizes)
    if op.opcode != "shape":
        return op
    found = template(asked.type.shape, sizes)
    if found is None:
        return op
    operands, computed = found
    return replace(
        op, opcode="shape_of_sizes", operands=operands, attributes={"sizes": computed}
    )


def _of_a_parameter(op: Operation, shape: Shape, sizes: Sizes) -> Operation:
    """What asks for the size of an axis, or how many elements there are along several, asked of a
    parameter's axes of these sizes."""
    axis = op.attributes["axis"]
    places = [_place(shape[k], sizes) for k in (axis if isinstance(axis, tuple) else (axis,))]
    found = [place for place in places if place is not None]
    if len(found) < len(places) or len({value for value, _ in found}) != 1:
        return op
    axes = tuple(place for _, place in found)
    attributes = {"axis": axes if isinstance(axis, tuple) else axes[0]}
    return replace(op, operands=(found[0][0],), attributes=attributes)


def _place(size: Size, sizes: Sizes) -> tuple[Value, int] | None:
    match size:
        case Affine(((symbol, 1),), 0):
            return sizes.get(symbol)
    return None


def template(shape: Shape, sizes: Sizes) -> tuple[tuple[Value, ...], tuple[Any, ...]] | None:
    """The arrays to ask, and for each size a constant and (array, axis, factor) terms."""
    operands: dict[Value, int] = {}
    computed = []
    for size in shape:
        constant, terms = (size, ()) if isinstance(size, int) else (size.constant, size.terms)
        places = []
        for symbol, factor in terms:
            if symbol not in sizes:
                return None
            value, axis = sizes[symbol]
            places.append((operands.setdefault(value, len(operands)), axis, factor))
        computed.append((constant, tuple(places)))
    return tuple(operands), tuple(computed)
