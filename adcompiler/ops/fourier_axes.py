"""Fourier transforms over several axes: np.fft.fftn, np.fft.fft2 and their kin.

    y = np.fft.fft2(x)                 grad_x = np.fft.fft2(grad_y)
    y = np.fft.rfftn(x)                grad_x = np.fft.fftn(grad_y, s=x.shape).real

As over one axis (see `fourier`), the backward part is the same transform; where `s` cuts off the
array or fills it up, the gradient is filled up or cut off. `two` says that the user wrote fft2.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, rank
from .emit import call
from .fourier import FFT, IFFT, IRFFT, RFFT, Kind, checked, dual, fitted, length_of
from .indexing import Slot, fill
from .inference import as_array, constant_axis
from .op import (
    Attributes,
    Bound,
    Emission,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .shapes import shape_template, template_shape, template_source

__all__ = ["ENTRIES"]


def _axes_of(attributes: Attributes, count: int) -> tuple[int, ...]:
    """The axes that are transformed, in order."""
    axes, s = attributes["axes"], attributes["s"]
    if axes is None:
        axes = range(-(count if s is None else len(s)), 0)
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    found = tuple(constant_axis(one, count)[0] for one in axes)
    if len(set(found)) < len(found):
        raise OperationError("a Fourier transform over an axis twice", "transform step by step")
    if s is not None and len(s) != len(found):
        raise OperationError("`s` and `axes` of different lengths", "give a size for each axis")
    return found


def _many_type(kind: Kind) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array, s = as_array(types[0]), attributes["s"]
        checked(attributes["norm"])
        axes = _axes_of(attributes, rank(array))
        if not axes:
            raise OperationError("a Fourier transform over no axis", "pass an array, name an axis")
        shape = list(array.shape)
        given = dict(zip(axes, () if s is None else template_shape(s, types[1:]), strict=False))
        for position, axis in enumerate(axes):
            wanted = None if s is None or s[position] == -1 else given[axis]
            last = axis == axes[-1]
            one = kind if last else FFT
            shape[axis] = one.length(wanted, shape[axis])
        return Array(kind.dtype(array.dtype), tuple(shape))

    return infer


def _lengths(x: Any, rest: Sequence[Any], axes: Sequence[int], s: Any) -> list[Any]:
    """What `s` says, or the array's own lengths."""
    if s is None:
        return [length_of(x, axis) for axis in axes]
    given = fill(s, rest[:-1])
    return [
        length_of(x, axis) if type(size) is int and size == -1 else size
        for axis, size in zip(axes, given, strict=True)
    ]


def _symmetric_many(kind: Kind) -> Callable[..., Any]:
    def rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
        along = _axes_of({"axes": axes, "s": s}, x.ndim)
        wanted = axes if s is None or axes is not None else along
        c = g.emit(f"{kind.name}n", axes=wanted, norm=norm, s=None, two=two)
        return fitted(c, x, along)

    return rule


def _rfftn_rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
    along = _axes_of({"axes": axes, "s": s}, x.ndim)
    template, operands = shape_template(tuple(_lengths(x, rest, along, s)))
    wanted = axes if two else along
    c = g.emit("fftn", *operands, axes=wanted, norm=norm, s=template, two=two)
    return fitted(c, x, along)


def _irfftn_rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
    along = _axes_of({"axes": axes, "s": s}, x.ndim)
    last = along[-1]
    wanted = axes if s is None or axes is not None else along
    half = np.conj(g.emit("rfftn", axes=wanted, norm=dual(norm), s=None, two=two))
    doubled = half.emit("inner_doubled", length_of(g, last), axis=last)
    return fitted(doubled, x, along)


def _bind_many(default: Any) -> Callable[..., Bound]:
    def bind(a: Any, s: Any = None, axes: Any = default, norm: Any = None) -> Bound:
        if s is None or getattr(s, "value", s) is None:
            return arguments(a, axes=axes, norm=norm, s=None, two=default is not None)
        template, operands = shape_template(s)
        if any(part is None for part in template):
            raise OperationError("a None in `s` of a Fourier transform", "write -1")
        return arguments(a, *operands, axes=axes, norm=norm, s=template, two=default is not None)

    return bind


def _named(name: str, attributes: Attributes) -> tuple[str, dict[str, Any]]:
    """The function that is called, and the keywords that differ from its defaults."""
    two = attributes["two"] and attributes["axes"] is not None
    keywords = {key: attributes[key] for key in ("axes", "norm") if attributes[key] is not None}
    if two and tuple(attributes["axes"]) == (-2, -1):
        del keywords["axes"]
    return (f"{name[:-1]}2" if two else name), keywords


def _emit_many(name: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        function, keywords = _named(name, emission.attributes)
        operands, s = emission.operands, emission.attributes["s"]
        sizes = {} if s is None else {"s": template_source(s, operands[1:])}
        return call(f"np.fft.{function}", operands[:1], **sizes, **keywords)

    return emit


def _many(kind: Kind, rule: Any, examples: tuple[str, ...]) -> Op:
    name = f"{kind.name}n"

    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        function, keywords = _named(name, attributes)
        s = attributes["s"]
        sizes = {} if s is None else {"s": fill(s, operands[1:])}
        return getattr(np.fft, function)(operands[0], **sizes, **keywords)

    return Op(
        name,
        _many_type(kind),
        evaluate,
        _emit_many(name),
        linear="together",
        rules=(rule,),
        spellings={
            getattr(np.fft, name): Spelling(_bind_many(None)),
            getattr(np.fft, f"{kind.name}2"): Spelling(_bind_many((-2, -1))),
        },
        fresh=True,
        complex=True,
        samples=(
            arguments((2, 3), axes=None, norm=None, s=None, two=False),
            arguments((2, 3, 4), axes=(0, 2), norm="ortho", s=None, two=False),
            arguments((3, 2, 3), axes=(-2, -1), norm="forward", s=None, two=True),
            arguments((3, 4), 2, axes=(1, 0), norm=None, s=(5, Slot(0)), two=False),
            arguments((3, 4), axes=(0, 1), norm=None, s=(-1, 3), two=False),
        ),
        examples=examples,
    )


ENTRIES: tuple[Op, ...] = (
    _many(FFT, _symmetric_many(FFT),
          ("np.fft.fftn({2,3})", "np.fft.fft2({2,3,4})", "np.fft.fft2({2,3j}, s=(3, 2))",
           "np.fft.fftn({2,3,2j}, axes=(0, 2), norm='ortho')")),
    _many(IFFT, _symmetric_many(IFFT),
          ("np.fft.ifftn({2,3j})", "np.fft.ifft2({2,3})",
           "np.fft.ifftn({2,3j}, s=(4, -1), axes=(1, 0))")),
    _many(RFFT, _rfftn_rule,
          ("np.fft.rfftn({2,3})", "np.fft.rfft2({2,3,4})", "np.fft.rfftn({2,3,2}, axes=(2, 0))",
           "np.fft.rfft2({2,3}, s=(3, 2), norm='forward')")),
    _many(IRFFT, _irfftn_rule,
          ("np.fft.irfftn({2,3j})", "np.fft.irfft2({2,3,4j})", "np.fft.irfft2({2,3j}, s=(3, 5))",
           "np.fft.irfftn({3,2,3j}, axes=(2, 0), norm='ortho')")),
)  # fmt: skip
