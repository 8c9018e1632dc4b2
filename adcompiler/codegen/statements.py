"""SSA to Python statements: named values become assignments, regions Python's own blocks.

    %y_tape = for[collect] ...: ...          y_tape = []
                                             for i in range(n):
                                                 y_tape.append(y)
                                                 y = y * x
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from ..ir.core import Block, Function, Operation, Value
from ..ir.types import Array, List, Range, Scalar, Tape, Type
from ..ops import TABLE, Emission
from ..ops.emit import call
from .lifetimes import find_lifetimes
from .moves import Move, in_order
from .names import assign_names
from .nesting import plan_nesting
from .ownership import find_updates
from .pops import with_pops
from .text import Comment

__all__ = ["Emitter"]


class Emitter:
    """Writes one function's body."""

    def __init__(self, function: Function, level: int, reserved: Iterable[str]) -> None:
        self.function = function
        self.level = level
        self.nesting = plan_nesting(function, level)
        lifetimes = find_lifetimes(function, self.nesting)
        self.names: Mapping[Value, str] = assign_names(function, self.nesting, lifetimes, reserved)
        self.in_place = find_updates(function, lifetimes).in_place
        self.alive = frozenset(lifetimes.segments)
        self.backwards: set[Value] = set()
        self.read = _read_values(function)

    def body(self) -> list[ast.stmt]:
        """The function's statements, up to its `return`; comments tell the two parts apart."""
        two_parts = self.level and any(op.backward for op in self.function.body.operations)
        statements: list[ast.stmt] = []
        part = None
        for op in self.function.body.operations:
            lines = self.operation(op)
            if lines and two_parts and part is not op.backward:
                statements.append(Comment("backward" if op.backward else "forward"))
                part = op.backward
            statements += lines
        return with_pops(statements)

    def expression(self, value: Value) -> ast.expr:
        """A value as source: its name, or the expression that it nests as."""
        if value not in self.nesting.inlined:
            return ast.Name(self.names[value], ast.Load())
        return self.computed(self.nesting.definitions[value])

    def computed(self, op: Operation) -> ast.expr:
        """What a plain operation, or a conditional expression, computes."""
        if op.opcode == "if":
            return self.conditional(op)
        operands = [self.expression(v) for v in op.operands]
        types = [v.type for v in op.operands]
        made = TABLE[op.opcode].emit(Emission(op.attributes, types, op.result.type, operands))
        if op.backward and isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add):
            positive = without_minus(made.right)
            if positive is not None:
                return ast.BinOp(made.left, ast.Sub(), positive)
        return made

    def conditional(self, op: Operation) -> ast.expr:
        """`a if c else b`, or `c and b`, `c or a`, where one side is the condition itself."""
        (test,), (then, otherwise) = op.operands, op.blocks
        if not then.operations and then.results[0] is test:
            values = [self.expression(test), self.expression(otherwise.results[0])]
            return ast.BoolOp(ast.Or(), values)
        if not otherwise.operations and otherwise.results[0] is test:
            values = [self.expression(test), self.expression(then.results[0])]
            return ast.BoolOp(ast.And(), values)
        return ast.IfExp(
            self.expression(test), self.expression(then.results[0]),
            self.expression(otherwise.results[0]),
        )  # fmt: skip

    def block(self, block: Block) -> list[ast.stmt]:
        return with_pops([line for op in block.operations for line in self.operation(op)])

    def operation(self, op: Operation) -> list[ast.stmt]:
        if len(op.results) == 1 and op.results[0] in self.nesting.inlined:
            return []
        match op.opcode:
            case "undefined":
                return []
            case "if":
                return self.branch(op)
            case "for":
                return self.for_loop(op)
            case "while":
                return self.while_loop(op)
            case opcode if TABLE[opcode].statement is not None:
                return self.change(op)
            case "accumulate" if not isinstance(op.result.type, (List, Tape)):
                return self.accumulate(op)
        return self.assign(op.results[0], self.computed(op))

    def assign(self, value: Value, expression: ast.expr) -> list[ast.stmt]:
        name = self.names[value]
        if isinstance(expression, ast.Name) and expression.id == name:
            return []
        return [ast.Assign([ast.Name(name, ast.Store())], expression)]

    def accumulate(self, op: Operation) -> list[ast.stmt]:
        """`grad_x += c` on numbers, and on arrays whose memory is the function's own."""
        before, added = op.operands
        name = self.names[op.result]
        mine = self.expression(before)
        sign: ast.operator = ast.Add()
        change = self.expression(added)
        positive = without_minus(change)
        if positive is not None:
            sign, change = ast.Sub(), positive
        if self._ours(op) and isinstance(mine, ast.Name) and mine.id == name:
            return [ast.AugAssign(ast.Name(name, ast.Store()), sign, change)]
        return self.assign(op.result, ast.BinOp(mine, sign, change))

    def change(self, op: Operation) -> list[ast.stmt]:
        """`a[i] = v`, in place or on a copy."""
        name = self.names[op.result]
        source = self.expression(op.operands[0])
        lines: list[ast.stmt] = []
        if op.result not in self.in_place:
            lines = self.assign(op.result, copied(op.operands[0].type, source))
        elif not (isinstance(source, ast.Name) and source.id == name):
            lines = self.assign(op.result, source)
        operands = [source, *map(self.expression, op.operands[1:])]
        types = [v.type for v in op.operands]
        statement = TABLE[op.opcode].statement
        assert statement is not None
        emission = Emission(op.attributes, types, op.result.type, operands)
        return [*lines, statement(ast.Name(name, ast.Load()), emission)]

    def branch(self, op: Operation) -> list[ast.stmt]:
        if op.attributes.get("expression") and self._nests_whole(op):
            return self.assign(op.results[0], self.conditional(op))
        sides = []
        for block in op.blocks:
            moves = self.moves(zip(block.results, op.results, strict=True))
            sides.append([*self.block(block), *moves])
        then, otherwise = sides
        test = self.expression(op.operands[0])
        if not then and otherwise:
            return [ast.If(negated(test), otherwise, [])]
        if not then:
            return []
        return [ast.If(test, then, otherwise)]

    def _nests_whole(self, op: Operation) -> bool:
        """Whether both sides are expressions, and the branch hands on nothing for a tape."""
        return len(op.results) == 1 and all(
            len(inner.results) == 1 and inner.results[0] in self.nesting.inlined
            for block in op.blocks
            for inner in block.operations
        )

    def moves(self, pairs: Iterable[tuple[Value, Value]]) -> list[ast.stmt]:
        """Hand values on to the variables that are to hold them, all at once."""
        moves = []
        for source, target in pairs:
            if target not in self.alive or self._undefined(source):
                continue
            expression, name = self.expression(source), self.names[target]
            if not (isinstance(expression, ast.Name) and expression.id == name):
                moves.append(Move(name, expression, self._adds(source)))
        return in_order(moves)

    def _adds(self, value: Value) -> bool:
        op = self.nesting.definitions.get(value)
        return op is not None and op.opcode == "accumulate" and self._ours(op)

    def _ours(self, op: Operation) -> bool:
        """Whether the result may take over the memory, or the name, of what is added to."""
        return isinstance(op.result.type, Scalar) or op.result in self.in_place

    def _undefined(self, value: Value) -> bool:
        op = self.nesting.definitions.get(value)
        return op is not None and op.opcode == "undefined"

    def loop_parts(self, op: Operation) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """The lines before a loop, and its body with the tapes' appends."""
        count, body = op.attributes["carry"], op.blocks[-1]
        tapes = op.results[count : len(body.results)]
        saved = dict(zip(tapes, body.results[count:], strict=True))
        before = self.moves(zip(op.operands[:count], op.results[:count], strict=True))
        before += [
            ast.Assign([ast.Name(self.names[t], ast.Store())], ast.List([], ast.Load()))
            for t in tapes
        ]
        lines: list[ast.stmt] = []
        waiting = dict(saved)
        self._append(waiting, set(body.parameters), lines)
        for inner in body.operations:
            lines += self.operation(inner)
            self._append(waiting, set(inner.results), lines)
        self._append(waiting, None, lines)
        lines = with_pops(lines)
        lines += self.moves(zip(body.results[:count], op.results[:count], strict=True))
        return before, lines

    def _append(
        self, waiting: dict[Value, Value], ready: set[Value] | None, lines: list[ast.stmt]
    ) -> None:
        for tape, value in list(waiting.items()):
            if ready is None or value in ready:
                del waiting[tape]
                append = ast.Attribute(ast.Name(self.names[tape], ast.Load()), "append", ast.Load())
                lines.append(ast.Expr(ast.Call(append, [self.expression(value)], [])))

    def for_loop(self, op: Operation) -> list[ast.stmt]:
        count, body = op.attributes["carry"], op.blocks[0]
        before, lines = self.loop_parts(op)
        reverse = bool(op.attributes.get("reverse"))
        if reverse:
            self.backwards.update(op.results[count:])
        sequences = [self.sequence(v, reverse) for v in op.operands[count:]]
        targets: list[ast.expr] = [
            ast.Name(self.names[p] if p in self.read or p.name else "_", ast.Store())
            for p in body.parameters[count:]
        ]
        target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
        iterated = sequences[0] if len(sequences) == 1 else _builtin("zip", *sequences)
        return [*before, ast.For(target, iterated, lines or [ast.Pass()], [])]

    def sequence(self, value: Value, reverse: bool) -> ast.expr:
        """The sequence in the loop's direction; a tape may have been written last one first."""
        expression = self.expression(value)
        turned = reverse if isinstance(value.type, Range) else reverse != (value in self.backwards)
        return _builtin("reversed", expression) if turned else expression

    def while_loop(self, op: Operation) -> list[ast.stmt]:
        before, lines = self.loop_parts(op)
        trips = op.results[-1]
        if trips in self.read:
            name = self.names[trips]
            before.append(ast.Assign([ast.Name(name, ast.Store())], ast.Constant(0)))
            lines.append(ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1)))
        condition = op.blocks[0]
        test = self.block(condition)
        asked = self.expression(condition.results[0])
        if not test:
            return [*before, ast.While(asked, lines or [ast.Pass()], [])]
        leave = ast.If(negated(asked), [ast.Break()], [])
        return [*before, ast.While(ast.Constant(True), [*test, leave, *lines], [])]


def copied(type_: Type, source: ast.expr) -> ast.expr:
    """A copy of an array in its own memory order, or of a list."""
    if isinstance(type_, Array):
        return call("np.array", (source,))
    return ast.Call(ast.Attribute(source, "copy", ast.Load()), [], [])


def without_minus(expression: ast.expr) -> ast.expr | None:
    """`-a * b` as `a * b`: in products and quotients a sign moves exactly. None without a minus."""
    match expression:
        case ast.UnaryOp(ast.USub(), operand):
            return operand
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            positive = without_minus(left)
            return None if positive is None else ast.BinOp(positive, op, right)
    return None


def _builtin(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(f"$builtin.{name}", ast.Load()), list(arguments), [])


_OPPOSITE: dict[type[ast.cmpop], Callable[[], ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def negated(test: ast.expr) -> ast.expr:
    """`not test`; only == and != turn round, since NaN makes `not a < b` differ from `a >= b`."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return operand
        case ast.Compare(left, [op], [right]) if type(op) in _OPPOSITE:
            return ast.Compare(left, [_OPPOSITE[type(op)]()], [right])
    return ast.UnaryOp(ast.Not(), test)


def _read_values(function: Function) -> set[Value]:
    found = set(function.results)

    def visit(block: Block) -> None:
        found.update(block.results)
        for op in block.operations:
            found.update(op.operands)
            for inner in op.blocks:
                visit(inner)

    visit(function.body)
    return found
