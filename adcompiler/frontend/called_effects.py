"""What calls of functions that are compiled apart do besides giving results.

    def down(x, n):                  function down(%x: float, %n: int):
        print(n)                         effect[print($0)] %n
        if n > 0:                        if %0:
            down(x, n - 1)                   %2 = invoke[callee=down, effect=True] %x, %1
        return x * x                     ...

A call of a function that prints or checks, or calls one that does, is an effect; one of a function
with an operation that may raise, may raise. So both stay, although nobody reads what they give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..ir.core import Block, Label, Operation, callee_of, walk
from ..ops import has_effect, may_raise

__all__ = ["with_called_effects"]

_Marks = Mapping[Label, frozenset[str]]


def with_called_effects(
    body: Block, functions: Mapping[Label, Block]
) -> tuple[Block, dict[Label, Block]]:
    """The body, and the functions that it calls, with what each call does among its attributes."""
    marks = {label: _own(block) for label, block in functions.items()}
    news = True
    while news:
        news = False
        for label, block in functions.items():
            found = marks[label].union(*(marks.get(other, ()) for other in _calls(block)))
            news = news or found != marks[label]
            marks[label] = found
    return _marked(body, marks), {label: _marked(b, marks) for label, b in functions.items()}


def _own(block: Block) -> frozenset[str]:
    """What the block does itself."""
    inner = [op for op in walk(block) if not op.blocks]
    constants = {op.result: op.attributes["value"] for op in inner if op.opcode == "constant"}
    marks = {"effect": any(map(has_effect, inner)),
             "raises": any(may_raise(op, constants) for op in inner)}  # fmt: skip
    return frozenset(key for key, holds in marks.items() if holds)


def _calls(block: Block) -> list[Label]:
    return [label for op in walk(block) if (label := callee_of(op)) is not None]


def _marked(block: Block, marks: _Marks) -> Block:
    def operation(op: Operation) -> Operation:
        if op.blocks:
            return replace(op, blocks=tuple(_marked(inner, marks) for inner in op.blocks))
        label = callee_of(op)
        found = sorted(marks.get(label, ())) if label is not None else ()
        if not found:
            return op
        return replace(op, attributes={**op.attributes, **dict.fromkeys(found, True)})

    return replace(block, operations=tuple(map(operation, block.operations)))
