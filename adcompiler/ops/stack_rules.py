"""Rules for stacks (see `stacks`) of what changes no numbers: copies, shapes, casts, lists.

    broadcast %x, %shape             np.broadcast_to(x[:, None], (len(x), *shape))
    reshape[shape=(2, -1)] %x        x.reshape(len(x), 2, -1)
    append %ys, %v                   the list of stacks grows by a stack
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.types import UNDEFINED, Array, List, Tape, rank, shape_of
from .inference import as_array, constant_axis
from .places import Slot
from .stacks import Stacks, shifted, swapped

__all__ = [
    "accumulated",
    "arrayed",
    "cast",
    "chosen",
    "copied",
    "expanded",
    "extreme",
    "flattened",
    "folded",
    "joined",
    "listed",
    "listed_array",
    "negated",
    "of_two_axes",
    "permuted",
    "reshaped",
    "reshaped_to",
    "rolled",
    "squeezed",
    "stretched",
    "stretched_to",
    "summed_to",
    "swapped_axes",
    "tiled",
    "together",
    "tolist",
    "zeros",
]


def copied(stacks: Stacks) -> Any:
    """What is done to lists as to arrays; a number's stack is an array."""
    return stacks.again() if rank(stacks.types[0]) else stacks.operands[0]


def cast(stacks: Stacks) -> Any:
    """A Python number becomes an array of its dtype."""
    dtype = as_array(stacks.results[0]).dtype
    (x,) = stacks.operands
    return x if as_array(x.type).dtype == dtype else x.astype(dtype)


def negated(stacks: Stacks) -> Any:
    """`not x` of each."""
    return np.logical_not(stacks.operands[0])


def stretched(stacks: Stacks) -> Any:
    """broadcast, filled: to a shape that is the same for all."""
    type_ = stacks.attributes["type"]
    if not stacks.first_alone:
        return None
    x = stacks.aligned(0, rank(type_))
    if as_array(x.type).dtype != type_.dtype:
        x = x.astype(type_.dtype)
    return x.emit("broadcast", stacks.shape(stacks.operands[1]), type=stacks.stack(type_))


def summed_to(stacks: Stacks) -> Any:
    """unbroadcast: with axes of size 1 for those that go altogether."""
    x, shape = stacks.operands
    type_ = stacks.attributes["type"]
    gone = stacks.rank(0) - rank(type_)
    stack = stacks.stack(type_)
    kept = Array(type_.dtype, (stack.shape[0], *[1] * gone, *stack.shape[1:]))
    found = x.emit("unbroadcast", stacks.shape(shape, gone), type=kept)
    if not gone:
        return found
    axes = tuple(range(1, gone + 1))
    return np.squeeze(found, axes[0] if gone == 1 else axes)  # type: ignore[call-overload]


def reshaped_to(stacks: Stacks) -> Any:
    """To a shape that comes as a value."""
    type_ = stacks.stack(stacks.attributes["type"])
    x = stacks.operands[0]
    return x.emit("reshape_to", stacks.shape(stacks.operands[1]), type=type_)


def reshaped(stacks: Stacks) -> Any:
    """To a shape that comes as a template."""
    if not stacks.first_alone:
        return None
    template = (Slot(len(stacks.operands) - 1), *stacks.attributes["shape"])
    return stacks.again((*stacks.operands, stacks.count), shape=template)


def stretched_to(stacks: Stacks) -> Any:
    """broadcast_to, full: to a shape that comes as a template."""
    if not stacks.first_alone:
        return None
    template = stacks.attributes["shape"]
    x = stacks.aligned(0, len(template))
    dtype = as_array(stacks.results[0]).dtype
    x = x if as_array(x.type).dtype == dtype else x.astype(dtype)
    shape = (Slot(len(stacks.operands) - 1), *template)
    return x.emit("broadcast_to", *stacks.operands[1:], stacks.count, shape=shape)


def flattened(stacks: Stacks) -> Any:
    return stacks.flat(0)


def squeezed(stacks: Stacks) -> Any:
    """The axes of size 1 by name, since the stack may have size 1 as well."""
    axis, shape = stacks.attributes["axis"], shape_of(stacks.types[0])
    axes = constant_axis(axis, len(shape)) if axis is not None else [
        k for k, n in enumerate(shape) if n == 1
    ]  # fmt: skip
    if not axes:
        return stacks.operands[0]
    return stacks.again(axis=tuple(k + 1 for k in axes) if len(axes) > 1 else axes[0] + 1)


def expanded(stacks: Stacks) -> Any:
    axis = stacks.attributes["axis"]
    if isinstance(axis, int):
        return stacks.again(axis=axis if axis < 0 else axis + 1)
    count = stacks.rank(0) + len(axis)
    return stacks.again(axis=tuple(k % count + 1 for k in axis))


def permuted(stacks: Stacks) -> Any:
    """The stack's own axis stays in front."""
    count = stacks.rank(0)
    axes = stacks.attributes["axes"]
    order = tuple(reversed(range(count))) if axes is None else tuple(k % count for k in axes)
    if order == tuple(range(count)):
        return stacks.operands[0]
    return stacks.again(axes=(0, *(k + 1 for k in order)))


def swapped_axes(stacks: Stacks) -> Any:
    axes = {name: k if k < 0 else k + 1 for name, k in stacks.attributes.items()}
    return stacks.again(**axes)


def together(*weak: int) -> Callable[[Stacks], Any]:
    """Operations whose operands broadcast; of those at `weak` Python's numbers give way."""

    def rule(stacks: Stacks) -> Any:
        strong = stacks.strong(weak or range(len(stacks.operands)))
        count = max(map(strong.rank, range(len(strong.operands))))
        return strong.again([strong.aligned(k, count) for k in range(len(strong.operands))])

    return rule


def chosen(stacks: Stacks) -> Any:
    """select, where: `a if c else b` of numbers, too, is np.where of stacks."""
    return together(1, 2)(stacks)


def extreme(larger: Callable[[Any, Any], Any]) -> Callable[[Stacks], Any]:
    """`max(a, b)` and `min(a, b)` of Python: the first one, unless the other is beyond it."""

    def rule(stacks: Stacks) -> Any:
        if stacks.attributes["via"] != "op":
            return stacks.again(stacks.all_aligned())
        a, b = stacks.all_aligned()
        return larger(b, a).emit("select", b, a)

    return rule


def accumulated(stacks: Stacks) -> Any:
    """A sum of two alike; the one that is a stack comes first, and tells the type."""
    a, b = stacks.operands if stacks.batched[0] else stacks.operands[::-1]
    if isinstance(a.type, (List, Tape)):
        return stacks.again((a, b))
    return stacks.operands[0].tracer.call(operator.add, a, b)


def arrayed(stacks: Stacks) -> Any:
    """asarray: of the elements of a list, or of an array as it is."""
    (x,) = stacks.operands
    if not isinstance(x.type, List):
        return cast(stacks)
    return stacks.of_list(x, stacks.attributes)


def tolist(stacks: Stacks) -> Any:
    """tolist, elements: the list of the elements' stacks."""
    return swapped(stacks.operands[0]).emit("elements")


def zeros(stacks: Stacks) -> Any:
    """zeros_of: a stack of zeros is made as one."""
    type_ = stacks.attributes["type"]
    if isinstance(type_, List):
        return None
    return stacks.shape(stacks.operands[0]).emit("zeros_of", type=stacks.stack(type_))


def listed(stacks: Stacks) -> Any:
    """list_of, append: what becomes an element is stretched to a stack."""
    changed = {"element": UNDEFINED} if "element" in stacks.attributes else {}
    (result,) = stacks.results
    assert isinstance(result, List)
    dtype = as_array(result.element).dtype
    operands = []
    for k, type_ in enumerate(stacks.types):
        x = stacks.whole(k)
        if not isinstance(type_, List) and as_array(x.type).dtype != dtype:
            x = x.astype(dtype)
        operands.append(x)
    return stacks.again(operands, **changed)


def joined(stacks: Stacks) -> Any:
    """concatenate, stack: of stacks only."""
    count = rank(stacks.results[0])
    operands = [stacks.whole(k) for k in range(len(stacks.operands))]
    return stacks.again(operands, axis=shifted(stacks.attributes["axis"], count))


def listed_array(stacks: Stacks) -> Any:
    """np.array of nested lists: the rows are put together behind the stack's own axis."""
    dtype = as_array(stacks.results[0]).dtype

    def build(part: Any) -> Any:
        if not isinstance(part, list):
            x = stacks.whole(part.position)
            return x if as_array(x.type).dtype == dtype else x.astype(dtype)
        rows = [build(inner) for inner in part]
        return rows[0].tracer.emit("stack", rows, {"axis": 1})

    return build(stacks.attributes["template"])


def of_two_axes(stacks: Stacks) -> Any:
    """diagonal, trace."""
    axes = {name: stacks.attributes[name] for name in ("axis1", "axis2")}
    return stacks.again(**{name: k if k < 0 else k + 1 for name, k in axes.items()})


def rolled(stacks: Stacks) -> Any:
    axis = stacks.attributes["axis"]
    if not stacks.first_alone or (axis is None and stacks.rank(0) != 1):
        return None
    if isinstance(axis, (tuple, list)):
        return stacks.again(axis=tuple(k % stacks.rank(0) + 1 for k in axis))
    return stacks.again(axis=shifted(axis, stacks.rank(0)))


def tiled(stacks: Stacks) -> Any:
    """The stack itself once."""
    reps = stacks.attributes["reps"]
    if not stacks.first_alone:
        return None
    x = stacks.aligned(0, len(reps))
    whole = reps if len(reps) <= stacks.rank(0) else (1, *reps)
    return stacks.again((x, *stacks.operands[1:]), reps=whole)


def folded(function: Callable[[Any, Any], Any]) -> Callable[[Stacks], Any]:
    """sum_of, prod_of: from left to right, of the parts or of a list's elements."""

    def rule(stacks: Stacks) -> Any:
        given = bool(stacks.attributes["start"])
        if not stacks.attributes["whole"]:
            first, *others = stacks.all_aligned()
            parts = [others.pop(), first, *others] if given and others else [first, *others]
            return functools.reduce(function, parts)
        x = stacks.operands[0]
        if not isinstance(stacks.types[0], List):
            return None
        (result,) = stacks.results
        if rank(result):
            return None
        start = stacks.whole(1) if given else stacks.stretched(
            x.tracer.var(x.tracer.lift(_UNITS[function])), result
        )  # fmt: skip
        if not stacks.batched[0]:
            return None
        return stacks.again((x, start), start=True)

    return rule


_UNITS: dict[Callable[[Any, Any], Any], int] = {operator.add: 0, operator.mul: 1}
