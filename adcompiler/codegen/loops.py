"""Loops as Python statements: tapes, carries, counting; what an iteration does is in `iterations`.

    %y_tape = for[collect] ...: ...          y_tape = []
                                             for i in range(n):
                                                 y_tape.append(y)
                                                 y = y * x
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..ir.core import Operation, Value
from ..ir.loops import Loop
from ..ir.types import Range
from .iterations import Iteration, Lines
from .negation import negated
from .tape_order import reversing
from .tape_tuples import taken_apart

if TYPE_CHECKING:
    from .statements import Emitter

__all__ = ["loop_statements"]


def loop_statements(emitter: Emitter, op: Operation) -> Lines:
    """A `for` or `while` with the lines before and after it."""
    loop = Loop(op)
    before = emitter.moves(zip(loop.starts, loop.finals, strict=True))
    before += [_assign(emitter.names[tape], ast.List([], ast.Load())) for tape in loop.tapes]
    known = dict(emitter.known)
    lines = Iteration(emitter, loop).lines()
    emitter.known = known
    counted, after = _counting(emitter, loop, before)
    lines = [*counted, *lines] if loop.exits else [*lines, *counted]
    statement = _for(emitter, loop, lines) if op.opcode == "for" else _while(emitter, loop, lines)
    turned = [reversing(emitter.names[tape]) for tape in emitter.tape_orders.turns(loop)]
    return [*before, statement, *turned, *after]


def _counting(emitter: Emitter, loop: Loop, before: Lines) -> tuple[Lines, Lines]:
    """How many iterations there were, if anything asks: the length of a tape, or counted."""
    if loop.trips is None or loop.trips not in emitter.read:
        return [], []
    name = emitter.names[loop.trips]
    if loop.tapes:
        tape = ast.Name(emitter.names[loop.tapes[0]], ast.Load())
        return [], [_assign(name, _builtin("len", tape))]
    before.append(_assign(name, ast.Constant(0)))
    return [ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1))], []


def _for(emitter: Emitter, loop: Loop, lines: Lines) -> ast.stmt:
    reverse = bool(loop.op.attributes.get("reverse"))
    sequences = [_sequence(emitter, v, reverse) for v in loop.sequences]
    targets = _targets(emitter, loop)
    target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
    iterated = sequences[0] if len(sequences) == 1 else _builtin("zip", *sequences)
    return ast.For(target, iterated, lines or [ast.Pass()], [])


def _targets(emitter: Emitter, loop: Loop) -> list[ast.expr]:
    """The variables that an iteration starts with."""
    unread = "_"
    while unread in emitter.names.values():
        unread += "_"

    def target(value: Value) -> ast.expr:
        if value in apart:
            return ast.Tuple(list(map(target, apart[value].results)), ast.Store())
        named = value in emitter.read or value.name
        return ast.Name(emitter.names[value] if named else unread, ast.Store())

    apart = taken_apart(loop)
    return list(map(target, loop.elements))


def _sequence(emitter: Emitter, value: Value, reverse: bool) -> ast.expr:
    """The sequence in the loop's direction; a tape may have been written last one first."""
    expression = emitter.expression(value)
    turned = reverse != emitter.tape_orders.is_turned(value)
    if isinstance(value.type, Range):
        turned = reverse
    return _builtin("reversed", expression) if turned else expression


def _while(emitter: Emitter, loop: Loop, lines: Lines) -> ast.stmt:
    condition = loop.op.blocks[0]
    test = emitter.block(condition)
    asked = emitter.expression(condition.results[0])
    if not test:
        return ast.While(asked, lines or [ast.Pass()], [])
    leave = ast.If(negated(asked), [ast.Break()], [])
    return ast.While(ast.Constant(True), [*test, leave, *lines], [])


def _assign(name: str, expression: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], expression)


def _builtin(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(f"$builtin.{name}", ast.Load()), list(arguments), [])
