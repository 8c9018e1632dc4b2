"""What a piece of syntax does to names and to control, before it is lowered.

>>> import ast
>>> tree = ast.parse("if c:\\n    a, b = 1, 2\\nelse:\\n    return b")
>>> assigned_names(tree.body), may_return(tree.body[0]), always_returns(tree.body)
(['a', 'b'], True, False)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

__all__ = ["always_returns", "assigned_names", "jumps", "may_return"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its parts in source order, inner functions left out; of a comprehension, the
    names that it binds outside of itself."""
    yield node
    if isinstance(node, _COMPREHENSIONS):
        inner = (child for child in ast.walk(node) if isinstance(child, ast.NamedExpr))
        yield from (child.target for child in inner)
    elif not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from _own_nodes(child)


def assigned_names(nodes: Sequence[ast.AST]) -> list[str]:
    """The names that the statements may bind, in order of first appearance."""
    names: dict[str, None] = {}
    for node in nodes:
        for part in _own_nodes(node):
            match part:
                case ast.Name(id, ast.Store()):
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


def may_return(node: ast.AST) -> bool:
    """Whether a `return` stands anywhere inside."""
    return any(isinstance(part, ast.Return) for part in _own_nodes(node))


def always_returns(nodes: Sequence[ast.stmt]) -> bool:
    """Whether every path through the statements ends in a `return`."""
    for node in nodes:
        if isinstance(node, ast.Return):
            return True
        if isinstance(node, ast.Match) and _is_exhaustive(node):
            return all(always_returns(case.body) for case in node.cases)
        if isinstance(node, ast.If) and always_returns(node.body) and always_returns(node.orelse):
            return True
    return False


def _is_exhaustive(node: ast.Match) -> bool:
    """Whether the last case takes whatever comes."""
    last = node.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern


def jumps(nodes: Sequence[ast.stmt]) -> ast.stmt | None:
    """The first `return`, `break` or `continue` inside, if there is one."""
    for node in nodes:
        for part in _own_nodes(node):
            if isinstance(part, (ast.Return, ast.Break, ast.Continue)):
                return part
    return None
