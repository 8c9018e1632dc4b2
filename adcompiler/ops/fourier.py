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
from .stacks import by_axis

__all__ = [
    "ENTRIES",
    "EXPANSIONS",
    "FFT",
    "IFFT",
    "IRFFT",
    "RFFT",
    "Kind",
    "checked",
    "dual",
    "fitted",
    "length_of",
]

_DUAL = {None: "forward", "backward": "forward", "forward": None, "ortho": "ortho"}


def dual(norm: Any) -> Any:
    """The norm by which the opposite transform scales as this one does."""
    return _DUAL[getattr(norm, "value", norm)]


def checked(norm: Any) -> Any:
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
    if not is_known(size):
        return unknown()
    return symbol(f"({size})//2", may_be_one(size), ("//", size))


def _size_of(type_: Type) -> Size:
    if rank(type_) or kind_of(type_) not in ("int", "bool"):
        raise OperationError(f"the length of a Fourier transform is {type_}", "give an int")
    size = type_.size if isinstance(type_, Scalar) else None
    return unknown() if size is None else size


@dataclass(frozen=True)
class Kind:
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


FFT, IFFT = Kind("fft"), Kind("ifft")
RFFT, IRFFT = Kind("rfft", real_input=True), Kind("irfft", real_result=True)


def _one_type(kind: Kind) -> Callable[[Sequence[Type], Attributes], Type]:
    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        checked(attributes["norm"])
        if not rank(array):
            raise OperationError("a Fourier transform of a number", "pass an array")
        (axis,) = constant_axis(attributes["axis"], rank(array))
        shape = list(array.shape)
        shape[axis] = kind.length(_size_of(types[1]) if types[1:] else None, shape[axis])
        return Array(kind.dtype(array.dtype), tuple(shape))

    return infer


def length_of(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    return size if isinstance(size, int) else x.emit("size", axis=axis)


def fitted(c: Any, x: Any, axes: Sequence[int]) -> Any:
    """Cut off, or filled up, to the operand's own lengths."""
    for axis in axes:
        if c.shape[axis] != x.shape[axis]:
            c = c.emit("resized", length_of(x, axis), axis=axis)
    return c


def _symmetric(kind: Kind) -> Callable[..., Any]:
    def rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
        return fitted(g.emit(kind.name, axis=axis, norm=norm), x, constant_axis(axis, x.ndim))

    return rule


def _rfft_rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
    (one,) = constant_axis(axis, x.ndim)
    length = rest[0] if rest[1:] else length_of(x, one)
    return fitted(g.emit("fft", length, axis=axis, norm=norm), x, (one,))


def _irfft_rule(g: Any, x: Any, *rest: Any, axis: int, norm: Any) -> Any:
    (one,) = constant_axis(axis, x.ndim)
    half = np.conj(g.emit("rfft", axis=axis, norm=dual(norm)))
    doubled = half.emit("inner_doubled", length_of(g, one), axis=one)
    return fitted(doubled, x, (one,))


def _bind_one(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Bound:
    lengths = () if n is None or getattr(n, "value", n) is None else (n,)
    return arguments(a, *lengths, axis=axis, norm=norm)


def _one(kind: Kind, rule: Any, examples: tuple[str, ...]) -> Op:
    function = getattr(np.fft, kind.name)
    calls = [
        ((4,), -1, None), ((5,), 0, "ortho"), ((2, 3), 0, "forward"), ((3, 4), -1, "backward"),
        ((4, 1), 1, None) if kind is not IRFFT else ((2, 2), 1, None),
    ]  # fmt: skip
    padded = [((4,), 6), ((5,), 3), ((4, 3), 5), ((3, 2), 1), ((2, 3), 2)]
    return Op(
        kind.name,
        _one_type(kind),
        lambda attributes, operands: function(*operands, **attributes),
        default_call(f"np.fft.{kind.name}", axis=-1, norm=None),
        linear="together",
        batch=by_axis(),
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
    return np.fft.irfft(np.conj(a), n, axis, dual(checked(norm)))


def _inverse_hermitian(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return np.conj(np.fft.rfft(a, n, axis, dual(checked(norm))))


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
    _one(FFT, _symmetric(FFT),
         ("np.fft.fft({4})", "np.abs(np.fft.fft({5}))", "np.fft.fft({2,3j}, axis=0)",
          "np.fft.fft({4j}, 6)", "np.fft.fft({4}, n=3, norm='ortho')", "np.fft.fft({1})")),
    _one(IFFT, _symmetric(IFFT),
         ("np.fft.ifft({4})", "np.fft.ifft({5j}).real", "np.fft.ifft({3,4j}, 2, 0, 'forward')")),
    _one(RFFT, _rfft_rule,
         ("np.fft.rfft({4})", "np.fft.rfft({5})", "np.fft.rfft({2,3}, axis=0)",
          "np.fft.rfft({4}, 7, norm='ortho')", "np.fft.rfft({4}, n=3)", "np.fft.rfft({1})")),
    _one(IRFFT, _irfft_rule,
         ("np.fft.irfft({4j})", "np.fft.irfft({4j}, 7)", "np.fft.irfft({3,4j}, n=3, axis=0)",
          "np.fft.irfft({5}, norm='ortho')", "np.fft.irfft(np.fft.rfft({5}) * 2j, 5)")),
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
       linear="together", batch=by_axis(),
       rules=(lambda g, x, size, y, axis: g.emit("resized", length_of(x, axis), axis=axis), None),
       fresh=True, complex=True,
       samples=(arguments((3,), 5, axis=0), arguments((3, 4), 2, axis=1),
                arguments((3, 4), 3, axis=0))),
    _shift("fftshift", "ifftshift"),
    _shift("ifftshift", "fftshift"),
    _frequencies("fftfreq", lambda n: n),
    _frequencies("rfftfreq", _bins),
)  # fmt: skip
