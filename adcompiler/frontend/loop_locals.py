"""The names that no more than one iteration of a loop reads, so that the loop need not carry them.

    for i in range(n):                 i, h: each iteration assigns them before it reads them, and
        h = a * x[i]                   nobody reads after the loop what it has left in them
        y = y + h * h                  y: carried, since an iteration reads what the last one left
    return y

So the types of `i` and `h` need not be found by lowering the body once more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

__all__ = ["loop_locals"]

# What is in these may run later, when the loop is over.
_DEFERRED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)
_LOOPS = (ast.For, ast.While)


class Syntax(Protocol):
    """What is known of statements (`assigned.Syntax`)."""

    def always_jumps(self, nodes: Sequence[ast.stmt]) -> bool: ...

    def assigned_names(self, nodes: Iterable[ast.AST]) -> list[str]: ...


def loop_locals(function: ast.AST, syntax: Syntax) -> dict[ast.AST, frozenset[str]]:
    """For each loop of a function the names that it assigns and need not carry.

    >>> from .assigned import Syntax
    >>> tree = ast.parse("y = 0\\nfor i in range(n):\\n    h = a[i]\\n    y = y + h\\nprint(y)")
    >>> [sorted(names) for names in loop_locals(tree, Syntax()).values()]
    [['h', 'i']]
    """
    body = getattr(function, "body", ())
    if not isinstance(body, list):
        return {}
    survey = _Survey(syntax, _escaping(body))
    survey.block(body)
    survey.behind(body, set())
    return survey.found


class _Effect(NamedTuple):
    """The names that a statement may read before it assigns them, and those that it surely assigns
    where it doesn't jump; whether loops stand in it."""

    reads: set[str]
    assigns: set[str]
    loops: bool = False


class _Survey:
    """`escaping`: names that somebody may read at any time. `exposed`: for each loop the names that
    an iteration may read before it assigns them."""

    def __init__(self, syntax: Syntax, escaping: set[str]) -> None:
        self.syntax = syntax
        self.escaping = escaping
        self.effects: dict[ast.AST, _Effect] = {}
        self.exposed: dict[ast.AST, set[str]] = {}
        self.found: dict[ast.AST, frozenset[str]] = {}

    def block(self, nodes: Iterable[ast.stmt]) -> _Effect:
        """What the statements do one after the other."""
        reads, assigns, loops = set[str](), set[str](), False
        for node in nodes:
            effect = self.effects[node] = self.statement(node)
            reads |= effect.reads - assigns
            assigns |= effect.assigns
            loops |= effect.loops
        return _Effect(reads, assigns, loops)

    def statement(self, node: ast.stmt) -> _Effect:
        match node:
            case ast.Assign(targets, value):
                return _Effect(_names([value, *targets]), _bound(targets))
            case ast.AnnAssign(ast.Name(id), _, ast.expr() as value):
                return _Effect(_names([value]), {id})
            case ast.AugAssign(ast.Name(id), _, value):
                return _Effect({id, *_names([value])}, {id})
            case ast.If(test, then, otherwise):
                first, second = self.block(then), self.block(otherwise)
                # Who comes behind an `if` has taken a side that doesn't jump.
                passed = [
                    side.assigns for side, nodes in ((first, then), (second, otherwise))
                    if not self.syntax.always_jumps(nodes)
                ]  # fmt: skip
                assigns = set.intersection(*passed) if passed else set[str]()
                reads = _names([test]) | first.reads | second.reads
                return _Effect(reads, assigns, first.loops or second.loops)
            case ast.For(target, iterated, body, otherwise):
                inside = (self.block(body).reads - _bound([target])) | _names([target])
                self.exposed[node] = inside
                reads = _names([iterated]) | inside | self.block(otherwise).reads
                return _Effect(reads, set(), True)
            case ast.While(test, body, otherwise):
                self.exposed[node] = inside = _names([test]) | self.block(body).reads
                return _Effect(inside | self.block(otherwise).reads, set(), True)
        # Whatever else there is: in any order, and it may not come to assigning anything.
        blocks = [self.block(inner) for inner in _blocks(node)]
        return _Effect(_names([node]), set(), any(block.loops for block in blocks))

    def behind(self, nodes: Sequence[ast.stmt], around: set[str]) -> None:
        """Settle the loops among the statements; `around` are names that somebody may read when
        these are done, or left by a jump."""
        later = set[str]()
        for node in reversed(nodes):
            effect = self.effects[node]
            if effect.loops:
                self.within(node, around | later)
            later -= effect.assigns
            later |= effect.reads

    def within(self, node: ast.stmt, around: set[str]) -> None:
        if not isinstance(node, _LOOPS):
            for inner in _blocks(node):
                self.behind(inner, around)
            return
        read = around.union(self.exposed[node], *(self.effects[n].reads for n in node.orelse))
        target = [node.target] if isinstance(node, ast.For) else [node.test]
        assigned = self.syntax.assigned_names([*target, *node.body])
        self.found[node] = frozenset(assigned) - read - self.escaping
        self.behind(node.body, read)
        self.behind(node.orelse, around)


def _escaping(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that functions within read, whenever they are called, or that aren't local."""
    found = set[str]()
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, (ast.Global, ast.Nonlocal)):
                found.update(part.names)
            elif isinstance(part, _DEFERRED):
                found |= _names([part])
    return found


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, (ast.match_case, ast.ExceptHandler)):
                    yield part.body


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are read anywhere inside."""
    found = set[str]()
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store):
                found.add(part.id)
            elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
                found.add(part.target.id)
    return found


def _bound(targets: Iterable[ast.AST]) -> set[str]:
    """The names that an assignment to the targets binds."""
    found = set[str]()
    for target in targets:
        match target:
            case ast.Name(id):
                found.add(id)
            case ast.Tuple(parts) | ast.List(parts):
                found |= _bound(parts)
            case ast.Starred(value):
                found |= _bound([value])
    return found
