"""What a table entry holds: one operation, everything about it in one place.

    entry("exp", spellings={np.exp: ..., math.exp: ...}, infer=..., evaluate=..., emit=...,
          rules=(lambda g, x, y: g * y,))

A rule gives one operand's contribution to its gradient. It is ordinary Python over `Var`s (see
`var`), called with the incoming cotangent, the operands, the result and, by keyword, the
operation's attributes; operators and NumPy functions on Vars append operations. A rule never
un-broadcasts, accumulates, casts or makes zeros: the transformation does that.

An operation has several results where `infer` gives a tuple of types. Its rules get a tuple of
cotangents, with None for a result of which nothing is passed on, and the tuple of results:

    rules=(lambda g, x, y: g[0],)        fraction, whole = np.modf(x)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from ..ir.sizes import Size
from ..ir.types import Type

if TYPE_CHECKING:
    from .linalg import Letters
    from .stacks import Stacks
    from .var import Var

__all__ = [
    "AUTHORS",
    "CALLED",
    "DISCRETE",
    "NO_FLOATS",
    "SAID",
    "SHAPES",
    "SHAPE_ALONE",
    "STEPWISE",
    "STOPPED",
    "Axes",
    "Bound",
    "Call",
    "Emission",
    "Expansion",
    "Op",
    "OperationError",
    "Raises",
    "Regular",
    "Rule",
    "Spelling",
    "arguments",
    "operands_only",
]

Attributes = Mapping[str, Any]
Rule = Callable[..., "Var | None"]
Raises = Callable[[Sequence[Type], Attributes, Sequence[Any]], bool]
Axes = Callable[[Sequence[Type], Attributes], tuple[int | None, ...] | None]
Agreeing = Callable[[Sequence[Type], Attributes], Sequence[tuple[Size, ...]]]
Fits = Callable[[Sequence[Type], Attributes], tuple[tuple[Size, ...], tuple[Size, ...]]]
Bound = tuple[tuple[Any, ...], dict[str, Any]]

# Why an operation has no rule.
AUTHORS = "the gate's author gives the rule"
CALLED = "reverse mode follows the call"
DISCRETE = "the result is a bool or an int"
NO_FLOATS = "no float among the operands"
SAID = "for what it shows or does, not for its value"
SHAPE_ALONE = "nothing of the operands but their shape"
STEPWISE = "constant between jumps"
STOPPED = "stop_gradient says so"

# Shapes on which samples try what takes one array: a number, unit dimensions, several ranks.
SHAPES = ((), (1,), (3,), (3, 2), (3, 1), (1, 2), (2, 1, 3))


class OperationError(Exception):
    """An operation that is refused: its reason, and the way out."""

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(reason)


class UnfilledError(OperationError):
    """An operand is an element of a list into which nothing has been put."""

    def __init__(self) -> None:
        super().__init__("nothing was put into what this reads", "fill the list before")


@final
@dataclass(frozen=True)
class Emission:
    """What an operation's emission sees: its attributes, operand and result types, operand text."""

    attributes: Attributes
    types: Sequence[Type]
    result: Type
    operands: Sequence[ast.expr]


@final
@dataclass(frozen=True)
class Call:
    """An operand of a sample that another operation makes: `Call("shape", (3, 2))`."""

    opcode: str
    operand: Any


@final
@dataclass(frozen=True)
class Regular:
    """An operand of a sample: matrices far from singular, whose lower triangles are those of
    positive definite matrices with eigenvalues far apart."""

    shape: tuple[int, ...]


@final
@dataclass(frozen=True)
class Spelling:
    """One way to write an operation: `bind` maps the call's arguments to operands and attributes.

    Operands become values; attributes must be static. `bind` has the spelled function's own
    signature as far as it is supported, so that an unknown keyword is a TypeError.
    """

    bind: Callable[..., Bound]
    preset: Attributes = field(default_factory=dict)


@final
@dataclass(frozen=True, eq=False)
class Op:
    """One operation.

    `rules` holds a rule for each operand (None: no gradient), or one rule for all operands of a
    variadic operation, which is told its operand's `index`. `accumulate` replaces the first
    operand's rule where the contribution is best added into an existing gradient; `accumulates`
    tells for which types and attributes.
    `ufunc`: of an elementwise operation, the function that computes the same and can write it over
    an operand (`np.exp(x, out=x)`), as the text calls it; told from the attributes, "" for none.
    `elementwise`: the rules are diagonal, so that they serve forward mode as well.
    `linear`: of any other, whether it is linear in its differentiable operands, so that it is its
    own tangent map: in "each" of them alone, or "together" in all operands with a rule, or in
    those at these positions (told from the attributes).
    `terms`: the result is the sum of the operands with these signs. `factors`: it is the product of
    the operands to these exponents, 1 or -1. `signed`: operands that it takes off where the
    attribute `sign` is -1.
    `faster`: by the name of a pass, a rule over the operands (and the attributes) for what gives
    the same up to rounding, and is faster; or None, where it isn't.
    `by_inverse`: by the entry that inverts matrices, a rule for the same result up to rounding from
    that inverse of the first operand, and the other operands.
    `axes`: of what only moves axes, adds some along which all is the same, or sums over them: for
    each axis of the result which one of the first operand it is, None if it is none; over those
    that are missing it sums. None where that isn't known.
    `letters`: of a product that sums over axes of two operands, a letter for each axis of these and
    of the result (see `linalg.Letters`).
    `share`: of the logarithm of a sum of exponentials, a rule for what part of the sum the
    exponential of one operand is, from that operand and the other.
    `of_product`: a rule for what it makes of the product of two arrays of one shape, without that
    product; None where it can't be said, or isn't faster.
    `batch`: the operation of whole stacks (see `stacks`); without a rule, or where it gives None,
    elementwise entries broadcast, and all others are done for one after the other. What is made of
    a shape alone is asked where its result has to be a stack.
    `alike`: the results are the same for all of a stack: made of lengths and shapes.
    `singular`: a partial may be infinite; a point of the domain where none is (or a function of
    the operands and the result that gives it, or None).
    `masks`: the gradient passed on (to the operands at these positions) may hold exact zeros
    because something wasn't selected.
    `statement`: the operation changes its first operand; the statement that does so in place, where
    nobody reads the old value any more.
    `view`: the result may share memory with the operands at these positions (with `fresh`: at
    rank 0 only).
    `shape_only`: operands of which nothing but the shape is used.
    `shares`: of an entry with `view`, whether its result is a "view" of the first operand, a
    "copy", or "maybe" either.
    `holds`: operands that the result, a list, has as elements (or whose parts it has).
    `place`: of what reads or stores at a place of its first operand: the key, the key's operands,
    and the views that it is in, from the attributes and the operands.
    `part`: of what reads a part of its first operand, that part, where it can be told (see `Part`).
    `stores`: of what adds at a place, the entry that stores there.
    `zeros`: the result is made of zeros.
    `element`: of a list the result is an element, which stays in it.
    `same`: the result is the operand itself.
    `fresh`: the result is memory of its own.
    `agreeing`: the shapes that have to broadcast, else it raises; elementwise entries need none.
    `fits`: of what stretches one shape to another, never the other way, these two.
    `effect`: the statement that it is printed as. It has no result, and is kept, in its place.
    `mirrored`: of an effect that also holds backwards, what it becomes there.
    `raises`: whether it may raise for arguments that its derivative takes, told from its operands'
    types, its attributes and the operands' constants (else None); kept though nobody reads it.
    `total`: whether it neither raises nor warns, whatever its operands' values, and takes no more
    time than a step of Python's; told likewise.
    `fixed`: NumPy doesn't let the result be written to.
    `contiguous`: of a fresh result, whether its elements lie one after the other, in C order, in
    whatever order those of the operands do.
    `once`: runs exactly once, in its place, whether or not its result is read: it is never shared,
    moved past an effect, or computed again.
    `boxes`: at rank 0 the result may be an array of no dimensions instead of a NumPy scalar.
    `results`: where there are several, what they are called in the text if the user says nothing;
    `structure` is the class of what they come in.
    `domain`: for an elementwise entry, the intervals from which the tests draw its operands.
    `samples`: calls on which the tests try any other: a tuple among the operands is the shape of
    an array to be drawn, everything else is itself.
    `examples`: calls as users write them, for the tests and the reference; `{3,2}` stands for an
    array of that shape, `{3,3!}` for a `Regular` one, `{3j}` for one of complex numbers, `{}` for a
    number.
    `complex`: the rules hold for complex operands as well (a cotangent is dL/dx - i dL/dy); else
    a gradient through complex numbers is refused there.
    `no_gradient`: why there is no rule, where there is none.
    `needs`: the package, besides NumPy, without which the operation can't be evaluated.
    """

    name: str
    infer: Callable[[Sequence[Type], Attributes], Any]  # a Type, or a tuple of these
    evaluate: Callable[[Attributes, Sequence[Any]], Any]
    emit: Callable[[Emission], ast.expr]
    statement: Callable[[ast.expr, Emission], ast.stmt] | None = None
    rules: tuple[Rule | None, ...] | Rule | None = None
    accumulate: Rule | None = None
    accumulates: Callable[[Sequence[Type], Attributes], bool] = lambda types, attributes: True
    spellings: Mapping[object, Spelling] = field(default_factory=dict)
    ufunc: Callable[[Attributes], str] = lambda attributes: ""
    elementwise: bool = False
    linear: str | tuple[int, ...] | Callable[[Attributes], tuple[int, ...]] = ""
    terms: tuple[int, ...] = ()
    factors: tuple[int, ...] = ()
    square: Callable[..., bool] | None = None
    signed: tuple[int, ...] = ()
    axes: Axes | None = None
    faster: Mapping[str, Rule] = field(default_factory=dict)
    by_inverse: Mapping[str, Rule] = field(default_factory=dict)
    letters: Callable[[Sequence[Type], Attributes], Letters] | None = None
    share: Rule | None = None
    of_product: Rule | None = None
    batch: Callable[[Stacks], Any] | None = None
    alike: bool = False
    singular: float | Callable[..., float | None] | None = None
    masks: bool | tuple[int, ...] | Callable[[Sequence[Type], Attributes], bool] = False
    view: Container[int] = ()
    shares: str | Callable[[Sequence[Type], Attributes], str] = "maybe"
    holds: Container[int] = ()
    place: Callable[[Attributes, Sequence[Any]], tuple[Any, Sequence[Any], Any]] | None = None
    part: Callable[[Sequence[Type], Attributes], Any] = lambda types, attributes: None
    stores: str = ""
    zeros: bool = False
    element: bool = False
    same: bool = False
    fresh: bool = False
    fixed: bool = False
    contiguous: Callable[[Attributes], bool] = lambda attributes: False
    once: bool = False
    boxes: bool = False
    shape_only: tuple[int, ...] = ()
    agreeing: Agreeing = lambda types, attributes: ()
    fits: Fits | None = None
    effect: Callable[[Emission], ast.stmt] | None = None
    mirrored: str | None = None
    raises: Raises | None = None
    total: Raises | None = None
    results: tuple[str, ...] = ()
    structure: Callable[[Iterable[Any]], tuple[Any, ...]] = tuple
    domain: tuple[tuple[float, float], ...] = ()
    samples: tuple[Bound, ...] = ()
    examples: tuple[str, ...] = ()
    complex: bool = False
    no_gradient: str = ""
    needs: str = ""

    def types(self, types: Sequence[Type], attributes: Attributes) -> tuple[Type, ...]:
        """The types of the results, however many there are."""
        found = self.infer(types, attributes)
        return found if isinstance(found, tuple) else (found,)

    def sharing(self, types: Sequence[Type], attributes: Attributes) -> str:
        """Whether the result is a "view" of the first operand, a "copy", or "maybe" either."""
        return self.shares(types, attributes) if callable(self.shares) else self.shares

    def together(self, count: int, attributes: Attributes) -> tuple[int, ...]:
        """Of `count` operands, those in which the operation is linear, all of them at once."""
        if callable(self.linear):
            return self.linear(attributes)
        if isinstance(self.linear, tuple):
            return self.linear
        into = (0,) if self.accumulate is not None else ()
        return tuple(k for k in range(count) if self.rule(k) is not None or k in into)

    def adds_into(self, types: Sequence[Type], attributes: Attributes) -> bool:
        """Whether the first operand's contribution is added into its gradient."""
        return self.accumulate is not None and self.accumulates(types, attributes)

    def rule(self, index: int) -> Rule | None:
        """The rule for one operand; None where no gradient flows."""
        if callable(self.rules):
            rule = self.rules
            return lambda *args, **attributes: rule(*args, index=index, **attributes)
        if self.rules is None or index >= len(self.rules):
            return None
        return self.rules[index]


@final
@dataclass(frozen=True, eq=False)
class Expansion:
    """A function that is nothing but others together, as NumPy's own source has it: no rule of its
    own, its parts have theirs.

    `build` has the function's signature, as far as it is supported, and is written over `Var`s like
    a rule; it gives a Var, a number, or a tuple or list of these. Up to the last bit it computes
    what the function does.
    `spellings`: the function itself, and others with the same arguments (("method", name) too).
    `static`: the parameters that have to be known at compile time.
    `plain`: parameters such as shapes, in which numbers stay Python's own.
    `complex`: it is the same for complex arguments; else these are refused.
    `examples`: see `Op`.
    """

    name: str
    build: Callable[..., Any]
    spellings: tuple[object, ...]
    static: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    complex: bool = False
    examples: tuple[str, ...] = ()


def operands_only(count: int) -> Callable[..., Bound]:
    """A `bind` for a spelling that takes `count` operands and nothing else."""

    def bind(*operands: Any) -> Bound:
        if len(operands) != count:
            supported = "1 argument is" if count == 1 else f"{count} arguments are"
            raise TypeError(f"{supported} supported, not {len(operands)}")
        return operands, {}

    return bind


def arguments(*operands: Any, **attributes: Any) -> Bound:
    """What a spelling's `bind` returns."""
    return operands, attributes
