"""What the emitted text computes, line by line: it runs with a look at each assignment.

    grad_y = grad_y * x            grad_y = grad_y * x; <seen>(7, ('grad_y',), (grad_y,))
    return grad_x                  return <result>(8, grad_x)
"""

from __future__ import annotations

import ast
import contextlib
import io
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..codegen.emitted import Emitted
from ..graph_text import shown
from ..ir.core import Function, walk
from ..ops import TABLE
from ..ops.effects import Template
from .model import Gate, Sample
from .numbers import FIRST, LAST, brief

__all__ = ["may_repeat", "watched"]

# No text can have names like these.
_SEEN, _RESULT = "<seen>", "<result>"


def may_repeat(function: Function) -> bool:
    """Whether running the function once more is seen by nobody: it draws nothing, and does no more
    than raise and print."""
    for one in (function, *function.functions.values()):
        for op in walk(one.body):
            entry = TABLE.get(op.opcode)
            if entry is None or entry.mirrored:
                continue
            if entry.once or (entry.effect and not _is_harmless(op.attributes["template"])):
                return False
    return True


def _is_harmless(template: Template) -> bool:
    match template.tree:
        case ast.Raise() | ast.Assert():
            return True
        case ast.Expr(ast.Call(ast.Name(name))) | ast.Call(ast.Name(name)):
            return name in ("print", "$builtin.print")
    return False


def watched(
    emitted: Emitted, args: Sequence[Any], keywords: Mapping[str, Any]
) -> dict[int, Gate]:
    """By line of the function's text, from 0, what was assigned there. Raises what it raises."""
    tree = ast.parse(emitted.module)
    before = emitted.module.count("\n") - emitted.function.count("\n")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.lineno > before:
            node.body = list(_watching(node.body, before + 1))
    seen: dict[int, _Record] = {}

    def look(line: int, names: Sequence[str], values: Sequence[Any]) -> None:
        if line not in seen:
            seen[line] = _Record(", ".join(names))
        seen[line].keep(values[0] if len(values) == 1 else tuple(values))

    def result(line: int, value: Any) -> Any:
        look(line, ("return",), (value,))
        return value

    names: dict[str, Any] = {_SEEN: look, _RESULT: result, "__name__": emitted.name}
    exec(compile(ast.fix_missing_locations(tree), "<watched>", "exec"), names)
    with contextlib.redirect_stdout(io.StringIO()):
        names[emitted.name](*args, **keywords)
    return {line: record.gate(line) for line, record in seen.items()}


@dataclass
class _Record:
    """What one line assigns: how often, and the first and the last values."""

    names: str
    count: int = 0
    first: list[Any] = field(default_factory=list)
    last: deque[Any] = field(default_factory=lambda: deque(maxlen=LAST))

    def keep(self, value: Any) -> None:
        self.count += 1
        (self.first if self.count <= FIRST else self.last).append(_now(value))

    def gate(self, line: int) -> Gate:
        numbers = [*range(len(self.first)), *range(self.count - len(self.last), self.count)]
        samples = tuple(
            Sample(str(k) if self.count > 1 else "", brief(value), "", _shown(value))
            for k, value in zip(numbers, [*self.first, *self.last], strict=True)
        )
        return Gate(self.names, "", line, self.count, samples)


def _now(value: Any) -> Any:
    """What a value is now: arrays are stored into, tapes grow."""
    match value:
        case np.ndarray():
            return value.copy()
        case tuple():
            return tuple(map(_now, value))
        case dict():
            return {key: _now(part) for key, part in value.items()}
        case list():
            return f"{len(value)} on the tape"
    return value


def _watching(body: Sequence[ast.stmt], first: int) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for node in body:
        for part in ("body", "orelse"):
            inner = getattr(node, part, None)
            if inner:
                setattr(node, part, _watching(inner, first))
        found.append(node)
        line = node.lineno - first
        match node:
            case ast.Assign(targets):
                found += _look(line, [n for t in targets for n in _names(t)])
            case ast.AugAssign(target):
                found += _look(line, _names(target))
            case ast.For(target):
                node.body = [*_look(line, _names(target)), *node.body]
            case ast.Return(ast.expr() as value):
                node.value = _call(_RESULT, ast.Constant(line), value)
    return found


def _names(target: ast.expr) -> list[str]:
    """The variables that an assignment changes."""
    match target:
        case ast.Name(name):
            return [] if name.strip("_") == "" else [name]
        case ast.Tuple(parts) | ast.List(parts):
            return [name for part in parts for name in _names(part)]
        case ast.Subscript(value) | ast.Starred(value):
            return _names(value)
    return []


def _look(line: int, names: Sequence[str]) -> list[ast.stmt]:
    if not names:
        return []
    texts = ast.Tuple([ast.Constant(name) for name in names], ast.Load())
    values = ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())
    return [ast.Expr(_call(_SEEN, ast.Constant(line), texts, values))]


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


_LONGEST = 6


def _shown(value: Any) -> str:
    """Tuples by their parts, or how many there are."""
    match value:
        case tuple() if len(value) <= _LONGEST:
            return f"({', '.join(map(_shown, value))})"
        case tuple():
            return f"{len(value)} values"
        case dict():
            return f"{{{', '.join(f'{key}: {_shown(part)}' for key, part in value.items())}}}"
    return shown(value)
