"""User gates: a function that is called, not inlined, with a derivative of its author's.

    call[gate=sigmoid] %s3          L = sigmoid(s3)         grad_s3 = grad_L * (1 - L) * L

The front end lowers the gate's rule to IR and hangs it on the call as `pullback`, a function of
(g, operands..., result) whose results are the operands' contributions; `differentiable` names the
operands they belong to. So the transformation splices it without knowing what a gate is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar

from ..ir.types import Type
from .emit import call
from .op import AUTHORS, Attributes, Op

__all__ = ["ENTRIES", "Primitive", "primitive"]

P = ParamSpec("P")
R = TypeVar("R")


class Primitive(Generic[P, R]):
    """A gate: calls as the function it was made of; `backward` gives it its rule."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        self.rule: Callable[..., Any] | None = None
        self.name: str = getattr(function, "__name__", repr(function))
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def backward(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: `rule(g, *arguments, y)` gives the arguments' contributions.

        `g` is the incoming cotangent, with the shape and dtype of the result `y`. One argument:
        return its contribution. Several: a tuple, with None for what has no gradient. The body is
        ordinary Python in the subset, and is spliced into the emitted text.
        """
        self.rule = rule
        return rule

    backward.__adcompiler_decorator__ = "backward"  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(function: Callable[P, R]) -> Primitive[P, R]:
    """Make a gate of a function: it prints as one call, and its `.backward` is your own rule.

    >>> @primitive
    ... def double(x):
    ...     return 2 * x
    >>> @double.backward
    ... def double_backward(g, x, y):
    ...     return 2 * g
    >>> double(3.0)
    6.0
    """
    return Primitive(function)


primitive.__adcompiler_decorator__ = "primitive"  # type: ignore[attr-defined]


def _type(types: Sequence[Type], attributes: Attributes) -> Type:
    result: Type = attributes["type"]
    return result


ENTRIES: tuple[Op, ...] = (
    Op("call", _type, lambda attributes, operands: attributes["gate"].function(*operands),
       lambda emission: call(f"gate.{emission.attributes['primal'].name}", emission.operands),
       view=range(1 << 30), no_gradient=AUTHORS),
)  # fmt: skip
