"""Expressions to items: numbers and arrays become SSA values, the rest stays static.

    w * x + np.sin(x)        %0 = mul %w, %x
                             %1 = sin %x
                             %2 = add %0, %1
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import types
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir import sizes
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import Array, List, Scalar, TypeMismatch, join, rank, shape_of
from ..ops import lookup
from . import calls
from .context import Context, Path, lookup_path, namespace_value
from .items import (
    UNBOUND,
    Ambiguous,
    BoundMethod,
    Item,
    LocalFunction,
    in_words,
    is_number,
    leaves,
)  # fmt: skip
from .subscripts import subscript

__all__ = ["branch", "condition", "expression", "truth"]

_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Invert: operator.invert, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def expression(ctx: Context, node: ast.expr, name: str | None = None) -> Item:
    """The item that an expression stands for; `name` is what the result will be called."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(id):
            return read_name(ctx, node, id)
        case ast.BinOp(left, op, right):
            return binary(ctx, node, op, expression(ctx, left), expression(ctx, right), name)
        case ast.UnaryOp(ast.Not(), operand):
            return negate(ctx, node, expression(ctx, operand))
        case ast.UnaryOp(op, operand):
            return unary(ctx, node, op, expression(ctx, operand), name)
        case ast.BoolOp(op, values):
            return _short_circuit(ctx, node, isinstance(op, ast.And), values, name)
        case ast.Compare():
            return _comparison(ctx, node, name)
        case ast.IfExp(test, chosen, otherwise):
            return _conditional(ctx, node, test, chosen, otherwise, name)
        case ast.Call():
            return calls.call(ctx, node, name)
        case ast.Attribute(value, attr):
            return _attribute(ctx, node, expression(ctx, value), attr)
        case ast.Subscript(value, index):
            return subscript(ctx, node, expression(ctx, value), index, name)
        case ast.Tuple(elements):
            return tuple(_elements(ctx, elements))
        case ast.List(elements):
            return _elements(ctx, elements)
        case ast.Dict(keys, values):
            return _dictionary(ctx, node, keys, values)
        case ast.Lambda():
            return LocalFunction(node, ctx.frame)
    words = _REFUSED.get(type(node))
    reason, advice = words or (
        "such expressions are outside the subset", "compute it another way"
    )  # fmt: skip
    return ctx.refuse(node, "unsupported-expression", f"{reason}.", f"{advice}.")


_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.ListComp: ("list comprehensions are not in the subset yet", "write a loop"),
    ast.GeneratorExp: ("generator expressions are not in the subset yet", "write a loop"),
    ast.SetComp: ("sets hold no numbers to differentiate", "use an array"),
    ast.Set: ("sets hold no numbers to differentiate", "use a tuple"),
    ast.DictComp: ("dict comprehensions are not in the subset yet", "write the dict out"),
    ast.JoinedStr: ("f-strings are not in the subset yet", "format text outside the function"),
    ast.NamedExpr: ("`:=` assigns inside an expression", "assign on a line of its own"),
    ast.Await: ("coroutines can't be differentiated", "call it outside the function"),
    ast.Yield: ("generators can't be differentiated", "return the value"),
    ast.YieldFrom: ("generators can't be differentiated", "return the value"),
    ast.Starred: ("`*` stands where it can't be resolved", "write the elements out"),
}


def _elements(ctx: Context, nodes: list[ast.expr]) -> list[Item]:
    items: list[Item] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = expression(ctx, node.value)
            if not isinstance(inner, (tuple, list)):
                ctx.refuse(
                    node, "unsupported-expression", "`*` of something without a fixed length.",
                    "unpack tuples and lists of known length only.",
                )  # fmt: skip
            items += inner
        else:
            items.append(expression(ctx, node))
    return items


def _dictionary(
    ctx: Context, node: ast.expr, keys: list[ast.expr | None], values: list[ast.expr]
) -> dict[Any, Item]:
    result: dict[Any, Item] = {}
    for key, value in zip(keys, values, strict=True):
        item = expression(ctx, value)
        if key is None:
            result.update(item)
        else:
            result[ctx.static(expression(ctx, key), key, "a dict's key")] = item
    return result


def read_name(ctx: Context, node: ast.AST, name: str) -> Item:
    """A local name, or one from outside: closure, globals, builtins."""
    try:
        item = ctx.frame.find(name)
    except KeyError:
        return _outer_name(ctx, node, name)
    if item is UNBOUND:
        ctx.refuse_unbound(node, name)
    if isinstance(item, Ambiguous):
        ctx.refuse_item(item, node)
    return item


def _outer_name(ctx: Context, node: ast.AST, name: str) -> Item:
    function = ctx.frame.source.function
    code = function.__code__
    if name in (*code.co_varnames, *code.co_cellvars):
        ctx.refuse_unbound(node, name)
    try:
        value = namespace_value(function, name)
    except NameError:
        ctx.refuse(
            node, "unknown-name", f"the name `{name}` isn't defined where the function can see it.",
            _meant(ctx, name) or "define or import it before the gradient is compiled.",
        )  # fmt: skip
    return ctx.capture(ctx.path_to(function, name), value, node)


def _meant(ctx: Context, name: str) -> str | None:
    """Advice on a name that isn't there."""
    for module, alias in ((np, "np"), (math, "math")):
        if lookup(getattr(module, name, None)) is not None:
            return f"did you mean {alias}.{name}?"
    function = ctx.frame.source.function
    known = {*ctx.frame.names, *function.__globals__, *function.__code__.co_freevars}
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None


def binary(
    ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item, name: str | None = None
) -> Item:
    """`left op right`."""
    function = _OPERATORS[type(op)]
    both = (left, right)
    if all(_is_static(item) for item in both):
        return _fold(ctx, node, function, both, name)
    if any(isinstance(item, (tuple, list)) for item in both):
        return _sequence_operator(ctx, node, op, left, right)
    entry, spelling = ctx.tracer.spellings[function]
    value = ctx.emit(node, entry.name, both, dict(spelling.preset), name)
    return _with_size(ctx, value, op, both)


def _is_static(item: Item) -> bool:
    if isinstance(item, (tuple, list)):
        return all(map(_is_static, leaves(item)))
    return not isinstance(item, (Value, BoundMethod, Ambiguous, LocalFunction))


def _fold(ctx: Context, node: ast.AST, function: Any, items: tuple[Item, ...], name: Any) -> Item:
    """Ints, strings and tuples compute now; floats stay visible as the user wrote them."""
    if all(is_number(item) for item in items) and any(type(i) in (float, complex) for i in items):
        entry, spelling = ctx.tracer.spellings[function]
        return ctx.emit(node, entry.name, items, dict(spelling.preset), name)
    try:
        return function(*items)
    except Exception as error:
        ctx.refuse(node, "static-error", f"this can't be computed: {error}.", "correct the values.")


def _sequence_operator(ctx: Context, node: ast.AST, op: ast.AST, left: Item, right: Item) -> Item:
    match op, left, right:
        case (ast.Add(), list(), list()) | (ast.Add(), tuple(), tuple()):
            return left + right
        case (ast.Mult(), list() | tuple(), int()) | (ast.Mult(), int(), list() | tuple()):
            return left * right
        case (_, list() | tuple(), Value()) | (_, Value(), list() | tuple()):
            values = [i if isinstance(i, Value) else ctx.lift(i, node) for i in (left, right)]
            arrays = [
                isinstance(i, Value) and isinstance(i.type, Array) and bool(rank(i.type))
                for i in (left, right)
            ]
            if any(arrays):
                return binary(ctx, node, op, values[0], values[1])
    return ctx.refuse(
        node, "unsupported-expression", "this operator doesn't compute with lists or tuples.",
        "make arrays of them with np.array(...).",
    )  # fmt: skip


def _with_size(ctx: Context, value: Value, op: ast.AST, items: tuple[Item, ...]) -> Value:
    """`n - 1` of a size n is itself a size: record it in the type of the int."""
    if value.type != Scalar("int"):
        return value
    a, b = map(_size_of, items)
    if a is None or b is None:
        return value
    match op:
        case ast.Add():
            size = sizes.add(a, b)
        case ast.Sub():
            size = sizes.add(a, sizes.negate(b))
        case ast.Mult():
            size = sizes.multiply(a, b)
        case _:
            return value
    return _retyped(ctx.builder, value, Scalar("int", size))


def _size_of(item: Item) -> sizes.Size | None:
    if type(item) is int:
        return item
    return item.type.size if isinstance(item, Value) and isinstance(item.type, Scalar) else None


def _retyped(builder: Builder, value: Value, type_: Any) -> Value:
    refined = Value(type_, value.name)
    builder.operations[-1] = replace(builder.operations[-1], results=(refined,))
    return refined


def unary(ctx: Context, node: ast.AST, op: ast.unaryop, item: Item, name: str | None) -> Item:
    """`-x`, `+x`, `~x`; a negated literal is a literal."""
    function = _OPERATORS[type(op)]
    if is_number(item):
        return function(item)
    entry, spelling = ctx.tracer.spellings[function]
    return ctx.emit(node, entry.name, (item,), dict(spelling.preset), name)


def truth(ctx: Context, node: ast.expr, item: Item) -> Item:
    """What `if` and `while` ask: a static bool, or a value that has a truth value."""
    if not isinstance(item, Value):
        if isinstance(item, (Ambiguous, BoundMethod)) or item is UNBOUND:
            ctx.refuse_item(item, node)
        return bool(item)
    if rank(item.type):
        ctx.refuse(
            node, "truth-value", "an array of several elements is neither true nor false.",
            "use .any() or .all(), or np.where to choose element by element.",
        )  # fmt: skip
    return item


def condition(ctx: Context, node: ast.expr) -> Item:
    """The test of an `if`, `while` or conditional expression."""
    return truth(ctx, node, expression(ctx, node))


def negate(ctx: Context, node: ast.UnaryOp, item: Item) -> Item:
    """`not x`."""
    item = truth(ctx, node, item)
    if not isinstance(item, Value):
        return not item
    return ctx.emit(node, "not", (item,), {})


def _comparison(ctx: Context, node: ast.Compare, name: str | None) -> Item:
    """`a < b < c` is `a < b and b < c`, with b read once."""
    left = expression(ctx, node.left)
    pairs = list(zip(node.ops, node.comparators, strict=True))

    def compare(index: int, left: Item) -> Item:
        op, right_node = pairs[index]
        right = expression(ctx, right_node)
        first = _compare(ctx, node, op, left, right, name)
        if index == len(pairs) - 1:
            return first
        return _and(ctx, node, first, lambda: compare(index + 1, right))

    return compare(0, left)


def _compare(
    ctx: Context, node: ast.Compare, op: ast.cmpop, left: Item, right: Item, name: str | None
) -> Item:
    match op:
        case ast.Is() | ast.IsNot():
            same = left is right
            if isinstance(left, Value) and isinstance(right, Value):
                ctx.refuse(
                    node, "unsupported-expression", "`is` between numbers or arrays asks for their"
                    " identity, not their value.", "compare with ==, or test `is None`.",
                )  # fmt: skip
            return same if isinstance(op, ast.Is) else not same
        case ast.In() | ast.NotIn():
            found = _contains(ctx, node, left, right)
            return found if isinstance(op, ast.In) else not found
    return binary(ctx, node, op, left, right, name)


def _contains(ctx: Context, node: ast.Compare, left: Item, right: Item) -> bool:
    keys = list(right) if isinstance(right, (dict, tuple, list, str)) else None
    if isinstance(right, str) and not isinstance(left, str):
        keys = None
    if keys is None or isinstance(left, Value) or any(isinstance(k, Value) for k in keys):
        ctx.refuse(
            node, "unsupported-expression", "`in` looks for a value known only at run time.",
            "test static keys and names, or compare with ==.",
        )  # fmt: skip
    return left in (right if isinstance(right, str) else keys)


def _and(ctx: Context, node: ast.expr, first: Item, rest: Any) -> Item:
    first = truth(ctx, node, first)
    if not isinstance(first, Value):
        return rest() if first else first
    return branch(ctx, node, first, rest, lambda: first)


def _short_circuit(
    ctx: Context, node: ast.expr, conjunction: bool, values: list[ast.expr], name: str | None
) -> Item:
    first, *others = values
    item = expression(ctx, first)
    if not others:
        return item
    test = truth(ctx, first, item)

    def rest() -> Item:
        return _short_circuit(ctx, node, conjunction, others, name)

    if not isinstance(test, Value):
        return rest() if bool(test) is conjunction else item
    chosen = (rest, lambda: item) if conjunction else (lambda: item, rest)
    return branch(ctx, node, test, *chosen, name=name)


def _conditional(
    ctx: Context, node: ast.IfExp, test: ast.expr, chosen: ast.expr, otherwise: ast.expr,
    name: str | None,
) -> Item:  # fmt: skip
    found = condition(ctx, test)
    if not isinstance(found, Value):
        return expression(ctx, chosen if found else otherwise, name)
    return branch(
        ctx, node, found, lambda: expression(ctx, chosen), lambda: expression(ctx, otherwise),
        name=name,
    )  # fmt: skip


def branch(
    ctx: Context, node: ast.expr, test: Value, then: Any, otherwise: Any, name: str | None = None
) -> Item:
    """An `if` whose two sides are expressions: one result."""
    outer, blocks, values = ctx.builder, [], []
    for side in (then, otherwise):
        ctx.builder = outer.nested()
        values.append(ctx.lift(side(), node))
        blocks.append(ctx.builder.block((), (values[-1],)))
        ctx.builder = outer
    try:
        type_ = join(values[0].type, values[1].type)
    except TypeMismatch as error:
        ctx.refuse(
            node, "type-mismatch", f"the two sides have different types: {error}.",
            "give both sides one kind, dtype and number of dimensions.",
        )  # fmt: skip
    result = Value(type_, name)
    ctx.builder.span = ctx.span(node)
    ctx.builder.region("if", (test,), (result,), blocks, {"expression": True})
    return result


def _attribute(ctx: Context, node: ast.Attribute, owner: Item, name: str) -> Item:
    if isinstance(owner, Value):
        return value_attribute(ctx, node, owner, name)
    if isinstance(owner, tuple) and hasattr(owner, "_fields") and name in owner._fields:
        return getattr(owner, name)
    if isinstance(owner, (dict, list, tuple, str)):
        if isinstance(owner, dict) and name in ("items", "keys", "values"):
            return getattr(owner, name)
        ctx.refuse(
            node, "unsupported-attribute", f"`.{name}` of {in_words(owner)} is not in the"
            " subset.", "read elements by index or key.",
        )  # fmt: skip
    if isinstance(owner, (LocalFunction, Ambiguous, BoundMethod)):
        ctx.refuse_item(owner, node)
    return _object_attribute(ctx, node, owner, name)


def _object_attribute(ctx: Context, node: ast.Attribute, owner: Any, name: str) -> Item:
    try:
        value = getattr(owner, name)
    except AttributeError:
        close = difflib.get_close_matches(name, dir(owner), n=1)
        ctx.refuse(
            node, "unknown-name", f"{_called(owner)} has no attribute `{name}`.",
            f"did you mean `{close[0]}`?" if close else "check the name.",
        )  # fmt: skip
    if isinstance(owner, types.ModuleType) and owner.__name__.split(".")[0] in ("numpy", "math"):
        if type(value) is float:
            alias = "np" if owner.__name__ == "numpy" else owner.__name__
            return ctx.emit(node, "constant", (), {"value": value, "spelled": f"{alias}.{name}"})
        return value
    path = _path_of(ctx, node)
    if path is None:
        return value if not is_number(value) and not isinstance(value, np.ndarray) else ctx.refuse(
            node, "unsupported-attribute", f"`{name}` is read from an object made inside.",
            "pass it as an argument.",
        )  # fmt: skip
    if isinstance(owner, types.ModuleType) or _leads_to(ctx, path, value):
        return ctx.capture(path, value, node)
    return value


def _called(owner: Any) -> str:
    return f"module `{owner.__name__}`" if isinstance(owner, types.ModuleType) else repr(owner)


def _leads_to(ctx: Context, path: Path, value: Any) -> bool:
    try:
        found = lookup_path(ctx.root, path)
    except (AttributeError, NameError):
        return False
    return found is value or type(found) is type(value)  # a property makes its value anew


def _path_of(ctx: Context, node: ast.expr) -> Path | None:
    """`helpers.scale.value`, if its first name comes from outside the function."""
    match node:
        case ast.Attribute(value, attr):
            inner = _path_of(ctx, value)
            return None if inner is None else (*inner, attr)
        case ast.Name(id):
            try:
                ctx.frame.find(id)
            except KeyError:
                return (*ctx.frame.path, id)
    return None


def value_attribute(ctx: Context, node: ast.AST, owner: Value, name: str) -> Item:
    """`x.shape`, `x.T`, `x.ndim`, or a method to be called."""
    match name:
        case "shape" if isinstance(owner.type, Array):
            return tuple(size_item(ctx, node, owner, axis) for axis in range(rank(owner.type)))
        case "ndim" if isinstance(owner.type, Array):
            return rank(owner.type)
        case "dtype" if isinstance(owner.type, Array):
            return np.dtype(owner.type.dtype)
        case "size" if isinstance(owner.type, Array):
            axes = tuple(range(rank(owner.type)))
            return ctx.emit(node, "count", (owner,), {"axis": axes}) if axes else 1
        case "real" if getattr(owner.type, "kind", "float") == "float":
            return owner
    attribute = ctx.tracer.spellings.get(("attribute", name))
    if attribute is not None and isinstance(owner.type, Array):
        entry, spelling = attribute
        return ctx.emit(node, entry.name, (owner,), dict(spelling.preset))
    if isinstance(owner.type, (Array, Scalar, List)):
        return BoundMethod(owner, name)
    return ctx.refuse(
        node, "unsupported-attribute", f"`.{name}` of {in_words(owner)} is not in the subset.",
        "use a NumPy function instead.",
    )  # fmt: skip


def size_item(ctx: Context, node: ast.AST, owner: Value, axis: int, via: str = "shape") -> Item:
    """One size of an array: an int where it is known."""
    size = shape_of(owner.type)[axis]
    if isinstance(size, int):
        return size
    return ctx.emit(node, "size", (owner,), {"axis": axis, "via": via})
