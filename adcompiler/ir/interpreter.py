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

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .core import Block, Function, Label, Operation, Value
from .loops import Loop

__all__ = ["Evaluate", "UndefinedVariable", "interpret"]

Evaluate = Callable[[Operation, Sequence[Any]], Sequence[Any]]
Watch = Callable[[Operation, Sequence[Any]], None]


class UndefinedVariable(UnboundLocalError):
    """A variable was read that no path had assigned."""


_UNDEFINED = object()


def interpret(
    function: Function, arguments: Sequence[Any], evaluate: Evaluate, watch: Watch | None = None
) -> tuple[Any, ...]:
    """The function's results; `watch` sees every operation with its results as they come."""
    return _Run(function.functions, evaluate, watch).block(function.body, arguments)


class _Run:
    def __init__(
        self, functions: Mapping[Label, Function], evaluate: Evaluate, watch: Watch | None
    ) -> None:
        self.functions = functions
        self.evaluate = evaluate
        self.watch = watch
        self.values: dict[Value, Any] = {}

    def get(self, value: Value) -> Any:
        found = self.values[value]
        if found is _UNDEFINED:
            raise UndefinedVariable(f"{value.name} is read before it is assigned")
        return found

    def block(self, block: Block, arguments: Sequence[Any]) -> tuple[Any, ...]:
        self.values.update(zip(block.parameters, arguments, strict=True))
        for op in block.operations:
            results = self.operation(op)
            self.values.update(zip(op.results, results, strict=True))
            if self.watch is not None:
                self.watch(op, results)
        return tuple(self.values[v] for v in block.results)

    def operation(self, op: Operation) -> Sequence[Any]:
        match op.opcode:
            case "if":
                return self.block(op.blocks[0 if self.get(op.operands[0]) else 1], ())
            case "for":
                return self.loop(op)
            case "while":
                return self.while_loop(op)
            case "undefined":
                return (_UNDEFINED,)
            case "invoke":
                return self.call(self.functions[op.attributes["callee"]], op)
            case "unpack":
                return tuple(self.get(op.operands[0]))
        if op.attributes.get("lenient"):
            values = [self.values[v] for v in op.operands]
            return self.evaluate(op, [None if v is _UNDEFINED else v for v in values])
        return self.evaluate(op, [self.get(v) for v in op.operands])

    def call(self, function: Function, op: Operation) -> Sequence[Any]:
        """A function's own run, with values of its own: it may be running already."""
        inner = _Run(self.functions, self.evaluate, self.watch)
        inner.block(function.body, [self.get(v) for v in op.operands])
        return tuple(map(inner.get, function.results))

    def loop(self, op: Operation) -> Sequence[Any]:
        loop = Loop(op)
        carries: Sequence[Any] = [self.values[v] for v in loop.starts]
        sequences = [self.get(v) for v in loop.sequences]
        elements = list(zip(*sequences, strict=True))
        rows = []
        for element in reversed(elements) if op.attributes.get("reverse") else elements:
            carries, row, stop = self.iteration(loop, (*carries, *element))
            rows.append(row)
            if stop:
                break
        if op.attributes.get("reverse"):
            rows.reverse()
        return self.left(loop, carries, rows)

    def while_loop(self, op: Operation) -> Sequence[Any]:
        loop, (condition, _) = Loop(op), op.blocks
        carries: Sequence[Any] = [self.values[v] for v in op.operands]
        rows, stop = [], False
        while not stop and self.block(condition, carries)[0]:
            carries, row, stop = self.iteration(loop, carries)
            rows.append(row)
        return self.left(loop, carries, rows)

    def iteration(self, loop: Loop, entering: Sequence[Any]) -> tuple[Sequence[Any], Any, bool]:
        """The next carries, what goes on the tapes, and whether the loop ends."""
        results = self.block(loop.body, entering)
        stop = loop.stop is not None and bool(self.get(loop.stop))
        return results[: loop.carry], results[loop.carry :], stop

    def left(self, loop: Loop, carries: Sequence[Any], rows: list[Any]) -> Sequence[Any]:
        tapes = [[row[k] for row in rows] for k in range(len(loop.tapes))]
        trips = () if loop.trips is None else (len(rows),)
        return (*carries, *tapes, *trips)
