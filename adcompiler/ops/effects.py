"""What a function says and checks: effects, and the text that they show.

    print("x is", x)                     effect[print('x is', $0)] %x
    message = f"{x:.3f} is too small"    %message: static = text[f'{$0:.3f} is too small'] %x
    raise ValueError(message)            effect[raise ValueError($0)] %message

Both hold a template: the user's statement or expression, in which `$0`, `$1`, ... stand for the
operands and `$builtin.print`, `$logging` for what comes from outside. An effect has no result; it
stays where it is, and no other effect passes it.

>>> template = Template(ast.parse("x + 1", mode="eval").body)
>>> str(template), ast.unparse(template.filled([]))
('x + 1', 'x + 1')
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast, final

import numpy as np

from ..ir.types import Static, Type
from ..runtime import helpers
from .op import SAID, Attributes, Emission, Op

__all__ = ["ENTRIES", "Template", "hole"]

Node = TypeVar("Node", bound=ast.AST)


def hole(number: int) -> ast.expr:
    """Where an operand goes in a template."""
    return ast.Name(f"${number}", ast.Load())


@final
@dataclass(frozen=True, eq=False)
class Template:
    """A statement or expression with holes."""

    tree: ast.AST

    def __str__(self) -> str:
        shown = self.tree.items if isinstance(self.tree, ast.With) else [self.tree]
        text = ", ".join(map(ast.unparse, shown))
        return text.replace("$builtin.", "").replace("$helper.", "").replace("\n", "; ")

    @functools.cached_property
    def repeated(self) -> tuple[int, ...]:
        """The holes that occur more than once."""
        names = [n.id[1:] for n in ast.walk(self.tree) if isinstance(n, ast.Name)]
        counts = Counter(int(name) for name in names if name.isdecimal())
        return tuple(k for k, count in counts.items() if count > 1)

    def filled(self, operands: Sequence[ast.expr]) -> Any:
        """The tree with operands in the holes; nothing is shared with the template."""
        return _filled(self.tree, operands)

    def run(self, operands: Sequence[Any]) -> Any:
        """What the expression gives, or the statement does, for these operands."""
        names = _Namespace({f"${k}": value for k, value in enumerate(operands)})
        if isinstance(self.tree, ast.expr):
            whole: ast.AST = ast.Expression(self.filled(list(map(hole, range(len(operands))))))
            mode = "eval"
        else:
            whole = ast.Module([self.filled(list(map(hole, range(len(operands)))))], [])
            mode = "exec"
        code = compile(cast(Any, ast.fix_missing_locations(whole)), "<template>", mode)
        return eval(code, {}, names)


class _Namespace(dict[str, Any]):
    """Operands, and modules and builtins by the names that templates give them."""

    def __missing__(self, name: str) -> Any:
        if name == "$np":
            return np
        if name.startswith("$builtin."):
            return getattr(builtins, name.removeprefix("$builtin."))
        if name.startswith("$helper."):
            return getattr(helpers, name.removeprefix("$helper."))
        if name.startswith("$"):
            return importlib.import_module(name[1:])
        raise KeyError(name)


def _filled(node: Node, operands: Sequence[ast.expr]) -> Node | ast.expr:
    if isinstance(node, ast.Name) and node.id[:1] == "$" and node.id[1:].isdecimal():
        return operands[int(node.id[1:])]
    fields = dict(ast.iter_fields(node))
    for name, value in fields.items():
        if isinstance(value, ast.AST):
            value = _filled(value, operands)
        elif isinstance(value, list):
            value = [_filled(v, operands) if isinstance(v, ast.AST) else v for v in value]
        fields[name] = value
    return type(node)(**fields)


def _static(types: Sequence[Type], attributes: Attributes) -> Type:
    return Static()


def _evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return attributes["template"].run(operands)


def _emit(emission: Emission) -> Any:
    return emission.attributes["template"].filled(emission.operands)


def _left(emission: Emission) -> ast.stmt:
    return ast.With([], [])


def _nothing(attributes: Attributes, operands: Sequence[Any]) -> None:
    """The interpreter computes the same values in any context."""


# `enter` and `leave` stand in one block, and their mirror images in its mirror.
ENTRIES: tuple[Op, ...] = (
    Op("enter", _static, _nothing, _emit, effect=_emit, mirrored="leave", no_gradient=SAID),
    Op("leave", _static, _nothing, _emit, effect=_left, mirrored="enter", no_gradient=SAID),
    Op("text", _static, _evaluate, _emit, no_gradient=SAID),
    Op("effect", _static, _evaluate, _emit, effect=_emit, no_gradient=SAID),
)
