"""Expressions of a file's top level that may be evaluated without running the file.

Plain are: literals, operators, subscripts, displays of these; names that are known; attributes of
modules and of NumPy arrays; and calls of functions of `math`, `numpy`, `numpy.linalg`, `numpy.fft`
and `numpy.random` and of a few builtin types, with plain arguments that hold no Python function.
Functions that touch files or settings of the process are left out.

>>> plain_value(ast.parse("np.zeros(n + 1)[1:]", mode="eval").body, {"np": np, "n": 2})
array([0., 0.])
>>> plain_value(ast.parse("np.load('weights.npy')", mode="eval").body, {"np": np})
Traceback (most recent call last):
    ...
adcompiler.frontend.plain_expressions.NotPlain: np.load
"""

from __future__ import annotations

import ast
import builtins
import cmath
import math
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from adcompiler.diagnostics import Span

__all__ = ["Decorated", "NotPlain", "Unevaluated", "plain_value", "resolve"]

_STRUCTURE = (
    *(ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
    *(ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Subscript, ast.Slice, ast.Starred, ast.keyword),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
_LIBRARIES = (math, cmath, np, np.linalg, np.fft, np.random)
_BUILTINS = (bool, int, float, complex, abs, len, range, tuple, list, dict, sum)
_EFFECTS = (
    *("save", "savez", "savez_compressed", "savetxt", "load", "loadtxt", "genfromtxt"),
    *("fromfile", "fromregex", "memmap", "seterr", "seterrcall", "setbufsize"),
    *("set_printoptions", "seed", "set_state", "info", "show_config", "show_runtime", "test"),
)


@dataclass(frozen=True)
class Unevaluated:
    """Stands for a top-level name whose value only running the file would tell."""

    name: str
    span: Span


@dataclass(frozen=True)
class Decorated:
    """Stands for a function whose decorator isn't ours, and so isn't applied."""

    function: FunctionType
    decorator_text: str


class NotPlain(Exception):
    """The expression, or this part of it, can't be evaluated here."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__(ast.unparse(node))


def plain_value(node: ast.expr, namespace: dict[str, Any]) -> object:
    """The value of `node`; NotPlain where it isn't plain or its evaluation fails."""
    _require_plain(node, namespace)
    expression = ast.fix_missing_locations(ast.Expression(node))
    try:
        return eval(compile(expression, "<expression>", "eval", dont_inherit=True), namespace)
    except Exception as error:
        raise NotPlain(node) from error


def _require_plain(node: ast.AST, namespace: dict[str, Any], *, data: bool = False) -> None:
    """`data` forbids functions: passed on, as in `np.fromfunction(f, ...)`, they would run."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        if _holds_function(resolve(node, namespace)) and data:
            raise NotPlain(node)
    elif isinstance(node, ast.Call):
        if not _may_be_called(resolve(node.func, namespace)):
            raise NotPlain(node.func)
        for argument in (*node.args, *node.keywords):
            _require_plain(argument, namespace, data=True)
    elif isinstance(node, _STRUCTURE):
        for child in ast.iter_child_nodes(node):
            _require_plain(child, namespace, data=data)
    else:
        raise NotPlain(node)


def _holds_function(value: object) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_holds_function(v) for v in value)
    if isinstance(value, dict):
        return any(_holds_function(v) for v in value.values())
    return isinstance(value, FunctionType)


def _may_be_called(callee: object) -> bool:
    name = getattr(callee, "__name__", "")
    if name in _EFFECTS:
        return False
    in_library = any(vars(module).get(name) is callee for module in _LIBRARIES)
    return in_library or any(callee is allowed for allowed in _BUILTINS)


def resolve(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """The object behind a dotted name; NotPlain where finding it would run more than a look-up."""
    if isinstance(node, ast.Name):
        value = namespace.get(node.id, vars(builtins).get(node.id, Unevaluated))
        if value is Unevaluated or isinstance(value, (Unevaluated, Decorated)):
            raise NotPlain(node)
        return value
    if isinstance(node, ast.Attribute):
        owner = resolve(node.value, namespace)
        if isinstance(owner, (ModuleType, np.ndarray)) and hasattr(owner, node.attr):
            return getattr(owner, node.attr)
    raise NotPlain(node)
