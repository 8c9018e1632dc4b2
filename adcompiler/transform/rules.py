"""What an entry's rules are asked for: a contribution, and whether it may hold zeros.

    y = norm(x)      contribution of x      g * x / y
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..diagnostics import Diagnostic, UnsupportedError
from ..ir.core import Operation
from ..ops import TABLE, Op, OperationError, Var

__all__ = ["alone", "contribution_of", "masks_selected"]


def alone(found: Sequence[Any]) -> Any:
    """What is of the one result, or a tuple of what is of each."""
    return found[0] if len(found) == 1 else tuple(found)


def contribution_of(
    entry: Op, op: Operation, position: int, g: Any, primals: list[Var]
) -> Var | None:
    """What the rule for one operand gives; what it refuses becomes a diagnostic."""
    rule, count = entry.rule(position), len(op.operands)
    assert rule is not None
    try:
        return rule(g, *primals[:count], alone(primals[count:]), **op.attributes)
    except OperationError as error:
        refused = Diagnostic("operation", f"{error.reason}.", f"{error.advice}.", op.span)
        raise UnsupportedError(refused) from None


def masks_selected(op: Operation, position: int) -> bool:
    """Whether the gradient of the operand there may hold zeros for what wasn't selected."""
    masks = TABLE[op.opcode].masks
    if isinstance(masks, tuple):
        return position in masks
    return masks([v.type for v in op.operands], op.attributes) if callable(masks) else masks
