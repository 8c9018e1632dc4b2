"""Statements as text: an `ast` tree comes in, Python source comes out.

Parsing the text gives the tree back, except for what Python has no syntax for: comments and blank
lines, which are nodes of ours, and numbers without a literal, printed as the expression that
evaluates to them (`-2.0`, `float("inf")`). Statements are astor's business, expressions and long
lines ours (`text_expressions`, `text_lines`): astor's are slow, and not always right.

>>> tree = ast.parse("x = (a*b)+-2.0")
>>> print(to_text([Comment("forward"), *tree.body]), end="")
# forward
x = a * b + -2.0
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from typing import ClassVar

from .text_expressions import write_arguments, write_expression, write_parameters
from .text_lines import break_line
from .text_literals import docstring
from .text_precedence import BINARY, TEST, TUPLE, YIELD

with warnings.catch_warnings():
    # astor asks the ast module for its retired node classes (Num, Str, ...) when imported.
    warnings.filterwarnings("ignore", r"ast\.\w+ is deprecated", DeprecationWarning)
    from astor.code_gen import SourceGenerator

__all__ = ["Blank", "Comment", "to_text"]

_INDENT = "    "
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Comment(ast.stmt):
    """A comment on lines of its own: `text` without the leading hash, one comment per line."""

    _fields = ("text",)
    __match_args__ = ("text",)
    _field_types: ClassVar[dict[str, type]] = {"text": str}
    text: str

    def __init__(self, text: str) -> None:
        super().__init__(text=text)  # type: ignore[call-arg]


class Blank(ast.stmt):
    """One empty line; several in a row, or next to a definition, add up to no more."""

    _fields = ()


def to_text(tree: ast.AST | Sequence[ast.stmt]) -> str:
    """The source of a module, of statements (ending in a newline), or of one expression."""
    if isinstance(tree, ast.Expression):
        tree = tree.body
    if isinstance(tree, ast.expr):
        tokens: list[str] = []
        write_expression(tree, TEST, tokens)
        return "".join(tokens)
    printer = _Printer()
    if isinstance(tree, ast.Module):
        tree = tree.body
    if isinstance(tree, ast.AST):
        printer.visit(tree)
    else:
        printer.suite(tree, documented=True)
    return printer.text()


class _Printer(SourceGenerator):  # type: ignore[misc]
    """astor's walk over statements; `result` collects tokens, a line begun by its indentation."""

    def __init__(self) -> None:
        super().__init__(_INDENT)

    def text(self) -> str:
        lines: list[str] = []
        start = 0
        ends = [p for p, token in enumerate(self.result) if token[:1] == "\n"]
        for end in [*ends, len(self.result)]:
            if end > start:
                indent, *tokens = self.result[start:end]
                lines += break_line(tokens, indent)
            if end < len(self.result) and lines:
                lines += [""] * (len(self.result[end]) - 1)
            start = end + 1
        return "\n".join(lines).rstrip("\n") + "\n"

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr):
            self.expression(node, TEST)
            return
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            raise TypeError(f"no text for a node of type {type(node).__name__}")
        method(node)

    def expression(self, node: ast.expr, level: int) -> None:
        self.write("")  # astor holds line breaks back until something is written
        write_expression(node, level, self.result)

    def suite(self, statements: Sequence[ast.stmt], *, documented: bool = False) -> None:
        """Statements of one block; definitions, with the comments before them, are set apart."""
        opens_definition = [False] * (len(statements) + 1)
        for i in reversed(range(len(statements))):
            comment = isinstance(statements[i], Comment) and opens_definition[i + 1]
            opens_definition[i] = comment or isinstance(statements[i], _DEFINITIONS)
        seen_code = False
        for i, node in enumerate(statements):
            before = statements[i - 1] if i else None
            apart = opens_definition[i] and not isinstance(before, Comment)
            if before and (apart or isinstance(before, _DEFINITIONS)):
                self.newline(extra=1 if self.indentation else 2)
            if isinstance(node, Blank):
                self.newline(extra=1 if before else 0)
                continue
            if documented and not seen_code and isinstance(node, ast.Expr):
                self.visit_documentation(node)
            else:
                self.visit(node)
            seen_code = seen_code or not isinstance(node, Comment)
        if not seen_code and self.indentation:
            self.statement(None, "pass")  # a block of comments alone is no block to Python

    def body(self, statements: Sequence[ast.stmt], documented: bool = False) -> None:
        self.indentation += 1
        self.suite(statements, documented=documented)
        self.indentation -= 1

    def visit_documentation(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and not value.kind:
            self.statement(node, docstring(value.value))
        else:
            self.visit(node)

    def visit_Comment(self, node: Comment) -> None:
        for line in node.text.splitlines() or [""]:
            shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line.expandtabs())
            self.statement(node, f"# {shown}".rstrip())

    def visit_Expr(self, node: ast.Expr) -> None:
        self.newline()
        self.expression(node.value, YIELD)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.newline()
        for target in node.targets:
            self.expression(target, TUPLE)
            self.write(" = ")
        self.expression(node.value, YIELD)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.statement(node, node.target, f"{BINARY[type(node.op)][0].rstrip()}= ")
        self.expression(node.value, YIELD)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.newline()
        if isinstance(node.target, ast.Name) and not node.simple:
            self.write("(", node.target, ")")
        else:
            self.write(node.target)
        self.write(": ", node.annotation)
        if node.value:
            self.write(" = ")
            self.expression(node.value, YIELD)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.statement(node, "return")
        else:
            self.statement(node, "return ")
            self.expression(node.value, TUPLE)

    def visit_For(self, node: ast.For | ast.AsyncFor, is_async: bool = False) -> None:
        target: list[str] = []
        write_expression(node.target, TUPLE, target)
        self.statement(node, "async for " if is_async else "for ", "".join(target), " in ")
        self.write(node.iter, ":")
        self.body_or_else(node)

    def visit_withitem(self, node: ast.withitem) -> None:
        if isinstance(node.context_expr, ast.Tuple) and node.optional_vars is None:
            # `with (a, b):` enters two contexts.
            self.write("(", node.context_expr, ")")
        else:
            super().visit_withitem(node)

    def visit_FunctionDef(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, is_async: bool = False
    ) -> None:
        self._check_generic(node)
        self.decorators(node, 0)
        self.statement(node, "async def " if is_async else "def ", node.name, "(")
        write_parameters(node.args, self.result)
        self.write(")")
        if node.returns:
            self.write(" -> ", node.returns)
        self.write(":")
        self.body(node.body, documented=True)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._check_generic(node)
        self.decorators(node, 0)
        self.statement(node, "class ", node.name)
        if node.bases or node.keywords:
            self.write("(")
            write_arguments(node.bases, node.keywords, self.result)
            self.write(")")
        self.write(":")
        self.body(node.body, documented=True)

    def _check_generic(self, node: ast.stmt) -> None:
        if getattr(node, "type_params", None):
            raise TypeError("no text for type parameters")
