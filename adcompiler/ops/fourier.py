"""Fourier transforms: np.fft.

    y = np.fft.fft(x)              grad_x = np.fft.fft(grad_y)                (.real for a real x)
    y = np.fft.rfft(x)             grad_x = np.fft.fft(grad_y, n).real
    x = np.fft.irfft(y)            grad_y = inner_doubled(np.conj(np.fft.rfft(grad_x, norm=...)), n)

A transform's matrix is symmetric, and a cotangent is dL/dx - i dL/dy: so the backward part is the
same transform, with the same norm. To real numbers it reads half of a spectrum that stands for both
halves: all bins but the first (and the last, of an even length) count twice. Where `n` cuts off the
array or fills it up, the gradient is filled up or cut off.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.sizes import Affine, Size, add, is_known, may_be_one, multiply, symbol, unknown
from ..ir.types import Array, Scalar, Type, is_complex, kind_of, rank
from ..runtime import helpers
from .emit import call, default_call
from .indexing import Slot, fill
from .inference import array_type, as_array, constant_axis
from .op import (
    Attributes,
    Bound,
    Emission,
    Expansion,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .shapes import shape_template, template_shape, template_source

__all__ = ["ENTRIES", "EXPANSIONS"]

_DUAL = {None: "forward", "backward": "forward", "forward": None, "ortho": "ortho"}


def _dual(norm: Any) -> Any:
    """The norm by which the opposite transform scales as this one does."""
    return _DUAL[getattr(norm, "value", norm)]


def _checked(norm: Any) -> Any:
    plain = getattr(norm, "value", norm)
    if plain not in _DUAL:
        raise OperationError(f"norm={plain!r} of a Fourier transform", "backward, ortho or forward")
    return plain


def _bins(size: Size) -> Size:
    """The length of half a spectrum: n // 2 + 1; above 1 if n is."""
    if isinstance(size, int):
        return size // 2 + 1
    if all(factor % 2 == 0 for _, factor in size.terms):
        terms = tuple((variable, factor // 2) for variable, factor in size.terms)
        return Affine(terms, size.constant // 2 + 1)
    return symbol(f"({size})//2", may_be_one(size)) if is_known(size) else unknown()


def _size_of(type_: Type) -> Size:
    if rank(type_) or kind_of(type_) not in ("int", "bool"):
        raise OperationError(f"the length of a Fourier transform is {type_}", "give an int")
    size = type_.size if isinstance(type_, Scalar) else None
    return unknown() if size is None else size


@dataclass(frozen=True)
class _Kind:
    """One of the four transforms: what it makes of the last axis' length, and of dtypes."""

    name: str
    real_input: bool = False
    real_result: bool = False

    def dtype(self, code: str) -> str:
        if self.real_input and code[0] == "c":
            raise OperationError(f"np.fft.{self.name} of complex numbers", "use np.fft.fft")
        found = getattr(np.fft, "irfft" if self.real_result else "fft")(np.zeros(2, code)).dtype
        return f"{found.kind}{found.itemsize}"

    def length(self, given: Size | None, own: Size) -> Size:
        if self.real_result:
            return multiply(add(own, -1), 2) if given is None else given
        length = own if given is None else given
        return _bins(length) if self.real_input else length


_FFT, _IFFT = _Kind("fft"), _Kind("ifft")
_RFFT, _IRFFT = _Kind("rfft", real_input=True), _Kind("irfft", real_result=True)


def _one_type(kind: _Kind) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        _checked(attributes["norm"])
        if not rank(array):
            raise OperationError("a Fourier transform of a number", "pass an array")
        (axis,) = constant_axis(attributes["axis"], rank(array))
        shape = list(array.shape)
        shape[axis] = kind.length(_size_of(types[1]) if types[1:] else None, shape[axis])
        return Array(kind.dtype(array.dtype), tuple(shape))

    return infer


def _length(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def _fitted(c: Any, x: Any, axes: Sequence[int]) -> Any:
    """Cut off, or filled up, to the operand's own lengths."""
    for axis in axes:
        if c.shape[axis] != x.shape[axis]:
            c = c.emit("resized", _length(x, axis), axis=axis)
    return c


def _symmetric(kind: _Kind) -> Callable[..., Any]:
    def rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
        return _fitted(g.emit(kind.name, axis=axis, norm=norm), x, constant_axis(axis, x.ndim))

    return rule


def _rfft_rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
    (one,) = constant_axis(axis, x.ndim)
    length = rest[0] if rest[1:] else _length(x, one)
    return _fitted(g.emit("fft", length, axis=axis, norm=norm), x, (one,))


def _irfft_rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
    (one,) = constant_axis(axis, x.ndim)
    half = np.conj(g.emit("rfft", axis=axis, norm=_dual(norm)))
    doubled = half.emit("inner_doubled", _length(g, one), axis=one)
    return _fitted(doubled, x, (one,))


def _bind_one(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Bound:
    lengths = () if n is None or getattr(n, "value", n) is None else (n,)
    return arguments(a, *lengths, axis=axis, norm=norm)


def _one(kind: _Kind, rule: Any, examples: tuple[str, ...]) -> Op:
    function = getattr(np.fft, kind.name)
    calls = [
        ((4,), -1, None), ((5,), 0, "ortho"), ((2, 3), 0, "forward"), ((3, 4), -1, "backward"),
        ((4, 1), 1, None) if kind is not _IRFFT else ((2, 2), 1, None),
    ]  # fmt: skip
    padded = [((4,), 6), ((5,), 3), ((4, 3), 5), ((3, 2), 1), ((2, 3), 2)]
    return Op(
        kind.name,
        _one_type(kind),
        lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.fft.{kind.name}", axis=-1, norm=None),
        linear="together",
        rules=(rule,),
        spellings={function: Spelling(_bind_one)},
        fresh=True,
        complex=True,
        samples=(
            *(arguments(shape, axis=axis, norm=norm) for shape, axis, norm in calls),
            *(arguments(shape, n, axis=-1, norm="ortho") for shape, n in padded),
            arguments((4, 3), 5, axis=0, norm=None),
        ),
        examples=examples,
    )


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


def _many_type(kind: _Kind) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array, s = as_array(types[0]), attributes["s"]
        _checked(attributes["norm"])
        axes = _axes_of(attributes, rank(array))
        if not axes:
            raise OperationError("a Fourier transform over no axis", "pass an array, name an axis")
        shape = list(array.shape)
        given = dict(zip(axes, () if s is None else template_shape(s, types[1:]), strict=False))
        for position, axis in enumerate(axes):
            wanted = None if s is None or s[position] == -1 else given[axis]
            last = axis == axes[-1]
            one = kind if last else _FFT
            shape[axis] = one.length(wanted, shape[axis])
        return Array(kind.dtype(array.dtype), tuple(shape))

    return infer


def _lengths(x: Any, rest: Sequence[Any], axes: Sequence[int], s: Any) -> list[Any]:
    """What `s` says, or the array's own lengths."""
    if s is None:
        return [_length(x, axis) for axis in axes]
    given = fill(s, rest[:-1])
    return [
        _length(x, axis) if type(size) is int and size == -1 else size
        for axis, size in zip(axes, given, strict=True)
    ]


def _symmetric_many(kind: _Kind) -> Callable[..., Any]:
    def rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
        along = _axes_of({"axes": axes, "s": s}, x.ndim)
        wanted = axes if s is None or axes is not None else along
        c = g.emit(f"{kind.name}n", axes=wanted, norm=norm, s=None, two=two)
        return _fitted(c, x, along)

    return rule


def _rfftn_rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
    along = _axes_of({"axes": axes, "s": s}, x.ndim)
    template, operands = shape_template(tuple(_lengths(x, rest, along, s)))
    wanted = axes if two else along
    c = g.emit("fftn", *operands, axes=wanted, norm=norm, s=template, two=two)
    return _fitted(c, x, along)


def _irfftn_rule(g: Any, x: Any, *rest: Any, axes: Any, norm: Any, s: Any, two: bool) -> Any:
    along = _axes_of({"axes": axes, "s": s}, x.ndim)
    last = along[-1]
    wanted = axes if s is None or axes is not None else along
    half = np.conj(g.emit("rfftn", axes=wanted, norm=_dual(norm), s=None, two=two))
    doubled = half.emit("inner_doubled", _length(g, last), axis=last)
    return _fitted(doubled, x, along)


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


def _many(kind: _Kind, rule: Any, examples: tuple[str, ...]) -> Op:
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


def _resized_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array, axis = as_array(types[0]), attributes["axis"]
    return Array(array.dtype, (*array.shape[:axis], _size_of(types[1]), *array.shape[axis + 1 :]))


def _shift(name: str, opposite: str) -> Op:
    function = getattr(np.fft, name)

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        constant_axis(attributes["axes"], rank(array))
        return array

    return Op(
        name,
        infer,
        lambda attributes, operands: function(operands[0], **attributes),
        default_call(f"np.fft.{name}", axes=None),
        linear="together",
        rules=(lambda g, x, y, axes: g.emit(opposite, axes=axes),),
        spellings={function: Spelling(lambda x, axes=None: arguments(x, axes=axes))},
        fresh=True,
        complex=True,
        samples=(
            arguments((5,), axes=None), arguments((4, 3), axes=None), arguments((4, 3), axes=1),
            arguments((2, 3, 5), axes=(0, -1)), arguments((0,), axes=None),
        ),
        examples=(f"np.fft.{name}({{5}})", f"np.fft.{name}({{4,3j}}, axes=-1)"),
    )  # fmt: skip


def _frequencies(name: str, length: Callable[[Size], Size]) -> Op:
    function = getattr(np.fft, name)

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        if rank(types[1]) or is_complex(types[1]):
            raise OperationError(f"np.fft.{name} of a spacing that is no number", "pass a float")
        return array_type("f8", (length(_size_of(types[0])),))

    def emit(emission: Emission) -> ast.expr:
        n, d = emission.operands
        whole = isinstance(d, ast.Constant) and type(d.value) is float and d.value == 1.0
        return call(f"np.fft.{name}", (n,) if whole else (n, d))

    return Op(
        name,
        infer,
        lambda attributes, operands: function(*operands),
        emit,
        rules=(None, lambda g, n, d, y: -g * y / d),
        spellings={function: Spelling(lambda n, d=1.0: arguments(n, d))},
        fresh=True,
        samples=(arguments(5, ()), arguments(4, 0.7), arguments(1, ())),
        examples=(f"np.fft.{name}(5, {{}})", f"np.fft.{name}(4) * {{}}"),
    )


def _hermitian(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return np.fft.irfft(np.conj(a), n, axis, _dual(_checked(norm)))


def _inverse_hermitian(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return np.conj(np.fft.rfft(a, n, axis, _dual(_checked(norm))))


_STATIC = ("axis", "norm")

EXPANSIONS: tuple[Expansion, ...] = (
    Expansion("hfft", _hermitian, (np.fft.hfft,), static=_STATIC, complex=True,
              examples=("np.fft.hfft({4j})", "np.fft.hfft({3j}, 5)", "np.fft.hfft({4,3j}, axis=0)",
                        "np.fft.hfft({2,3j}, n=3, norm='ortho')")),
    Expansion("ihfft", _inverse_hermitian, (np.fft.ihfft,), static=_STATIC, complex=True,
              examples=("np.fft.ihfft({4})", "np.fft.ihfft({5}, 3)",
                        "np.fft.ihfft({4,3}, axis=0, norm='forward')")),
)  # fmt: skip

ENTRIES: tuple[Op, ...] = (
    _one(_FFT, _symmetric(_FFT),
         ("np.fft.fft({4})", "np.abs(np.fft.fft({5}))", "np.fft.fft({2,3j}, axis=0)",
          "np.fft.fft({4j}, 6)", "np.fft.fft({4}, n=3, norm='ortho')", "np.fft.fft({1})")),
    _one(_IFFT, _symmetric(_IFFT),
         ("np.fft.ifft({4})", "np.fft.ifft({5j}).real", "np.fft.ifft({3,4j}, 2, 0, 'forward')")),
    _one(_RFFT, _rfft_rule,
         ("np.fft.rfft({4})", "np.fft.rfft({5})", "np.fft.rfft({2,3}, axis=0)",
          "np.fft.rfft({4}, 7, norm='ortho')", "np.fft.rfft({4}, n=3)", "np.fft.rfft({1})")),
    _one(_IRFFT, _irfft_rule,
         ("np.fft.irfft({4j})", "np.fft.irfft({4j}, 7)", "np.fft.irfft({3,4j}, n=3, axis=0)",
          "np.fft.irfft({5}, norm='ortho')", "np.fft.irfft(np.fft.rfft({5}) * 2j, 5)")),
    _many(_FFT, _symmetric_many(_FFT),
          ("np.fft.fftn({2,3})", "np.fft.fft2({2,3,4})", "np.fft.fft2({2,3j}, s=(3, 2))",
           "np.fft.fftn({2,3,2j}, axes=(0, 2), norm='ortho')")),
    _many(_IFFT, _symmetric_many(_IFFT),
          ("np.fft.ifftn({2,3j})", "np.fft.ifft2({2,3})",
           "np.fft.ifftn({2,3j}, s=(4, -1), axes=(1, 0))")),
    _many(_RFFT, _rfftn_rule,
          ("np.fft.rfftn({2,3})", "np.fft.rfft2({2,3,4})", "np.fft.rfftn({2,3,2}, axes=(2, 0))",
           "np.fft.rfft2({2,3}, s=(3, 2), norm='forward')")),
    _many(_IRFFT, _irfftn_rule,
          ("np.fft.irfftn({2,3j})", "np.fft.irfft2({2,3,4j})", "np.fft.irfft2({2,3j}, s=(3, 5))",
           "np.fft.irfftn({3,2,3j}, axes=(2, 0), norm='ortho')")),
    Op("inner_doubled", lambda types, attributes: types[0],
       lambda attributes, operands: helpers.inner_doubled(*operands, **attributes),
       default_call("helper.inner_doubled"),
       linear="together",
       rules=(lambda g, x, n, y, axis: g.emit("inner_doubled", n, axis=axis), None),
       fresh=True, complex=True,
       samples=(arguments((3,), 4, axis=0), arguments((3,), 5, axis=0),
                arguments((2, 4), 6, axis=1))),
    Op("resized", _resized_type,
       lambda attributes, operands: helpers.resized(*operands, **attributes),
       default_call("helper.resized"),
       linear="together",
       rules=(lambda g, x, size, y, axis: g.emit("resized", _length(x, axis), axis=axis), None),
       fresh=True, complex=True,
       samples=(arguments((3,), 5, axis=0), arguments((3, 4), 2, axis=1),
                arguments((3, 4), 3, axis=0))),
    _shift("fftshift", "ifftshift"),
    _shift("ifftshift", "fftshift"),
    _frequencies("fftfreq", lambda n: n),
    _frequencies("rfftfreq", _bins),
)  # fmt: skip
