"""Gates that are called and not read: any callable, of which the declared result is known.

    y = solve(a, b)          %y = opaque[declared(solve($0, $1), 'solve', ('f8', $1.shape))] %a, %b

Its function runs once for each call of the user's, in its place. What a rule that is called gives
has no derivative; a rule that is read has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir.types import Type
from .op import AUTHORS, Attributes, Emission, Op, OperationError

__all__ = ["ENTRIES"]

_ALL = range(1 << 30)


def _type(types: Sequence[Type], attributes: Attributes) -> Any:
    return attributes["types"]


def _evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return attributes["template"].run(operands)


def _emit(emission: Emission) -> Any:
    return emission.attributes["template"].filled(emission.operands)


def _rule(*values: Any, index: int, gate: Any, **attributes: Any) -> Any:
    raise OperationError(
        f"a rule of the gate `{gate.name}` is called, not read: it has no derivative itself",
        "let the rule be read (no opaque=True), and call another gate in it; for tangents give"
        f" @{gate.name}.forward",
    )


ENTRIES: tuple[Op, ...] = (
    Op("opaque", _type, _evaluate, _emit, view=_ALL, boxes=True, once=True, no_gradient=AUTHORS),
    Op("opaque_rule", _type, _evaluate, _emit, rules=_rule, view=_ALL, boxes=True),
)
