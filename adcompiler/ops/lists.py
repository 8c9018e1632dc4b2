"""Lists of run-time length: made, grown and read back.

    list_of %a, %b            [a, b]
    append %ys, %v            ys.append(v)         (in place where `ys` is the function's own)
    last %ys                  ys[-1]
    without_last %ys          ys.pop()
    repeated %g, %shape       [g] * len(ys)

They are functional in the IR: each gives a new list. What was appended last comes off first when
its gradient is asked for, so that neither costs more than O(1).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.sizes import add, multiply, unknown
from ..ir.types import FLOAT, UNDEFINED, Array, List, Type, TypeMismatch, join, rank, shape_of
from . import stack_rules
from .emit import call, default_call, method
from .inference import as_array
from .op import SHAPE_ALONE, Attributes, Call, Emission, Op, OperationError, arguments
from .stacks import as_it_is, by_axis

__all__ = ["ENTRIES", "joined_element"]


def joined_element(a: Type, b: Type) -> Type:
    """The type of a list's elements that may be either; sizes that differ become unknown, once."""
    if isinstance(a, Array) and isinstance(b, Array) and rank(a) == rank(b):
        sizes = tuple(
            m if m == n or (not isinstance(m, int) and _is_unknown(m)) else unknown()
            for m, n in zip(a.shape, b.shape, strict=True)
        )
        joined = join(Array(a.dtype, (), a.weak), Array(b.dtype, (), b.weak))
        assert isinstance(joined, Array)
        return Array(joined.dtype, sizes, joined.weak)
    return join(a, b)


def _is_unknown(size: Any) -> bool:
    return any(symbol.token is not None for symbol, _ in size.terms)


def _list_type(types: Sequence[Type], attributes: Attributes) -> Type:
    element: Type = attributes["element"]
    for type_ in types:
        element = _joined(element, type_)
    return List(element, len(types))


def _joined(element: Type, type_: Type) -> Type:
    if not isinstance(type_, (type(FLOAT), Array)):
        raise OperationError(
            f"a list that changes at run time holds a {type_}",
            "keep numbers or arrays in it",
        )
    try:
        return joined_element(element, type_)
    except TypeMismatch as error:
        raise OperationError(
            f"a list that changes at run time holds different kinds of things: {error}",
            "keep things of one kind, dtype and number of dimensions in it",
        ) from None


def _append_type(types: Sequence[Type], attributes: Attributes) -> Type:
    target, value = types
    if not isinstance(target, List):
        raise OperationError(f"a {target} has no append", "append to a list")
    return List(_joined(target.element, value), add(target.size, 1))


def _shorter_type(types: Sequence[Type], attributes: Attributes) -> Type:
    (target,) = types
    assert isinstance(target, List)
    return List(target.element, add(target.size, -1))


def _element(types: Sequence[Type], attributes: Attributes) -> Type:
    (target,) = types
    assert isinstance(target, List)
    return target.element


def _append_statement(target: ast.expr, emission: Emission) -> ast.stmt:
    return ast.Expr(method(target, "append", emission.operands[1]))


def _pop_statement(target: ast.expr, emission: Emission) -> ast.stmt:
    return ast.Expr(method(target, "pop"))


def _no_expression(emission: Emission) -> ast.expr:
    raise AssertionError("changes of lists are statements")


def _into_last(acc: Any, g: Any, x: Any, y: Any) -> Any:
    return acc.emit("add_at", g, key=(-1,))


def _zero_of(element: Any) -> Any:
    """A zero like an element of a list."""
    if not element.ndim:
        return 0.0
    return element.emit("shape").emit("zeros_of", type=element.type)


def _shorter_rule(g: Any, x: Any, y: Any) -> Any:
    return g.emit("append", _zero_of(x.emit("last")))


def _append_rule(g: Any, *operands: Any, index: int) -> Any:
    return g.emit("last") if index else g.emit("without_last")


def _list_rule(g: Any, *operands: Any, element: Type, index: int) -> Any:
    return g.emit("index", key=(index,))


def _repeated_type(types: Sequence[Type], attributes: Attributes) -> Type:
    return List(types[0], attributes["type"].size)


def _emit_repeated(emission: Emission) -> ast.expr:
    value, shape = emission.operands
    return ast.BinOp(ast.List([value], ast.Load()), ast.Mult(), _length_of(shape))


def _length_of(shape: ast.expr) -> ast.expr:
    """The length of a list, of its shape as source."""
    if isinstance(shape, ast.Tuple):
        return shape.elts[0]
    return ast.Subscript(shape, ast.Constant(0), ast.Load())


def _repeated_rule(g: Any, *operands: Any, type: Any, index: int) -> Any:
    if index:
        return None
    start = [_zero_of(operands[0])] if operands[0].ndim else []
    return g.emit("sum_of", *start, whole=True, start=bool(start))


def _elements_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size, *inner = shape_of(types[0])
    return List(Array(as_array(types[0]).dtype, tuple(inner)), size)


def _zeros(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return [np.zeros_like(v) for v in operands[0]]


def _emit_zeros(emission: Emission) -> ast.expr:
    element = ast.Name("v", ast.Load())
    (source,) = emission.operands
    clause = ast.comprehension(ast.Name("v", ast.Store()), source, [], 0)
    return ast.ListComp(call("np.zeros_like", (element,)), [clause])


def _stack_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size, *inner = as_array(types[0]).shape
    inner.insert(attributes["axis"] % (len(inner) + 1), size)
    return Array(as_array(types[0]).dtype, tuple(inner))


def _stack_rule(g: Any, x: Any, y: Any, axis: int) -> Any:
    """The stacked axis first; then the rows are the elements' gradients."""
    place = axis % g.ndim
    order = (place, *(k for k in range(g.ndim) if k != place))
    return np.transpose(g, order) if place else g


def _concatenate_type(types: Sequence[Type], attributes: Attributes) -> Type:
    size, *inner = as_array(types[0]).shape
    axis = attributes["axis"] % len(inner)
    inner[axis] = multiply(size, inner[axis])
    return Array(as_array(types[0]).dtype, tuple(inner))


def _split_type(types: Sequence[Type], attributes: Attributes) -> Type:
    array = as_array(types[0])
    axis = attributes["axis"] % len(array.shape)
    shape = tuple(unknown() if k == axis else n for k, n in enumerate(array.shape))
    return List(Array(array.dtype, shape), unknown())


def _emit_split(emission: Emission) -> ast.expr:
    array, shape = emission.operands
    axis = emission.attributes["axis"]
    return call("np.split", (array, _length_of(shape)), **({"axis": axis} if axis else {}))


_LIST = [0.5, 1.5, -0.75]
_ROWS = Call("elements", (3, 1, 2))

ENTRIES: tuple[Op, ...] = (
    Op("list_of", _list_type, lambda attributes, operands: list(operands),
       lambda emission: ast.List(list(emission.operands), ast.Load()), linear="together",
       batch=stack_rules.listed,
       rules=_list_rule, fresh=True,
       complex=True,
       holds=range(1 << 30), samples=(
           arguments((), (), element=UNDEFINED), arguments((3,), (3,), element=UNDEFINED),
       )),
    Op("append", _append_type, lambda attributes, operands: [*operands[0], operands[1]],
       _no_expression, statement=_append_statement, linear="together",
       batch=stack_rules.listed,
       rules=_append_rule, view=(0,), holds=(1,),
       complex=True,
       samples=(arguments(_LIST, 2.5), arguments(Call("elements", (3,)), ()))),
    Op("without_last", _shorter_type, lambda attributes, operands: operands[0][:-1],
       _no_expression, statement=_pop_statement, linear="together",
       batch=as_it_is,
       rules=(_shorter_rule,), view=(0,), complex=True,
       samples=(arguments(_LIST),)),
    Op("last", _element, lambda attributes, operands: operands[0][-1],
       lambda emission: ast.Subscript(emission.operands[0], ast.Constant(-1), ast.Load()),
       linear="together", batch=as_it_is,
       accumulate=_into_last, masks=True, fresh=False, element=True, complex=True,
       samples=(arguments(_LIST),)),
    Op("list_copy", lambda types, attributes: types[0],
       lambda attributes, operands: list(operands[0]),
       lambda emission: method(emission.operands[0], "copy"), linear="together",
       batch=as_it_is,
       rules=(lambda g, x, y: g,),
       fresh=True, holds=(0,), complex=True, samples=(arguments(_LIST),)),
    Op("elements", _elements_type, lambda attributes, operands: list(operands[0]),
       lambda emission: call("builtin.list", emission.operands),
       linear="together", batch=stack_rules.tolist,
       rules=(lambda g, x, y: g.emit("asarray", dtype=as_array(x.type).dtype),), fresh=True,
       holds=(0,), complex=True,
       samples=(arguments((3,)), arguments((3, 2)))),
    Op("repeated", _repeated_type, lambda attributes, operands: [operands[0]] * operands[1][0],
       _emit_repeated, linear=(0,), batch=as_it_is,
       rules=_repeated_rule, fresh=True, holds=(0,), complex=True,
       samples=(arguments((), Call("shape", (3,)), type=List(FLOAT, 3)),
                arguments((2,), Call("shape", (3,)), type=List(FLOAT, 3)))),
    Op("stack_whole", _stack_type, lambda attributes, operands: np.stack(operands[0], **attributes),
       default_call("np.stack", axis=0), linear="together", batch=by_axis(),
       rules=(_stack_rule,), fresh=True, complex=True,
       samples=(
           arguments(_LIST, axis=0), arguments(_ROWS, axis=0), arguments(_ROWS, axis=1),
           arguments(_ROWS, axis=-1),
       )),
    Op("concatenate_whole", _concatenate_type,
       lambda attributes, operands: np.concatenate(operands[0], **attributes),
       default_call("np.concatenate", axis=0),
       linear="together", batch=by_axis(),
       rules=(lambda g, x, y, axis: g.emit("split", x.emit("shape"), axis=axis),), fresh=True,
       complex=True,
       samples=(arguments(_ROWS, axis=0), arguments(_ROWS, axis=-1))),
    Op("split", _split_type,
       lambda attributes, operands: np.split(operands[0], operands[1][0], **attributes),
       _emit_split, linear="together", batch=by_axis(),
       rules=(lambda g, x, shape, y, axis: g.emit("concatenate_whole", axis=axis),
                           None), fresh=True, holds=(0,), complex=True,
       samples=(arguments((4, 2), Call("shape", (2,)), axis=0),)),
    Op("zeros_each", lambda types, attributes: types[0], _zeros, _emit_zeros, fresh=True,
       batch=as_it_is,
       no_gradient=SHAPE_ALONE),
)  # fmt: skip
