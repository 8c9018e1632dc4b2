"""Arrays made larger by their own elements: `tile`, `repeat`, `pad`.

    np.tile(x, (n, 1))              grad_x = np.sum(grad_y, axis=0)
    np.repeat(x, 2)                 grad_x = np.sum(grad_y.reshape(x.shape[0], 2), axis=1)
    np.pad(x, (1, 2))               grad_x = grad_y[1:-2]
    np.pad(x, 1, mode="edge")       np.add.at(grad_x, np.pad(np.arange(x.shape[0]), ...), grad_y)
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, multiply, unknown
from ..ir.types import Array, Scalar, Type, is_integer, kind_of, rank
from . import stack_rules
from .emit import call, constant
from .indexing import Slot, fill
from .inference import as_array, constant_axis, size_of
from .op import Attributes, Bound, Emission, Op, OperationError, Spelling, arguments
from .shapes import shape_template, template_shape, template_source
from .stacks import Stacks, by_axis

__all__ = ["ENTRIES"]


def _size(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def _like(g: Any, x: Any) -> Any:
    return g.emit("reshape_to", x.emit("shape"), type=as_array(x.type))


def _bind_tile(A: Any, reps: Any) -> Bound:
    template, operands = shape_template(reps)
    return arguments(A, *operands, reps=template)


def _tile_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, reps = as_array(types[0]), template_shape(attributes["reps"], types[1:])
    if any(type(part) is int and part < 0 for part in attributes["reps"]):
        raise OperationError("np.tile a negative number of times", "give counts from 0")
    count = max(len(reps), rank(array))
    times = [*[1] * (count - len(reps)), *reps]
    sizes = [*[1] * (count - rank(array)), *array.shape]
    return Array(array.dtype, tuple(map(multiply, times, sizes)))


def _tile_rule(g: Any, x: Any, *rest: Any, reps: Any) -> Any:
    """Sum over the copies, each an axis of its own: that before the axis that was repeated."""
    given = fill(reps, rest[:-1])
    given = (*[1] * (g.ndim - len(given)), *given)
    parts: list[Any] = []
    copies, kept = [], []
    for k, times in enumerate(given):
        own = k - (g.ndim - x.ndim)
        size = 1 if own < 0 else _size(x, own)
        once, single = type(times) is int and times == 1, type(size) is int and size == 1
        if not once:
            copies.append(len(parts))
            parts.append(times)
        if once or not single:
            kept.append(own)
            parts.append(size)
    if len(parts) != g.ndim:
        g = np.reshape(g, tuple(parts))
    if copies:
        g = np.sum(g, axis=tuple(copies) if len(copies) > 1 else copies[0])
    return g if kept == list(range(x.ndim)) else _like(g, x)


def _emit_tile(emission: Emission) -> ast.expr:
    template = emission.attributes["reps"]
    shown = template if len(template) != 1 else template[0]
    return call("np.tile", (emission.operands[0], template_source(shown, emission.operands[1:])))


def _bind_repeat(a: Any, repeats: Any, axis: Any = None) -> Bound:
    if isinstance(repeats, (tuple, list)):
        if all(type(part) is int for part in repeats):
            return arguments(a, repeats=tuple(repeats), axis=axis)
        raise OperationError(
            "np.repeat by a list that holds numbers known only at run time",
            "make it an array of ints: np.array([...])",
        )
    if type(repeats) is int:
        return arguments(a, repeats=repeats, axis=axis)
    return arguments(a, repeats, repeats=Slot(0), axis=axis)


def _repeat_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, repeats, axis = as_array(types[0]), attributes["repeats"], attributes["axis"]
    shape = [size_of(array.shape)] if axis is None else list(array.shape)
    (place,) = (0,) if axis is None else constant_axis(axis, rank(array))
    shape[place] = _repeated(shape[place], repeats, types[1:])
    return Array(array.dtype, tuple(shape))


def _repeated(size: Size, repeats: Any, types: Sequence[Type]) -> Size:
    if isinstance(repeats, Slot):
        type_ = types[repeats.position]
        if not is_integer(type_) or rank(type_) > 1:
            raise OperationError(f"np.repeat by {type_}", "give an int, or ints in one dimension")
        known = type_.size if isinstance(type_, Scalar) else None
        return unknown() if known is None else multiply(size, known)
    if isinstance(repeats, int):
        return multiply(size, repeats)
    if len(repeats) == 1:
        return multiply(size, repeats[0])
    if isinstance(size, int) and size != len(repeats):
        raise OperationError(
            f"np.repeat of {size} elements by {len(repeats)} counts", "give one for each"
        )
    return int(sum(repeats))


def _repeat_rule(g: Any, x: Any, *rest: Any, repeats: Any, axis: Any) -> Any:
    given = fill(repeats, rest[:-1])
    if isinstance(given, tuple) and len(given) == 1:
        given = given[0]
    if not x.ndim and axis is None:
        return np.sum(g)
    flat = axis is None and x.ndim > 1
    (place,) = (0,) if axis is None else constant_axis(axis, x.ndim)
    count = x.emit("count", axis=tuple(range(x.ndim))) if flat else _size(x, place)
    if isinstance(given, tuple) or (not isinstance(given, int) and given.ndim):
        index = np.repeat(g.tracer.call(np.arange, count), _as_index(g, given))
        if flat:
            zeros = g.tracer.call(np.zeros, count, dtype=np.dtype(as_array(x.type).dtype))
            return _like(zeros.emit("add_at", g, index, key=(Slot(0),)), x)
        zeros = x.emit("shape").emit("zeros_of", type=as_array(x.type))
        return zeros.emit("add_at", g, index, key=(*[slice(None)] * place, Slot(0)))
    sizes = [count if k == place else _size(x, k) for k in range(1 if flat else x.ndim)]
    split = np.reshape(g, (*sizes[: place + 1], given, *sizes[place + 1 :]))
    total = np.sum(split, axis=place + 1)
    return _like(total, x) if flat else total


def _as_index(g: Any, counts: Any) -> Any:
    if not isinstance(counts, tuple):
        return counts
    template = [Slot(k) for k in range(len(counts))]
    return g.tracer.emit("array", counts, {"template": template, "dtype": None})


def _emit_repeat(emission: Emission) -> ast.expr:
    repeats, axis = emission.attributes["repeats"], emission.attributes["axis"]
    shown = template_source(
        list(repeats) if isinstance(repeats, tuple) else repeats, emission.operands[1:]
    )
    named = {} if axis is None else {"axis": constant(axis)}
    return call("np.repeat", (emission.operands[0], shown), **named)


_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _bind_pad(
    array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0,
    reflect_type: Any = "even",
) -> Bound:  # fmt: skip
    if reflect_type != "even":
        raise OperationError(
            f"np.pad with reflect_type={reflect_type!r}",
            "join the array with 2 * x[0] - x[...] and its like by np.concatenate",
        )
    attributes = {"pad_width": pad_width, "mode": mode}
    if isinstance(constant_values, (tuple, list)):
        return arguments(array, **attributes, constant_values=constant_values)
    if type(constant_values) in (int, float) and constant_values == 0:
        return arguments(array, **attributes)
    return arguments(array, constant_values, **attributes)


def _widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """How much is added before and after, along each axis."""
    if isinstance(pad_width, dict):
        found = dict.fromkeys(range(rank), (0, 0))
        for axis, width in pad_width.items():
            (place,) = constant_axis(axis, rank)
            found[place] = width if isinstance(width, tuple) else (width, width)
        pairs = [found[k] for k in range(rank)]
    else:
        given = np.asarray(pad_width)
        try:
            wide = given if given.shape != (2, 1) else np.broadcast_to(given, (2, 2))
            pairs = [tuple(pair) for pair in np.broadcast_to(wide, (rank, 2)).tolist()]
        except ValueError:
            raise OperationError(
                f"np.pad by {pad_width!r} of {rank} dimensions",
                "give an int, a pair, or a pair for each axis",
            ) from None
    if any(type(n) is not int or n < 0 for pair in pairs for n in pair):
        raise OperationError(f"np.pad by {pad_width!r}", "give ints from 0")
    return pairs


def _padded(stacks: Stacks) -> Any:
    """Nothing is put before or behind the stack."""
    if not stacks.first_alone or "constant_values" in stacks.attributes or not stacks.rank(0):
        return None
    pairs = _widths(stacks.attributes["pad_width"], stacks.rank(0))
    return stacks.again(pad_width=((0, 0), *pairs))


def _pad_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, mode = as_array(types[0]), attributes["mode"]
    if mode not in _MODES:
        raise OperationError(
            f"np.pad with mode={mode!r}",
            f"there are {', '.join(map(repr, _MODES))}; else join the parts by np.concatenate",
        )
    if any(rank(t) or kind_of(t) == "complex" for t in types[1:]):
        raise OperationError("np.pad with an array of values", "give one number")
    if mode != "constant" and (len(types) > 1 or "constant_values" in attributes):
        raise OperationError(f"np.pad with mode={mode!r} and constant_values", "leave one out")
    pairs = _widths(attributes["pad_width"], rank(array))
    sizes = [add(n, before + after) for n, (before, after) in zip(array.shape, pairs, strict=True)]
    return Array(array.dtype, tuple(sizes))


def _inner(pad_width: Any, rank: int) -> tuple[slice, ...]:
    pairs = _widths(pad_width, rank)
    return tuple(slice(before or None, -after if after else None) for before, after in pairs)


def _pad_rule(g: Any, x: Any, *rest: Any, pad_width: Any, **constants: Any) -> Any:
    return g[_inner(pad_width, x.ndim)]


def _into_origins(acc: Any, g: Any, x: Any, y: Any, pad_width: Any, mode: str) -> Any:
    pairs = _widths(pad_width, x.ndim)
    padded = [k for k, pair in enumerate(pairs) if any(pair)]
    if not padded:
        return acc.emit("add_at", g, key=(Ellipsis,))
    axes = range(padded[0], padded[-1] + 1)
    index = [_origins(g, _size(x, k), pairs[k], mode) for k in axes]
    *outer, last = index
    outer = [_upright(one, len(outer) - k) for k, one in enumerate(outer)]
    key: list[Any] = [slice(None)] * padded[0]
    key += map(Slot, range(len(index)))
    return acc.emit("add_at", g, *outer, last, key=tuple(key))


def _upright(index: Any, following: int) -> Any:
    """`index[:, None]`"""
    key = (slice(None), *[None] * following)
    return index[key]


def _origins(g: Any, size: Any, pair: tuple[int, int], mode: str) -> Any:
    """Which element of an axis each element of the longer one comes from."""
    numbers = g.tracer.call(np.arange, size)
    return g.tracer.call(np.pad, numbers, pair, mode) if any(pair) else numbers


def _filler_rule(
    g: Any, x: Any, value: Any, y: Any, pad_width: Any, mode: str, **constants: Any
) -> Any:
    around = g.emit("update", 0.0, key=_inner(pad_width, x.ndim))
    return np.sum(around)


def _pad(attributes: Attributes, operands: Sequence[Any]) -> Any:
    more = {k: v for k, v in attributes.items() if k == "constant_values"}
    if len(operands) > 1:
        more = {"constant_values": operands[1]}
    return np.pad(operands[0], attributes["pad_width"], attributes["mode"], **more)


def _emit_pad(emission: Emission) -> ast.expr:
    mode = emission.attributes["mode"]
    named: dict[str, Any] = {} if mode == "constant" else {"mode": mode}
    if "constant_values" in emission.attributes:
        named["constant_values"] = emission.attributes["constant_values"]
    if len(emission.operands) > 1:
        named["constant_values"] = emission.operands[1]
    width = emission.attributes["pad_width"]
    if isinstance(width, dict):
        keys, values = map(constant, width), map(constant, width.values())
        shown: ast.expr = ast.Dict(list(keys), list(values))
    else:
        shown = constant(width)
    return call("np.pad", (emission.operands[0], shown), **named)


ENTRIES: tuple[Op, ...] = (
    Op("tile", _tile_type,
       lambda attributes, operands: np.tile(
           operands[0], fill(attributes["reps"], operands[1:])),
       _emit_tile, linear="together", batch=stack_rules.tiled, rules=(_tile_rule,),
       fresh=True, complex=True, boxes=True,
       spellings={np.tile: Spelling(_bind_tile)},
       samples=(
           *(arguments(shape, reps=(2,)) for shape in ((), (1,), (3,), (2, 3), (3, 1), (0,))),
           *(arguments(shape, reps=(2, 3)) for shape in ((), (3,), (2, 3), (1, 3), (2, 1, 2))),
           arguments((3,), 4, reps=(Slot(0), 1)), arguments((2, 3), reps=(1, 1)),
           arguments((1, 3), reps=(2, 1)), arguments((2, 3), 2, reps=(1, Slot(0))),
           arguments((3,), reps=(2, 1, 2)), arguments((3,), reps=(0,)), arguments((3,), reps=()),
           arguments((3, 1), reps=(1, 1, 2)), arguments((), reps=()),
       ),
       examples=("np.tile({3}, 2)", "np.tile({3}, (2, 1))", "np.tile({2,3}, (2, 2))",
                 "np.tile({}, 3)", "np.tile({3}, ({3}.shape[0], 1))")),
    Op("repeat", _repeat_type,
       lambda attributes, operands: np.repeat(
           operands[0], fill(attributes["repeats"], operands[1:]), attributes["axis"]),
       _emit_repeat, linear="together", batch=by_axis(flat=True), rules=(_repeat_rule,),
       fresh=True, complex=True,
       spellings={np.repeat: Spelling(_bind_repeat), ("method", "repeat"): Spelling(_bind_repeat)},
       samples=(
           *(arguments(shape, repeats=2, axis=None) for shape in ((), (1,), (3,), (2, 3), (0,))),
           *(arguments((2, 3), repeats=3, axis=axis) for axis in (0, 1, -1)),
           arguments((3,), 2, repeats=Slot(0), axis=0), arguments((2, 3), repeats=0, axis=0),
           arguments((2, 1, 3), 2, repeats=Slot(0), axis=-2),
           arguments((2, 3), repeats=(3,), axis=1),
           arguments((3,), repeats=(2, 0, 1), axis=None),
           arguments((2, 3), repeats=(2, 0, 1), axis=1),
           arguments((2, 2), repeats=(2, 0, 1, 1), axis=None),
           arguments((2, 3), np.array([1, 2]), repeats=Slot(0), axis=0),
       ),
       examples=("np.repeat({3}, 2)", "np.repeat({2,3}, 2)", "np.repeat({2,3}, 3, axis=1)",
                 "np.repeat({3}, [1, 0, 2])", "np.repeat({2,3}, (1, 2), axis=0)",
                 "np.repeat({3}, np.array([1, 2, 1]))", "np.repeat({}, 3)",
                 "{2,3}.repeat(2, axis=0)")),
    Op("pad", _pad_type, _pad, _emit_pad, rules=(_pad_rule, _filler_rule), accumulate=_into_origins,
       accumulates=lambda types, attributes: attributes["mode"] != "constant", fresh=True,
       batch=_padded, complex=True, spellings={np.pad: Spelling(_bind_pad)},
       samples=(
           *(arguments((3,), pad_width=(2, 1), mode=mode) for mode in _MODES),
           *(arguments((2, 3), pad_width=((1, 0), (0, 2)), mode=mode) for mode in _MODES),
           *(arguments((2, 3, 2), pad_width=((1, 1), (0, 0), (2, 1)), mode=mode)
             for mode in ("edge", "wrap")),
           arguments((3,), pad_width=7, mode="reflect"), arguments((1,), pad_width=2, mode="edge"),
           arguments((3,), (), pad_width=1, mode="constant"),
           arguments((2, 3), (), pad_width=((1, 2),), mode="constant"),
           arguments((2, 3), pad_width=0, mode="edge"),
           arguments((0,), pad_width=2, mode="constant"),
           arguments((2, 3), pad_width=1, mode="constant",
                     constant_values=((1.0, 2.0), (3.0, 4.0))),
       ),
       examples=("np.pad({3}, 1)", "np.pad({2,3}, (1, 2))", "np.pad({2,3}, ((0, 1), (2, 0)))",
                 "np.pad({3}, 2, constant_values={})", "np.pad({3}, 1, constant_values=(1.5, 2.5))",
                 "np.pad({3}, (1, 2), mode='edge')", "np.pad({2,3}, 1, 'reflect')",
                 "np.pad({2,3}, ((0, 0), (1, 1)), mode='symmetric')",
                 "np.pad({3}, 4, mode='wrap')")),
)  # fmt: skip
