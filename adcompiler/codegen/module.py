"""A whole module: docstring, imports, the helpers and gates it needs, the function.

What comes out runs where only NumPy is installed, and the same input gives the same bytes.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..ir.core import Function, Label, Operation, callee_of, walk
from ..runtime import HELPERS, helper_source
from .contexts import gather
from .signature import FunctionShape
from .statements import Emitter
from .text import to_text

__all__ = ["Emitted", "emit_module"]

MODULES = ("np", "math")


@dataclass(frozen=True)
class Emitted:
    """The text of the function, after those that it calls, and of the module that it runs in."""

    name: str
    function: str
    module: str


def emit_module(function: Function, shape: FunctionShape, level: int, title: str) -> Emitted:
    """Write `function` with the given Python signature as the last definition of a module, after
    the functions that it calls."""
    others = _called(function)
    gates = _gates([*others, function])
    names = [f.name for f in (*others, function)]
    reserved = {*MODULES, *HELPERS, *names, *gates}
    own = [_definition(f, FunctionShape.plain(f), level, reserved, False) for f in others]
    own.append(_definition(function, shape, level, reserved))
    definitions = [
        _definition(primal, FunctionShape.plain(primal), 1, reserved) for primal in gates.values()
    ]
    used = _Names([*own, *definitions], names, {*MODULES, *HELPERS, *gates})
    helpers = [name for name in HELPERS if f"helper.{name}" in used.references]
    for node in (*own, *definitions):
        used.resolve(node)
    for node in own[:-1]:
        node.name = used.functions[node.name]
    text = "\n\n".join(to_text([node]) for node in own)
    parts = [f'"""{title}"""', used.imports(bool(helpers))]
    parts += [f"\n{helper_source(name)}" for name in helpers]
    parts += [f"\n{to_text([node])}" for node in definitions]
    module = "\n\n".join(part.rstrip("\n") for part in [*parts, f"\n{text}"] if part) + "\n"
    return Emitted(function.name, text, module)


def _import(module: str, name: str) -> str:
    return f"import {module}" if module == name else f"import {module} as {name}"


def _called(function: Function) -> list[Function]:
    """The functions that are called from this one or from one another."""
    found: set[Label] = set()
    pending = [function]
    while pending:
        for op in walk(pending.pop().body):
            label = callee_of(op)
            if label is not None and label not in found:
                found.add(label)
                pending.append(function.functions[label])
    return [f for label, f in function.functions.items() if label in found]


def _is_module(reference: str) -> bool:
    """Whether it stands for a module of the standard library."""
    return "." not in reference and reference != "np"


def _gates(functions: Sequence[Function]) -> dict[str, Function]:
    """The gates' own functions, by name, inner ones first."""
    found: dict[str, Function] = {}

    def visit(operations: Iterable[Operation]) -> None:
        for op in operations:
            primal = op.attributes.get("primal")
            if primal is not None and primal.name not in found:
                visit(walk(primal.body))
                found[primal.name] = primal

    for function in functions:
        visit(walk(function.body))
    return found


def _definition(
    function: Function, shape: FunctionShape, level: int, reserved: Iterable[str],
    headed: bool = True,
) -> ast.FunctionDef:  # fmt: skip
    emitter = Emitter(function, level, {*reserved, *shape.names}, headed)
    body = [*shape.unpacking(emitter), *gather(emitter.body()), shape.returned(emitter)]
    return ast.FunctionDef(
        name=function.name, args=shape.arguments, body=body, decorator_list=[],
        returns=None, type_comment=None,
    )  # fmt: skip


class _Names:
    """Gives modules, builtins, helpers, gates and functions names that no parameter hides."""

    def __init__(
        self, definitions: Sequence[ast.AST], functions: Sequence[str], fixed: Iterable[str]
    ) -> None:
        nodes = [n for d in definitions for n in ast.walk(d)]
        self.references = {
            n.id[1:] for n in nodes if isinstance(n, ast.Name) and n.id.startswith("$")
        }
        self.used = {n.id for n in nodes if isinstance(n, ast.Name) and n.id[0] != "$"}
        self.used |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        self.functions = self._functions(functions, {*fixed, *self.used, *dir(builtins)})

    def imports(self, helpers: bool) -> str:
        """The import lines; the helpers' source says `np`."""
        hidden = any(r.startswith("builtin.") and r[8:] in self.used for r in self.references)
        lines = [_import("builtins", self.alias("builtins"))] if hidden else []
        lines += [_import(m, self.alias(m)) for m in sorted(self.references) if _is_module(m)]
        if lines and (helpers or "np" in self.references):
            lines.append("")
        if helpers or "np" in self.references:
            lines.append(_import("numpy", self.alias("np")))
            if helpers and self.alias("np") != "np":
                lines.append(_import("numpy", "np"))
        return "\n".join(lines)

    @staticmethod
    def _functions(names: Sequence[str], taken: set[str]) -> dict[str, str]:
        """What the functions are called in the text; the last one keeps its name."""
        taken.add(names[-1])
        found = {}
        for name in names[:-1]:
            text = name
            while text in taken or (text != name and text in names):
                text += "_"
            taken.add(text)
            found[name] = text
        return found

    def alias(self, name: str) -> str:
        while name in self.used:
            name += "_"
        return name

    def resolve(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id.startswith("$"):
                node.id = self.text(node.id[1:])

    def text(self, reference: str) -> str:
        kind, _, name = reference.partition(".")
        if not name:
            return self.alias(reference)
        if kind == "builtin" and name in self.used and hasattr(builtins, name):
            return f"{self.alias('builtins')}.{name}"
        return self.functions[name] if kind == "function" else name
