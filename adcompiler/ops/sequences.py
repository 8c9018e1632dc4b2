"""Python's own reductions of a tuple, a list or an array: `sum`, `max`, `any`, `math.prod` …

    sum_of[start=False, whole=False] %a, %b, %c       sum((a, b, c))
    sum_of[start=False, whole=True] %x                sum(x)

They are operations of their own because what they compute is theirs alone: from Python 3.12 on,
`sum` of floats compensates for rounding, which `0 + a + b + c` doesn't. `whole`: the operand is
the sequence, else the operands are its elements.
"""

from __future__ import annotations

import ast
import builtins
import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import is_positive
from ..ir.types import BOOL, FLOAT, INT, Array, List, Type, TypeMismatch, join, rank, shape_of
from .elementwise import select
from .emit import call
from .inference import operator_type
from .op import DISCRETE, Attributes, Emission, Op, OperationError, arguments
from .stack_rules import folded

__all__ = ["ENTRIES"]


def element_type(type_: Type) -> Type:
    """What iterating over a sequence gives."""
    match type_:
        case List(element):
            return element
        case Array(dtype, shape) if shape:
            return Array(dtype, shape[1:])
    raise OperationError(f"a {type_} has no elements", "pass a tuple, a list or an array")


def _parts(types: Sequence[Type], attributes: Attributes) -> tuple[list[Type], Type, bool]:
    """The elements' types, the start's, and whether there may be no element at all."""
    *parts, start = types if attributes["start"] else (*types, INT)
    if not attributes["whole"]:
        return parts, start, not parts
    element = element_type(parts[0])
    return [element, element], start, not is_positive(shape_of(parts[0])[0])


def _folded(
    function: Callable[..., Any], ufunc: np.ufunc
) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        parts, start, may_be_empty = _parts(types, attributes)
        result = start
        for part in parts:
            result = operator_type(function, ufunc, (result, part))
        try:
            return join(result, start) if may_be_empty else result
        except TypeMismatch:
            raise OperationError(
                f"of no elements this is {start}, of some it is {result}",
                "give it a start of that shape, such as np.zeros(...)",
            ) from None

    return infer


def _evaluated(function: Callable[..., Any]) -> Callable[[Attributes, Sequence[Any]], Any]:
    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        start = operands[-1:] if attributes.get("start") else ()
        parts = operands[: len(operands) - len(start)]
        named = {"start": start[0]} if start else {}
        return function(parts[0] if attributes["whole"] else tuple(parts), **named)

    return evaluate


def _emitted(dotted: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        operands, start = list(emission.operands), []
        if emission.attributes.get("start"):
            start = [operands.pop()]
        whole = emission.attributes["whole"]
        first = operands[0] if whole else ast.Tuple(operands, ast.Load())
        if dotted == "math.prod":
            return call(dotted, (first,), **({"start": start[0]} if start else {}))
        return call(dotted, (first, *start))

    return emit


def _spread(g: Any, x: Any) -> Any:
    """`g` for every element; arrays are stretched to by the transformation."""
    if not isinstance(x.type, List):
        return g
    element = x.type.element
    if g.is_python and isinstance(element, Array) and element.dtype not in ("f8", "c16"):
        g = g.astype(element.dtype)  # a Python float would be a float64 among float32s
    return g.emit("repeated", x.emit("shape"), type=x.type)


def _sum_rule(g: Any, *operands: Any, whole: bool, start: bool = False, index: int) -> Any:
    return _spread(g, operands[0]) if whole and index == 0 else g


def _prod_rule(g: Any, *operands: Any, whole: bool, start: bool, index: int) -> Any:
    """The product of all others, exact where some are zero; never y / x."""
    *parts, _ = operands
    if not whole:
        others = [v for k, v in enumerate(parts) if k != index]
        return functools.reduce(operator.mul, others, g)
    product = functools.reduce(operator.mul, parts[1:], g)
    if index == 1:
        return g * g.tracer.call(np.prod, _array(parts[0]))
    return product * _array(parts[0]).emit("prod_others", axis=0)


def _array(x: Any) -> Any:
    return x.emit("asarray") if isinstance(x.type, List) else x


def _hypot_rule(g: Any, *operands: Any, whole: bool, index: int) -> Any:
    """0 where the length is 0."""
    y = operands[-1]
    return g * operands[index] / select(y == 0, 1.0, y)


def _dist_rule(g: Any, *operands: Any, whole: bool, index: int) -> Any:
    *parts, y = operands
    half = len(parts) // 2
    mine, other = parts[index], parts[(index + half) % len(parts)]
    return g * (_array(mine) - _array(other)) / select(y == 0, 1.0, y)


def _sumprod_rule(g: Any, *operands: Any, whole: bool, index: int) -> Any:
    *parts, _ = operands
    half = len(parts) // 2
    return g * _array(parts[(index + half) % len(parts)])


def _sumprod_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """Ints stay ints; what else comes is the product's and the sum's."""
    parts = [element_type(t) for t in types] if attributes["whole"] else types
    half = len(parts) // 2
    result: Type = INT
    for p, q in zip(parts[:half], parts[half:], strict=True):
        result = operator_type(
            operator.add, np.add, (result, operator_type(operator.mul, np.multiply, (p, q)))
        )
    return result


def _of_pair(function: Any) -> Callable[[Attributes, Sequence[Any]], Any]:
    """Evaluates what takes two sequences of one length."""

    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        half = len(operands) // 2
        p, q = tuple(operands[:half]), tuple(operands[half:])
        return function(p[0], q[0]) if attributes["whole"] else function(p, q)

    return evaluate


def _emit_pair(dotted: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        half = len(emission.operands) // 2
        p, q = list(emission.operands[:half]), list(emission.operands[half:])
        if emission.attributes["whole"]:
            return call(dotted, (p[0], q[0]))
        return call(dotted, (ast.Tuple(p, ast.Load()), ast.Tuple(q, ast.Load())))

    return emit


def _pair(name: str, infer: Any, rule: Any, raises: Any = None) -> tuple[Op, ...]:
    """An entry for a function of two sequences, where this Python has it."""
    function = getattr(math, name, None)
    if function is None:
        return ()
    made = Op(
        name, infer, _of_pair(function), _emit_pair(f"math.{name}"), rules=rule, raises=raises,
        samples=(arguments((), 0.5, 1.5, (), whole=False), arguments((3,), (3,), whole=True),
                 arguments(_LIST, (3,), whole=True), arguments(_LIST, [1.0, 2.0, 3.0], whole=True)),
    )  # fmt: skip
    return (made,)


def _numbers(types: Sequence[Type], attributes: Attributes) -> Type:
    """For what `math` computes of numbers: a float."""
    parts = [element_type(t) for t in types] if attributes["whole"] else types
    if any(rank(t) for t in parts):
        raise OperationError("`math` takes numbers, no arrays", "use the NumPy function")
    return FLOAT


def _extreme_type(types: Sequence[Type], attributes: Attributes) -> Type:
    element = element_type(types[0])
    if rank(element):
        raise OperationError(
            "min() and max() of an array's rows have no truth value", "use np.min or np.max"
        )
    return element


def _extreme_rule(g: Any, x: Any, y: Any, whole: bool) -> Any:
    """Ties share the gradient evenly."""
    chosen = _array(x) == y
    return chosen * (g / np.sum(chosen))


_LIST = [0.5, 1.5, -0.75]
_SPREAD = (
    *(arguments(*((),) * n, whole=False, start=False) for n in (1, 3)),
    arguments(0.5, (), 2.5, whole=False, start=True), arguments((3,), whole=True, start=False),
    arguments(_LIST, whole=True, start=False), arguments(_LIST, (), whole=True, start=True),
    arguments((3,), 1.5, whole=True, start=True),
)  # fmt: skip
_ROWS = (
    arguments((2, 3), (3,), (), whole=False, start=False),
    arguments((2, 3), whole=True, start=False),
)

ENTRIES: tuple[Op, ...] = (
    Op("sum_of", _folded(operator.add, np.add), _evaluated(builtins.sum), _emitted("builtin.sum"),
       linear="together", batch=folded(operator.add), rules=_sum_rule, fresh=True, complex=True,
       samples=(*_SPREAD, *_ROWS)),
    Op("prod_of", _folded(operator.mul, np.multiply), _evaluated(math.prod), _emitted("math.prod"),
       batch=folded(operator.mul), rules=_prod_rule, fresh=True, complex=True, samples=_SPREAD),
    Op("fsum", _numbers, _evaluated(math.fsum), _emitted("math.fsum"), linear="together",
       rules=_sum_rule,
       samples=(arguments((), (), whole=False), arguments((3,), whole=True),
                arguments(_LIST, whole=True))),
    Op("hypot_of", _numbers, lambda attributes, operands: math.hypot(*operands),
       lambda emission: call("math.hypot", emission.operands), rules=_hypot_rule,
       samples=tuple(arguments(*((),) * n, whole=False) for n in (1, 3, 4))),
    *_pair("dist", _numbers, _dist_rule),
    *_pair("sumprod", _sumprod_type, _sumprod_rule),
    *(Op(f"{name}_of", _extreme_type, _evaluated(getattr(builtins, name)),
         _emitted(f"builtin.{name}"), rules=(_extreme_rule,), masks=True,
         samples=(arguments((3,), whole=True), arguments(_LIST, whole=True)))
      for name in ("min", "max")),
    *(Op(f"{name}_of", lambda types, attributes: BOOL, _evaluated(getattr(builtins, name)),
         _emitted(f"builtin.{name}"), no_gradient=DISCRETE)
      for name in ("any", "all")),
)  # fmt: skip
