"""The layouts of `if`, `for` and `while`, as `core` describes them; what breaks them.

>>> from .core import Block
>>> from .types import BOOL
>>> condition = Value(BOOL, "c")
>>> op = Operation("if", (condition,), (), {"region": object()}, (Block((), (), ()),))
>>> list(layout_errors(op))
['2 blocks are needed, not 1']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .core import Operation, Value, hint
from .loops import Loop, counts_trips
from .types import INT, Range, Tape, Type, fits, kind_of, rank

__all__ = ["layout_errors"]


def layout_errors(op: Operation) -> Iterator[str]:
    """What is wrong with a region operation's counts, attributes and types."""
    if op.attributes.get("region") is None:
        yield "a `region` attribute is missing"
    needed = {"if": 2, "for": 1, "while": 2}[op.opcode]
    if len(op.blocks) != needed:
        yield f"{_count(needed, 'block')} needed, not {len(op.blocks)}"
        return
    if op.opcode == "if":
        yield from _branch(op)
        return
    carry = op.attributes.get("carry")
    if not isinstance(carry, int) or not 0 <= carry <= len(op.operands):
        yield f"`carry` is {carry!r}, with {_count(len(op.operands), 'operand', verb=False)}"
        return
    yield from _for(op, carry) if op.opcode == "for" else _while(op, carry)


def _branch(op: Operation) -> Iterator[str]:
    if len(op.operands) != 1:
        yield f"an `if` has one operand, not {len(op.operands)}"
    else:
        yield from _truth(op.operands[0])
    for name, block in zip(("then", "else"), op.blocks, strict=True):
        if block.parameters:
            yield f"the {name} block has parameters"
        yield from _types(f"the {name} block's result", block.results, op.results)


def _for(op: Operation, carry: int) -> Iterator[str]:
    (body,) = op.blocks
    sequences = op.operands[carry:]
    if not sequences:
        yield "a `for` has at least one sequence"
    if len(body.parameters) != len(op.operands):
        yield (
            f"{_count(len(op.operands), 'block parameter')} needed, not {len(body.parameters)}"
        )
        return
    exits = op.attributes.get("exits")
    if exits and (
        op.attributes.get("reverse") or not all(isinstance(s.type, Range) for s in sequences)
    ):
        yield "a loop that exits runs forward, over ranges"
    if not _counts(op, carry):
        yield _miscounted(op, carry)
        return
    yield from _handed_on(op)
    for sequence, element in zip(sequences, body.parameters[carry:], strict=True):
        expected = _element(sequence.type)
        if expected is None:
            yield f"{_name(sequence)} is no sequence"
        elif not fits(expected, element.type):
            yield f"an element of {_name(sequence)} doesn't fit {_name(element)}"


def _while(op: Operation, carry: int) -> Iterator[str]:
    condition = op.blocks[0]
    if carry != len(op.operands):
        yield f"`carry` is {carry}, with {_count(len(op.operands), 'operand', verb=False)}"
        return
    if any(len(block.parameters) != carry for block in op.blocks):
        yield f"both blocks need {_count(carry, 'parameter', verb=False)}"
        return
    if len(condition.results) != 1:
        yield f"the condition yields one value, not {len(condition.results)}"
    else:
        yield from _truth(condition.results[0])
    if not _counts(op, carry):
        yield _miscounted(op, carry)
        return
    yield from _handed_on(op)


def _counts(op: Operation, carry: int) -> bool:
    """Whether the body yields a value for each result, `stop` and `trips` apart."""
    yielded = len(op.blocks[-1].results) - bool(op.attributes.get("exits"))
    return carry <= yielded == len(op.results) - counts_trips(op)


def _miscounted(op: Operation, carry: int) -> str:
    stop = ", `stop` among them" if op.attributes.get("exits") else ""
    trips = ", `trips` among them" if counts_trips(op) else ""
    return (
        f"the body yields {len(op.blocks[-1].results)}{stop}, the loop carries {carry} and has"
        f" {_count(len(op.results), 'result', verb=False)}{trips}"
    )


def _handed_on(op: Operation) -> Iterator[str]:
    """What starts a loop, what goes round and what comes out are of one type."""
    loop = Loop(op)
    if loop.trips is not None and loop.trips.type != INT:
        yield f"`trips` is an int, not {loop.trips.type}"
    if loop.stop is not None:
        yield from _truth(loop.stop)
    for block in op.blocks:
        carries = block.parameters[: loop.carry]
        yield from _types("the carry's start", loop.starts, carries)
        yield from _types("the next carry", loop.following, carries)
    yield from _types("the next carry", loop.following, loop.finals)
    yield from _tapes(loop.collected, loop.tapes)


def _tapes(saved: Sequence[Value], tapes: Sequence[Value]) -> Iterator[str]:
    for value, tape in zip(saved, tapes, strict=True):
        if not isinstance(tape.type, Tape):
            yield f"{_name(tape)} should be a tape of {value.type}"
        elif not fits(value.type, tape.type.element):
            yield f"{_name(value)} doesn't fit {_name(tape)}"


def _types(what: str, values: Sequence[Value], targets: Sequence[Value]) -> Iterator[str]:
    if len(values) != len(targets):
        yield f"{what}: {len(values)} for {len(targets)}"
        return
    for value, target in zip(values, targets, strict=True):
        if not fits(value.type, target.type) and value.type != target.type:
            yield f"{what} {_name(value)} doesn't fit {_name(target)}"


def _truth(value: Value) -> Iterator[str]:
    if kind_of(value.type) is None or rank(value.type):
        yield f"{_name(value)} is neither true nor false"


def _element(sequence: Type) -> Type | None:
    if isinstance(sequence, Range):
        return INT
    return sequence.element if isinstance(sequence, Tape) else None


def _count(number: int, noun: str, verb: bool = True) -> str:
    word = f"{number} {noun}{'' if number == 1 else 's'}"
    return f"{word} {'is' if number == 1 else 'are'}" if verb else word


def _name(value: Value) -> str:
    return f"%{hint(value) or '_'}: {value.type}"
