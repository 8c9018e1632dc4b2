"""docs/errors.md is true: every example is refused with the text that stands below it.

The page is the one place where the examples are. A section names a code in its heading, says why,
and has a ```python block, which is run as `model.py` (or a ```console block after it, whose command
is run on that file), and a ```text block with what is shown. `pytest --update-golden` rewrites the
text blocks; the sections are sorted by code.
"""

from __future__ import annotations

import ast
import linecache
import re
import runpy
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import adcompiler
from adcompiler import AdcompilerError
from adcompiler.cli import main

PACKAGE = Path(adcompiler.__file__).parent
PAGE = PACKAGE.parent / "docs" / "errors.md"
SECTION = re.compile(r"^## `([a-z-]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections():
    return dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))


# How deep is too deep depends on the version of Python.
WITHOUT_EXAMPLE = {"nested-too-deeply"}


def shown(blocks, folder, monkeypatch):
    """What the example shows, run in a folder of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    linecache.clearcache()
    Path("model.py").write_text(blocks["python"], encoding="utf-8")
    if "console" not in blocks:
        with pytest.raises(AdcompilerError) as caught:
            runpy.run_path("model.py")
        return f"{caught.value}\n"
    prompt, program, *args = shlex.split(blocks["console"])
    assert (prompt, program) == ("$", "adcompiler")
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 1, result.output
    return result.stderr


@pytest.mark.parametrize("code", [code for code in sections() if code not in WITHOUT_EXAMPLE])
def test_the_example_is_refused_as_shown(code, tmp_path, monkeypatch, update_golden):
    blocks = dict(BLOCK.findall(sections()[code]))
    found = shown(blocks, tmp_path, monkeypatch)
    assert f"error[{code}]: " in found
    if update_golden:
        _rewrite(code, blocks["text"], found)
    assert found == dict(BLOCK.findall(sections()[code]))["text"]


def _rewrite(code, old, new):
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"## `{code}`\n")
    at = text.index("```text\n", start) + len("```text\n")
    assert text[at : at + len(old)] == old
    PAGE.write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")


@pytest.mark.parametrize("code", sections())
def test_a_section_says_why_and_what_to_do(code):
    text = sections()[code]
    prose = BLOCK.sub("", text)
    assert re.search(r"\*\*Why\.\*\* [A-Z`].*\.", prose, re.DOTALL)
    assert re.search(r"\*\*Instead\.\*\* [A-Z`].*\.", prose, re.DOTALL)
    assert [kind for kind, _ in BLOCK.findall(text)] in (
        ["python", "text"], ["python", "console", "text"],
    ) or code in WITHOUT_EXAMPLE  # fmt: skip


def test_every_code_of_the_package_has_its_section():
    assert list(sections()) == sorted(codes_of_the_package())


def codes_of_the_package():
    """The codes that diagnostics are made with, wherever the code is written."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    found = set()
    for path, tree in trees.items():
        takers = _takers(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= _code_of_call(node, takers, path, tree)
    return found


def _takers(tree):
    """Functions with a parameter `code`, and where among the arguments it is."""
    takers = {"Diagnostic": 0, "refuse": 1}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in node.args.args if a.arg not in ("self",)]
            if {"code", "reason", "advice"} <= set(names):
                takers[node.name] = names.index("code")
    return takers


def _code_of_call(node, takers, path, tree):
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "refuse" and not isinstance(node.func, ast.Attribute):
        return set()  # not the context's
    if name not in takers or len(node.args) <= takers[name]:
        return set()
    return _strings(node.args[takers[name]], path, tree)


def _strings(code, path, tree):
    match code:
        case ast.Constant(str(text)):
            return {text}
        case ast.IfExp(_, a, b):
            return _strings(a, path, tree) | _strings(b, path, tree)
        case ast.Attribute(attr="code"):
            return set()  # handed on from another diagnostic
        case ast.Name("code"):
            return _tabled(tree)
    raise AssertionError(f"{path}:{code.lineno}: what code is this?")


def _tabled(tree):
    """Codes in a module's tables: the first of a tuple of strings."""
    return {
        node.elts[0].value
        for statement in tree.body if isinstance(statement, ast.Assign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant)
        and isinstance(node.elts[0].value, str)
        and re.fullmatch(r"[a-z]+(-[a-z]+)+", node.elts[0].value)
    }  # fmt: skip
