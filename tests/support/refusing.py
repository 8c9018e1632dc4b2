"""What a refusal must look like: one public frame, a code, a place, a reason and advice."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path

import pytest

import adcompiler
from adcompiler import AdcompilerError

PACKAGE = Path(adcompiler.__file__).parent


def refusal(call, *args, **kwargs):
    """The error that a public call raises; its traceback shows that one call of ours only."""
    with pytest.raises(AdcompilerError) as caught:
        call(*args, **kwargs)
    error = caught.value
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(PACKAGE)]
    assert len(ours) <= 1, ours
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


def underlined(error, file):
    """The text that the message underlines, cut out of the file by the span."""
    span = error.diagnostics[0].span
    assert span.filename == file
    line = linecache.getline(span.filename, span.line).rstrip("\n")
    end = span.end_column if span.end_line == span.line else len(line)
    shown = str(error).splitlines()
    assert shown[1].endswith(f" | {line}")
    start = shown[1].index(" | ") + 3
    assert shown[2][start:].lstrip(" ") == "^" * (end - span.column)
    assert shown[2].index("^") - start == span.column
    return line[span.column : end]


def check(error, kind, code, words):
    assert type(error) is kind
    (diagnostic,) = error.diagnostics
    assert diagnostic.code == code
    assert words in diagnostic.reason
    assert diagnostic.reason.endswith(".")
    assert diagnostic.advice.endswith((".", "?"))
    assert f"error[{code}]: {diagnostic.reason}" in str(error)
    assert f"  help: {diagnostic.advice}" in str(error)
