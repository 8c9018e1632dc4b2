"""The table of operations: one family per file, joined here.

>>> import math
>>> import numpy as np
>>> TABLE["exp"].name, lookup(np.exp)[0].name, lookup(math.exp)[1].preset
('exp', 'exp', {'via': 'math'})
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..ir.core import Operation, Value
from ..ir.types import Type, rank
from . import (
    accumulations,
    assembling,
    bracketed,
    broadcasting,
    calculus,
    calls,
    casting,
    choices,
    choosing,
    comparing,
    complex_math,
    complex_numbers,
    composed_products,
    counting,
    creation,
    decompositions,
    diagonals,
    differences,
    effects,
    einsum,
    elementwise,
    floats,
    fourier,
    fourier_axes,
    gates,
    gathering,
    hooks,
    indexing,
    inserting,
    joining,
    least_squares,
    linalg,
    linear_solves,
    lists,
    nan_reductions,
    norms,
    numbers,
    opaque,
    polynomials,
    positions,
    products,
    quantiles,
    random,
    reductions,
    repeating,
    reshaping,
    scipy_bessel,
    scipy_discrete,
    scipy_linalg,
    scipy_matrices,
    scipy_multivariate,
    scipy_softmax,
    scipy_special,
    scipy_stats,
    sequences,
    shapes,
    sorting,
    spacing,
    splitting,
    statistics,
    stopping,
    storing,
    structural,
    turning,
)
from .late import Late, Spelled
from .op import Bound, Emission, Expansion, Op, OperationError, Rule, Spelling, UnfilledError
from .var import Tracer, Var

__all__ = [
    "EXPANSIONS",
    "SPELLINGS",
    "TABLE",
    "Bound",
    "Emission",
    "Expansion",
    "Op",
    "OperationError",
    "Rule",
    "Spelling",
    "Tracer",
    "UnfilledError",
    "Var",
    "changes",
    "evaluate",
    "families",
    "has_effect",
    "infer",
    "is_arithmetic",
    "is_context",
    "is_known",
    "late_name",
    "lookup",
    "may_raise",
]

_STATISTICS = (accumulations, calculus, differences, statistics, polynomials)
_FAMILIES = (
    *_STATISTICS, nan_reductions, quantiles,
    complex_numbers, fourier, fourier_axes,
    linear_solves, decompositions, least_squares, norms,
    structural, casting, elementwise, choices, reductions, linalg, shapes, creation,
    indexing, storing, lists,
    products, einsum,
    sequences, gates, opaque, stopping, hooks, calls, effects, numbers, floats,
    gathering, choosing, positions, sorting, diagonals, comparing, counting, random,
    joining, bracketed, inserting, turning, splitting, repeating, broadcasting, spacing,
)  # fmt: skip
_EXPANDED = (
    *_STATISTICS,
    linear_solves, norms,
    complex_math, fourier,
    einsum, composed_products,
    assembling, numbers, floats,
    gathering, positions, sorting, diagonals, counting,
    inserting, reshaping, turning, splitting, broadcasting, spacing,
)  # fmt: skip
_SCIPY = (
    scipy_special, scipy_bessel, scipy_softmax, scipy_linalg, scipy_matrices, scipy_stats,
    scipy_multivariate, scipy_discrete,
)  # fmt: skip


def families() -> Iterator[tuple[types.ModuleType, tuple[Op | Expansion, ...]]]:
    """Every family: its module, and what it has entries for."""
    for module in dict.fromkeys((*_FAMILIES, *_EXPANDED, *_SCIPY)):
        yield module, (*getattr(module, "ENTRIES", ()), *getattr(module, "EXPANSIONS", ()))


_ENTRIES = [entry for _, entries in families() for entry in entries]

TABLE: Mapping[str, Op] = {op.name: op for op in _ENTRIES if isinstance(op, Op)}
SPELLINGS: Spelled[tuple[Op, Spelling]] = Spelled(
    {key: (op, spelling) for op in TABLE.values() for key, spelling in op.spellings.items()}
)
EXPANSIONS: Spelled[Expansion] = Spelled(
    {key: one for one in _ENTRIES if isinstance(one, Expansion) for key in one.spellings}
)


def is_known(function: object) -> bool:
    """Whether the tables have the function."""
    return function in SPELLINGS or function in EXPANSIONS


def late_name(function: object) -> str | None:
    """The full name of a function of a package that the tables don't import."""
    keys = (SPELLINGS.key(function), EXPANSIONS.key(function))
    return next((str(key) for key in keys if isinstance(key, Late)), None)


def lookup(function: object) -> tuple[Op, Spelling] | None:
    """The operation that a callable spells, and how its arguments are read."""
    return SPELLINGS.get(function)


def has_effect(operation: Operation) -> bool:
    """Whether the operation, or one in its regions or in the gate or function that it calls, is an
    effect, or has one besides its result."""
    if operation.attributes.get("effect"):
        return True
    primal = operation.attributes.get("primal")
    inside = operation.blocks if primal is None else (primal.body,)
    if inside:
        return any(has_effect(inner) for block in inside for inner in block.operations)
    entry = TABLE.get(operation.opcode)
    return entry is not None and (entry.effect is not None or entry.once)


def changes(operation: Operation) -> bool:
    """Whether it changes its first operand, where nobody reads the old value any more: a store, and
    a sum that the backward part adds up in an array's memory."""
    entry = TABLE.get(operation.opcode)
    if entry is None:
        return False
    adds = operation.backward and bool(entry.terms) and not entry.elementwise
    return entry.statement is not None or (adds and rank(operation.result.type) > 0)


def is_context(operation: Operation) -> bool:
    """Whether it is an effect on what runs in it alone, and has a mirror image."""
    return operation.opcode in TABLE and TABLE[operation.opcode].mirrored is not None


def may_raise(operation: Operation, constants: Mapping[Value, Any]) -> bool:
    """Whether an operation of the user's has to stay for the exceptions that it raises."""
    entry = TABLE.get(operation.opcode)
    if operation.attributes.get("raises"):  # of a call: something in the function does
        return not operation.backward
    if operation.backward or entry is None or entry.raises is None:
        return False
    known = [constants.get(v) for v in operation.operands]
    return entry.raises([v.type for v in operation.operands], operation.attributes, known)


def is_arithmetic(operation: Operation) -> bool:
    """Whether it is a step of Python's own on numbers, which takes less time than saving one."""
    entry = TABLE[operation.opcode]
    return (
        entry.elementwise and rank(operation.result.type) == 0
        and operation.attributes.get("via") == "op"
    )  # fmt: skip


def infer(operation: Operation) -> tuple[Type, ...]:
    """The types of a plain operation's results, from its operands."""
    types = [value.type for value in operation.operands]
    entry = TABLE[operation.opcode]
    found = entry.types(types, operation.attributes)
    return found if entry.effect is None else ()


def evaluate(operation: Operation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """What a plain operation computes; the interpreter's oracle."""
    entry = TABLE[operation.opcode]
    found = entry.evaluate(operation.attributes, operands)
    if len(operation.results) > 1:
        return tuple(found)
    return (found,) if entry.effect is None else ()
