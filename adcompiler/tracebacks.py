"""Tracebacks through emitted text name the user's lines, too.

    File "model.py", line 30, in <module>           File "model.py", line 30, in <module>
      gradient(a, b)                                  gradient(a, b)
    File ".../adcompiler/gradient.py", ...          File ".../adcompiler/gradient.py", ...
    File "<adcompiler loss-7b2e81>", line 9,          ...
    in loss_grad                                    File "model.py", line 12, in derivative of loss
      grad_b = np.linalg.solve(a.T, grad_y)   ->      y = np.linalg.solve(a, b)
                                                          ^^^^^^^^^^^^^^^^^^^^^
                                                    File "<adcompiler loss-7b2e81>", line 9, ...

The exception itself stays as it is. Nothing is done where nothing is raised: which of the user's
lines the emitted ones come from (`codegen/origins.py`) is looked up afterwards.
"""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
import types
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .codegen.emitted import Emitted
from .codegen.origins import Home, Place, parts_of

__all__ = ["name_lines"]

_STANDS_FOR = "__stands_for__"  # in the globals of the frames that we put in


def name_lines(error: BaseException) -> None:
    """Put the user's lines into the traceback of an exception that is on its way out of emitted
    text, in front of the frames that run it."""
    # Whatever happens here, what is shown is the user's own exception.
    with suppress(Exception):
        before = error.__traceback__
        while before is not None:
            run = list(_emitted_run(before.tb_next))
            if run and _STANDS_FOR not in before.tb_frame.f_globals:
                following = run[0]
                for home, place in reversed([pair for entry in run for pair in _places(entry)]):
                    following = _entry(following, home, place)
                before.tb_next = following
            before = run[-1] if run else before.tb_next


def _emitted_run(entry: types.TracebackType | None) -> Iterator[types.TracebackType]:
    """The frames of emitted text that follow one another."""
    while entry is not None and "__emitted__" in entry.tb_frame.f_globals:
        yield entry
        entry = entry.tb_next


def _places(entry: types.TracebackType) -> list[tuple[Home, Place]]:
    """The places that a frame of emitted text comes from, the outermost call first."""
    emitted = entry.tb_frame.f_globals["__emitted__"]
    origins = emitted.origins
    found: list[tuple[Home, Place]] = []
    number = _number(emitted, entry.tb_frame.f_code, entry.tb_lasti, entry.tb_lineno)
    while number is not None and number >= 0:
        place = origins.places[number]
        home = origins.homes[place.home]
        if home is not None:
            found.insert(0, (home, place))
        number = place.caller
    return found


@functools.lru_cache(256)
def _number(emitted: Emitted, code: types.CodeType, lasti: int, line: int) -> int | None:
    """The number of the place that an instruction comes from."""
    tree = ast.parse(emitted.module)
    for definition in tree.body:
        if isinstance(definition, ast.FunctionDef) and definition.name in emitted.origins.marks:
            end = definition.end_lineno or 0
            if definition.lineno <= line <= end:
                position = _position(code, lasti) or _recompiled(
                    emitted.module, code, lasti, line
                )
                mark = emitted.origins.marks[definition.name]
                return _innermost(definition, mark, position or (line, line, -1, -1))
    return None


Position = tuple[int, int, int, int]


def _position(code: types.CodeType, lasti: int) -> Position | None:
    """The lines and columns of an instruction, where Python keeps them."""
    if not hasattr(code, "co_positions"):
        return None
    found = next(itertools.islice(code.co_positions(), lasti // 2, None))
    return None if None in found else (found[0], found[1], found[2], found[3])


def _recompiled(text: str, code: types.CodeType, lasti: int, line: int) -> Position | None:
    """The same where Python keeps lines alone: compiled once more, with a line for each node."""
    tree = ast.parse(text)
    nodes: list[Any] = [n for n in ast.walk(tree) if isinstance(n, (ast.expr, ast.stmt))]
    positions = [(n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) for n in nodes]
    for number, node in enumerate(nodes):
        node.lineno = node.end_lineno = number + 1
    pending = [compile(tree, code.co_filename, "exec", dont_inherit=True)]
    while pending:
        other = pending.pop()
        pending += [c for c in other.co_consts if isinstance(c, types.CodeType)]
        if other.co_name == code.co_name and other.co_code == code.co_code:
            for start, end, found in other.co_lines():
                if start <= lasti < end and found and positions[found - 1][0] <= line:
                    return positions[found - 1]
    return None


def _innermost(node: Any, mark: Any, position: Position) -> int | None:
    """The mark of the smallest node around a position."""
    number = -1
    while isinstance(mark, list):
        own, count, *marked = mark
        number = own if own != -1 else number
        parts = parts_of(node)
        around = [k for k, part in enumerate(parts) if _is_around(part, position)]
        if len(parts) != count or not around:
            return number
        marks = dict(zip(marked[::2], marked[1::2], strict=True))
        node = parts[around[0]]
        mark = marks.get(around[0], number)
    return number if mark == -1 else mark


def _is_around(node: Any, position: Position) -> bool:
    line, end_line, column, end_column = position
    placed = [n for n in (node, *parts_of(node)) if hasattr(n, "lineno")]
    if not placed:
        return False
    first, last = placed[0], node if placed[0] is node else placed[-1]
    if column < 0:
        return bool(first.lineno <= line <= last.end_lineno)
    start, end = (first.lineno, first.col_offset), (last.end_lineno, last.end_col_offset)
    return bool(start <= (line, column) and (end_line, end_column) <= end)


def _entry(following: types.TracebackType, home: Home, place: Place) -> types.TracebackType:
    """A traceback's entry for a user's line, in front of another one."""
    code = _standing(home, place)
    try:
        exec(code, {_STANDS_FOR: True, "__name__": "adcompiler", "Here": Exception})
    except Exception as here:
        own = here.__traceback__ and here.__traceback__.tb_next
        assert own is not None
        return types.TracebackType(following, own.tb_frame, own.tb_lasti, own.tb_lineno)
    raise AssertionError("it raises")


@functools.lru_cache(256)
def _standing(home: Home, place: Place) -> types.CodeType:
    """Code that raises at a place, in a function of that name."""
    tree = ast.parse("def here():\n    raise Here")
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    for node in ast.walk(definition):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno, node.end_lineno = home.line + place.line, home.line + place.end_line
            node.col_offset, node.end_col_offset = _columns(home, place)
    definition.lineno = home.line
    module = compile(tree, home.filename, "exec", dont_inherit=True)
    (function,) = (c for c in module.co_consts if isinstance(c, types.CodeType))
    name = f"derivative of {home.name}" if place.backward else home.name
    return function.replace(co_name=name)


def _columns(home: Home, place: Place) -> tuple[int, int]:
    """The place's columns as Python has them: in bytes."""
    if place.column < 0:
        return 0, 0
    ends = ((place.line, place.column), (place.end_line, place.end_column))
    lines = [linecache.getline(home.filename, home.line + line) for line, _ in ends]
    first, last = (
        len(text[:column].encode(errors="replace"))
        for text, (_, column) in zip(lines, ends, strict=True)
    )
    return first, last

