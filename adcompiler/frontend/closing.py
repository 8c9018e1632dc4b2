"""What a function that is compiled apart reads from around it becomes parameters.

    function f(%x):                          function f(%x, %RATE):
        %0 = mul %x, %RATE         gives         %0 = mul %x, %RATE
        %1 = invoke[callee=f] %0                 %1 = invoke[callee=f] %0, %RATE
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.core import Block, Function, Label, Operation, Value, walk
from ..ir.rewrite import defined_in, free_values, substitute

__all__ = ["closed"]

Outside = dict[Label, list[Value]]


def closed(
    body: Block, functions: Mapping[Label, Block], names: Mapping[Label, str]
) -> tuple[Block, dict[Label, Function]]:
    """The body, and the functions that it calls, with all that they read as parameters.

    Those that it calls are numbered anew: others of the same name may have been tried, and left.
    """
    reached = _reached(body, functions)
    outside = _outside({label: functions[label] for label in reached})
    labels = _numbered(reached, names)
    made = {}
    for label in reached:
        block = functions[label]
        own = _parameters(outside[label], block.parameters)
        stands = dict(zip(outside[label], own, strict=True))
        inner = substitute(_passing(block, outside, labels), stands)
        name, parameters = labels[label].name, (*block.parameters, *own)
        made[labels[label]] = Function(name, replace(inner, parameters=parameters))
    return _passing(body, outside, labels), made


def _numbered(labels: Sequence[Label], names: Mapping[Label, str]) -> dict[Label, Label]:
    """Labels by the functions' names, with numbers where these would be the same."""
    taken: dict[str, Label] = {}
    for label in labels:
        name = base = names[label]
        number = 0
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken[name] = label
    return {label: Label(name) for name, label in taken.items()}


def _calls(block: Block) -> list[Label]:
    return [op.attributes["callee"] for op in walk(block) if op.opcode == "invoke"]


def _reached(body: Block, functions: Mapping[Label, Block]) -> list[Label]:
    """The functions that are called, in order of their first call."""
    found: dict[Label, None] = {}
    pending = _calls(body)
    while pending:
        label = pending.pop(0)
        if label not in found:
            found[label] = None
            pending += _calls(functions[label])
    return list(found)


def _outside(functions: Mapping[Label, Block]) -> Outside:
    """What each function reads from around it, those that it calls included."""
    found: Outside = {label: _free(block) for label, block in functions.items()}
    news = True
    while news:
        news = False
        for label, block in functions.items():
            inside = {*defined_in(block), *found[label]}
            through = [v for other in _calls(block) for v in found[other] if v not in inside]
            found[label] += dict.fromkeys(through)
            news = news or bool(through)
    return found


def _free(block: Block) -> list[Value]:
    inside = set(block.parameters)
    return [v for v in free_values(block) if v not in inside]


def _parameters(values: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    """Parameters that stand for values from outside, each with a name of its own."""
    taken = {v.name for v in others}
    made = []
    for value in values:
        name = value.name if isinstance(value.name, str) else "outside"
        while name in taken:
            name += "_"
        taken.add(name)
        made.append(Value(value.type, name))
    return made


def _passing(block: Block, outside: Outside, labels: Mapping[Label, Label]) -> Block:
    """The block with what the called functions read handed to them."""

    def operation(op: Operation) -> Operation:
        blocks = tuple(_passing(inner, outside, labels) for inner in op.blocks)
        if op.opcode != "invoke":
            return replace(op, blocks=blocks) if blocks else op
        label = op.attributes["callee"]
        attributes = {**op.attributes, "callee": labels[label]}
        return replace(op, operands=(*op.operands, *outside[label]), attributes=attributes)

    return replace(block, operations=tuple(map(operation, block.operations)))
