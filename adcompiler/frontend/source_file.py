"""A user's file, read and parsed, or a diagnosis of why it can't be."""

from __future__ import annotations

import ast
import io
import linecache
import os
import tokenize
from pathlib import Path

from adcompiler.diagnostics import Diagnostic, SourceError, Span

__all__ = ["parse_file"]


def parse_file(path: str | os.PathLike[str]) -> tuple[ast.Module, str, list[str]]:
    """The file's AST, its name and its lines; SourceError where there are none to be had."""
    filename = os.fspath(path)
    linecache.checkcache(filename)  # diagnostics show the file as it is now
    text = _read(filename)
    return _parse(text, filename), filename, io.StringIO(text, newline=None).readlines()


def _read(filename: str) -> str:
    try:
        data = Path(filename).read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except FileNotFoundError:
        raise _error(
            "file-not-found", f"there is no file `{filename}`.", "check the path."
        ) from None
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        reason = f"`{filename}` isn't text in its encoding: {error}."
        advice = "save it as UTF-8, or name its encoding in the first line: `# coding: latin-1`."
        raise _error("bad-encoding", reason, advice) from None
    except (OSError, ValueError) as error:
        if os.path.isdir(filename):  # Windows calls it a lack of permission
            raise _error("not-a-file", f"`{filename}` is a folder.", "name a file in it.") from None
        reason = f"`{_printable(filename)}` can't be read: {error}."
        raise _error("unreadable-file", reason, "check the path and its rights.") from None


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)


def _parse(text: str, filename: str) -> ast.Module:
    try:
        tree = ast.parse(text, filename)
        # Some errors, such as a `return` outside a function, are found only here.
        compile(tree, filename, "exec", dont_inherit=True)
        return tree
    except SyntaxError as error:
        reason, span = f"this isn't Python: {error.msg}.", _syntax_span(error, filename)
    except (ValueError, RecursionError, MemoryError) as error:
        reason, span = f"`{filename}` can't be parsed: {error}.", None
    raise _error("syntax-error", reason, "correct the file.", span)


def _syntax_span(error: SyntaxError, filename: str) -> Span | None:
    if not error.lineno:
        return None
    column = max((error.offset or 1) - 1, 0)
    end_line, end = error.end_lineno or error.lineno, (error.end_offset or 0) - 1
    return Span(filename, error.lineno, column, end_line, max(end, column + 1))


def _error(code: str, reason: str, advice: str, span: Span | None = None) -> SourceError:
    return SourceError(Diagnostic(code, reason, advice, span))
