"""Values that may be infinite or NaN although the function's result isn't: an untaken side's.

    y = np.where(x > 0, x * np.log(x), 0.0)      at x = 0: log(x) is -inf, and not selected

The gradient that `where` passes back there is 0, and 0 * log(x) would be NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..ir.builder import Builder
from ..ir.core import Function, Operation, Value, walk
from ..ir.types import Array
from ..ops import SPELLINGS, TABLE, Tracer
from .flows import handed_on, reachable

__all__ = ["hazardous_values", "safe_point"]


def safe_point(op: Operation, tracer: Tracer) -> float | None:
    """Where an operation's partials are finite; None where they are everywhere."""
    singular = TABLE[op.opcode].singular if op.opcode in TABLE else None
    primals = map(tracer.var, (*op.operands, *op.results))
    return singular(*primals) if callable(singular) else singular


def hazardous_values(
    function: Function, constants: Mapping[Value, object], entering: Iterable[Value] = ()
) -> frozenset[Value]:
    """Results of operations with poles or of calls, and what is computed from them.

    `entering` are parameters that may be of the kind when the function is called. Python numbers
    aren't among them: Python raises where NumPy gives infinities.
    """
    tracer = Tracer(Builder(), TABLE, SPELLINGS, constants=constants)
    following: dict[Value, list[Value]] = {}
    poles = [v for v in entering if isinstance(v.type, Array)]
    for op in walk(function.body):
        for source, target in handed_on(op) if op.blocks else _computed(op):
            following.setdefault(source, []).append(target)
        if not op.blocks and ("callee" in op.attributes or safe_point(op, tracer) is not None):
            poles += [v for v in op.results if isinstance(v.type, Array)]
    return frozenset(reachable(poles, following.get))


def _computed(op: Operation) -> list[tuple[Value, Value]]:
    return [(v, r) for v in op.operands for r in op.results if isinstance(r.type, Array)]
