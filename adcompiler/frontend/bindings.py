"""Which names does a statement bind, and which values does it store into?

>>> tree = ast.parse("for i in range(3):\\n    y = i\\n    table[i].append(y)\\n    x.a = y")
>>> [name for name, node in bound_names(tree)], sorted(stored_names(tree, {}))
(['i', 'y'], ['table', 'x'])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

__all__ = ["bound_names", "stored_names", "stores"]

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)

_MUTATING_METHODS = (
    *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault", "intersection_update", "difference_update"),
    *("symmetric_difference_update", "fill", "put", "resize", "partition", "setflags"),
    *("setfield", "itemset", "byteswap"),
)
_MUTATING_FUNCTIONS = (
    *("copyto", "fill_diagonal", "put", "place", "putmask", "put_along_axis", "shuffle"),
    *("setattr", "delattr"),
)


def bound_names(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each name that `node` binds or deletes in its own scope, with the node that does it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, node
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, node
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0], node
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name, node
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name, node
    if not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from bound_names(child)


def stored_names(node: ast.AST, functions: Mapping[str, ast.AST]) -> set[str]:
    """Names of values that `node` changes in place, or lets one of `functions` change or rebind.

    A function counts as soon as it is mentioned: whether it is called can't be seen.
    """
    names = set(stores(node))
    reached = set[str]()
    waiting = _mentioned(node) & functions.keys()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        body = functions[name]
        declared = {n for g in ast.walk(body) if isinstance(g, ast.Global) for n in g.names}
        names |= set(stores(body)) - _locals(body) | declared
        waiting |= (_mentioned(body) & functions.keys()) - reached
    return names


def _mentioned(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _locals(function: ast.AST) -> set[str]:
    nodes = list(ast.walk(function))
    parameters = {n.arg for n in nodes if isinstance(n, ast.arg)}
    return parameters | {
        n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def stores(node: ast.AST) -> Iterator[str]:
    """Names of values that `node` changes in place, each as often as it does."""
    for part in ast.walk(node):
        match part:
            case (
                ast.Subscript(ctx=ast.Store() | ast.Del())
                | ast.Attribute(ctx=ast.Store() | ast.Del())
            ):
                yield from _root(part)
            case ast.AugAssign(target=target):
                yield from _root(target)
            case ast.keyword(arg="out", value=value):
                yield from _root(value)
            case ast.Call(func=ast.Attribute(attr=method, value=owner), args=arguments):
                if method in _MUTATING_METHODS:
                    yield from _root(owner)
                if method in _MUTATING_FUNCTIONS and arguments:
                    yield from _root(arguments[0])
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _MUTATING_FUNCTIONS:
                yield from _root(first)


def _root(node: ast.expr) -> Iterator[str]:
    """The name behind `a.b[0].c`, if there is one."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
