"""Operations on stacks: what an operation becomes where its operands have one axis more, in front.

    y = np.sum(x, axis=0)       (x: n, 3)          y = np.sum(x, axis=1)     (x: stack, n, 3)
    y = s * x                   (s a number)       y = s[:, None] * x
    y = A @ x                   (A not stacked)    y = x @ A.T

A rule is ordinary Python over `Var`s, as those of derivatives are. It gives the stack of results,
or None where the operation has no such form; then it is done for one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from ..ir.core import Value
from ..ir.sizes import Size, is_positive
from ..ir.types import UNDEFINED, Array, List, Scalar, Tape, Type, rank
from .inference import as_array, constant_axis, promote
from .op import Attributes, Op
from .places import Slot
from .var import Var

__all__ = [
    "Stacks",
    "across",
    "as_it_is",
    "by_axis",
    "shifted",
    "stacked",
    "swapped",
]


def stacked(type_: Type, size: Size) -> Type | None:
    """The type of a stack; a list's is the list of its elements' stacks. None: there is none."""
    match type_:
        case Scalar() | Array():
            array = as_array(type_)
            return Array(array.dtype, (size, *array.shape))
        case List(element, length) if element != UNDEFINED:
            inner = stacked(element, size)
            return inner and List(inner, length)
        case List():
            return type_
        case Tape(element):
            inner = stacked(element, size)
            return inner and Tape(inner)
    return UNDEFINED if type_ == UNDEFINED else None


@final
@dataclass(frozen=True)
class Stacks:
    """What a rule sees of an operation: what now stands for its operands, which of these are
    stacks, and the types that operands and results have in a single call. `lift` makes an operand
    a stack."""

    entry: Op
    attributes: Attributes
    operands: tuple[Var, ...]
    batched: tuple[bool, ...]
    types: tuple[Type, ...]
    results: tuple[Type, ...]
    size: Size
    length: Callable[[], Value]
    lift: Callable[[int], Var] | None = None

    @property
    def count(self) -> Var:
        """How many a stack holds."""
        return self.operands[0].tracer.var(self.length())

    @property
    def first_alone(self) -> bool:
        """Whether no operand but the first is a stack."""
        return self.batched[0] and not any(self.batched[1:])

    def rank(self, position: int) -> int:
        return rank(self.types[position])

    def stack(self, type_: Type) -> Array:
        """The type of a stack of arrays or numbers."""
        array = as_array(type_)
        return Array(array.dtype, (self.size, *array.shape))

    def again(self, operands: Sequence[Any] | None = None, **changed: Any) -> Any:
        """The operation itself, of these operands, with some attributes changed."""
        given = self.operands if operands is None else operands
        tracer = self.operands[0].tracer
        found = tracer.emit_all(self.entry.name, given, {**self.attributes, **changed})
        return found[0] if len(found) == 1 else found

    def aligned(self, position: int, count: int) -> Var:
        """An operand to broadcast with others of up to `count` dimensions in a single call."""
        x, own = self.operands[position], self.rank(position)
        if not self.batched[position] or own >= count:
            return x
        axes = tuple(range(1, 1 + count - own))
        found: Var = np.expand_dims(x, axes[0] if len(axes) == 1 else axes)  # type: ignore[call-overload]
        return found

    def all_aligned(self, positions: Sequence[int] | None = None) -> list[Var]:
        """These operands (all, unless told) as they broadcast with each other."""
        chosen = range(len(self.operands)) if positions is None else positions
        count = max(map(self.rank, chosen), default=0)
        strong = self.strong(chosen)
        return [strong.aligned(k, count) for k in chosen]

    def whole(self, position: int) -> Var:
        """An operand as a stack; one that isn't is stretched."""
        x = self.operands[position]
        if self.batched[position]:
            return x
        if self.lift is not None:
            return self.lift(position)
        return self.stretched(x, self.types[position])

    def stretched(self, x: Var, type_: Type, loose: bool = False) -> Var:
        """A value that all have in common as a stack; `loose`: it may be a single 0."""
        if isinstance(x.type, Tape) or type_ == UNDEFINED:
            return x
        if isinstance(type_, List):
            return self._stretched_list(x, type_)
        array = as_array(type_)
        if x.is_python and array.dtype != as_array(x.type).dtype:
            x = x.astype(array.dtype)
        if isinstance(x.type, Array) and x.type.weak and array.dtype not in ("f8", "c16"):
            x = x.astype(array.dtype)  # an array of a Python float would be float64
        shape = self.shape(x.emit("shape") if array.shape else None)
        if loose and array.shape:
            own = x.emit("shape")
            shape = self.count.emit("stacked_shape", own, units=0, rank=len(array.shape))
        return x.emit("broadcast", shape, type=self.stack(array))

    def _stretched_list(self, x: Var, type_: List) -> Var:
        if isinstance(x.type, List) and x.type.size == 0:
            inner = stacked(type_.element, self.size)
            return x.tracer.emit("list_of", (), {"element": inner})
        array = x.emit("asarray")
        return swapped(self.stretched(array, array.type)).emit("elements")

    def of_list(self, x: Var, attributes: Attributes) -> Var:
        """A list of stacks as a stack of arrays. What NumPy makes of an empty list has one
        dimension."""
        array = x.tracer.emit("asarray", (x,), attributes)
        size, *inner = array.shape
        if len(inner) == 1 and not is_positive(size):
            array = array.emit("reshape", self.count, shape=(-1, Slot(0)))
        return swapped(array)

    def shape(self, shape: Var | None, units: int = 0) -> Var:
        """The shape of a stack, of that of one (None: of a number), with so many axes of size 1
        between."""
        return self.count.emit("stacked_shape", *([] if shape is None else [shape]), units=units)

    def flat(self, position: int) -> Var:
        """An operand with one dimension, as a stack if it is one."""
        x, own = self.operands[position], self.rank(position)
        if own == 1:
            return x
        if not self.batched[position]:
            found: Var = np.ravel(x)  # type: ignore[call-overload]
            return found
        if not own:
            return np.expand_dims(x, 1)  # type: ignore[call-overload, no-any-return]
        return x.emit("reshape", self.count, shape=(Slot(0), -1))

    def strong(self, positions: Sequence[int]) -> Stacks:
        """With stacks of Python numbers in the dtype that these take beside the other operands:
        arrays aren't weak in promotion."""
        types = [self.types[k] for k in positions]
        if all(map(_is_weak, types)) or any(isinstance(t, (List, Tape)) for t in types):
            return self
        wanted = promote(types)
        dtypes = [np.dtype(as_array(t).dtype) for t in types]
        if np.result_type(*dtypes) == np.dtype(wanted) and not _compares(self):
            return self
        operands = list(self.operands)
        for k in positions:
            x = operands[k]
            if self.batched[k] and _is_weak(self.types[k]) and as_array(x.type).dtype != wanted:
                operands[k] = x.astype(wanted)
        return replace(self, operands=tuple(operands))


def _compares(stacks: Stacks) -> bool:
    """Whether the result's dtype says nothing about that in which it is computed."""
    return all(as_array(t).dtype == "b1" for t in stacks.results)


def _is_weak(type_: Type) -> bool:
    return isinstance(type_, Scalar) or (isinstance(type_, Array) and type_.weak)


def swapped(x: Var) -> Var:
    """The first two axes swapped: an array of stacks as a stack of arrays, and back."""
    found: Var = np.swapaxes(x, 0, 1)  # type: ignore[call-overload]
    return found


def shifted(axis: Any, count: int) -> Any:
    """Axes of one of a stack's arrays, of `count` dimensions, in the stack."""
    if axis is None or isinstance(axis, (tuple, list)):
        axes = tuple(k + 1 for k in constant_axis(axis, count))
        return axes[0] if len(axes) == 1 else axes
    return axis if axis < 0 else axis + 1


def across(stacks: Stacks) -> Any:
    """Elementwise operations: what broadcasts, broadcasts; `math` becomes NumPy."""
    attributes = dict(stacks.attributes)
    if attributes.get("via") in ("math", "helper"):
        vias = [spelling.preset.get("via") for spelling in stacks.entry.spellings.values()]
        if "np" not in vias:
            return None
        attributes["via"] = "np"
    operands = stacks.all_aligned()
    wanted = as_array(stacks.results[0]).dtype
    if all(isinstance(t, Scalar) for t in stacks.types):
        found = as_array(stacks.entry.types([v.type for v in operands], attributes)[0]).dtype
        if _KINDS.index(found[0]) < _KINDS.index(wanted[0]):
            # True + True is 2, math.pow(2, 3) a float.
            operands = [
                v.astype(wanted) if own else v
                for v, own in zip(operands, stacks.batched, strict=True)
            ]
    return stacks.again(operands, **attributes)


_KINDS = "biufc"


def as_it_is(stacks: Stacks) -> Any:
    """An operation that does with stacks as they are what it does with one."""
    return stacks.again() if stacks.first_alone else None


def by_axis(
    name: str | None = "axis", flat: bool = False, least: int = 0
) -> Callable[[Stacks], Any]:
    """The rule of an operation along the axes that an attribute names; None is all of them, or
    (`flat`) the one of the array made flat. Of fewer than `least` dimensions it has no such form.
    Without a name it is the last ones.
    """

    def rule(stacks: Stacks) -> Any:
        if not stacks.first_alone or stacks.rank(0) < least:
            return None
        if name is None:
            return stacks.again()
        axis = stacks.attributes[name]
        if axis is None and flat:
            return stacks.again((stacks.flat(0), *stacks.operands[1:]), **{name: 1})
        return stacks.again(**{name: shifted(axis, stacks.rank(0))})

    return rule
