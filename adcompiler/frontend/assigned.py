"""What a piece of syntax does to names and to control, before it is lowered.

>>> import ast
>>> tree = ast.parse("if c:\\n    a, b = 1, 2\\nelse:\\n    return b")
>>> assigned_names(tree.body), may_return(tree.body[0]), always_jumps(tree.body)
(['a', 'b'], True, False)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

__all__ = [
    "always_jumps",
    "assigned_names",
    "breaks",
    "continues",
    "local_names",
    "may_jump",
    "may_return",
]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its parts in source order, inner functions left out; of a comprehension, the
    names that it binds outside of itself."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        if isinstance(one, _COMPREHENSIONS):
            yield from (n.target for n in ast.walk(one) if isinstance(n, ast.NamedExpr))
        elif not isinstance(one, _SCOPES):
            pending += [*ast.iter_child_nodes(one)][::-1]


def assigned_names(nodes: Sequence[ast.AST]) -> list[str]:
    """The names that the statements may bind, in order of first appearance."""
    return _bound([part for node in nodes for part in _own_nodes(node)])


def _bound(parts: Sequence[ast.AST]) -> list[str]:
    """The names that these nodes bind themselves."""
    names: dict[str, None] = {}
    for part in parts:
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
    return list(names)


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
        if not isinstance(one, (*_SCOPES, *_COMPREHENSIONS)):
            pending += [*ast.iter_child_nodes(one)][::-1]


def may_return(node: ast.AST) -> bool:
    """Whether a `return` stands anywhere inside."""
    return any(isinstance(part, ast.Return) for part in _own_nodes(node))


def may_jump(node: ast.AST) -> bool:
    """Whether a `return`, or a `break` or `continue` of a loop around it, stands inside."""
    return may_return(node) or _own_jump([node], (ast.Break, ast.Continue))


def breaks(nodes: Sequence[ast.AST]) -> bool:
    """Whether the statements, a loop's body, may `break` that loop."""
    return _own_jump(nodes, (ast.Break,))


def continues(nodes: Sequence[ast.AST]) -> bool:
    """Whether the statements, a loop's body, may `continue` that loop."""
    return _own_jump(nodes, (ast.Continue,))


def _own_jump(nodes: Sequence[ast.AST], kinds: tuple[type[ast.AST], ...]) -> bool:
    for node in nodes:
        if isinstance(node, kinds):
            return True
        if isinstance(node, (*_SCOPES, ast.expr)):
            continue
        # An inner loop's body has its own jumps; its `else` has not.
        inner = node.orelse if isinstance(node, _LOOPS) else list(ast.iter_child_nodes(node))
        if _own_jump(inner, kinds):
            return True
    return False


def _is_exhaustive(node: ast.Match) -> bool:
    """Whether the last case takes whatever comes."""
    last = node.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern


def always_jumps(nodes: Sequence[ast.stmt]) -> bool:
    """Whether every path through the statements ends in a jump, or by raising."""
    for node in nodes:
        match node:
            case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
                return True
            case ast.If(_, then, otherwise) if always_jumps(then) and always_jumps(otherwise):
                return True
            case ast.Match(_, cases) if _is_exhaustive(node):
                if all(always_jumps(case.body) for case in cases):
                    return True
            case ast.While(ast.Constant(value), body) if value and not breaks(body):
                return True
    return False
