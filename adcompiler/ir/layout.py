"""The layouts of `if`, `for` and `while`, as `core` describes them; what breaks them.

>>> from .types import BOOL
>>> condition = Value(BOOL, "c")
>>> op = Operation("if", (condition,), (), {"region": object()}, (Block((), (), ()),))
>>> list(layout_errors(op))
['2 blocks are needed, not 1']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .core import Block, Operation, Value, hint
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
    if len(op.results) != len(body.results) or len(body.results) < carry:
        yield (
            f"the body yields {len(body.results)}, the loop carries {carry} and has"
            f" {_count(len(op.results), 'result', verb=False)}"
        )
        return
    yield from _carries(op, carry, op.blocks)
    yield from _tapes(body.results[carry:], op.results[carry:])
    for sequence, element in zip(sequences, body.parameters[carry:], strict=True):
        expected = _element(sequence.type)
        if expected is None:
            yield f"{_name(sequence)} is no sequence"
        elif not fits(expected, element.type):
            yield f"an element of {_name(sequence)} doesn't fit {_name(element)}"


def _while(op: Operation, carry: int) -> Iterator[str]:
    condition, body = op.blocks
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
    if len(body.results) < carry or len(op.results) != len(body.results) + 1:
        yield (
            f"the body yields {len(body.results)}, the loop carries {carry} and has"
            f" {_count(len(op.results), 'result', verb=False)}, `trips` among them"
        )
        return
    if op.results[-1].type != INT:
        yield f"`trips` is an int, not {op.results[-1].type}"
    yield from _carries(op, carry, op.blocks)
    yield from _tapes(body.results[carry:], op.results[carry:-1])


def _carries(op: Operation, carry: int, blocks: Sequence[Block]) -> Iterator[str]:
    """What starts a loop, what goes round and what comes out are of one type."""
    following = blocks[-1].results[:carry]
    starts = op.operands[:carry]
    for block in blocks:
        yield from _types("the carry's start", starts, block.parameters[:carry])
        yield from _types("the next carry", following, block.parameters[:carry])
    yield from _types("the next carry", following, op.results[:carry])


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
