"""The names of a user's file, for the command line, without running the file.

What is executed, statement by statement at the top level of the file:

- `import` and `from ... import`, alone or in a `try` that catches an ImportError, with the file's
  folder first on `sys.path` meanwhile. The imported modules run as in any import.
- `def` and `lambda` define their function; the body isn't run. Defaults must be plain expressions
  (see `plain_expressions`); an annotation that isn't plain is kept as its text.
- Assignments of plain expressions to names.
- Of decorators, adcompiler's `primitive` and `<gate>.backward`. Its `grad` and `value_and_grad`
  are left out; any other leaves a `Decorated` behind.

Nothing else is. `if __name__ == "__main__":` and `if TYPE_CHECKING:` are passed over. Classes,
other calls, loops, branches and `with` blocks leave an `Unevaluated` for each name that they bind
or store into, also by way of a function of this file that they mention. A store through an alias
(`b = a`, then `b[0] = 1` in a loop) isn't followed back to `a`.
"""

from __future__ import annotations
import __future__

import ast
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from adcompiler.diagnostics import AdcompilerError, Diagnostic, SourceError, Span
from adcompiler.frontend.bindings import bound_names, stored_names
from adcompiler.frontend.plain_expressions import (
    Decorated,
    NotPlain,
    Unevaluated,
    plain_value,
    resolve,
)
from adcompiler.frontend.source import node_span
from adcompiler.frontend.source_file import parse_file

__all__ = ["Decorated", "Unevaluated", "load_namespace"]

_IMPORT_ERRORS = {
    "ImportError": ImportError,
    "ModuleNotFoundError": ModuleNotFoundError,
    "Exception": Exception,
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Decorator = Callable[[Any], Any]
_Assignment = ast.Assign | ast.AnnAssign | ast.AugAssign


def load_namespace(path: str | os.PathLike[str]) -> dict[str, object]:
    """The file's top-level names and what stands for them; SourceError where it can't be read."""
    tree, filename, lines = parse_file(path)
    loader = _Loader(filename, lines)
    loader.run(tree.body)
    return loader.namespace


class _Loader:
    """Walks the top-level statements in order and fills the namespace."""

    def __init__(self, filename: str, lines: Sequence[str]) -> None:
        self.filename = filename
        self.lines = lines
        self.flags = 0
        self.functions: dict[str, ast.AST] = {}
        # An empty package lets a relative import fail as it does in a script.
        self.namespace: dict[str, Any] = {
            "__name__": Path(filename).stem,
            "__file__": filename,
            "__package__": "",
        }

    def run(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            try:
                self._statement(statement)
            except RecursionError:
                reason = "this statement is nested too deeply to be examined."
                raise _error(
                    "nested-too-deeply", reason, "split it.", self._span(statement)
                ) from None

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node)
            case ast.If(test=test) if _is_false_here(test):
                self.run(node.orelse)
            case ast.Try() if _guards_imports(node):
                self._try_imports(node)
            case ast.ClassDef():
                self._mark(node.name, node)
                for part in _run_by_class(node):
                    self._forget_stores(part)
            case _:
                self._leave_out(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                self.flags |= getattr(__future__, alias.name).compiler_flag
        with _importable(os.path.dirname(os.path.abspath(self.filename))):
            try:
                self._execute(node)
            except (Exception, SystemExit) as error:
                first_line = str(error).partition("\n")[0]
                raise _error(
                    "import-failed",
                    f"`{ast.unparse(node)}` failed: {type(error).__name__}: {first_line}.",
                    "install or repair the module, or import it in the function that needs it.",
                    self._span(node),
                ) from error

    def _try_imports(self, node: ast.Try) -> None:
        try:
            self.run(node.body)
        except SourceError as refused:
            for handler in node.handlers:
                if isinstance(refused.__cause__, _caught(handler)):
                    self.run(handler.body)
                    break
            else:
                raise
        else:
            self.run(node.orelse)
        self.run(node.finalbody)

    def _define(self, node: _Function) -> None:
        decorators, node.decorator_list = node.decorator_list, []
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        late = [d for d in defaults if not self._is_plain(d)]
        if late:
            self._mark(node.name, late[0])
            return
        for part in ast.walk(node.args):
            if isinstance(part, ast.arg):
                part.annotation = self._annotation(part.annotation)
        node.returns = self._annotation(node.returns)
        steps = [(d, self._decorator(d)) for d in decorators]
        ours = [(d, apply) for d, apply in steps if apply is not None]
        foreign = [d for d, apply in steps if apply is None]
        self._execute(node)
        self.functions[node.name] = node
        function = self.namespace[node.name]
        if foreign:
            function = Decorated(function, f"@{ast.unparse(foreign[0])}")
        else:
            for decorator, apply in reversed(ours):
                function = self._apply(apply, function, decorator)
        self.namespace[node.name] = function
        for decorator in foreign:
            self._forget_stores(decorator)

    def _annotation(self, annotation: ast.expr | None) -> ast.expr | None:
        texts = self.flags & __future__.annotations.compiler_flag  # Python keeps the text itself
        if annotation is None or texts or self._is_plain(annotation):
            return annotation
        return ast.copy_location(ast.Constant(ast.unparse(annotation)), annotation)

    def _decorator(self, node: ast.expr) -> _Decorator | None:
        """What the decorator does to a function; nothing if it isn't one of adcompiler's."""
        callee = node.func if isinstance(node, ast.Call) else node
        try:
            found = self._callee(callee)
            kind = getattr(found, "__adcompiler_decorator__", None)
            if kind in ("grad", "value_and_grad"):
                return _unchanged
            if kind not in ("primitive", "backward", "forward", "residuals"):
                return None
            if not isinstance(node, ast.Call):
                return cast(_Decorator, found)
            arguments = [plain_value(a, self.namespace) for a in node.args]
            options = {k.arg: plain_value(k.value, self.namespace) for k in node.keywords if k.arg}
        except NotPlain:
            return None
        unpacks = len(options) < len(node.keywords)
        return None if unpacks else lambda function: found(*arguments, **options)(function)

    def _callee(self, node: ast.expr) -> Any:
        """Like `resolve`, but `gate.backward` is an attribute of something other than a module."""
        if isinstance(node, ast.Attribute):
            return getattr(resolve(node.value, self.namespace), node.attr, None)
        return resolve(node, self.namespace)

    def _apply(self, apply: _Decorator, function: Any, node: ast.expr) -> Any:
        try:
            return apply(function)
        except AdcompilerError:
            raise
        except Exception as error:
            raise _error(
                "decorator-failed",
                f"`@{ast.unparse(node)}` failed: {type(error).__name__}: {error}.",
                "correct the decorator's arguments.",
                self._span(node),
            ) from error

    def _assign(self, node: _Assignment) -> None:
        value = node.value
        if value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AnnAssign):  # its annotation isn't to be evaluated
            node = ast.copy_location(ast.Assign([node.target], value), node)
        if all(map(_is_name_pattern, targets)) and self._is_definition(value):
            try:
                self._execute(node)
            except Exception:
                self._leave_out(node)
            if isinstance(value, ast.Lambda):
                self.functions |= {name: value for name, _ in bound_names(node)}
        else:
            self._leave_out(node)

    def _is_definition(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Lambda):
            return self._is_plain(node)
        return all(map(self._is_plain, [*node.args.defaults, *filter(None, node.args.kw_defaults)]))

    def _is_plain(self, node: ast.expr) -> bool:
        try:
            plain_value(node, self.namespace)
        except NotPlain:
            return False
        return True

    def _leave_out(self, node: ast.AST) -> None:
        for name, place in list(bound_names(node)):
            self._mark(name, place)
        self._forget_stores(node)

    def _forget_stores(self, node: ast.AST) -> None:
        """A value that a statement left out may have changed isn't the value that the file has."""
        for name in stored_names(node, self.functions) & self.namespace.keys():
            if not isinstance(self.namespace[name], (ModuleType, Unevaluated)):
                self._mark(name, node)

    def _mark(self, name: str, node: ast.AST) -> None:
        self.namespace[name] = Unevaluated(name, self._span(node))

    def _span(self, node: ast.AST) -> Span:
        return node_span(node, self.filename, self.lines)

    def _execute(self, node: ast.stmt) -> None:
        module = ast.Module([node], [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # already given for the whole file
            code = compile(module, self.filename, "exec", self.flags, dont_inherit=True)
        exec(code, self.namespace)


def _unchanged(function: Any) -> Any:
    return function


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)


def _is_false_here(test: ast.expr) -> bool:
    """`TYPE_CHECKING` and `__name__ == "__main__"`: false when a file is imported."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return sorted([ast.unparse(left), ast.unparse(right)]) == ["'__main__'", "__name__"]
    return False


def _run_by_class(node: ast.ClassDef) -> Iterator[ast.AST]:
    """What a class statement runs: all of it but the bodies of its methods."""
    yield from node.decorator_list
    for part in node.body:
        yield from part.decorator_list if isinstance(part, _Function) else [part]


def _guards_imports(node: ast.Try) -> bool:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Pass)
    return all(isinstance(s, allowed) for s in node.body) and all(map(_caught, node.handlers))


def _caught(handler: ast.ExceptHandler) -> tuple[type[Exception], ...]:
    """The import errors that a handler catches; none if it names anything else."""
    if handler.type is None:
        return (Exception,)
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    kinds = [_IMPORT_ERRORS.get(ast.unparse(name)) for name in names]
    return tuple(kind for kind in kinds if kind) if all(kinds) else ()


def _is_name_pattern(target: ast.expr) -> bool:
    """A name, or an unpacking into names; not `a[0]` and not `a.b`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_name_pattern, target.elts))
    return isinstance(target.value if isinstance(target, ast.Starred) else target, ast.Name)


def _error(code: str, reason: str, advice: str, span: Span | None = None) -> SourceError:
    return SourceError(Diagnostic(code, reason, advice, span))
