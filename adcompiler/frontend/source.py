"""From a live function object to the AST of the text that it runs.

`read_function` finds the text, parses no more of it than the function, compiles what it parsed and
compares the result with the live code object. A file edited after import is refused here, before a
derivative of the wrong text can come into being.

>>> from colorsys import rgb_to_yiq
>>> source = read_function(rgb_to_yiq)
>>> source.node.name, source.text.splitlines()[0]
('rgb_to_yiq', 'def rgb_to_yiq(r, g, b):')
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import linecache
import textwrap
import threading
import types
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from adcompiler.diagnostics import Diagnostic, SourceError, Span
from adcompiler.frontend.live_code import fingerprint, future_flags, nested_codes, runs

__all__ = ["FunctionSource", "fingerprint", "node_span", "read_function"]

_COMPILED = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    np.ufunc,
    type(np.sum),
)
_GENERATES = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

# How many ends of the function's text to try before the whole file is parsed instead.
_ATTEMPTS = 8

# `warnings.catch_warnings` restores a global: two threads inside it at once can lose the filters.
_warnings_lock = threading.Lock()


@dataclass(frozen=True)
class FunctionSource:
    """A function, its AST, and the means to point at any node of it in the user's file."""

    function: types.FunctionType
    node: ast.FunctionDef | ast.Lambda
    filename: str
    lines: Sequence[str] = field(repr=False, compare=False)

    def span(self, node: ast.AST, caller: Span | None = None) -> Span:
        """Where `node` stands; a node that has no place of its own stands where its parts do."""
        if hasattr(node, "lineno"):
            return node_span(node, self.filename, self.lines, caller)
        placed = (n for n in ast.walk(node) if hasattr(n, "lineno"))
        return node_span(next(placed, self.node), self.filename, self.lines, caller)

    @property
    def text(self) -> str:
        """The function's own lines, decorators included, moved to the left margin for display."""
        first = _first_line(self.node)
        return textwrap.dedent("".join(self.lines[first - 1 : self.node.end_lineno]))


def node_span(
    node: ast.AST, filename: str, lines: Sequence[str], caller: Span | None = None
) -> Span:
    """The span of a node that has a position, its byte offsets converted to characters."""
    line, end_line = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    column = _characters(lines, line, node.col_offset)  # type: ignore[attr-defined]
    end_column = _characters(lines, end_line, node.end_col_offset)  # type: ignore[attr-defined]
    return Span(filename, line, column, end_line, end_column, caller)


def _characters(lines: Sequence[str], line: int, offset: int) -> int:
    text = lines[line - 1]
    if text.isascii():
        return offset
    # Up to Python 3.11 a node inside an f-string may claim an offset within a character.
    return len(text.encode()[:offset].decode(errors="ignore"))


def read_function(function: types.FunctionType) -> FunctionSource:
    """The checked source of a plain Python function or lambda; SourceError where there is none."""
    _require_function(function)
    code = function.__code__
    lines = _file_lines(function)
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user has seen them when the file was imported
        for tree in _trees(lines, code):
            nodes = map(functools.partial(_plain, function, lines), _starting_at(code, tree))
            same = [node for node in nodes if runs(node, function)]
            if same:
                # Several lambdas of one line that all run like this one say the same.
                node = next((n for n in same if _stands_at(n, code)), same[0])
                return FunctionSource(function, node, code.co_filename, lines)
    raise _error(
        "source-changed",
        f"the text of `{function.__name__}` isn't the text that runs: the file was edited after "
        "import, or something rewrote the function.",
        "import the file again, or run the cell again; leave out what rewrites code.",
        _line_span(code),
    )


def _file_lines(function: types.FunctionType) -> list[str]:
    filename = function.__code__.co_filename
    linecache.checkcache(filename)
    lines = linecache.getlines(filename, function.__globals__)
    if lines:
        return lines
    try:
        # Knows where the interactive prompt of later 3.13 releases keeps its text.
        return list(inspect.findsource(function)[0])
    except OSError:
        raise _error(
            "no-source",
            f"the source of `{function.__name__}` can't be found ({filename}).",
            "define the function in a file or a notebook cell: text given to exec, or typed at "
            "the prompt of an older Python, isn't kept.",
        ) from None


def _trees(lines: list[str], code: types.CodeType) -> Iterator[ast.Module]:
    """Parses that may hold the function: of its own lines, then, rarely needed, of the file.

    Line numbers stay the file's own because blank lines stand for what precedes. An indented
    function is parsed under an `if`, not dedented: that would change its multi-line strings.
    """
    first = code.co_firstlineno
    if first > len(lines):
        return
    indented = _indentation(lines[first - 1]) > 0
    lead = "\n" * (first - 2) + "if 1:\n" if indented else "\n" * (first - 1)
    for end in itertools.islice(_ends(lines, code), _ATTEMPTS):
        tree = _parse(lead + "".join(lines[first - 1 : end]), code)
        if tree is not None:
            yield tree
            break
    whole = _parse("".join(lines), code)
    if whole is not None:
        yield whole


def _parse(text: str, code: types.CodeType) -> ast.Module | None:
    flags = ast.PyCF_ONLY_AST | future_flags(code)
    try:
        tree: ast.Module = compile(text, code.co_filename, "exec", flags, dont_inherit=True)
        return tree
    except (SyntaxError, ValueError):
        return None


def _ends(lines: list[str], code: types.CodeType) -> Iterator[int]:
    """Line counts at which the function's text may end; the first that parses is the right one.

    For a `def` these are the lines before a dedent. Text that ends inside a string, a bracket or a
    continued line never parses, so a dedent found there is passed over. A lambda may end anywhere;
    one cut short still parses at times, and is then rejected by the comparison of code.
    """
    first = code.co_firstlineno
    last = max(line or 0 for c in nested_codes(code) for _, _, line in c.co_lines())
    margin = _indentation(lines[first - 1])
    for count in range(min(max(first, last), len(lines)), len(lines)):
        text = lines[count].strip()
        dedents = text and not text.startswith("#") and _indentation(lines[count]) <= margin
        if dedents or code.co_name == "<lambda>":
            yield count
    yield len(lines)


def _indentation(line: str) -> int:
    blank = line[: len(line) - len(line.lstrip(" \t\f"))]
    return len(blank.rpartition("\f")[2])  # a form feed sends the tokenizer back to the margin


def _stands_at(node: ast.AST, code: types.CodeType) -> bool:
    """Whether the code is that of the lambda at this column, where Python keeps columns."""
    if not isinstance(node, ast.Lambda) or not hasattr(code, "co_positions"):
        return False
    body = (node.body.lineno, node.body.end_lineno, node.body.col_offset, node.body.end_col_offset)
    return body in code.co_positions()


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def _starting_at(code: types.CodeType, tree: ast.Module) -> list[_Definition]:
    """Every lambda that starts on the code's first line, or the one `def` that does."""
    line = code.co_firstlineno
    if code.co_name == "<lambda>":
        return [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == line]
    definitions = (
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    # A code object made from a `def` whose decorators were left out starts at the `def` itself.
    found = (n for n in definitions if line in (n.lineno, _first_line(n)))
    return list(itertools.islice(found, 1))


def _first_line(node: _Definition) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(d.lineno for d in decorators)])


def _plain(
    function: types.FunctionType, lines: list[str], node: _Definition
) -> ast.FunctionDef | ast.Lambda:
    code = function.__code__
    if isinstance(node, ast.AsyncFunctionDef) or code.co_flags & _GENERATES:
        raise _error(
            "unsupported-function",
            f"`{function.__name__}` is an async function or a generator; it doesn't return the "
            "value that it computes.",
            "differentiate a plain function that returns its value.",
            node_span(node, code.co_filename, lines),
        )
    return node


def _require_function(function: object) -> None:
    name = getattr(function, "__name__", type(function).__name__)
    wrapped = getattr(function, "__wrapped__", None)
    if isinstance(function, types.FunctionType):
        return
    if isinstance(function, _COMPILED):
        raise _error(
            "builtin-function",
            f"`{name}` is compiled or dispatched by its library; it has no Python text to read.",
            f"call it in a function of your own: `def f(x): return {name}(x)`.",
        )
    if isinstance(wrapped, types.FunctionType) and not isinstance(function, types.MethodType):
        raise _wrapped(name, wrapped)
    raise _error("not-a-function", *_explain(function, name))


def _explain(function: object, name: str) -> tuple[str, str]:
    """Reason and advice for something that isn't a function at all."""
    if isinstance(function, types.MethodType):
        reason = f"`{name}` is a method bound to an instance"
        return f"{reason}.", f"pass a function that calls it: `def f(x): return obj.{name}(x)`."
    if isinstance(function, functools.partial):
        return (
            "functools.partial makes an object, not a function.",
            "pass a function that fills in the arguments: `def f(x): return g(x, 2.0)`.",
        )
    if isinstance(function, type):
        return f"`{name}` is a class.", "pass a function that makes and uses the instance."
    kind = type(function).__name__
    return f"a `{kind}` is not a Python function.", "pass a function made by `def` or `lambda`."


def _wrapped(name: str, wrapped: object) -> SourceError:
    code = getattr(wrapped, "__code__", None)
    return _error(
        "wrapped-function",
        f"a decorator replaced `{name}` by a wrapper, and the wrapper is what runs.",
        f"leave the decorator out, or pass `{name}.__wrapped__`.",
        _line_span(code) if isinstance(code, types.CodeType) else None,
    )


def _line_span(code: types.CodeType) -> Span | None:
    """The whole first line of a function whose nodes aren't known."""
    text = linecache.getline(code.co_filename, code.co_firstlineno).rstrip()
    if not text.strip():
        return None
    line = code.co_firstlineno
    return Span(code.co_filename, line, len(text) - len(text.lstrip()), line, len(text))


def _error(code: str, reason: str, advice: str, span: Span | None = None) -> SourceError:
    return SourceError(Diagnostic(code, reason, advice, span))
