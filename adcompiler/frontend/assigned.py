"""What a piece of syntax does to names and to control, before it is lowered.

>>> import ast
>>> tree, syntax = ast.parse("if c:\\n    a, b = 1, 2\\nelse:\\n    return b"), Syntax()
>>> syntax.assigned_names(tree.body), syntax.may_return(tree.body[0])
(['a', 'b'], True)
>>> syntax.always_jumps(tree.body)
False
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from .bindings import stores
from .loop_locals import loop_locals

__all__ = ["Syntax", "local_names"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)
_JUMPS = {ast.Return: "return", ast.Break: "break", ast.Continue: "continue"}

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEAVES = (ast.Name, ast.Constant)  # nothing in them binds a name, or jumps


class Syntax:
    """What statements do, each of them looked into once: a branch in a branch in a branch is asked
    about at every level, and a loop whenever it is lowered."""

    def __init__(self) -> None:
        self._names: dict[ast.AST, dict[str, None]] = {}
        self._stored: dict[ast.AST, dict[str, None]] = {}
        self._jumps: dict[ast.AST, frozenset[str]] = {}
        self._ends: dict[ast.AST, bool] = {}
        self._loops: dict[ast.AST, dict[ast.AST, frozenset[str]]] = {}

    def assigned_names(self, nodes: Iterable[ast.AST]) -> list[str]:
        """The names that the statements may bind, in order of first appearance."""
        found: dict[str, None] = {}
        for node in nodes:
            found.update(self._assigned(node))
        return list(found)

    def _assigned(self, node: ast.AST) -> dict[str, None]:
        found = self._names.get(node)
        if found is None:
            self._names[node] = found = {}
            if isinstance(node, _SCOPES) or not isinstance(node, _STATEMENTS):
                found.update(_bound(_own_nodes(node)))
            else:
                found.update(_bound([node]))
                for child in ast.iter_child_nodes(node):
                    found.update(self._assigned(child))
        return found

    def stored_names(self, nodes: Iterable[ast.AST]) -> list[str]:
        """The names of what the statements may store into, in order of first appearance."""
        found: dict[str, None] = {}
        for node in nodes:
            found.update(self._stored_in(node))
        return list(found)

    def _stored_in(self, node: ast.AST) -> dict[str, None]:
        found = self._stored.get(node)
        if found is None:
            self._stored[node] = found = {}
            children = list(ast.iter_child_nodes(node))
            if isinstance(node, _STATEMENTS) and any(isinstance(c, _STATEMENTS) for c in children):
                for child in children:
                    found.update(self._stored_in(child))
            else:
                found.update(dict.fromkeys(stores(node)))
        return found

    def jumps(self, node: ast.AST) -> frozenset[str]:
        """The kinds of jumps out of the node: "return", and of loops around it "break" and
        "continue"."""
        if not isinstance(node, _STATEMENTS) or isinstance(node, _SCOPES):
            return frozenset()
        found = self._jumps.get(node)
        if found is None:
            kind = _JUMPS.get(type(node))
            inner = [self.jumps(child) for child in ast.iter_child_nodes(node)]
            found = frozenset([kind] if kind else ()).union(*inner)
            if isinstance(node, _LOOPS):
                # A loop's body has its own jumps; its `else` has not.
                found = found.intersection({"return"}).union(*map(self.jumps, node.orelse))
            self._jumps[node] = found
        return found

    def may_return(self, node: ast.AST) -> bool:
        """Whether a `return` stands anywhere inside."""
        return "return" in self.jumps(node)

    def may_jump(self, node: ast.AST) -> bool:
        """Whether a `return`, or a `break` or `continue` of a loop around it, stands inside."""
        return bool(self.jumps(node))

    def breaks(self, nodes: Iterable[ast.AST]) -> bool:
        """Whether the statements, a loop's body, may `break` that loop."""
        return any("break" in self.jumps(node) for node in nodes)

    def continues(self, nodes: Iterable[ast.AST]) -> bool:
        """Whether the statements, a loop's body, may `continue` that loop."""
        return any("continue" in self.jumps(node) for node in nodes)

    def always_jumps(self, nodes: Sequence[ast.stmt]) -> bool:
        """Whether every path through the statements ends in a jump, or by raising."""
        return any(map(self._always_jumps, nodes))

    def _always_jumps(self, node: ast.stmt) -> bool:
        found = self._ends.get(node)
        if found is None:
            match node:
                case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
                    found = True
                case ast.If(_, then, otherwise):
                    found = self.always_jumps(then) and self.always_jumps(otherwise)
                case ast.Match(_, cases):
                    ends = (self.always_jumps(case.body) for case in cases)
                    found = _is_exhaustive(node) and all(ends)
                case ast.While(ast.Constant(value), body):
                    found = bool(value) and not self.breaks(body)
                case _:
                    found = False
            self._ends[node] = found
        return found

    def passing_names(self, function: ast.AST, loop: ast.AST) -> frozenset[str]:
        """The names that no more than one iteration of the function's loop reads."""
        if function not in self._loops:
            self._loops[function] = loop_locals(function, self)
        return self._loops[function].get(loop, frozenset())


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its parts in source order, inner functions left out; of a comprehension, the
    names that it binds outside of itself."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        if isinstance(one, _COMPREHENSIONS):
            yield from (n.target for n in ast.walk(one) if isinstance(n, ast.NamedExpr))
        elif not isinstance(one, (*_LEAVES, *_SCOPES)):
            pending += [*ast.iter_child_nodes(one)][::-1]


_BINDS = (ast.Name, ast.FunctionDef, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.alias)


def _bound(parts: Iterable[ast.AST]) -> dict[str, None]:
    """The names that these nodes bind themselves."""
    names: dict[str, None] = {}
    for part in parts:
        if not isinstance(part, _BINDS):
            continue
        match part:
            case ast.Name(id, ast.Store() | ast.Del()):
                names[id] = None
            case ast.FunctionDef(name):
                names[name] = None
            case (
                ast.MatchAs(name=str(bound)) | ast.MatchStar(name=str(bound))
                | ast.MatchMapping(rest=str(bound))
            ):  # fmt: skip
                names[bound] = None
            case ast.alias(name, asname):
                names[asname or name.split(".")[0]] = None
    return names


def local_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that are a function's own: parameters, and what its body binds.

    >>> sorted(local_names(ast.parse("def f(a, *b):\\n    global c\\n    c = d = a").body[0]))
    ['a', 'b', 'd']
    """
    spec = node.args
    starred = [a for a in (spec.vararg, spec.kwarg) if a is not None]
    found = {a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *starred)}
    if isinstance(node, ast.FunctionDef):
        parts = [part for statement in node.body for part in _outside_comprehensions(statement)]
        found |= {*_bound(parts)}
        for part in parts:
            if isinstance(part, (ast.Global, ast.Nonlocal)):
                found -= {*part.names}
    return found


def _outside_comprehensions(node: ast.AST) -> Iterator[ast.AST]:
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        if not isinstance(one, (*_LEAVES, *_SCOPES, *_COMPREHENSIONS)):
            pending += [*ast.iter_child_nodes(one)][::-1]


def _is_exhaustive(node: ast.Match) -> bool:
    """Whether the last case takes whatever comes."""
    last = node.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern
