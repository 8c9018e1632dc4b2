"""SSA to Python statements: named values become assignments, regions Python's own blocks.

    %y_tape = for[collect] ...: ...          y_tape = []
                                             for i in range(n):
                                                 y_tape.append(y)
                                                 y = y * x
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

from ..ir.core import Block, Function, Operation, Value, is_temporary
from ..ir.types import UNDEFINED, Array, List, Scalar, Static, Tape, Type
from ..ops import TABLE, Emission
from ..ops.emit import call
from ..optimize.choice import Passes
from .iterations import all_flags
from .loops import loop_statements
from .marking import comes_from, like
from .moves import Move, in_order
from .names import assign_names
from .negation import negated
from .pops import with_pops
from .release import releases
from .reuse import lay_out
from .tape_order import tape_orders
from .tape_tuples import saved_tuples
from .text import Comment
from .unset import unset_variables

__all__ = ["Emitter"]


class Emitter:
    """Writes one function's body; `headed`: comments tell its parts apart."""

    def __init__(
        self, function: Function, passes: Passes, reserved: Iterable[str], headed: bool = True,
        unpacked: Collection[Value] = (),
    ) -> None:  # fmt: skip
        layout = lay_out(function, passes)
        self.function = function = layout.function
        self.level = passes.level
        self.headed = headed
        self.nesting, lifetimes, self.over = layout.nesting, layout.lifetimes, layout.over
        self.names: Mapping[Value, str] = assign_names(layout, reserved, unpacked)
        self.in_place = layout.updates.in_place
        self.alive = frozenset(lifetimes.segments)
        self.unset = unset_variables(function, self.names, self.alive.__contains__)
        self.tape_orders = tape_orders(function)
        self.read = _read_values(function)
        runs = passes.runs("release")
        self.releases = releases(layout, self.names, self.read) if runs else {}
        self.tuples = saved_tuples(function)
        # What jumps have settled at the place where the text is now, and which names it has read.
        self.known: dict[Value, bool | None] = {}
        self.asked: set[Value] = set()
        self._drop_flags()

    def _drop_flags(self) -> None:
        """Write the text until no flag is left in it that is set and never asked for."""
        flags = (self.alive & all_flags(self.function)) - set(self.function.results)
        while flags:
            self.asked.clear()
            self.body()
            self.alive -= flags - self.asked
            if flags <= self.asked:
                return
            flags &= self.asked

    def body(self) -> list[ast.stmt]:
        """The function's statements, up to its `return`."""
        parts = {op.backward for op in self.function.body.operations}
        two_parts = self.level and True in parts and self.headed
        statements: list[ast.stmt] = []
        part = None
        for op in self.function.body.operations:
            lines = [*self.release(op), *self.operation(op)]
            # What the backward part alone reads may be computed there.
            if lines and two_parts and not part and part is not op.backward:
                statements.append(Comment("backward" if op.backward else "forward"))
                part = op.backward
            statements += lines
        return with_pops(statements)

    def release(self, op: Operation) -> list[ast.stmt]:
        """`del a, b`: what is let go before the operation's lines."""
        gone: list[ast.expr] = [
            ast.Name(name, ast.Del()) for name in self.releases.get(id(op), ())
        ]
        return [ast.Delete(gone)] if gone else []

    def expression(self, value: Value) -> ast.expr:
        """A value as source: its name, or the expression that it nests as."""
        if value in self.known:
            return ast.Constant(self.known[value])
        if value in self.unset:
            return ast.Constant(None)
        if value not in self.nesting.inlined:
            self.asked.add(value)
            return ast.Name(self.names[value], ast.Load())
        return self.computed(self.nesting.definitions[value])

    def saved(self, value: Value) -> ast.expr:
        """What goes on a tape; a tuple is made there."""
        op = self.nesting.definitions.get(value)
        return self.computed(op) if op in self.tuples else self.expression(value)

    def computed(self, op: Operation) -> ast.expr:
        """What a plain operation, or a conditional expression, computes."""
        return comes_from(op, self._computed(op))

    def _computed(self, op: Operation) -> ast.expr:
        if op.opcode == "if":
            return self.conditional(op)
        type_ = op.results[0].type if op.results else UNDEFINED
        made = TABLE[op.opcode].emit(self.emission(op, type_))
        if op.backward and isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add):
            positive = without_minus(made.right)
            if positive is not None:
                return ast.BinOp(made.left, ast.Sub(), positive)
        return made

    def emission(self, op: Operation, result: Type) -> Emission:
        operands = [self.expression(v) for v in op.operands]
        return Emission(op.attributes, [v.type for v in op.operands], result, operands)

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
        if self.is_silent(op):
            return []
        return [comes_from(op, line) for line in self._lines(op)]

    def _lines(self, op: Operation) -> list[ast.stmt]:
        effect = TABLE[op.opcode].effect if op.opcode in TABLE else None
        if effect is not None:
            return [effect(self.emission(op, Static()))]
        match op.opcode:
            case "if":
                return self.branch(op)
            case "for" | "while":
                lines = loop_statements(self, op)
                if op.attributes.get("again") and self.level and self.headed:
                    return [Comment("forward again"), *lines, Comment("backward")]
                return lines
            case opcode if TABLE[opcode].statement is not None:
                return self.change(op)
            case "accumulate" if not isinstance(op.result.type, (List, Tape)):
                return self.accumulate(op)
        if op.results and op.results[0] in self.over:
            return self.overwrite(op)
        if not op.results:
            return [ast.Expr(self.computed(op))]
        if op.opcode == "unpack" or len(op.results) > 1:
            return self.assign_all(op)
        if self.level and op.result not in self.read and is_temporary(op.result):
            return [ast.Expr(self.computed(op))]  # it is there because it may raise
        return self.assign(op.result, self.computed(op))

    def assign(self, value: Value, expression: ast.expr) -> list[ast.stmt]:
        name = self.names[value]
        if isinstance(expression, ast.Name) and expression.id == name:
            return []
        return [ast.Assign([ast.Name(name, ast.Store())], expression)]

    def assign_all(self, op: Operation) -> list[ast.stmt]:
        """`a, _, b = f(x)`: what nobody reads has no name."""
        free = "_" not in self.names.values()
        targets: list[ast.expr] = [
            ast.Name("_" if free and v not in self.read else self.names[v], ast.Store())
            for v in op.results
        ]
        return [ast.Assign([ast.Tuple(targets, ast.Store())], self.computed(op))]

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

    def overwrite(self, op: Operation) -> list[ast.stmt]:
        """`x *= y`, or `z = np.multiply(x, y, out=x)` where the result has a name of its own."""
        name, over = self.names[op.result], self.expression(self.over[op.result])
        made = self.computed(op)
        assert isinstance(over, ast.Name)
        if over.id == name:
            match made:
                case ast.BinOp(ast.Name(id), operator, other) if id == name:
                    return [ast.AugAssign(ast.Name(name, ast.Store()), operator, other)]
                case ast.BinOp(other, ast.Add() | ast.Mult() as operator, ast.Name(id)) if (
                    id == name
                ):
                    return [ast.AugAssign(ast.Name(name, ast.Store()), operator, other)]
        ufunc = TABLE[op.opcode].ufunc(op.attributes)
        written = call(ufunc, [self.expression(v) for v in op.operands], out=over)
        return [ast.Expr(written)] if over.id == name else self.assign(op.result, written)

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
        if self.is_nested(op):
            return self.assign(op.results[0], self.conditional(op))
        sides = []
        for block in op.blocks:
            moves = self.moves(zip(block.results, op.results, strict=True))
            sides.append([*self.block(block), *moves])
        return self.chosen(self.expression(op.operands[0]), *sides)

    @staticmethod
    def chosen(test: ast.expr, then: list[ast.stmt], otherwise: list[ast.stmt]) -> list[ast.stmt]:
        """An `if` statement, turned round where only the other side does anything."""
        if not then and otherwise:
            return [ast.If(negated(test), otherwise, [])]
        return [ast.If(test, then, otherwise)] if then else []

    def is_nested(self, op: Operation) -> bool:
        """Whether an `if` is, or becomes part of, an expression."""
        return self.is_silent(op) or bool(
            op.attributes.get("expression") and self._nests_whole(op)
        )

    def is_silent(self, op: Operation) -> bool:
        """Whether the operation has no line: it is part of an expression, or does nothing."""
        if len(op.results) == 1 and op.results[0] in self.nesting.inlined:
            return True
        return op.opcode == "undefined" or op in self.tuples

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
            name = self.names[target]
            if self.known.get(target, True) is None:
                continue
            filled = source in self.unset or self.known.get(source, True) is None
            if self.names.get(source) == name and not filled:
                self.asked.add(source)
                continue
            expression = self.expression(source)
            if not (isinstance(expression, ast.Name) and expression.id == name):
                moves.append(Move(name, expression, self._adds(source)))
        return in_order(moves)

    def _adds(self, value: Value) -> bool:
        op = self.nesting.definitions.get(value)
        return op is not None and op.opcode == "accumulate" and self._ours(op)

    def _ours(self, op: Operation) -> bool:
        """Whether the result may take over the memory, or the name, of what is added to."""
        return isinstance(op.result.type, Scalar) or op.result in self.in_place

    def is_filler(self, value: Value) -> bool:
        """Whether the value only takes a place on a tape."""
        if value in self.known:
            return self.known[value] is None
        op = self.nesting.definitions.get(value)
        return op is not None and op.opcode == "filler"

    def _undefined(self, value: Value) -> bool:
        op = self.nesting.definitions.get(value)
        return op is not None and op.opcode == "undefined" and value not in self.unset


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
            made = None if positive is None else ast.BinOp(positive, op, right)
            return made and like(expression, made)
    return None


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
