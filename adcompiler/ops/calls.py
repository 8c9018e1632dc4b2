"""Calls of functions that are compiled apart, and the tuples that their two parts exchange.

    %y, %saved = invoke[callee=power_forward] %x, %n       y, saved = power_forward(x, n)
    %0: saved = pack %x, %y, %saved                        (x, y, saved)
    %x, %y, %saved = unpack %saved.0                       x, y, saved = saved

What is packed is memory of its own where callers may change theirs: `own_all` copies tapes.

`invoke` and `unpack` have any number of results, so the verifier and the interpreter know them by
themselves; here stands how they are emitted, and that what they give may be memory of their
operands.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NoReturn

from ..ir.types import SAVED, Type
from ..runtime.helpers import own_all
from .emit import call, default_call
from .op import CALLED, Attributes, Op, OperationError

__all__ = ["ENTRIES"]

_ALL = range(1 << 30)


def _several(types: Sequence[Type], attributes: Attributes) -> NoReturn:
    raise OperationError("this operation has any number of results", "read their own types")


def _interpreted(attributes: Attributes, operands: Sequence[Any]) -> NoReturn:
    raise TypeError("the interpreter does this itself")


ENTRIES: tuple[Op, ...] = (
    Op("invoke", _several, _interpreted,
       lambda emission: call(f"function.{emission.attributes['callee']}", emission.operands),
       view=_ALL, no_gradient=CALLED),
    Op("pack", lambda types, attributes: SAVED, lambda attributes, operands: tuple(operands),
       lambda emission: ast.Tuple(list(emission.operands), ast.Load()), view=_ALL,
       no_gradient=CALLED),
    Op("unpack", _several, _interpreted, lambda emission: emission.operands[0], view=(0,),
       no_gradient=CALLED),
    Op("own_all", lambda types, attributes: types[0],
       lambda attributes, operands: own_all(operands[0]), default_call("helper.own_all"),
       fresh=True, boxes=True, no_gradient=CALLED),
)  # fmt: skip
