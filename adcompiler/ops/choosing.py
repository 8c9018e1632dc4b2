"""Choosing among several arrays: by number, by the first condition that holds.

    y = np.choose(k, [a, b])              grad_b = np.where(k == 1, grad_y, 0.0)
    y = np.select([p, q], [a, b])         grad_b = np.select([p, q], [0.0, grad_y])
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Scalar, Type, is_integer, kind_of, rank, shape_of
from .elementwise import select
from .emit import call
from .gathering import check_mode, inside
from .inference import SAMPLE, as_array, broadcast_shapes
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments

__all__ = ["ENTRIES"]


def chosen_dtype(function: Any, types: Sequence[Type]) -> str:
    """The dtype that a function gives of arrays and numbers of these types: by asking it."""
    found = function([_sample(t) for t in types]).dtype
    return f"{found.kind}{found.itemsize}"


def _sample(type_: Type) -> Any:
    if isinstance(type_, Scalar):
        return SAMPLE[type_.kind]
    array = as_array(type_)
    return np.ones((1,) * rank(array), array.dtype)[()]


def _bind_choose(a: Any, choices: Any, *, mode: Any = "raise") -> Bound:
    if not isinstance(choices, (list, tuple)):
        raise OperationError(
            "np.choose among the rows of one array", "give a list of arrays: np.choose(a, [x, y])"
        )
    return arguments(a, *choices, mode=mode)


def _bind_choose_method(a: Any, choices: Any, *, mode: Any = "raise") -> Bound:
    return _bind_choose(a, choices, mode=mode)


def _choose_type(types: Sequence[Type], attributes: Attributes) -> Type:
    which, *choices = types
    check_mode(attributes)
    if not is_integer(which):
        raise OperationError(f"np.choose by {which}", "choose by ints: .astype(int)")
    shape = broadcast_shapes(map(shape_of, types))
    return Array(chosen_dtype(lambda given: np.choose(0, given), choices), shape)


def _choose_rule(g: Any, *rest: Any, mode: str, index: int) -> Any:
    which, *choices, _ = rest
    return select(inside(which, len(choices), mode) == index - 1, g, 0.0)


def _emit_choose(emission: Emission) -> ast.expr:
    which, *choices = emission.operands
    keywords = {} if emission.attributes["mode"] == "raise" else {"mode": "wrap"}
    if emission.attributes["mode"] == "clip":
        keywords = {"mode": "clip"}
    return call("np.choose", (which, ast.List(choices, ast.Load())), **keywords)


def _bind_select(condlist: Any, choicelist: Any, default: Any = 0) -> Bound:
    both = (condlist, choicelist)
    if not all(isinstance(one, (list, tuple)) for one in both) or len(condlist) != len(choicelist):
        raise OperationError(
            "np.select takes two lists of one length", "give a choice for each condition"
        )
    if not condlist:
        raise OperationError("np.select without conditions", "give at least one")
    return arguments(*condlist, *choicelist, default, conditions=len(condlist))


def _select_type(types: Sequence[Type], attributes: Attributes) -> Type:
    count = attributes["conditions"]
    if any(kind_of(t) != "bool" for t in types[:count]):
        raise OperationError("a condition of np.select is no bool", "compare: x > 0")
    shape = broadcast_shapes(map(shape_of, types))
    *choices, default = types[count:]
    dtype = chosen_dtype(
        lambda given: np.select([True] * (len(given) - 1), given[:-1], given[-1]),
        (*choices, default),
    )
    return Array(dtype, shape)


def _evaluate_select(attributes: Attributes, operands: Sequence[Any]) -> Any:
    count = attributes["conditions"]
    return np.select(list(operands[:count]), list(operands[count:-1]), operands[-1])


def _select_rule(g: Any, *rest: Any, conditions: int, index: int) -> Any:
    """The first condition that holds decides."""
    if index < conditions:
        return None
    at, where = index - conditions, list(rest[:conditions])
    if at == 0:
        return select(where[0], g, 0.0)
    if at == conditions:
        return np.select(where, [0.0] * conditions, g)
    return np.select(where[: at + 1], [*[0.0] * at, g], 0.0)


def _emit_select(emission: Emission) -> ast.expr:
    count = emission.attributes["conditions"]
    lists = [
        ast.List(list(emission.operands[:count]), ast.Load()),
        ast.List(list(emission.operands[count:-1]), ast.Load()),
    ]
    default = emission.operands[-1]
    if isinstance(default, ast.Constant) and default.value == 0:
        return call("np.select", lists)
    return call("np.select", (*lists, default))


_KEEP = np.array([True, False, True])
_WHICH = np.array([0, 2, 1])

ENTRIES: tuple[Op, ...] = (
    Op("choose", _choose_type,
       lambda attributes, operands: np.choose(operands[0], list(operands[1:]), **attributes),
       _emit_choose, rules=_choose_rule, masks=True, fresh=True, boxes=True, complex=True,
       samples=(
           arguments(_WHICH, (3,), (3,), (3,), mode="raise"),
           arguments(_WHICH, (3,), 0.5, (), mode="raise"),
           arguments(_WHICH + 2, (2, 3), (2, 1), mode="wrap"),
           arguments(_WHICH - 1, (3,), (1,), mode="clip"), arguments(1, (), (), mode="raise"),
       ),
       spellings={np.choose: Spelling(_bind_choose),
                  ("method", "choose"): Spelling(_bind_choose_method)},
       examples=("np.choose(np.array([0, 1, 1]), [{3}, {3}])",
                 "np.array([2, 0, -1]).choose([{3}, {}, {1}], mode='wrap')",
                 "np.choose([3, 0], ({2,1}, {2,2}), mode='clip')",
                 "np.choose([1, 0, 1], [{3}, {3j}])")),
    Op("cases", _select_type, _evaluate_select, _emit_select, rules=_select_rule, masks=True,
       fresh=True, boxes=True, complex=True,
       samples=(
           arguments(_KEEP, ~_KEEP, (3,), (3,), 0, conditions=2),
           arguments(_KEEP, _WHICH > 0, (2, 3), 0.5, (), conditions=2),
           arguments(_KEEP, (2, 1), (3,), conditions=1), arguments(True, (), 0, conditions=1),
       ),
       spellings={np.select: Spelling(_bind_select)},
       examples=("np.select([{3} > 0, {3} > -1], [{3}, {3}])",
                 "np.select(({2,3} > 0,), ({3},), default={2,1})",
                 "np.select([{3} > 0], [{3j}], {})",
                 "np.select([{3} > 1, {3} > 0, {3} > -1], [{}, {3}, 2.0], {})")),
)  # fmt: skip
