"""The table of operations: one family per file, joined here.

>>> import math
>>> import numpy as np
>>> TABLE["exp"].name, lookup(np.exp)[0].name, lookup(math.exp)[1].preset
('exp', 'exp', {'via': 'math'})
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from ..ir.core import Operation
from ..ir.types import Type
from . import (
    calls,
    choices,
    creation,
    elementwise,
    gates,
    indexing,
    linalg,
    lists,
    reductions,
    sequences,
    shapes,
    structural,
)
from .op import Bound, Emission, Op, OperationError, Rule, Spelling
from .var import Tracer, Var

__all__ = [
    "SPELLINGS",
    "TABLE",
    "Bound",
    "Callable",
    "Emission",
    "Op",
    "OperationError",
    "Rule",
    "Spelling",
    "Tracer",
    "Var",
    "evaluate",
    "infer",
    "lookup",
]

_FAMILIES = (
    structural, elementwise, choices, reductions, linalg, shapes, creation, indexing, lists,
    sequences, gates, calls,
)  # fmt: skip

TABLE: Mapping[str, Op] = {op.name: op for family in _FAMILIES for op in family.ENTRIES}
SPELLINGS: Mapping[object, tuple[Op, Spelling]] = {
    key: (op, spelling) for op in TABLE.values() for key, spelling in op.spellings.items()
}


def lookup(function: object) -> tuple[Op, Spelling] | None:
    """The operation that a callable spells, and how its arguments are read."""
    return SPELLINGS.get(function) if isinstance(function, Hashable) else None


def infer(operation: Operation) -> Type:
    """The result type of a plain operation, from its operands."""
    types = [value.type for value in operation.operands]
    return TABLE[operation.opcode].infer(types, operation.attributes)


def evaluate(operation: Operation, operands: Sequence[Any]) -> tuple[Any]:
    """What a plain operation computes; the interpreter's oracle."""
    return (TABLE[operation.opcode].evaluate(operation.attributes, operands),)
