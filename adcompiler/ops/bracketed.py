"""Arrays joined within brackets: `np.r_[a, b]`, `np.c_[a, b]`.

    np.r_[0.0, x, a]        r_ %0, %x, %a          grad_x = grad_y[1:1 + x.shape[0]]
    np.c_[x, m]             c_ %x, %m              grad_x = grad_y[:, 0]

`np.r_` joins along the first axis, `np.c_` along the last, vectors as columns. Python's numbers are
weak in it, as in arithmetic. Slices have become `arange` or `linspace` by then.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, add
from ..ir.types import Array, Scalar, Type, kind_of, shape_of
from .inference import as_array, promote
from .joining import meeting, plus
from .op import Attributes, Emission, Op, OperationError, Spelling, operands_only

__all__ = ["ENTRIES"]


def _wide(shape: Sequence[Size], ndmin: int) -> tuple[Size, ...]:
    """With the axes that are missing: of numbers before, of vectors behind."""
    if len(shape) >= ndmin:
        return tuple(shape)
    return (*shape, *[1] * (ndmin - len(shape)))


def _joined(name: str, ndmin: int) -> Callable[[Sequence[Type], Attributes], Type]:
    axis = 0 if ndmin == 1 else -1

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        if not types:
            raise OperationError(f"{name} of nothing", "name the parts")
        shapes = [list(_wide(shape_of(as_array(t)), ndmin)) for t in types]
        if len({len(shape) for shape in shapes}) > 1:
            raise OperationError(f"{name} of arrays of different ranks", "give them the same rank")
        total: Size = 0
        for shape in shapes:
            total = add(total, shape.pop(axis))
        found = [meeting(sizes, name) for sizes in zip(*shapes, strict=True)]
        found.insert(0 if axis == 0 else len(found), total)
        return Array(_dtype(types, name), tuple(found))

    return infer


def _agreeing(ndmin: int) -> Callable[[Sequence[Type], Attributes], list[tuple[Size, ...]]]:
    """The shapes but for the axis along which they are joined."""

    def agreeing(types: Sequence[Type], attributes: Attributes) -> list[tuple[Size, ...]]:
        shapes = [_wide(shape_of(t), ndmin) for t in types]
        return [shape[1:] if ndmin == 1 else shape[:-1] for shape in shapes]

    return agreeing


def _dtype(types: Sequence[Type], name: str) -> str:
    found = promote(types)
    strong = [t for t in types if not (isinstance(t, Array) and t.weak)]
    if len(strong) < len(types) and strong and promote([*strong, *_python(types)]) != found:
        raise OperationError(
            f"{name} of numbers that may be Python's own or NumPy's, and of {promote(strong)}",
            "convert the number: np.float64(x)",
        )
    return found


def _python(types: Sequence[Type]) -> list[Type]:
    """What may be Python's numbers, as such."""
    return [Scalar(str(kind_of(t))) for t in types if isinstance(t, Array) and t.weak]


def _rule(ndmin: int) -> Callable[..., Any]:
    def rule(g: Any, *rest: Any, index: int) -> Any:
        *parts, _ = rest
        own = parts[index]
        start: Any = 0
        for part in parts[:index]:
            start = plus(start, _length(part, ndmin))
        if own.ndim >= ndmin:
            stop = None if index == len(parts) - 1 else plus(start, _length(own, ndmin))
            where: Any = slice(start if index else None, stop)
        else:
            where = start
        if ndmin == 1:
            return g[where]
        before = 0 if not own.ndim else slice(None)
        key = (*[slice(None)] * (g.ndim - 2), before, where)
        return g[key]

    return rule


def _length(part: Any, ndmin: int) -> Any:
    if part.ndim < ndmin:
        return 1
    axis = 0 if ndmin == 1 else part.ndim - 1
    size = part.shape[axis]
    return size if isinstance(size, int) else part.emit("size", axis=axis)


def _emit(name: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        parts = list(emission.operands)
        index = parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
        owner = ast.Attribute(ast.Name("$np", ast.Load()), name, ast.Load())
        return ast.Subscript(owner, index, ast.Load())

    return emit


def _bracketed(name: str, ndmin: int, joins: Any, samples: Any, examples: Any) -> Op:
    return Op(
        name, _joined(f"np.{name}", ndmin), lambda attributes, operands: joins[tuple(operands)],
        _emit(name), linear="together", rules=_rule(ndmin), fresh=True, complex=True,
        samples=samples, agreeing=_agreeing(ndmin),
        spellings={("subscript", f"np.{name}"): Spelling(lambda *parts: (parts, {}))},
        examples=examples,
    )  # fmt: skip


def _all(*calls: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(operands_only(len(operands))(*operands) for operands in calls)


ENTRIES: tuple[Op, ...] = (
    _bracketed(
        "r_", 1, np.r_,
        _all(((3,), (2,)), ((), (3,), 1.5), ((2, 3), (1, 3)), ((3,),), ((),), (2, (), (1,)),
             ((0,), (2,))),
        ("np.r_[{3}, {}, {2}]", "np.r_[0.0, {3}, 1]", "np.r_[{2,3}, {1,3}]", "np.r_[{3}]",
         "np.r_[0:3, {2}]", "np.r_[1:2:5j, {}]", "np.r_[{2}, [{}, 2.0]]", "np.r_[{3j}, {2}]"),
    ),
    _bracketed(
        "c_", 2, np.c_,
        _all(((3,), (3,)), ((3, 2), (3,)), ((), 1.5), ((3,),), ((2, 1, 3), (2, 1, 1)),
             ((1, 2), ()), ((), (1, 2), (1,))),
        ("np.c_[{3}, {3}]", "np.c_[{3,2}, {3}, np.ones(3)]", "np.c_[{}, 2.0]", "np.c_[{3}]",
         "np.c_[0:3, {3}]", "np.c_[[{}, 1.0], {2}]"),
    ),
)  # fmt: skip
