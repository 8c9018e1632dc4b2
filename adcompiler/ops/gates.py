"""User gates: a function that is called, not inlined, with derivatives of its author's.

    call[gate=sigmoid] %s3          L = sigmoid(s3)         grad_s3 = grad_L * (1 - L) * L

The front end lowers the gate's rules to IR and hangs them on the call:

`pullback`   a function of (a cotangent for each result in `received`, the operands, the results,
             or where there is a recording the residuals); it gives the contributions to the
             operands in `differentiable`.
`recording`  what the call becomes where it is differentiated: attributes of a call that has more
             results behind its own, the residuals.
`pushforward` a function of (a tangent for each operand in `moved`, the operands, the results); it
             gives the tangents of the results in `received`.

So the transformations splice them without knowing what a gate is. The operands behind the first
`arity` are what the gate's function reads from outside.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from ..diagnostics import Diagnostic, SignatureError
from ..ir.interpreter import interpret
from ..ir.types import Type
from .emit import call
from .op import AUTHORS, Attributes, Op

__all__ = ["ENTRIES", "Primitive", "primitive", "told_signature"]

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]
Result = str | tuple[str, ...]


def told_signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """The parameters of any callable, if it tells them: of what is written in C, some say nothing
    and some say `*args, **kwargs`."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    read = isinstance(inspect.unwrap(function), types.FunctionType)
    told = read or any(p.kind not in starred for p in found.parameters.values())
    return found if told else None


class Primitive(Generic[P, R]):
    """A gate: calls as the function it was made of; `backward` and `forward` give it its rules.

    `nondiff`: the parameters that get no gradient. `opaque`: which of "function", "rule",
    "recording" and "tangent" are called, not read. `result`: what an opaque function returns.
    """

    def __init__(
        self, function: Callable[P, R], nondiff: tuple[str, ...] = (), result: Result | None = None
    ) -> None:
        self.function = function
        self.nondiff = nondiff
        self.result = result
        self.opaque = frozenset[str]() if result is None else frozenset({"function"})
        self.rule: Rule | None = None
        self.recording: Rule | None = None
        self.tangent: Rule | None = None
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self.__qualname__ = self.name
        functools.update_wrapper(self, function)
        self._check_names()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __reduce__(self) -> str:
        """As functions are: by name."""
        return self.__qualname__

    @overload
    def backward(self, rule: F, /, *, opaque: bool = False) -> F: ...
    @overload
    def backward(self, /, *, opaque: bool = False) -> Callable[[F], F]: ...
    def backward(self, rule: Any = None, /, *, opaque: bool = False) -> Any:
        """Decorator: `rule(g, *arguments, y)` gives the arguments' contributions.

        `g` is the incoming cotangent, with the structure, shapes and dtypes of the result `y`; None
        stands where y holds no float. One argument that has a gradient: return its contribution.
        Several: a tuple, with None for what gets nothing. Arguments that the gate calls `nondiff`
        are passed like the others, and get no contribution. A contribution has the shape of its
        argument, or one that broadcasts against it: the compiler sums and stretches. The body is
        ordinary Python in the subset, and is spliced into the emitted text.

        opaque: the rule is called, not read; any callable will do. Then each contribution has its
        argument's shape and dtype, there is no None, and the text raises TypeError otherwise.
        """
        return self._given("rule", rule, opaque)

    @overload
    def forward(self, rule: F, /, *, opaque: bool = False) -> F: ...
    @overload
    def forward(self, /, *, opaque: bool = False) -> Callable[[F], F]: ...
    def forward(self, rule: Any = None, /, *, opaque: bool = False) -> Any:
        """Decorator: `rule(*tangents, *arguments, y)` gives the result's tangent.

        There is a tangent for each argument that isn't `nondiff`, with its structure, shapes and
        dtypes; None stands where it holds no float. Else as for `backward`.
        """
        return self._given("tangent", rule, opaque)

    @overload
    def residuals(self, function: F, /, *, opaque: bool = False) -> F: ...
    @overload
    def residuals(self, /, *, opaque: bool = False) -> Callable[[F], F]: ...
    def residuals(self, function: Any = None, /, *, opaque: bool = False) -> Any:
        """Decorator: `function(*arguments)` gives `(y, saved)`, and takes the gate's place in
        gradients.

        y is what the gate returns, to the last bit; `saved` holds what the backward rule needs, in
        any structure. With it the rule is `rule(g, saved)`: the arguments and y are kept for it
        only as far as they are part of `saved`.

        opaque: the function is called, not read; `saved` is then any object, and the backward rule
        is opaque, too.
        """
        return self._given("recording", function, opaque)

    residuals.__adcompiler_decorator__ = "residuals"  # type: ignore[attr-defined]
    backward.__adcompiler_decorator__ = "backward"  # type: ignore[attr-defined]
    forward.__adcompiler_decorator__ = "forward"  # type: ignore[attr-defined]

    def _given(self, which: str, rule: Rule | None, opaque: bool) -> Any:
        if rule is None:
            return lambda made: self._given(which, made, opaque)
        self.opaque = self.opaque | {which} if opaque else self.opaque - {which}
        setattr(self, which, rule)
        return rule

    def _check_names(self) -> None:
        signature = told_signature(self.function)
        if signature is None:
            return
        known = signature.parameters
        for name in self.nondiff:
            if name not in known:
                raise SignatureError(
                    Diagnostic(
                        "gate", f"the gate `{self.name}` has no parameter `{name}`.",
                        f"nondiff names parameters: {', '.join(known) or 'it has none'}.",
                    )
                )  # fmt: skip

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


@overload
def primitive(
    function: Callable[P, R], /, *, nondiff: str | Sequence[str] = (), opaque: bool = False,
    result: Result | None = None,
) -> Primitive[P, R]: ...  # fmt: skip
@overload
def primitive(
    function: None = None, /, *, nondiff: str | Sequence[str] = (), opaque: bool = False,
    result: Result | None = None,
) -> Callable[[Callable[P, R]], Primitive[P, R]]: ...  # fmt: skip
def primitive(
    function: Any = None, /, *, nondiff: str | Sequence[str] = (), opaque: bool = False,
    result: Result | None = None,
) -> Any:  # fmt: skip
    """Make a gate of a function: it prints as one call, and its derivatives are your own rules.

    nondiff: names of parameters that get no gradient: modes, counts, data. Ints and bools passed
    for them may be used where only a static value makes sense, as strings may for any parameter.
    opaque: the function is called, not read; any callable will do that changes none of its
    arguments. It runs exactly when the user's function calls it. `result` then says what it
    returns: "float", "f8[n, 3]", the name of a parameter that it is like, or a tuple of these;
    the emitted text raises TypeError where it returns something else.

    Raises SignatureError where the function has no such parameter, and where only one of `opaque`
    and `result` is given.

    >>> @primitive
    ... def double(x):
    ...     return 2 * x
    >>> @double.backward
    ... def double_backward(g, x, y):
    ...     return 2 * g
    >>> double(3.0)
    6.0
    """
    if opaque != (result is not None):
        reason = "an opaque gate needs `result=`." if opaque else "`result=` says nothing here."
        advice = 'write @primitive(opaque=True, result="f8[n]"), or neither of them.'
        raise SignatureError(Diagnostic("gate", reason, advice))
    names = (nondiff,) if isinstance(nondiff, str) else tuple(nondiff)
    if function is None:
        return lambda made: Primitive(made, names, result)
    return Primitive(function, names, result)


primitive.__adcompiler_decorator__ = "primitive"  # type: ignore[attr-defined]


def _type(types: Sequence[Type], attributes: Attributes) -> Any:
    return attributes["types"]


def _evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    from . import evaluate

    found = interpret(attributes["primal"], operands, evaluate)
    return found if len(found) > 1 else found[0]


ENTRIES: tuple[Op, ...] = (
    Op("call", _type, _evaluate,
       lambda emission: call(f"gate.{emission.attributes['primal'].name}", emission.operands),
       view=range(1 << 30), no_gradient=AUTHORS),
)  # fmt: skip
