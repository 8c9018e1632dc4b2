"""Making arrays: from numbers and rows, of one value, of equal steps.

    np.array([[a, b], [c, d]])        array[template=[[Slot(0), Slot(1)], ...]] %a, %b, %c, %d
    np.zeros((n, 3))                  zeros[shape=(Slot(0), 3)] %n
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import Size, unknown
from ..ir.types import FLOAT, Array, Scalar, Type, shape_of
from .emit import call, default_call, dtype_source
from .indexing import Slot, fill, slots
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
from .structural import dtype_argument

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
    for k, part in enumerate(template):
        if part == Slot(position):
            return (k,)
        if isinstance(part, list) and position in slots(part):
            return (k, *_path(part, position))
    raise AssertionError("a slot of the template")


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


def _filled(name: str, function: Any, like: Any) -> tuple[Op, Op]:
    """`np.zeros(shape)` and `np.zeros_like(x)`."""

    def bind(shape: Any, dtype: Any = None) -> Bound:
        template, operands = shape_template(shape)
        return arguments(*operands, shape=template, dtype=dtype_argument(dtype))

    def emit(emission: Emission) -> ast.expr:
        template = emission.attributes["shape"]
        shown = template if len(template) != 1 else template[0]
        return call(f"np.{name}", (template_source(shown, emission.operands),), **_dtype(emission))

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
        lambda types, attributes: Array(
            attributes["dtype"] or as_array(types[0]).dtype, shape_of(types[0])
        ),
        lambda attributes, operands: like(operands[0], dtype=attributes["dtype"]),
        lambda emission: call(f"np.{name}_like", emission.operands, **_dtype(emission)),
        spellings={
            like: Spelling(lambda a, dtype=None: arguments(a, dtype=dtype_argument(dtype)))
        },
        shape_only=(0,),
        fresh=True,
        boxes=True,
        no_gradient=SHAPE_ALONE,
    )
    return plain, alike


def _dtype(emission: Emission) -> dict[str, ast.expr]:
    code = emission.attributes["dtype"]
    return {"dtype": dtype_source(code)} if code else {}


def _bind_full(shape: Any, fill_value: Any, dtype: Any = None) -> Bound:
    template, operands = shape_template(shape)
    return arguments(fill_value, *operands, shape=template, dtype=dtype_argument(dtype))


def _full_type(types: Sequence[Type], attributes: Attributes) -> Type:
    dtype = attributes["dtype"] or as_array(types[0]).dtype
    return Array(dtype, template_shape(attributes["shape"], types[1:]))


def _emit_full(emission: Emission) -> ast.expr:
    value, *operands = emission.operands
    template = emission.attributes["shape"]
    shown = template if len(template) != 1 else template[0]
    return call("np.full", (template_source(shown, operands), value), **_dtype(emission))


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


def _bind_linspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True) -> Bound:
    return arguments(start, stop, num, endpoint=endpoint)


def _linspace_type(types: Sequence[Type], attributes: Attributes) -> Type:
    if any(shape_of(t) for t in types):
        raise OperationError("np.linspace between arrays", "interpolate: a + (b - a) * weights")
    size = types[2].size if isinstance(types[2], Scalar) else None
    return Array(promote((*types[:2], FLOAT)), (unknown() if size is None else size,))


def _linspace_rule(
    g: Any, start: Any, stop: Any, num: Any, y: Any, endpoint: bool, index: int
) -> Any:
    if index == 2:
        return None
    weights = np.linspace(num * 0, num * 0 + 1, num, endpoint=endpoint)
    return g * (weights if index else 1 - weights)


def _eye_type(types: Sequence[Type], attributes: Attributes) -> Type:
    sizes = [t.size if isinstance(t, Scalar) and t.size is not None else unknown() for t in types]
    return Array(attributes["dtype"] or "f8", (sizes[0], sizes[-1]))


def _bind_eye(N: Any, M: Any = None, dtype: Any = None) -> Bound:
    sizes = (N,) if M is None else (N, M)
    return arguments(*sizes, dtype=dtype_argument(dtype))


ENTRIES: tuple[Op, ...] = (
    Op("array", _array_type,
       lambda attributes, operands: np.array(
           fill(attributes["template"], operands), dtype=attributes["dtype"]),
       _emit_array, rules=_array_rule, fresh=True, boxes=True, complex=True,
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
       _emit_full, rules=(lambda g, value, *rest, **attributes: g,), fresh=True, boxes=True,
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
    Op("linspace", _linspace_type,
       lambda attributes, operands: np.linspace(*operands, **attributes),
       default_call("np.linspace", endpoint=True), rules=_linspace_rule, fresh=True,
       samples=(
           arguments((), 2.0, 5, endpoint=True), arguments(0.5, (), 4, endpoint=False),
           arguments(0.5, 1.5, 1, endpoint=True), arguments(0.5, 1.5, 0, endpoint=True),
       ),
       spellings={np.linspace: Spelling(_bind_linspace)}),
    Op("eye", _eye_type, lambda attributes, operands: np.eye(*operands, **attributes),
       lambda emission: call("np.eye", emission.operands, **_dtype(emission)), fresh=True,
       spellings={np.eye: Spelling(_bind_eye)}, no_gradient=NO_FLOATS),
)  # fmt: skip
