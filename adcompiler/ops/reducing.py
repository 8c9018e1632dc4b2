"""What all reductions share: arguments, result types, and getting back to the operand's shape.

    np.sum(x, axis=0, where=m, initial=c)        sum[axis=0, keepdims=False,
                                                     given=('where', 'initial')] %x, %m, %c

A rule is told of `where` as `mask`, in the operand's shape, and of a result with `initial` as if it
were one more element.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size
from ..ir.types import Array, Type, rank, shape_of
from .casting import dtype_argument
from .elementwise import select
from .emit import call
from .inference import as_array, broadcast_shapes, constant_axis
from .op import Attributes, Axes, Bound, Emission, Op, OperationError, Rule, Spelling, arguments
from .stacks import Stacks, by_axis, shifted

__all__ = [
    "averaged",
    "axes_left",
    "bind",
    "bind_ddof",
    "bind_initial",
    "infer_reduced",
    "mask_of",
    "masked",
    "reduced_shape",
    "reduction",
    "restore",
    "summed",
]

_NOTHING: Any = object()


def reduced_shape(shape: Sequence[Size], axis: Any, keepdims: bool) -> tuple[Size, ...]:
    """The shape after reducing over `axis`."""
    axes = constant_axis(axis, len(shape))
    if keepdims:
        return tuple(1 if k in axes else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def axes_left(types: Sequence[Type], attributes: Attributes) -> tuple[int | None, ...] | None:
    """`Op.axes` of a sum, where neither `where` nor `initial` is given."""
    if "given" in attributes:
        return None
    count = rank(types[0])
    summed = constant_axis(attributes["axis"], count)
    if attributes["keepdims"]:
        return tuple(None if k in summed else k for k in range(count))
    return tuple(k for k in range(count) if k not in summed)


def restore(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g` with the reduced axes back as axes of size 1."""
    if keepdims or axis is None:
        return g
    axes = constant_axis(axis, x.ndim)
    return np.expand_dims(g, axes[0] if len(axes) == 1 else axes) if g.ndim else g


def infer_reduced(dtype: Callable[[str], str]) -> Callable[[Sequence[Type], Attributes], Type]:
    """The result type of a reduction."""

    def infer(types: Sequence[Type], attributes: Attributes) -> Type:
        array = as_array(types[0])
        given = attributes.get("given", ())
        if "where" in given:
            mask = types[1 + given.index("where")]
            joined = broadcast_shapes((array.shape, shape_of(mask)))
            units = [n == 1 for n in array.shape]
            if len(joined) > len(units) or units != [n == 1 for n in joined]:
                raise OperationError(
                    "a `where=` that is larger than the array", "broadcast the array first"
                )
        shape = reduced_shape(array.shape, attributes["axis"], attributes["keepdims"])
        return Array(attributes.get("dtype") or dtype(array.dtype), shape)

    return infer


def summed(code: str) -> str:
    """np.sum's accumulator: bools and small ints widen."""
    return str(np.sum(np.zeros(1, code)).dtype.str[1:])


def averaged(code: str) -> str:
    return code if code[0] in "fc" else "f8"


def _arguments(a: Any, fixed: dict[str, Any], dtype: Any, out: Any, **given: Any) -> Bound:
    """Operands and attributes; what isn't given leaves no trace."""
    if out is not None:
        raise TypeError("`out` is given by keyword")
    if dtype is not None:
        try:
            fixed["dtype"] = dtype_argument(getattr(dtype, "value", dtype))
        except TypeError as error:
            raise OperationError(str(error), "name a NumPy dtype") from None
    names = [name for name, item in given.items() if item is not _NOTHING and item is not None]
    names = [name for name in names if name != "where" or given[name] is not True]
    if names:
        fixed["given"] = tuple(names)
    return arguments(a, *(given[name] for name in names), **fixed)


def bind(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *,
         where: Any = True) -> Bound:  # fmt: skip
    """The arguments of `mean`."""
    return _arguments(a, {"axis": axis, "keepdims": keepdims}, dtype, out, where=where)


def bind_initial(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = _NOTHING, where: Any = True,
) -> Bound:  # fmt: skip
    """The arguments of `sum` and `prod`."""
    fixed = {"axis": axis, "keepdims": keepdims}
    return _arguments(a, fixed, dtype, out, where=where, initial=initial)


def bind_extreme(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NOTHING,
    where: Any = True,
) -> Bound:  # fmt: skip
    """The arguments of `max` and `min`."""
    return bind_initial(a, axis, None, out, keepdims, initial, where)


def bind_truth(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Bound:
    """The arguments of `any` and `all`."""
    return bind(a, axis, None, out, keepdims, where=where)


def bind_position(
    a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False
) -> Bound:
    """The arguments of `argmax` and `argmin`."""
    return bind(a, axis, None, out, keepdims)


def bind_ddof(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = False, *, where: Any = True, mean: Any = _NOTHING, correction: Any = None,
) -> Bound:  # fmt: skip
    """The arguments of `var` and `std`."""
    free = ddof if correction is None else correction
    fixed = {"axis": axis, "ddof": free, "keepdims": keepdims}
    return _arguments(a, fixed, dtype, out, where=where, mean=mean)


def mask_of(where: Any, x: Any) -> Any:
    """`where` in the operand's shape."""
    if where is None or where.shape == x.shape:
        return where
    return where.emit("broadcast", x.emit("shape"), type=Array("b1", x.shape))


def masked(mask: Any, g: Any) -> Any:
    """`g` where the mask is true."""
    return g if mask is None else select(mask, g, 0.0)


def _with_given(rule: Rule, others: dict[str, Rule]) -> Rule:
    """The rule of an operand, told of `where`, `initial` and `mean` by name."""

    def wrapped(
        g: Any, x: Any, *rest: Any, index: int, given: tuple[str, ...] = (), dtype: Any = None,
        **attributes: Any,
    ) -> Any:  # fmt: skip
        *values, y = rest
        named = dict(zip(given, values, strict=True))
        mask = mask_of(named.pop("where", None), x)
        chosen = rule if index == 0 else others[given[index - 1]]
        return chosen(g, x, y, mask=mask, **named, **attributes)

    return wrapped


def _emitter(name: str) -> Callable[[Emission], ast.expr]:
    def emit(emission: Emission) -> ast.expr:
        attributes = dict(emission.attributes)
        given = dict(zip(attributes.pop("given", ()), emission.operands[1:], strict=True))
        dtype = attributes.pop("dtype", None)
        keywords: dict[str, Any] = {
            key: value for key, value in attributes.items() if value not in (None, False, 0)
            or (key == "axis" and value is not None)
        }  # fmt: skip
        if dtype is not None:
            keywords["dtype"] = np.dtype(dtype).type
        return call(f"np.{name}", emission.operands[:1], **keywords, **given)

    return emit


def _evaluator(function: Any) -> Callable[[Attributes, Sequence[Any]], Any]:
    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        keywords = dict(attributes)
        given = dict(zip(keywords.pop("given", ()), operands[1:], strict=True))
        return function(operands[0], **keywords, **given)

    return evaluate


def _selects(types: Sequence[Type], attributes: Attributes) -> bool:
    return len(types) > 1


def _stacked(stacks: Stacks) -> Any:
    """Over the same axes of each; what is given besides broadcasts with the operand."""
    given = stacks.attributes.get("given", ())
    count = stacks.rank(0)
    others = [
        stacks.aligned(k, count) if name != "initial" or not stacks.batched[k] else None
        for k, name in enumerate(given, 1)
    ]
    if None in others:
        return None
    return stacks.again((stacks.whole(0), *others), axis=shifted(stacks.attributes["axis"], count))


def _stacked_positions(stacks: Stacks) -> Any:
    whole = stacks.attributes["axis"] is None
    if not stacks.rank(0) or (whole and stacks.attributes["keepdims"]):
        return None
    return by_axis(flat=True)(stacks)


def reduction(
    name: str,
    function: Any,
    rule: Rule | None,
    dtype: Callable[[str], str],
    binding: Callable[..., Any] = bind,
    *also: object,
    others: dict[str, Rule] | None = None,
    masks: bool = False,
    method: bool = True,
    linear: Any = "",
    axes: Axes | None = None,
    flat: bool = False,
    faster: Mapping[str, Rule] | None = None,
    of_product: Rule | None = None,
    samples: tuple[Bound, ...] = (),
    examples: tuple[str, ...] = (),
    complex: bool = False,
    no_gradient: str = "",
) -> Op:
    """An entry for a NumPy function of an array, an axis and `keepdims`; `also` spells it too.
    `flat`: it takes no several axes, only one, or the array made flat."""
    spelling = Spelling(binding)
    spellings: dict[object, Spelling] = {function: spelling, **dict.fromkeys(also, spelling)}
    if method:
        spellings["method", name] = spelling
    return Op(
        name,
        infer_reduced(dtype),
        _evaluator(function),
        _emitter(name),
        linear=linear,
        axes=axes,
        batch=_stacked_positions if flat else _stacked,
        rules=None if rule is None else _with_given(rule, others or {}),
        spellings=spellings,
        masks=masks or _selects,
        faster=faster or {},
        of_product=of_product,
        fresh=True,
        samples=samples,
        examples=examples,
        complex=complex,
        no_gradient=no_gradient,
    )
