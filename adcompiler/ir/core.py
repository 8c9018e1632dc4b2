"""The IR on one page: values, operations, blocks, functions; structured SSA.

    def power(x, n):                 function power(%x: float, %n: int):
        y = 1.0                          %y.0 = constant[value=1.0]
        for i in range(n):               %r = range %n
            y = y * x                    %y.1 = for[carry=1] %y.0, %r (%y.2, %i):
        return y                             %y.3 = mul %y.2, %x
                                             yield %y.3
                                         return %y.1

Values have identity equality. Regions are blocks of an operation, and every region operation has
a fixed layout:

`if`      operands (condition,), blocks (then, otherwise) without parameters; results are what the
          blocks yield.
`for`     operands (carry inits..., sequences...); block parameters (carries..., elements...); the
          block yields (next carries..., collected...); results (final carries..., tapes...).
          Attributes: `carry` (how many), `reverse` (run from the last element to the first; a
          tape's index k belongs to the sequences' k-th element either way).
`while`   operands (carry inits...,); blocks (condition, body), both with the carries as parameters;
          the condition yields one bool, the body (next carries..., collected...); results (final
          carries..., tapes..., trips): `trips` counts the iterations.

A `for` or `while` with the attribute `exits` may end early: its body yields one value more, the
bool `stop`, and the loop ends after the iteration that yields true. A `for` that exits runs forward
over ranges, and has `trips` as its last result, too. `loops` takes loops apart by name.

Each has a `region` attribute, an identity that survives rebuilding. An operation whose `mirrors`
attribute holds another's `region` is its image in the backward part: the k-th block of a mirror of
`if` runs exactly if the k-th block of the original ran, and so may use the values defined there.

A `for` or `invoke` with the attribute `recompute` keeps nothing for its backward part, which runs
it again (`transform/recompute.py`).

A function may come with further functions, which it and they call:

`invoke`  operands the arguments, results all that the function returns. The attribute `callee`
          names it by a label, an identity that survives rebuilding, so that a function can call
          itself.
`unpack`  operand a tuple of values made by `pack`; results its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from ..diagnostics import Span
from .types import Type

__all__ = [
    "Block",
    "Derived",
    "Function",
    "Label",
    "Name",
    "Operation",
    "Parts",
    "Region",
    "Temporary",
    "Value",
    "callee_of",
    "hint",
    "is_temporary",
    "on_all",
    "walk",
    "with_parts",
]


@final
class Region:
    """The identity of a region operation."""

    __slots__ = ()


@final
@dataclass(frozen=True, eq=False, slots=True)
class Label:
    """The identity of a function that others call; no two of one program have the same name."""

    name: str

    def __str__(self) -> str:
        return self.name


@final
@dataclass(frozen=True, slots=True)
class Derived:
    """A name made from another value's: `Derived("grad", s3)` is printed `grad_s3`."""

    prefix: str
    of: Value


@final
@dataclass(frozen=True, slots=True)
class Temporary:
    """The name of a gate's result that the user gave none: `s0`, `s1`, ..."""

    number: int


Name = str | Derived | Temporary | None


@final
@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """What one operation or block parameter defines; `name` is a hint that need not be unique."""

    type: Type
    name: Name = None

    def __repr__(self) -> str:
        return f"%{hint(self) or '_'}:{self.type}"


@final
@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One step. `attributes` hold static facts; `blocks` the regions of `if`, `for`, `while`.

    `backward` tells the steps that differentiation has added from the user's own; of these,
    `repeats` tells those that compute what the user has written, to the last bit: a value once
    more, or a rule.
    """

    opcode: str
    operands: tuple[Value, ...]
    results: tuple[Value, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    span: Span | None = None
    backward: bool = False
    repeats: bool = False

    @property
    def result(self) -> Value:
        """The only result."""
        (value,) = self.results
        return value


@final
@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Parameters, operations in order, and the values it yields (a function's: what it returns)."""

    parameters: tuple[Value, ...]
    operations: tuple[Operation, ...]
    results: tuple[Value, ...]


@final
@dataclass(frozen=True, slots=True)
class Parts:
    """What of a function belongs to its forward part: so many of its parameters and results.

    The rest is the backward part's, which will be a function of its own, called `backward`.
    """

    parameters: int
    results: int
    backward: Label


@final
@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A named block; parameters are leaves, structures are the caller's business.

    `functions` holds the functions that are called from it, or from one another; `parts` says
    that it is still to be split in two.
    """

    name: str
    body: Block
    span: Span | None = None
    functions: Mapping[Label, Function] = field(default_factory=dict)
    parts: Parts | None = None

    @property
    def parameters(self) -> tuple[Value, ...]:
        return self.body.parameters

    @property
    def results(self) -> tuple[Value, ...]:
        return self.body.results


def callee_of(op: Operation) -> Label | None:
    """The function that the operation calls, if it is a call of one of those that come along."""
    found: Label | None = op.attributes.get("callee")
    return found


def hint(value: Value) -> str | None:
    """The value's name as text, with derived names spelled out; None for temporaries."""
    match value.name:
        case Derived(prefix, of):
            inner = hint(of)
            return f"{prefix}_{inner}" if inner else prefix
        case Temporary(number):
            return f"s{number}"
        case name:
            return name


def is_temporary(value: Value) -> bool:
    """Whether the user gave no name to the value, nor to what its name derives from."""
    name = value.name
    while isinstance(name, Derived):
        name = name.of.name
    return not isinstance(name, str)


def with_parts(
    op: Operation, operands: tuple[Value, ...], results: tuple[Value, ...],
    blocks: tuple[Block, ...],
) -> Operation:  # fmt: skip
    """The operation with other operands, results and blocks; passes ask for little else, and
    `dataclasses.replace` takes several times as long."""
    return Operation(
        op.opcode, operands, results, op.attributes, blocks, op.span, op.backward, op.repeats
    )


def walk(block: Block) -> Iterator[Operation]:
    """Every operation of the block and of the regions within, in program order."""
    pending = [iter(block.operations)]
    while pending:
        for operation in pending[-1]:
            yield operation
            if operation.blocks:
                pending += [iter(inner.operations) for inner in reversed(operation.blocks)]
                break
        else:
            pending.pop()


def on_all(change: Callable[[Function], Function], function: Function) -> Function:
    """The function changed, and each of those that come with it."""
    changed = change(function)
    if not function.functions:
        return changed
    others = {label: change(other) for label, other in function.functions.items()}
    return replace(changed, functions=others)
