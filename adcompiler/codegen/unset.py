"""Variables that some path leaves without a value, and that are handed on all the same.

    for i in range(n):                 x = None
        if c:                          for i in range(n):
            x = x_1                        ...
            break            gives
    y = x                              y = x

A copy from one name to another reads the variable even on the path where nothing has been assigned
to it, and nobody will read the copy. There, and only there, it starts as None. So it does where
the backward part asks for its shape to make zeros that nobody will read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..ir.core import Block, Function, Operation, Value, walk
from ..ir.loops import Loop, is_loop

__all__ = ["handed_on", "unset_variables"]


def unset_variables(
    function: Function, names: Mapping[Value, str], alive: Callable[[Value], bool]
) -> frozenset[Value]:
    """The results of `undefined` operations that must be None in the text."""
    missing = {op.result for op in walk(function.body) if op.opcode == "undefined"}
    if not missing:
        return frozenset()
    pairs = [pair for op in walk(function.body) for pair in handed_on(op)]
    copied = [a for a, b in pairs if alive(b) and a in names and names[a] != names.get(b)]
    copied += [v for op in walk(function.body) if op.attributes.get("lenient") for v in op.operands]
    sources: dict[Value, list[Value]] = {}
    for source, target in pairs:
        sources.setdefault(target, []).append(source)
    unset = missing & _behind([v for v in copied if v not in missing], sources)
    return frozenset(_unassigned(function.body, names, unset, missing - unset, frozenset()))


def _behind(values: Iterable[Value], sources: Mapping[Value, list[Value]]) -> set[Value]:
    """The values, and what they may have been handed on from."""
    found: set[Value] = set()
    pending = list(values)
    while pending:
        value = pending.pop()
        if value not in found:
            found.add(value)
            pending += sources.get(value, ())
    return found


def _unassigned(
    block: Block, names: Mapping[Value, str], unset: set[Value], skipped: set[Value],
    assigned: frozenset[str],
) -> set[Value]:  # fmt: skip
    """Those of `unset` whose variable may be without a value where they are handed on: not where
    the loop around has begun with one. `skipped` aren't written at all."""
    found: set[Value] = set()
    for op in block.operations:
        inside, starts = assigned, frozenset[Value]()
        if is_loop(op):
            loop = Loop(op)
            starts = frozenset(loop.starts)
            begun = (f for s, f in zip(loop.starts, loop.finals, strict=True) if s not in skipped)
            inside |= {names[final] for final in begun if final in names}
        for source, target in handed_on(op):
            before = assigned if source in starts else inside
            if source in unset and names.get(target) not in before:
                found.add(source)
        for inner in op.blocks:
            found |= _unassigned(inner, names, unset, skipped, inside)
    return found


def handed_on(op: Operation) -> Iterator[tuple[Value, Value]]:
    if op.opcode == "if":
        for block in op.blocks:
            yield from zip(block.results, op.results, strict=True)
    elif is_loop(op):
        yield from Loop(op).handed_on()
