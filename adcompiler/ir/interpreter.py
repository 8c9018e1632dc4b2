"""Running a function operation by operation: the oracle for tests, and the stepper for teaching.

The interpreter knows regions; what a plain operation computes it is told by `evaluate`.

>>> from .builder import Builder
>>> from .types import FLOAT
>>> x, b = Value(FLOAT, "x"), Builder()
>>> y = b.emit("double", (x,), FLOAT)
>>> interpret(Function("f", b.block((x,), (y,))), (21.0,), lambda op, args: (2 * args[0],))
(42.0,)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .core import Block, Function, Label, Operation, Value
from .loops import Loop

__all__ = ["Evaluate", "Run", "Step", "UndefinedVariable", "interpret"]

Evaluate = Callable[[Operation, Sequence[Any]], Sequence[Any]]
Watch = Callable[[Operation, Sequence[Any]], None]
# An operation with its results. Without: control goes on in one of its regions, or out of it, with
# pairs (from, to) of values that are handed on there.
Step = tuple[Operation, Sequence[Any] | None, Sequence[tuple[Value, Value]]]
Steps = Generator[Step, None, Sequence[Any]]


class UndefinedVariable(UnboundLocalError):
    """A variable was read that no path had assigned."""


_UNDEFINED = object()


def interpret(
    function: Function, arguments: Sequence[Any], evaluate: Evaluate, watch: Watch | None = None
) -> tuple[Any, ...]:
    """The function's results; `watch` sees every operation with its results as they come."""
    run = Run(function.functions, evaluate)
    run.values.update(zip(function.parameters, arguments, strict=True))
    for op, results, _ in run.steps(function.body.operations):
        if watch is not None and results is not None:
            watch(op, results)
    return tuple(run.values[v] for v in function.results)


class Run:
    """A run of a function: `values` so far, and the `place`, the number of the iteration of each
    loop around, from 0, in the order of the loop's sequences."""

    def __init__(self, functions: Mapping[Label, Function], evaluate: Evaluate) -> None:
        self.functions = functions
        self.evaluate = evaluate
        self.values: dict[Value, Any] = {}
        self.place: tuple[int, ...] = ()

    def get(self, value: Value) -> Any:
        """The value; UndefinedVariable where it has none."""
        found = self.values[value]
        if found is _UNDEFINED:
            raise UndefinedVariable(f"{value.name} is read before it is assigned")
        return found

    def steps(self, operations: Iterable[Operation]) -> Iterator[Step]:
        """Run these operations; each is seen when its results are known."""
        for op in operations:
            match op.opcode:
                case "if":
                    block = op.blocks[0 if self.get(op.operands[0]) else 1]
                    results = yield from self.block(block, ())
                    yield op, None, tuple(zip(block.results, op.results, strict=True))
                case "for":
                    results = yield from self.loop(op)
                case "while":
                    results = yield from self.while_loop(op)
                case "invoke":
                    results = yield from self.call(self.functions[op.attributes["callee"]], op)
                case _:
                    results = self.plain(op)
            self.values.update(zip(op.results, results, strict=True))
            yield op, results, ()

    def block(self, block: Block, arguments: Sequence[Any]) -> Steps:
        self.values.update(zip(block.parameters, arguments, strict=True))
        yield from self.steps(block.operations)
        return tuple(self.values[v] for v in block.results)

    def plain(self, op: Operation) -> Sequence[Any]:
        match op.opcode:
            case "undefined":
                return (_UNDEFINED,)
            case "unpack":
                return tuple(self.get(op.operands[0]))
        if op.attributes.get("lenient"):
            values = [self.values[v] for v in op.operands]
            return self.evaluate(op, [None if v is _UNDEFINED else v for v in values])
        return self.evaluate(op, [self.get(v) for v in op.operands])

    def call(self, function: Function, op: Operation) -> Steps:
        """A function's own run, with values of its own: it may be running already."""
        inner = Run(self.functions, self.evaluate)
        inner.values.update(
            zip(function.parameters, map(self.get, op.operands), strict=True)
        )
        yield from inner.steps(function.body.operations)
        return tuple(map(inner.get, function.results))

    def loop(self, op: Operation) -> Steps:
        loop = Loop(op)
        carries: Sequence[Any] = [self.values[v] for v in loop.starts]
        sequences = [self.get(v) for v in loop.sequences]
        elements = list(enumerate(zip(*sequences, strict=True)))
        rows = []
        before = loop.starts
        for number, element in reversed(elements) if op.attributes.get("reverse") else elements:
            yield op, None, tuple(zip(before, loop.parameters, strict=True))
            entering = (*carries, *element)
            carries, row, stop = yield from self.iteration(loop, entering, number)
            before = loop.following
            rows.append(row)
            if stop:
                break
        if op.attributes.get("reverse"):
            rows.reverse()
        yield op, None, tuple(zip(before, loop.finals, strict=True))
        return self.left(loop, carries, rows)

    def while_loop(self, op: Operation) -> Steps:
        loop, (condition, _) = Loop(op), op.blocks
        carries: Sequence[Any] = [self.values[v] for v in op.operands]
        rows: list[Any] = []
        before = loop.starts
        stop = False
        while not stop:
            yield op, None, tuple(zip(before, condition.parameters, strict=True))
            (goes_on,) = yield from self.within(condition, carries, len(rows))
            if not goes_on:
                break
            yield op, None, tuple(zip(before, loop.parameters, strict=True))
            carries, row, stop = yield from self.iteration(loop, carries, len(rows))
            before = loop.following
            rows.append(row)
        yield op, None, tuple(zip(before, loop.finals, strict=True))
        return self.left(loop, carries, rows)

    def within(self, block: Block, entering: Sequence[Any], number: int) -> Steps:
        """One of a loop's blocks in an iteration."""
        around, self.place = self.place, (*self.place, number)
        results = yield from self.block(block, entering)
        self.place = around
        return results

    def iteration(
        self, loop: Loop, entering: Sequence[Any], number: int
    ) -> Generator[Step, None, tuple[Sequence[Any], Any, bool]]:
        """The next carries, what goes on the tapes, and whether the loop ends."""
        results = yield from self.within(loop.body, entering, number)
        stop = loop.stop is not None and bool(self.get(loop.stop))
        return results[: loop.carry], results[loop.carry :], stop

    def left(self, loop: Loop, carries: Sequence[Any], rows: list[Any]) -> Sequence[Any]:
        tapes = [[row[k] for row in rows] for k in range(len(loop.tapes))]
        trips = () if loop.trips is None else (len(rows),)
        return (*carries, *tapes, *trips)
