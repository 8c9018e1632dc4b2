"""Operations that the compiler itself needs: constants, zeros, shapes, gradient sums.

`shape %x` is the run-time shape (`lenient`: () where x has no value); `zeros`, `broadcast`,
`unbroadcast` and `reshape_to` take one, so that the backward part needs the shape of an array and
not the array.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    UNDEFINED,
    Array,
    List,
    Range,
    Scalar,
    Static,
    Tape,
    Type,
    TypeMismatch,
    join,
    rank,
    shape_of,
)  # fmt: skip
from ..runtime import helpers
from . import stack_rules
from .emit import attribute, call, constant, default_call, method, prefix, reference
from .inference import as_array
from .op import (
    DISCRETE,
    NO_FLOATS,
    SHAPE_ALONE,
    SHAPES,
    Attributes,
    Call,
    Emission,
    Op,
    OperationError,
    Spelling,
    arguments,
    operands_only,
)
from .stacks import as_it_is, by_axis

__all__ = ["ENTRIES", "sum_of_sizes", "unless_missing"]


def _constant_emit(emission: Emission) -> ast.expr:
    spelled = emission.attributes.get("spelled")
    return reference(spelled) if spelled else constant(emission.attributes["value"])


def _constant_type(types: Sequence[Type], attributes: Attributes) -> Type:
    value = attributes["value"]
    return Scalar(type(value).__name__, value if type(value) is int else None)


def _own(attributes: Attributes, operands: Sequence[Any]) -> Any:
    """`np.array(x)` keeps the order of x, `x.copy()` is in C order: sums add up in memory order."""
    (operand,), order = operands, attributes.get("order", "K")
    return np.array(operand) if order == "K" else np.copy(operand, order)


def _emit_own(emission: Emission) -> ast.expr:
    (operand,), order = emission.operands, emission.attributes.get("order", "K")
    if order == "K":
        return call("np.array", (operand,))
    return method(operand, "copy", *([] if order == "C" else [constant(order)]))


def _accumulate(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return _add(*operands)


def _add(a: Any, b: Any) -> Any:
    if isinstance(a, list):
        return [_add(p, q) for p, q in zip(a, b, strict=True)]
    return a + b


def _sum_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """At rank 0 one may be a Python float, the other a NumPy scalar."""
    a, b = types
    if isinstance(a, List) and isinstance(b, List):
        return List(_sum_type((a.element, b.element), {}), a.size)
    try:
        return join(a, b) if not rank(a) else a
    except TypeMismatch:
        return a


def _accumulate_emit(emission: Emission) -> ast.expr:
    a, b = emission.operands
    if isinstance(emission.result, (List, Tape)):
        return call("helper.add_lists", (a, b))
    return ast.BinOp(a, ast.Add(), b)


def _zeros(attributes: Attributes, operands: Sequence[Any]) -> Any:
    type_ = attributes["type"]
    if isinstance(type_, List):
        return [0.0] * (operands[0][0] if operands[0] else 0)
    return np.zeros(operands[0], type_.dtype)


def _zeros_emit(emission: Emission) -> ast.expr:
    """`np.zeros_like(x)` where the shape is x's, `[0.0] * len(x)` for lists."""
    type_, (shape,) = emission.attributes["type"], emission.operands
    if isinstance(type_, List):
        length = ast.Subscript(shape, ast.Constant(0), ast.Load())
        if isinstance(shape, ast.Tuple):
            length = shape.elts[0]  # type: ignore[assignment]
        return ast.BinOp(ast.List([ast.Constant(0.0)], ast.Load()), ast.Mult(), length)
    if type_.dtype == "f8":
        return call("np.zeros", (shape,))
    return call("np.zeros", (shape, reference(f"np.{np.dtype(type_.dtype).name}")))


def _filled_value(attributes: Attributes, operands: Sequence[Any]) -> Any:
    value, shape = operands
    return np.full(shape, value, attributes["type"].dtype)


def _emit_filled(emission: Emission) -> ast.expr:
    value, shape = emission.operands
    dtype = emission.attributes["type"].dtype
    named = {} if dtype == "f8" else {"dtype": reference(f"np.{np.dtype(dtype).name}")}
    return call("np.full", (shape, value), **named)


def _shape(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return (len(operands[0]),) if isinstance(operands[0], list) else np.shape(operands[0])


def _shape_emit(emission: Emission) -> ast.expr:
    (operand,) = emission.operands
    match emission.types[0]:
        case List():
            if emission.attributes.get("lenient"):
                operand = ast.BoolOp(ast.Or(), [operand, ast.Tuple([], ast.Load())])
            return ast.Tuple([call("builtin.len", (operand,))], ast.Load())
        case Array(_, shape) if shape and not emission.attributes.get("lenient"):
            return attribute(operand, "shape")
    return call("np.shape", (operand,))


def _shape_of_sizes(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return tuple(
        constant_ + sum(factor * np.shape(operands[k])[axis] for k, axis, factor in terms)
        for constant_, terms in attributes["sizes"]
    )


def _shape_of_sizes_emit(emission: Emission) -> ast.expr:
    """`(A.shape[0] - 2, 3)`."""
    sizes = emission.attributes["sizes"]
    parts = [sum_of_sizes(offset, terms, emission.operands) for offset, terms in sizes]
    return ast.Tuple(parts, ast.Load())


def _stacked_shape_emit(emission: Emission) -> ast.expr:
    """`(n, 1, *x.shape)`."""
    size, *shapes = emission.operands
    own: list[ast.expr] = []
    for shape in shapes:
        if "rank" in emission.attributes:  # of what may be without a value
            ones = ast.Tuple([ast.Constant(1)] * emission.attributes["rank"], ast.Load())
            shape = ast.BoolOp(ast.Or(), [shape, ones])
        own += shape.elts if isinstance(shape, ast.Tuple) else [ast.Starred(shape, ast.Load())]
    units = [ast.Constant(1)] * emission.attributes["units"]
    return ast.Tuple([size, *units, *own], ast.Load())


def sum_of_sizes(offset: int, terms: Any, operands: Sequence[ast.expr]) -> ast.expr:
    total: ast.expr | None = None
    for k, axis, factor in terms:
        size = ast.Subscript(attribute(operands[k], "shape"), ast.Constant(axis), ast.Load())
        term: ast.expr = size
        if abs(factor) != 1:
            term = ast.BinOp(ast.Constant(abs(factor)), ast.Mult(), size)
        if total is None:
            total = term if factor > 0 else ast.UnaryOp(ast.USub(), term)
        else:
            total = ast.BinOp(total, ast.Add() if factor > 0 else ast.Sub(), term)
    if total is None:
        return ast.Constant(offset)
    if not offset:
        return total
    return ast.BinOp(total, ast.Add() if offset > 0 else ast.Sub(), ast.Constant(abs(offset)))


def _in_order_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    return array if array.shape else Array(array.dtype, (1,))


def _like(types: Sequence[Type], attributes: Attributes) -> Type:
    result: Type = attributes["type"]
    return result


def _aligned(types: Sequence[Type], attributes: Attributes) -> tuple[int | None, ...]:
    """Stretched: the last axes are those of the operand."""
    own = rank(types[0])
    new = rank(attributes.get("type", types[0])) - own
    return (*[None] * new, *range(own))


def _regrouped(types: Sequence[Type], attributes: Attributes) -> tuple[int | None, ...] | None:
    """A reshape that adds and drops axes of size 1 alone."""
    own, made = shape_of(types[0]), shape_of(attributes["type"])
    places = [k for k, size in enumerate(own) if size != 1]
    if [own[k] for k in places] != [size for size in made if size != 1]:
        return None
    return tuple(None if size == 1 else places.pop(0) for size in made)


def _size_type(types: Sequence[Type], attributes: Attributes) -> Type:
    shape = shape_of(types[0])
    if not -len(shape) <= attributes["axis"] < len(shape):
        raise OperationError("the size of an axis that isn't there", "give an array that has it")
    return Scalar("int", shape[attributes["axis"]])


def unless_missing(size: Callable[[Emission], ast.expr]) -> Callable[[Emission], ast.expr]:
    """`0 if x is None else len(x)`, where some path leaves x without a value."""

    def emit(emission: Emission) -> ast.expr:
        if not emission.attributes.get("lenient"):
            return size(emission)
        missing = ast.Compare(emission.operands[0], [ast.Is()], [ast.Constant(None)])
        return ast.IfExp(missing, ast.Constant(0), size(emission))

    return emit


def _size(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return 0 if operands[0] is None else _shape({}, operands)[attributes["axis"]]


@unless_missing
def _size_emit(emission: Emission) -> ast.expr:
    (operand,), axis = emission.operands, emission.attributes["axis"]
    if isinstance(emission.types[0], List) or emission.attributes.get("via") == "len":
        return call("builtin.len", (operand,))
    return ast.Subscript(attribute(operand, "shape"), ast.Constant(axis), ast.Load())


def _range_emit(emission: Emission) -> ast.expr:
    start, stop, step = emission.operands
    shown = [start, stop, step]
    if _is(step, 1):
        shown = [stop] if _is(start, 0) else [start, stop]
    return call("builtin.range", shown)


def _taken_emit(emission: Emission) -> ast.expr:
    sequence, count = emission.operands
    return ast.Subscript(sequence, ast.Slice(None, count, None), ast.Load())


def _is(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _asarray_type(types: Sequence[Type], attributes: Attributes) -> Type:
    """Of a list NumPy looks at the elements: a Python float among float32 makes it float64."""
    found = as_array(types[0])
    element = types[0].element if isinstance(types[0], List) else None
    mixed = isinstance(element, Array) and element.weak and found.dtype not in ("f8", "i8", "c16")
    if mixed and "dtype" not in attributes:
        raise OperationError(
            f"an array of Python numbers and of {found.dtype} is one or the other's dtype,"
            " depending on which there are",
            "put NumPy scalars of one dtype into the list",
        )
    return found


def _asarray(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return np.asarray(operands[0], attributes.get("dtype"))


def _emit_asarray(emission: Emission) -> ast.expr:
    dtype = emission.attributes.get("dtype", "f8")
    named = [] if dtype == "f8" else [reference(f"np.{np.dtype(dtype).name}")]
    return call("np.asarray", (*emission.operands, *named))


def _static(types: Sequence[Type], attributes: Attributes) -> Type:
    return Static()


def _asarray_rule(g: Any, x: Any, y: Any, dtype: Any = None) -> Any:
    return g


def _lying(name: str, function: Callable[..., Any]) -> Op:
    """The array itself, if its elements lie in C order (or Fortran's) already."""
    return Op(name, _in_order_type, lambda attributes, operands: function(operands[0]),
              default_call(f"np.{name}"), batch=by_axis(None, least=1),
              rules=(lambda g, x, y: g,), view=(0,), complex=True,
              spellings={function: Spelling(operands_only(1))},
              samples=(arguments((3,)), arguments((2, 3)), arguments((1, 2, 0))))  # fmt: skip


_ANY = tuple(arguments(shape) for shape in SHAPES)
_SHAPE_3_2 = Call("shape", (3, 2))
_F8_3_2 = Array("f8", (3, 2))

def _emit_reshape_to(emission: Emission) -> ast.expr:
    """A number may be Python's, which has no methods."""
    if not rank(emission.types[0]):
        return call("np.reshape", emission.operands)
    return method(emission.operands[0], "reshape", emission.operands[1])


ENTRIES: tuple[Op, ...] = (
    Op("constant", _constant_type, lambda attributes, operands: attributes["value"],
       _constant_emit, no_gradient=NO_FLOATS),
    Op("undefined", lambda types, attributes: UNDEFINED, lambda attributes, operands: None,
       lambda emission: ast.Constant(None), no_gradient=NO_FLOATS),
    Op("not", lambda types, attributes: BOOL, lambda attributes, operands: not operands[0],
       prefix(ast.Not()), batch=stack_rules.negated, no_gradient=DISCRETE),
    Op("filler", lambda types, attributes: UNDEFINED, lambda attributes, operands: None,
       lambda emission: ast.Constant(None), no_gradient=NO_FLOATS),
    Op("copy", lambda types, attributes: types[0], lambda attributes, operands: operands[0],
       lambda emission: emission.operands[0], linear="together", axes=_aligned,
       batch=stack_rules.copied, rules=(lambda g, x, y: g,), view=(0,),
       same=True, complex=True, samples=_ANY),
    Op("own", lambda types, attributes: types[0], _own, _emit_own,
       linear="together", batch=stack_rules.copied,
       rules=(lambda g, x, y, order="K": g,), fresh=True, boxes=True, complex=True,
       samples=(*_ANY, *(arguments((2, 3), order=order) for order in "CFA")),
       contiguous=lambda attributes: attributes.get("order") == "C"),
    Op("range", lambda types, attributes: Range(),
       lambda attributes, operands: range(*operands), _range_emit, no_gradient=NO_FLOATS),
    Op("length", lambda types, attributes: INT, lambda attributes, operands: len(operands[0]),
       lambda emission: call("builtin.len", emission.operands), alike=True, no_gradient=NO_FLOATS),
    Op("taken", lambda types, attributes: types[0],
       lambda attributes, operands: operands[0][: operands[1]], _taken_emit, batch=as_it_is,
       no_gradient=NO_FLOATS),
    Op("size", _size_type, _size, _size_emit, shape_only=(0,), no_gradient=SHAPE_ALONE),
    Op("shape", _static, _shape, _shape_emit, shape_only=(0,), no_gradient=SHAPE_ALONE),
    Op("shape_of_sizes", _static, _shape_of_sizes, _shape_of_sizes_emit,
       alike=True, no_gradient=SHAPE_ALONE),
    Op("stacked_shape", _static,
       lambda attributes, operands: (
           operands[0], *[1] * attributes["units"],
           *(n for shape in operands[1:] for n in shape or (1,) * attributes.get("rank", 0))),
       _stacked_shape_emit, no_gradient=SHAPE_ALONE),
    Op("zeros_of", _like, _zeros, _zeros_emit, batch=stack_rules.zeros, fresh=True, zeros=True,
       boxes=True, no_gradient=SHAPE_ALONE),
    Op("broadcast", _like,
       lambda attributes, operands: np.broadcast_to(*operands),
       lambda emission: call("np.broadcast_to", emission.operands),
       linear="together", axes=_aligned, batch=stack_rules.stretched,
       rules=(lambda g, x, shape, y, type: g, None), view=(0,), fixed=True, boxes=True,
       complex=True, samples=(
           arguments((), _SHAPE_3_2, type=_F8_3_2), arguments((2,), _SHAPE_3_2, type=_F8_3_2),
           arguments((3, 1), _SHAPE_3_2, type=_F8_3_2),
       )),
    Op("filled", _like, lambda attributes, operands: _filled_value(attributes, operands),
       _emit_filled, linear="together", batch=stack_rules.stretched,
       rules=(lambda g, x, shape, y, type: g, None), fresh=True, boxes=True,
       complex=True,
       samples=(arguments((), _SHAPE_3_2, type=_F8_3_2),)),
    Op("unbroadcast", _like,
       lambda attributes, operands: helpers.unbroadcast(*operands),
       lambda emission: call("helper.unbroadcast", emission.operands),
       linear="together", batch=stack_rules.summed_to,
       rules=(lambda g, x, shape, y, type: g.emit("broadcast", x.emit("shape"), type=x.type),
              None), view=(0,), boxes=True, complex=True, samples=(
           arguments((3, 2), _SHAPE_3_2, type=_F8_3_2),
           arguments((4, 3, 2), _SHAPE_3_2, type=_F8_3_2),
           arguments((4, 3, 2), Call("shape", (3, 1)), type=Array("f8", (3, 1))),
       )),
    Op("reshape_to", _like,
       lambda attributes, operands: np.reshape(*operands),
       _emit_reshape_to,
       linear="together", axes=_regrouped, batch=stack_rules.reshaped_to,
       rules=(lambda g, x, shape, y, type: g.emit("reshape_to", x.emit("shape"), type=x.type),
              None), view=(0,), boxes=True, complex=True, samples=(
           arguments((6,), _SHAPE_3_2, type=_F8_3_2), arguments((2, 3), _SHAPE_3_2, type=_F8_3_2),
       )),
    Op("accumulate", _sum_type, _accumulate, _accumulate_emit,
       linear="together", terms=(1, 1), batch=stack_rules.accumulated,
       rules=(lambda g, a, b, y: g, lambda g, a, b, y: g), fresh=True, complex=True,
       total=lambda types, attributes, known: all(t in (FLOAT, COMPLEX) for t in types),
       samples=tuple(arguments(shape, shape) for shape in SHAPES)),
    Op("asarray", _asarray_type, _asarray, _emit_asarray, linear="together",
       batch=stack_rules.arrayed,
       rules=(_asarray_rule,), view=(0,),
       complex=True,
       shares=lambda types, attributes: "copy" if isinstance(types[0], List) else "view",
       samples=(*_ANY, arguments([0.5, 1.5]))),
    _lying("ascontiguousarray", np.ascontiguousarray),
    _lying("asfortranarray", np.asfortranarray),
    Op("tolist", lambda types, attributes: attributes["type"],
       lambda attributes, operands: operands[0].tolist(),
       lambda emission: method(emission.operands[0], "tolist"),
       linear="together", batch=stack_rules.tolist,
       rules=(lambda g, x, y, type: g.emit("asarray"),), fresh=True, complex=True,
       samples=(arguments((3,), type=List(FLOAT, 3)),)),
)  # fmt: skip
