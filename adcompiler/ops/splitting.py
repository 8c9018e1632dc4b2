"""Arrays cut into parts, which look at the array: `split` and its kin are slices.

    a, b = np.split(x, [2])          a = x[:2]
                                     b = x[2:]
    a, b = np.split(x, 2)            part = equal_parts(x.shape[0], 2)
                                     a = x[:part]
                                     b = x[part:]
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, divide, multiply, unknown
from ..ir.types import Array, Scalar, Type
from ..runtime import helpers
from .emit import call
from .given import array
from .indexing import Slot
from .inference import as_array, constant_axis
from .op import NO_FLOATS, Attributes, Emission, Expansion, Op, OperationError, arguments
from .places import Part

__all__ = ["ENTRIES", "EXPANSIONS"]


def _axis(x: Any, axis: Any, called: str) -> int:
    if not x.ndim:
        raise OperationError(f"{called} of a number", "split arrays")
    (found,) = constant_axis(axis, x.ndim)
    return found


def _length(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def _slices(x: Any, bounds: Sequence[Any], axis: int) -> list[Any]:
    """`x[:b]`, `x[b:c]`, `x[c:]` along the axis, as np.array_split has it."""
    edges = [None, *bounds, None]
    keys = [slice(a, b) for a, b in itertools.pairwise(edges)]
    return [x[_key(axis, key)] for key in keys]


def _key(axis: int, part: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * axis, part)


def _places(places: Any) -> list[int]:
    found = list(places)
    if any(type(one) is not int for one in found):
        raise OperationError("an array is split at a place that is no int", "give ints")
    return found


def _split(ary: Any, indices_or_sections: Any, axis: Any = 0, *, called: str = "np.split") -> Any:
    x, cut = array(ary), indices_or_sections
    where = _axis(x, axis, called)
    if isinstance(cut, (tuple, list)):
        return _slices(x, _places(cut), where)
    _check_count(cut, called)
    size = x.shape[where]
    part, exact = divide(size, cut)
    if isinstance(size, int) and not exact:
        raise OperationError(
            f"{called} of {size} elements into {cut} equal parts", "use np.array_split"
        )
    if cut == 1:
        return [x[_key(where, slice(None))]]
    if isinstance(part, int):
        return _slices(x, [part * k for k in range(1, cut)], where)
    own = _length(x, where).emit("equal_parts", count=cut)
    return [x.emit("section", own, index=k, count=cut, axis=where) for k in range(cut)]


def _check_count(cut: Any, called: str) -> None:
    if type(cut) is not int or cut < 1:
        raise OperationError(
            f"{called} into {cut!r} parts", "give a number of parts from 1, or a list of places"
        )


def _array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    """Parts that differ in size by one at most, the larger ones first."""
    x, cut = array(ary), indices_or_sections
    where = _axis(x, axis, "np.array_split")
    if isinstance(cut, (tuple, list)):
        return _slices(x, _places(cut), where)
    _check_count(cut, "np.array_split")
    size = x.shape[where]
    if isinstance(size, int):
        each, more = divmod(size, cut)
        return _slices(x, [each * k + min(k, more) for k in range(1, cut)], where)
    if divide(size, cut)[1]:
        return _split(x, cut, where)
    length = _length(x, where)
    edges = [(length + (cut - 1)) // cut]
    for k in range(2, cut):
        edges.append(edges[-1] + (length + (cut - k)) // cut)
    return _slices(x, edges, where)


def _along(axis: int, least: int, name: str) -> Any:
    def build(ary: Any, indices_or_sections: Any) -> Any:
        x = array(ary)
        if x.ndim < least:
            raise OperationError(
                f"{name} of an array of {x.ndim} dimensions", f"it takes {least} or more"
            )
        return _split(x, indices_or_sections, axis, called=name)

    return build


def _hsplit(ary: Any, indices_or_sections: Any) -> Any:
    x = array(ary)
    return _split(x, indices_or_sections, 1 if x.ndim > 1 else 0, called="np.hsplit")


def _unstack(x: Any, /, *, axis: Any = 0) -> Any:
    x = array(x)
    where = _axis(x, axis, "np.unstack")
    size = x.shape[where]
    if not isinstance(size, int):
        raise OperationError(
            "into how many parts np.unstack takes an array apart is known only at run time",
            "write them out: x[0], x[1]",
        )
    return tuple(x[_key(where, k)] for k in range(size))


def _part_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return Scalar("int", _part(types[0], attributes["count"])[0])


def _part(size: Type, count: int) -> tuple[Size, bool]:
    known = size.size if isinstance(size, Scalar) else None
    return (unknown(), False) if known is None else divide(known, count)


def _emit_part(emission: Emission) -> ast.expr:
    (size,), count = emission.operands, ast.Constant(emission.attributes["count"])
    if _part(emission.types[0], count.value)[1]:  # type: ignore[arg-type]
        return ast.BinOp(size, ast.FloorDiv(), count)
    return call("helper.equal_parts", (size, count))


def _section_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    shape, part = list(array.shape), types[1]
    own = part.size if isinstance(part, Scalar) else None
    shape[attributes["axis"]] = unknown() if own is None else own
    return Array(array.dtype, tuple(shape))


def _bounds(part: Any, index: int, count: int) -> tuple[Any, Any]:
    """Where a section begins and ends; None at the array's own ends."""
    return (
        None if not index else part if index == 1 else index * part,
        None if index == count - 1 else part if not index else (index + 1) * part,
    )


def _section(attributes: Attributes, operands: Sequence[Any]) -> Any:
    x, part = operands
    bounds = _bounds(part, attributes["index"], attributes["count"])
    return x[_key(attributes["axis"], slice(*bounds))]


def _part_read(types: Sequence[Type], attributes: Attributes) -> Part | None:
    array, part = as_array(types[0]), types[1]
    index, count, axis = (attributes[k] for k in ("index", "count", "axis"))
    if not isinstance(part, Scalar) or part.size is None:
        return None
    stop = None if index == count - 1 else multiply(part.size, index + 1)
    return Part(axis % len(array.shape), multiply(part.size, index), stop)


def _emit_section(emission: Emission) -> ast.expr:
    x, part = emission.operands
    index, count, axis = (emission.attributes[k] for k in ("index", "count", "axis"))

    def times(factor: int) -> ast.expr:
        return part if factor == 1 else ast.BinOp(ast.Constant(factor), ast.Mult(), part)

    lower = times(index) if index else None
    upper = None if index == count - 1 else times(index + 1)
    parts: list[ast.expr] = [*(ast.Slice() for _ in range(axis)), ast.Slice(lower, upper)]
    key = parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
    return ast.Subscript(x, key, ast.Load())


def _into_section(
    acc: Any, g: Any, x: Any, part: Any, y: Any, index: int, count: int, axis: int
) -> Any:
    operands: list[Any] = []

    def slot(bound: Any) -> Any:
        if bound is None:
            return None
        operands.append(bound)
        return Slot(len(operands) - 1)

    key = _key(axis, slice(*map(slot, _bounds(part, index, count))))
    return acc.emit("add_at", g, *operands, key=key)


ENTRIES: tuple[Op, ...] = (
    Op("equal_parts", _part_type,
       lambda attributes, operands: helpers.equal_parts(operands[0], attributes["count"]),
       _emit_part,
       raises=lambda types, attributes, known: not _part(types[0], attributes["count"])[1],
       no_gradient=NO_FLOATS),
    Op("section", _section_type, _section, _emit_section, linear="together",
       accumulate=_into_section, masks=True, part=_part_read,
       view=(0,), shares="view", boxes=True, complex=True, samples=(
           *(arguments((6,), 2, index=k, count=3, axis=0) for k in range(3)),
           arguments((2, 4), 2, index=1, count=2, axis=1),
       )),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("split", lambda ary, indices_or_sections, axis=0: _split(
                  ary, indices_or_sections, axis),
              (np.split,), complex=True, static=("indices_or_sections", "axis"),
              examples=("np.split({4}, 2)", "np.split({2,3}, 3, axis=1)", "np.split({3}, 1)",
                        "np.split({5}, [1, 3])", "np.split({2,6}, [2, -1], -1)",
                        "np.split({3}, [])", "np.split({4}, [3, 9, 1])")),
    Expansion("array_split", _array_split, (np.array_split,), complex=True,
              static=("indices_or_sections", "axis"),
              examples=("np.array_split({7}, 4)", "np.array_split({6}, 4)",
                        "np.array_split({2,5}, 3, axis=1)", "np.array_split({5}, [2])",
                        "np.array_split({3}, 5)", "np.array_split({1,2}, 2)")),
    Expansion("hsplit", _hsplit, (np.hsplit,), complex=True, static=("indices_or_sections",),
              examples=("np.hsplit({4}, 2)", "np.hsplit({2,4}, [1])")),
    Expansion("vsplit", _along(0, 2, "np.vsplit"), (np.vsplit,), complex=True,
              static=("indices_or_sections",),
              examples=("np.vsplit({4,2}, 2)", "np.vsplit({4,2}, [1])")),
    Expansion("dsplit", _along(2, 3, "np.dsplit"), (np.dsplit,), complex=True,
              static=("indices_or_sections",),
              examples=("np.dsplit({2,1,4}, 2)", "np.dsplit({2,1,4}, [1])")),
    *([Expansion("unstack", _unstack, (np.unstack,), complex=True, static=("axis",),
                 examples=("np.unstack({1,3})", "np.unstack({3,1}, axis=-1)"))]
      if hasattr(np, "unstack") else []),
)  # fmt: skip
