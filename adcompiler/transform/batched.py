"""Which values differ within a batch, and what of a function can't.

    def f(x, k):             x is batched:    batched {x, y}
        a = k * k                             a is computed once, for all of the batch
        y = a + x
        return y

A loop's carry is batched if it is in any iteration, a function's parameter if it is in any call.
Which way a program goes is one question for the whole batch, so what decides it can't differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Function, Operation, Value, callee_of, walk
from ..ir.loops import Loop, is_loop
from ..ir.types import SAVED, UNDEFINED, List, Range, Static, Tape, Type
from ..ops import Op
from .flows import handed_on, reachable
from .paths import maybe_undefined

__all__ = ["batched_values", "same_for_all"]


def batched_values(
    function: Function, parameters: Collection[Value], table: Mapping[str, Op]
) -> frozenset[Value]:
    """The values of the function, and of those that come with it, that depend on `parameters`.

    Raises UnsupportedError where the function can't be batched.
    """
    functions = (function, *function.functions.values())
    if any(one.parts is not None for one in functions):
        raise UnsupportedError(Diagnostic("batch", _RECURSIVE, _ONE_BY_ONE, function.span))
    following: dict[Value, list[Value]] = {}
    for one in functions:
        missing = maybe_undefined(one)
        for op in walk(one.body):
            for source, target in _flows(op, function, table):
                following.setdefault(source, []).append(target)
                if _has_no_stack_of_its_own(source, missing):
                    following.setdefault(target, []).append(source)
    found = frozenset(reachable(tuple(parameters), following.get))
    for one in functions:
        for op in walk(one.body):
            _check(op, found, table)
    return found


def _flows(
    op: Operation, function: Function, table: Mapping[str, Op]
) -> Iterator[tuple[Value, Value]]:
    """(from, to) pairs: if the first is batched, so is the second."""
    if op.blocks:
        yield from handed_on(op)
        return
    label = callee_of(op)
    if label is not None and label in function.functions:
        callee = function.functions[label]
        yield from zip(op.operands, callee.parameters, strict=True)
        yield from zip(callee.results, op.results, strict=True)
        return
    entry = table[op.opcode]
    for k, operand in enumerate(op.operands):
        if not same_for_all(entry, k):
            for result in op.results:
                yield operand, result


def same_for_all(entry: Op, position: int) -> bool:
    """Whether that operand of a plain operation may differ within a batch and its results not."""
    return entry.alike or position in entry.shape_only


def _has_no_stack_of_its_own(value: Value, missing: Collection[Value]) -> bool:
    """What can't be stretched to a stack where it is handed on: a tape, or a variable that may be
    without a value. It has to be a stack from its beginning."""
    return isinstance(value.type, Tape) or (value in missing and value.type != UNDEFINED)


_NUMPY = "choose between values with np.where, which computes both."
_RECURSIVE = "the gradient of a function that calls itself is batched."
_ONE_BY_ONE = "call the function for one after the other."


def _check(op: Operation, batched: Collection[Value], table: Mapping[str, Op]) -> None:
    """Refuse what decides the way of the program, what shows a batched value, what draws."""
    if op.opcode == "if" and op.operands[0] in batched:
        raise _refused(op, "which side of a branch runs differs within the batch.", _NUMPY)
    if is_loop(op):
        loop = Loop(op)
        deciding = [*([] if op.opcode == "for" else op.blocks[0].results), loop.stop]
        if any(v in batched for v in deciding if v is not None):
            raise _refused(op, "when a loop ends differs within the batch.", _NUMPY)
    if op.blocks or callee_of(op) is not None or not any(v in batched for v in op.operands):
        return
    entry = table[op.opcode]
    if entry.effect is not None or any(isinstance(v.type, Static) for v in _made(op, batched)):
        raise _refused(op, "a batched value is shown or checked.", _ONE_BY_ONE)
    if "gate" in op.attributes and "template" in op.attributes:
        name = op.attributes["gate"].name
        raise _refused(
            op, f"the gate `{name}` calls a function that isn't read, with a batched value.",
            _ONE_BY_ONE,
        )  # fmt: skip
    if entry.once:
        raise _refused(
            op, "random numbers are drawn from what differs within the batch.",
            "draw from the standard distribution, and compute with what was drawn.",
        )  # fmt: skip
    if any(isinstance(v.type, Range) for v in _made(op, batched)):
        raise _refused(
            op, "the number of a loop's iterations differs within the batch.",
            "loop over the largest number, and choose with np.where.",
        )  # fmt: skip
    if any(v.type == SAVED for v in (*op.operands, *op.results)):
        raise _refused(op, _RECURSIVE, _ONE_BY_ONE)
    if op.attributes.get("lenient") and any(_is_array(v.type) for v in op.operands):
        raise _refused(
            op, "a variable that some path leaves without a value is batched.",
            "assign it before the branch.",
        )  # fmt: skip


def _made(op: Operation, batched: Collection[Value]) -> list[Value]:
    return [v for v in op.results if v in batched]


def _is_array(type_: Type) -> bool:
    return not isinstance(type_, (List, Tape))


def _refused(op: Operation, reason: str, advice: str) -> UnsupportedError:
    return UnsupportedError(Diagnostic("batch", reason, advice, op.span))
