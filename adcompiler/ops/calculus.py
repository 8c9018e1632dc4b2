"""Differences, integrals and interpolation on a grid.

    y = np.diff(x)                  grad_x = -np.diff(grad_y, prepend=0, append=0)
    y = np.trapezoid(f, t)          np.sum(np.diff(t) * (f[1:] + f[:-1]) / 2.0)
    y = np.interp(x, xp, fp)        grad_x = grad_y * slope of the piece that x lies in

At a knot `np.interp` has the slope to the right, at the last one that to the left; outside of the
knots it is constant.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add, unknown
from ..ir.types import Array, Type, is_complex, rank, shape_of
from ..runtime import helpers
from .elementwise import select
from .emit import call, default_call
from .given import as_var
from .indexing import Slot
from .inference import as_array, promote, shortened, the_axis
from .linear_solves import conjugate
from .op import (
    DISCRETE,
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .stacks import by_axis

__all__ = ["ENTRIES", "EXPANSIONS"]


def _cut(v: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """A slice along one axis."""
    key = (*[slice(None)] * axis, slice(start, stop))
    return v[key]


def _diff_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    axis = the_axis(attributes["axis"], rank(array))
    shape = list(array.shape)
    if attributes["padded"]:
        shape[axis] = add(shape[axis], 1)
        return Array(promote((array, Array("i8", ()))), tuple(shape))
    shape[axis] = shortened(shape[axis], attributes["n"])
    return Array(array.dtype, tuple(shape))


def _diff(attributes: Attributes, operands: Sequence[Any]) -> Any:
    ends = {"prepend": 0, "append": 0} if attributes["padded"] else {}
    return np.diff(operands[0], attributes["n"], attributes["axis"], **ends)


def _emit_diff(emission: Emission) -> ast.expr:
    n, axis = emission.attributes["n"], emission.attributes["axis"]
    keywords = {"n": n} if n != 1 else {}
    if axis % len(shape_of(emission.types[0])) != len(shape_of(emission.types[0])) - 1:
        keywords["axis"] = axis
    if emission.attributes["padded"]:
        keywords |= {"prepend": 0, "append": 0}
    return call("np.diff", emission.operands, **keywords)


def _diff_rule(g: Any, x: Any, y: Any, n: int, axis: int, padded: bool) -> Any:
    """Padded with zeros on both sides it is its own transpose but for the sign."""
    for _ in range(n):
        g = g.emit("diff", n=1, axis=axis, padded=not padded)
    return -g if n % 2 else g


def padded_diff(v: Any, axis: int) -> Any:
    """`np.diff` with a zero on either side."""
    return v.emit("diff", n=1, axis=axis, padded=True)


def _end(item: Any, x: Any, axis: int) -> Any:
    """`prepend=` or `append=`: a number stands for a slice full of it."""
    item = as_var(item, x)
    if rank(item.type):
        return item
    if x.shape[axis] == 0:
        raise OperationError("a number before or after an empty array", "give an array")
    shape = tuple(1 if k == axis else n for k, n in enumerate(x.shape))
    made = Array(as_array(item.type).dtype, shape)
    return item.emit("broadcast", _cut(x, axis, 0, 1).emit("shape"), type=made)


def _build_diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    if not isinstance(n, int) or n < 0:
        raise OperationError(f"`n={n}` of np.diff", "give an int from 0")
    if not a.ndim:
        raise OperationError("np.diff of a number", "give an array")
    along = the_axis(axis, a.ndim)
    if n == 0:
        return a
    before = [] if prepend is None else [_end(prepend, a, along)]
    after = [] if append is None else [_end(append, a, along)]
    if before or after:
        a = np.concatenate([*before, a, *after], axis=along)
    return a.emit("diff", n=n, axis=along, padded=False)


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat: Any = np.ravel(ary)
    inner = flat[1:] - flat[:-1]
    if to_end is None and to_begin is None:
        return inner

    def end(item: Any) -> list[Any]:
        if item is None:
            return []
        made: Any = np.ravel(as_var(item, flat))
        return [made if made.type.dtype == flat.type.dtype else made.astype(flat.type.dtype)]

    return np.concatenate([*end(to_begin), inner, *end(to_end)])


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    along = the_axis(axis, y.ndim)
    both = _cut(y, along, 1, None) + _cut(y, along, None, -1)
    if x is not None:
        x = as_var(x, y)
        width = x.emit("diff", n=1, axis=0 if x.ndim == 1 else along, padded=False)
        behind = tuple(range(1, y.ndim - along))
        both = (np.expand_dims(width, behind) if x.ndim == 1 and behind else width) * both
    elif not isinstance(dx, float) or dx != 1.0:
        both = dx * both
    return np.sum(both / 2.0, axis=along)


def _overlapped(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return helpers.overlapped(*operands, **attributes)


def _overlapped_type(types: Sequence[Type], attributes: Attributes) -> Type:
    g, a, v = map(as_array, types)
    if attributes["back"]:
        return Array(g.dtype, (_moded(a.shape[0], v.shape[0], attributes["mode"]),))
    return Array(g.dtype, (_moded(a.shape[0], v.shape[0], "full"),))


def _overlapped_rule(g: Any, x: Any, a: Any, v: Any, y: Any, back: bool, **attributes: Any) -> Any:
    return g.emit("overlapped", a, v, back=not back, **attributes)


def _moded(n: Size, m: Size, mode: str) -> Size:
    if mode == "full":
        return add(add(n, m), -1)
    if isinstance(n, int) and isinstance(m, int):
        return max(n, m) if mode == "same" else max(n, m) - min(n, m) + 1
    if n == m:
        return n if mode == "same" else 1
    return unknown()


def _convolved(name: str) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        mode = attributes["mode"]
        if mode not in ("full", "same", "valid"):
            raise OperationError(f"the mode {mode!r} of np.{name}", "use 'full', 'same' or 'valid'")
        a, v = map(as_array, types)
        if len(a.shape) > 1 or len(v.shape) > 1:
            raise OperationError(f"np.{name} of more than one dimension", "go row by row")
        if not a.shape or not v.shape:
            raise OperationError(f"np.{name} of a number", "multiply by it")
        sizes = [t.shape[0] for t in (a, v)]
        if 0 in sizes:
            raise OperationError(f"np.{name} of nothing", "give arrays with elements")
        return Array(promote((a, v)), (_moded(sizes[0], sizes[1], mode),))

    return infer


def _whole(g: Any, a: Any, v: Any, mode: str, flipped: bool) -> Any:
    """The cotangent as that of the full overlap."""
    if mode == "full":
        return g
    return g.emit("overlapped", a, v, mode=mode, flipped=flipped, back=False)


def _convolve_rule(g: Any, a: Any, v: Any, y: Any, mode: str, index: int) -> Any:
    whole = _whole(g, a, v, mode, False)
    return np.correlate(whole, conjugate(a if index else v), mode="valid")


def _correlate_rule(g: Any, a: Any, v: Any, y: Any, mode: str, index: int) -> Any:
    """np.correlate takes the conjugate of its second operand."""
    whole = _whole(g, a, v, mode, True)
    if index:
        return conjugate(np.correlate(whole, conjugate(a), mode="valid")[::-1])
    return np.convolve(whole, conjugate(v), mode="valid")


_LENGTHS = ((4, 3), (3, 5), (3, 3), (4, 1), (2, 6))


def _convolution(name: str, rule: Any, default: str) -> Op:
    function = getattr(np, name)
    return Op(
        name, _convolved(name), lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.{name}", mode=default), linear="each", rules=rule, fresh=True,
        complex=True,
        spellings={function: Spelling(lambda a, v, mode=default: arguments(a, v, mode=mode))},
        samples=tuple(arguments((n,), (m,), mode=mode) for n, m in _LENGTHS
                      for mode in ("full", "same", "valid")),
        examples=(f"np.{name}({{4}}, {{3}})", f"np.{name}({{3}}, [0.5, 1.0], 'same')"),
    )  # fmt: skip


def _interp_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if is_complex(types[0]) or is_complex(types[1]):
        raise OperationError("np.interp at complex numbers", "give real ones; `fp` may be complex")
    if len(shape_of(types[1])) != 1 or len(shape_of(types[2])) != 1:
        raise OperationError("knots of np.interp that are no array of one dimension", "ravel them")
    return Array("c16" if is_complex(types[2]) else "f8", shape_of(types[0]))


def _bind_interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Bound:
    if period is not None:
        raise OperationError(
            "`period=` of np.interp is not supported", "take x % period, and repeat the knots"
        )
    given = {"left": left, "right": right}
    names = tuple(name for name, item in given.items() if item is not None)
    return arguments(x, xp, fp, *(given[name] for name in names), given=names)


def _interp(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.interp(*operands[:3], **dict(zip(attributes["given"], operands[3:], strict=True)))


def _emit_interp(emission: Emission) -> ast.expr:
    given = dict(zip(emission.attributes["given"], emission.operands[3:], strict=True))
    return call("np.interp", emission.operands[:3], **given)


def _scattered(left: Any, right: Any, j: Any, like: Any) -> Any:
    """`left` into the elements at j, `right` into those behind."""
    dtype = "c16" if is_complex(left.type) else "f8"
    zeros = like.emit("shape").emit("zeros_of", type=Array(dtype, like.shape))
    begun = zeros.emit("add_at", left, j, key=(Slot(0),))
    return begun.emit("add_at", right, j + 1, key=(Slot(0),))


def _interp_rule(g: Any, x: Any, xp: Any, fp: Any, *rest: Any, given: Any, index: int) -> Any:
    before, behind = x < xp[0], x > xp[-1]
    if index > 2:
        return select(before if given[index - 3] == "left" else behind, g, 0.0)
    if xp.shape[0] == 1:
        return _interp_one(g, before, behind, given, index)
    j = x.emit("cells", xp)
    width = xp[j + 1] - xp[j]
    slope = (fp[j + 1] - fp[j]) / width
    outside = before | behind
    if index == 0:
        return select(outside, 0.0, g * slope)
    t = np.clip((x - xp[j]) / width, 0.0, 1.0)
    if index == 1:
        steep = select(outside, 0.0, -g * slope)
        return _scattered(steep * (1 - t), steep * t, j, xp)
    for name, there in (("left", before), ("right", behind)):
        if name in given:
            g = select(there, 0.0, g)
    return _scattered(g * (1 - t), g * t, j, fp)


def _interp_one(g: Any, before: Any, behind: Any, given: Any, index: int) -> Any:
    """One knot: constant but for its value."""
    if index != 2:
        return None
    for name, there in (("left", before), ("right", behind)):
        if name in given:
            g = select(there, 0.0, g)
    return np.sum(g) if g.ndim else g


_XP = np.array([-1.5, -0.5, 0.25, 1.75])

ENTRIES: tuple[Op, ...] = (
    Op("diff", _diff_type, _diff, _emit_diff, linear="together", batch=by_axis(),
       rules=(_diff_rule,), fresh=True, complex=True,
       samples=tuple(arguments(shape, n=n, axis=axis, padded=padded)
                     for shape, axis in (((4,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 1), 1))
                     for n, padded in ((1, False), (2, False), (1, True)))),
    _convolution("convolve", _convolve_rule, "full"),
    _convolution("correlate", _correlate_rule, "valid"),
    Op("overlapped", _overlapped_type, _overlapped,
       default_call("helper.overlapped"), shape_only=(1, 2), fresh=True,
       complex=True, linear="together", rules=(_overlapped_rule, None, None),
       samples=tuple(arguments((length,), np.zeros(n), np.zeros(m), mode=mode, flipped=True,
                               back=False)
                     for length, n, m, mode in ((4, 4, 2, "same"), (3, 3, 5, "valid")))),
    Op("interp", _interp_type, _interp, _emit_interp, rules=_interp_rule, fresh=True, masks=True,
       agreeing=lambda types, attributes: [shape_of(t) for t in types[1:3]],
       complex=True, spellings={np.interp: Spelling(_bind_interp)},
       samples=(
           *(arguments(shape, _XP, (4,), given=()) for shape in ((), (1,), (5,), (2, 3))),
           arguments((5,), _XP, (4,), (), 0.5, given=("left", "right")),
           arguments((5,), np.array([0.3]), (1,), given=()),
       ),
       examples=("np.interp({3}, [-0.9, 0.3, 1.25], {3})", "np.interp(0.3, {1} * 0 - 2, {1})",
                 "np.interp({3}, np.sort({4}), {4}, left={}, right=0.0)",
                 "np.interp({3}, np.sort({4}), {4j})")),
    Op("cells", lambda types, attributes: Array("i8", shape_of(types[0])),
       lambda attributes, operands: helpers.cells(*operands), default_call("helper.cells"),
       no_gradient=DISCRETE),
    Op("unwrap", lambda types, attributes: Array(promote((types[0], Array("f4", ())))
       if as_array(types[0]).dtype == "f4" else "f8", shape_of(types[0])),
       lambda attributes, operands: np.unwrap(*operands, **attributes),
       default_call("np.unwrap", discont=None, axis=-1, period=2 * np.pi), batch=by_axis(),
       rules=(lambda g, p, y, **attributes: g,), fresh=True,
       spellings={np.unwrap: Spelling(
           lambda p, discont=None, axis=-1, *, period=2 * np.pi: arguments(
               p, discont=discont, axis=axis, period=period))},
       samples=(arguments((4,), discont=None, axis=-1, period=2 * np.pi),
                arguments((3, 2), discont=None, axis=0, period=1.0)),
       examples=("np.unwrap({5} * 4)", "np.unwrap({2,5}, period=0.9)")),
)  # fmt: skip

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("diff", _build_diff, (np.diff,), ("n", "axis"),
              examples=("np.diff({4})", "np.diff({3,4}, axis=0)", "np.diff({5}, 2)",
                        "np.diff({3}, prepend=0.5, append={2})", "np.diff({2,3}, append={})")),
    Expansion("ediff1d", _ediff1d, (np.ediff1d,), complex=True,
              examples=("np.ediff1d({4})", "np.ediff1d({2,2}, to_end=[1.0, 2.0], to_begin={})")),
    Expansion("trapezoid", _trapezoid, tuple(
        getattr(np, name) for name in ("trapezoid",) if hasattr(np, name)), ("axis",),
        complex=True, examples=("np.trapezoid({4})", "np.trapezoid({3,4}, dx=0.5, axis=0)",
                  "np.trapezoid({4}, {4})", "np.trapezoid({2,4}, [0.0, 0.5, 2.0, 2.5])",
                  "np.trapezoid({3,4}, {3,4}, axis=-2)", "np.trapezoid({4,3}, {4}, axis=0)")),
)  # fmt: skip
