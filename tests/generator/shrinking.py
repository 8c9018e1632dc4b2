"""Shrinking a failing program: fewer statements, simpler expressions, the same kind of failure.

The program is a tree, Python's own. An edit drops statements, puts the body of a branch or loop in
its place, or an operand in the place of an expression; it stays if the failure stays.

>>> text = "def f(x):\\n    a = 1\\n    b = x * 2\\n    return b + 3\\n"
>>> print(shrink(text, "boom", lambda t: "boom" if "* 2" in t else ""))
def f():
    b = x * 2
<BLANKLINE>
"""

from __future__ import annotations

import ast
import copy
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

from .deadline import deadline
from .oracles import Verdict, judge

__all__ = ["regression_test", "shrink"]

Edit = Callable[[ast.Module], bool]
_BODIES = ("body", "orelse", "finalbody")


def _failure(text: str) -> str:
    try:
        with deadline(3):  # an edit may make a loop endless
            verdict = judge(text)
    except TimeoutError:
        return "too slow"
    except Exception:
        return ""  # the text doesn't even run
    return verdict.what if verdict.kind == "failed" else ""


def shrink(
    text: str, what: str, failure: Callable[[str], str] = _failure, seconds: float = 90
) -> str:
    """A smaller text that fails in the same way; the same text if there is none."""
    end = time.monotonic() + seconds
    tree = ast.parse(text)
    tried: set[str] = set()

    def attempt(candidate: ast.Module) -> bool:
        try:
            smaller = ast.unparse(ast.fix_missing_locations(candidate)) + "\n"
        except Exception:
            return False
        if smaller in tried or time.monotonic() > end:
            return False
        tried.add(smaller)
        return failure(smaller) == what

    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for edits in (_dropped, _unwrapped, _simplified):
            tree, smaller = _improved(tree, edits, attempt)
            changed |= smaller
    final = ast.unparse(tree) + "\n"
    return final if failure(final) == what else text


def _improved(
    tree: ast.Module, edits: Callable[[ast.Module], Iterator[Any]],
    attempt: Callable[[ast.Module], bool],
) -> tuple[ast.Module, bool]:  # fmt: skip
    """Apply every edit of a kind that keeps the failure. An edit is a path and a replacement,
    so that it can be applied to a copy."""
    changed, position = False, 0
    while True:
        options = list(edits(tree))
        if position >= len(options):
            return tree, changed
        candidate = copy.deepcopy(tree)
        options[position](candidate)
        if attempt(candidate):
            tree, changed = candidate, True  # and the same position is another edit now
        else:
            position += 1


def _blocks(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lists of statements, by the number of their owner in the order of a walk."""
    for number, node in enumerate(ast.walk(tree)):
        for name in _BODIES:
            if isinstance(getattr(node, name, None), list):
                yield number, name


def _node(tree: ast.Module, number: int) -> Any:
    return list(ast.walk(tree))[number]


def _dropped(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    """Runs of statements go, long ones first."""
    for number, name in _blocks(tree):
        count = len(getattr(_node(tree, number), name))
        length = count
        while length:
            for start in range(0, count, length):
                yield lambda t, n=number, f=name, s=start, k=length: _drop(t, n, f, s, k)  # type: ignore[misc]
            length //= 2


def _drop(tree: ast.Module, number: int, name: str, start: int, length: int) -> None:
    node = _node(tree, number)
    block = getattr(node, name)
    del block[start : start + length]
    if not block and name == "body" and not isinstance(node, ast.Module):
        block.append(ast.Pass())


def _unwrapped(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    """The body in the place of its branch or loop."""
    for number, name in _blocks(tree):
        for k, node in enumerate(getattr(_node(tree, number), name)):
            if isinstance(node, (ast.If, ast.For, ast.While, ast.With)):
                for inner in _BODIES:
                    if getattr(node, inner, None):
                        yield lambda t, n=number, f=name, p=k, i=inner: _unwrap(t, n, f, p, i)  # type: ignore[misc]


def _unwrap(tree: ast.Module, number: int, name: str, position: int, inner: str) -> None:
    block = getattr(_node(tree, number), name)
    node = block[position]
    block[position : position + 1] = getattr(node, inner)


def _simplified(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    """An operand in the place of its expression, or a plain number; entries of calls and
    displays go."""
    for number, node in enumerate(ast.walk(tree)):
        for name, field in ast.iter_fields(node):
            places = list(enumerate(field)) if isinstance(field, list) else [(None, field)]
            for place, child in places:
                if not isinstance(child, ast.expr) or _is_target(child):
                    continue
                for option in _smaller(child):
                    yield lambda t, n=number, f=name, p=place, o=option: _put(t, n, f, p, o)  # type: ignore[misc]
        if isinstance(node, ast.Dict):
            for k in range(len(node.keys)):
                yield lambda t, n=number, p=k: _drop_entry(t, n, p)  # type: ignore[misc]
        if isinstance(node, ast.arguments):
            for k in range(len(node.args)):
                yield lambda t, n=number, p=k: _drop_parameter(t, n, p)  # type: ignore[misc]


def _is_target(node: ast.expr) -> bool:
    return not isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _smaller(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, (ast.Constant, ast.Name)):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not _is_target(child):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
    yield ast.Constant(1.0)


def _put(tree: ast.Module, number: int, name: str, place: int | None, new: ast.expr) -> None:
    node, new = _node(tree, number), copy.deepcopy(new)
    if place is None:
        setattr(node, name, new)
    else:
        getattr(node, name)[place] = new


def _drop_entry(tree: ast.Module, number: int, position: int) -> None:
    node = _node(tree, number)
    del node.keys[position], node.values[position]


def _drop_parameter(tree: ast.Module, number: int, position: int) -> None:
    """A parameter, and the entry for it in `arguments`."""
    parameters = _node(tree, number)
    name = parameters.args.pop(position).arg
    del parameters.defaults[: max(0, len(parameters.defaults) - len(parameters.args))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for k in reversed(range(len(node.keys))):
                if isinstance(node.keys[k], ast.Constant) and node.keys[k].value == name:  # type: ignore[union-attr]
                    del node.keys[k], node.values[k]


def regression_test(name: str, text: str, verdict: Verdict) -> str:
    """A test to paste: into a test file, or its text into tests/test_found_programs.py."""
    quoted = textwrap.indent(text.strip("\n"), "        ")
    return (
        f"def test_{'_'.join(re.findall('[A-Za-z0-9]+', name))}():\n"
        f'    """Found: {verdict}."""\n'
        f'    assert_program(textwrap.dedent("""\n{quoted}\n        """))\n'
    )
