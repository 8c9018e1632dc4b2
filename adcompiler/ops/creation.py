"""Making arrays: from numbers and rows, of one value, of equal steps.

    np.array([[a, b], [c, d]])        array[template=[[Slot(0), Slot(1)], ...]] %a, %b, %c, %d
    np.zeros((n, 3))                  zeros[shape=(Slot(0), 3)] %n
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import Array, Scalar, Type, shape_of
from . import stack_rules
from .casting import dtype_argument
from .emit import call, constant, dtype_source
from .indexing import Slot, fill
from .inference import as_array, promote
from .op import (
    NO_FLOATS,
    SHAPE_ALONE,
    Attributes,
    Bound,
    Emission,
    Op,
    OperationError,
    Spelling,
    arguments,
)
from .shapes import shape_template, template_shape, template_source

__all__ = ["ENTRIES", "bind_array"]


def _array_type(types: Sequence[Type], attributes: Attributes) -> Type:
    def shape(template: Any) -> tuple[Size, ...]:
        if isinstance(template, Slot):
            return shape_of(types[template.position])
        if not isinstance(template, list):
            return ()
        inner = [shape(part) for part in template]
        if any(len(part) != len(inner[0]) for part in inner):
            raise OperationError("np.array of rows that differ in depth", "make the rows alike")
        return (len(template), *(inner[0] if inner else ()))

    dtype = attributes["dtype"]
    found = promote([as_array(t) for t in types]) if types else "f8"
    return Array(dtype or found, shape(attributes["template"]))


def _array_rule(g: Any, *rest: Any, template: Any, dtype: Any, index: int) -> Any:
    return g if isinstance(template, Slot) else g.emit("index", key=_path(template, index))


def _path(template: Any, position: int) -> tuple[int, ...]:
    """Where a slot stands; they are numbered in order."""
    if isinstance(template, Slot):
        return ()
    k = bisect_right(template, position, key=_first) - 1
    return (k, *_path(template[k], position))


def _first(template: Any) -> int:
    while not isinstance(template, Slot):
        template = template[0]
    return template.position


def bind_array(object: Any, dtype: Any = None) -> Bound:
    operands: list[Any] = []
    if not isinstance(object, (list, tuple)):
        return arguments(object, template=Slot(0), dtype=dtype_argument(dtype))
    template = _listed(object, operands)
    return arguments(*operands, template=template, dtype=dtype_argument(dtype))


def _listed(parts: Any, operands: list[Any]) -> Any:
    if isinstance(parts, (list, tuple)):
        return [_listed(part, operands) for part in parts]
    operands.append(parts)
    return Slot(len(operands) - 1)


def _emit_array(emission: Emission) -> ast.expr:
    dtype = emission.attributes["dtype"]
    keywords = {"dtype": dtype_source(dtype)} if dtype else {}
    template = template_source(emission.attributes["template"], emission.operands)
    return call("np.array", (template,), **keywords)


def _in_c_order(order: Any, called: str) -> None:
    if order != "C":
        raise OperationError(
            f"{called} with order={order!r}", "leave `order` out; transpose the array if need be"
        )


def _filled(name: str, function: Any, like: Any) -> tuple[Op, Op]:
    """`np.zeros(shape)` and `np.zeros_like(x)`."""

    def bind(shape: Any, dtype: Any = None, order: Any = "C") -> Bound:
        _in_c_order(order, f"np.{name}")
        template, operands = shape_template(shape)
        return arguments(*operands, shape=template, dtype=dtype_argument(dtype))

    def emit(emission: Emission) -> ast.expr:
        shown = _shown(emission.attributes["shape"], emission.operands)
        return call(f"np.{name}", (shown,), **_dtype(emission))

    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        shape = fill(attributes["shape"], operands)
        return function(shape, dtype=attributes["dtype"])

    plain = Op(
        name,
        lambda types, attributes: Array(
            attributes["dtype"] or "f8", template_shape(attributes["shape"], types)
        ),
        evaluate,
        emit,
        spellings={function: Spelling(bind)},
        fresh=True,
        boxes=True,
        no_gradient=NO_FLOATS,
    )
    alike = Op(
        f"{name}_like",
        _alike_type,
        lambda attributes, operands: like(operands[0], **_options(attributes, operands[1:])),
        lambda emission: call(
            f"np.{name}_like", emission.operands[:1], **_shown_options(emission, 1)
        ),
        spellings={like: Spelling(_bind_alike)},
        shape_only=(0,),
        fresh=True,
        boxes=True,
        no_gradient=SHAPE_ALONE,
    )
    return plain, alike


def _shown(template: Any, operands: Sequence[ast.expr]) -> ast.expr:
    return template_source(template if len(template) != 1 else template[0], operands)


def _bind_alike(
    a: Any, dtype: Any = None, order: Any = "K", subok: Any = True, shape: Any = None
) -> Bound:
    more: dict[str, Any] = {} if order == "K" else {"order": order}
    operands: list[Any] = []
    if shape is not None:
        more["shape"], operands = shape_template(shape)
    return arguments(a, *operands, dtype=dtype_argument(dtype), **more)


def _alike_type(types: Sequence[Type], attributes: Attributes, given: int = 1) -> Type:
    dtype = attributes["dtype"] or as_array(types[0]).dtype
    if attributes.get("order", "K") not in ("K", "C", "F", "A"):
        raise OperationError(f"order={attributes['order']!r}", "there are 'K', 'C', 'F' and 'A'")
    if "shape" in attributes:
        return Array(dtype, template_shape(attributes["shape"], types[given:]))
    return Array(dtype, shape_of(types[0]))


def _options(attributes: Attributes, operands: Sequence[Any]) -> dict[str, Any]:
    found = dict(attributes)
    if "shape" in found:
        found["shape"] = fill(found["shape"], operands)
    return found


def _shown_options(emission: Emission, given: int) -> dict[str, Any]:
    found: dict[str, Any] = _dtype(emission)
    if "order" in emission.attributes:
        found["order"] = emission.attributes["order"]
    if "shape" in emission.attributes:
        found["shape"] = _shown(emission.attributes["shape"], emission.operands[given:])
    return found


def _bind_full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = True,
    shape: Any = None,
) -> Bound:  # fmt: skip
    (first, *rest), attributes = _bind_alike(a, dtype, order, subok, shape)
    return (first, fill_value, *rest), attributes


def _dtype(emission: Emission) -> dict[str, ast.expr]:
    code = emission.attributes["dtype"]
    return {"dtype": dtype_source(code)} if code else {}


def _bind_full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C") -> Bound:
    _in_c_order(order, "np.full")
    template, operands = shape_template(shape)
    return arguments(fill_value, *operands, shape=template, dtype=dtype_argument(dtype))


def _full_type(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = attributes["dtype"] or as_array(types[0]).dtype
    return Array(dtype, template_shape(attributes["shape"], types[1:]))


def _emit_full(emission: Emission) -> ast.expr:
    value, *operands = emission.operands
    shown = _shown(emission.attributes["shape"], operands)
    return call("np.full", (shown, value), **_dtype(emission))


def _bind_arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Bound:
    if stop is None:
        start, stop = 0, start
    return arguments(start, stop, step, dtype=dtype_argument(dtype))


def _arange_type(types: Sequence[Type], attributes: Attributes) -> Type:
    start, stop, step = types
    size: Size = unknown()
    if (
        isinstance(start, Scalar) and isinstance(stop, Scalar) and isinstance(step, Scalar)
        and start.size == 0 and step.size == 1 and stop.size is not None
    ):  # fmt: skip
        size = stop.size
    return Array(attributes["dtype"] or promote([as_array(t) for t in types]), (size,))


def _arange_rule(
    g: Any, start: Any, stop: Any, step: Any, y: Any, dtype: Any, index: int
) -> Any:
    """Where the steps begin and how long they are; the stop only tells how many there are."""
    if index == 1:
        return None
    if index == 0:
        return g
    return g * g.tracer.call(np.arange, y.emit("size", axis=0))


def _emit_arange(emission: Emission) -> ast.expr:
    start, stop, step = emission.operands
    shown = [start, stop, step]
    if isinstance(step, ast.Constant) and step.value == 1 and type(step.value) is int:
        shown = [start, stop]
        if isinstance(start, ast.Constant) and start.value == 0 and type(start.value) is int:
            shown = [stop]
    return call("np.arange", shown, **_dtype(emission))


def _square_type(types: Sequence[Type], attributes: Attributes) -> Type:
    sizes = [t.size if isinstance(t, Scalar) and t.size is not None else unknown() for t in types]
    return Array(attributes["dtype"] or "f8", (sizes[0], sizes[-1]))


def _square(name: str, function: Any, bind: Any, *others: tuple[Any, Any]) -> Op:
    """`np.eye` and `np.tri`: ones on a diagonal, or up to it."""

    def emit(emission: Emission) -> ast.expr:
        k = emission.attributes["k"]
        shifted = {"k": constant(k)} if k else {}
        return call(f"np.{name}", emission.operands, **shifted, **_dtype(emission))

    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        return function(*operands, k=attributes["k"], dtype=attributes["dtype"] or "f8")

    spellings = {function: Spelling(bind), **{f: Spelling(b) for f, b in others}}
    return Op(name, _square_type, evaluate, emit, fresh=True, spellings=spellings,
              no_gradient=NO_FLOATS)  # fmt: skip


def _bind_eye(
    N: Any, M: Any = None, k: Any = 0, dtype: Any = None, order: Any = "C"
) -> Bound:
    _in_c_order(order, "np.eye")
    return _bind_tri(N, M, k, dtype)


def _bind_tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Bound:
    sizes = (N,) if M is None else (N, M)
    return arguments(*sizes, k=k, dtype=dtype_argument(dtype))


def _bind_identity(n: Any, dtype: Any = None) -> Bound:
    return _bind_tri(n, dtype=dtype)


def _bind_indices(dimensions: Any, dtype: Any = int, sparse: Any = False) -> Bound:
    if sparse:
        raise OperationError("np.indices with sparse=True", "use np.arange for each axis")
    template, operands = shape_template(tuple(dimensions))
    return arguments(*operands, shape=template, dtype=dtype_argument(dtype))


ENTRIES: tuple[Op, ...] = (
    Op("array", _array_type,
       lambda attributes, operands: np.array(
           fill(attributes["template"], operands), dtype=attributes["dtype"]),
       _emit_array, linear="together", batch=stack_rules.listed_array, rules=_array_rule,
       fresh=True, boxes=True, complex=True,
       agreeing=lambda types, attributes: list(map(shape_of, types)),
       samples=(
           arguments((), 1.5, template=[Slot(0), Slot(1)], dtype=None),
           arguments((3,), (3,), template=[Slot(0), Slot(1)], dtype=None),
           arguments((), (), 2, (), template=[[Slot(0), Slot(1)], [Slot(2), Slot(3)]], dtype=None),
           arguments((), template=Slot(0), dtype=None),
           arguments(0.5, template=Slot(0), dtype=None),
           arguments((), (), template=[Slot(0), Slot(1)], dtype="f4"),
       ),
       spellings={np.array: Spelling(bind_array), np.asarray: Spelling(bind_array)}),
    *_filled("zeros", np.zeros, np.zeros_like),
    *_filled("ones", np.ones, np.ones_like),
    *_filled("empty", np.empty, np.empty_like),
    Op("full", _full_type,
       lambda attributes, operands: np.full(
           fill(attributes["shape"], operands[1:]), operands[0], dtype=attributes["dtype"]),
       _emit_full, linear="together", batch=stack_rules.stretched_to,
       rules=(lambda g, value, *rest, **attributes: g,), fresh=True, boxes=True,
       complex=True,
       samples=(
           arguments((), shape=(3,), dtype=None), arguments(1.5, 2, shape=(Slot(0), 1), dtype=None),
           arguments((3,), shape=(2, 3), dtype=None), arguments((), shape=(), dtype=None),
           arguments((), shape=(2,), dtype="f4"),
       ),
       spellings={np.full: Spelling(_bind_full)}),
    Op("arange", _arange_type,
       lambda attributes, operands: np.arange(*operands, **attributes), _emit_arange,
       rules=_arange_rule, fresh=True, samples=(
           arguments(0.5, 3.2, 1, dtype=None), arguments((), 9.0, 0.7, dtype=None),
           arguments(0, 2.1, 0.5, dtype=None), arguments(0.5, 3.1, 0.5, dtype="f4"),
       ),
       spellings={np.arange: Spelling(_bind_arange)}),
    Op("full_like", lambda types, attributes: _alike_type(types, attributes, 2),
       lambda attributes, operands: np.full_like(
           operands[0], operands[1], **_options(attributes, operands[2:])),
       lambda emission: call("np.full_like", emission.operands[:2], **_shown_options(emission, 2)),
       rules=(None, lambda g, x, value, *rest, **attributes: g), shape_only=(0,), fresh=True,
       boxes=True, spellings={np.full_like: Spelling(_bind_full_like)},
       samples=(
           arguments(np.ones((2, 3)), (), dtype=None), arguments(np.ones((2, 3)), (3,), dtype=None),
           arguments(np.ones(2), (), 4, dtype=None, shape=(Slot(0), 2)),
           arguments(np.ones(2), (), dtype="f4"),
       ),
       examples=("np.full_like({3}, {})", "np.full_like({2,3}, {3}, order='C')",
                 "np.full_like({3}, {}, shape=(2, 2))")),
    _square("eye", np.eye, _bind_eye, (np.identity, _bind_identity)),
    _square("tri", np.tri, _bind_tri),
    Op("indices", lambda types, attributes: Array(
           attributes["dtype"] or "i8",
           (len(attributes["shape"]), *template_shape(attributes["shape"], types))),
       lambda attributes, operands: np.indices(
           fill(attributes["shape"], operands), attributes["dtype"]),
       lambda emission: call(
           "np.indices", (template_source(emission.attributes["shape"], emission.operands),),
           **({} if emission.attributes["dtype"] == "i8" else _dtype(emission))),
       fresh=True, spellings={np.indices: Spelling(_bind_indices)}, no_gradient=NO_FLOATS),
)  # fmt: skip
